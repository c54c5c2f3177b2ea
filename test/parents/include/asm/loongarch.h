/* SPDX-License-Identifier: GPL-2.0-only */
/* What the drivers of LoongArch need of their architecture */
#ifndef ASM_LOONGARCH_H
#define ASM_LOONGARCH_H

#include <linux/list.h>
#include <linux/types.h>

#define NR_VECTORS		256
#define NR_LEGACY_VECTORS	16
#define AVEC_IRQ_SHIFT		4
#define AVEC_IRQ_MASK		0xff
#define AVEC_CPU_SHIFT		12
#define AVEC_CPU_MASK		0xffff
#define INT_AVEC		14
#define MAX_IO_PICS		8
#define ACTION_CLEAR_VECTOR	4
#define cpu_has_avecint		1
#define cpu_has_redirectint	redirectint
#define spurious_interrupt()
#define csr_read(reg)		IRR_INVALID_MASK
#define msi_group		((struct { int pci_segment; } *)NULL)
#define LOONGSON_REG_BASE	0
#define IO_BASE			0UL
#define NODE_ADDRSPACE_SHIFT	44

static struct {
	void (*send_ipi_single)(int cpu, unsigned int action);
} mp_ops;

#endif
