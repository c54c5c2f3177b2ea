// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/irqchip/irq-sg2042-msi.c"

static struct sg204x_msi_chipdata data;

static int setup(struct parent *p)
{
	data = (struct sg204x_msi_chipdata) {
		.reg_clr	= p->regs,
		.doorbell_addr	= SZ_1G,
		.irq_first	= 64,
		.num_irqs	= p->nr,
		.irq_type	= IRQ_TYPE_EDGE_RISING,
		.msi_map	= p->map,
		.chip_info	= p->nr == 16 ? &sg2042_chip_info : &sg2044_chip_info,
	};
	mutex_init(&data.msi_map_lock);
	return sg204x_msi_init_domains(&data, p->gic, &p->pdev->dev);
}

static void send_sg2042(struct parent *p, u64 addr, u32 msg)
{
	parent_raise(p, data.irq_first + ilog2(msg));
}

static void send_sg2044(struct parent *p, u64 addr, u32 msg)
{
	if (msg < 32)
		parent_raise(p, data.irq_first + (addr - SZ_1G) / 4 * 32 + msg);
}

/*
 * The device tree has 16 MSIs of the SG2042, whose data is 1 << hwirq. When irq_set_type() fails, the
 * interrupt of the parent domain stays; that of the PLIC there does not.
 */
PARENT(sg2042_msi, .nr = 16, .unfailed = BIT(FAIL_TYPE), .setup = setup, .send = send_sg2042);
PARENT(sg2044_msi, .nr = 64, .unfailed = BIT(FAIL_TYPE), .setup = setup, .send = send_sg2044);
