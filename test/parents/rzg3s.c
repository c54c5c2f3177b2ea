// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/pci/controller/pcie-rzg3s-host.c"

static struct rzg3s_pcie_host host;

static int setup(struct parent *p)
{
	int ret;

	host = (struct rzg3s_pcie_host) {
		.axi			= p->regs,
		.dev			= &p->pdev->dev,
		.msi.window_base	= SZ_1G,
	};
	raw_spin_lock_init(&host.hw_lock);
	mutex_init(&host.msi.map_lock);
	rzg3s_pcie_msi_hw_setup(&host);
	ret = rzg3s_pcie_msi_allocate_domains(&host.msi);
	p->domain = host.msi.domain;
	p->map = host.msi.map;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr != SZ_1G || data >= p->nr)
		return;
	writel(RZG3S_PCI_PINTRCVIS_MSI, host.axi + RZG3S_PCI_PINTRCVIS);
	writel(BIT(data), host.axi + RZG3S_PCI_MSIRS(0));
	rzg3s_pcie_msi_irq(p->irq, &host);
}

PARENT(rzg3s, .nr = RZG3S_PCI_MSI_INT_NR, .setup = setup, .send = send);
