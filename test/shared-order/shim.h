/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the EventID map and the sizing of the ITS driver need of the kernel, for
 * a program that runs without one. Functions are on the root bus or behind one
 * bridge, and each has its DeviceID.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned short u16;
typedef unsigned int u32;

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

struct irq_domain {
	struct irq_domain *parent;
};

struct bus_type {
};

struct device {
	struct irq_domain *msi_domain;
};

enum { PCI_D0, PCI_D3cold = 4 };

struct pci_dev {
	struct device dev;
	struct pci_bus *bus, *subordinate;
	u32 dev_id;
	int msi, msix, msi_cap, msix_cap, current_state;
	int lasts;
	bool gone, must_not_ask;
};

struct pci_bus {
	struct pci_dev *self;
	struct pci_dev *devices;
	int nr;
};

typedef struct {
	union {
		unsigned long ul;
		void *ptr;
	} scratchpad[2];
} msi_alloc_info_t;

struct its_node {
	int dev_alloc_lock;
	unsigned long shared_sizes;
};

struct msi_domain_info {
	struct {
		int (*msi_prepare)(struct irq_domain *domain, struct device *dev, int nvec,
				   msi_alloc_info_t *info);
	} *ops;
	struct its_node *data;
};

static const struct bus_type pci_bus_type;
static struct msi_domain_info domain_info;

#define ENOMEM				12
#define PCI_COMMAND			4
#define PCI_POSSIBLE_ERROR(val)		((val) == ~0u)
#define dev_is_pci(d)			true
#define to_pci_dev(d)			((struct pci_dev *)(d))
#define pci_is_pcie(pdev)		false
#define msi_get_domain_info(domain)	(&domain_info)
#define dev_get_msi_domain(d)		((d)->msi_domain)

/* One that lasts for some accesses is gone with the last of them */
static inline bool answers(struct pci_dev *pdev)
{
	if (pdev->lasts && !--pdev->lasts)
		pdev->gone = true;
	return !pdev->gone;
}

static inline void pci_read_config_dword(struct pci_dev *pdev, int where, u32 *val)
{
	*val = answers(pdev) ? 0 : ~0;
}

/* What does not answer reads as all ones, and so does what sleeps */
static inline int pci_msi_vec_count(struct pci_dev *pdev)
{
	if (!answers(pdev) || pdev->current_state)
		return 128;
	return pdev->msi_cap ? pdev->msi : -EINVAL;
}

static inline int pci_msix_vec_count(struct pci_dev *pdev)
{
	if (!answers(pdev) || pdev->current_state)
		return 2048;
	return pdev->msix_cap ? pdev->msix : -EINVAL;
}

static inline void pci_for_each_dma_alias(struct pci_dev *pdev,
					  int (*fn)(struct pci_dev *pdev, u16 alias, void *data),
					  void *data)
{
	fn(pdev, 0, data);
	if (pdev->bus->self)
		fn(pdev->bus->self, 0, data);
}

static inline void pci_walk_bus(struct pci_bus *bus, int (*fn)(struct pci_dev *pdev, void *data),
				void *data)
{
	for (int i = 0; i < bus->nr; i++)
		fn(&bus->devices[i], data);
}

static inline u32 pci_msi_domain_get_msi_rid(struct irq_domain *domain, struct pci_dev *pdev)
{
	if (pdev->must_not_ask)
		warned = true;
	return pdev->dev_id;
}

/* All functions that there are */
#define MAX_PRESENT	32

static struct pci_dev *present[MAX_PRESENT];
static int nr_present;

static inline int bus_for_each_dev(const struct bus_type *type, struct device *start, void *data,
				   int (*fn)(struct device *dev, void *data))
{
	for (int i = 0; i < nr_present; i++)
		fn(&present[i]->dev, data);
	return 0;
}

#include "eventid.inc"

/* One ITS device, and one range of LPIs */
struct its_device {
	struct its_node *its;
	unsigned int users;
	bool shared;
	u32 nr_ites, device_id;
	struct {
		struct its_eventid_map eventids;
		int nr_lpis;
		u32 lpi_base;
	} event_map;
};

struct lpi_range {
	u32 span;
};

static struct lpi_range lpis;
static struct its_device its_device;
static int lpi_range_lock, largest_itt;
static struct { bool has_direct_lpi; } direct_lpi = { true }, *gic_rdists = &direct_lpi;
static struct { struct its_device *dev; } vpe_proxy;

#define guard(type)				(void)
#define mutex_lock(lock)			((void)(lock))
#define mutex_unlock(lock)			((void)(lock))
#define list_for_each_entry(pos, head, member)	for (pos = &lpis; pos; pos = NULL)
#define xa_load(xa, index)			(*(xa))
#define xa_store(xa, index, value, gfp)		(*(xa) = (value))
#define xa_mk_value(value)			(value)
#define xa_to_value(entry)			(entry)
#define WARN_ONCE(condition, ...)		WARN_ON_ONCE(condition)
#define WARN_ON(condition)			WARN_ON_ONCE(condition)
#define pr_debug(...)				do { } while (0)
#define its_send_mapd(its_dev, valid)		((void)(its_dev))
#define bitmap_empty(map, nr)			true

static inline struct its_device *its_find_device(struct its_node *its, u32 dev_id)
{
	return its_device.users ? &its_device : NULL;
}

static inline struct its_device *its_create_device(struct its_node *its, u32 dev_id, int nvecs,
						   bool alloc_lpis)
{
	u32 nr = nvecs;

	while (nr > lpis.span)
		nr /= 2;
	if (!nr || nvecs > largest_itt)
		return NULL;
	lpis.span -= nr;
	its_device = (struct its_device){ .its = its, .nr_ites = nvecs, .device_id = dev_id };
	its_device.event_map.nr_lpis = nr;
	return &its_device;
}

static inline int free_lpi_range(u32 base, u32 nr)
{
	lpis.span += nr;
	return 0;
}

#define its_free_device(its_dev)		((void)(its_dev))
