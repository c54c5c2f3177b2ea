// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is anything lost when functions come and go at random?
 *
 * Several processes reload the drivers of the functions, remove them and rescan
 * their buses, at random and without regard to one another. What takes away runs on
 * CPU 0, the rest on any. Another process takes CPUs offline and online. Whatever
 * happens meanwhile, when it is over:
 *
 * - All functions have their drivers again, and all devices are there.
 * - With its driver reloaded, each function has as many vectors as before.
 * - When all drivers are unbound, the DeviceIDs of the functions have the users that
 *   they had without them at the start.
 * - When the drivers are bound again one by one, in the order in which they were
 *   bound at the start, every vector has the EventID and the LPI that it had then.
 *   So no EventID is missing, and no LPI below those.
 *
 * That is a round. Each one has a seed of its own, which repeats its decisions, and has
 * to have done something of each kind, unless -n is given.
 *
 * A scan of a bus also finds what is behind its bridges, and while it numbers their
 * buses anew, MSIs from there are lost. So no function can be given that is on a bus
 * above that of another one.
 *
 * With -n, one process alone does so many steps instead, which the seed decides and no
 * clock, and looks at all functions after each. So every kernel is taken through the
 * same, and can be compared step by step. It does not wait: with a driver that is probed
 * asynchronously, or sets up its interrupts later, a step may be over too early.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "its_msi.h"

#define CPU_ONLINE	"/sys/devices/system/cpu/cpu%u/online"
#define SOAK_WAIT_MS	60000
#define MAX_PROCESSES	64
#define MAX_CPUS	4096
/* Of a name, such as 0000:01 */
#define BUS_LENGTH	7

/**
 * struct function - a PCI function that was given
 * @bdf:	its name
 * @start:	what it had at the start
 * @now:	what it has at the end of a round, or after a step
 * @vectors:	how many it had first of all
 * @others:	users of its DeviceID when no function has its driver
 * @bound:	after the steps so far, it has to have its driver
 * @removed:	one of them has removed it
 */
struct function {
	const char	*bdf;
	struct state	start;
	struct state	now;
	unsigned int	vectors;
	unsigned int	others;
	bool		bound;
	bool		removed;
};

/* How often everything was done in a round, by all processes together */
struct counts {
	unsigned int	reloads;
	unsigned int	removes;
	unsigned int	rescans;
	unsigned int	cpus;
};

static struct given given[MAX_FUNCTIONS];
static struct function functions[MAX_FUNCTIONS];
static struct function *end = functions;
static unsigned int nr_processes = 4;
static unsigned int nr_rounds = 1;
static unsigned int seconds = 60;
static unsigned int nr_steps;
static unsigned int seed;
/* Those that were online at the start, but CPU 0, which often cannot go */
static unsigned int cpus[MAX_CPUS], nr_cpus;
static struct counts *counts;

static const char about[] =
	"Reload the drivers of PCI functions, remove and rescan them, all at random and by\n"
	"several processes, with CPUs going offline and online. Then check that no EventID,\n"
	"LPI or DeviceID is lost. A function that was removed comes back without what was\n"
	"written to its files in sysfs.\n";

static const struct number numbers[] = {
	{ 't', &seconds, 1, 1000000, "seconds of a round" },
	{ 'r', &nr_rounds, 1, 1000000, "rounds" },
	{ 'p', &nr_processes, 1, MAX_PROCESSES, "how many processes do it at the same time" },
	{ 'n', &nr_steps, 0, 1000000, "steps of a round, one by one, in place of -t and -p" },
	{ 's', &seed, 0, UINT32_MAX, "the seed that a run logged, to repeat it, 0 for a new one" },
	{ }
};

static void count(unsigned int *nr)
{
	__atomic_add_fetch(nr, 1, __ATOMIC_RELAXED);
}

/* What fails here may have been undone by another process, or be done by it: no complaint */
static void do_something(uint32_t *random)
{
	struct function *f = &functions[random_below(random, end - functions)];

	switch (random_below(random, 8)) {
	case 0:
		if (remove_function(f->bdf))
			count(&counts->removes);
		break;
	case 1:
		if (rescan_bus_of(f->bdf))
			count(&counts->rescans);
		break;
	default:
		if (unbind_driver(f->bdf) && bind_driver(f->bdf, f->start.driver))
			count(&counts->reloads);
	}
}

/*
 * None can go or come while a PCI driver is being bound, so it may stay away until it is
 * chosen again.
 */
static void change_cpus(uint32_t *random)
{
	unsigned int cpu = cpus[random_below(random, nr_cpus)];
	bool went = write_text("0", CPU_ONLINE, cpu);

	if (write_text("1", CPU_ONLINE, cpu) && went)
		count(&counts->cpus);
}

static void run_process(unsigned int nr, unsigned long until)
{
	uint32_t random = seed + nr;

	while (now_ms() < until) {
		if (nr < nr_processes)
			do_something(&random);
		else if (nr_cpus)
			change_cpus(&random);
		else
			break;
	}
	_exit(0);
}

/* What has to come of it does not depend on what has: on another kernel it may be otherwise */
static struct function *do_step(uint32_t *random)
{
	struct function *f = &functions[random_below(random, end - functions)], *g;

	switch (random_below(random, 8)) {
	case 0:
		if (remove_function(f->bdf))
			count(&counts->removes);
		f->removed = true;
		f->bound = false;
		return f;
	case 1:
		if (rescan_bus_of(f->bdf))
			count(&counts->rescans);
		for (g = functions; g < end; g++) {
			if (!g->removed || strncmp(f->bdf, g->bdf, BUS_LENGTH))
				continue;
			g->removed = false;
			g->bound = true;
		}
		return NULL;
	case 2:
		if (nr_cpus)
			change_cpus(random);
		return NULL;
	case 3:
		unbind_driver(f->bdf);
		f->bound = false;
		return f;
	case 4:
		bind_driver(f->bdf, f->start.driver);
		f->bound = !f->removed;
		return f;
	default:
		unbind_driver(f->bdf);
		if (bind_driver(f->bdf, f->start.driver))
			count(&counts->reloads);
		f->bound = !f->removed;
		return f;
	}
}

/* One process more than asked for, which is the one for the CPUs */
static void run_processes(void)
{
	unsigned long until = now_ms() + seconds * 1000;
	unsigned int nr;
	int status;

	for (nr = 0; nr <= nr_processes; nr++) {
		pid_t child = fork();

		if (child < 0)
			complain("cannot fork: %s", strerror(errno));
		if (!child)
			run_process(nr, until);
	}
	while (wait(&status) > 0) {
		if (status)
			complain("a process ended with %#x", status);
	}
}

/* Who was left alone has the vectors that it had */
static void look(unsigned int step, struct function *touched)
{
	unsigned int complaints, wanted;
	static struct state before;
	struct function *f;

	for (f = functions; f < end; f++) {
		complaints = nr_complaints;
		before = f->now;
		read_state(f->bdf, &f->now);
		wanted = f->bound ? f->vectors : 0;
		if (f->now.nr != wanted)
			complain("%s: expected %u vectors after step %u, seen %u", f->bdf,
				 wanted, step, f->now.nr);
		if (f != touched && f->now.nr == before.nr)
			check_same_vectors(f->bdf, &before, &f->now);
		check_layout(f->bdf, &f->now);
		print_state(f->bdf, "step", step, complaints == nr_complaints ? "right" : "wrong",
			    &f->now, f->start.children);
	}
}

static void run_steps(void)
{
	uint32_t random = seed;
	struct function *f;
	unsigned int step;

	for (f = functions; f < end; f++) {
		f->bound = true;
		f->removed = false;
	}
	for (step = 1; step <= nr_steps; step++)
		look(step, do_step(&random));
}

static void check_counts(void)
{
	ksft_print_msg("reloads=%u removes=%u rescans=%u cpus=%u\n", counts->reloads,
		       counts->removes, counts->rescans, counts->cpus);
	/* With -n, how much is done was asked for */
	if (!nr_steps && (!counts->reloads || !counts->removes || !counts->rescans ||
			  (nr_cpus && !counts->cpus)))
		complain("too short: something of each kind has to be done in a round");
	memset(counts, 0, sizeof(*counts));
}

static bool is_online(unsigned int cpu)
{
	char online[8];

	return read_text(online, sizeof(online), CPU_ONLINE, cpu) && !strcmp(online, "1");
}

static void find_cpus(void)
{
	unsigned int cpu;

	for (cpu = 1; cpu < MAX_CPUS; cpu++) {
		if (is_online(cpu))
			cpus[nr_cpus++] = cpu;
	}
}

/* Some drivers ask for a number of vectors that depends on the number of CPUs */
static void bring_cpus_online(void)
{
	unsigned int i;

	for (i = 0; i < nr_cpus; i++) {
		if (!is_online(cpus[i]) && !write_text("1", CPU_ONLINE, cpus[i]))
			complain("CPU %u stays offline: %s", cpus[i], strerror(errno));
	}
}

static void check_back(struct function *f)
{
	if (wait_until_back(f->bdf, &f->start, SOAK_WAIT_MS))
		return;
	read_state(f->bdf, &f->now);
	complain("%s: expected driver %s and %u devices below it, seen %s and %u", f->bdf,
		 f->start.driver, f->start.children,
		 f->now.driver[0] ? f->now.driver : "none", f->now.children);
}

static void unbind_all(void)
{
	struct function *f;

	for (f = functions; f < end; f++)
		unbind_driver(f->bdf);
}

/* One by one, each with its devices, as the order decides about the EventIDs */
static void bind_all(void)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		/* It may have been bound while CPUs were away, with fewer vectors */
		unbind_driver(f->bdf);
		if (!bind_driver(f->bdf, f->start.driver))
			complain("%s: cannot bind it: %s", f->bdf, strerror(errno));
		check_back(f);
		read_when_back(f->bdf, &f->start, f->start.nr, &f->now);
		if (f->now.nr != f->start.nr)
			complain("%s: expected %u vectors, seen %u", f->bdf, f->start.nr,
				 f->now.nr);
	}
}

static void find_others(void)
{
	struct function *f;
	struct id_state id;

	for (f = functions; f < end; f++) {
		read_id(&f->start, &id);
		f->others = id.users;
	}
}

static void check_gone(void)
{
	struct function *f;
	struct id_state id;

	for (f = functions; f < end; f++) {
		read_id(&f->start, &id);
		if (id.users != f->others || id.exists != !!f->others)
			complain("%s: expected %u users of the DeviceID, seen %u, EventIDs %s",
				 f->bdf, f->others, id.users, id.used.text);
	}
}

/* Complaints are of one function, or of all */
static void print_states(const char *action, unsigned int round)
{
	const char *verdict = nr_complaints ? "wrong" : "right";
	struct function *f;

	for (f = functions; f < end; f++)
		print_state(f->bdf, action, round, verdict, &f->now, f->start.children);
}

FIXTURE(soak) {
	bool	warned;
};

FIXTURE_SETUP(soak)
{
	struct function *f;

	self->warned = kernel_warned();
	/* How they were bound at boot is not known, so bind them in a known order */
	unbind_all();
	find_others();
	bind_all();
	for (f = functions; f < end; f++)
		f->start = f->now;
	print_states("start", 0);
}

FIXTURE_TEARDOWN(soak)
{
	EXPECT_EQ(0U, nr_complaints);
	EXPECT_EQ(self->warned, kernel_warned());
}

static void run_round(void)
{
	struct function *f;

	if (nr_steps)
		run_steps();
	else
		run_processes();
	check_counts();
	bring_cpus_online();
	for (f = functions; f < end; f++) {
		rescan_bus_of(f->bdf);
		bind_driver(f->bdf, f->start.driver);
		check_back(f);
	}
	bind_all();
	unbind_all();
	check_gone();
	bind_all();
	for (f = functions; f < end; f++)
		check_same_vectors(f->bdf, &f->start, &f->now);
}

TEST_F_TIMEOUT(soak, nothing_is_lost, TIMEOUT_S)
{
	unsigned int round;

	for (round = 1; round <= nr_rounds; round++) {
		if (nr_steps)
			ksft_print_msg("round %u of %u: %u steps, seed %u\n", round, nr_rounds,
				       nr_steps, seed);
		else
			ksft_print_msg("round %u of %u: %u processes for %u s, seed %u\n", round,
				       nr_rounds, nr_processes, seconds, seed);
		run_round();
		print_states("soak", round);
		ASSERT_EQ(0U, nr_complaints)
			TH_LOG("seed %u: repeat it with -r 1 -t %u -p %u -n %u -s %u", seed,
			       seconds, nr_processes, nr_steps, seed);
		/* Each process has one of its own */
		seed += MAX_PROCESSES + 1;
	}
}

/* A path such as /sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0 has all buses above */
static void check_buses(void)
{
	struct function *f, *g;
	char path[PATH_MAX], link[PATH_MAX], bus[BUS_LENGTH + 3];

	for (f = functions; f < end; f++) {
		snprintf(path, sizeof(path), FUNCTION_SYSFS, f->bdf);
		if (!realpath(path, link))
			continue;
		*strrchr(link, '/') = '\0';
		for (g = functions; g < end; g++) {
			snprintf(bus, sizeof(bus), "/%.7s:", g->bdf);
			if (strstr(link, bus))
				bad_usage("%s is on a bus above that of %s", g->bdf, f->bdf);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned int nr, i;

	nr = parse_options(argc, argv, about, numbers, given, MAX_FUNCTIONS);
	if (!seed)
		seed = time(NULL) ^ getpid();
	for (i = 0; i < nr; i++, end++) {
		end->bdf = given[i].bdf;
		if (!is_present(end->bdf))
			ksft_exit_skip("there is no PCI function %s\n", end->bdf);
		read_start(end->bdf, given[i].children, &end->start);
		check_given(&given[i], &end->start);
		if (nr_complaints)
			ksft_exit_fail_msg("%s is not as it was given\n", end->bdf);
		end->vectors = end->start.nr;
		if (!end->start.driver[0] || !end->start.on_its)
			ksft_exit_skip("%s has no driver with interrupts on a GICv3 ITS\n",
				       end->bdf);
	}
	check_buses();
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		ksft_exit_fail_msg("no memory: %s\n", strerror(errno));
	find_cpus();
	return test_harness_run(1, argv);
}
