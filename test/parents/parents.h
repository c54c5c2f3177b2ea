/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stub includes this, then the source of a driver from the kernel's tree, and describes how to set up
 * the MSI parent domain of that driver on registers that are memory.
 */
#ifndef PARENTS_H
#define PARENTS_H

#include <linux/acpi.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/irq.h>
#include <linux/irqchip.h>
#include <linux/irqchip/chained_irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#define PARENT_REGS_SIZE	SZ_64K

/* What fails in an allocation */
enum { FAIL_PARENT, FAIL_TYPE, FAIL_ACTIVATE, FAIL_IOMMU, FAIL_MEMORY, NR_FAILURES };

/**
 * struct parent - an MSI parent domain under test
 * @name:	the driver
 * @nr:		messages of its pool
 * @first:	message data of the first one, where alignment is counted from
 * @max:	vectors that it offers at most, found out by the runner
 * @take:	how much of the pool one vector takes, 0 is 1
 * @limit:	vectors that it has in all, 0 is @nr
 * @exact:	it reserves no padding (rule B5)
 * @below:	how many interrupts its parent domain has, where that is not @gic
 * @keeps:	it does not give back interrupts of its parent domain, which has nothing to free
 * @unfailed:	kinds of failures that are left out, as it is known what comes of them
 * @setup:	let the driver create its domain, and set @domain, if it is not that of the device's node or its
 *		child, and @map, unless that is for the driver
 * @send:	what the hardware does with a message: tell the driver, or the parent domain, by its handler
 *		default: the data is the interrupt of the parent domain
 * @burst:	several messages at once, where the driver has to find each of them
 * @used:	how much it has allocated, where that is no map
 * @teardown:	undo what @setup did besides @domain, which is gone
 * @domain:	the driver's domain
 * @map:	what it has allocated
 * @bits:	a map for it
 * @gic:	a parent domain for it
 * @sender:	the device that sends a message
 * @irq:	an interrupt for it
 * @regs:	memory for its registers, PARENT_REGS_SIZE
 * @pdev:	a device for it, with a node that has a child
 * @list:	all of them
 */
struct parent {
	const char *name;
	unsigned int nr;
	unsigned int first;
	unsigned int max;
	unsigned int take;
	unsigned int limit;
	bool exact;
	bool keeps;
	unsigned int unfailed;
	int (*setup)(struct parent *p);
	void (*send)(struct parent *p, u64 addr, u32 data);
	void (*burst)(struct parent *p, u32 data, unsigned int n);
	unsigned int (*used)(struct parent *p);
	unsigned int (*below)(struct parent *p);
	void (*teardown)(struct parent *p);
	struct irq_domain *domain;
	unsigned long *map;
	unsigned long *bits;
	struct irq_domain *gic;
	unsigned int sender;
	int irq;
	void *regs;
	struct platform_device *pdev;
	struct list_head list;
};

extern struct parent *under_test;

void parent_register(struct parent *p);
void parent_raise(struct parent *p, irq_hw_number_t hwirq);
void parent_chain(struct parent *p, irq_flow_handler_t handler, void *data);
int parent_prepare_msi(struct msi_desc *desc, phys_addr_t addr);
void *parent_zalloc(size_t size, gfp_t gfp);
void parent_release_region(unsigned long *map, unsigned int pos, int order);

/* A status register, where a write of 1 clears a bit */
static void __maybe_unused *parent_w1c;

static inline void parent_writel(u32 val, volatile void __iomem *addr)
{
	writel(addr == parent_w1c ? readl(addr) & ~val : val, addr);
}

#define PARENT(_id, ...)							\
static struct parent parent_##_id = { .name = #_id, __VA_ARGS__ };		\
static int parent_##_id##_register(void)							\
{										\
	parent_register(&parent_##_id);							\
	return 0;								\
}										\
core_initcall(parent_##_id##_register)

/* The source that follows probes nothing, and its functions are called when init is over */
#undef builtin_platform_driver
#undef module_platform_driver
#undef module_init
#undef module_exit
#undef IRQCHIP_DECLARE
#undef IRQCHIP_PLATFORM_DRIVER_BEGIN
#undef IRQCHIP_MATCH
#undef IRQCHIP_PLATFORM_DRIVER_END
#undef MODULE_DEVICE_TABLE
#undef __init
#undef __exit
#undef __initdata
#undef __initconst
#define builtin_platform_driver(driver)
#define module_platform_driver(driver)
#define module_init(init)
#define module_exit(exit)
#define IRQCHIP_DECLARE(...)
#define IRQCHIP_PLATFORM_DRIVER_BEGIN(...)
#define IRQCHIP_MATCH(...)
#define IRQCHIP_PLATFORM_DRIVER_END(...)
#define MODULE_DEVICE_TABLE(...)
#define __init
#define __exit
#define __initdata
#define __initconst

/* Gone after init */
#define acpi_table_parse_madt(...)	0

/* Calls that can fail, one that must stay within the map, and registers */
#undef kzalloc
#undef kzalloc_node
#define kzalloc			parent_zalloc
#define kzalloc_node(size, gfp, node)	parent_zalloc(size, gfp)
#define iommu_dma_prepare_msi	parent_prepare_msi
#define bitmap_release_region	parent_release_region
#undef writel
#undef writel_relaxed
#define writel			parent_writel
#define writel_relaxed		parent_writel

#endif
