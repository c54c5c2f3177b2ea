// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/pci/controller/pcie-xilinx-nwl.c"

static struct nwl_pcie pcie;

static int setup(struct parent *p)
{
	int ret;

	pcie = (struct nwl_pcie) { .dev = &p->pdev->dev, .breg_base = p->regs, .phys_pcie_reg_base = SZ_1G };
	mutex_init(&pcie.msi.lock);
	ret = nwl_pcie_init_msi_irq_domain(&pcie);
	p->domain = pcie.msi.dev_domain;
	p->map = pcie.msi.bitmap;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr != SZ_1G || data >= p->nr)
		return;
	parent_w1c = pcie.breg_base + (data < 32 ? MSGF_MSI_STATUS_LO : MSGF_MSI_STATUS_HI);
	*(u32 *)parent_w1c = BIT(data % 32);
	parent_chain(p, data < 32 ? nwl_pcie_msi_handler_low : nwl_pcie_msi_handler_high, &pcie);
}

PARENT(xilinx_nwl, .nr = INT_PCI_MSI_NR, .setup = setup, .send = send);
