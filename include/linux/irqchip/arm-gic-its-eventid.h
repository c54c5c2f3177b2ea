/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EventIDs of a device behind a GIC Interrupt Translation Service (ITS)
 */
#ifndef __LINUX_IRQCHIP_ARM_GIC_ITS_EVENTID_H
#define __LINUX_IRQCHIP_ARM_GIC_ITS_EVENTID_H

#include <linux/types.h>

/**
 * struct its_eventid_map - The EventIDs of one ITS device
 * @nr_eventids:	Number of EventIDs, the valid ones are 0 to @nr_eventids - 1
 * @used:		Bit n is set while EventID n backs an interrupt
 * @joined:		Bit n is set while EventIDs n and n + 1 are in the same block
 *
 * A block is what a Multi-MSI allocation reserves: a power of two number of
 * EventIDs, from two to %BITS_PER_LONG, aligned to that number. So it is in one
 * word of each bitmap. Two blocks are either disjoint or the same, and a block
 * always covers whole pairs of an even and the following odd EventID. This makes
 * @joined sufficient to tell the extent of a block from any EventID in it,
 * whichever of its vectors are used: the two halves of an aligned range are in
 * one block exactly when the last EventID of the lower half is joined to the
 * next one.
 *
 * An EventID is free while it is neither used nor in a block.
 */
struct its_eventid_map {
	unsigned int	nr_eventids;
	unsigned long	*used;
	unsigned long	*joined;
};

int its_eventid_map_init(struct its_eventid_map *map, unsigned int nr_eventids);
void its_eventid_map_destroy(struct its_eventid_map *map);
bool its_eventid_map_empty(const struct its_eventid_map *map);

int its_eventid_alloc(struct its_eventid_map *map, unsigned int nvecs);
void its_eventid_free(struct its_eventid_map *map, unsigned int eventid);

#endif /* __LINUX_IRQCHIP_ARM_GIC_ITS_EVENTID_H */
