/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IRQ_GIC_ITS_EVENTID_H
#define _IRQ_GIC_ITS_EVENTID_H

#include <linux/types.h>

/**
 * struct its_eventid_map - The EventIDs of a device
 * @taken:	EventIDs which can't be allocated, a bit each
 * @used:	Those of @taken which back an interrupt
 * @joined:	Those of @taken which are in one block with the next EventID
 * @nr:		Number of EventIDs
 */
struct its_eventid_map {
	unsigned long	*taken;
	unsigned long	*used;
	unsigned long	*joined;
	unsigned int	nr;
};

int its_eventid_map_init(struct its_eventid_map *map, unsigned int nr);
void its_eventid_map_destroy(struct its_eventid_map *map);
int its_eventid_alloc(struct its_eventid_map *map, unsigned int nvecs);
void its_eventid_free(struct its_eventid_map *map, unsigned int eventid);

#endif
