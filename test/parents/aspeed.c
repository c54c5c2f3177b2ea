// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/pci/controller/pcie-aspeed.c"

static struct aspeed_pcie pcie;

static int setup(struct parent *p)
{
	int ret;

	pcie = (struct aspeed_pcie) { .dev = &p->pdev->dev, .reg = p->regs, .platform = &pcie_rc_ast2600 };
	mutex_init(&pcie.lock);
	ret = aspeed_pcie_msi_init(&pcie);
	p->domain = pcie.msi_domain;
	p->map = pcie.msi_irq_in_use;
	return ret;
}

static void burst(struct parent *p, u32 data, unsigned int n)
{
	u64 status = GENMASK_ULL(data + n - 1, data);

	writel(status, pcie.reg + pcie_rc_ast2600.reg_msi_sts);
	writel(status >> 32, pcie.reg + pcie_rc_ast2600.reg_msi_sts + 4);
	aspeed_pcie_intr_handler(p->irq, &pcie);
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr == pcie_rc_ast2600.msi_address && data < p->nr)
		burst(p, data, 1);
}

PARENT(aspeed, .nr = MAX_MSI_HOST_IRQS, .setup = setup, .burst = burst, .send = send);
