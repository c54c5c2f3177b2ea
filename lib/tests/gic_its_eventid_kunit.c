// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the EventID map of the GICv3 ITS
 *
 * What is to be proved, for all maps and all sequences of calls:
 *
 * E1 An EventID is used exactly while it backs an interrupt.
 * E2 One vector takes the lowest free EventID.
 * E3 Several vectors take the lowest free block which is aligned to their
 *    number, rounded up to a power of two. All of the block is taken.
 * E4 The vectors are freed one by one, in any order and with other calls in
 *    between. The block goes with the last of them.
 * E5 When everything is freed, the map is as it was at first.
 * E6 An allocation that fails changes nothing.
 * E7 Freeing what is not used warns once and changes nothing.
 *
 * A model says the same in the plainest way. walk_every_state() compares the two
 * in each state that a small map can be in, random_run() in some of larger maps.
 * The other cases are for the reader.
 */

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "../../drivers/irqchip/irq-gic-its-eventid.h"

/**
 * struct map_test - A map next to its model
 * @test:	The test case
 * @map:	The map
 * @nr:		Number of EventIDs of the map
 * @block:	For each EventID the first one of its block plus 1, 0 if it is free
 * @used:	For each EventID whether it backs an interrupt
 */
struct map_test {
	struct kunit		*test;
	struct its_eventid_map	map;
	unsigned int		nr;
	unsigned int		*block;
	bool			*used;
};

KUNIT_DEFINE_ACTION_WRAPPER(destroy_map, its_eventid_map_destroy, struct its_eventid_map *);

static struct map_test *new_map(struct kunit *test, unsigned int nr)
{
	struct map_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	t->block = kunit_kcalloc(test, nr, sizeof(*t->block), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->block);
	t->used = kunit_kcalloc(test, nr, sizeof(*t->used), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->used);
	t->test = test;
	t->nr = nr;

	KUNIT_ASSERT_EQ(test, its_eventid_map_init(&t->map, nr), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_map, &t->map), 0);

	return t;
}

static unsigned int block_size(unsigned int nvecs)
{
	unsigned int size = 1;

	while (size < nvecs)
		size *= 2;

	return size;
}

static int model_alloc(struct map_test *t, unsigned int nvecs)
{
	unsigned int base, i, size = block_size(nvecs);

	if (size > BITS_PER_LONG)
		return -ENOSPC;

	for (base = 0; base + size <= t->nr; base += size) {
		for (i = 0; i < size && !t->block[base + i]; i++)
			;
		if (i < size)
			continue;

		for (i = 0; i < size; i++) {
			t->block[base + i] = base + 1;
			t->used[base + i] = i < nvecs;
		}

		return base;
	}

	return -ENOSPC;
}

static void model_free(struct map_test *t, unsigned int eventid)
{
	unsigned int i, block = t->block[eventid];

	t->used[eventid] = false;

	for (i = block - 1; i < t->nr && t->block[i] == block; i++) {
		if (t->used[i])
			return;
	}

	for (i = block - 1; i < t->nr && t->block[i] == block; i++)
		t->block[i] = 0;
}

static bool model_is_used(const struct map_test *t, unsigned int eventid)
{
	return eventid < t->nr && t->used[eventid];
}

static bool model_is_taken(const struct map_test *t, unsigned int eventid)
{
	return eventid < t->nr && t->block[eventid];
}

static bool model_is_joined(const struct map_test *t, unsigned int eventid)
{
	return model_is_taken(t, eventid) && model_is_taken(t, eventid + 1) &&
	       t->block[eventid] == t->block[eventid + 1];
}

/* Whole words, so the bits behind the last EventID must be clear */
static void check(struct map_test *t)
{
	unsigned int i, nr_bits = BITS_TO_LONGS(t->nr) * BITS_PER_LONG;
	bool empty = true;

	for (i = 0; i < nr_bits; i++) {
		if (test_bit(i, t->map.used) != model_is_used(t, i) ||
		    test_bit(i, t->map.taken) != model_is_taken(t, i) ||
		    test_bit(i, t->map.joined) != model_is_joined(t, i))
			break;
		if (model_is_taken(t, i))
			empty = false;
	}

	KUNIT_ASSERT_EQ_MSG(t->test, i, nr_bits, "EventID %u is not as in the model", i);
	KUNIT_ASSERT_EQ(t->test, bitmap_empty(t->map.taken, t->nr), empty);
	KUNIT_ASSERT_EQ(t->test, t->map.nr, t->nr);
}

static int alloc(struct map_test *t, unsigned int nvecs)
{
	int base = model_alloc(t, nvecs);

	KUNIT_ASSERT_EQ(t->test, its_eventid_alloc(&t->map, nvecs), base);
	check(t);

	return base;
}

static void free_one(struct map_test *t, unsigned int eventid)
{
	if (model_is_used(t, eventid)) {
		model_free(t, eventid);
		its_eventid_free(&t->map, eventid);
	} else {
		kunit_warning_suppress(t->test)
			its_eventid_free(&t->map, eventid);
	}
	check(t);
}

/* E7: the first misuse warns, the following ones don't, and nothing else does */
static void misuse_warns_once(struct kunit *test)
{
	struct map_test *t = new_map(test, 21);
	/* Padding, a freed vector of a block, free EventIDs, out of range */
	static const unsigned int unused[] = { 3, 8, 5, 20, 21, 64, UINT_MAX };
	int expected[ARRAY_SIZE(unused)] = { };
	unsigned int i;

	kunit_warning_suppress(test) {
		alloc(t, 3);
		alloc(t, 1);
		alloc(t, 8);
		its_eventid_free(&t->map, 8);
		model_free(t, 8);
		its_eventid_free(&t->map, 4);
		model_free(t, 4);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
	}

	/*
	 * Where a warning is a trap, each one that is suppressed counts. Elsewhere
	 * it is the first one since boot, so this has to be the first misuse.
	 */
	kunit_warning_suppress(test) {
		for (i = 0; i < ARRAY_SIZE(unused); i++) {
			WARN_ON_ONCE(true);
			expected[i] = KUNIT_SUPPRESSED_WARNING_COUNT();
		}
	}
	if (!expected[0])
		kunit_skip(test, "no CONFIG_BUG, or it has warned before");

	kunit_warning_suppress(test) {
		for (i = 0; i < ARRAY_SIZE(unused); i++) {
			its_eventid_free(&t->map, unused[i]);
			KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, expected[i]);
		}
	}
	check(t);
}

#define WALK_MAX_EVENTIDS	8
#define WALK_MAX_STATES		8192

/* A state of a small map, in which two bitmaps tell what is in the third one */
static u32 walk_state(const struct map_test *t)
{
	return *t->map.used | *t->map.joined << WALK_MAX_EVENTIDS;
}

/* The map and its model go back to a state in which they were found to agree */
static void walk_back(struct map_test *t, u32 state)
{
	unsigned int i, mask = (1 << WALK_MAX_EVENTIDS) - 1;

	*t->map.used = state & mask;
	*t->map.joined = state >> WALK_MAX_EVENTIDS;
	*t->map.taken = *t->map.used | *t->map.joined | *t->map.joined << 1;

	for (i = 0; i < t->nr; i++) {
		t->used[i] = test_bit(i, t->map.used);
		if (!test_bit(i, t->map.taken))
			t->block[i] = 0;
		else if (i && test_bit(i - 1, t->map.joined))
			t->block[i] = t->block[i - 1];
		else
			t->block[i] = i + 1;
	}
}

/*
 * The number of states of an aligned range: either each half is in any of its
 * states, or it is one block in which at least one EventID is used.
 */
static unsigned int nr_states(unsigned int size)
{
	return size == 1 ? 2 : nr_states(size / 2) * nr_states(size / 2) + (1 << size) - 1;
}

/* E1 to E7: each allocation and each free, of what is used or not, in each state */
static void walk_every_state(struct kunit *test)
{
	unsigned int nr = *(const unsigned int *)test->param_value;
	unsigned int found = 0, done, op, size, expected = 1;
	struct map_test *t = new_map(test, nr);
	unsigned long *known;
	u32 *states;

	states = kunit_kcalloc(test, WALK_MAX_STATES, sizeof(*states), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, states);
	known = kunit_kcalloc(test, BITS_TO_LONGS(1 << 2 * WALK_MAX_EVENTIDS), sizeof(*known),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, known);

	check(t);
	states[found++] = walk_state(t);
	__set_bit(walk_state(t), known);

	for (done = 0; done < found; done++) {
		for (op = 0; op < 2 * (nr + 1); op++) {
			walk_back(t, states[done]);
			if (op <= nr)
				alloc(t, op + 1);
			else
				free_one(t, op - (nr + 1));

			if (__test_and_set_bit(walk_state(t), known))
				continue;
			KUNIT_ASSERT_LT(test, found, WALK_MAX_STATES);
			states[found++] = walk_state(t);
		}
	}

	/* A map of any size is a row of aligned ranges, the largest first */
	for (size = 1; size <= nr; size *= 2) {
		if (nr & size)
			expected *= nr_states(size);
	}
	KUNIT_EXPECT_EQ(test, found, expected);
}

static unsigned int random_below(struct rnd_state *rnd, unsigned int limit)
{
	return prandom_u32_state(rnd) % limit;
}

/* A used EventID if there is any, now and then one which likely is not */
static unsigned int random_eventid(struct map_test *t, struct rnd_state *rnd)
{
	unsigned int i, start = random_below(rnd, t->nr + 2);

	if (!random_below(rnd, 16))
		return start;

	for (i = 0; i < t->nr; i++) {
		if (t->used[(start + i) % t->nr])
			return (start + i) % t->nr;
	}

	return start;
}

/* A single, Multi-MSI or more than fits in a word */
static unsigned int random_nvecs(struct rnd_state *rnd)
{
	switch (random_below(rnd, 8)) {
	case 0:
		return 1 + random_below(rnd, 2 * BITS_PER_LONG);
	case 1 ... 4:
		return 1 + random_below(rnd, 32);
	default:
		return 1;
	}
}

/* E1 to E7: the map fills up and drains, again and again */
static void random_run(struct kunit *test)
{
	unsigned int i, nr = *(const unsigned int *)test->param_value;
	struct map_test *t = new_map(test, nr);
	struct rnd_state rnd;

	prandom_seed_state(&rnd, nr);

	for (i = 0; i < 10000; i++) {
		if (random_below(&rnd, i / 512 % 2 ? 32 : 4))
			free_one(t, random_eventid(t, &rnd));
		else
			alloc(t, random_nvecs(&rnd));
	}

	for (i = 0; i < nr; i++) {
		if (t->used[i])
			free_one(t, i);
	}
	KUNIT_EXPECT_TRUE(test, bitmap_empty(t->map.taken, t->nr));
}

/* The memory of a map that was in use is likely to be the next one's */
static void new_map_is_empty(struct kunit *test)
{
	struct map_test *t = new_map(test, 96);
	unsigned int i;

	for (i = 0; i < 16; i++) {
		check(t);
		while (its_eventid_alloc(&t->map, 32) >= 0)
			;
		its_eventid_map_destroy(&t->map);
		KUNIT_ASSERT_EQ(test, its_eventid_map_init(&t->map, 96), 0);
	}
}

/* E2 */
static void single_takes_lowest_free(struct kunit *test)
{
	struct map_test *t = new_map(test, 4);

	KUNIT_EXPECT_EQ(test, alloc(t, 1), 0);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 1);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 2);
	free_one(t, 1);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 1);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 3);
}

/* E3: behind a single, and with a neighbour which gets nothing of the block */
static void block_is_aligned_and_whole(struct kunit *test)
{
	struct map_test *t = new_map(test, 16);

	KUNIT_EXPECT_EQ(test, alloc(t, 1), 0);
	KUNIT_EXPECT_EQ(test, alloc(t, 3), 4);
	KUNIT_EXPECT_EQ(test, alloc(t, 2), 2);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 1);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 8);
	KUNIT_EXPECT_FALSE(test, test_bit(7, t->map.used));
}

/* E1, E4 */
static void block_goes_with_last_vector(struct kunit *test)
{
	struct map_test *t = new_map(test, 8);

	KUNIT_EXPECT_EQ(test, alloc(t, 3), 0);
	free_one(t, 2);
	free_one(t, 0);
	KUNIT_EXPECT_FALSE(test, test_bit(0, t->map.used));
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 4);
	free_one(t, 1);
	KUNIT_EXPECT_EQ(test, alloc(t, 4), 0);
}

/* E5: the driver is loaded again and again */
static void same_eventids_for_ever(struct kunit *test)
{
	struct map_test *t = new_map(test, 8);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, alloc(t, 5), 0);
		free_one(t, 0);
		free_one(t, 1);
		free_one(t, 2);
		free_one(t, 3);
		free_one(t, 4);
		KUNIT_EXPECT_TRUE(test, bitmap_empty(t->map.taken, t->nr));
	}
}

/* E6: there are enough free EventIDs, but no aligned block of them */
static void no_room_changes_nothing(struct kunit *test)
{
	struct map_test *t = new_map(test, 6);

	KUNIT_EXPECT_EQ(test, alloc(t, 1), 0);
	KUNIT_EXPECT_EQ(test, alloc(t, 3), -ENOSPC);
	KUNIT_EXPECT_EQ(test, alloc(t, 2), 2);
	KUNIT_EXPECT_EQ(test, alloc(t, 1), 1);
}

/* Small enough to reach every state */
static const unsigned int walk_sizes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
/* Around the words of a bitmap */
static const unsigned int random_sizes[] = {
	1, 2, 3, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 193, 2048,
};

static void describe_size(const unsigned int *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u EventIDs", *nr);
}

KUNIT_ARRAY_PARAM(walk_sizes, walk_sizes, describe_size);
KUNIT_ARRAY_PARAM(random_sizes, random_sizes, describe_size);

static struct kunit_case gic_its_eventid_cases[] = {
	/* The first misuse, see there */
	KUNIT_CASE(misuse_warns_once),
	KUNIT_CASE_PARAM(walk_every_state, walk_sizes_gen_params),
	KUNIT_CASE_PARAM(random_run, random_sizes_gen_params),
	KUNIT_CASE(new_map_is_empty),
	KUNIT_CASE(single_takes_lowest_free),
	KUNIT_CASE(block_is_aligned_and_whole),
	KUNIT_CASE(block_goes_with_last_vector),
	KUNIT_CASE(same_eventids_for_ever),
	KUNIT_CASE(no_room_changes_nothing),
	{}
};

static struct kunit_suite gic_its_eventid_suite = {
	.name = "gic_its_eventid",
	.test_cases = gic_its_eventid_cases,
};

kunit_test_suite(gic_its_eventid_suite);

MODULE_DESCRIPTION("KUnit tests for the EventID map of the GICv3 ITS");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_LICENSE("GPL");
