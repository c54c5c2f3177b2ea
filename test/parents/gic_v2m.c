// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include <asm/io.h>

static struct parent *frame;

#undef ioremap
#define ioremap(start, size)	((void __iomem *)frame->regs)
#define iounmap(base)
#undef pr_fmt
#define gicv2m_init	parent_gicv2m_init
#include "drivers/irqchip/irq-gic-v2m.c"

#define graviton(p)	!strcmp((p)->name, "gic_v2m_graviton")
#define xgene(p)	!strcmp((p)->name, "gic_v2m_xgene")

static int setup(struct parent *p)
{
	struct resource res = DEFINE_RES_MEM(SZ_1G, SZ_4K);
	int ret;

	frame = p;
	writel(xgene(p) ? XGENE_GICV2M_MSI_IIDR : 0, p->regs + V2M_MSI_IIDR);
	ret = gicv2m_init_one(of_fwnode_handle(p->pdev->dev.of_node), xgene(p) ? 83 : p->first, p->nr, &res,
			      graviton(p) ? GICV2M_GRAVITON_ADDRESS_ONLY : 0) ?: gicv2m_allocate_domains(p->gic);
	p->domain = irq_find_matching_fwnode(of_fwnode_handle(p->pdev->dev.of_node), DOMAIN_BUS_NEXUS);
	p->map = list_first_entry(&v2m_nodes, struct v2m_data, entry)->bm;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (graviton(p))
		parent_raise(p, (addr - SZ_1G) / 8 + 32);
	else if (addr == SZ_1G + V2M_MSI_SETSPI_NS)
		parent_raise(p, data + (xgene(p) ? 83 : 0));
}

static void teardown(struct parent *p)
{
	gicv2m_teardown();
}

PARENT(gic_v2m, .nr = 64, .first = 80, .exact = true, .setup = setup, .send = send, .teardown = teardown);
PARENT(gic_v2m_81, .nr = 30, .first = 81, .exact = true, .setup = setup, .send = send, .teardown = teardown);
PARENT(gic_v2m_xgene, .nr = 64, .exact = true, .setup = setup, .send = send, .teardown = teardown);
PARENT(gic_v2m_graviton, .nr = 64, .first = 64, .exact = true, .setup = setup, .send = send,
       .teardown = teardown);
