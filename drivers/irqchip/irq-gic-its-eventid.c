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

/* The lowest free EventID, or one that is out of range if there is none */
static unsigned int its_eventid_find_single(const struct its_eventid_map *map)
{
	unsigned int i, nr_longs = BITS_TO_LONGS(map->nr_eventids);
	unsigned long taken;

	for (i = 0; i < nr_longs; i++) {
		/*
		 * The last EventID of a block is not joined to the next one,
		 * but to the one before. It is odd, so this needs no carry
		 * from word to word.
		 */
		taken = map->used[i] | map->joined[i] | map->joined[i] << 1;
		if (~taken)
			return i * BITS_PER_LONG + ffz(taken);
	}

	return map->nr_eventids;
}

/* The lowest free block, or one that is out of range if there is none */
static unsigned int its_eventid_find_block(const struct its_eventid_map *map, unsigned int size)
{
	unsigned long base = 0;

	for (;;) {
		base = bitmap_find_next_zero_area(map->used, map->nr_eventids, base, size,
						  size - 1);
		/*
		 * A smaller block in this range would have a used vector there.
		 * So the range is free unless it is in the unused part of a
		 * block of at least the same size.
		 */
		if (base >= map->nr_eventids || !test_bit(base, map->joined))
			return base;

		base += size;
	}
}

/**
 * its_eventid_alloc - Allocate EventIDs for one MSI or for a Multi-MSI block
 * @map:	Map to allocate from
 * @nvecs:	Number of vectors. 1 takes the lowest free EventID. More than 1
 *		is Multi-MSI: the base is aligned to @nvecs rounded up to a power
 *		of two, and that many EventIDs are reserved until the last of
 *		the @nvecs vectors is freed.
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
	if (nvecs > map->nr_eventids)
		return -ENOSPC;

	size = roundup_pow_of_two(nvecs);
	if (size == 1)
		base = its_eventid_find_single(map);
	else
		base = its_eventid_find_block(map, size);
	if (base >= map->nr_eventids)
		return -ENOSPC;

	bitmap_set(map->used, base, nvecs);
	bitmap_set(map->joined, base, size - 1);

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
	unsigned int base = eventid, size = 1;

	if (WARN_ON_ONCE(eventid >= map->nr_eventids || !test_bit(eventid, map->used)))
		return;

	__clear_bit(eventid, map->used);

	/* Double the aligned range around the EventID up to the block's size */
	while (test_bit(round_down(base, 2 * size) + size - 1, map->joined)) {
		base = round_down(base, 2 * size);
		size *= 2;
	}

	if (find_next_bit(map->used, base + size, base) >= base + size)
		bitmap_clear(map->joined, base, size - 1);
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_free);
