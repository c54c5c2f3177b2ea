// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/pci/controller/pci-aardvark.c"

static struct advk_pcie pcie;

static int setup(struct parent *p)
{
	int ret;

	pcie = (struct advk_pcie) { .pdev = p->pdev, .base = p->regs };
	ret = advk_pcie_init_msi_irq_domain(&pcie);
	p->domain = pcie.msi_inner_domain;
	p->map = pcie.msi_used;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr != virt_to_phys(&pcie) || data >= p->nr)
		return;
	parent_w1c = pcie.base + PCIE_MSI_STATUS_REG;
	*(u32 *)parent_w1c = BIT(data);
	advk_pcie_handle_msi(&pcie);
}

PARENT(aardvark, .nr = MSI_IRQ_NUM, .setup = setup, .send = send);
