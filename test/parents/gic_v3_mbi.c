// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#undef pr_fmt
#define mbi_init	parent_mbi_init
#include "drivers/irqchip/irq-gic-v3-mbi.c"

static struct mbi_range range;

static int setup(struct parent *p)
{
	int ret;

	range = (struct mbi_range) { .spi_start = p->first, .nr_spis = p->nr, .bm = p->map };
	mbi_ranges = &range;
	mbi_range_nr = 1;
	mbi_phys_base = SZ_1G;
	ret = mbi_allocate_domain(p->gic);
	p->domain = irq_find_matching_fwnode(p->gic->fwnode, DOMAIN_BUS_NEXUS);
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr == SZ_1G + GICD_SETSPI_NSR)
		parent_raise(p, data);
}

PARENT(gic_v3_mbi, .nr = 64, .first = 64, .setup = setup, .send = send);
PARENT(gic_v3_mbi_94, .nr = 31, .first = 94, .setup = setup, .send = send);
