// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is anything lost when functions come and go in every way at the same time?
 *
 * Several processes reload the drivers of the functions, remove them and rescan
 * their buses, at random and without regard to one another, while another one takes
 * CPUs offline and online. Whatever happens meanwhile, when it is over:
 *
 * - All functions have their drivers again, and all devices are there.
 * - When all drivers are unbound, the ITS devices of the functions are gone.
 * - When the drivers are bound again one by one, in the order in which they were
 *   bound at the start, every vector has the EventID and the LPI that it had then.
 *   So there are neither EventIDs nor LPIs missing.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "its_msi.h"

#define PROGRAM		"its_msi_soak"
#define MAX_FUNCTIONS	32
#define MAX_PROCESSES	64
#define CPU_ONLINE	"/sys/devices/system/cpu/cpu%u/online"
#define WAIT_MS		60000
#define MS_PER_S	1000

/**
 * struct function - a PCI function that was given
 * @bdf:	its name
 * @start:	what it had at the start
 * @now:	what it has at the end
 */
struct function {
	const char	*bdf;
	struct its_state start;
	struct its_state now;
};

/**
 * struct counts - how often everything was done, by all processes together
 * @reloads:	drivers that were unbound and bound again
 * @removes:	functions that were removed
 * @rescans:	scans of the bus
 * @cpus:	CPUs that went offline and came back
 */
struct counts {
	unsigned int	reloads;
	unsigned int	removes;
	unsigned int	rescans;
	unsigned int	cpus;
};

static struct function functions[MAX_FUNCTIONS];
static unsigned int nr_functions;
static unsigned int nr_processes = 4;
static unsigned int seconds = 60;
static unsigned int seed;
static unsigned int nr_cpus;
static struct counts *counts;

static struct its_test back = { .name = "drivers and devices are back" };
static struct its_test gone = { .name = "ITS devices are gone when nobody uses them" };
static struct its_test same = { .name = "EventIDs and LPIs are those of the start" };

static void print_help(void)
{
	printf("Usage: " PROGRAM " [options] function...\n"
	       "Reload the drivers of PCI functions, remove and rescan them, all at random and at\n"
	       "the same time, with CPUs going offline and online. Then check that no EventID,\n"
	       "LPI or ITS device is lost.\n"
	       "\n"
	       "  function      a PCI function such as 0000:01:02.0, bound to its driver\n"
	       "  -t seconds    how long, default 60\n"
	       "  -p processes  how many do it at the same time, default 4\n"
	       "  -s seed       take the random decisions of a run that logged this seed\n"
	       "  -h            this text\n");
}

static void parse_options(int argc, char **argv)
{
	int opt;

	seed = time(NULL) ^ getpid();
	while ((opt = getopt(argc, argv, ":t:p:s:h")) != -1) {
		switch (opt) {
		case 't':
			seconds = its_parse_count(PROGRAM, opt, optarg, 1,
						  1000000);
			break;
		case 'p':
			nr_processes = its_parse_count(PROGRAM, opt, optarg, 1,
						       MAX_PROCESSES);
			break;
		case 's':
			seed = its_parse_count(PROGRAM, opt, optarg, 0,
					       UINT32_MAX);
			break;
		case 'h':
			print_help();
			exit(KSFT_PASS);
		default:
			its_bad_option(PROGRAM, opt, optopt);
		}
	}
	for (; optind < argc; optind++) {
		its_parse_bdf(PROGRAM, argv[optind]);
		if (nr_functions == MAX_FUNCTIONS)
			its_bad_usage(PROGRAM, "at most %d functions can be given",
				      MAX_FUNCTIONS);
		functions[nr_functions++].bdf = argv[optind];
	}
}

static void count(unsigned int *nr)
{
	__atomic_add_fetch(nr, 1, __ATOMIC_RELAXED);
}

/*
 * Only the bus of the function, as its name has it. A scan of the bus above may
 * number the buses behind a bridge anew, and while it does, what sends an MSI
 * from there has a wrong DeviceID, and the MSI is lost.
 */
static bool rescan(const struct function *f)
{
	return its_write("1", "/sys/class/pci_bus/%.7s/rescan", f->bdf);
}

/* What fails here was undone by another process meanwhile, or will be done by it */
static void do_something(uint32_t *random)
{
	struct function *f = &functions[its_random(random, nr_functions)];

	switch (its_random(random, 8)) {
	case 0:
		if (its_write("1", ITS_PCI_DEV "/remove", f->bdf))
			count(&counts->removes);
		break;
	case 1:
		if (rescan(f))
			count(&counts->rescans);
		break;
	default:
		if (its_unbind(f->bdf) && its_bind(f->bdf, f->start.driver))
			count(&counts->reloads);
	}
}

/* CPU 0 often cannot go. None can go or come while a PCI driver is being bound. */
static void change_cpus(uint32_t *random)
{
	unsigned int cpu = 1 + its_random(random, nr_cpus - 1);
	bool went = its_write("0", CPU_ONLINE, cpu);

	if (its_write("1", CPU_ONLINE, cpu) && went)
		count(&counts->cpus);
}

static void run_process(unsigned int nr, unsigned long end)
{
	uint32_t random = seed + nr;

	while (its_now_ms() < end && !its_stopped()) {
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
	unsigned long end = its_now_ms() + seconds * MS_PER_S;
	unsigned int nr;
	int status;

	for (nr = 0; nr <= nr_processes; nr++) {
		pid_t child = fork();

		if (child < 0)
			ksft_exit_fail_msg("cannot fork: %s\n", strerror(errno));
		if (!child)
			run_process(nr, end);
	}
	while (wait(&status) > 0) {
		if (status)
			its_fail(&back, "a process ended with %#x", status);
	}
}

/* Drivers ask for a number of vectors that depends on the number of CPUs */
static void bring_cpus_online(void)
{
	char online[8];
	unsigned int cpu;

	for (cpu = 1; cpu < nr_cpus; cpu++) {
		if (its_read(online, sizeof(online), CPU_ONLINE, cpu) &&
		    !strcmp(online, "0") && !its_write("1", CPU_ONLINE, cpu))
			its_fail(&back, "CPU %u stays offline: %s", cpu,
				 strerror(errno));
	}
}

static void bind_driver(struct function *f)
{
	char driver[sizeof(f->start.driver)];

	its_read_driver(f->bdf, driver, sizeof(driver));
	if (!driver[0])
		its_bind(f->bdf, f->start.driver);
}

static void unbind_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_functions; i++)
		its_unbind(functions[i].bdf);
}

/* One by one, each with its devices, as the order decides about the EventIDs */
static void bind_all(struct its_test *test)
{
	struct function *f;

	for (f = functions; f < functions + nr_functions; f++) {
		bind_driver(f);
		if (!its_wait_until_back(f->bdf, &f->start, WAIT_MS))
			its_fail(test, "%s: driver or devices are not there after %u s",
				 f->bdf, WAIT_MS / MS_PER_S);
		its_read_state(f->bdf, &f->now);
	}
}

static void check_gone(void)
{
	struct its_device device;
	struct function *f;

	for (f = functions; f < functions + nr_functions; f++) {
		its_read_device(&f->start, &device);
		if (!device.shown)
			continue;
		gone.ran = true;
		if (device.exists)
			its_fail(&gone, "%s: its ITS device has %u users and EventIDs %s",
				 f->bdf, device.users, device.used.text);
	}
}

static void check_same(void)
{
	struct function *f;

	for (f = functions; f < functions + nr_functions; f++)
		its_check_same_vectors(&same, f->bdf, &f->start, &f->now);
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
	for (f = functions; f < functions + nr_functions; f++) {
		if (!its_present(f->bdf))
			ksft_exit_skip("there is no PCI function %s\n", f->bdf);
		its_read_start(f->bdf, &f->start);
		if (!f->start.driver[0] || !f->start.on_its)
			ksft_exit_skip("%s has no driver with interrupts on a GICv3 ITS\n",
				       f->bdf);
	}
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		ksft_exit_fail_msg("no memory: %s\n", strerror(errno));

	nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	its_hold_signals();
	warned_before = its_kernel_warned();
	bring_cpus_online();
	/* How they were bound at boot is not known, so bind them in a known order */
	unbind_all();
	bind_all(&back);
	for (f = functions; f < functions + nr_functions; f++)
		f->start = f->now;

	ksft_print_msg("%u processes for %u s, seed %u\n", nr_processes,
		       seconds, seed);
	run_processes();
	ksft_print_msg("reloads=%u removes=%u rescans=%u cpus=%u\n",
		       counts->reloads, counts->removes, counts->rescans,
		       counts->cpus);

	back.ran = true;
	bring_cpus_online();
	for (f = functions; f < functions + nr_functions; f++)
		rescan(f);
	bind_all(&back);
	unbind_all();
	check_gone();
	bind_all(&back);
	check_same();
	if (its_stopped())
		ksft_exit_fail_msg("stopped by a signal, the functions are bound again\n");

	ksft_set_plan(4);
	its_report(&back);
	its_report(&gone);
	its_report(&same);
	its_report_warnings(warned_before);
	ksft_finished();
}
