/* SPDX-License-Identifier: GPL-2.0-only */
/* What the drivers of LoongArch need of their architecture */
#ifndef ASM_LOONGARCH_H
#define ASM_LOONGARCH_H

#include <linux/list.h>
#include <linux/types.h>

#define NR_VECTORS		256
#define NR_LEGACY_VECTORS	16
#define AVEC_VECTORS		(NR_VECTORS - NR_LEGACY_VECTORS)
#define AVEC_IRQ_SHIFT		4
#define AVEC_IRQ_MASK		0xff
#define AVEC_CPU_SHIFT		12
#define AVEC_CPU_MASK		0xffff
#define INT_AVEC		14
#define MAX_IO_PICS		8
#define ACTION_CLEAR_VECTOR	4
#define cpu_has_avecint		1
#define cpu_has_redirectint	strcmp(under_test->name, "loongarch_avec")
#define spurious_interrupt()
#define csr_read(reg)		IRR_INVALID_MASK
#define msi_group		((struct { int pci_segment; } *)NULL)
#define LOONGSON_REG_BASE	0
#define IO_BASE			0UL
#define NODE_ADDRSPACE_SHIFT	44
#define irq_create_mapping(...)	under_test->irq
#undef __pa
#define __pa(x)			((unsigned long)(x))
/* A node, or none where CONFIG_NUMA is not set */
#define dev_to_node(dev)	(strcmp(under_test->name, "loongarch_ir") ? NUMA_NO_NODE : 0)

static struct {
	void (*send_ipi_single)(int cpu, unsigned int action);
} mp_ops;

/* What the driver waits for */
void loongarch_hardware(void);
#define cpu_relax()		loongarch_hardware()

/* What the stubs have for one another */
int loongson_offer(struct irq_domain *domain);
struct irq_domain *loongson_avec(struct parent *p);
void loongson_raise(unsigned int vector);
unsigned int loongson_vectors(struct parent *p);

#endif
