/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __LINUX_IRQCHIP_ARM_GIC_ITS_EVENTID_H
#define __LINUX_IRQCHIP_ARM_GIC_ITS_EVENTID_H

#include <linux/types.h>

/**
 * struct its_eventid_map - The EventIDs of a device
 * @used:	EventIDs which back an interrupt, a bit each
 * @joined:	EventIDs which are in one Multi-MSI block with the next EventID
 * @nr:		Number of EventIDs
 *
 * An EventID is taken when it is used or in a block.
 */
struct its_eventid_map {
	unsigned long	*used;
	unsigned long	*joined;
	unsigned int	nr;
};

int its_eventid_map_init(struct its_eventid_map *map, unsigned int nr);
void its_eventid_map_destroy(struct its_eventid_map *map);
int its_eventid_alloc(struct its_eventid_map *map, unsigned int nvecs);
void its_eventid_free(struct its_eventid_map *map, unsigned int eventid);

#endif
