/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the EventID map and the sizing of the ITS driver need of the kernel, for
 * a program that runs without one. The PCI hierarchy is a host bridge with one
 * bridge below it. What is below that has the DeviceID of the bridge, and a
 * msi-map-mask gives all functions the same one.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned short u16;
typedef unsigned int u32;

#define U16_MAX			((u16)~0)
#define BITS_PER_LONG		64
#define BITS_TO_LONGS(nr)	(((nr) + 63) / 64)
#define BIT(nr)			(1UL << (nr))
#define BIT_WORD(nr)		((nr) / 64)
#define GENMASK(h, l)		(~0UL >> (63 - (h)) & ~0UL << (l))
#define __ffs(word)		((unsigned long)__builtin_ctzl(word))
#define fls_long(word)		((word) ? 64 - __builtin_clzl(word) : 0)
#define GFP_KERNEL		0
#define kcalloc(n, size, gfp)	calloc(n, size)
#define kfree(p)		free(p)
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#define max(a, b)		((a) > (b) ? (a) : (b))
#define max3(a, b, c)		max(max(a, b), c)
#define max_t(type, a, b)	max((type)(a), (type)(b))

static bool warned;
#define WARN_ON_ONCE(condition)	((condition) && (warned = true))

static inline unsigned int ilog2(unsigned int n)
{
	return 31 - __builtin_clz(n);
}

static inline unsigned int roundup_pow_of_two(unsigned int n)
{
	return n > 1 ? 2u << ilog2(n - 1) : 1;
}

static inline bool test_bit(unsigned int nr, const unsigned long *map)
{
	return map[nr / 64] >> nr % 64 & 1;
}

static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int nr)
{
	for (; nr; nr--, start++)
		map[start / 64] |= 1UL << start % 64;
}

static inline void bitmap_clear(unsigned long *map, unsigned int start, unsigned int nr)
{
	for (; nr; nr--, start++)
		map[start / 64] &= ~(1UL << start % 64);
}

struct device_node {
	u32 mask;
};

struct device {
	struct device_node *of_node;
};

struct pci_dev {
	struct device dev;
	struct pci_bus *bus, *subordinate;
	int msi, msix;
};

struct pci_bus {
	struct device dev;
	struct pci_dev *self;
	struct pci_dev *devices;
	int nr;
};

struct pci_host_bridge {
	struct pci_bus *bus;
};

struct msi_alloc_info {
	unsigned long flags;
	union {
		unsigned long ul;
		void *ptr;
	} scratchpad[2];
};
#define msi_alloc_info_t		struct msi_alloc_info
#define MSI_ALLOC_FLAGS_PROXY_DEVICE	1

struct irq_domain {
	struct irq_domain *parent;
	int nvec;
};

struct msi_domain_info {
	struct {
		int (*msi_prepare)(struct irq_domain *domain, struct device *dev, int nvec,
				   msi_alloc_info_t *info);
	} *ops;
};

static struct device_node root_node;
static struct pci_bus root_bus = { .dev.of_node = &root_node }, bus;
static struct pci_host_bridge host_bridge = { .bus = &root_bus };
static struct msi_domain_info domain_info;

#define dev_is_pci(d)			true
#define to_pci_dev(d)			((struct pci_dev *)(d))
#define pci_is_pcie(pdev)		false
#define pci_find_host_bridge(bus)	(&host_bridge)
#define msi_get_domain_info(domain)	(&domain_info)

static inline int pci_msi_vec_count(struct pci_dev *pdev)
{
	return pdev->msi ?: -EINVAL;
}

static inline int pci_msix_vec_count(struct pci_dev *pdev)
{
	return pdev->msix ?: -EINVAL;
}

static inline int of_property_read_u32(struct device_node *np, const char *name, u32 *value)
{
	if (np->mask == U16_MAX)
		return -EINVAL;
	*value = np->mask;
	return 0;
}

static inline void pci_for_each_dma_alias(struct pci_dev *pdev,
					  int (*fn)(struct pci_dev *pdev, u16 alias, void *data),
					  void *data)
{
	fn(pdev, 0, data);
	if (pdev->bus->self)
		fn(pdev->bus->self, 0, data);
}

/* DeviceID 1 is shared. 0 is not used, as the driver treats it specially */
static inline u32 pci_msi_domain_get_msi_rid(struct irq_domain *domain, struct pci_dev *pdev)
{
	if (root_node.mask != U16_MAX || pdev->bus->self || pdev->subordinate)
		return 1;
	return 2 + (pdev - pdev->bus->devices);
}

static inline void pci_walk_bus(struct pci_bus *bus, int (*fn)(struct pci_dev *pdev, void *data),
				void *data)
{
	for (int i = 0; i < bus->nr; i++) {
		fn(&bus->devices[i], data);
		if (bus->devices[i].subordinate)
			pci_walk_bus(bus->devices[i].subordinate, fn, data);
	}
}
