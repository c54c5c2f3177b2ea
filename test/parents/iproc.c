// SPDX-License-Identifier: GPL-2.0-only
#define CONFIG_PCIE_IPROC_MSI 1
#include "parents.h"
#include <linux/cpumask.h>

/* Each interrupt goes to another CPU when it is requested */
static int next_cpu, nr_cpus;
#define cpumask_first(mask)	(next_cpu++ % nr_cpus)
#include "drivers/pci/controller/pcie-iproc-msi.c"

static DECLARE_BITMAP(map, NR_HW_IRQS * EQ_LEN);
static struct iproc_pcie pcie;
static struct iproc_msi msi;
static u32 queues[EQ_MEM_REGION_SIZE / sizeof(u32)];
static struct iproc_msi_grp groups[NR_HW_IRQS];

static int setup(struct parent *p)
{
	int ret;

	nr_cpus = p->take ?: 1;
	pcie.base = p->regs;
	bitmap_zero(map, NR_HW_IRQS * EQ_LEN);
	msi = (struct iproc_msi) {
		.pcie = &pcie, .reg_offsets = iproc_msi_reg_paxb, .nr_irqs = p->nr / EQ_LEN, .nr_cpus = nr_cpus,
		.bitmap = map, .nr_msi_vecs = p->nr, .nr_eq_region = 1, .nr_msi_region = 1,
		.eq_cpu = queues, .msi_addr = SZ_1G,
	};
	mutex_init(&msi.bitmap_lock);
	iproc_msi_parent_ops.supported_flags = IPROC_MSI_FLAGS_SUPPORTED;
	if (nr_cpus == 1)
		iproc_msi_parent_ops.supported_flags |= MSI_FLAG_MULTI_PCI_MSI;
	ret = iproc_msi_alloc_domains(p->pdev->dev.of_node, &msi);
	p->domain = msi.inner_domain;
	p->map = map;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	struct iproc_msi_grp *group = &groups[(addr - SZ_1G) / sizeof(u32)];
	u32 eq = group - groups, tail = iproc_msi_read_reg(&msi, IPROC_MSI_EQ_TAIL, eq);

	*group = (struct iproc_msi_grp) { .msi = &msi, .eq = eq };
	queues[iproc_msi_eq_offset(&msi, eq) / sizeof(u32) + tail] = data;
	iproc_msi_write_reg(&msi, IPROC_MSI_EQ_TAIL, eq, (tail + 1) % EQ_LEN);
	irq_set_chained_handler_and_data(p->irq, iproc_msi_handler, group);
	generic_handle_irq(p->irq);
}

PARENT(iproc, .nr = 2 * EQ_LEN, .setup = setup, .send = send);
PARENT(iproc_2_cpus, .nr = 2 * EQ_LEN, .take = 2, .setup = setup, .send = send);
