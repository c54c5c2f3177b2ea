// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/irqchip/irq-armada-370-xp.c"

static struct mpic mpic;

static int setup(struct parent *p)
{
	int ret;

	mpic = (struct mpic) {
		.base		= p->regs,
		.per_cpu	= p->regs + SZ_4K,
		.parent_irq	= p->nr == PCI_MSI_FULL_DOORBELL_NR ? p->irq : 0,
	};
	ret = mpic_msi_init(&mpic, p->pdev->dev.of_node, SZ_1G);
	p->domain = mpic.msi_inner_domain;
	p->map = mpic.msi_used;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr != SZ_1G + MPIC_SW_TRIG_INT || data >> 8 != BIT(0))
		return;
	writel(BIT(data & 31), mpic.per_cpu + MPIC_IN_DRBEL_CAUSE);
	mpic_handle_msi_irq(&mpic);
}

PARENT(armada_370_xp, .nr = PCI_MSI_DOORBELL_NR, .setup = setup, .send = send);
PARENT(armada_375, .nr = PCI_MSI_FULL_DOORBELL_NR, .setup = setup, .send = send);
