// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventIDs of a device behind a GICv3 Interrupt Translation Service (ITS)
 *
 * A Multi-MSI device has one message for all its vectors. It replaces the low
 * order bits of the data, which is the EventID, with the number of the vector.
 * So the first EventID is aligned to the number of vectors, rounded up to a
 * power of two. As the device is able to signal all EventIDs up to there, none
 * of them is given to another one with the same DeviceID.
 *
 * The functions don't lock. The caller serializes all calls for the same map.
 */

#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/irqchip/arm-gic-its-eventid.h>
#include <linux/log2.h>
#include <linux/slab.h>

/**
 * its_eventid_map_init - Initialize the EventID map of a device
 * @map:	Map to initialize
 * @nr:		Number of EventIDs, 1 or more
 *
 * Context: Process context, may sleep.
 * Return: 0 on success, -ENOMEM when there is no memory for the map.
 */
int its_eventid_map_init(struct its_eventid_map *map, unsigned int nr)
{
	size_t nr_longs = BITS_TO_LONGS(nr);

	map->used = kcalloc(2 * nr_longs, sizeof(*map->used), GFP_KERNEL);
	if (!map->used)
		return -ENOMEM;

	map->joined = map->used + nr_longs;
	map->nr = nr;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_map_init);

/**
 * its_eventid_map_destroy - Free the memory of an EventID map
 * @map:	Map to destroy, all zeroes when it was never initialized
 *
 * Context: Any context.
 */
void its_eventid_map_destroy(struct its_eventid_map *map)
{
	kfree(map->used);
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_map_destroy);

/**
 * its_eventid_alloc - Allocate the EventIDs of one MSI or of a Multi-MSI block
 * @map:	Map to allocate from
 * @nvecs:	Number of vectors, 1 to %BITS_PER_LONG. PCI has 32 at most.
 *
 * Takes the lowest EventIDs that are free. A Multi-MSI block is aligned and
 * taken as a whole, until its last vector is freed.
 *
 * Context: Any context.
 * Return: The EventID of the first vector, -ENOSPC when there is no room, -EINVAL
 *	   when @nvecs is out of range.
 */
int its_eventid_alloc(struct its_eventid_map *map, unsigned int nvecs)
{
	unsigned long size, block, first, last, free, whole, bit, i;

	if (nvecs - 1 >= BITS_PER_LONG)
		return -EINVAL;

	size = roundup_pow_of_two(nvecs);
	block = GENMASK(size - 1, 0);

	/*
	 * The first and the last EventID of all blocks of that size in a word. They
	 * are aligned, so none of them is in two words.
	 */
	first = ~0UL / block;
	last = first << (size - 1);

	for (i = 0; i < BITS_TO_LONGS(map->nr); i++) {
		free = ~(map->used[i] | map->joined[i] | map->joined[i] << 1);

		/* Adding 1 to a block carries into its last EventID when all below are free */
		whole = ((free & ~last) + first) & free & last;
		if (!whole)
			continue;

		bit = __ffs(whole) - (size - 1);
		if (i * BITS_PER_LONG + bit + size > map->nr)
			break;

		map->used[i] |= GENMASK(nvecs - 1, 0) << bit;
		map->joined[i] |= block >> 1 << bit;

		return i * BITS_PER_LONG + bit;
	}

	return -ENOSPC;
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_alloc);

/**
 * its_eventid_free - Free the EventID of one vector
 * @map:	Map from which the EventID was allocated
 * @eventid:	EventID to free
 *
 * The vectors of a Multi-MSI block are freed in any order. The whole block goes
 * with the last of them.
 *
 * Context: Any context.
 */
void its_eventid_free(struct its_eventid_map *map, unsigned int eventid)
{
	unsigned int i = BIT_WORD(eventid), bit = eventid % BITS_PER_LONG;
	unsigned long block, ends;

	if (WARN_ON_ONCE(eventid >= map->nr || !(map->used[i] & BIT(bit))))
		return;

	map->used[i] &= ~BIT(bit);

	/* A block ends with the EventID which is not joined to the next one */
	ends = ~map->joined[i];
	block = GENMASK(__ffs(ends & ~0UL << bit), fls_long(ends & (BIT(bit) - 1)));
	if (!(map->used[i] & block))
		map->joined[i] &= ~block;
}
EXPORT_SYMBOL_IF_KUNIT(its_eventid_free);
