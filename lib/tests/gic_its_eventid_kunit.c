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
 */

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/irqchip/arm-gic-its-eventid.h>
#include <linux/module.h>
#include <linux/prandom.h>

/* A map next to its model: the first EventID of the block of each, plus 1, 0 if it is free */
struct map_test {
	struct kunit		*test;
	struct its_eventid_map	map;
	unsigned int		nr;
	unsigned int		*block;
	bool			*used;
};

KUNIT_DEFINE_ACTION_WRAPPER(destroy_map, its_eventid_map_destroy, struct its_eventid_map *);

static unsigned int nr_bits(const struct map_test *t)
{
	return BITS_TO_LONGS(t->nr) * BITS_PER_LONG;
}

static struct map_test *new_map(struct kunit *test, unsigned int nr)
{
	struct map_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	t->nr = nr;
	t->used = kunit_kcalloc(test, nr_bits(t), sizeof(*t->used), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->used);
	t->block = kunit_kcalloc(test, nr_bits(t) + 1, sizeof(*t->block), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->block);

	KUNIT_ASSERT_EQ(test, its_eventid_map_init(&t->map, nr), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy_map, &t->map), 0);
	return t;
}

static int model_alloc(struct map_test *t, unsigned int nvecs)
{
	unsigned int base, i, size = 1;

	while (size < nvecs)
		size *= 2;

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
	unsigned int i, first = t->block[eventid];

	t->used[eventid] = false;
	for (i = first - 1; t->block[i] == first; i++) {
		if (t->used[i])
			return;
	}
	for (i = first - 1; t->block[i] == first; i++)
		t->block[i] = 0;
}

/* Whole words, so the bits behind the last EventID must be clear */
static void check(struct map_test *t)
{
	unsigned int i;

	for (i = 0; i < nr_bits(t); i++) {
		if (test_bit(i, t->map.used) != t->used[i] ||
		    test_bit(i, t->map.joined) != (t->block[i] && t->block[i] == t->block[i + 1]))
			break;
	}
	KUNIT_ASSERT_EQ_MSG(t->test, i, nr_bits(t), "EventID %u is not as in the model", i);
}

static void alloc(struct map_test *t, unsigned int nvecs)
{
	KUNIT_ASSERT_EQ(t->test, its_eventid_alloc(&t->map, nvecs),
			nvecs && nvecs <= BITS_PER_LONG ? model_alloc(t, nvecs) : -EINVAL);
	check(t);
}

static void free_one(struct map_test *t, unsigned int eventid)
{
	if (eventid < t->nr && t->used[eventid]) {
		model_free(t, eventid);
		its_eventid_free(&t->map, eventid);
	} else {
		kunit_warning_suppress(t->test)
			its_eventid_free(&t->map, eventid);
	}
	check(t);
}

/*
 * E7: the first misuse warns, and nothing else does. Where a warning is a trap,
 * each one that is suppressed counts, elsewhere the first one since boot. So this
 * has to be the first case, and what is expected is what a WARN_ON_ONCE() does.
 */
static void misuse_warns_once(struct kunit *test)
{
	/* Padding, a freed vector of a block, free EventIDs, out of range */
	static const unsigned int unused[] = { 3, 8, 5, 20, 21, 64, UINT_MAX };
	int i, expected[ARRAY_SIZE(unused)] = { };
	struct map_test *t = new_map(test, 21);

	kunit_warning_suppress(test) {
		for (i = 0; i < ARRAY_SIZE(unused); i++) {
			WARN_ON_ONCE(true);
			expected[i] = KUNIT_SUPPRESSED_WARNING_COUNT();
		}
	}
	KUNIT_ASSERT_TRUE(test, expected[0] || !IS_ENABLED(CONFIG_BUG));

	kunit_warning_suppress(test) {
		alloc(t, 3);
		alloc(t, 1);
		alloc(t, 8);
		free_one(t, 8);
		free_one(t, 4);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
		for (i = 0; i < ARRAY_SIZE(unused); i++) {
			its_eventid_free(&t->map, unused[i]);
			KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, expected[i]);
		}
	}
	check(t);
}

#define WALK_MAX_EVENTIDS	8
#define WALK_MAX_STATES		8192

static u32 walk_state(const struct map_test *t)
{
	return *t->map.used | *t->map.joined << WALK_MAX_EVENTIDS;
}

/* The map and its model go back to a state in which they were found to agree */
static void walk_back(struct map_test *t, u32 state)
{
	unsigned int i;

	*t->map.used = state % BIT(WALK_MAX_EVENTIDS);
	*t->map.joined = state >> WALK_MAX_EVENTIDS;

	for (i = 0; i < t->nr; i++) {
		t->used[i] = test_bit(i, t->map.used);
		t->block[i] = t->used[i] || test_bit(i, t->map.joined) ? i + 1 : 0;
		if (i && test_bit(i - 1, t->map.joined))
			t->block[i] = t->block[i - 1];
	}
}

/* Of an aligned range: each half has any of its states, or it is a block of which one is used */
static unsigned int nr_states(unsigned int size)
{
	return size == 1 ? 2 : nr_states(size / 2) * nr_states(size / 2) + (1 << size) - 1;
}

/* E1 to E7: each allocation and each free, of what is used or not, in each state */
static void walk_every_state(struct kunit *test)
{
	unsigned int nr = *(const unsigned int *)test->param_value;
	unsigned int found = 1, done, op, size, expected = 1;
	struct map_test *t = new_map(test, nr);
	unsigned long *known;
	u32 *states;

	states = kunit_kcalloc(test, WALK_MAX_STATES, sizeof(*states), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, states);
	known = kunit_kcalloc(test, BITS_TO_LONGS(1 << 2 * WALK_MAX_EVENTIDS), sizeof(*known),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, known);
	__set_bit(0, known);
	check(t);
	for (done = 0; done < found; done++) {
		for (op = 0; op <= 2 * (nr + 1); op++) {
			walk_back(t, states[done]);
			if (op <= nr + 1)
				alloc(t, op);
			else
				free_one(t, op - (nr + 2));

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

/* E1 to E7: the map fills up and drains, again and again. Some of it is misuse. */
static void random_run(struct kunit *test)
{
	unsigned int i, eventid, nr = *(const unsigned int *)test->param_value;
	struct map_test *t = new_map(test, nr);
	struct rnd_state rnd;

	prandom_seed_state(&rnd, nr);
	for (i = 0; i < 10000; i++) {
		if (random_below(&rnd, i / 512 % 2 ? 32 : 4)) {
			eventid = random_below(&rnd, nr + 2);
			if (random_below(&rnd, 16) && eventid < nr)
				eventid = find_next_bit_wrap(t->map.used, nr, eventid);
			free_one(t, eventid);
		} else {
			/* Singles, Multi-MSI, and more than fits in a word */
			alloc(t, 1 + random_below(&rnd, 1 << random_below(&rnd, 8)));
		}
	}
	for_each_set_bit(eventid, t->map.used, nr)
		free_one(t, eventid);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, t->block[i], 0);
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

/* For each state, and around the words of a bitmap */
static const unsigned int walk_sizes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const unsigned int random_sizes[] = { 1, 2, 3, 31, 32, 33, 63, 64, 65, 96, 129, 193, 2048 };

KUNIT_ARRAY_PARAM(walk_sizes, walk_sizes, NULL);
KUNIT_ARRAY_PARAM(random_sizes, random_sizes, NULL);

static struct kunit_case gic_its_eventid_cases[] = {
	KUNIT_CASE(misuse_warns_once),
	KUNIT_CASE_PARAM(walk_every_state, walk_sizes_gen_params),
	KUNIT_CASE_PARAM(random_run, random_sizes_gen_params),
	KUNIT_CASE(new_map_is_empty),
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
