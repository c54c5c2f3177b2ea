// SPDX-License-Identifier: GPL-2.0-only
#define CONFIG_PCIE_IPROC_MSI 1
#include "parents.h"
#include <linux/cpumask.h>

/* Each interrupt goes to another CPU when it is requested */
static int next_cpu;
#define cpumask_first(mask)	(next_cpu++ % (under_test->take ?: 1))
#include "drivers/pci/controller/pcie-iproc-msi.c"

static struct iproc_pcie pcie;
static struct iproc_msi msi;
static struct iproc_msi_grp group;
static u32 queues[EQ_MEM_REGION_SIZE / sizeof(u32)];

static int setup(struct parent *p)
{
	pcie.base = p->regs;
	msi = (struct iproc_msi) {
		.pcie = &pcie, .reg_offsets = iproc_msi_reg_paxb, .nr_irqs = p->nr / EQ_LEN, .nr_cpus = p->take ?: 1,
		.bitmap = p->map, .nr_msi_vecs = p->nr, .nr_eq_region = 1, .nr_msi_region = 1,
		.eq_cpu = queues, .msi_addr = SZ_1G,
	};
	mutex_init(&msi.bitmap_lock);
	iproc_msi_parent_ops.supported_flags = IPROC_MSI_FLAGS_SUPPORTED | (p->take ? 0 : MSI_FLAG_MULTI_PCI_MSI);
	return iproc_msi_alloc_domains(p->pdev->dev.of_node, &msi);
}

static void send(struct parent *p, u64 addr, u32 data)
{
	u32 eq = (addr - SZ_1G) / sizeof(u32), tail = iproc_msi_read_reg(&msi, IPROC_MSI_EQ_TAIL, eq);

	queues[iproc_msi_eq_offset(&msi, eq) / sizeof(u32) + tail] = data;
	iproc_msi_write_reg(&msi, IPROC_MSI_EQ_TAIL, eq, (tail + 1) % EQ_LEN);
	group = (struct iproc_msi_grp) { .msi = &msi, .eq = eq };
	parent_chain(p, iproc_msi_handler, &group);
}

PARENT(iproc, .nr = 2 * EQ_LEN, .setup = setup, .send = send);
PARENT(iproc_2_cpus, .nr = 2 * EQ_LEN, .take = 2, .setup = setup, .send = send);
