// SPDX-License-Identifier: GPL-2.0-only
#define CONFIG_PCIE_DW_HOST 1
#include "parents.h"
#include "drivers/pci/controller/dwc/pcie-designware.c"
#include "drivers/pci/controller/dwc/pcie-designware-host.c"

static struct dw_pcie pcie;

static int setup(struct parent *p)
{
	struct dw_pcie_rp *pp = &pcie.pp;
	int ret;

	pcie = (struct dw_pcie) {
		.dev		= &p->pdev->dev,
		.dbi_base	= p->regs,
		.pp.num_vectors	= p->nr,
		.pp.cfg0_base	= SZ_1G,
		.pp.msi_irq	= { p->irq },
	};
	raw_spin_lock_init(&pp->lock);
	ret = dw_pcie_msi_host_init(pp);
	p->domain = pp->irq_domain;
	p->map = pp->msi_irq_in_use;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr != SZ_1G || data >= p->nr)
		return;
	for (int i = 0; i < p->nr; i += MAX_MSI_IRQS_PER_CTRL)
		writel(i == (data & ~31) ? BIT(data & 31) : 0,
		       p->regs + PCIE_MSI_INTR0_STATUS + i / MAX_MSI_IRQS_PER_CTRL * MSI_REG_CTRL_BLOCK_SIZE);
	generic_handle_irq(p->irq);
}

PARENT(dwc, .nr = 64, .setup = setup, .send = send);
