// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/pci/controller/pcie-xilinx-dma-pl.c"

static const struct xilinx_pl_dma_variant variant = { .version = XDMA };
static struct pl_dma_pcie port;

static int setup(struct parent *p)
{
	int ret;

	port = (struct pl_dma_pcie) {
		.dev		= &p->pdev->dev,
		.reg_base	= p->regs,
		.phys_reg_base	= SZ_1G,
		.variant	= &variant,
	};
	ret = xilinx_pl_dma_pcie_init_msi_irq_domain(&port);
	p->domain = port.msi.dev_domain;
	p->map = port.msi.bitmap;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr != SZ_1G || data >= p->nr)
		return;
	parent_w1c = port.reg_base + (data < 32 ? XILINX_PCIE_DMA_REG_MSI_LOW : XILINX_PCIE_DMA_REG_MSI_HI);
	*(u32 *)parent_w1c = BIT(data % 32);
	if (data < 32)
		xilinx_pl_dma_pcie_msi_handler_low(p->irq, &port);
	else
		xilinx_pl_dma_pcie_msi_handler_high(p->irq, &port);
}

PARENT(xilinx_dma_pl, .nr = XILINX_NUM_MSI_IRQS, .setup = setup, .send = send);
