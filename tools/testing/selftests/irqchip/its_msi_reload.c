// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do the interrupts of a PCI function come back the same, however often its
 * driver is reloaded or it is removed and found again?
 *
 * The functions are given by name, and only those are unbound or removed. All
 * of them are bound to the driver they were found with when the test ends.
 *
 * What must hold of EventIDs and LPIs, for functions with a DeviceID of their
 * own as well as for those that share one behind a PCIe-to-PCI bridge:
 *
 * - Where an allocation goes depends on what is in use on its DeviceID when it
 *   is made, and on nothing that was there before: the lowest free EventID, or
 *   for Multi-MSI the lowest free block of a power of two. So the same steps
 *   give the same EventIDs, cycle after cycle.
 * - A function that is reloaded or removed by itself leaves a hole and finds
 *   nothing but this hole again: it has the EventIDs that it started with.
 *   There is one exception. When something below it was freed before the test
 *   began, it may move down there in its first cycle, and stays there then. A
 *   leak never moves anything down.
 * - When several functions are unbound at a time, the order in which they are
 *   bound again decides where they go. So each order has its own layout: its
 *   first cycle shows it, all others must give it again.
 * - Whatever the order: the number of vectors is the one of the start, the
 *   base of a Multi-MSI block is a multiple of its size, and no other function
 *   has a vector in the block, its padding included. LPIs are unique in the
 *   system and go in step with the EventIDs of a DeviceID, so this can be seen
 *   without knowing who shares a DeviceID with whom.
 * - A function that nobody touched has all of its vectors where they were.
 * - Where debugfs shows ITS devices: each function that is bound is a user of
 *   the one with its DeviceID, which has the EventIDs of its users and nothing
 *   else, and is gone when the last of them is.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "its_msi.h"

#define PROGRAM		"its_msi_reload"
#define MAX_FUNCTIONS	32
/* For drivers that set up interrupts after they are bound */
#define GRACE_MS	500
/* So long without a change, and what enumerated at boot is complete */
#define QUIET_MS	1500

enum test_kind {
	RELOAD,
	REMOVE,
	FORWARD,
	REVERSE,
	GAP,
	REMOVE_ALL,
	NEIGHBOUR,
	DEVICE,
	NR_KINDS
};

static const char * const kind_name[NR_KINDS] = {
	[RELOAD]	= "reload",
	[REMOVE]	= "remove and rescan",
	[FORWARD]	= "unbind all, bind in order",
	[REVERSE]	= "unbind all, bind in reverse order",
	[GAP]		= "reload while another is unbound",
	[REMOVE_ALL]	= "remove all, rescan",
	[NEIGHBOUR]	= "undisturbed by the others",
	[DEVICE]	= "ITS device goes with its last user",
};

/**
 * struct function - a PCI function that was given
 * @bdf:	its name
 * @observed:	it is looked at, but never touched
 * @acted:	the current step unbinds or removes it
 * @away:	it has no driver just now
 * @reloads:	how often its driver was reloaded
 * @removes:	how often it was removed
 * @looks:	how often it was looked at after a step it was no part of
 * @nr_start:	number of vectors at the start
 * @others:	users of its ITS device that are not given
 * @expected:	what must be seen of it after a step that it is part of
 * @placed:	what was seen after the last one, other steps must not change it
 * @now:	what was last seen of it
 * @planned:	which tests it takes part in
 * @test:	their results
 */
struct function {
	const char	*bdf;
	bool		observed;
	bool		acted;
	bool		away;
	unsigned int	reloads;
	unsigned int	removes;
	unsigned int	looks;
	unsigned int	nr_start;
	unsigned int	others;
	struct its_state expected;
	struct its_state placed;
	struct its_state now;
	bool		planned[NR_KINDS];
	struct its_test	test[NR_KINDS];
};

/* The last one has no name */
static struct function functions[MAX_FUNCTIONS + 1];
static unsigned int nr_functions;
static unsigned int nr_reloads = 16;
static unsigned int nr_removes = 4;
static unsigned int wait_ms = 10000;
static bool inject;

static void print_help(void)
{
	printf("Usage: " PROGRAM " [options] function...\n"
	       "Reload the drivers of PCI functions, remove and rescan the functions, and\n"
	       "check that their interrupts come back with the same EventIDs and LPIs.\n"
	       "\n"
	       "  function     a PCI function such as 0000:01:02.0, bound to its driver;\n"
	       "               only functions named here are ever unbound or removed\n"
	       "  -n reloads   cycles of unbind and bind, default 16\n"
	       "  -r removes   cycles of remove and rescan, default 4\n"
	       "  -o function  watch this one, without touching it\n"
	       "  -i           inject an interrupt into each vector, to see if it arrives;\n"
	       "               only for drivers that can bear it\n"
	       "  -w seconds   how long to wait for driver and devices, default 10\n"
	       "  -h           this text\n");
}

static void add_function(const char *bdf, bool observed)
{
	struct function *f;

	its_parse_bdf(PROGRAM, bdf);
	for (f = functions; f->bdf; f++) {
		if (!strcmp(f->bdf, bdf))
			its_bad_usage(PROGRAM, "%s is given twice", bdf);
	}
	if (nr_functions == MAX_FUNCTIONS)
		its_bad_usage(PROGRAM, "at most %d functions can be given",
			      MAX_FUNCTIONS);
	f = &functions[nr_functions++];
	f->bdf = bdf;
	f->observed = observed;
}

static void parse_options(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, ":n:r:o:w:ih")) != -1) {
		switch (opt) {
		case 'n':
			nr_reloads = its_parse_count(PROGRAM, opt, optarg, 0,
						     1000000);
			break;
		case 'r':
			nr_removes = its_parse_count(PROGRAM, opt, optarg, 0,
						     1000000);
			break;
		case 'o':
			add_function(optarg, true);
			break;
		case 'w':
			wait_ms = 1000 * its_parse_count(PROGRAM, opt, optarg,
							 1, 3600);
			break;
		case 'i':
			inject = true;
			break;
		case 'h':
			print_help();
			exit(KSFT_PASS);
		default:
			its_bad_option(PROGRAM, opt, optopt);
		}
	}
	for (; optind < argc; optind++)
		add_function(argv[optind], false);
	if (!nr_reloads && !nr_removes)
		its_bad_usage(PROGRAM, "-n 0 with -r 0 leaves nothing to test");
}

static void print_state(struct function *f, const char *action,
			unsigned int cycle)
{
	struct its_device device;

	its_read_device(&f->now, &device);
	ksft_print_msg("state %s %s %u vectors=%u enabled=%u ", f->bdf, action,
		       cycle, f->now.nr, f->now.enabled);
	printf("eventids=%s lpis=%s children=%u/%u reserved=%s\n",
	       its_eventids(&f->now).text, its_lpis(&f->now).text,
	       f->now.children.total, f->expected.children.total,
	       device.shown ? device.reserved.text : "-");
}

/* Of the functions that are given, those that use the ITS device of one */
static bool uses_device_of(const struct function *f, const struct function *user)
{
	return user->expected.device_id == f->expected.device_id &&
	       !strcmp(user->expected.domain, f->expected.domain) && !user->away;
}

static void check_device(struct function *f, unsigned int cycle, const char *when)
{
	unsigned int users = f->others, used = 0, reserved = 0;
	struct its_test *test = &f->test[DEVICE];
	struct its_device device;
	struct function *user;

	if (test->skip[0])
		return;
	test->ran = true;
	for (user = functions; user->bdf; user++) {
		if (!uses_device_of(f, user))
			continue;
		users++;
		used += user->nr_start;
		if (!user->expected.msix && user->nr_start > 1)
			reserved += its_roundup_pow_of_two(user->nr_start);
	}

	its_read_device(&f->expected, &device);
	if (device.exists != !!users || device.users != users)
		its_fail(test, "cycle %u, %s: expected %u users of the ITS device, %s with %u",
			 cycle, when, users,
			 device.exists ? "it is there" : "it is gone",
			 device.users);
	if (f->others)
		return;
	if (device.nr_used != used)
		its_fail(test, "cycle %u, %s: expected %u EventIDs used, seen %s",
			 cycle, when, used, device.used.text);
	if (device.nr_reserved != reserved)
		its_fail(test, "cycle %u, %s: expected %u EventIDs reserved, seen %s",
			 cycle, when, reserved, device.reserved.text);
}

/*
 * Wait until driver and devices are back. Vectors that are missing by then
 * don't come any more, and those at another place don't move.
 */
static void wait_for(struct function *f)
{
	unsigned long start = its_now_ms();
	unsigned long back = 0;

	for (;;) {
		unsigned long now = its_now_ms();

		if (its_is_back(f->bdf, &f->expected)) {
			if (!back)
				back = now;
			its_read_state(f->bdf, &f->now);
			if (f->now.nr == f->nr_start ||
			    now - back >= GRACE_MS)
				break;
		}
		if (its_stopped() || now - start >= wait_ms)
			break;
		its_sleep_ms(ITS_POLL_MS);
	}
	its_read_state(f->bdf, &f->now);
}

static void check_children(struct its_test *test, const char *when,
			   struct function *f)
{
	const struct its_children *expected = &f->expected.children;
	const struct its_children *now = &f->now.children;
	unsigned int i;

	if (its_same_children(expected, now))
		return;
	its_fail(test, "%s: expected %u devices below the function, %u are there after %u s",
		 when, expected->total, now->total, wait_ms / 1000);
	for (i = 0; i < expected->nr_subsystems; i++) {
		const char *subsystem = expected->subsystem[i].name;
		unsigned int nr = its_count_children(now, subsystem);

		if (nr != expected->subsystem[i].nr)
			its_fail(test, "%s: expected %u of subsystem %s, seen %u",
				 when, expected->subsystem[i].nr, subsystem,
				 nr);
	}
}

/* No vector of another function may be within this one's Multi-MSI block */
static void check_block_is_own(struct its_test *test, unsigned int cycle,
			       struct function *f)
{
	int block = its_roundup_pow_of_two(f->now.nr);
	struct function *other;
	unsigned int i;
	int first;

	if (!f->now.nr || f->now.msix)
		return;
	first = f->now.vec[0].lpi;

	for (other = functions; other->bdf; other++) {
		if (other == f)
			continue;
		for (i = 0; i < other->now.nr; i++) {
			int lpi = other->now.vec[i].lpi;

			if (lpi < first || lpi >= first + block)
				continue;
			its_fail(test, "cycle %u: LPI %d of %s is within its block, LPIs %d-%d",
				 cycle, lpi, other->bdf, first,
				 first + block - 1);
		}
	}
}

static void check_vectors(struct its_test *test, const char *when,
			  enum test_kind kind, unsigned int cycle,
			  struct function *f)
{
	bool alone = kind == RELOAD || kind == REMOVE;

	if (cycle > 1 || (alone && !its_moved_down(&f->expected, &f->now))) {
		its_check_same_vectors(test, when, &f->expected, &f->now);
		return;
	}

	if (f->now.nr != f->nr_start)
		its_fail(test, "%s: expected %u vectors, seen %u", when,
			 f->nr_start, f->now.nr);
	if (alone)
		ksft_print_msg("%s moved down into a hole, from EventIDs %s to %s\n",
			       f->bdf, its_eventids(&f->expected).text,
			       its_eventids(&f->now).text);
	memcpy(f->expected.vec, f->now.vec, sizeof(f->expected.vec));
	f->expected.nr = f->now.nr;
}

/* Look at a function that this cycle reloaded or removed */
static void check_acted(struct function *f, enum test_kind kind, unsigned int cycle)
{
	bool removed = kind == REMOVE || kind == REMOVE_ALL;
	struct its_test *test = &f->test[kind];
	char when[32];

	snprintf(when, sizeof(when), "cycle %u", cycle);
	wait_for(f);
	if (removed)
		print_state(f, "remove", ++f->removes);
	else
		print_state(f, "reload", ++f->reloads);

	if (strcmp(f->now.driver, f->expected.driver))
		its_fail(test, "%s: expected driver %s, seen %s", when,
			 f->expected.driver,
			 f->now.driver[0] ? f->now.driver : "none");
	its_check_layout(test, when, &f->now);
	check_vectors(test, when, kind, cycle, f);
	check_children(test, when, f);
	if (inject)
		its_check_arrival(test, when, &f->now);
	f->placed = f->now;
}

static void check_neighbours(const char *acted, enum test_kind kind,
			     unsigned int cycle)
{
	struct function *f;
	char when[128];

	snprintf(when, sizeof(when), "after cycle %u of %s, %s", cycle, acted,
		 kind_name[kind]);
	for (f = functions; f->bdf; f++) {
		struct its_test *test = &f->test[NEIGHBOUR];

		if (f->acted)
			continue;
		wait_for(f);
		print_state(f, "neighbour", ++f->looks);
		if (f->expected.on_its)
			its_check_layout(test, when, &f->now);
		its_check_same_vectors(test, when, &f->placed, &f->now);
		check_children(test, when, f);
		if (inject)
			its_check_arrival(test, when, &f->now);
	}
}

static void unbind_driver(struct function *f, enum test_kind kind, unsigned int cycle)
{
	char driver[sizeof(f->expected.driver)];

	f->acted = true;
	its_read_driver(f->bdf, driver, sizeof(driver));
	if (driver[0] && !its_unbind(f->bdf))
		its_fail(&f->test[kind], "cycle %u: cannot unbind %s: %s",
			 cycle, driver, strerror(errno));
	f->away = true;
	check_device(f, cycle, "unbound");
}

static void bind_driver(struct function *f, enum test_kind kind, unsigned int cycle)
{
	if (!its_bind(f->bdf, f->expected.driver))
		its_fail(&f->test[kind], "cycle %u: cannot bind %s: %s", cycle,
			 f->expected.driver, strerror(errno));
	f->away = false;
}

static void take_away(struct function *f, enum test_kind kind, unsigned int cycle)
{
	f->acted = true;
	if (its_present(f->bdf) && !its_write("1", ITS_PCI_DEV "/remove", f->bdf))
		its_fail(&f->test[kind], "cycle %u: cannot remove it: %s",
			 cycle, strerror(errno));
	f->away = true;
	check_device(f, cycle, "removed");
}

static bool rescan(void)
{
	return its_write("1", ITS_PCI "/rescan");
}

static void find_again(struct its_test *test, unsigned int cycle)
{
	struct function *f;

	if (!rescan())
		its_fail(test, "cycle %u: cannot rescan: %s", cycle,
			 strerror(errno));
	for (f = functions; f->bdf; f++)
		f->away = false;
}

static bool runs(const struct function *f, enum test_kind kind)
{
	return f->planned[kind] && !f->test[kind].skip[0];
}

/* A cycle is over: look at all, those that were touched first */
static void end_cycle(const char *acted, enum test_kind kind, unsigned int cycle)
{
	struct function *f;

	for (f = functions; f->bdf; f++) {
		if (f->acted)
			check_acted(f, kind, cycle);
	}
	check_neighbours(acted, kind, cycle);
	/* Now that it is known where all of them are */
	for (f = functions; f->bdf; f++) {
		if (f->acted) {
			check_block_is_own(&f->test[kind], cycle, f);
			check_device(f, cycle, "bound");
		}
		f->acted = false;
	}
}

static void reload(struct function *f)
{
	unsigned int cycle;

	if (!runs(f, RELOAD))
		return;
	for (cycle = 1; cycle <= nr_reloads && !its_stopped(); cycle++) {
		unbind_driver(f, RELOAD, cycle);
		bind_driver(f, RELOAD, cycle);
		end_cycle(f->bdf, RELOAD, cycle);
	}
}

static void remove_and_rescan(struct function *f)
{
	unsigned int cycle;

	if (!runs(f, REMOVE))
		return;
	for (cycle = 1; cycle <= nr_removes && !its_stopped(); cycle++) {
		take_away(f, REMOVE, cycle);
		find_again(&f->test[REMOVE], cycle);
		end_cycle(f->bdf, REMOVE, cycle);
	}
}

static bool any_runs(enum test_kind kind)
{
	struct function *f;

	for (f = functions; f->bdf; f++) {
		if (runs(f, kind))
			return true;
	}
	return false;
}

static void reload_all(enum test_kind kind)
{
	unsigned int cycle, i;
	struct function *f;

	if (!any_runs(kind))
		return;
	for (cycle = 1; cycle <= nr_reloads && !its_stopped(); cycle++) {
		for (f = functions; f->bdf; f++) {
			if (runs(f, kind))
				unbind_driver(f, kind, cycle);
		}
		for (i = 0; i < nr_functions; i++) {
			f = &functions[kind == REVERSE ? nr_functions - 1 - i :
							 i];
			if (f->acted)
				bind_driver(f, kind, cycle);
		}
		end_cycle("all", kind, cycle);
	}
}

static void reload_while_unbound(struct function *unbound, struct function *f)
{
	unsigned int cycle;

	if (unbound == f || !runs(unbound, GAP) || !runs(f, GAP))
		return;
	for (cycle = 1; cycle <= nr_reloads && !its_stopped(); cycle++) {
		unbind_driver(unbound, GAP, cycle);
		unbind_driver(f, GAP, cycle);
		bind_driver(f, GAP, cycle);
		bind_driver(unbound, GAP, cycle);
		end_cycle(f->bdf, GAP, cycle);
	}
}

static void remove_all(void)
{
	struct function *f, *last = NULL;
	unsigned int cycle;

	if (!any_runs(REMOVE_ALL))
		return;
	for (cycle = 1; cycle <= nr_removes && !its_stopped(); cycle++) {
		for (f = functions; f->bdf; f++) {
			if (!runs(f, REMOVE_ALL))
				continue;
			take_away(f, REMOVE_ALL, cycle);
			last = f;
		}
		find_again(&last->test[REMOVE_ALL], cycle);
		end_cycle("all", REMOVE_ALL, cycle);
	}
}

static void read_start(struct function *f)
{
	its_read_start(f->bdf, &f->expected);
	f->now = f->expected;
	f->placed = f->expected;
	f->nr_start = f->expected.nr;
}

static void skip(struct function *f, enum test_kind kind, const char *reason)
{
	snprintf(f->test[kind].skip, sizeof(f->test[kind].skip), "%s", reason);
}

static void skip_actions(struct function *f, const char *reason)
{
	enum test_kind kind;

	for (kind = 0; kind < NEIGHBOUR; kind++)
		skip(f, kind, reason);
	skip(f, DEVICE, reason);
}

static void skip_removes(struct function *f, const char *reason)
{
	skip(f, REMOVE, reason);
	skip(f, REMOVE_ALL, reason);
}

static void find_other_users(struct function *f)
{
	struct its_device device;
	struct function *user;

	its_read_device(&f->expected, &device);
	if (!device.shown)
		skip(f, DEVICE, "debugfs does not show ITS devices");
	f->others = device.users;
	for (user = functions; user->bdf; user++) {
		if (uses_device_of(f, user) && f->others)
			f->others--;
	}
}

/* Say why something cannot be done with a function */
static void find_reasons(struct function *f)
{
	char override[64];

	if (!f->expected.driver[0])
		skip_actions(f, "no driver is bound to it");
	else if (!f->expected.nr)
		skip_actions(f, "its driver uses neither MSI nor MSI-X");
	else if (!f->expected.on_its)
		skip_actions(f, "its interrupts don't belong to a GICv3 ITS");
	else if (its_count_children(&f->expected.children, "pci"))
		skip_removes(f, "there are PCI functions below it");
	else if (its_read(override, sizeof(override),
			  ITS_PCI_DEV "/driver_override", f->bdf) &&
		 override[0] && strcmp(override, "(null)"))
		skip_removes(f, "driver_override is set, a rescan would lose it");
}

static void plan_tests(void)
{
	unsigned int given = 0, planned = 0;
	struct function *f;
	enum test_kind kind;

	for (f = functions; f->bdf; f++)
		given += !f->observed;
	for (f = functions; f->bdf; f++) {
		f->planned[RELOAD] = !f->observed && nr_reloads;
		f->planned[REMOVE] = !f->observed && nr_removes;
		f->planned[FORWARD] = f->planned[RELOAD] && given > 1;
		f->planned[REVERSE] = f->planned[RELOAD] && given > 1;
		f->planned[GAP] = f->planned[RELOAD] && given > 1;
		f->planned[REMOVE_ALL] = f->planned[REMOVE] && given > 1;
		f->planned[NEIGHBOUR] = f->observed || given > 1;
		f->planned[DEVICE] = !f->observed;

		for (kind = 0; kind < NR_KINDS; kind++) {
			planned += f->planned[kind];
			snprintf(f->test[kind].name, sizeof(f->test[kind].name),
				 "%s %s", f->bdf, kind_name[kind]);
		}
	}
	/* And the one for the kernel's warnings */
	ksft_set_plan(planned + 1);
}

static void report_tests(void)
{
	struct function *f;
	enum test_kind kind;

	for (f = functions; f->bdf; f++) {
		for (kind = 0; kind < NR_KINDS; kind++) {
			if (f->planned[kind])
				its_report(&f->test[kind]);
		}
	}
}

static void restore(struct function *f)
{
	char driver[sizeof(f->expected.driver)];

	if (f->observed || !f->expected.driver[0])
		return;
	if (!its_present(f->bdf))
		rescan();
	its_read_driver(f->bdf, driver, sizeof(driver));
	if (strcmp(driver, f->expected.driver) &&
	    !its_bind(f->bdf, f->expected.driver))
		ksft_print_msg("cannot bind %s to %s again: %s\n", f->bdf,
			       f->expected.driver, strerror(errno));
	its_wait_until_back(f->bdf, &f->expected, wait_ms);
}

static void run_tests(void)
{
	struct function *f, *other;

	for (f = functions; f->bdf; f++)
		reload(f);
	for (f = functions; f->bdf; f++)
		remove_and_rescan(f);
	reload_all(FORWARD);
	reload_all(REVERSE);
	for (f = functions; f->bdf; f++) {
		for (other = functions; other->bdf; other++)
			reload_while_unbound(other, f);
	}
	remove_all();
}

int main(int argc, char **argv)
{
	bool warned_before;
	struct function *f;

	parse_options(argc, argv);
	ksft_print_header();
	if (!nr_functions)
		ksft_exit_skip("no PCI function was given, see " PROGRAM " -h\n");
	its_skip_unless_possible();
	for (f = functions; f->bdf; f++) {
		if (!its_present(f->bdf))
			ksft_exit_skip("there is no PCI function %s\n", f->bdf);
	}

	its_hold_signals();
	warned_before = its_kernel_warned();
	plan_tests();
	for (f = functions; f->bdf; f++)
		read_start(f);
	for (f = functions; f->bdf; f++) {
		find_other_users(f);
		find_reasons(f);
		print_state(f, "start", 0);
	}

	run_tests();
	for (f = functions; f->bdf; f++)
		restore(f);
	if (its_stopped())
		ksft_exit_fail_msg("stopped by a signal, the functions are bound again\n");

	report_tests();
	its_report_warnings(warned_before);
	ksft_finished();
}
