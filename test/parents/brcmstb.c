// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/pci/controller/pcie-brcmstb.c"

static struct brcm_msi msi;

static int setup(struct parent *p)
{
	int ret;

	msi = (struct brcm_msi) {
		.dev		= &p->pdev->dev,
		.np		= p->pdev->dev.of_node,
		.target_addr	= BRCM_MSI_TARGET_ADDR_LT_4GB,
		.nr		= p->nr,
		.intr_base	= p->regs,
		.legacy_shift	= p->nr == BRCM_INT_PCI_MSI_LEGACY_NR ? 24 : 0,
	};
	mutex_init(&msi.lock);
	ret = brcm_allocate_domains(&msi);
	p->domain = msi.inner_domain;
	p->map = msi.used;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr != msi.target_addr || data >> 5 != (0xffff & PCIE_MISC_MSI_DATA_CONFIG_VAL_32) >> 5)
		return;
	writel(BIT((data & 31) + msi.legacy_shift), msi.intr_base + MSI_INT_STATUS);
	parent_chain(p, brcm_pcie_msi_isr, &msi);
}

PARENT(brcmstb, .nr = BRCM_INT_PCI_MSI_NR, .setup = setup, .send = send);
PARENT(brcmstb_legacy, .nr = BRCM_INT_PCI_MSI_LEGACY_NR, .setup = setup, .send = send);
