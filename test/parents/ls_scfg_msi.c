// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include "drivers/irqchip/irq-ls-scfg-msi.c"

static struct ls_scfg_msi_cfg cfg = { .msir_irqs = 32 };
static struct ls_scfg_msir msir = { .gic_irq = 1 };
static struct ls_scfg_msi data;

static int setup(struct parent *p)
{
	int ret;

	data = (struct ls_scfg_msi) {
		.pdev		= p->pdev,
		.msiir_addr	= SZ_1G,
		.cfg		= &cfg,
		.msir_num	= 1,
		.msir		= &msir,
		.irqs_num	= p->nr,
		.used		= p->map,
	};
	spin_lock_init(&data.lock);
	ret = ls_scfg_msi_domains_init(&data);
	p->domain = data.parent;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 msg)
{
	msir = (struct ls_scfg_msir) {
		.gic_irq = 1, .bit_start = 0, .bit_end = 31, .msi_data = &data, .reg = p->regs,
	};
	*(__be32 *)p->regs = cpu_to_be32(BIT(31 - msg));
	parent_chain(p, ls_scfg_msi_irq_handler, &msir);
}

PARENT(ls_scfg_msi, .nr = 32, .setup = setup, .send = send);
