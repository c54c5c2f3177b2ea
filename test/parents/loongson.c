// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include <asm/loongarch.h>
#include "kernel/irq/matrix.c"

static struct parent *loongson;
static int no_node;
static bool redirectint;
static void redirect_writel(u32 val, volatile void __iomem *addr);

/* A node where CONFIG_NUMA is not set, and the queue of invalidations */
#define CONFIG_ACPI			1
#define irq_create_mapping(...)		loongson->irq
#define dev_to_node(dev)		no_node
#undef __pa
#define __pa(x)				((unsigned long)(x))
#undef writel
#define writel				redirect_writel
#undef pr_fmt
#include "drivers/irqchip/irq-loongson-pch-msi.c"
#undef pr_fmt
#define pr_fmt(fmt) fmt
#include "drivers/irqchip/irq-loongarch-avec.c"
#define pch_msi_parse_madt		redirect_parse_madt
#define acpi_cascade_irqdomain_init	redirect_cascade_init
#undef pr_fmt
#include "drivers/irqchip/irq-loongarch-ir.c"
#undef writel

static void redirect_writel(u32 val, volatile void __iomem *addr)
{
	struct redirect_queue *queue = &redirect_descs[0].inv_queue;
	u32 tail = readl(addr);

	writel_relaxed(val, addr);
	if (addr != loongson->regs + LOONGARCH_IOCSR_REDIRECT_CQT || tail == val)
		return;
	*(u64 *)queue->cmd_base[tail].notice_addr = 1;
	writel_relaxed(val, loongson->regs + LOONGARCH_IOCSR_REDIRECT_CQH);
}

static int setup_pch_msi(struct parent *p)
{
	struct fwnode_handle *fwnode = of_fwnode_handle(p->pdev->dev.of_node);
	int ret;

	nr_pics = 0;
	ret = pch_msi_init(SZ_1G, p->first, p->nr, p->gic, fwnode);
	p->domain = irq_find_matching_fwnode(fwnode, DOMAIN_BUS_NEXUS);
	p->map = ((struct pch_msi_data *)p->domain->host_data)->msi_map;
	return ret;
}

static void send_pch_msi(struct parent *p, u64 addr, u32 data)
{
	if (addr == SZ_1G)
		parent_raise(p, data);
}

static int setup_avec(struct parent *p)
{
	loongson = p;
	redirectint = p->used == NULL;
	pch_msi_parent_ops.supported_flags = PCH_MSI_FLAGS_SUPPORTED;
	p->domain = NULL;
	if (avecintc_init(p->gic))
		return -ENOMEM;
	loongarch_avec.msi_base_addr = SZ_1G;
	pch_msi_handle[0] = NULL;
	p->domain = loongarch_avec.domain;
	return pch_msi_acpi_init_avec(p->domain);
}

static unsigned int used_avec(struct parent *p)
{
	return irq_matrix_allocated(loongarch_avec.vector_matrix);
}

static void send_avec(struct parent *p, u64 addr, u32 data)
{
	struct irq_desc *desc = this_cpu_read(irq_map[(addr - SZ_1G) >> AVEC_IRQ_SHIFT]);

	if (desc && !data)
		generic_handle_irq_desc(desc);
}

static int setup_ir(struct parent *p)
{
	int ret = setup_avec(p);

	redirect_reg_base = (unsigned long)p->regs;
	ret = ret ?: redirect_acpi_init(loongarch_avec.domain);
	pch_msi_handle[0] = NULL;
	ret = ret ?: pch_msi_acpi_init_avec(redirect_domain);
	msi_base_addr = SZ_1G;
	no_node = strcmp(p->name, "loongarch_ir") ? NUMA_NO_NODE : 0;
	p->domain = redirect_domain;
	p->map = redirect_descs[0].ird_table.bitmap;
	return ret;
}

static void send_ir(struct parent *p, u64 addr, u32 data)
{
	struct redirect_entry *entry = redirect_descs[0].ird_table.table + data;
	u64 addr_of_gpid = (u64)entry->lo.gpid << GPID_ADDR_SHIFT | GENMASK_ULL(63, 48);
	struct redirect_gpid *gpid = (void *)addr_of_gpid;
	struct irq_desc *desc = entry->lo.valid ? this_cpu_read(irq_map[gpid->irqnum]) : NULL;

	if (addr == (SZ_1G | 1 << 2) && desc)
		generic_handle_irq_desc(desc);
}

static void teardown_ir(struct parent *p)
{
	redirect_irde_free(&redirect_descs[0]);
	irq_domain_remove(loongarch_avec.domain);
}

PARENT(loongson_pch_msi, .nr = 192, .first = 64, .setup = setup_pch_msi, .send = send_pch_msi);
PARENT(loongarch_avec, .nr = NR_VECTORS - NR_LEGACY_VECTORS, .exact = true, .setup = setup_avec,
       .used = used_avec, .send = send_avec);
PARENT(loongarch_ir, .nr = IRD_ENTRIES, .limit = NR_VECTORS - NR_LEGACY_VECTORS,
       .setup = setup_ir, .send = send_ir, .teardown = teardown_ir);
PARENT(loongarch_ir_numa_off, .nr = IRD_ENTRIES, .limit = NR_VECTORS - NR_LEGACY_VECTORS,
       .setup = setup_ir, .send = send_ir, .teardown = teardown_ir);
