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
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "kselftest.h"
#include "its_msi.h"

#define MAX_NEIGHBOURS		16
#define MAX_TRIES		5
/* Where the kernel does not show how many EventIDs there are */
#define DEFAULT_EVENTIDS	64
/* Time for a message that nobody should see to be seen nevertheless */
#define ARRIVE_MS		2
/* Time between two tries, for what disturbed the first one */
#define RETRY_MS		50

/* QEMU's edu device, from docs/specs/edu in QEMU's sources */
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
	[PADDING]	= "padding reaches nobody",
	[FREE]		= "free EventIDs reach nobody",
	[USED]		= "used EventIDs reach exactly their handler",
	[UNBOUND]	= "EventIDs of a function without driver reach nobody",
};

/**
 * struct neighbour - a PCI function with the DeviceID of the edu function
 * @bdf:	its name
 * @unbound:	it has no driver just now
 * @start:	what was seen of it at the start
 * @now:	what was last seen of it while it had a driver
 */
struct neighbour {
	const char	*bdf;
	bool		unbound;
	struct state	start;
	struct state	now;
};

/**
 * struct outcome - what a message did
 * @nr:		how many interrupts were handled
 * @irq:	one of them
 * @times:	how often that one was handled
 * @spurious:	how many interrupts the kernel counted as spurious
 */
struct outcome {
	unsigned int	nr;
	unsigned int	irq;
	unsigned long	times;
	unsigned long	spurious;
};

/* The function that sends: name, bridge, config space, MSI data register, registers */
static struct {
	const char	*bdf;
	char		bridge[32];
	int		config;
	unsigned int	data;
	uint32_t	*regs;
} edu;

static struct neighbour neighbours[MAX_NEIGHBOURS];
static struct neighbour *end = neighbours;
/* All vectors that have an ITS, their counts, and who has the edu's DeviceID */
static struct state all;
static unsigned long counts[MAX_VECTORS];
static bool shares_id[MAX_VECTORS];
/* Of the DeviceID: how many EventIDs it has, and the LPI of the first one */
static unsigned int nr_eventids;
static int lpi_base;
static unsigned int nr_sent[NR_KINDS], nr_wrong[NR_KINDS];

static void give_up(const char *why)
{
	ksft_exit_fail_msg("%s: %s\n", edu.bdf, why);
}

/* The name of the directory that a function is in: the bridge, or the root bus */
static void read_parent(const char *bdf, char *name, size_t size)
{
	char path[PATH_MAX], real[PATH_MAX];

	snprintf(path, sizeof(path), FUNCTION_SYSFS "/..", bdf);
	if (!realpath(path, real))
		give_up("no such PCI function");
	snprintf(name, size, "%s", strrchr(real, '/') + 1);
}

static void write_config(unsigned int reg, unsigned int value, size_t size)
{
	unsigned char bytes[4] = { value, value >> 8, value >> 16, value >> 24 };

	if (pwrite(edu.config, bytes, size, reg) != (ssize_t)size)
		give_up("cannot write its config space");
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

/* Address and flags of a neighbour's MSI, where the address is the same for all */
static void set_up_msi(void)
{
	unsigned char config[PCI_CFG_SPACE_SIZE], own[PCI_CFG_SPACE_SIZE];
	unsigned int cap = 0, own_cap, i;
	struct neighbour *n;

	for (n = neighbours; n < end && !cap; n++) {
		if (n->start.enabled && read_config(n->bdf, config))
			cap = find_msi_cap(config);
	}
	if (!cap || !read_config(edu.bdf, own) || !find_msi_cap(own))
		give_up("it, or all of its neighbours, have no MSI");
	own_cap = find_msi_cap(own);
	if (!(le16(config + cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_64BIT) ||
	    !(le16(own + own_cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_64BIT))
		give_up("MSIs have only 32 address bits");
	for (i = 0; i < 8; i += 2)
		write_config(own_cap + PCI_MSI_ADDRESS_LO + i,
			     le16(config + cap + PCI_MSI_ADDRESS_LO + i), 2);
	edu.data = own_cap + PCI_MSI_DATA_64;
	write_config(edu.data, 0, 2);
	write_config(own_cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_ENABLE, 2);
}

static void set_up_edu(void)
{
	char path[PATH_MAX];
	void *regs;
	int fd;

	snprintf(path, sizeof(path), FUNCTION_SYSFS "/config", edu.bdf);
	edu.config = open(path, O_RDWR);
	write_config(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	snprintf(path, sizeof(path), FUNCTION_SYSFS "/resource0", edu.bdf);
	fd = open(path, O_RDWR);
	regs = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (regs == MAP_FAILED)
		give_up("cannot map its registers");
	edu.regs = regs;
	if ((edu_read(EDU_ID) & EDU_ID_MASK) != EDU_ID_VALUE)
		give_up("its registers are not those of an edu device");
	edu_write(EDU_IRQ_ACK, edu_read(EDU_IRQ_STATUS));
	set_up_msi();
}

static void send_message(unsigned int eventid)
{
	write_config(edu.data, eventid, 2);
	edu_write(EDU_IRQ_RAISE, EDU_IRQ);
	if (!(edu_read(EDU_IRQ_STATUS) & EDU_IRQ))
		give_up("it does not raise its interrupt");
	edu_write(EDU_IRQ_ACK, EDU_IRQ);
}

/* Before a CPU runs this program it handles the interrupts that are pending */
static void visit_cpus(void)
{
	cpu_set_t allowed, one;
	int cpu;

	sched_getaffinity(0, sizeof(allowed), &allowed);
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
	FILE *f = fopen("/proc/interrupts", "r");
	unsigned long nr = 0;
	char line[1024];

	while (f && fgets(line, sizeof(line), f) && sscanf(line, " Err: %lu", &nr) != 1)
		;
	if (f)
		fclose(f);
	return nr;
}

static bool has_handler(unsigned int irq)
{
	char handler[64];

	return read_text(handler, sizeof(handler), "/sys/kernel/irq/%u/actions", irq) &&
	       handler[0];
}

/* The number of times an interrupt was handled, on all CPUs */
static unsigned long count_irq(unsigned int irq)
{
	char text[8192], *count, *save = NULL;
	unsigned long nr = 0;

	read_text(text, sizeof(text), "/sys/kernel/irq/%u/per_cpu_count", irq);
	for (count = strtok_r(text, ",", &save); count; count = strtok_r(NULL, ",", &save))
		nr += strtoul(count, NULL, 10);
	return nr;
}

static struct outcome try_message(unsigned int eventid)
{
	unsigned long spurious = count_spurious();
	struct outcome outcome = { };
	unsigned long times;
	unsigned int i;

	for (i = 0; i < all.nr; i++)
		counts[i] = count_irq(all.vec[i].irq);
	send_message(eventid);
	sleep_ms(ARRIVE_MS);
	visit_cpus();
	for (i = 0; i < all.nr; i++) {
		times = count_irq(all.vec[i].irq) - counts[i];
		if (!times)
			continue;
		outcome.nr++;
		outcome.irq = all.vec[i].irq;
		outcome.times = times;
	}
	outcome.spurious = count_spurious() - spurious;
	return outcome;
}

static bool is_expected(const struct outcome *outcome, unsigned int irq)
{
	if (outcome->spurious || outcome->nr != !!irq)
		return false;
	return !irq || (outcome->irq == irq && outcome->times == 1);
}

/* EventID n of a DeviceID is LPI base + n. Returns its interrupt, 0 for none. */
static unsigned int irq_of(unsigned int eventid)
{
	unsigned int i;

	for (i = 0; i < all.nr; i++) {
		if (shares_id[i] && all.vec[i].lpi == lpi_base + (int)eventid)
			return all.vec[i].irq;
	}
	return 0;
}

/* Is it one that a function has now, or had last? The padding counts if it is asked for. */
static bool is_of(const struct neighbour *n, unsigned int eventid, bool padding)
{
	unsigned int i;

	for (i = 0; i < n->now.nr; i++) {
		if (n->now.vec[i].lpi == lpi_base + (int)eventid)
			return !padding;
	}
	return padding && n->now.enabled && (int)eventid >= n->now.data &&
	       eventid < n->now.data + n->now.enabled;
}

static enum kind kind_of(unsigned int eventid)
{
	enum kind kind = FREE;
	struct neighbour *n;

	for (n = neighbours; n < end; n++) {
		if (!n->unbound && is_of(n, eventid, true))
			return PADDING;
		if (n->unbound && (is_of(n, eventid, true) || is_of(n, eventid, false)))
			kind = UNBOUND;
	}
	return irq_of(eventid) ? USED : kind;
}

static void check_message(const char *when, unsigned int eventid)
{
	unsigned int irq = irq_of(eventid), try = 0;
	enum kind kind = kind_of(eventid);
	struct outcome outcome;

	if (kind != USED || !has_handler(irq))
		irq = 0;
	/* Without a handler there is nothing to be seen of a used one */
	nr_sent[kind] += kind != USED || irq;
	do {
		if (try)
			sleep_ms(RETRY_MS);
		outcome = try_message(eventid);
	} while (!is_expected(&outcome, irq) && ++try < MAX_TRIES);
	if (try < MAX_TRIES)
		return;
	nr_wrong[kind]++;
	ksft_print_msg("%s: EventID %u of kind %u: expected irq %u, seen %u, last irq %u %lu times, %lu spurious\n",
		       when, eventid, kind, irq, outcome.nr, outcome.irq, outcome.times,
		       outcome.spurious);
}

/* Functions that are not given have vectors, too */
static void read_system(void)
{
	DIR *dir = opendir("/sys/kernel/irq");
	struct dirent *entry;
	char pattern[PATH_MAX];
	glob_t found;

	all.nr = 0;
	while (dir && all.nr < MAX_VECTORS && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		all.vec[all.nr].irq = strtoul(entry->d_name, NULL, 10);
		if (!read_irq(&all, &all.vec[all.nr]))
			continue;
		snprintf(pattern, sizeof(pattern), FUNCTION_SYSFS "/*/msi_irqs/%s",
			 edu.bridge, entry->d_name);
		shares_id[all.nr++] = !glob(pattern, GLOB_NOSORT, NULL, &found);
		globfree(&found);
	}
	if (dir)
		closedir(dir);
}

static void send_all(const char *when)
{
	unsigned int eventid, i;
	struct neighbour *n;
	struct id_state id;

	for (n = neighbours; n < end; n++) {
		if (n->unbound)
			continue;
		read_state(n->bdf, &n->now);
		read_id(&n->now, &id);
		nr_eventids = id.size ? id.size : DEFAULT_EVENTIDS;
		for (i = 0; i < n->now.nr; i++) {
			int signalled = n->now.vec[i].eventid;
			int mapped = n->now.vec[i].mapped;

			/* What the edu device sends stands for it only if this holds */
			if (mapped != UNKNOWN && signalled != UNKNOWN && mapped != signalled)
				nr_wrong[USED]++;
			if (mapped == UNKNOWN)
				mapped = signalled;
			if (mapped != UNKNOWN)
				lpi_base = n->now.vec[i].lpi - mapped;
		}
	}
	read_system();
	for (eventid = 0; eventid < nr_eventids; eventid++)
		check_message(when, eventid);
	ksft_print_msg("%s: sent %u\n", when, eventid);
}

static void take_driver(struct neighbour *n)
{
	n->unbound = unbind_driver(n->bdf);
	if (!n->unbound)
		nr_wrong[UNBOUND]++;
}

static void give_driver_back(struct neighbour *n)
{
	if (!bind_driver(n->bdf, n->start.driver) ||
	    !wait_until_back(n->bdf, &n->start, WAIT_MS))
		nr_wrong[UNBOUND]++;
	sleep_ms(GRACE_MS);
	n->unbound = false;
}

int main(int argc, char **argv)
{
	char parent[32], when[32];
	struct neighbour *n;
	enum kind kind;
	int i;

	if (argc < 3 || argc > 2 + MAX_NEIGHBOURS) {
		fprintf(stderr, "Usage: %s edu-function neighbour...\n"
			"Have QEMU's edu device, which must be behind a PCIe-to-PCI bridge and without\n"
			"driver, send every EventID of the DeviceID that it shares with its neighbours:\n"
			"PCI functions behind the same bridge, one of them with several MSIs, best the\n"
			"first. Check that nothing but used EventIDs reaches a handler.\n", argv[0]);
		return KSFT_FAIL;
	}
	ksft_print_header();
	edu.bdf = argv[1];
	read_parent(edu.bdf, edu.bridge, sizeof(edu.bridge));
	for (i = 2; i < argc; i++, end++) {
		end->bdf = argv[i];
		read_parent(end->bdf, parent, sizeof(parent));
		if (strcmp(parent, edu.bridge))
			give_up("a neighbour is not behind the same bridge");
		read_start(end->bdf, UNKNOWN, &end->start);
		end->now = end->start;
		if (!end->start.on_its)
			give_up("a neighbour has no driver with interrupts on a GICv3 ITS");
	}
	set_up_edu();

	ksft_set_plan(NR_KINDS + 1);
	send_all("start");
	for (n = neighbours; n < end; n++) {
		take_driver(n);
		snprintf(when, sizeof(when), "without %s", n->bdf);
		send_all(when);
		give_driver_back(n);
	}
	for (n = neighbours; n < end; n++)
		take_driver(n);
	send_all("without any");
	for (n = neighbours; n < end; n++)
		give_driver_back(n);
	send_all("bound in order");

	ksft_print_msg("padding=%u free=%u used=%u unbound=%u\n", nr_sent[PADDING],
		       nr_sent[FREE], nr_sent[USED], nr_sent[UNBOUND]);
	/* One that was never sent shows nothing */
	for (kind = 0; kind < NR_KINDS; kind++)
		ksft_test_result(nr_sent[kind] && !nr_wrong[kind], "%s, %u sent\n",
				 kind_name[kind], nr_sent[kind]);
	ksft_test_result(!kernel_warned(), "no kernel warning\n");
	ksft_finished();
}
