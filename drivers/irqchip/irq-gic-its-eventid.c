// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventIDs of a device behind a GIC Interrupt Translation Service (ITS)
 *
 * The data of an MSI is the EventID which the ITS translates into an LPI. A
 * Multi-MSI device has one message for all its vectors and replaces the low
 * order bits of the data with the vector number, as many bits as software
 * enabled (PCI Express Base Specification, 7.7.1 "MSI Capability Structures").
 * The first EventID of such a device must therefore be aligned to the number of
 * vectors, rounded up to a power of two, and the EventIDs up to that number
 * must not be given to another device which shares the DeviceID, as the first
 * one is able to signal them.
 *
 * All other interrupts have a message of their own. One EventID, whichever,
 * is all they need.
 */

#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include <linux/irqchip/arm-gic-its-eventid.h>

/**
 * its_eventid_map_init - Initialize the EventID map of a device
 * @map:		Map to initialize
 * @nr_eventids:	Number of EventIDs, 1 to %INT_MAX. It does not have to be a
 *			power of two.
 *
 * The map has no lock. The caller serializes all calls for the same map.
 *
 * Context: Process context, may sleep.
 * Return: 0 on success, -EINVAL when @nr_eventids is out of range, -ENOMEM
 *	   when there is no memory for the map.
 */
int its_eventid_map_init(struct its_eventid_map *map, unsigned int nr_eventids)
{
	size_t nr_longs = BITS_TO_LONGS(nr_eventids);

	if (!nr_eventids || nr_eventids > INT_MAX)
		return -EINVAL;

	map->used = kcalloc(2 * nr_longs, sizeof(*map->used), GFP_KERNEL);
	if (!map->used)
		return -ENOMEM;

	map->joined = map->used + nr_longs;
	map->nr_eventids = nr_eventids;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_map_init);

/**
 * its_eventid_map_destroy - Free the memory of an EventID map
 * @map:	Map to destroy, which may be empty or not
 *
 * Context: Any context. No other call for @map may be in progress or follow.
 */
void its_eventid_map_destroy(struct its_eventid_map *map)
{
	kfree(map->used);
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_map_destroy);

/**
 * its_eventid_map_empty - Tell whether no EventID is used
 * @map:	Map to look at
 *
 * A block goes with the last of its vectors, so nothing is reserved in an
 * empty map.
 *
 * Context: Any context, serialized by the caller.
 * Return: True if no EventID of @map is used.
 */
bool its_eventid_map_empty(const struct its_eventid_map *map)
{
	return bitmap_empty(map->used, map->nr_eventids);
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_map_empty);

/*
 * A block is aligned and never larger than a word, so it is in one word of each
 * bitmap. These are the bits of its EventIDs there, from bit @start on, and
 * those which join them.
 */
static unsigned long its_eventid_bits(unsigned int start, unsigned int nr)
{
	return GENMASK(nr - 1, 0) << start;
}

static unsigned long its_eventid_joined(unsigned int start, unsigned int size)
{
	return GENMASK(size - 1, 0) >> 1 << start;
}

/* The lowest free EventIDs, or some that are out of range if there are none */
static unsigned int its_eventid_find(const struct its_eventid_map *map, unsigned int size)
{
	unsigned int i, j, nr_longs = BITS_TO_LONGS(map->nr_eventids);
	unsigned long taken, starts = ~0UL / GENMASK(size - 1, 0);

	for (i = 0; i < nr_longs; i++) {
		/* The last EventID of a block is joined to the one before only */
		taken = map->used[i] | map->joined[i] | map->joined[i] << 1;

		if (!~taken)
			continue;

		/* Let each bit tell about the next size - 1 EventIDs as well */
		for (j = 1; taken && j < size; j *= 2)
			taken |= taken >> j;

		if (~taken & starts)
			return i * BITS_PER_LONG + __ffs(~taken & starts);
	}

	return map->nr_eventids;
}

/**
 * its_eventid_alloc - Allocate EventIDs for one MSI or for a Multi-MSI block
 * @map:	Map to allocate from
 * @nvecs:	Number of vectors. 1 takes the lowest free EventID. More than 1
 *		is Multi-MSI: the base is aligned to @nvecs rounded up to a power
 *		of two, and that many EventIDs are reserved until the last of
 *		the @nvecs vectors is freed. %BITS_PER_LONG at most, where PCI
 *		has 32 (PCI Local Bus Specification 3.0, 6.8.1.3).
 *
 * On failure @map is not changed.
 *
 * Context: Any context, serialized by the caller. Does not allocate memory.
 * Return: The base EventID; vector i of the allocation has the EventID base + i,
 *	   which is the same as base | i. -EINVAL when @nvecs is 0, -ENOSPC when
 *	   there is no room, or never can be.
 */
int its_eventid_alloc(struct its_eventid_map *map, unsigned int nvecs)
{
	unsigned int base, size;

	if (!nvecs)
		return -EINVAL;
	if (nvecs > BITS_PER_LONG)
		return -ENOSPC;

	size = roundup_pow_of_two(nvecs);
	base = its_eventid_find(map, size);
	if (base + size > map->nr_eventids)
		return -ENOSPC;

	map->used[BIT_WORD(base)] |= its_eventid_bits(base % BITS_PER_LONG, nvecs);
	map->joined[BIT_WORD(base)] |= its_eventid_joined(base % BITS_PER_LONG, size);

	return base;
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_alloc);

/**
 * its_eventid_free - Free one EventID
 * @map:	Map from which the EventID was allocated
 * @eventid:	EventID to free
 *
 * The vectors of a Multi-MSI block are freed one by one, in any order. The
 * whole block becomes free with the last of them.
 *
 * An @eventid which is out of range or not used is a bug of the caller. It is
 * warned about once and otherwise ignored.
 *
 * Context: Any context, serialized by the caller.
 */
void its_eventid_free(struct its_eventid_map *map, unsigned int eventid)
{
	unsigned int i = BIT_WORD(eventid), start = eventid % BITS_PER_LONG, size = 1;

	if (WARN_ON_ONCE(eventid >= map->nr_eventids || !(map->used[i] & BIT(start))))
		return;

	map->used[i] &= ~BIT(start);

	/* Double the aligned range around the EventID up to the block's size */
	while (map->joined[i] & BIT(round_down(start, 2 * size) + size - 1)) {
		start = round_down(start, 2 * size);
		size *= 2;
		/* The block has another vector */
		if (map->used[i] & its_eventid_bits(start, size))
			return;
	}

	if (size > 1)
		map->joined[i] &= ~its_eventid_joined(start, size);
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_free);
