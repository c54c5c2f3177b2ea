// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is anything lost when there is no memory in the middle of an MSI or MSI-X
 * allocation?
 *
 * vfio-pci enables vectors over and over, and the kernel's fault injection lets
 * the first slab allocation of that fail, then the second one, and so on until it
 * goes through without a failure, and then the same with pages. Per-CPU memory is
 * hardly reached by it. The number of allocations is not always the same, some have
 * to grow a tree now and then, so one may be left out by chance. That is why it is
 * all done twice. What must hold each time, whether vectors were had or not:
 *
 * - Without vectors, no EventID is used or reserved for the function, where debugfs
 *   shows DeviceIDs.
 * - The next attempt gets the same EventIDs and LPIs as ever.
 *
 * What is allocated depends on what was there before:
 *
 * - Once a type of vectors was enabled, its interrupt domain and the DeviceID
 *   stay. Only interrupts are allocated.
 * - When the driver was bound again, they are created. After it was unbound,
 *   the DeviceID must be gone, or have one user less, likewise.
 *
 * Not tested is a change from MSI to MSI-X or back, which begins with the removal
 * of the DeviceID if nobody else uses it: free_lpi_range() needs memory to give LPIs
 * back. If it gets none, its caller warns and they are lost.
 *
 * Once the DeviceID is there, the ITS driver itself needs memory only for an IOMMU,
 * which has to let the messages through. So this is best run with one.
 *
 * Not all warnings tell of something that is lost: the kernel does without a file
 * of /proc/irq that it could not create, and warns when it removes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "its_vfio.h"

#define FAIL_NTH		"/proc/thread-self/fail-nth"
#define FAULT_DEBUGFS		"/sys/kernel/debug/"
/* Many times more than it takes: something else is wrong then */
#define MAX_STEPS		10000

enum kind { SLAB, PAGE, NR_KINDS };

static const char * const kind_name[NR_KINDS] = {
	[SLAB]	= "slab",
	[PAGE]	= "page",
};

/* Sleeping allocations fail as well, and nothing is printed about it */
static struct setting {
	const char	*name;
	const char	*value;
	char		old[32];
} settings[] = {
	{ .name = "failslab/ignore-gfp-wait", .value = "N" },
	{ .name = "failslab/cache-filter", .value = "N" },
	{ .name = "failslab/verbose", .value = "0" },
	{ .name = "fail_page_alloc/ignore-gfp-wait", .value = "N" },
	{ .name = "fail_page_alloc/ignore-gfp-highmem", .value = "N" },
	{ .name = "fail_page_alloc/min-order", .value = "0" },
	{ .name = "fail_page_alloc/verbose", .value = "0" },
};

static unsigned int nr_vectors = 3;
static unsigned int nr_rounds = 2;
static int fail_nth, kmsg;
static struct vfio vfio;
static enum vector_type type;
/* The vectors without failures, and the DeviceID without any */
static struct state expected;
static struct id_state without;

static const char about[] =
	"Bind a PCI function to vfio-pci, let each allocation of slabs and of pages fail in\n"
	"turn that enables MSI and MSI-X vectors, and check that nothing is lost. The function\n"
	"gets its driver back at the end. Needs a kernel with fault injection.\n";

static const struct number numbers[] = {
	{ 'm', &nr_vectors, 1, 32, "how many vectors to ask for" },
	{ 'r', &nr_rounds, 1, 1000000, "how often to go through all failures" },
	{ }
};

static void write_setting(const char *name, const char *value)
{
	if (!write_text(value, FAULT_DEBUGFS "%s", name))
		complain("writing " FAULT_DEBUGFS "%s: %s", name, strerror(errno));
}

/* What it was is kept for the end */
static void set_failures(void)
{
	struct setting *set;

	for (set = settings; set < settings + ARRAY_SIZE(settings); set++) {
		read_text(set->old, sizeof(set->old), FAULT_DEBUGFS "%s", set->name);
		write_setting(set->name, set->value);
	}
}

static void restore_failures(void)
{
	struct setting *set;

	for (set = settings; set < settings + ARRAY_SIZE(settings); set++)
		write_setting(set->name, set->old);
}

/*
 * One kind at a time: a slab may take a new page in any allocation, which would
 * count, and in the next attempt it would not. Some allocation would never fail.
 */
static void let_fail(enum kind kind)
{
	write_setting("failslab/cache-filter", kind == SLAB ? "N" : "Y");
	write_setting("fail_page_alloc/min-order", kind == PAGE ? "0" : "31");
}

/* Let the nth allocation that can fail in this thread from now on do so, 0 is none */
static void write_fail_nth(unsigned int nth)
{
	char text[16];
	int len;

	len = snprintf(text, sizeof(text), "%u", nth);
	if (pwrite(fail_nth, text, len, 0) != len)
		complain("writing " FAIL_NTH ": %s", strerror(errno));
}

/* How many before the one that fails, 0 when it has */
static unsigned int read_fail_nth(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 0)
		complain("reading " FAIL_NTH ": %s", strerror(errno));
	return strtoul(text, NULL, 10);
}

/* Look at what the kernel has printed since the last time, as far as it is still there */
static void check_warnings(const char *when)
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
		text = strchr(record, ';');
		if (!text)
			continue;
		if (!strstr(text, ": removing non-empty directory ") &&
		    (strncmp(text, ";WARNING: ", 10) || strstr(text, " remove_proc_entry+")))
			continue;
		text[strcspn(text, "\n")] = '\0';
		complain("%s: %s", when, text + 1);
	}
}

/* Returns why not */
static const char *bind_again(const char *when)
{
	struct id_state id;

	vfio_close(&vfio);
	if (!unbind_driver(vfio.bdf))
		return "cannot unbind vfio-pci";
	read_id(&expected, &id);
	if (id.exists != without.exists || id.users != without.users)
		complain("%s: without driver, expected %u users of the DeviceID, seen %u",
			 when, without.users, id.users);
	return vfio_bind_again(&vfio);
}

/* The EventIDs must be those that others use, who share the DeviceID */
static void check_unused(const char *when)
{
	static struct state state;
	struct id_state id;

	read_state(vfio.bdf, &state);
	if (state.nr)
		complain("%s: %u vectors are left", when, state.nr);
	read_id(&expected, &id);
	if (strcmp(id.used.text, without.used.text) ||
	    strcmp(id.reserved.text, without.reserved.text))
		complain("%s: expected EventIDs [%s] used, [%s] reserved, seen [%s] and [%s]",
			 when, without.used.text, without.reserved.text, id.used.text,
			 id.reserved.text);
	if (id.users != without.users && id.users != without.users + 1)
		complain("%s: expected %u or %u users of the DeviceID, seen %u", when,
			 without.users, without.users + 1, id.users);
	/* What is lost once is said once */
	without.used = id.used;
	without.reserved = id.reserved;
}

/*
 * The kernel may have done without a file in debugfs, which is where the LPI and
 * the EventID of a vector are seen. The numbers are there in any case.
 */
static void check_vectors(const char *when)
{
	static struct state state;
	struct id_state id;

	read_state(vfio.bdf, &state);
	read_id(&expected, &id);
	if (state.nr != nr_vectors)
		complain("%s: seen %u in msi_irqs", when, state.nr);
	if (id.shown && count_list(&id.used) != count_list(&without.used) + nr_vectors)
		complain("%s: EventIDs %s are used", when, id.used.text);
	if (!state.on_its)
		return;
	check_layout(when, &state);
	check_same_vectors(when, &expected, &state);
}

/* What is to be had, and disabled again, when nothing fails */
static bool read_vectors(const char *when, struct state *state)
{
	unsigned int granted = vfio_enable(&vfio, type, nr_vectors);

	read_state(vfio.bdf, state);
	if (granted == nr_vectors)
		check_layout(when, state);
	else
		complain("%s: only %u vectors are to be had", when, granted);
	vfio_disable(&vfio, type);
	return granted == nr_vectors;
}

/* Returns how many failures were injected, 0 when there is no point in going on */
static unsigned int check_failures(bool bind, enum kind kind)
{
	unsigned int nth, granted, injected;
	static struct state state;
	const char *reason;
	char when[32];

	let_fail(kind);
	for (nth = 1; nth <= MAX_STEPS; nth++) {
		snprintf(when, sizeof(when), "%s failure %u", kind_name[kind], nth);
		reason = bind ? bind_again(when) : NULL;
		if (reason) {
			complain("%s: %s", when, reason);
			return 0;
		}

		write_fail_nth(nth);
		granted = vfio_enable(&vfio, type, nr_vectors);
		injected = !read_fail_nth();
		write_fail_nth(0);

		if (granted == nr_vectors) {
			check_vectors(when);
			vfio_disable(&vfio, type);
		} else if (!injected) {
			complain("%s: only %u vectors without it", when, granted);
		}
		check_unused(when);
		check_warnings(when);
		if (!injected)
			return nth - 1;

		if (!read_vectors(when, &state))
			return 0;
		check_same_vectors(when, &expected, &state);
		/* Those that were lost are not missed again */
		expected = state;
		check_unused(when);
	}
	complain("after %u %s failures there are still more", MAX_STEPS, kind_name[kind]);
	return 0;
}

static void check_all_failures(bool bind)
{
	unsigned int round, nr, total = 0;
	enum kind kind;

	for (round = 0; round < nr_rounds; round++) {
		for (kind = 0; kind < NR_KINDS; kind++) {
			nr = check_failures(bind, kind);
			if (!nr && kind == SLAB)
				complain("no failure was injected");
			total += nr;
		}
	}
	ksft_print_msg("%s %s IOMMU\n", vfio.bdf, vfio.noiommu ? "without" : "with");
	ksft_print_msg("failures=%u\n", total);
}

FIXTURE(failures) {
};

FIXTURE_VARIANT(failures) {
	enum vector_type	type;
};

FIXTURE_VARIANT_ADD(failures, msi) {
	.type	= MSI,
};

FIXTURE_VARIANT_ADD(failures, msix) {
	.type	= MSIX,
};

FIXTURE_SETUP(failures)
{
	const char *reason = NULL;

	type = variant->type;
	fail_nth = open(FAIL_NTH, O_RDWR);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	/* From here on, what the kernel says counts */
	if (fail_nth < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		SKIP(return, "cannot open " FAIL_NTH " or /dev/kmsg");
	if (vfio_take(&vfio))
		reason = vfio_open(&vfio);
	if (!reason && !nr_complaints && vfio_count(&vfio, type) < nr_vectors)
		reason = "the function has fewer";
	if (!reason && !nr_complaints && read_vectors("without a failure", &expected)) {
		/* What others have on the DeviceID, if any */
		vfio_close(&vfio);
		if (!unbind_driver(vfio.bdf))
			complain("%s: cannot unbind vfio-pci", vfio.bdf);
		read_id(&expected, &without);
		reason = vfio_bind_again(&vfio);
		if (reason)
			complain("%s: a second time: %s", vfio.bdf, reason);
	}
	if (reason || nr_complaints) {
		vfio_give_back(&vfio);
		ASSERT_EQ(0U, nr_complaints);
		SKIP(return, "%s: %s", vfio.bdf, reason);
	}
	set_failures();
}

FIXTURE_TEARDOWN(failures)
{
	restore_failures();
	vfio_give_back(&vfio);
	check_warnings("driver");
	EXPECT_EQ(0U, nr_complaints);
}

TEST_F_TIMEOUT(failures, again, TIMEOUT_S)
{
	check_all_failures(false);
}

TEST_F_TIMEOUT(failures, after_bind, TIMEOUT_S)
{
	check_all_failures(true);
}

int main(int argc, char **argv)
{
	const char *reason;
	struct given given;

	parse_options(argc, argv, about, numbers, &given, 1);
	reason = vfio_choose(&vfio, given.bdf);
	if (!reason && !may_be_on_its(given.bdf))
		reason = "its vectors are not on a GICv3 ITS";
	if (reason)
		ksft_exit_skip("%s: %s\n", given.bdf, reason);
	if (access(FAIL_NTH, F_OK) || access(FAULT_DEBUGFS "failslab", F_OK) ||
	    access(FAULT_DEBUGFS "fail_page_alloc", F_OK))
		ksft_exit_skip("no fault injection: CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC?\n");
	if (!access(FAULT_DEBUGFS "fail_usercopy", F_OK))
		ksft_exit_skip("CONFIG_FAULT_INJECTION_USERCOPY lets other things fail first\n");
	return test_harness_run(1, argv);
}
