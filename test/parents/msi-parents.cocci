// SPDX-License-Identifier: GPL-2.0-only
// MSI parents which take a region of a power of two for Multi-MSI, and get it back in part only, as
// the free() callback of their domain is called for one vector at a time. They need
// IRQ_DOMAIN_FREE_BULK. These have that fault:
//
// mainline: armada-370-xp bcm2712-mip gic-v2m gic-v3-its gic-v3-mbi gic-v5-its loongarch-ir
// mainline: loongson-pch-msi sg2042-msi designware-host aardvark hyperv apple aspeed brcmstb
// mainline: iproc-msi mediatek-gen3 rcar-host rzg3s-host xilinx-dma-pl xilinx-nwl
// linux-6.12.y: armada-370-xp gic-v2m gic-v3-its gic-v3-mbi loongson-pch-msi designware-host
// linux-6.12.y: aardvark hyperv apple brcmstb iproc-msi mediatek-gen3 rcar-host xilinx-dma-pl
// linux-6.12.y: xilinx-nwl

virtual report

@multi@
@@
MSI_FLAG_MULTI_PCI_MSI

@single depends on !multi@
identifier o;
@@
(
struct msi_parent_ops o = { ..., };
|
struct msi_domain_info o = { ..., };
)

@bulk@
@@
IRQ_DOMAIN_FREE_BULK

@ops depends on !single && !bulk@
identifier o, fn;
@@
struct irq_domain_ops o = {
	...,
	.free = fn,
	...,
};

// The callback releases the region itself

@direct depends on ops@
identifier ops.fn, domain, virq, nr;
expression map, first;
position p;
@@
fn(struct irq_domain *domain, unsigned int virq, unsigned int nr)
{
	<+...
	bitmap_release_region@p(map, first,
		\(get_count_order\|order_base_2\|ilog2\)(<+...nr...+>))
	...+>
}

// It has a function for that

@caller depends on ops@
identifier ops.fn, domain, virq, nr, g;
@@
fn(struct irq_domain *domain, unsigned int virq, unsigned int nr)
{
	<+...
	g(..., nr, ...)
	...+>
}

@helper@
identifier caller.g, n;
expression map, first;
type T;
position p;
@@
g(..., T n, ...)
{
	<+...
	bitmap_release_region@p(map, first,
		\(get_count_order\|order_base_2\|ilog2\)(<+...n...+>))
	...+>
}

// A bit is released for each vector, but the region has more of them

@region depends on ops@
identifier f;
expression m, size, order;
@@
bitmap_find_free_region(m->f, size, order)

@bit depends on region@
identifier region.f;
expression m, nr;
iterator name scoped_guard;
position p;
@@
(
clear_bit@p(nr, m->f)
|
__clear_bit@p(nr, m->f)
)

@script:python@
p << direct.p;
@@
coccilib.report.print_report(p[0], "part of a region is released")

@script:python@
p << helper.p;
@@
coccilib.report.print_report(p[0], "part of a region is released")

@script:python@
p << bit.p;
@@
coccilib.report.print_report(p[0], "part of a region is released")
