// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do the interrupts of PCI functions come back the same, however often and in
 * whatever order their drivers are reloaded, or they are removed and found again?
 *
 * What must hold of EventIDs and LPIs, for functions with a DeviceID of their
 * own as well as for those that share one behind a PCIe-to-PCI bridge:
 *
 * - A function has as many vectors as it is said to need, or as it had at first.
 * - Which EventIDs an allocation gets depends on what is in use on its DeviceID
 *   when it is made, and on nothing that was there before. So a function that is
 *   reloaded or removed by itself finds the hole that it left, cycle after cycle,
 *   and the same LPIs as long as nobody else takes or gives back some. It may move
 *   down, where something was freed: what leaks never moves anybody down.
 * - None of the other functions has a vector in a Multi-MSI block, its padding
 *   included. LPIs are unique in the system and go in step with the EventIDs of a
 *   DeviceID, so this can be seen without knowing who shares a DeviceID with whom.
 * - A function that nobody touched has all of its vectors where they were.
 * - Where debugfs shows DeviceIDs: each function that is bound and has had vectors
 *   is a user, and they go with the last of them. Those whose users are all given
 *   have the EventIDs of these and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "its_msi.h"

/* What is done in a cycle, as the observations of it are named */
enum action { RELOAD, REMOVE, SHARE, LATE, NEIGHBOUR, NR_ACTIONS };

static const char * const action_name[NR_ACTIONS] = {
	[RELOAD]	= "reload",
	[REMOVE]	= "remove",
	[SHARE]		= "share",
	[LATE]		= "late",
	[NEIGHBOUR]	= "neighbour",
};

/**
 * struct function - a PCI function that was given
 * @given:	what the command line says of it
 * @bdf:	its name
 * @wanted:	number of vectors that it must have, UNKNOWN until it is known
 * @absent:	it has not come yet
 * @acted:	the current cycle unbinds or removes it
 * @away:	it has no driver just now
 * @wrong:	something was complained about before it was looked at
 * @cycles:	how often it was looked at, by action
 * @others:	users of its DeviceID that are not given
 * @expected:	what must be seen of it when it comes back by itself
 * @placed:	what was seen of it last, steps without it must not change that
 * @now:	what is seen of it
 */
struct function {
	const struct given *given;
	const char	*bdf;
	int		wanted;
	bool		absent;
	bool		acted;
	bool		away;
	bool		wrong;
	unsigned int	cycles[NR_ACTIONS];
	unsigned int	others;
	struct state	expected;
	struct state	placed;
	struct state	now;
};

/* The memory is shared with the processes that the harness runs tests in */
static struct function *functions, *end;
static bool warned;
static unsigned int nr_reloads = 4, nr_removes = 2, nr_shares = 1;

static const char about[] =
	"Reload the drivers of PCI functions, remove and rescan the functions, and check\n"
	"that their interrupts come back with the same EventIDs and LPIs. A function with\n"
	"=n that is not there is waited for, 10 seconds: plug it in. One that was removed\n"
	"comes back without what was written to its files in sysfs.\n";

static const struct number numbers[] = {
	{ 'n', &nr_reloads, 0, 1000000, "cycles of unbind and bind" },
	{ 'r', &nr_removes, 0, 1000000, "cycles of remove and rescan" },
	{ 's', &nr_shares, 0, 1000000, "cycles of what one DeviceID for several depends on" },
	{ }
};

static bool is_bound(const struct function *f)
{
	return !f->absent && !f->away;
}

static bool same_id(const struct function *f, const struct function *user)
{
	return is_bound(user) && user->expected.device_id == f->expected.device_id &&
	       !strcmp(user->expected.domain, f->expected.domain);
}

/* Of a DeviceID: what the functions have that are given, and nothing else */
static void check_id(struct function *f, const char *when, bool looked)
{
	unsigned int users = f->others, unknown = 0, used = 0, reserved = 0;
	struct function *user;
	struct id_state id;

	if (f->expected.device_id == UNKNOWN)
		return;
	for (user = functions; user < end; user++) {
		/* One that never had vectors may be a user of any */
		unknown += is_bound(user) && user->expected.device_id == UNKNOWN;
		if (!same_id(f, user))
			continue;
		users++;
		used += user->now.nr;
		if (!user->now.msix && user->now.nr > 1)
			reserved += round_up_pow_of_two(user->now.nr);
	}

	read_id(&f->expected, &id);
	if (id.users < users || id.users > users + unknown || id.exists != !!id.users)
		complain("%s: expected %u users of the DeviceID, seen %u", when,
			 users, id.users);
	if (looked && !f->others && (count_list(&id.used) != used ||
				     count_list(&id.reserved) != reserved))
		complain("%s: expected %u EventIDs used, %u reserved, seen [%s] and [%s]",
			 when, used, reserved, id.used.text, id.reserved.text);
}

/* No vector of another function may be within this one's Multi-MSI block */
static void check_block_is_own(const char *when, const struct function *f)
{
	int first = f->now.vec[0].lpi, last = first + f->now.enabled - 1;
	const struct function *other;
	unsigned int i;

	if (!f->now.nr || f->now.msix || first == UNKNOWN)
		return;
	for (other = functions; other < end; other++) {
		if (other == f || !is_bound(other))
			continue;
		for (i = 0; i < other->now.nr; i++) {
			if (other->now.vec[i].lpi >= first && other->now.vec[i].lpi <= last)
				complain("%s: LPI %d of %s is within its block, LPIs %d-%d",
					 when, other->now.vec[i].lpi, other->bdf,
					 first, last);
		}
	}
}

/* No leak ever moves a function down */
static bool moved_down(const struct state *from, const struct state *to)
{
	unsigned int i;

	for (i = 0; i < to->nr; i++) {
		if (to->vec[i].eventid > from->vec[i].eventid ||
		    to->vec[i].lpi > from->vec[i].lpi)
			return false;
	}
	return from->nr == to->nr && from->msix == to->msix && !same_vectors(from, to);
}

/* Judge one function, and tell the verdict. With @moves, it may be at a new place. */
static void judge(struct function *f, enum action done, bool moves)
{
	unsigned int complaints = nr_complaints, cycle = ++f->cycles[done];
	char when[64];

	snprintf(when, sizeof(when), "%s %s %u", f->bdf, action_name[done], cycle);
	if (strcmp(f->now.driver, f->expected.driver))
		complain("%s: expected driver %s, seen %s", when, f->expected.driver,
			 f->now.driver[0] ? f->now.driver : "none");
	if (f->now.children != f->expected.children)
		complain("%s: expected %u devices below it, seen %u", when,
			 f->expected.children, f->now.children);
	check_layout(when, &f->now);
	check_block_is_own(when, f);
	check_id(f, when, true);
	if (f->now.nr != (unsigned int)f->wanted)
		complain("%s: expected %d vectors, seen %u, EventIDs %s", when,
			 f->wanted, f->now.nr, eventids_of(&f->now).text);
	else if (done == NEIGHBOUR)
		check_same_vectors(when, &f->placed, &f->now);
	else if (moves || f->expected.nr != f->now.nr || moved_down(&f->expected, &f->now))
		f->expected = f->now;
	else
		check_same_vectors(when, &f->expected, &f->now);
	f->placed = f->now;
	print_state(f->bdf, action_name[done], cycle,
		    f->wrong || complaints != nr_complaints ? "wrong" : "right",
		    &f->now, f->expected.children);
	f->wrong = false;
}

/* A cycle is over: judge all when it is known where they are */
static void end_cycle(enum action done, bool moves)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		if (!f->absent)
			read_when_back(f->bdf, &f->expected, f->wanted, &f->now);
	}
	for (f = functions; f < end; f++) {
		if (!f->absent)
			judge(f, f->acted ? done : NEIGHBOUR, moves);
		f->acted = false;
	}
}

static void check_done(struct function *f, const char *what, bool done)
{
	if (done)
		return;
	complain("%s: cannot %s: %s", f->bdf, what, strerror(errno));
	f->wrong = true;
}

static void go(struct function *f, bool remove)
{
	unsigned int complaints = nr_complaints;
	char when[64];

	f->acted = true;
	if (remove)
		check_done(f, "remove it", remove_function(f->bdf));
	else
		check_done(f, "unbind its driver", unbind_driver(f->bdf));
	f->away = true;
	snprintf(when, sizeof(when), "%s is %s", f->bdf, remove ? "removed" : "unbound");
	check_id(f, when, false);
	f->wrong |= complaints != nr_complaints;
}

static void come(struct function *f, bool removed)
{
	if (removed)
		check_done(f, "rescan its bus", rescan_bus_of(f->bdf));
	else
		check_done(f, "bind its driver", bind_driver(f->bdf, f->expected.driver));
	f->away = false;
}

static void go_all_but(struct function *one, bool remove)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		if (f != one)
			go(f, remove);
	}
}

static void come_all_but(struct function *one, bool removed)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		if (f != one)
			come(f, removed);
	}
}

/* What a test has left without driver gets it back, and where all are is known */
static void restore(void)
{
	struct function *f;
	char driver[32];

	for (f = functions; f < end; f++) {
		if (f->absent)
			continue;
		if (!is_present(f->bdf))
			rescan_bus_of(f->bdf);
		read_driver(f->bdf, driver, sizeof(driver));
		if (!driver[0])
			bind_driver(f->bdf, f->expected.driver);
		f->away = false;
		f->acted = false;
		wait_until_back(f->bdf, &f->expected, WAIT_MS);
		read_state(f->bdf, &f->now);
		if (f->now.nr)
			f->expected = f->now;
		f->placed = f->now;
	}
}

FIXTURE(all) {
};

FIXTURE_SETUP(all)
{
	warned = kernel_warned();
}

FIXTURE_TEARDOWN(all)
{
	restore();
	EXPECT_EQ(0U, nr_complaints);
	EXPECT_EQ(warned, kernel_warned());
}

/* What needs two functions, or more */
FIXTURE(several) {
};

FIXTURE_SETUP(several)
{
	warned = kernel_warned();
}

FIXTURE_TEARDOWN(several)
{
	restore();
	EXPECT_EQ(0U, nr_complaints);
	EXPECT_EQ(warned, kernel_warned());
}

static void start(struct function *f)
{
	read_start(f->bdf, f->given->children, &f->now);
	f->expected = f->now;
	f->placed = f->now;
}

static void find_others(struct function *f)
{
	struct function *user;
	struct id_state id;

	read_id(&f->expected, &id);
	f->others = id.users;
	for (user = functions; user < end; user++) {
		if (same_id(f, user) && f->others)
			f->others--;
	}
}

/* Before anything is done, they must have what they need */
TEST_F_TIMEOUT(all, start, TIMEOUT_S)
{
	unsigned int complaints;
	const char *verdict;
	struct function *f;

	for (f = functions; f < end; f++) {
		if (f->absent)
			continue;
		find_others(f);
		complaints = nr_complaints;
		check_given(f->given, &f->now);
		verdict = complaints == nr_complaints ? "right" : "wrong";
		if (f->wanted == UNKNOWN) {
			f->wanted = f->now.nr;
			verdict = "start";
		}
		print_state(f->bdf, "start", 0, verdict, &f->now, f->now.children);
	}
}

TEST_F_TIMEOUT(all, late, TIMEOUT_S)
{
	unsigned int complaints;
	unsigned long begin;
	struct function *f;

	for (f = functions; f < end; f++) {
		if (!f->absent)
			continue;
		ksft_print_msg("waiting for %s\n", f->bdf);
		fflush(stdout);
		begin = now_ms();
		do {
			sleep_ms(100);
			rescan_bus_of(f->bdf);
			read_driver(f->bdf, f->now.driver, sizeof(f->now.driver));
		} while (!f->now.driver[0] && now_ms() - begin < WAIT_MS);
		ASSERT_TRUE(f->now.driver[0])
			TH_LOG("%s did not come", f->bdf);
		f->absent = false;
		start(f);
		find_others(f);
		complaints = nr_complaints;
		check_given(f->given, &f->now);
		f->wrong = complaints != nr_complaints;
		f->acted = true;
		end_cycle(LATE, true);
	}
}

TEST_F_TIMEOUT(all, reload, TIMEOUT_S)
{
	struct function *f;
	unsigned int i;

	for (f = functions; f < end; f++) {
		for (i = 0; i < nr_reloads; i++) {
			go(f, false);
			come(f, false);
			end_cycle(RELOAD, false);
		}
	}
}

TEST_F_TIMEOUT(all, remove_and_rescan, TIMEOUT_S)
{
	struct function *f;
	unsigned int i;

	for (f = functions; f < end; f++) {
		for (i = 0; i < nr_removes; i++) {
			go(f, true);
			come(f, true);
			end_cycle(REMOVE, false);
		}
	}
}

/* The order in which they are bound decides where they go, each time again */
TEST_F_TIMEOUT(several, bind_in_order, TIMEOUT_S)
{
	unsigned int i;

	for (i = 0; i < nr_reloads; i++) {
		go_all_but(NULL, false);
		come_all_but(NULL, false);
		end_cycle(RELOAD, !i);
	}
}

TEST_F_TIMEOUT(several, bind_in_reverse_order, TIMEOUT_S)
{
	struct function *f;
	unsigned int i;

	for (i = 0; i < nr_reloads; i++) {
		go_all_but(NULL, false);
		for (f = end; f-- > functions;)
			come(f, false);
		end_cycle(RELOAD, !i);
	}
}

TEST_F_TIMEOUT(several, reload_while_another_is_unbound, TIMEOUT_S)
{
	struct function *f, *other;
	unsigned int i;

	for (f = functions; f < end; f++) {
		for (other = functions; other < end; other++) {
			for (i = 0; i < nr_reloads && other != f; i++) {
				go(other, false);
				go(f, false);
				come(f, false);
				come(other, false);
				end_cycle(RELOAD, !i);
			}
		}
	}
}

TEST_F_TIMEOUT(several, remove_all_and_rescan, TIMEOUT_S)
{
	unsigned int i;

	for (i = 0; i < nr_removes; i++) {
		go_all_but(NULL, true);
		come_all_but(NULL, true);
		end_cycle(REMOVE, !i);
	}
}

/* What a DeviceID has room for must not depend on who was there meanwhile */
TEST_F_TIMEOUT(several, remove_one_reload_others, TIMEOUT_S)
{
	struct function *f, *other;
	unsigned int i;

	for (i = 0; i < nr_shares; i++) {
		for (f = functions; f < end; f++) {
			go(f, true);
			for (other = functions; other < end; other++) {
				if (other == f)
					continue;
				go(other, false);
				come(other, false);
			}
			come(f, true);
			end_cycle(SHARE, true);

			/* And when nobody was there for a moment */
			go(f, true);
			go_all_but(f, false);
			come_all_but(f, false);
			come(f, true);
			end_cycle(SHARE, true);
		}
	}
}

/*
 * One comes first, then the others; the first one and another one go, and come
 * again the other way round: a single vector must not split what a block needs.
 */
TEST_F_TIMEOUT(several, swap_two, TIMEOUT_S)
{
	struct function *first, *f;
	unsigned int i;

	for (i = 0; i < nr_shares; i++) {
		for (first = functions; first < end; first++) {
			go_all_but(NULL, false);
			come(first, false);
			come_all_but(first, false);
			end_cycle(SHARE, true);
			for (f = functions; f < end; f++) {
				if (f == first)
					continue;
				go(first, false);
				go(f, false);
				come(f, false);
				come(first, false);
				end_cycle(SHARE, true);
			}
		}
	}
}

int main(int argc, char **argv)
{
	static struct given given[MAX_FUNCTIONS];
	unsigned int nr, i, nr_args = 1;
	char *args[6] = { argv[0] };
	struct function *f;
	bool late = false;

	functions = mmap(NULL, MAX_FUNCTIONS * sizeof(*functions), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (functions == MAP_FAILED)
		ksft_exit_fail_msg("no memory: %s\n", strerror(errno));
	nr = parse_options(argc, argv, about, numbers, given, MAX_FUNCTIONS);
	end = functions + nr;
	for (i = 0; i < nr; i++) {
		f = &functions[i];
		f->given = &given[i];
		f->bdf = given[i].bdf;
		f->wanted = given[i].vectors;
		if (f->wanted != UNKNOWN && !is_present(f->bdf)) {
			f->absent = true;
			late = true;
			continue;
		}
		if (!is_present(f->bdf))
			ksft_exit_skip("there is no PCI function %s\n", f->bdf);
		start(f);
		if (!f->now.driver[0] && f->wanted > 0)
			ksft_exit_fail_msg("%s: expected %d vectors, seen no driver\n", f->bdf,
					   f->wanted);
		if (!f->now.driver[0] || (!f->now.nr && f->wanted <= 0) ||
		    (f->now.nr && !f->now.on_its))
			ksft_exit_skip("%s has no driver with vectors on a GICv3 ITS\n",
				       f->bdf);
	}

	if (nr < 2) {
		args[nr_args++] = "-F";
		args[nr_args++] = "several";
	}
	if (!late) {
		args[nr_args++] = "-T";
		args[nr_args++] = "late";
	}
	return test_harness_run(nr_args, args);
}
