// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/pci/controller/pcie-mediatek-gen3.c"

static struct mtk_gen3_pcie pcie;

static int setup(struct parent *p)
{
	int ret;

	pcie = (struct mtk_gen3_pcie) { .dev = &p->pdev->dev, .base = p->regs, .reg_base = SZ_1G };
	mtk_pcie_enable_msi(&pcie);
	ret = mtk_pcie_init_irq_domains(&pcie);
	p->domain = pcie.msi_bottom_domain;
	p->map = pcie.msi_irq_in_use;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	for (int i = 0; i < PCIE_MSI_SET_NUM && data < PCIE_MSI_IRQS_PER_SET; i++) {
		if (addr != pcie.msi_sets[i].msg_addr)
			continue;
		parent_w1c = pcie.msi_sets[i].base + PCIE_MSI_SET_STATUS_OFFSET;
		*(u32 *)parent_w1c = BIT(data);
		mtk_pcie_msi_handler(&pcie, i);
	}
}

static void teardown(struct parent *p)
{
	irq_domain_remove(pcie.intx_domain);
}

PARENT(mediatek_gen3, .nr = PCIE_MSI_IRQS_NUM, .setup = setup, .send = send, .teardown = teardown);
