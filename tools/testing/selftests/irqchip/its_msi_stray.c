// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a message that nobody should send reach somebody's handler?
 *
 * QEMU's edu device sends its MSI whenever a register is written. Without a
 * driver it is free for this program, which writes the MSI capability by hand:
 * the address of a neighbour's messages, and any EventID as data. Behind a
 * PCIe-to-PCI bridge all functions have the DeviceID of the bridge, so the ITS
 * cannot tell that the neighbour did not send it.
 *
 * Every EventID of the DeviceID is sent: as the functions were found, without
 * each one's driver, without any, and when they are bound again in the order
 * that they are given. In the last layout, vectors of the next function follow
 * a Multi-MSI block of the first one. What must hold each time:
 *
 * - An EventID in the padding of a Multi-MSI block, which the function is
 *   enabled to send but nobody asked for, reaches nobody.
 * - So does one that is free.
 * - So does one of a function whose driver is unbound, its padding included.
 * - Any other EventID reaches the handler of its vector, once, and no other.
 *   There may be none: drivers don't always request all of their vectors.
 *   This shows that the test sees what arrives.
 *
 * It reaches nobody when no interrupt of an ITS is handled, on no CPU, and none
 * is counted as spurious. Other interrupts may come at any time, so a message
 * is sent again if something else than expected is seen.
 *
 * An LPI that no driver has requested is disabled. So an EventID that is mapped
 * to such an LPI by mistake cannot be seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "its_msi.h"

#define PROGRAM			"its_msi_stray"
#define MAX_NEIGHBOURS		16
/* The data register of the MSI capability has 16 bits */
#define MAX_EVENTIDS		65536
#define MAX_TRIES		5
/* Time for a message that nobody should see to be seen nevertheless */
#define ARRIVE_MS		2
/* Time between two tries, for what disturbed the first one */
#define RETRY_MS		50
/* How long the driver may take to find the devices below a function */
#define WAIT_MS			10000
/* For drivers that set up interrupts after they are bound */
#define GRACE_MS		500

/* QEMU's edu device, from docs/specs/edu in QEMU's sources */
#define EDU_VENDOR_DEVICE	0x11e81234
#define EDU_ID			0x00
#define EDU_ID_MASK		0xff
#define EDU_ID_VALUE		0xed
#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64
#define EDU_IRQ			1

/* What is known of an EventID when it is sent */
enum kind { PADDING, FREE, USED, UNBOUND, NR_KINDS };

static const char * const kind_name[NR_KINDS] = {
	[PADDING]	= "padding",
	[FREE]		= "free",
	[USED]		= "used",
	[UNBOUND]	= "unbound",
};

static struct its_test tests[NR_KINDS] = {
	[PADDING]	= { .name = "padding reaches nobody" },
	[FREE]		= { .name = "free EventIDs reach nobody" },
	[USED]		= { .name = "used EventIDs reach exactly their handler" },
	[UNBOUND]	= { .name = "EventIDs of a function without driver reach nobody" },
};

/**
 * struct neighbour - a PCI function with the DeviceID of the edu function
 * @bdf:	its name
 * @unbound:	it has no driver just now
 * @start:	what was seen of it at the start
 * @now:	what was last seen of it while it had a driver
 */
struct neighbour {
	const char		*bdf;
	bool			unbound;
	struct its_state	start;
	struct its_state	now;
};

/**
 * struct edu - the function that sends the messages
 * @bdf:	its name
 * @bridge:	name of the bridge that it is behind
 * @config:	file of its config space
 * @saved:	its config space at the start
 * @cap:	offset of its MSI capability
 * @data:	offset of the message data register
 * @regs:	its registers
 */
struct edu {
	const char		*bdf;
	struct its_list		bridge;
	int			config;
	unsigned char		saved[PCI_CONFIG_SIZE];
	unsigned int		cap;
	unsigned int		data;
	uint32_t		*regs;
};

/**
 * struct outcome - what a message did
 * @nr:		how many interrupts were handled
 * @irq:	one of them
 * @times:	how often that one was handled
 * @spurious:	how many interrupts the kernel counted as spurious
 * @reached:	all that were handled, as text
 */
struct outcome {
	unsigned int	nr;
	unsigned int	irq;
	unsigned long	times;
	unsigned long	spurious;
	struct its_list	reached;
};

static struct edu edu = { .config = -1 };
/* The last one has no name */
static struct neighbour neighbours[MAX_NEIGHBOURS + 1];
static unsigned int nr_neighbours;
static unsigned int max_eventids = 64;

/* All vectors of the system that have an ITS, and their counts */
static struct its_state all;
static unsigned long counts[ITS_MAX_VECTORS];
/* Those of them that have the DeviceID of the edu function */
static struct its_state users;
/* Of the ITS device: how many EventIDs it has, and the LPI of the first one */
static unsigned int nr_eventids;
static int lpi_base;

static void print_help(void)
{
	printf("Usage: " PROGRAM " [options] edu-function neighbour...\n"
	       "Have QEMU's edu device send every EventID of the DeviceID that it shares with\n"
	       "its neighbours, and check that nothing but used EventIDs reaches a handler.\n"
	       "\n"
	       "  edu-function  the edu device, behind a PCIe-to-PCI bridge, without driver\n"
	       "  neighbour     a PCI function such as 0000:01:02.0 behind the same bridge,\n"
	       "                bound to its driver, which is unbound and bound again and\n"
	       "                must bear that its handlers are called for nothing; one of\n"
	       "                them should be a Multi-MSI function, best the first\n"
	       "  -m max        how many EventIDs to send where the kernel does not show how\n"
	       "                many there are, default 64\n"
	       "  -h            this text\n");
}

static void add_neighbour(const char *bdf)
{
	struct neighbour *n;

	its_parse_bdf(PROGRAM, bdf);
	if (!strcmp(bdf, edu.bdf))
		its_bad_usage(PROGRAM, "%s cannot be its own neighbour", bdf);
	for (n = neighbours; n->bdf; n++) {
		if (!strcmp(n->bdf, bdf))
			its_bad_usage(PROGRAM, "%s is given twice", bdf);
	}
	if (nr_neighbours == MAX_NEIGHBOURS)
		its_bad_usage(PROGRAM, "at most %d neighbours can be given",
			      MAX_NEIGHBOURS);
	neighbours[nr_neighbours++].bdf = bdf;
}

static void parse_options(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, ":m:h")) != -1) {
		switch (opt) {
		case 'm':
			max_eventids = its_parse_count(PROGRAM, opt, optarg, 1,
						       MAX_EVENTIDS);
			break;
		case 'h':
			print_help();
			exit(KSFT_PASS);
		default:
			its_bad_option(PROGRAM, opt, optopt);
		}
	}
	if (optind == argc)
		return;
	edu.bdf = argv[optind++];
	its_parse_bdf(PROGRAM, edu.bdf);
	if (optind == argc)
		its_bad_usage(PROGRAM, "%s needs a neighbour", edu.bdf);
	for (; optind < argc; optind++)
		add_neighbour(argv[optind]);
}

/* The PCI function that a function is below, empty if it is on a root bus */
static struct its_list bridge_of(const char *bdf)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct its_list bridge = { .text = "" };
	char *name;

	snprintf(path, sizeof(path), ITS_PCI_DEV "/..", bdf);
	name = realpath(path, real) ? strrchr(real, '/') + 1 : NULL;
	if (name && its_present(name))
		snprintf(bridge.text, sizeof(bridge.text), "%s", name);
	return bridge;
}

static bool write_config(unsigned int reg, unsigned int value, size_t size)
{
	unsigned char bytes[4] = { value, value >> 8, value >> 16, value >> 24 };

	return pwrite(edu.config, bytes, size, reg) == (ssize_t)size;
}

/* Atomic, or the compiler may take registers for memory */
static uint32_t edu_read(unsigned int reg)
{
	return __atomic_load_n(edu.regs + reg / 4, __ATOMIC_SEQ_CST);
}

static void edu_write(unsigned int reg, uint32_t value)
{
	__atomic_store_n(edu.regs + reg / 4, value, __ATOMIC_SEQ_CST);
}

/* The address of a message is the same for all functions with one DeviceID */
static bool set_up_msi(unsigned long long address)
{
	unsigned int flags = its_le16(edu.saved + edu.cap + PCI_MSI_FLAGS);
	bool wide = flags & PCI_MSI_FLAGS_64BIT;

	edu.data = edu.cap + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32);
	if (!wide && address >> 32)
		return false;
	if (wide && !write_config(edu.cap + PCI_MSI_ADDRESS_HI, address >> 32, 4))
		return false;
	flags &= ~PCI_MSI_FLAGS_QSIZE;
	return write_config(edu.cap + PCI_MSI_ADDRESS_LO, address, 4) &&
	       write_config(edu.data, 0, 2) &&
	       write_config(edu.cap + PCI_MSI_FLAGS,
			    flags | PCI_MSI_FLAGS_ENABLE, 2);
}

/* Returns why it cannot send messages */
static const char *set_up_edu(unsigned long long address)
{
	unsigned int command = its_le16(edu.saved + PCI_COMMAND);
	char path[PATH_MAX];
	void *regs;
	int fd;

	snprintf(path, sizeof(path), ITS_PCI_DEV "/config", edu.bdf);
	edu.config = open(path, O_RDWR);
	if (edu.config < 0)
		return "cannot open its config space";
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (!write_config(PCI_COMMAND, command, 2))
		return "cannot write its command register";

	snprintf(path, sizeof(path), ITS_PCI_DEV "/resource0", edu.bdf);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return "cannot open its registers";
	regs = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	close(fd);
	if (regs == MAP_FAILED)
		return "cannot map its registers";
	edu.regs = regs;
	if ((edu_read(EDU_ID) & EDU_ID_MASK) != EDU_ID_VALUE)
		return "its registers are not those of an edu device";
	edu_write(EDU_IRQ_ACK, edu_read(EDU_IRQ_STATUS));
	if (!set_up_msi(address))
		return "cannot write its MSI capability";
	return NULL;
}

static void restore_edu(void)
{
	unsigned int reg;

	if (edu.config < 0)
		return;
	/* The registers of the message are all the same size as the address */
	write_config(edu.cap + PCI_MSI_FLAGS,
		     its_le16(edu.saved + edu.cap + PCI_MSI_FLAGS), 2);
	for (reg = edu.cap + PCI_MSI_ADDRESS_LO; edu.data && reg <= edu.data; reg += 4)
		write_config(reg, its_le32(edu.saved + reg), 4);
	write_config(PCI_COMMAND, its_le16(edu.saved + PCI_COMMAND), 2);
	close(edu.config);
}

/* Returns whether the device says that it did */
static bool send_message(unsigned int eventid)
{
	bool raised;

	if (!write_config(edu.data, eventid, 2))
		return false;
	edu_write(EDU_IRQ_RAISE, EDU_IRQ);
	raised = edu_read(EDU_IRQ_STATUS) & EDU_IRQ;
	edu_write(EDU_IRQ_ACK, EDU_IRQ);
	return raised;
}

/* Before a CPU runs this program it handles the interrupts that are pending */
static void visit_cpus(void)
{
	cpu_set_t allowed, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
	}
	sched_setaffinity(0, sizeof(allowed), &allowed);
}

static unsigned long count_spurious(void)
{
	unsigned long nr = 0;
	char line[1024];
	FILE *f;

	f = fopen("/proc/interrupts", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " Err: %lu", &nr) == 1)
			break;
	}
	if (f)
		fclose(f);
	return nr;
}

/* Function and number of the vector, "-" for nobody */
static struct its_list name_of(unsigned int irq)
{
	struct its_list name = { .text = "-" };
	struct neighbour *n;
	unsigned int i;

	if (irq)
		snprintf(name.text, sizeof(name.text), "irq%u", irq);
	for (n = neighbours; n->bdf; n++) {
		for (i = 0; i < n->now.nr && !n->unbound; i++) {
			if (n->now.vec[i].irq == irq)
				snprintf(name.text, sizeof(name.text), "%s/%u",
					 n->bdf, i);
		}
	}
	return name;
}

static void add_reached(struct outcome *outcome, unsigned int irq, unsigned long times)
{
	struct its_list *reached = &outcome->reached;
	size_t len = strlen(reached->text);

	snprintf(reached->text + len, sizeof(reached->text) - len,
		 times > 1 ? "%s%s*%lu" : "%s%s", outcome->nr ? "," : "",
		 name_of(irq).text, times);
	outcome->nr++;
	outcome->irq = irq;
	outcome->times = times;
}

static void try_message(unsigned int eventid, struct outcome *outcome)
{
	unsigned long spurious = count_spurious();
	unsigned long times;
	unsigned int i;

	memset(outcome, 0, sizeof(*outcome));
	for (i = 0; i < all.nr; i++)
		counts[i] = its_count_irq(all.vec[i].irq);
	if (!send_message(eventid))
		its_fail(&tests[USED], "%s does not raise its interrupt", edu.bdf);
	its_sleep_ms(ARRIVE_MS);
	visit_cpus();

	for (i = 0; i < all.nr; i++) {
		times = its_count_irq(all.vec[i].irq) - counts[i];
		if (times)
			add_reached(outcome, all.vec[i].irq, times);
	}
	outcome->spurious = count_spurious() - spurious;
	if (!outcome->nr)
		outcome->reached = name_of(0);
}

static bool is_expected(const struct outcome *outcome, unsigned int irq)
{
	if (outcome->spurious)
		return false;
	if (!irq)
		return !outcome->nr;
	return outcome->nr == 1 && outcome->irq == irq && outcome->times == 1;
}

/* EventID n of an ITS device is LPI base + n */
static const struct its_vector *vector_of(const struct its_state *state,
					  unsigned int eventid)
{
	unsigned int i;

	for (i = 0; i < state->nr; i++) {
		if (state->vec[i].lpi == lpi_base + (int)eventid)
			return &state->vec[i];
	}
	return NULL;
}

/* Is it one that the function is enabled to send, without a vector for it? */
static bool is_padding(const struct its_state *state, unsigned int eventid)
{
	unsigned int v;

	if (state->msix || vector_of(state, eventid))
		return false;
	for (v = state->nr; v < state->enabled; v++) {
		if (((unsigned int)state->data | v) == eventid)
			return true;
	}
	return false;
}

static enum kind kind_of(unsigned int eventid)
{
	struct neighbour *n;

	for (n = neighbours; n->bdf; n++) {
		if (!n->unbound && is_padding(&n->now, eventid))
			return PADDING;
	}
	if (vector_of(&users, eventid))
		return USED;
	for (n = neighbours; n->bdf; n++) {
		if (n->unbound && (vector_of(&n->now, eventid) ||
				   is_padding(&n->now, eventid)))
			return UNBOUND;
	}
	return FREE;
}

/* Returns whether there is something to be told of it */
static bool check_message(const char *when, unsigned int eventid)
{
	const struct its_vector *vec = vector_of(&users, eventid);
	enum kind kind = kind_of(eventid);
	unsigned int irq = 0, try = 0;
	struct outcome outcome;

	if (kind == USED && its_has_handler(vec->irq))
		irq = vec->irq;
	try_message(eventid, &outcome);
	while (!is_expected(&outcome, irq) && ++try < MAX_TRIES) {
		its_sleep_ms(RETRY_MS);
		try_message(eventid, &outcome);
	}

	/* Without a handler there is nothing to be seen of a used one */
	tests[kind].ran |= kind != USED || irq;
	if (kind == FREE && is_expected(&outcome, irq))
		return false;
	ksft_print_msg("sent %s %u when=%s kind=%s vector=%s expected=%s reached=%s spurious=%lu\n",
		       edu.bdf, eventid, when, kind_name[kind],
		       name_of(vec ? vec->irq : 0).text, name_of(irq).text,
		       outcome.reached.text, outcome.spurious);
	if (!is_expected(&outcome, irq))
		its_fail(&tests[kind], "%s: EventID %u: expected %s, seen %s, %lu spurious",
			 when, eventid, name_of(irq).text, outcome.reached.text,
			 outcome.spurious);
	return true;
}

/* What the edu device sends stands for its neighbours only if this holds */
static void check_signalled(const char *when, const struct neighbour *n)
{
	unsigned int i;

	for (i = 0; i < n->now.nr; i++) {
		const struct its_vector *vec = &n->now.vec[i];

		if (vec->eventid != ITS_UNKNOWN &&
		    vec->lpi != lpi_base + vec->eventid)
			its_fail(&tests[USED], "%s: %s/%u signals EventID %d, not its own",
				 when, n->bdf, i, vec->eventid);
	}
}

static bool is_behind_bridge(unsigned int irq)
{
	char pattern[PATH_MAX];
	glob_t found;
	bool is;

	snprintf(pattern, sizeof(pattern), ITS_PCI_DEV "/*/msi_irqs/%u",
		 edu.bridge.text, irq);
	is = !glob(pattern, GLOB_NOSORT, NULL, &found);
	globfree(&found);
	return is;
}

/* Functions that are not given have vectors, too */
static void read_users(void)
{
	unsigned int i;

	its_read_system(&all);
	users.nr = 0;
	for (i = 0; i < all.nr; i++) {
		if (is_behind_bridge(all.vec[i].irq))
			users.vec[users.nr++] = all.vec[i];
	}
}

static void look(const char *when)
{
	struct its_device device;
	struct neighbour *n;

	for (n = neighbours; n->bdf; n++) {
		const struct its_vector *vec = n->now.vec;

		if (n->unbound)
			continue;
		its_read_state(n->bdf, &n->now);
		if (!n->now.on_its)
			continue;
		if (vec->mapped != ITS_UNKNOWN)
			lpi_base = vec->lpi - vec->mapped;
		else if (vec->eventid != ITS_UNKNOWN)
			lpi_base = vec->lpi - vec->eventid;
		its_read_device(&n->now, &device);
		nr_eventids = device.size ? device.size : max_eventids;
		check_signalled(when, n);
	}
	read_users();
}

static void send_all(const char *when)
{
	unsigned int eventid, quiet = 0;

	if (its_stopped())
		return;
	look(when);
	for (eventid = 0; eventid < nr_eventids && !its_stopped(); eventid++)
		quiet += !check_message(when, eventid);
	ksft_print_msg("sent %s all when=%s nr=%u free=%u reached=-\n", edu.bdf,
		       when, eventid, quiet);
}

static void take_driver(struct neighbour *n)
{
	if (!its_unbind(n->bdf))
		its_fail(&tests[UNBOUND], "cannot unbind %s from %s: %s",
			 n->bdf, n->start.driver, strerror(errno));
	n->unbound = true;
}

static void give_driver_back(struct neighbour *n)
{
	if (!n->unbound)
		return;
	if (!its_bind(n->bdf, n->start.driver))
		its_fail(&tests[UNBOUND], "cannot bind %s to %s again: %s",
			 n->bdf, n->start.driver, strerror(errno));
	if (!its_wait_until_back(n->bdf, &n->start, WAIT_MS))
		its_fail(&tests[UNBOUND], "driver or devices of %s are not there after %u s",
			 n->bdf, WAIT_MS / 1000);
	its_sleep_ms(GRACE_MS);
	n->unbound = false;
}

static void run_tests(void)
{
	struct neighbour *n;
	char when[32];

	send_all("start");
	for (n = neighbours; n->bdf && !its_stopped(); n++) {
		take_driver(n);
		snprintf(when, sizeof(when), "without-%s", n->bdf);
		send_all(when);
		give_driver_back(n);
	}
	for (n = neighbours; n->bdf && !its_stopped(); n++)
		take_driver(n);
	send_all("without-any");
	for (n = neighbours; n->bdf; n++)
		give_driver_back(n);
	send_all("bound-in-order");
}

/* Returns the address of messages, 0 if there is none */
static unsigned long long read_neighbours(void)
{
	unsigned long long address = 0;
	struct neighbour *n;

	for (n = neighbours; n->bdf; n++) {
		its_read_start(n->bdf, &n->start);
		n->now = n->start;
		if (!n->start.driver[0])
			ksft_exit_skip("no driver is bound to %s\n", n->bdf);
		if (!n->start.on_its)
			ksft_exit_skip("%s has no interrupts on a GICv3 ITS\n", n->bdf);
		if (!address)
			address = n->start.address;
	}
	return address;
}

static void skip_unless_edu(void)
{
	char driver[64];

	if (!its_present(edu.bdf))
		ksft_exit_skip("there is no PCI function %s\n", edu.bdf);
	if (!its_read_config(edu.bdf, edu.saved))
		ksft_exit_skip("cannot read the config space of %s\n", edu.bdf);
	edu.cap = its_find_cap(edu.saved, PCI_CAP_ID_MSI);
	if (its_le32(edu.saved) != EDU_VENDOR_DEVICE || !edu.cap)
		ksft_exit_skip("%s is no edu device with MSI, as QEMU has it\n",
			       edu.bdf);
	its_read_driver(edu.bdf, driver, sizeof(driver));
	if (driver[0])
		ksft_exit_skip("%s is bound to %s, it must not have a driver\n",
			       edu.bdf, driver);
}

static void skip_unless_neighbours(void)
{
	struct neighbour *n;

	edu.bridge = bridge_of(edu.bdf);
	if (!edu.bridge.text[0])
		ksft_exit_skip("%s is not behind a bridge\n", edu.bdf);
	for (n = neighbours; n->bdf; n++) {
		if (!its_present(n->bdf))
			ksft_exit_skip("there is no PCI function %s\n", n->bdf);
		if (strcmp(bridge_of(n->bdf).text, edu.bridge.text))
			ksft_exit_skip("%s is not behind the bridge of %s, %s\n",
				       n->bdf, edu.bdf, edu.bridge.text);
	}
}

int main(int argc, char **argv)
{
	unsigned long long address;
	const char *reason;
	bool warned_before;
	enum kind kind;

	parse_options(argc, argv);
	ksft_print_header();
	if (!edu.bdf)
		ksft_exit_skip("no PCI function was given, see " PROGRAM " -h\n");
	its_skip_unless_possible();
	skip_unless_edu();
	skip_unless_neighbours();

	its_hold_signals();
	warned_before = its_kernel_warned();
	address = read_neighbours();
	if (!address)
		ksft_exit_skip("no neighbour uses MSI, which has the address of messages\n");
	reason = set_up_edu(address);
	if (reason) {
		restore_edu();
		ksft_exit_skip("%s: %s\n", edu.bdf, reason);
	}

	/* And the one for the kernel's warnings */
	ksft_set_plan(NR_KINDS + 1);
	run_tests();
	restore_edu();
	if (its_stopped())
		ksft_exit_fail_msg("stopped by a signal, the functions are bound again\n");

	for (kind = 0; kind < NR_KINDS; kind++)
		its_report(&tests[kind]);
	its_report_warnings(warned_before);
	ksft_finished();
}
