// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the EventID map of the GICv3 ITS
 *
 * Each case names the rule of the map's contract which it proves:
 *
 * E1 exact: an EventID is used exactly while it backs an interrupt.
 * E2 singles: an allocation of one vector takes the lowest free EventID.
 * E3 blocks: an allocation of several vectors gets a base which is aligned to
 *    their number, rounded up to a power of two. The whole block of that size
 *    is reserved, nothing else is placed in its padding.
 * E4 free in any order: vectors are freed one by one, in any order and with
 *    other allocations in between. The block goes with the last of them.
 * E5 no residue: when everything is freed, the map is as it was at first.
 * E6 failure changes nothing: not a bit.
 * E7 misuse is loud and harmless: freeing what is not used warns once and
 *    changes nothing.
 * E8 cost: no allocation of memory and no sleeping, a scan of words for a
 *    single, a free which does not depend on the size of the map, and at most
 *    three bits per EventID.
 */

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>

#include <linux/irqchip/arm-gic-its-eventid.h>

static unsigned int seed;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "Seed of the random cases, to repeat a run. 0 takes a new one");

static unsigned int run_seed;

/* The kernel has warned, before the suite or in a case that has failed for it */
static bool warned;

/**
 * struct model_eventid - What the contract says about one EventID
 * @owner:	Number of the allocation that reserves the EventID, 0 if it is free
 * @used:	The EventID backs an interrupt
 */
struct model_eventid {
	unsigned int	owner;
	bool		used;
};

/**
 * struct map_test - A map under test next to a model of it
 * @test:		The test case
 * @map:		The map under test
 * @model:		The model, one entry per EventID
 * @nr_eventids:	Number of EventIDs in either
 * @nr_allocs:		Number of the last allocation in the model
 * @filled:		EventIDs taken by fill_with_singles()
 * @nr_filled:		Number of EventIDs taken by fill_with_singles()
 * @saved_used:		Copy of the used bits for expect_not_changed()
 * @saved_joined:	Copy of the joined bits for expect_not_changed()
 * @rnd:		Random state, the same for each case of a run
 */
struct map_test {
	struct kunit		*test;
	struct its_eventid_map	map;
	struct model_eventid	*model;
	unsigned int		nr_eventids;
	unsigned int		nr_allocs;
	unsigned int		*filled;
	unsigned int		nr_filled;
	unsigned long		*saved_used;
	unsigned long		*saved_joined;
	struct rnd_state	rnd;
};

/* The vector counts which a Multi-MSI device can have, 1 is a single */
static const unsigned int vector_counts[] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
};

/* Those of which every order of freeing can be tried */
static const unsigned int small_counts[] = { 1, 2, 3, 4, 5 };

/* Those with too many orders */
static const unsigned int large_counts[] = {
	6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
	25, 26, 27, 28, 29, 30, 31, 32,
};

/* Map sizes around the words of a bitmap, small, large and not a power of two */
static const unsigned int map_sizes[] = {
	1, 2, 3, 5, 7, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 2048, 65536,
};

/* Map sizes small enough to reach every state */
static const unsigned int walk_sizes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

#define WALK_MAX_EVENTIDS	8

static void describe_number(const unsigned int *number, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *number);
}

KUNIT_ARRAY_PARAM(vector_counts, vector_counts, describe_number);
KUNIT_ARRAY_PARAM(small_counts, small_counts, describe_number);
KUNIT_ARRAY_PARAM(large_counts, large_counts, describe_number);
KUNIT_ARRAY_PARAM(map_sizes, map_sizes, describe_number);
KUNIT_ARRAY_PARAM(walk_sizes, walk_sizes, describe_number);

static unsigned int number_param(struct kunit *test)
{
	return *(const unsigned int *)test->param_value;
}

/* The number of EventIDs that a number of vectors reserves */
static unsigned int block_size(unsigned int nvecs)
{
	unsigned int size = 1;

	while (size < nvecs)
		size *= 2;

	return size;
}

static unsigned int random_below(struct map_test *t, unsigned int limit)
{
	return prandom_u32_state(&t->rnd) % limit;
}

/* Make, look at and fill maps */

KUNIT_DEFINE_ACTION_WRAPPER(destroy_map, its_eventid_map_destroy, struct its_eventid_map *);

static struct map_test *new_map(struct kunit *test, unsigned int nr_eventids)
{
	size_t nr_longs = BITS_TO_LONGS(nr_eventids);
	struct map_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);

	t->test = test;
	t->nr_eventids = nr_eventids;
	t->model = kunit_kcalloc(test, nr_eventids, sizeof(*t->model), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->model);
	t->filled = kunit_kcalloc(test, nr_eventids, sizeof(*t->filled), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->filled);
	t->saved_used = kunit_kcalloc(test, nr_longs, sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->saved_used);
	t->saved_joined = kunit_kcalloc(test, nr_longs, sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->saved_joined);
	prandom_seed_state(&t->rnd, run_seed);

	KUNIT_ASSERT_EQ(test, its_eventid_map_init(&t->map, nr_eventids), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_map, &t->map), 0);

	return t;
}

static bool is_used(const struct map_test *t, unsigned int eventid)
{
	return test_bit(eventid, t->map.used);
}

static bool is_empty(const struct map_test *t)
{
	return its_eventid_map_empty(&t->map);
}

static void save_map(struct map_test *t)
{
	size_t bytes = BITS_TO_LONGS(t->nr_eventids) * sizeof(long);

	memcpy(t->saved_used, t->map.used, bytes);
	memcpy(t->saved_joined, t->map.joined, bytes);
}

/* Compares whole words, so the bits behind the last EventID count too */
static void expect_not_changed(struct map_test *t)
{
	size_t bytes = BITS_TO_LONGS(t->nr_eventids) * sizeof(long);

	KUNIT_ASSERT_MEMEQ(t->test, t->map.used, t->saved_used, bytes);
	KUNIT_ASSERT_MEMEQ(t->test, t->map.joined, t->saved_joined, bytes);
	KUNIT_ASSERT_EQ(t->test, t->map.nr_eventids, t->nr_eventids);
}

static void expect_all_bits_clear(struct map_test *t)
{
	size_t nr_longs = BITS_TO_LONGS(t->nr_eventids);

	KUNIT_EXPECT_NULL(t->test, memchr_inv(t->map.used, 0, nr_longs * sizeof(long)));
	KUNIT_EXPECT_NULL(t->test, memchr_inv(t->map.joined, 0, nr_longs * sizeof(long)));
	KUNIT_EXPECT_TRUE(t->test, is_empty(t));
}

/* Hand out all there is. This is how a neighbour sees the map. */
static void fill_with_singles(struct map_test *t)
{
	int eventid;

	t->nr_filled = 0;
	while ((eventid = its_eventid_alloc(&t->map, 1)) >= 0) {
		KUNIT_ASSERT_LT(t->test, t->nr_filled, t->nr_eventids);
		t->filled[t->nr_filled++] = eventid;
	}
	KUNIT_ASSERT_EQ(t->test, eventid, -ENOSPC);
}

static void free_filled(struct map_test *t)
{
	unsigned int i;

	for (i = 0; i < t->nr_filled; i++)
		its_eventid_free(&t->map, t->filled[i]);
}

/* The number of EventIDs that a neighbour can get */
static unsigned int nr_free(struct map_test *t)
{
	fill_with_singles(t);
	free_filled(t);

	return t->nr_filled;
}

/* The model: an owner for each EventID and a search from 0 upwards */

static bool model_range_is_free(const struct map_test *t, unsigned int base, unsigned int size)
{
	unsigned int i;

	for (i = base; i < base + size; i++) {
		if (t->model[i].owner)
			return false;
	}

	return true;
}

static int model_alloc(struct map_test *t, unsigned int nvecs)
{
	unsigned int base, size, i;

	if (!nvecs)
		return -EINVAL;
	if (nvecs > min_t(unsigned int, t->nr_eventids, BITS_PER_LONG))
		return -ENOSPC;

	size = block_size(nvecs);
	for (base = 0; base + size <= t->nr_eventids; base += size) {
		if (!model_range_is_free(t, base, size))
			continue;

		t->nr_allocs++;
		for (i = 0; i < size; i++) {
			t->model[base + i].owner = t->nr_allocs;
			t->model[base + i].used = i < nvecs;
		}

		return base;
	}

	return -ENOSPC;
}

static void model_free(struct map_test *t, unsigned int eventid)
{
	unsigned int first = eventid, end = eventid, i, owner = t->model[eventid].owner;

	t->model[eventid].used = false;

	while (first > 0 && t->model[first - 1].owner == owner)
		first--;
	while (end < t->nr_eventids && t->model[end].owner == owner)
		end++;

	for (i = first; i < end; i++) {
		if (t->model[i].used)
			return;
	}
	for (i = first; i < end; i++)
		t->model[i].owner = 0;
}

static bool model_is_used(const struct map_test *t, unsigned int eventid)
{
	return eventid < t->nr_eventids && t->model[eventid].used;
}

static bool model_is_joined(const struct map_test *t, unsigned int eventid)
{
	return eventid + 1 < t->nr_eventids && t->model[eventid].owner &&
	       t->model[eventid].owner == t->model[eventid + 1].owner;
}

/* The map and its model, side by side */

static int alloc(struct map_test *t, unsigned int nvecs)
{
	int base = model_alloc(t, nvecs);

	save_map(t);
	KUNIT_ASSERT_EQ(t->test, its_eventid_alloc(&t->map, nvecs), base);
	if (base < 0)
		expect_not_changed(t);

	return base;
}

static void free_one(struct map_test *t, unsigned int eventid)
{
	KUNIT_ASSERT_TRUE(t->test, model_is_used(t, eventid));
	model_free(t, eventid);
	its_eventid_free(&t->map, eventid);
}

static void free_range(struct map_test *t, unsigned int base, unsigned int nvecs)
{
	unsigned int i;

	for (i = 0; i < nvecs; i++)
		free_one(t, base + i);
}

/* To be called with warnings suppressed */
static void free_unused(struct map_test *t, unsigned int eventid)
{
	KUNIT_ASSERT_FALSE(t->test, model_is_used(t, eventid));
	save_map(t);
	its_eventid_free(&t->map, eventid);
	expect_not_changed(t);
}

/* The lowest EventID about which map and model disagree, out of range if none */
static unsigned int first_difference(const struct map_test *t)
{
	unsigned int i;

	for (i = 0; i < t->nr_eventids; i++) {
		if (is_used(t, i) != model_is_used(t, i) ||
		    test_bit(i, t->map.joined) != model_is_joined(t, i))
			break;
	}

	return i;
}

static void expect_as_model(struct map_test *t)
{
	KUNIT_ASSERT_EQ(t->test, first_difference(t), t->nr_eventids);
}

/*
 * A look at the bits of the map alone would trust it to heed them. So fill it
 * up too, and see that what is handed out is what the model has free.
 */
static void expect_only_free_handed_out(struct map_test *t)
{
	unsigned int i, nr_found = 0;

	fill_with_singles(t);
	for (i = 0; i < t->nr_eventids; i++) {
		if (t->model[i].owner)
			continue;
		KUNIT_ASSERT_LT(t->test, nr_found, t->nr_filled);
		KUNIT_ASSERT_EQ(t->test, t->filled[nr_found], i);
		nr_found++;
	}
	KUNIT_ASSERT_EQ(t->test, t->nr_filled, nr_found);
	free_filled(t);
}

static void check(struct map_test *t)
{
	expect_as_model(t);
	expect_only_free_handed_out(t);
	expect_as_model(t);
}

/* Orders of freeing */

static void in_order(unsigned int *order, unsigned int nvecs)
{
	unsigned int i;

	for (i = 0; i < nvecs; i++)
		order[i] = i;
}

static void in_random_order(struct map_test *t, unsigned int *order, unsigned int nvecs)
{
	unsigned int i, other;

	in_order(order, nvecs);
	for (i = nvecs; i > 1; i--) {
		other = random_below(t, i);
		swap(order[i - 1], order[other]);
	}
}

/* Permutation number @nr of 0 to @nvecs! - 1 */
static void in_numbered_order(unsigned int nr, unsigned int *order, unsigned int nvecs)
{
	unsigned int i;

	in_order(order, nvecs);
	for (i = nvecs; i > 1; i--) {
		swap(order[i - 1], order[nr % i]);
		nr /= i;
	}
}

static unsigned int *new_order(struct kunit *test, unsigned int nvecs)
{
	unsigned int *order = kunit_kcalloc(test, nvecs, sizeof(*order), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, order);

	return order;
}

/*
 * Free a block in the given order, and see before and after each free that a
 * neighbour gets nothing of it until it is gone altogether.
 */
static void free_in_given_order(struct map_test *t, unsigned int base, const unsigned int *order,
				unsigned int nvecs)
{
	unsigned int i, nr_outside = nr_free(t);

	for (i = 0; i < nvecs; i++) {
		KUNIT_ASSERT_EQ(t->test, nr_free(t), nr_outside);
		free_one(t, base + order[i]);
		expect_as_model(t);
	}
	KUNIT_ASSERT_EQ(t->test, nr_free(t), nr_outside + block_size(nvecs));
	check(t);
}

/* A map begins empty, and says no to what it can not be made for */

static void init_empty(struct kunit *test)
{
	struct map_test *t = new_map(test, number_param(test));

	expect_all_bits_clear(t);
	check(t);
}

static void init_bad_size(struct kunit *test)
{
	struct its_eventid_map map;

	KUNIT_EXPECT_EQ(test, its_eventid_map_init(&map, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, its_eventid_map_init(&map, INT_MAX + 1U), -EINVAL);
	KUNIT_EXPECT_EQ(test, its_eventid_map_init(&map, UINT_MAX), -EINVAL);
}

/* The page allocator warns about the size, which is as it should be */
static void init_no_memory(struct kunit *test)
{
	struct its_eventid_map map;
	int ret = 0;

	kunit_warning_suppress(test)
		ret = its_eventid_map_init(&map, INT_MAX);

	if (!ret && map.used) {
		its_eventid_map_destroy(&map);
		kunit_skip(test, "there is memory for the largest map");
	}
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
}

/* E1 exact */

static void e1_used_while_allocated(struct kunit *test)
{
	unsigned int nvecs = number_param(test);
	unsigned int nr_eventids = 2 * block_size(nvecs);
	struct map_test *t = new_map(test, nr_eventids);
	unsigned int i, nr_freed;

	KUNIT_ASSERT_EQ(test, alloc(t, nvecs), 0);

	for (nr_freed = 0; nr_freed < nvecs; nr_freed++) {
		for (i = 0; i < nr_eventids; i++)
			KUNIT_EXPECT_EQ(test, is_used(t, i), i >= nr_freed && i < nvecs);
		KUNIT_EXPECT_FALSE(test, is_empty(t));
		free_one(t, nr_freed);
	}

	for (i = 0; i < nr_eventids; i++)
		KUNIT_EXPECT_FALSE(test, is_used(t, i));
	KUNIT_EXPECT_TRUE(test, is_empty(t));
}

/* E1: one used EventID keeps the map from being empty, whichever it is */
static void e1_not_empty_with_one_used(struct kunit *test)
{
	struct map_test *t = new_map(test, number_param(test));
	/* Each one of a small map in turn, some of a large one */
	unsigned int step = t->nr_eventids > 256 ? t->nr_eventids / 2 : 1;
	unsigned int i, used;

	for (used = step - 1; used < t->nr_eventids; used += step) {
		fill_with_singles(t);
		for (i = 0; i < t->nr_eventids; i++) {
			if (i != used)
				its_eventid_free(&t->map, i);
		}
		KUNIT_ASSERT_FALSE(test, is_empty(t));
		its_eventid_free(&t->map, used);
		KUNIT_ASSERT_TRUE(test, is_empty(t));
	}
}

/* E2 singles */

static void e2_every_eventid_in_turn(struct kunit *test)
{
	struct map_test *t = new_map(test, number_param(test));
	unsigned int i;

	for (i = 0; i < t->nr_eventids; i++)
		KUNIT_ASSERT_EQ(test, its_eventid_alloc(&t->map, 1), i);
	KUNIT_EXPECT_EQ(test, its_eventid_alloc(&t->map, 1), -ENOSPC);

	for (i = 0; i < t->nr_eventids; i++)
		its_eventid_free(&t->map, i);
	expect_all_bits_clear(t);
}

static void e2_lowest_free_first(struct kunit *test)
{
	struct map_test *t = new_map(test, 130);
	static const unsigned int freed[] = { 129, 64, 63, 1, 0, 65, 31, 128, 32 };
	static const unsigned int lowest_first[] = { 0, 1, 31, 32, 63, 64, 65, 128, 129 };
	unsigned int i;

	for (i = 0; i < t->nr_eventids; i++)
		alloc(t, 1);
	for (i = 0; i < ARRAY_SIZE(freed); i++)
		free_one(t, freed[i]);
	for (i = 0; i < ARRAY_SIZE(lowest_first); i++)
		KUNIT_EXPECT_EQ(test, alloc(t, 1), lowest_first[i]);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), -ENOSPC);
}

/* E2: nothing is rounded up or aligned, an odd EventID is as good as an even one */
static void e2_no_alignment_no_rounding(struct kunit *test)
{
	struct map_test *t = new_map(test, 16);

	KUNIT_EXPECT_EQ(test, alloc(t, 1), 0);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 1);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 2);
	KUNIT_EXPECT_EQ(test, alloc(t, 5), 8);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 3);
	KUNIT_EXPECT_EQ(test, alloc(t, 3), 4);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), -ENOSPC);
	free_one(t, 1);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 1);
	check(t);
}

/* E3 blocks */

/* E3: behind any number of singles, the block has the next aligned base */
static void e3_aligned_behind_singles(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	struct map_test *t = new_map(test, 4 * size);
	unsigned int nr_singles;
	int base;

	for (nr_singles = 0; nr_singles <= 2 * size; nr_singles++) {
		base = alloc(t, nvecs);
		KUNIT_EXPECT_EQ(test, base, roundup(nr_singles, size));
		KUNIT_EXPECT_EQ(test, nr_free(t), 3 * size - nr_singles);
		check(t);
		free_range(t, base, nvecs);
		check(t);
		KUNIT_ASSERT_EQ(test, alloc(t, 1), nr_singles);
	}
}

/* E3: a neighbour of whichever size gets none of the padding */
static void e3_padding_reserved(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	struct map_test *t = new_map(test, 4 * size);
	unsigned int neighbour;
	int base;

	KUNIT_ASSERT_EQ(test, alloc(t, nvecs), 0);

	for (neighbour = 1; neighbour <= 2 * size; neighbour++) {
		base = alloc(t, neighbour);
		KUNIT_EXPECT_EQ(test, base, max(size, block_size(neighbour)));
		check(t);
		free_range(t, base, neighbour);
		check(t);
	}
}

/* Which vectors of a neighbour are left, the others have been freed */
enum left {
	LEFT_ALL,
	LEFT_FIRST,
	LEFT_LAST,
};

/* A kind of neighbour: all of the map is full of them, but for a window */
struct neighbour {
	unsigned int	nvecs;
	enum left	left;
};

static void occupy(struct map_test *t, unsigned int nr, struct neighbour kind)
{
	unsigned int i;
	int base;

	while (nr--) {
		base = alloc(t, kind.nvecs);
		KUNIT_ASSERT_GE(t->test, base, 0);
		for (i = 0; i < kind.nvecs; i++) {
			if ((kind.left == LEFT_FIRST && i > 0) ||
			    (kind.left == LEFT_LAST && i < kind.nvecs - 1))
				free_one(t, base + i);
		}
	}
}

static void vacate(struct map_test *t, unsigned int first, unsigned int len)
{
	unsigned int i;

	for (i = first; i < first + len; i++) {
		if (model_is_used(t, i))
			free_one(t, i);
	}
}

/* A block fits in a window of free EventIDs only when an aligned block does */
static void expect_block_only_aligned(struct map_test *t, unsigned int nvecs,
				      struct neighbour kind, unsigned int len)
{
	unsigned int size = block_size(nvecs), unit = block_size(kind.nvecs);
	unsigned int first, aligned;
	int base;

	for (first = 0; first + len <= t->nr_eventids; first += unit) {
		vacate(t, first, len);
		aligned = roundup(first, size);

		base = alloc(t, nvecs);
		if (aligned + size <= first + len) {
			KUNIT_ASSERT_EQ(t->test, base, aligned);
			KUNIT_ASSERT_EQ(t->test, nr_free(t), len - size);
			check(t);
			free_range(t, base, nvecs);
		} else {
			KUNIT_ASSERT_EQ(t->test, base, -ENOSPC);
		}
		KUNIT_ASSERT_EQ(t->test, nr_free(t), len);

		occupy(t, len / unit, kind);
		KUNIT_ASSERT_EQ(t->test, nr_free(t), 0);
	}
}

/*
 * E3, E6: between neighbours of every size up to its own, full or with vectors
 * freed, in a window that begins anywhere. One as large as the block holds an
 * aligned block or not, one of nearly twice the size always holds just one.
 */
static void e3_between_neighbours(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	struct map_test *t = new_map(test, 3 * size);
	struct neighbour kind;
	unsigned int unit;

	for (unit = 1; unit <= size; unit *= 2) {
		/* The fewest vectors for this unit, which have the most padding */
		kind.nvecs = unit / 2 + 1;
		for (kind.left = LEFT_ALL; kind.left <= LEFT_LAST; kind.left++) {
			occupy(t, t->nr_eventids / unit, kind);
			expect_block_only_aligned(t, nvecs, kind, size);
			expect_block_only_aligned(t, nvecs, kind, 2 * size - unit);
			vacate(t, 0, t->nr_eventids);
			expect_all_bits_clear(t);
		}
	}
}

/*
 * E3: a larger neighbour of which one vector is left looks like so many unused
 * EventIDs, but none of them is there to be had.
 */
static void e3_beside_larger_neighbour(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	unsigned int largest = min_t(unsigned int, 4 * size, BITS_PER_LONG);
	struct map_test *t = new_map(test, 8 * size);
	unsigned int larger, left, i;
	int base;

	for (larger = 2 * size; larger <= largest; larger *= 2) {
		for (left = 0; left < larger; left++) {
			KUNIT_ASSERT_EQ(test, alloc(t, larger), 0);
			for (i = 0; i < larger; i++) {
				if (i != left)
					free_one(t, i);
			}

			base = alloc(t, nvecs);
			KUNIT_EXPECT_EQ(test, base, larger);
			check(t);
			free_range(t, base, nvecs);

			free_one(t, left);
			check(t);
		}
	}
}

/* E3: as many blocks as there is room for, each aligned, in maps of any size */
static void e3_map_full_of_blocks(struct kunit *test)
{
	struct map_test *t = new_map(test, number_param(test));
	unsigned int size, nvecs, base, i;

	/* A thousand of the smallest blocks are enough, thousands take long */
	size = clamp_t(unsigned int, t->nr_eventids / 1024, 2, BITS_PER_LONG);
	for (; size <= min_t(unsigned int, t->nr_eventids, BITS_PER_LONG); size *= 2) {
		nvecs = size / 2 + 1;
		for (base = 0; base + size <= t->nr_eventids; base += size)
			KUNIT_ASSERT_EQ(test, its_eventid_alloc(&t->map, nvecs), base);
		KUNIT_ASSERT_EQ(test, its_eventid_alloc(&t->map, nvecs), -ENOSPC);
		KUNIT_EXPECT_EQ(test, nr_free(t), t->nr_eventids % size);

		for (base = 0; base + size <= t->nr_eventids; base += size) {
			for (i = 0; i < nvecs; i++)
				its_eventid_free(&t->map, base + i);
		}
		expect_all_bits_clear(t);
	}
}

/* E4 free in any order */

/* E4: behind a neighbour, and with the rest of the map free for others */
static void e4_every_order(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	struct map_test *t = new_map(test, 4 * size);
	unsigned int *order = new_order(test, nvecs);
	unsigned int nr, nr_orders = 1, i;

	for (i = 2; i <= nvecs; i++)
		nr_orders *= i;
	KUNIT_ASSERT_EQ(test, alloc(t, 1), 0);

	for (nr = 0; nr < nr_orders; nr++) {
		in_numbered_order(nr, order, nvecs);
		KUNIT_ASSERT_EQ(test, alloc(t, nvecs), size);
		free_in_given_order(t, size, order, nvecs);
	}
}

static void e4_random_order(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	struct map_test *t = new_map(test, 2 * size);
	unsigned int *order = new_order(test, nvecs);
	unsigned int i, nr_orders = max(1, 64 / size);

	for (i = 0; i < nr_orders; i++) {
		in_random_order(t, order, nvecs);
		KUNIT_ASSERT_EQ(test, alloc(t, nvecs), 0);
		free_in_given_order(t, 0, order, nvecs);
	}
}

/* E4: the block stays for its last vector, whichever that is, and no longer */
static void e4_any_vector_keeps_block(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	struct map_test *t = new_map(test, 2 * size);
	unsigned int last, i;

	for (last = 0; last < nvecs; last++) {
		KUNIT_ASSERT_EQ(test, alloc(t, nvecs), 0);
		for (i = 0; i < nvecs; i++) {
			if (i != last)
				free_one(t, i);
		}
		KUNIT_EXPECT_EQ(test, nr_free(t), size);
		free_one(t, last);
		KUNIT_EXPECT_EQ(test, nr_free(t), 2 * size);
	}
}

/*
 * E4: two blocks go vector by vector in turn, while a neighbour takes a single
 * each time.
 */
static void e4_interleaved(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	struct map_test *t = new_map(test, 4 * size);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, alloc(t, nvecs), 0);
	KUNIT_ASSERT_EQ(test, alloc(t, nvecs), size);

	for (i = 0; i < nvecs; i++) {
		free_one(t, i);
		KUNIT_EXPECT_EQ(test, alloc(t, 1), i < nvecs - 1 ? 2 * size + i : 0);
		check(t);
		free_one(t, size + nvecs - 1 - i);
		check(t);
	}
	KUNIT_EXPECT_EQ(test, alloc(t, nvecs), size);
}

/* E5 no residue */

static void e5_same_base_for_ever(struct kunit *test)
{
	unsigned int nvecs = number_param(test);
	struct map_test *t = new_map(test, 2 * block_size(nvecs));
	unsigned int *order = new_order(test, nvecs);
	unsigned int cycle, i;

	for (cycle = 0; cycle < 100; cycle++) {
		KUNIT_ASSERT_EQ(test, alloc(t, nvecs), 0);
		in_random_order(t, order, nvecs);
		for (i = 0; i < nvecs; i++)
			free_one(t, order[i]);
		expect_all_bits_clear(t);
	}
}

/* E5: also when allocations of many sizes have filled the map */
static void e5_empty_after_mixture(struct kunit *test)
{
	struct map_test *t = new_map(test, 193);
	unsigned int *counts = new_order(test, t->nr_eventids);
	unsigned int *order = new_order(test, t->nr_eventids);
	unsigned int *bases = new_order(test, t->nr_eventids);
	unsigned int cycle, nr, i;
	int base;

	for (i = 0; i < t->nr_eventids; i++)
		counts[i] = 1 + random_below(t, i % 2 ? 32 : 2);

	for (cycle = 0; cycle < 10; cycle++) {
		for (nr = 0; (base = alloc(t, counts[nr])) >= 0; nr++) {
			if (!cycle)
				bases[nr] = base;
			KUNIT_ASSERT_EQ(test, base, bases[nr]);
		}
		in_random_order(t, order, t->nr_eventids);
		for (i = 0; i < t->nr_eventids; i++)
			vacate(t, order[i], 1);
		expect_all_bits_clear(t);
	}
}

/* E6 failure changes nothing, alloc() compares the bits when it fails */

static void e6_no_vectors(struct kunit *test)
{
	struct map_test *t = new_map(test, number_param(test));

	KUNIT_EXPECT_EQ(test, alloc(t, 0), -EINVAL);
	alloc(t, 1);
	KUNIT_EXPECT_EQ(test, alloc(t, 0), -EINVAL);
	fill_with_singles(t);
	save_map(t);
	KUNIT_EXPECT_EQ(test, its_eventid_alloc(&t->map, 0), -EINVAL);
	expect_not_changed(t);
}

static void e6_more_than_map_holds(struct kunit *test)
{
	struct map_test *t = new_map(test, number_param(test));

	KUNIT_EXPECT_EQ(test, alloc(t, t->nr_eventids + 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, alloc(t, 2 * t->nr_eventids), -ENOSPC);
	KUNIT_EXPECT_EQ(test, alloc(t, INT_MAX), -ENOSPC);
	KUNIT_EXPECT_EQ(test, alloc(t, INT_MAX + 1U), -ENOSPC);
	KUNIT_EXPECT_EQ(test, alloc(t, INT_MAX + 2U), -ENOSPC);
	KUNIT_EXPECT_EQ(test, alloc(t, UINT_MAX), -ENOSPC);
	expect_all_bits_clear(t);
}

/* E6: enough EventIDs for the vectors, but not for the block, or it is too large for any */
static void e6_round_up_does_not_fit(struct kunit *test)
{
	struct map_test *t = new_map(test, number_param(test));
	unsigned int largest, nvecs;

	largest = min_t(unsigned int, rounddown_pow_of_two(t->nr_eventids), BITS_PER_LONG);
	for (nvecs = largest + 1; nvecs <= min(t->nr_eventids, 2 * largest); nvecs++)
		KUNIT_EXPECT_EQ(test, alloc(t, nvecs), -ENOSPC);
	expect_all_bits_clear(t);
	KUNIT_EXPECT_EQ(test, alloc(t, largest), 0);
}

/* E6: the map is nearly empty, but no aligned block in it is */
static void e6_no_aligned_room(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	struct map_test *t = new_map(test, 4 * size);
	unsigned int busy, i;

	for (busy = 0; busy < size; busy++) {
		while (alloc(t, 1) >= 0)
			;
		for (i = 0; i < t->nr_eventids; i++) {
			if (i % size != busy)
				free_one(t, i);
		}
		KUNIT_EXPECT_EQ(test, alloc(t, nvecs), -ENOSPC);
		check(t);
	}
}

/* E7 misuse is loud and harmless */

/* A map with a single, a block with padding and a block with freed vectors */
static struct map_test *new_map_to_misuse(struct kunit *test)
{
	struct map_test *t = new_map(test, 21);

	KUNIT_ASSERT_EQ(test, alloc(t, 3), 0);
	KUNIT_ASSERT_EQ(test, alloc(t, 1), 4);
	KUNIT_ASSERT_EQ(test, alloc(t, 8), 8);
	free_one(t, 8);
	free_one(t, 11);
	free_one(t, 15);

	return t;
}

/*
 * E7: each misuse counts as a WARN_ON_ONCE(). Where that is a trap, every
 * suppressed warning is counted, elsewhere only the first one since boot. So
 * compare with a WARN_ON_ONCE() of this case, which is hit as often. This has
 * to be the first case with a misuse, others can use up the one warning.
 */
static void e7_misuse_warns(struct kunit *test)
{
	struct map_test *t = new_map_to_misuse(test);
	/* Padding, free, freed vectors of a live block, out of range */
	unsigned int unused[] = { 3, 5, 20, 8, 11, 15, 21, 64, INT_MAX, UINT_MAX };
	int nr_expected[ARRAY_SIZE(unused)] = {}, nr_warnings[ARRAY_SIZE(unused)] = {};
	unsigned int i;

	kunit_warning_suppress(test) {
		for (i = 0; i < ARRAY_SIZE(unused); i++) {
			WARN_ON_ONCE(true);
			nr_expected[i] = KUNIT_SUPPRESSED_WARNING_COUNT();
		}
	}
	kunit_warning_suppress(test) {
		for (i = 0; i < ARRAY_SIZE(unused); i++) {
			free_unused(t, unused[i]);
			nr_warnings[i] = KUNIT_SUPPRESSED_WARNING_COUNT();
		}
	}

	if (!nr_expected[0])
		kunit_skip(test, "no CONFIG_BUG, or warned already (see clear_warn_once)");
	for (i = 0; i < ARRAY_SIZE(unused); i++)
		KUNIT_EXPECT_EQ_MSG(test, nr_warnings[i], nr_expected[i],
				    "after EventID %u", unused[i]);
}

/* E7: a proper free does not warn */
static void e7_use_does_not_warn(struct kunit *test)
{
	struct map_test *t = new_map_to_misuse(test);

	kunit_warning_suppress(test) {
		vacate(t, 0, t->nr_eventids);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
	}
	expect_all_bits_clear(t);
}

static void e7_misuse_changes_nothing(struct kunit *test)
{
	struct map_test *t = new_map_to_misuse(test);
	unsigned int i;

	kunit_warning_suppress(test) {
		for (i = 0; i < 4 * BITS_PER_LONG; i++) {
			if (!model_is_used(t, i))
				free_unused(t, i);
		}
		for (i = INT_MAX - 1U; i <= INT_MAX + 1U; i++)
			free_unused(t, i);
		for (i = UINT_MAX; i > UINT_MAX - 4 * BITS_PER_LONG; i--)
			free_unused(t, i);
	}
	check(t);
}

/*
 * E7: one EventID too far, where a map of whole words ends. The joined bits
 * follow the used ones in memory, and the first of them is set here.
 */
static void e7_just_out_of_range(struct kunit *test)
{
	struct map_test *t = new_map(test, BITS_PER_LONG);

	KUNIT_ASSERT_EQ(test, alloc(t, BITS_PER_LONG), 0);
	kunit_warning_suppress(test)
		free_unused(t, BITS_PER_LONG);
	check(t);
}

/* E7: a vector freed twice, at each stage of its block and after */
static void e7_double_free(struct kunit *test)
{
	unsigned int nvecs = number_param(test), size = block_size(nvecs);
	struct map_test *t = new_map(test, 2 * size);
	unsigned int i, j;

	KUNIT_ASSERT_EQ(test, alloc(t, nvecs), 0);
	kunit_warning_suppress(test) {
		for (i = 0; i < nvecs; i++) {
			free_one(t, i);
			for (j = 0; j <= i; j++)
				free_unused(t, j);
			check(t);
		}
	}
	expect_all_bits_clear(t);
}

/* E8 cost */

/**
 * struct allocations - Memory which a task has allocated
 * @task:	The task
 * @last:	Last memory seen. Large memory is traced more than once.
 * @nr:		Number of allocations
 * @bytes:	Number of bytes, as requested
 */
struct allocations {
	struct task_struct	*task;
	const void		*last;
	unsigned int		nr;
	size_t			bytes;
};

static void count_allocation(struct allocations *seen, const void *ptr, size_t bytes)
{
	if (current != seen->task || !in_task() || ptr == seen->last)
		return;

	seen->last = ptr;
	seen->nr++;
	seen->bytes += bytes;
}

static void see_kmalloc(void *data, unsigned long call_site, const void *ptr, size_t bytes_req,
			size_t bytes_alloc, gfp_t gfp_flags, int node)
{
	count_allocation(data, ptr, bytes_req);
}

static void see_kmem_cache_alloc(void *data, unsigned long call_site, const void *ptr,
				 struct kmem_cache *s, gfp_t gfp_flags, int node)
{
	count_allocation(data, ptr, kmem_cache_size(s));
}

static void unwatch_kmalloc(void *seen)
{
	unregister_trace_kmalloc(see_kmalloc, seen);
	tracepoint_synchronize_unregister();
}

static void unwatch_kmem_cache_alloc(void *seen)
{
	unregister_trace_kmem_cache_alloc(see_kmem_cache_alloc, seen);
	tracepoint_synchronize_unregister();
}

static struct allocations *watch_allocations(struct kunit *test)
{
	struct allocations *seen;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "requires CONFIG_TRACEPOINTS");

	seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	seen->task = current;

	KUNIT_ASSERT_EQ(test, register_trace_kmalloc(see_kmalloc, seen), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unwatch_kmalloc, seen), 0);
	KUNIT_ASSERT_EQ(test, register_trace_kmem_cache_alloc(see_kmem_cache_alloc, seen), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unwatch_kmem_cache_alloc, seen), 0);

	seen->nr = 0;
	seen->bytes = 0;

	return seen;
}

/*
 * Allocations with room, without room and out of range, and a free of each
 * vector. There is no assertion in between, as an assertion may sleep.
 */
static void use_map(struct its_eventid_map *map)
{
	unsigned int nvecs, i;
	int single, base;

	single = its_eventid_alloc(map, 1);
	for (nvecs = 0; nvecs <= map->nr_eventids + 1; nvecs++) {
		base = its_eventid_alloc(map, nvecs);
		for (i = 0; base >= 0 && i < nvecs; i++)
			its_eventid_free(map, base + i);
	}
	its_eventid_free(map, single);
}

static void e8_no_allocation(struct kunit *test)
{
	struct map_test *t = new_map(test, 128);
	struct allocations *seen = watch_allocations(test);

	use_map(&t->map);
	KUNIT_EXPECT_EQ(test, seen->nr, 0);
	expect_all_bits_clear(t);
}

static void e8_no_sleeping(struct kunit *test)
{
	struct map_test *t = new_map(test, 128);

	if (!IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		kunit_skip(test, "requires CONFIG_DEBUG_ATOMIC_SLEEP");
	if (test_taint(TAINT_WARN))
		kunit_skip(test, "the kernel has warned about something else before");

	local_irq_disable();
	use_map(&t->map);
	local_irq_enable();

	/* A function which may sleep has said so, and has left this mark */
	KUNIT_EXPECT_FALSE(test, test_taint(TAINT_WARN));
	expect_all_bits_clear(t);
}

static void e8_three_bits_per_eventid(struct kunit *test)
{
	unsigned int nr_eventids = number_param(test);
	struct allocations *seen = watch_allocations(test);
	struct its_eventid_map map;
	size_t bytes;

	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kunit_skip(test, "kmemleak allocates memory of its own");

	KUNIT_ASSERT_EQ(test, its_eventid_map_init(&map, nr_eventids), 0);
	bytes = seen->bytes;
	its_eventid_map_destroy(&map);

	KUNIT_EXPECT_GT(test, bytes, 0);
	KUNIT_EXPECT_LE(test, bytes, 3 * BITS_TO_LONGS(nr_eventids) * sizeof(long));
}

#define NR_TIMED_RUNS		32
#define NR_TIMED_FREES		256

/* Compared with the word by word scan of a full map */
static noinline unsigned int scan_bit_by_bit(struct its_eventid_map *map)
{
	unsigned int i;

	for (i = 0; i < map->nr_eventids; i++) {
		if (!test_bit(i, map->used))
			break;
	}

	return i;
}

/*
 * E8: the factor between words and bits is 32 at the least. Most of it is left
 * to slow machines, and of many runs the fastest is undisturbed.
 */
static void e8_single_scans_words(struct kunit *test)
{
	struct map_test *t = new_map(test, 65536);
	u64 start, words = U64_MAX, bits = U64_MAX;
	unsigned int run;

	fill_with_singles(t);

	for (run = 0; run < NR_TIMED_RUNS; run++) {
		start = ktime_get_ns();
		KUNIT_ASSERT_EQ(test, its_eventid_alloc(&t->map, 1), -ENOSPC);
		words = min(words, ktime_get_ns() - start);

		start = ktime_get_ns();
		KUNIT_ASSERT_EQ(test, scan_bit_by_bit(&t->map), t->nr_eventids);
		bits = min(bits, ktime_get_ns() - start);
	}

	kunit_info(test, "%llu ns by words, %llu ns by bits", words, bits);
	if (!bits)
		kunit_skip(test, "the clock is too coarse");
	KUNIT_EXPECT_LT(test, 4 * words, bits);
}

/* Time to free the last singles of a full map */
static u64 time_frees(struct map_test *t)
{
	unsigned int first = t->nr_eventids - NR_TIMED_FREES, run, i;
	u64 start, fastest = U64_MAX;

	fill_with_singles(t);

	for (run = 0; run < NR_TIMED_RUNS; run++) {
		start = ktime_get_ns();
		for (i = 0; i < NR_TIMED_FREES; i++)
			its_eventid_free(&t->map, first + i);
		fastest = min(fastest, ktime_get_ns() - start);

		for (i = 0; i < NR_TIMED_FREES; i++)
			KUNIT_ASSERT_EQ(t->test, its_eventid_alloc(&t->map, 1), first + i);
	}

	return fastest;
}

/* E8: 256 times the EventIDs, and a free takes as long */
static void e8_free_does_not_scan_map(struct kunit *test)
{
	u64 small = time_frees(new_map(test, NR_TIMED_FREES));
	u64 large = time_frees(new_map(test, 65536));

	kunit_info(test, "%d frees: %llu ns in a small map, %llu ns in a large one",
		   NR_TIMED_FREES, small, large);
	if (!small)
		kunit_skip(test, "the clock is too coarse");
	KUNIT_EXPECT_LT(test, large, 8 * small);
}

/* E1 to E7 at once, in every reachable state of a small map */

/**
 * struct walk_state - One state of a small map and of its model
 * @used:	The used bits, which are in one word
 * @joined:	The joined bits
 * @model:	The model
 */
struct walk_state {
	unsigned long		used;
	unsigned long		joined;
	struct model_eventid	model[WALK_MAX_EVENTIDS];
};

#define WALK_MAX_STATES		8192
#define WALK_NR_MAPS		(1 << (2 * WALK_MAX_EVENTIDS))

/**
 * struct walk - The states found so far
 * @t:		The map and its model
 * @states:	The states, in the order in which they were found
 * @nr_states:	Number of @states
 * @known:	One bit per state, used and joined bits are its number
 */
struct walk {
	struct map_test		*t;
	struct walk_state	*states;
	unsigned int		nr_states;
	DECLARE_BITMAP(known, WALK_NR_MAPS);
};

/* Note the state that was arrived at, when it is a new one */
static void arrive(struct walk *w)
{
	struct map_test *t = w->t;
	struct walk_state *state = &w->states[w->nr_states];

	check(t);
	if (__test_and_set_bit(*t->map.used | *t->map.joined << WALK_MAX_EVENTIDS, w->known))
		return;

	KUNIT_ASSERT_LT(t->test, w->nr_states, WALK_MAX_STATES);
	state->used = *t->map.used;
	state->joined = *t->map.joined;
	memcpy(state->model, t->model, t->nr_eventids * sizeof(*t->model));
	w->nr_states++;
}

static void return_to(struct walk *w, const struct walk_state *state)
{
	struct map_test *t = w->t;

	*t->map.used = state->used;
	*t->map.joined = state->joined;
	memcpy(t->model, state->model, t->nr_eventids * sizeof(*t->model));
}

/* Try each allocation and each free, of what is used and of what is not */
static void leave_every_way(struct walk *w, const struct walk_state *state)
{
	struct map_test *t = w->t;
	unsigned int i;

	for (i = 0; i <= t->nr_eventids + 1; i++) {
		return_to(w, state);
		alloc(t, i);
		arrive(w);
	}

	for (i = 0; i <= t->nr_eventids; i++) {
		return_to(w, state);
		if (model_is_used(t, i))
			free_one(t, i);
		else
			free_unused(t, i);
		arrive(w);
	}
}

/*
 * The number of states of an aligned range: its halves are in any state each,
 * or it is one block of which at least one EventID is used. A single EventID
 * is free or used.
 */
static unsigned int nr_states_of_range(unsigned int size)
{
	unsigned int half;

	if (size == 1)
		return 2;

	half = nr_states_of_range(size / 2);

	return half * half + (1 << size) - 1;
}

/* A map of any size is a row of aligned ranges, the largest first */
static unsigned int nr_states_of_map(unsigned int nr_eventids)
{
	unsigned int size, nr_states = 1;

	for (size = 1; size <= nr_eventids; size *= 2) {
		if (nr_eventids & size)
			nr_states *= nr_states_of_range(size);
	}

	return nr_states;
}

static void walk_every_state(struct kunit *test)
{
	unsigned int i;
	struct walk *w;

	w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	w->states = kunit_kcalloc(test, WALK_MAX_STATES, sizeof(*w->states), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->states);
	w->t = new_map(test, number_param(test));

	kunit_warning_suppress(test) {
		arrive(w);
		for (i = 0; i < w->nr_states; i++)
			leave_every_way(w, &w->states[i]);
	}

	kunit_info(test, "%u EventIDs have %u states", w->t->nr_eventids, w->nr_states);
	KUNIT_EXPECT_EQ(test, w->nr_states, nr_states_of_map(w->t->nr_eventids));

	/* The walk ends in an arbitrary state, from which everything can go */
	vacate(w->t, 0, w->t->nr_eventids);
	expect_all_bits_clear(w->t);
}

/* E1 to E7 at once, by chance in maps of any size */

static unsigned int random_nvecs(struct map_test *t)
{
	switch (random_below(t, 8)) {
	case 0:
		return random_below(t, t->nr_eventids + 2);
	case 1 ... 3:
		return 1 + random_below(t, 32);
	default:
		return 1;
	}
}

/* The next used EventID from there on, out of range if there is none */
static unsigned int random_used(struct map_test *t)
{
	unsigned int start = random_below(t, t->nr_eventids), i, eventid;

	for (i = 0; i < t->nr_eventids; i++) {
		eventid = (start + i) % t->nr_eventids;
		if (model_is_used(t, eventid))
			return eventid;
	}

	return t->nr_eventids;
}

static void free_random(struct map_test *t)
{
	unsigned int eventid;

	if (random_below(t, 16))
		eventid = random_used(t);
	else
		eventid = random_below(t, t->nr_eventids + 1);

	if (model_is_used(t, eventid))
		free_one(t, eventid);
	else
		free_unused(t, eventid);
}

/* The map fills up and drains again and again, it is empty and full at times */
static void random_operations(struct map_test *t, unsigned int nr_operations)
{
	unsigned int i, one_alloc_in;

	kunit_info(t->test, "seed %u, %u operations", run_seed, nr_operations);

	kunit_warning_suppress(t->test) {
		for (i = 0; i < nr_operations; i++) {
			one_alloc_in = i / 512 % 2 ? 32 : 4;
			if (random_below(t, one_alloc_in))
				free_random(t);
			else
				alloc(t, random_nvecs(t));

			expect_as_model(t);
			if (i % 32 == 31)
				check(t);
		}
	}

	vacate(t, 0, t->nr_eventids);
	expect_all_bits_clear(t);
}

static void random_long_run(struct kunit *test)
{
	random_operations(new_map(test, 193), 100000);
}

static void random_run_in_every_size(struct kunit *test)
{
	unsigned int nr_eventids = number_param(test);

	/* The model takes its time in a large map */
	random_operations(new_map(test, nr_eventids), min(4096, 2 * SZ_1M / nr_eventids));
}

static int gic_its_eventid_suite_init(struct kunit_suite *suite)
{
	run_seed = seed ?: get_random_u32();
	kunit_info(suite, "the random cases repeat with %s.seed=%u", KBUILD_MODNAME, run_seed);
	warned = test_taint(TAINT_WARN);

	return 0;
}

/* E7: nothing but misuse warns, in no case. What is suppressed leaves no mark. */
static void gic_its_eventid_exit(struct kunit *test)
{
	bool warned_before = warned;

	warned = test_taint(TAINT_WARN);
	KUNIT_EXPECT_EQ(test, warned, warned_before);
}

static struct kunit_case gic_its_eventid_cases[] = {
	KUNIT_CASE_PARAM(init_empty, map_sizes_gen_params),
	KUNIT_CASE(init_bad_size),
	KUNIT_CASE(init_no_memory),
	KUNIT_CASE_PARAM(e1_used_while_allocated, vector_counts_gen_params),
	KUNIT_CASE_PARAM(e1_not_empty_with_one_used, map_sizes_gen_params),
	KUNIT_CASE_PARAM(e2_every_eventid_in_turn, map_sizes_gen_params),
	KUNIT_CASE(e2_lowest_free_first),
	KUNIT_CASE(e2_no_alignment_no_rounding),
	KUNIT_CASE_PARAM(e3_aligned_behind_singles, vector_counts_gen_params),
	KUNIT_CASE_PARAM(e3_padding_reserved, vector_counts_gen_params),
	KUNIT_CASE_PARAM(e3_between_neighbours, vector_counts_gen_params),
	KUNIT_CASE_PARAM(e3_beside_larger_neighbour, vector_counts_gen_params),
	KUNIT_CASE_PARAM(e3_map_full_of_blocks, map_sizes_gen_params),
	KUNIT_CASE_PARAM(e4_every_order, small_counts_gen_params),
	KUNIT_CASE_PARAM(e4_random_order, large_counts_gen_params),
	KUNIT_CASE_PARAM(e4_any_vector_keeps_block, vector_counts_gen_params),
	KUNIT_CASE_PARAM(e4_interleaved, vector_counts_gen_params),
	KUNIT_CASE_PARAM(e5_same_base_for_ever, vector_counts_gen_params),
	KUNIT_CASE(e5_empty_after_mixture),
	KUNIT_CASE_PARAM(e6_no_vectors, map_sizes_gen_params),
	KUNIT_CASE_PARAM(e6_more_than_map_holds, map_sizes_gen_params),
	KUNIT_CASE_PARAM(e6_round_up_does_not_fit, map_sizes_gen_params),
	KUNIT_CASE_PARAM(e6_no_aligned_room, vector_counts_gen_params),
	/* The first one with a misuse, see there */
	KUNIT_CASE(e7_misuse_warns),
	KUNIT_CASE(e7_use_does_not_warn),
	KUNIT_CASE(e7_misuse_changes_nothing),
	KUNIT_CASE(e7_just_out_of_range),
	KUNIT_CASE_PARAM(e7_double_free, vector_counts_gen_params),
	KUNIT_CASE(e8_no_allocation),
	KUNIT_CASE(e8_no_sleeping),
	KUNIT_CASE_PARAM(e8_three_bits_per_eventid, map_sizes_gen_params),
	KUNIT_CASE(e8_single_scans_words),
	KUNIT_CASE(e8_free_does_not_scan_map),
	KUNIT_CASE_PARAM(walk_every_state, walk_sizes_gen_params),
	KUNIT_CASE(random_long_run),
	KUNIT_CASE_PARAM(random_run_in_every_size, map_sizes_gen_params),
	{}
};

static struct kunit_suite gic_its_eventid_suite = {
	.name = "gic_its_eventid",
	.suite_init = gic_its_eventid_suite_init,
	.exit = gic_its_eventid_exit,
	.test_cases = gic_its_eventid_cases,
};

kunit_test_suite(gic_its_eventid_suite);

MODULE_DESCRIPTION("KUnit tests for the EventID map of the GICv3 ITS");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_LICENSE("GPL");
