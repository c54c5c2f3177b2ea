// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is anything lost when functions come and go in every way at the same time?
 *
 * Several processes reload the drivers of the functions, remove them and rescan
 * their buses, at random and without regard to one another, while another one takes
 * CPUs offline and online. Whatever happens meanwhile, when it is over:
 *
 * - All functions have their drivers again, all devices are there, and each function
 *   has as many vectors as before.
 * - When all drivers are unbound, the DeviceIDs of the functions are not in use.
 * - When the drivers are bound again one by one, in the order in which they were
 *   bound at the start, every vector has the EventID and the LPI that it had then.
 *   So there are neither EventIDs nor LPIs missing.
 */
#include <errno.h>
#include <getopt.h>
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
#define TIMEOUT_S	2000000

/**
 * struct function - a PCI function that was given
 * @bdf:	its name
 * @start:	what it had at the start
 * @now:	what it has at the end
 */
struct function {
	char		bdf[BDF_SIZE];
	struct state	start;
	struct state	now;
};

/* How often everything was done, by all processes together */
struct counts {
	unsigned int	reloads;
	unsigned int	removes;
	unsigned int	rescans;
	unsigned int	cpus;
};

static struct function functions[MAX_FUNCTIONS];
static struct function *end = functions;
static unsigned int nr_processes = 4;
static unsigned int seconds = 60;
static unsigned int seed;
static unsigned int nr_cpus;
static struct counts *counts;

static void print_help(void)
{
	printf("Usage: its_msi_soak [options] [function...]\n"
	       "Reload the drivers of PCI functions, remove and rescan them, all at random and at\n"
	       "the same time, with CPUs going offline and online. Then check that no EventID,\n"
	       "LPI or DeviceID is lost.\n"
	       "\n"
	       "  function      a PCI function such as 0000:01:02.0, bound to its driver. If none\n"
	       "                is given: all USB controllers and virtio entropy sources with MSIs\n"
	       "                on an ITS, unless they have a block device, a network interface or\n"
	       "                a terminal below them\n"
	       "  -t seconds    how long, default 60\n"
	       "  -p processes  how many do it at the same time, default 4\n"
	       "  -s seed       take the random decisions of a run that logged this seed\n"
	       "  -h            this text\n");
}

static void parse_options(int argc, char **argv)
{
	char found[MAX_FUNCTIONS][BDF_SIZE];
	unsigned int nr, i;
	int opt;

	seed = time(NULL) ^ getpid();
	while ((opt = getopt(argc, argv, "t:p:s:h")) != -1) {
		switch (opt) {
		case 't':
			seconds = parse_count(optarg, 1, 1000000);
			break;
		case 'p':
			nr_processes = parse_count(optarg, 1, 64);
			break;
		case 's':
			seed = parse_count(optarg, 0, UINT32_MAX);
			break;
		case 'h':
			print_help();
			exit(KSFT_PASS);
		default:
			exit(KSFT_FAIL);
		}
	}
	for (; optind < argc; optind++) {
		check_bdf(argv[optind]);
		if (end == functions + MAX_FUNCTIONS)
			bad_usage("at most %u functions can be given", MAX_FUNCTIONS);
		strcpy(end++->bdf, argv[optind]);
	}
	if (end > functions)
		return;
	nr = find_functions(found, MAX_FUNCTIONS);
	for (i = 0; i < nr; i++)
		strcpy(end++->bdf, found[i]);
}

static void count(unsigned int *nr)
{
	__atomic_add_fetch(nr, 1, __ATOMIC_RELAXED);
}

/* What fails here was undone by another process meanwhile, or will be done by it */
static void do_something(uint32_t *random)
{
	struct function *f = &functions[random_below(random, end - functions)];

	switch (random_below(random, 8)) {
	case 0:
		if (write_text("1", FUNCTION_SYSFS "/remove", f->bdf))
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

/* CPU 0 often cannot go. None can go or come while a PCI driver is being bound. */
static void change_cpus(uint32_t *random)
{
	unsigned int cpu = 1 + random_below(random, nr_cpus - 1);
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
		else if (nr_cpus > 1)
			change_cpus(&random);
		else
			break;
	}
	_exit(0);
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

/* Drivers ask for a number of vectors that depends on the number of CPUs */
static void bring_cpus_online(void)
{
	char online[8];
	unsigned int cpu;

	for (cpu = 1; cpu < nr_cpus; cpu++) {
		if (read_text(online, sizeof(online), CPU_ONLINE, cpu) &&
		    !strcmp(online, "0") && !write_text("1", CPU_ONLINE, cpu))
			complain("CPU %u stays offline: %s", cpu, strerror(errno));
	}
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
	char driver[32];

	for (f = functions; f < end; f++) {
		read_driver(f->bdf, driver, sizeof(driver));
		if (!driver[0])
			bind_driver(f->bdf, f->start.driver);
		if (!wait_until_back(f->bdf, &f->start, SOAK_WAIT_MS))
			complain("%s: driver or devices are not back", f->bdf);
		read_state(f->bdf, &f->now);
		if (f->now.nr != f->start.nr)
			complain("%s: expected %u vectors, seen %u", f->bdf, f->start.nr,
				 f->now.nr);
	}
}

static void check_gone(void)
{
	struct function *f;
	struct id_state id;

	for (f = functions; f < end; f++) {
		read_id(&f->start, &id);
		if (id.exists)
			complain("%s: its DeviceID has %u users and EventIDs %s", f->bdf,
				 id.users, id.used.text);
	}
}

FIXTURE(soak) {
	bool	warned;
};

FIXTURE_SETUP(soak)
{
	self->warned = kernel_warned();
}

FIXTURE_TEARDOWN(soak)
{
	EXPECT_EQ(0U, nr_complaints);
	EXPECT_EQ(self->warned, kernel_warned());
}

TEST_F_TIMEOUT(soak, nothing_is_lost, TIMEOUT_S)
{
	struct function *f;

	/* How they were bound at boot is not known, so bind them in a known order */
	bring_cpus_online();
	unbind_all();
	bind_all();
	for (f = functions; f < end; f++)
		f->start = f->now;

	ksft_print_msg("%u processes for %u s, seed %u\n", nr_processes, seconds, seed);
	run_processes();
	ksft_print_msg("reloads=%u removes=%u rescans=%u cpus=%u\n", counts->reloads,
		       counts->removes, counts->rescans, counts->cpus);

	bring_cpus_online();
	for (f = functions; f < end; f++)
		rescan_bus_of(f->bdf);
	bind_all();
	unbind_all();
	check_gone();
	bind_all();
	for (f = functions; f < end; f++)
		check_same_vectors(f->bdf, &f->start, &f->now);
}

int main(int argc, char **argv)
{
	const char *reason = cannot_look();
	struct function *f;

	parse_options(argc, argv);
	if (!reason && end == functions)
		reason = "no function was given, and none was found, see -h";
	if (reason)
		ksft_exit_skip("%s\n", reason);
	for (f = functions; f < end; f++) {
		if (!is_present(f->bdf))
			ksft_exit_skip("there is no PCI function %s\n", f->bdf);
		read_start(f->bdf, &f->start);
		if (!f->start.driver[0] || !f->start.on_its)
			ksft_exit_skip("%s has no driver with interrupts on a GICv3 ITS\n",
				       f->bdf);
	}
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		ksft_exit_fail_msg("no memory: %s\n", strerror(errno));
	nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	optind = 1;
	return test_harness_run(1, argv);
}
