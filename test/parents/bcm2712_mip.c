// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/irqchip/irq-bcm2712-mip.c"

static struct mip_priv mip;

static int setup(struct parent *p)
{
	mip = (struct mip_priv) {
		.base		= p->regs,
		.msg_addr	= SZ_1G,
		.msi_base	= 128,
		.num_msis	= p->nr,
		.bitmap		= p->map,
		.parent		= p->gic,
		.dev		= &p->pdev->dev,
	};
	spin_lock_init(&mip.lock);
	return mip_init_domains(&mip, p->pdev->dev.of_node);
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr == SZ_1G && data < p->nr)
		parent_raise(p, 32 + 128 + data);
}

PARENT(bcm2712_mip, .nr = 64, .exact = true, .setup = setup, .send = send);
