// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the EventID map costs, beside bitmap_find_free_region(), which the GICv3 ITS driver
 * used before. Built into a kernel by scripts/bench and booted in QEMU with an instruction
 * counter: one tick of the architected timer is one instruction there.
 *
 * A line for each case:
 *
 *	bench <operations> <instructions of the map> <of the bitmap> <what>
 *	bench-bytes <memory of the map of 32 EventIDs> <of the bitmap>
 *
 * Vectors are freed one at a time on both sides, as the interrupt core does.
 */
#include <linux/bitmap.h>
#include <linux/init.h>
#include <linux/irqchip/arm-gic-its-eventid.h>
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/timex.h>

#define MAX_EVENTIDS	65536

static struct its_eventid_map map;
static unsigned long *bitmap;
static unsigned int size;

/* One side of the comparison, all are called in the same way */
struct side {
	int	(*alloc)(unsigned int nvecs);
	/* Not for ZERO_BIT */
	void	(*free)(unsigned int eventid);
};

static noinline int map_alloc(unsigned int nvecs)
{
	return its_eventid_alloc(&map, nvecs);
}

static noinline void map_free(unsigned int eventid)
{
	its_eventid_free(&map, eventid);
}

/* The driver does not know that this is always 1 */
static unsigned int nr_irqs = 1;

static noinline int bitmap_alloc_region(unsigned int nvecs)
{
	return bitmap_find_free_region(bitmap, size, get_count_order(nvecs));
}

static noinline void bitmap_free_region(unsigned int eventid)
{
	bitmap_release_region(bitmap, eventid, get_count_order(READ_ONCE(nr_irqs)));
}

/* What is the least that anybody can do for a single EventID */
static noinline int next_zero_bit(unsigned int nvecs)
{
	unsigned int eventid = find_next_zero_bit(bitmap, size, 0);

	if (eventid >= size)
		return -ENOSPC;
	__set_bit(eventid, bitmap);
	return eventid;
}

static const struct side sides[] = {
	{ map_alloc, map_free },
	{ bitmap_alloc_region, bitmap_free_region },
	{ next_zero_bit },
};

enum { MAP, REGION, ZERO_BIT };

static void empty(unsigned int nr_eventids)
{
	size = nr_eventids;
	map.nr = nr_eventids;
	bitmap_zero(map.used, nr_eventids);
	bitmap_zero(map.joined, nr_eventids);
	bitmap_zero(bitmap, nr_eventids);
}

/* As if these had been allocated one by one and some of them freed again */
static void use(unsigned int start, unsigned int nr)
{
	bitmap_set(map.used, start, nr);
	bitmap_set(bitmap, start, nr);
}

static u64 fill(const struct side *side, unsigned int nr, unsigned int nvecs)
{
	u64 start = get_cycles();

	while (nr--)
		if (side->alloc(nvecs) < 0)
			pr_err("bench: no room for %u\n", nvecs);
	return get_cycles() - start;
}

static u64 drain(const struct side *side, unsigned int nr)
{
	u64 start = get_cycles();
	unsigned int i;

	for (i = 0; i < nr; i++)
		side->free(i);
	return get_cycles() - start;
}

static void report(unsigned int nr, u64 ours, u64 theirs, const char *what)
{
	pr_info("bench %u %llu %llu %s\n", nr, ours, theirs, what);
}

static void fill_and_drain(unsigned int nr, unsigned int nvecs, const char *fill_name,
			   const char *drain_name, const char *both_name)
{
	u64 cost[2], cost_of_drain[2];
	unsigned int i;

	empty(nr * nvecs);
	for (i = MAP; i <= REGION; i++) {
		cost[i] = fill(&sides[i], nr, nvecs);
		cost_of_drain[i] = drain(&sides[i], nr * nvecs);
	}
	report(nr, cost[MAP], cost[REGION], fill_name);
	report(nr * nvecs, cost_of_drain[MAP], cost_of_drain[REGION], drain_name);
	report(nr, cost[MAP] + cost_of_drain[MAP], cost[REGION] + cost_of_drain[REGION], both_name);
}

/* Allocate nr of nvecs vectors each in the map as it is */
static void take(unsigned int nr, unsigned int nvecs, unsigned int other, const char *name)
{
	u64 ours = fill(&sides[MAP], nr, nvecs), theirs = fill(&sides[other], nr, nvecs);

	report(nr, ours, theirs, name);
}

/* A single EventID with some used in front of it */
static void single_behind(unsigned int nr_eventids, unsigned int used, const char *name)
{
	empty(nr_eventids);
	use(0, used);
	take(1, 1, ZERO_BIT, name);
}

/* What a device of 32 EventIDs takes, with what slab rounds it up to */
static int report_bytes(void)
{
	if (its_eventid_map_init(&map, 32))
		return -ENOMEM;
	bitmap = bitmap_zalloc(32, GFP_KERNEL);
	if (!bitmap)
		return -ENOMEM;

	pr_info("bench-bytes %zu %zu\n", sizeof(map) + ksize(map.used),
		sizeof(bitmap) + ksize(bitmap));

	its_eventid_map_destroy(&map);
	bitmap_free(bitmap);
	return 0;
}

static int __init gic_its_eventid_bench(void)
{
	unsigned long flags;
	unsigned int i;

	if (report_bytes())
		return -ENOMEM;

	if (its_eventid_map_init(&map, MAX_EVENTIDS))
		return -ENOMEM;
	bitmap = bitmap_zalloc(MAX_EVENTIDS, GFP_KERNEL);
	if (!bitmap)
		return -ENOMEM;

	local_irq_save(flags);

	fill_and_drain(2048, 1, "2048 singles: alloc", "2048 singles: a free",
		       "2048 singles: fill and drain");
	fill_and_drain(64, 32, "64 blocks of 32: alloc", "64 blocks of 32: a free",
		       "64 blocks of 32: fill and drain");
	fill_and_drain(512, 4, "512 blocks of 4: alloc", "512 blocks of 4: a free",
		       "512 blocks of 4: fill and drain");

	/* Functions behind a bridge have left every second one, and some room at the end */
	empty(2048);
	for (i = 0; i < 2048 - 64; i += 2)
		use(i, 1);
	take(1, 4, REGION, "fragmented map: a block of 4");
	take(1, 32, REGION, "fragmented map: a block of 32");
	take(64, 1, REGION, "fragmented map: 64 singles");

	empty(MAX_EVENTIDS);
	use(0, MAX_EVENTIDS - 64);
	take(64, 1, REGION, "65536 EventIDs: the last 64 singles");
	empty(MAX_EVENTIDS);
	use(0, MAX_EVENTIDS - 64);
	take(2, 32, REGION, "65536 EventIDs: the last 2 blocks of 32");
	empty(MAX_EVENTIDS);
	take(1, 1, REGION, "65536 EventIDs: the first single");
	empty(MAX_EVENTIDS);
	take(1, 32, REGION, "65536 EventIDs: the first block of 32");
	empty(MAX_EVENTIDS);
	take(1, 2, REGION, "65536 EventIDs: the first block of 2");

	single_behind(2048, 0, "zero-bit 2048 EventIDs, 0% used");
	single_behind(2048, 512, "zero-bit 2048 EventIDs, 25% used");
	single_behind(2048, 1024, "zero-bit 2048 EventIDs, 50% used");
	single_behind(2048, 2047, "zero-bit 2048 EventIDs, all but one used");
	single_behind(65536, 32768, "zero-bit 65536 EventIDs, 50% used");
	single_behind(65536, 65535, "zero-bit 65536 EventIDs, all but one used");

	local_irq_restore(flags);

	its_eventid_map_destroy(&map);
	bitmap_free(bitmap);
	return 0;
}
late_initcall(gic_its_eventid_bench);
