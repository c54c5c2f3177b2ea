// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include <asm/io.h>

#undef ioremap
#define ioremap(start, size)	((void __iomem *)under_test->regs)
#define iounmap(base)
#undef pr_fmt
#define gicv2m_init	parent_gicv2m_init
#include "drivers/irqchip/irq-gic-v2m.c"

#define xgene(p)	!strcmp((p)->name, "gic_v2m_xgene")

static int setup(struct parent *p)
{
	struct fwnode_handle *node = dev_fwnode(&p->pdev->dev);
	struct resource res = DEFINE_RES_MEM(SZ_1G, SZ_4K);
	int ret;

	writel(xgene(p) ? XGENE_GICV2M_MSI_IIDR : 0, p->regs + V2M_MSI_IIDR);
	ret = gicv2m_init_one(node, xgene(p) ? 83 : p->first, p->nr, &res, 0) ?: gicv2m_allocate_domains(p->gic);
	p->map = list_first_entry(&v2m_nodes, struct v2m_data, entry)->bm;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr == SZ_1G + V2M_MSI_SETSPI_NS)
		parent_raise(p, data + (xgene(p) ? 83 : 0));
}

static void teardown(struct parent *p)
{
	gicv2m_teardown();
}

PARENT(gic_v2m, .nr = 64, .first = 80, .exact = true, .setup = setup, .send = send, .teardown = teardown);
PARENT(gic_v2m_81, .nr = 30, .first = 81, .exact = true, .setup = setup, .send = send, .teardown = teardown);
PARENT(gic_v2m_xgene, .nr = 64, .exact = true, .setup = setup, .send = send, .teardown = teardown);
