// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/pci/controller/pcie-rcar.c"
#include "drivers/pci/controller/pcie-rcar-host.c"

static struct rcar_pcie_host host;

static int setup(struct parent *p)
{
	int ret;

	host = (struct rcar_pcie_host) { .pcie.dev = &p->pdev->dev, .pcie.base = p->regs };
	mutex_init(&host.msi.map_lock);
	raw_spin_lock_init(&host.msi.mask_lock);
	rcar_pci_write_reg(&host.pcie, SZ_1G | MSIFE, PCIEMSIALR);
	ret = rcar_allocate_domains(&host.msi);
	p->domain = host.msi.domain;
	p->map = host.msi.used;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr != SZ_1G || data >= p->nr)
		return;
	parent_w1c = host.pcie.base + PCIEMSIFR;
	*(u32 *)parent_w1c = BIT(data);
	rcar_pcie_msi_irq(p->irq, &host);
}

PARENT(rcar, .nr = INT_PCI_MSI_NR, .setup = setup, .send = send);
