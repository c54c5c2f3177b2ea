// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is anything lost when there is no memory in the middle of an MSI or MSI-X
 * allocation?
 *
 * vfio-pci enables vectors over and over, and the kernel's fault injection lets
 * the first memory allocation of that fail, then the second one, and so on until
 * it goes through without a failure. The number of allocations is not always the
 * same, some have to grow a tree now and then, so one may be left out by chance.
 * That is why it is all done twice. What must hold each time, whether vectors were
 * had or not:
 *
 * - Without vectors, no EventID is used or reserved for the function.
 * - The next attempt gets the same EventIDs and LPIs as ever.
 *
 * What is allocated depends on what was there before:
 *
 * - Once a type of vectors was enabled, its interrupt domain and the ITS device
 *   stay. Only interrupts are allocated.
 * - When the other type was enabled last, its domain and the ITS device are
 *   removed and created anew.
 * - When the driver was bound again, they are created. After it was unbound,
 *   the function must have no ITS device, or one user less.
 *
 * In the middle of an allocation, the ITS driver itself needs memory only for an
 * IOMMU, which has to let the messages through. So this is best run with one.
 *
 * A kernel may cope with a failure, a name in debugfs is no reason to give up.
 *
 * Not all warnings tell of something that is lost: the kernel does without a file
 * of /proc/irq that it could not create, and warns when it removes it. These are
 * counted, and are an expected failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "its_vfio.h"

#define PROGRAM			"its_msi_fail"
#define FAIL_NTH		"/proc/thread-self/fail-nth"
#define FAULT_DEBUGFS		"/sys/kernel/debug/"
#define KMSG			"/dev/kmsg"
#define MAX_MSI			32
/* Many times more than it takes: something else is wrong then */
#define MAX_STEPS		10000

enum before { SAME, OTHER, BIND, NR_BEFORE };
enum kind { SLAB, PAGE, NR_KINDS };

static const char * const before_name[NR_BEFORE] = {
	[SAME]	= "again",
	[OTHER]	= "after the other type",
	[BIND]	= "after bind",
};

static const char * const kind_name[NR_KINDS] = {
	[SLAB]	= "slab",
	[PAGE]	= "page",
};

/**
 * struct setting - a setting of the kernel's fault injection
 * @name:	its file below FAULT_DEBUGFS
 * @value:	what it must be
 * @old:	what it was
 */
struct setting {
	const char	*name;
	const char	*value;
	char		old[32];
};

/* Sleeping allocations fail as well, and nothing is printed about it */
static struct setting settings[] = {
	{ .name = "failslab/ignore-gfp-wait", .value = "N" },
	{ .name = "failslab/cache-filter", .value = "N" },
	{ .name = "failslab/verbose", .value = "0" },
	{ .name = "fail_page_alloc/ignore-gfp-wait", .value = "N" },
	{ .name = "fail_page_alloc/ignore-gfp-highmem", .value = "N" },
	{ .name = "fail_page_alloc/min-order", .value = "0" },
	{ .name = "fail_page_alloc/verbose", .value = "0" },
};

/**
 * struct outcome - what came of the failures
 * @failed:	so many times there were no vectors
 * @coped:	so many times there were
 */
struct outcome {
	unsigned int	failed;
	unsigned int	coped;
};

/**
 * struct request - a number of vectors that is asked for
 * @type:	their type
 * @n:		the number
 * @test:	the results, by what was there before
 */
struct request {
	enum vector_type	type;
	unsigned int		n;
	struct its_test		test[NR_BEFORE];
};

static struct request requests[] = {
	{ .type = MSI,  .n = 3 },
	{ .type = MSI,  .n = 5 },
	{ .type = MSIX, .n = 3 },
};

static const char *bdf;
static unsigned int nr_requests = ARRAY_SIZE(requests);
static unsigned int nr_msi;
static unsigned int nr_rounds = 2;
static int fail_nth = -1, kmsg = -1;
static unsigned int nr_warnings, nr_proc_warnings;
static struct its_vfio vfio;
static struct its_test given_back;
/* The vectors of a request without failures, and the ITS device without any */
static struct its_state expected;
static struct its_device without;

static void print_help(void)
{
	printf("Usage: " PROGRAM " [options] function\n"
	       "Bind a PCI function to vfio-pci, let each memory allocation of enabling MSI and\n"
	       "MSI-X vectors fail in turn, and check that nothing is lost. The function gets its\n"
	       "driver back at the end. Needs a kernel with fault injection.\n"
	       "\n"
	       "  function   a PCI function such as 0000:01:02.0, nothing else is touched\n"
	       "  -m number  how many MSIs to ask for, default 3, then 5\n"
	       "  -r rounds  how often to go through all failures, default 2\n"
	       "  -h         this text\n");
}

static void parse_options(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, ":m:r:h")) != -1) {
		switch (opt) {
		case 'm':
			nr_msi = its_parse_count(PROGRAM, opt, optarg, 1,
						 MAX_MSI);
			break;
		case 'r':
			nr_rounds = its_parse_count(PROGRAM, opt, optarg, 1,
						    1000000);
			break;
		case 'h':
			print_help();
			exit(KSFT_PASS);
		default:
			its_bad_option(PROGRAM, opt, optopt);
		}
	}
	if (argc - optind > 1)
		its_bad_usage(PROGRAM, "one function is tested at a time, '%s' is too much",
			      argv[optind + 1]);
	if (optind < argc) {
		bdf = argv[optind];
		its_parse_bdf(PROGRAM, bdf);
	}
}

static void skip_unless_failures(void)
{
	char text[32];
	size_t i;

	fail_nth = open(FAIL_NTH, O_RDWR);
	if (fail_nth < 0)
		ksft_exit_skip("no " FAIL_NTH ": CONFIG_FAULT_INJECTION?\n");
	kmsg = open(KMSG, O_RDONLY | O_NONBLOCK);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		ksft_exit_skip("cannot read " KMSG ": CONFIG_PRINTK?\n");
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (!its_read(text, sizeof(text), FAULT_DEBUGFS "%s",
			      settings[i].name))
			ksft_exit_skip("no %s%s: CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC?\n",
				       FAULT_DEBUGFS, settings[i].name);
	}
}

static void set_failures(void)
{
	struct setting *set;

	for (set = settings; set < settings + ARRAY_SIZE(settings); set++) {
		its_read(set->old, sizeof(set->old), FAULT_DEBUGFS "%s",
			 set->name);
		its_write(set->value, FAULT_DEBUGFS "%s", set->name);
	}
}

static void restore_failures(void)
{
	struct setting *set;

	for (set = settings; set < settings + ARRAY_SIZE(settings); set++)
		its_write(set->old, FAULT_DEBUGFS "%s", set->name);
}

/*
 * One kind at a time: a slab may take a new page in any allocation, which would
 * count, and in the next attempt it would not. Some allocation would never fail.
 */
static void let_fail(enum kind kind)
{
	its_write(kind == SLAB ? "N" : "Y", FAULT_DEBUGFS "failslab/cache-filter");
	its_write(kind == PAGE ? "0" : "31", FAULT_DEBUGFS "fail_page_alloc/min-order");
}

/* Let the nth memory allocation of this thread from now on fail, 0 is none */
static void write_fail_nth(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fail_nth, text, len, 0) != len)
		ksft_print_msg("writing " FAIL_NTH ": %s\n", strerror(errno));
}

/* How many memory allocations before the one that fails, 0 when it has */
static unsigned int read_fail_nth(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 0)
		ksft_print_msg("reading " FAIL_NTH ": %s\n", strerror(errno));
	return strtoul(text, NULL, 10);
}

/* Look at what the kernel has printed since the last time */
static void check_warnings(const struct its_test *test, const char *when)
{
	char record[8192];
	char *text;
	ssize_t len;

	for (;;) {
		len = read(kmsg, record, sizeof(record) - 1);
		/* Some were lost, the next read has the oldest that there is */
		if (len < 0 && errno == EPIPE)
			continue;
		if (len <= 0)
			return;
		record[len] = '\0';
		text = strstr(record, ";WARNING: ");
		if (!text)
			continue;
		if (strstr(text, " remove_proc_entry+")) {
			nr_proc_warnings++;
			continue;
		}
		nr_warnings++;
		text[strcspn(text, "\n")] = '\0';
		ksft_print_msg("%s: %s: %s\n", test->name, when, text + 1);
	}
}

/* Returns why not */
static const char *bind_again(struct its_test *test, const char *when)
{
	struct its_device device;

	its_vfio_close(&vfio);
	if (!its_unbind(bdf))
		return "cannot unbind vfio-pci";
	its_read_device(&expected, &device);
	if (device.exists && !without.exists)
		its_fail(test, "%s: without driver, its ITS device is still there",
			 when);
	else if (device.users != without.users)
		its_fail(test, "%s: without driver, expected %u users of the ITS device, seen %u",
			 when, without.users, device.users);
	without.exists = device.exists;
	if (!its_vfio_bind(&vfio))
		return "cannot bind it to vfio-pci again";
	return its_vfio_open(&vfio);
}

/* The EventIDs must be those that others use, who share the DeviceID */
static void check_unused(struct its_test *test, const char *when)
{
	static struct its_state state;
	struct its_device device;

	its_read_state(bdf, &state);
	if (state.nr)
		its_fail(test, "%s: %u vectors are left", when, state.nr);
	its_read_device(&expected, &device);
	if (strcmp(device.used.text, without.used.text))
		its_fail(test, "%s: expected EventIDs [%s] used, seen [%s]",
			 when, without.used.text, device.used.text);
	if (strcmp(device.reserved.text, without.reserved.text))
		its_fail(test, "%s: expected EventIDs [%s] reserved, seen [%s]",
			 when, without.reserved.text, device.reserved.text);
	if (device.users != without.users && device.users != without.users + 1)
		its_fail(test, "%s: expected %u or %u users of the ITS device, seen %u",
			 when, without.users, without.users + 1, device.users);

	/* What is lost once is said once */
	without.nr_used = device.nr_used;
	without.used = device.used;
	without.reserved = device.reserved;
}

/* Those that were lost are not missed again */
static void check_same_vectors(struct its_test *test, const char *when,
			       const struct its_state *state)
{
	its_check_same_vectors(test, when, &expected, state);
	expected = *state;
}

/*
 * The kernel may have done without a file in debugfs, which is where the LPI and
 * the EventID of a vector are seen. The numbers are there in any case.
 */
static void check_vectors(struct its_test *test, const char *when,
			  unsigned int n)
{
	static struct its_state state;
	struct its_device device;

	its_read_state(bdf, &state);
	its_read_device(&expected, &device);
	if (state.nr != n)
		its_fail(test, "%s: expected %u in msi_irqs, seen %u", when, n,
			 state.nr);
	if (device.shown && device.nr_used != without.nr_used + n)
		its_fail(test, "%s: expected %u EventIDs used, seen %u", when,
			 without.nr_used + n, device.nr_used);
	if (!state.on_its)
		return;
	its_check_layout(test, when, &state);
	check_same_vectors(test, when, &state);
}

/* The state of the vectors, which are disabled again, when nothing fails */
static bool read_vectors(struct its_test *test, const char *when,
			 const struct request *request, struct its_state *state)
{
	unsigned int granted;

	granted = its_vfio_enable(&vfio, request->type, request->n);
	its_read_state(bdf, state);
	if (granted == request->n)
		its_check_layout(test, when, state);
	else
		its_fail(test, "%s: only %u vectors are to be had", when,
			 granted);
	its_vfio_disable(&vfio, request->type);
	return granted == request->n;
}

static const char *prepare(struct its_test *test, const char *when,
			   enum vector_type type, enum before before)
{
	enum vector_type other = type == MSI ? MSIX : MSI;

	if (before == BIND)
		return bind_again(test, when);
	if (before == OTHER) {
		if (!its_vfio_enable(&vfio, other, 1))
			its_fail(test, "%s: no %s is to be had", when,
				 its_type_name[other]);
		its_vfio_disable(&vfio, other);
	}
	return NULL;
}

/* Returns false when there is no point in going on */
static bool check_failures(struct request *request, enum before before,
			   enum kind kind, struct outcome *outcome)
{
	struct its_test *test = &request->test[before];
	unsigned int nth, granted, injected;
	static struct its_state state;
	const char *reason;
	char when[32];

	let_fail(kind);
	for (nth = 1; nth <= MAX_STEPS && !its_stopped(); nth++) {
		snprintf(when, sizeof(when), "%s failure %u", kind_name[kind], nth);
		reason = prepare(test, when, request->type, before);
		if (reason) {
			its_fail(test, "%s: %s", when, reason);
			return false;
		}

		write_fail_nth(nth);
		granted = its_vfio_enable(&vfio, request->type, request->n);
		injected = !read_fail_nth();
		write_fail_nth(0);

		if (granted == request->n) {
			check_vectors(test, when, request->n);
			its_vfio_disable(&vfio, request->type);
		} else if (!injected) {
			its_fail(test, "%s: only %u vectors without it", when,
				 granted);
		}
		check_unused(test, when);
		check_warnings(test, when);
		if (!injected)
			return true;
		if (granted == request->n)
			outcome->coped++;
		else
			outcome->failed++;

		if (!read_vectors(test, when, request, &state))
			return false;
		check_same_vectors(test, when, &state);
		check_unused(test, when);
	}
	if (nth > MAX_STEPS)
		its_fail(test, "after %u %s failures there are still more",
			 MAX_STEPS, kind_name[kind]);
	return false;
}

static void check_request(struct request *request, enum before before)
{
	struct its_test *test = &request->test[before];
	struct outcome outcome = { };
	unsigned int round;
	bool go_on = true;
	enum kind kind;

	if (test->skip[0] || its_stopped())
		return;
	test->ran = true;
	if (!read_vectors(test, "without a failure", request, &expected))
		return;
	for (round = 0; round < nr_rounds && go_on; round++) {
		for (kind = 0; kind < NR_KINDS && go_on; kind++)
			go_on = check_failures(request, before, kind, &outcome);
	}
	ksft_print_msg("%s: %u failures injected, %u failed, the kernel coped with %u\n",
		       test->name, outcome.failed + outcome.coped,
		       outcome.failed, outcome.coped);
}

static void prepare_tests(void)
{
	const char *reasons[NR_TYPES];
	enum vector_type type, other;
	struct request *request;
	enum before before;

	for (type = 0; type < NR_TYPES; type++)
		reasons[type] = its_vfio_cannot_test(&vfio, type);

	if (nr_msi) {
		requests[0].n = nr_msi;
		requests[1] = requests[--nr_requests];
	}
	for (request = requests; request < requests + nr_requests; request++) {
		type = request->type;
		other = type == MSI ? MSIX : MSI;
		for (before = 0; before < NR_BEFORE; before++) {
			struct its_test *test = &request->test[before];

			snprintf(test->name, sizeof(test->name), "%s %u %s, %s",
				 bdf, request->n, its_type_name[type],
				 before_name[before]);
			if (before == OTHER && reasons[other])
				its_skip(test, "the other type cannot be enabled");
			if (its_vfio_vectors(&vfio, type) < request->n)
				its_skip(test, "the function has fewer");
			if (reasons[type])
				its_skip(test, reasons[type]);
		}
	}
}

/* What others have on the ITS device, if any. Returns why that is unknown. */
static const char *read_without(void)
{
	enum vector_type type;

	for (type = 0; type < NR_TYPES; type++) {
		its_vfio_enable(&vfio, type, 1);
		its_read_state(bdf, &expected);
		its_vfio_disable(&vfio, type);
		if (expected.on_its)
			break;
	}
	its_vfio_close(&vfio);
	if (!its_unbind(bdf))
		return "cannot unbind vfio-pci";
	its_read_device(&expected, &without);
	if (!its_vfio_bind(&vfio))
		return "cannot bind it to vfio-pci again";
	return its_vfio_open(&vfio);
}

int main(int argc, char **argv)
{
	struct request *request;
	const char *reason;
	enum before before;
	bool warned_before;
	unsigned int i;

	parse_options(argc, argv);
	ksft_print_header();
	if (!bdf)
		ksft_exit_skip("no PCI function was given, see " PROGRAM " -h\n");
	its_skip_unless_possible();
	if (!its_present(bdf))
		ksft_exit_skip("there is no PCI function %s\n", bdf);
	its_vfio_skip_unless_possible(bdf);
	skip_unless_failures();

	its_hold_signals();
	warned_before = its_kernel_warned();
	reason = its_vfio_take(&vfio, bdf);
	if (!reason)
		reason = its_vfio_open(&vfio);
	for (i = 0; i < MAX_MSI; i++)
		vfio.events[i] = eventfd(0, EFD_NONBLOCK);
	if (!reason)
		reason = read_without();
	if (reason) {
		its_vfio_give_back(&vfio, &given_back);
		ksft_exit_skip("%s: %s\n", bdf, reason);
	}

	ksft_print_msg("%s %s\n", bdf,
		       vfio.noiommu ? "without IOMMU" : "with IOMMU");
	prepare_tests();
	/* And the function given back, kernel warnings */
	ksft_set_plan(nr_requests * NR_BEFORE + 2);
	set_failures();
	for (request = requests; request < requests + nr_requests; request++) {
		for (before = 0; before < NR_BEFORE; before++)
			check_request(request, before);
	}
	restore_failures();
	its_vfio_give_back(&vfio, &given_back);
	check_warnings(&given_back, "driver");
	if (its_stopped())
		ksft_exit_fail_msg("stopped by a signal, %s has its driver again\n",
				   bdf);

	for (request = requests; request < requests + nr_requests; request++) {
		for (before = 0; before < NR_BEFORE; before++)
			its_report(&request->test[before]);
	}
	its_report(&given_back);
	if (nr_warnings)
		ksft_test_result_fail("no kernel warning\n");
	else if (nr_proc_warnings)
		ksft_test_result_xfail("no kernel warning: %u about missing files of /proc/irq\n",
				       nr_proc_warnings);
	else
		its_report_warnings(warned_before);
	ksft_finished();
}
