// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include <asm/loongarch.h>
#include "kernel/irq/matrix.c"
#include "drivers/irqchip/irq-loongarch-avec.c"

struct irq_domain *loongson_avec(struct parent *p)
{
	loongarch_avec.msi_base_addr = SZ_1G;
	return avecintc_init(p->gic) ? NULL : loongarch_avec.domain;
}

void loongson_raise(unsigned int vector)
{
	struct irq_desc *desc = this_cpu_read(irq_map[vector]);

	if (desc)
		generic_handle_irq_desc(desc);
}

static int setup(struct parent *p)
{
	p->domain = loongson_avec(p);
	return loongson_offer(p->domain);
}

unsigned int loongson_vectors(struct parent *p)
{
	return irq_matrix_allocated(loongarch_avec.vector_matrix);
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (!data)
		loongson_raise((addr - SZ_1G) >> AVEC_IRQ_SHIFT);
}

PARENT(loongarch_avec, .nr = AVEC_VECTORS, .exact = true, .setup = setup,
       .used = loongson_vectors, .send = send);
