// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do the interrupts of PCI functions come back the same in what else happens to devices
 * than reloads and hot removes?
 *
 *	its_msi_life plug CYCLES FUNCTION...
 *		Those with a device are plugged and unplugged, pciehp or shpchp finds them.
 *		Every second time it is user space that powers the slot off.
 *	its_msi_life cpus CYCLES FUNCTION...
 *		CPUs go offline one by one, and come back. Drivers are reloaded each time.
 *	its_msi_life nvme CYCLES FUNCTION NEIGHBOUR...
 *		The NVMe controller is reset, then a block is read.
 *	its_msi_life later CYCLES FUNCTION NEIGHBOUR...
 *		vfio-pci adds MSI-X vectors of an xHCI controller to those that it has, while
 *		the driver of the neighbour, which shares the DeviceID, is there or comes.
 *	its_msi_life types CYCLES FUNCTION NEIGHBOUR
 *		vfio-pci has MSIs of an xHCI controller, then MSI-X vectors, then more MSIs, while
 *		the driver of the neighbour is there or not.
 *	its_msi_life lpis CYCLES FUNCTION...
 *		All other virtio functions take what there is of LPIs, then go again.
 *	its_msi_life sriov CYCLES FUNCTION VFS VECTORS
 *		Virtual functions come, have MSI-X vectors, and go.
 *
 * A FUNCTION is 0000:01:02.0, followed by =VECTORS, what it has to have at the start, by
 * /CHILDREN, the devices below it, and by ,DEVICE, what "### monitor device_add" makes of it.
 * An xHCI controller gets a keyboard as well.
 *
 * What must hold: the same number of vectors gives the same EventIDs and LPIs each time, the
 * devices below a function are there, which takes interrupts that arrive, no vector is in
 * the Multi-MSI block of another function, and what has gone leaves no DeviceID behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/nvme_ioctl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "kselftest.h"
#include "its_msi.h"
#include "its_vfio.h"

#define CPU_ONLINE	"/sys/devices/system/cpu/cpu%u/online"
#define DOMAINS		"/sys/kernel/debug/irq/domains/*"
#define SLOTS		PCI_SYSFS "/slots/*"
/* The compiler cannot know that a name fits */
#define FUNCTION	PCI_SYSFS "/devices/%.12s"
/* A slot waits for 5 s when its button is pressed */
#define PLUG_MS		30000
/* For a second after they powered a slot off, pciehp and shpchp do not look at it */
#define OFF_MS		2000
/* Without interrupts, the NVMe driver goes on after 30 s */
#define SLOW_MS		10000
#define BLOCK_SIZE	4096
/* More than these are never asked for */
#define MAX_SEEN	64
/* Who else is there decides where vectors are */
#define NR_PLACES	3

/* What is done, as the observations of it are named */
enum action { START, LATE, PLUG, RELOAD, NEIGHBOUR, RESET, CPUS, LATER, TYPES, FEW, ROOM, ALONE,
	      SRIOV, NR_ACTIONS };

static const char * const action_name[NR_ACTIONS] = {
	[START]		= "start",
	[LATE]		= "late",
	[PLUG]		= "plug",
	[RELOAD]	= "reload",
	[NEIGHBOUR]	= "neighbour",
	[RESET]		= "reset",
	[CPUS]		= "cpus",
	[LATER]		= "later",
	[TYPES]		= "types",
	[FEW]		= "few",
	[ROOM]		= "room",
	[ALONE]		= "alone",
	[SRIOV]		= "sriov",
};

/**
 * struct function - a PCI function that was given
 * @bdf:	its name
 * @device:	what it is, for QEMU's monitor, NULL if it is there already
 * @id:		how QEMU calls it
 * @away:	it has no driver just now
 * @wanted:	number of vectors that it has to have now, UNKNOWN for what it had first
 * @children:	number of devices below it, likewise
 * @plugged:	how often it was plugged
 * @cycles:	how often it was looked at, by action
 * @start:	its driver and what is below it
 * @now:	what is seen of it
 * @seen:	what was seen first, by place and number of vectors
 */
struct function {
	char		bdf[BDF_SIZE];
	const char	*device;
	char		id[32];
	bool		away;
	int		wanted;
	int		children;
	unsigned int	plugged;
	unsigned int	cycles[NR_ACTIONS];
	struct state	start;
	struct state	now;
	struct state	*seen[NR_PLACES][MAX_SEEN];
};

/* The DeviceIDs in use, as debugfs shows them */
struct ids {
	unsigned int	nr;
	char		line[512][160];
};

static struct function functions[MAX_FUNCTIONS];
static struct function *end = functions;
static struct ids before;
static unsigned int nr_cycles, nr_observed, nr_wrong, place;

__noreturn static void give_up(const char *what, const char *why)
{
	ksft_exit_fail_msg("%s: %s\n", what, why);
}

static void add_function(char *arg)
{
	char *device = strchr(arg, ',');
	struct function *f = end++;
	struct given given;

	if (end > functions + MAX_FUNCTIONS)
		bad_usage("at most %u functions", MAX_FUNCTIONS);
	if (device)
		*device++ = '\0';
	parse_function(arg, &given);
	if (given.vectors >= MAX_SEEN)
		bad_usage("%s: at most %d vectors", given.bdf, MAX_SEEN - 1);
	strcpy(f->bdf, given.bdf);
	f->device = device;
	f->away = device;
	f->wanted = given.vectors;
	f->children = given.children;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void read_ids(struct ids *ids)
{
	char line[160];
	glob_t found;
	size_t i;
	FILE *f;

	ids->nr = 0;
	if (glob(DOMAINS, 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		f = fopen(found.gl_pathv[i], "r");
		while (f && fgets(line, sizeof(line), f)) {
			line[strcspn(line, "\n")] = '\0';
			if (strstr(line, "DeviceID ") && ids->nr < ARRAY_SIZE(ids->line))
				strcpy(ids->line[ids->nr++], line);
		}
		if (f)
			fclose(f);
	}
	globfree(&found);
	qsort(ids->line, ids->nr, sizeof(ids->line[0]), by_text);
}

static const char *find_line(const struct ids *ids, const char *line)
{
	return bsearch(line, ids->line, ids->nr, sizeof(ids->line[0]), by_text);
}

/* Nothing may be left of what has gone, all else has to be where it was */
static void check_ids(const char *when, const struct ids *expected)
{
	static struct ids now;
	unsigned int i;

	read_ids(&now);
	for (i = 0; i < now.nr; i++) {
		if (!find_line(expected, now.line[i]))
			complain("%s: not expected: %s", when, now.line[i]);
	}
	for (i = 0; i < expected->nr; i++) {
		if (!find_line(&now, expected->line[i]))
			complain("%s: missing: %s", when, expected->line[i]);
	}
}

/* Is it an LPI of this one, or one of the padding of its Multi-MSI block? */
static bool is_own(const struct state *state, int lpi)
{
	unsigned int i;

	if (!state->msix)
		return state->nr && lpi >= state->vec[0].lpi &&
		       lpi < state->vec[0].lpi + (int)state->enabled;
	for (i = 0; i < state->nr; i++) {
		if (state->vec[i].lpi == lpi)
			return true;
	}
	return false;
}

/* LPIs go in step with the EventIDs of a DeviceID, so they tell for every kernel */
static void check_apart(const char *when, const struct function *f)
{
	const struct function *other;
	unsigned int i;

	for (other = functions; other < end; other++) {
		for (i = 0; i < other->now.nr && other != f && !other->away; i++) {
			if (is_own(&f->now, other->now.vec[i].lpi))
				complain("%s: LPI %d of %s is one of its own", when,
					 other->now.vec[i].lpi, other->bdf);
		}
	}
}

static void look(struct function *f)
{
	read_when_back(f->bdf, &f->start, f->wanted, &f->now);
}

/* All that was complained about since the last one makes it wrong */
static void tell(struct function *f, enum action action)
{
	print_state(f->bdf, action_name[action], ++f->cycles[action], nr_complaints ? "wrong" : "right", &f->now,
		    f->start.children);
	nr_observed++;
	nr_wrong += !!nr_complaints;
	nr_complaints = 0;
}

static void judge(struct function *f, enum action action)
{
	struct state **seen = &f->seen[place][f->wanted];
	char when[64];
	unsigned int i;

	snprintf(when, sizeof(when), "%s %s %u", f->bdf, action_name[action],
		 f->cycles[action] + 1);
	/* What is shut down with the CPU that it is for has no message */
	for (i = 0; *seen && i < f->now.nr; i++) {
		if (f->now.vec[i].eventid == UNKNOWN && f->now.vec[i].lpi == (*seen)->vec[i].lpi)
			f->now.vec[i].eventid = (*seen)->vec[i].eventid;
	}
	if (strcmp(f->now.driver, f->start.driver))
		complain("%s: expected driver %s, seen %s", when, f->start.driver,
			 f->now.driver[0] ? f->now.driver : "none");
	if (f->now.children != f->start.children)
		complain("%s: expected %u devices below it, seen %u", when, f->start.children,
			 f->now.children);
	check_layout(when, &f->now);
	check_apart(when, f);
	if (f->now.nr != (unsigned int)f->wanted) {
		complain("%s: expected %d vectors, seen %u", when, f->wanted, f->now.nr);
	} else if (*seen) {
		check_same_vectors(when, *seen, &f->now);
	} else {
		*seen = malloc(sizeof(**seen));
		if (!*seen)
			give_up(f->bdf, "no memory");
		**seen = f->now;
	}
	tell(f, action);
}

static void look_at_all(void)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		if (!f->away)
			look(f);
	}
}

/* @one is what something was done to, or all if it is NULL */
static void judge_all(const struct function *one, enum action action)
{
	struct function *f;

	look_at_all();
	for (f = functions; f < end; f++) {
		if (!f->away)
			judge(f, !one || f == one ? action : NEIGHBOUR);
	}
}

/* What has to be seen of one from now on */
static void expect(struct function *f)
{
	if (f->children == UNKNOWN)
		read_start(f->bdf, UNKNOWN, &f->start);
	else
		f->start.children = f->children;
	read_driver(f->bdf, f->start.driver, sizeof(f->start.driver));
	if (f->wanted == UNKNOWN)
		f->wanted = f->start.nr;
}

static void start(struct function *f)
{
	expect(f);
	look(f);
	if (!f->start.driver[0] || (f->now.nr && !f->now.on_its))
		give_up(f->bdf, "it has no driver, or its vectors are not on a GICv3 ITS");
	judge(f, START);
}

static void start_all(void)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		if (!f->device)
			start(f);
	}
}

static void check_done(const char *bdf, const char *what, bool done)
{
	if (!done)
		complain("%s: cannot %s: %s", bdf, what, strerror(errno));
}

static void unbind(struct function *f)
{
	check_done(f->bdf, "unbind its driver", unbind_driver(f->bdf));
	f->away = true;
}

static void bind(struct function *f)
{
	check_done(f->bdf, "bind its driver", bind_driver(f->bdf, f->start.driver));
	f->away = false;
}

/* One by one, so that each finds the place that it left */
static void reload_all(void)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		unbind(f);
		bind(f);
		look(f);
	}
}

/* plug: the slot's directory in sysfs tells what is in it */

static bool find_slot(const char *bdf, char *path, size_t size)
{
	char address[16];
	bool is_it = false;
	glob_t found;
	size_t i;

	if (glob(SLOTS, 0, NULL, &found))
		return false;
	for (i = 0; i < found.gl_pathc && !is_it; i++) {
		snprintf(path, size, "%s", found.gl_pathv[i]);
		is_it = read_text(address, sizeof(address), "%s/address", path) &&
			!strncmp(address, bdf, strlen("0000:00:00"));
	}
	globfree(&found);
	return is_it;
}

static bool wait_for_slot(const char *slot, const char *file, const char *value)
{
	unsigned long begin = now_ms();
	char text[16];

	while (!read_text(text, sizeof(text), "%s/%s", slot, file) || strcmp(text, value)) {
		if (now_ms() - begin > PLUG_MS)
			return false;
		sleep_ms(POLL_MS);
	}
	return true;
}

static void plug(struct function *f)
{
	snprintf(f->id, sizeof(f->id), "f%u-%u", (unsigned int)(f - functions), f->plugged++);
	printf("### monitor device_add %s,id=%s\n", f->device, f->id);
	if (strstr(f->device, "xhci"))
		printf("### monitor device_add usb-kbd,bus=%s.0\n", f->id);
	fflush(stdout);
}

static void wait_for_driver(struct function *f)
{
	unsigned long begin = now_ms();
	char driver[32];

	do {
		sleep_ms(POLL_MS);
		read_driver(f->bdf, driver, sizeof(driver));
		if (now_ms() - begin > PLUG_MS)
			give_up(f->bdf, "it does not come");
	} while (!driver[0]);
	f->away = false;
}

static void unplug_all(bool by_power)
{
	char slot[PATH_MAX];
	struct function *f;

	for (f = functions; f < end; f++) {
		if (!f->device)
			continue;
		if (!find_slot(f->bdf, slot, sizeof(slot)))
			give_up(f->bdf, "it is in no slot that pciehp or shpchp has");
		f->away = true;
		if (by_power) {
			check_done(f->bdf, "power its slot off", write_text("0", "%s/power", slot));
			continue;
		}
		printf("### monitor device_del %s\n", f->id);
		fflush(stdout);
	}
	for (f = functions; f < end; f++) {
		if (!f->device)
			continue;
		find_slot(f->bdf, slot, sizeof(slot));
		if (!wait_for_slot(slot, "adapter", "0") || !wait_for_slot(slot, "power", "0") ||
		    is_present(f->bdf))
			give_up(f->bdf, "it does not go");
	}
	sleep_ms(OFF_MS);
}

/* In a defined order, which decides where LPIs are */
static void plug_all(void)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		if (!f->device)
			continue;
		plug(f);
		wait_for_driver(f);
	}
}

static void judge_plugged(enum action action)
{
	struct function *f;

	look_at_all();
	for (f = functions; f < end; f++) {
		/* What is below a port comes and goes */
		if (!f->device)
			f->start.children = f->now.children;
		judge(f, f->device ? action : NEIGHBOUR);
	}
}

static void live_plug(void)
{
	struct function *f;
	unsigned int i;

	read_ids(&before);
	for (i = 0; i <= nr_cycles; i++) {
		plug_all();
		for (f = functions; f < end && !i; f++) {
			if (f->device)
				expect(f);
		}
		judge_plugged(i ? PLUG : LATE);
		for (f = functions; f < end; f++) {
			if (!f->device)
				continue;
			unbind(f);
			bind(f);
		}
		judge_plugged(RELOAD);
		unplug_all(i % 2);
		check_ids("all are unplugged", &before);
	}
}

/* nvme */

/* The one path that a pattern below the function has */
static bool find_below(const char *bdf, const char *pattern, char *path, size_t size)
{
	char full[PATH_MAX];
	glob_t found;

	snprintf(full, sizeof(full), FUNCTION "/%s", bdf, pattern);
	if (glob(full, 0, NULL, &found))
		return false;
	snprintf(path, size, "%s", found.gl_pathv[0]);
	globfree(&found);
	return true;
}

static void check_time(const char *bdf, unsigned long begin)
{
	if (now_ms() - begin > SLOW_MS)
		complain("%s: it takes %lu ms, do interrupts arrive?", bdf, now_ms() - begin);
}

static void read_block(const char *bdf)
{
	static char block[BLOCK_SIZE] __attribute__((aligned(BLOCK_SIZE)));
	unsigned long begin = now_ms();
	char path[PATH_MAX], device[PATH_MAX];
	ssize_t len = -1;
	int fd;

	if (!find_below(bdf, "nvme/nvme*/nvme*n1", path, sizeof(path))) {
		complain("%s: it has no block device", bdf);
		return;
	}
	snprintf(device, sizeof(device), "/dev%s", strrchr(path, '/'));
	fd = open(device, O_RDONLY | O_DIRECT);
	if (fd >= 0) {
		len = read(fd, block, sizeof(block));
		close(fd);
	}
	if (len != sizeof(block))
		complain("%s: cannot read a block: %s", bdf, strerror(errno));
	check_time(bdf, begin);
}

static void live_nvme(void)
{
	struct function *f = functions;
	char path[PATH_MAX];
	unsigned long begin;
	unsigned int i;

	read_ids(&before);
	for (i = 0; i < nr_cycles; i++) {
		begin = now_ms();
		if (!find_below(f->bdf, "nvme/nvme*", path, sizeof(path)))
			give_up(f->bdf, "it is no NVMe controller, or its driver has given up");
		check_done(f->bdf, "reset it", write_text("1", "%s/reset_controller", path));
		check_time(f->bdf, begin);
		read_block(f->bdf);
		check_ids("a reset", &before);
		judge_all(f, RESET);
	}
}

/* cpus: the xHCI driver asks for an MSI for each CPU that is online, and one more */

static void set_cpu(unsigned int cpu, bool online)
{
	if (!write_text(online ? "1" : "0", CPU_ONLINE, cpu))
		complain("CPU %u does not go %sline: %s", cpu, online ? "on" : "off",
			 strerror(errno));
}

static void want_less(int less)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		if (!strcmp(f->start.driver, "xhci_hcd"))
			f->wanted = f->start.nr - less;
	}
}

/* Through interrupts that another CPU may have now */
static void read_blocks(void)
{
	struct function *f;

	for (f = functions; f < end; f++) {
		if (!strcmp(f->start.driver, "nvme"))
			read_block(f->bdf);
	}
}

static void live_cpus(void)
{
	unsigned int nr_cpus = sysconf(_SC_NPROCESSORS_ONLN), cpu, i;
	struct function *f;

	for (f = functions; f < end; f++)
		f->start = f->now;
	read_ids(&before);
	for (i = 0; i < nr_cycles; i++) {
		for (cpu = nr_cpus - 1; cpu; cpu--) {
			set_cpu(cpu, false);
			read_blocks();
			judge_all(functions + MAX_FUNCTIONS, NEIGHBOUR);
			want_less(nr_cpus - cpu);
			reload_all();
			judge_all(NULL, CPUS);
		}
		for (cpu = 1; cpu < nr_cpus; cpu++)
			set_cpu(cpu, true);
		judge_all(functions + MAX_FUNCTIONS, NEIGHBOUR);
		want_less(0);
		reload_all();
		check_ids("all CPUs are online", &before);
		judge_all(NULL, CPUS);
	}
}

/*
 * later: VFIO adds to the vectors that are there when it is given eventfds for more. For how
 * an xHCI controller is made to send a message see its_msi_vfio.c.
 */
#define XHCI_CAPLENGTH		0x00
#define XHCI_HCSPARAMS1		0x04
#define XHCI_RTSOFF		0x18
#define XHCI_USBCMD		0x00
#define XHCI_USBCMD_INTE	0x0004
#define XHCI_INTERRUPTER(v)	(0x20 + 0x20 * (v))
#define XHCI_IMAN		0x00
#define XHCI_IMAN_IP_IE		0x0003
#define XHCI_ERSTSZ		0x08
#define XHCI_ERSTBA		0x10
#define XHCI_ERDP		0x18
#define XHCI_ERDP_EHB		0x0008
#define RING_TRBS		64
#define TRB_SIZE		16
#define ARRIVE_MS		500

static struct vfio vfio;
/* Where VFIO has its registers, and where the ring is for the device */
static uint64_t bar, ring;
static unsigned int runtime;
static unsigned int nr_sent, nr_arrived;

static uint32_t xhci_read(unsigned int reg)
{
	uint32_t value = ~0U;

	if (pread(vfio.device, &value, sizeof(value), bar + reg) < 0)
		complain("%s: reading a register: %s", vfio.bdf, strerror(errno));
	return value;
}

static void xhci_write(unsigned int reg, uint32_t value)
{
	if (pwrite(vfio.device, &value, sizeof(value), bar + reg) < 0)
		complain("%s: writing a register: %s", vfio.bdf, strerror(errno));
}

static uint64_t find_region(unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(vfio.device, VFIO_DEVICE_GET_REGION_INFO, &info))
		give_up(vfio.bdf, "VFIO does not tell its regions");
	return info.offset;
}

/* A page of the program, at the physical address that a device without IOMMU uses */
static char *get_page(uint64_t *address)
{
	size_t size = sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;
	char *page;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	if (page == MAP_FAILED || pread(fd, &entry, sizeof(entry),
					(uintptr_t)page / size * sizeof(entry)) < 0 || !entry)
		give_up("/proc/self/pagemap", "cannot get a page for the controller");
	close(fd);
	*address = (entry & ((1ULL << 55) - 1)) * size;
	return page;
}

/* Its driver has reset it, and it stays halted */
static void set_up_xhci(void)
{
	uint64_t config = find_region(VFIO_PCI_CONFIG_REGION_INDEX);
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	unsigned int nr, v;
	uint32_t *segment;

	bar = find_region(VFIO_PCI_BAR0_REGION_INDEX);
	if (pwrite(vfio.device, &command, sizeof(command), config + PCI_COMMAND) < 0)
		give_up(vfio.bdf, "cannot let it access memory");
	segment = (uint32_t *)(get_page(&ring) + RING_TRBS * TRB_SIZE);
	segment[0] = ring;
	segment[1] = ring >> 32;
	segment[2] = RING_TRBS;
	runtime = xhci_read(XHCI_RTSOFF) & ~0x1f;
	nr = xhci_read(XHCI_HCSPARAMS1) >> 8 & 0x7ff;
	for (v = 0; v < nr; v++) {
		unsigned int reg = runtime + XHCI_INTERRUPTER(v);

		xhci_write(reg + XHCI_ERSTSZ, 1);
		xhci_write(reg + XHCI_ERDP, ring);
		xhci_write(reg + XHCI_ERDP + 4, ring >> 32);
		xhci_write(reg + XHCI_ERSTBA, ring + RING_TRBS * TRB_SIZE);
		xhci_write(reg + XHCI_ERSTBA + 4, ring >> 32);
	}
	xhci_write((xhci_read(XHCI_CAPLENGTH) & 0xff) + XHCI_USBCMD, XHCI_USBCMD_INTE);
}

static void fire(unsigned int v)
{
	unsigned int reg = runtime + XHCI_INTERRUPTER(v);
	uint64_t last = ring + (RING_TRBS - 1) * TRB_SIZE;

	xhci_write(reg + XHCI_IMAN, XHCI_IMAN_IP_IE);
	xhci_write(reg + XHCI_ERDP + 4, last >> 32);
	xhci_write(reg + XHCI_ERDP, last | XHCI_ERDP_EHB);
}

/* Each message arrives at its eventfd once, and at no other */
static void check_delivery(unsigned int nr)
{
	struct pollfd fd = { .events = POLLIN };
	unsigned int v, i;
	uint64_t seen;

	for (v = 0; v < nr; v++) {
		fire(v);
		nr_sent++;
		fd.fd = vfio.events[v];
		poll(&fd, 1, ARRIVE_MS);
		for (i = 0; i < nr; i++) {
			if (read(vfio.events[i], &seen, sizeof(seen)) < 0)
				seen = 0;
			nr_arrived += seen;
			if (seen != (i == v))
				complain("%s: message %u of %u: eventfd %u has seen %u", vfio.bdf,
					 v, nr, i, (unsigned int)seen);
		}
	}
}

/* The ITS of Linux 7.2 cannot yet: what is enabled has to be disabled before there are more */
static bool can_add(void)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = VFIO_PCI_MSIX_IRQ_INDEX };

	if (ioctl(vfio.device, VFIO_DEVICE_GET_IRQ_INFO, &info))
		give_up(vfio.bdf, "VFIO does not tell of its MSI-X");
	return !(info.flags & VFIO_IRQ_INFO_NORESIZE);
}

static bool add_vectors(unsigned int first, unsigned int nr)
{
	char buffer[sizeof(struct vfio_irq_set) + MAX_SEEN * sizeof(int)];
	struct vfio_irq_set *set = (struct vfio_irq_set *)buffer;

	if (first && !can_add()) {
		vfio_disable(&vfio, MSIX);
		nr += first;
		first = 0;
	}
	memset(buffer, 0, sizeof(buffer));
	set->argsz = sizeof(*set) + nr * sizeof(int);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSIX_IRQ_INDEX;
	set->start = first;
	set->count = nr;
	memcpy(set->data, vfio.events + first, nr * sizeof(int));
	return !ioctl(vfio.device, VFIO_DEVICE_SET_IRQS, set);
}

static void take(struct vfio *vf, const char *bdf)
{
	const char *reason = vfio_choose(vf, bdf);

	if (!reason)
		reason = vfio_take(vf) ? vfio_open(vf) : "vfio-pci cannot have it";
	if (reason)
		give_up(bdf, reason);
}

/* VFIO has the first function. The other one is where it goes while that has no vectors. */
static void take_first(void)
{
	struct function *f = functions, *neighbour = f + 1;

	unbind(f);
	take(&vfio, f->bdf);
	f->away = false;
	set_up_xhci();
	read_state(f->bdf, &f->now);
	f->start = f->now;
	/* From now on it uses the DeviceID */
	add_vectors(0, 1);
	vfio_disable(&vfio, MSIX);
	unbind(neighbour);
	bind(neighbour);
	look(neighbour);
	read_ids(&before);
}

static void judge_disabled(void)
{
	functions->wanted = 0;
	place = 1;
	look_at_all();
	judge(functions + 1, NEIGHBOUR);
	check_ids("vectors are disabled", &before);
}

static void give_back(void)
{
	vfio_give_back(&vfio);
	ksft_print_msg("sent=%u arrived=%u\n", nr_sent, nr_arrived);
}

/* Three, then one and two more. Every second time the neighbour comes in between. */
static void live_later(void)
{
	static const unsigned int steps[] = { 3, 4, 6 };
	struct function *f = functions, *neighbour = f + 1;
	unsigned int i, step, has;

	take_first();
	for (i = 0; i < nr_cycles; i++) {
		place = 1 + i % 2;
		if (i % 2)
			unbind(neighbour);
		for (step = has = 0; step < ARRAY_SIZE(steps); step++) {
			f->wanted = steps[step];
			check_done(f->bdf, "add vectors", add_vectors(has, f->wanted - has));
			has = f->wanted;
			if (i % 2 && !step)
				bind(neighbour);
			look_at_all();
			check_delivery(has);
			judge(f, LATER);
			judge(neighbour, NEIGHBOUR);
		}
		vfio_disable(&vfio, MSIX);
		unbind(neighbour);
		bind(neighbour);
		judge_disabled();
	}
	give_back();
}

/* Each number but once, as it stands for what was seen. Every second time the neighbour is away. */
static void live_types(void)
{
	static const struct {
		enum vector_type	type;
		unsigned int		nr;
	} steps[] = { { MSI, 3 }, { MSIX, 5 }, { MSI, 7 }, { MSIX, 6 }, { MSI, 11 } };
	struct function *f = functions, *neighbour = f + 1;
	unsigned int i, step;

	take_first();
	for (i = 0; i < nr_cycles; i++) {
		if (i % 2)
			unbind(neighbour);
		for (step = 0; step < ARRAY_SIZE(steps); step++) {
			f->wanted = steps[step].nr;
			place = 1 + i % 2;
			vfio_enable(&vfio, steps[step].type, f->wanted);
			look_at_all();
			check_delivery(f->wanted);
			judge(f, TYPES);
			if (!neighbour->away)
				judge(neighbour, NEIGHBOUR);
			vfio_disable(&vfio, steps[step].type);
		}
		if (i % 2)
			bind(neighbour);
		judge_disabled();
	}
	give_back();
}

/* lpis: the first that come take as many as their MSI-X tables are long, the last ones few */

static char fillers[256][BDF_SIZE];
static unsigned int nr_fillers;

static bool is_given(const char *bdf)
{
	const struct function *f;

	for (f = functions; f < end; f++) {
		if (!strcmp(f->bdf, bdf))
			return true;
	}
	return false;
}

static void find_fillers(void)
{
	struct dirent **entries;
	char driver[32];
	int nr, i;

	nr = scandir(PCI_SYSFS "/devices", &entries, NULL, alphasort);
	for (i = 0; i < nr; i++) {
		const char *bdf = entries[i]->d_name;

		read_driver(bdf, driver, sizeof(driver));
		if (strcmp(driver, "virtio-pci") || is_given(bdf))
			continue;
		if (nr_fillers == ARRAY_SIZE(fillers))
			break;
		strcpy(fillers[nr_fillers++], bdf);
	}
}

static void fill(unsigned int i, bool come)
{
	check_done(fillers[i], come ? "bind its driver" : "unbind its driver",
		   come ? bind_driver(fillers[i], "virtio-pci") : unbind_driver(fillers[i]));
}

static unsigned int count_fillers(void)
{
	static struct state state;
	unsigned int nr = 0, without = 0, i;

	for (i = 0; i < nr_fillers; i++) {
		read_state(fillers[i], &state);
		nr += state.nr;
		without += !state.nr;
	}
	ksft_print_msg("%u others have %u vectors, %u of them none\n", nr_fillers, nr, without);
	return nr;
}

static void bind_all(void)
{
	struct function *f;

	for (f = functions; f < end; f++)
		bind(f);
}

static void unbind_all(void)
{
	struct function *f;

	for (f = functions; f < end; f++)
		unbind(f);
}

/* Without vectors, devices have wired interrupts. Returns how many vectors there are. */
static unsigned int judge_few(void)
{
	unsigned int nr = 0;
	struct function *f;

	for (f = functions; f < end; f++) {
		if (!wait_until_back(f->bdf, &f->start, WAIT_MS))
			complain("%s: driver or devices are missing", f->bdf);
		read_state(f->bdf, &f->now);
	}
	for (f = functions; f < end; f++) {
		check_layout(f->bdf, &f->now);
		check_apart(f->bdf, f);
		nr += f->now.nr;
		tell(f, FEW);
	}
	return nr;
}

static void check_equal(const char *what, unsigned int *first, unsigned int nr)
{
	if (*first == 0)
		*first = nr + 1;
	if (*first != nr + 1)
		complain("%s: %u vectors, it was %u the first time", what, nr, *first - 1);
}

static void live_lpis(void)
{
	static unsigned int few[ARRAY_SIZE(fillers) + 1];
	unsigned int i, j, left, nr = 0, all = 0, full = 0;
	struct function *f;

	find_fillers();
	for (f = functions; f < end; f++) {
		/* One that goes while its devices come says errors */
		expect(f);
		wait_until_back(f->bdf, &f->start, WAIT_MS);
		unbind(f);
	}
	for (j = 0; j < nr_fillers; j++)
		fill(j, false);
	read_ids(&before);
	for (f = functions; f < end; f++) {
		bind(f);
		start(f);
		all += f->wanted;
	}
	unbind_all();
	for (i = 0; i < nr_cycles; i++) {
		for (j = 0; j < nr_fillers; j++)
			fill(j, true);
		check_equal("the others", &full, count_fillers());
		/* The last of the others go two by two, soon there are enough LPIs */
		for (left = nr_fillers; left >= nr_fillers / 2 + 2; left -= 2) {
			bind_all();
			nr = judge_few();
			unbind_all();
			check_equal("with few LPIs", &few[left], nr);
			if (left == nr_fillers && nr == all)
				give_up("LPIs", "there are enough for all, plug more functions");
			fill(left - 1, false);
			fill(left - 2, false);
		}
		if (nr != all)
			complain("half of the others keep vectors from the functions");
		for (j = i % 2; j < left; j += 2)
			fill(j, false);
		place = 1 + i % 2;
		bind_all();
		judge_all(NULL, ROOM);
		place = 0;
		unbind_all();
		for (j = !(i % 2); j < left; j += 2)
			fill(j, false);
		check_ids("none is there", &before);
		bind_all();
		judge_all(NULL, ALONE);
		unbind_all();
	}
	bind_all();
}

/*
 * sriov: a virtual function of an NVMe controller has queues and vectors when the controller
 * has been told so, for which see its specification, "Virtualization Management".
 */

/* A process may have 1024 files, and each has MAX_EVENTS eventfds */
#define MAX_VFS		3
#define VIRT_MGMT	0x1c
#define VIRT_ASSIGN	8
#define VIRT_ONLINE	9
#define VIRT_QUEUES	0
#define VIRT_VECTORS	1

static void set_numvfs(const char *bdf, unsigned int nr)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", nr);
	check_done(bdf, "change its virtual functions",
		   write_text(text, FUNCTION_SYSFS "/sriov_numvfs", bdf));
}

static void manage(const char *pf, unsigned int vf, unsigned int action, unsigned int what,
		   unsigned int nr)
{
	struct nvme_admin_cmd cmd = {
		.opcode = VIRT_MGMT,
		.cdw10 = vf << 16 | what << 8 | action,
		.cdw11 = nr,
	};
	char path[PATH_MAX], device[PATH_MAX];
	int fd;

	if (!find_below(pf, "nvme/nvme*", path, sizeof(path)))
		give_up(pf, "it is no NVMe controller");
	snprintf(device, sizeof(device), "/dev%s", strrchr(path, '/'));
	fd = open(device, O_RDWR);
	if (ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd))
		give_up(device, "it does not give its virtual functions queues and vectors");
	close(fd);
}

static void find_vf(const char *pf, unsigned int vf, char *bdf)
{
	char path[PATH_MAX], target[PATH_MAX];

	snprintf(path, sizeof(path), FUNCTION "/virtfn%u", pf, vf);
	if (!realpath(path, target))
		give_up(path, strerror(errno));
	snprintf(bdf, BDF_SIZE, "%s", strrchr(target, '/') + 1);
}

static void bind_to_nvme(struct function *f)
{
	unsigned long begin = now_ms();

	write_text("nvme", FUNCTION "/driver_override", f->bdf);
	check_done(f->bdf, "bind it to nvme", bind_driver(f->bdf, "nvme"));
	check_time(f->bdf, begin);
}

static void release(struct vfio *vf)
{
	unsigned int i;

	vfio_disable(vf, MSIX);
	vfio_give_back(vf);
	for (i = 0; i < MAX_EVENTS; i++)
		close(vf->events[i]);
}

/* First with vfio-pci, every second time with their own driver, which is there when they go */
static void live_sriov(unsigned int nr_vfs, unsigned int nr_vectors)
{
	static struct vfio vfs[MAX_VFS];
	struct function *pf = functions, *f;
	unsigned int i, j, nr;

	/*
	 * sriov_drivers_autoprobe only lets the probe fail, and that of the NVMe driver runs by
	 * itself: a function could be seen with that driver, and have none a moment later.
	 */
	if (!write_text("0", "/sys/bus/pci/drivers_autoprobe"))
		give_up(pf->bdf, "functions that come would be bound to their drivers");
	read_ids(&before);
	for (i = 0; i < nr_cycles; i++) {
		/* All of them, then less, so that some are where others were */
		nr = nr_vfs - i % nr_vfs;
		set_numvfs(pf->bdf, nr);
		for (j = 0; j < nr; j++) {
			manage(pf->bdf, j + 1, VIRT_ASSIGN, VIRT_QUEUES, nr_vectors);
			manage(pf->bdf, j + 1, VIRT_ASSIGN, VIRT_VECTORS, nr_vectors);
			manage(pf->bdf, j + 1, VIRT_ONLINE, 0, 0);
			f = end++;
			f->away = false;
			find_vf(pf->bdf, j, f->bdf);
			if (i % 2) {
				bind_to_nvme(f);
				f->wanted = pf->wanted;
			} else {
				take(&vfs[j], f->bdf);
				vfio_enable(&vfs[j], MSIX, nr_vectors);
				f->wanted = nr_vectors;
			}
			read_state(f->bdf, &f->start);
		}
		judge_all(pf, SRIOV);
		for (j = 0; j < nr && !(i % 2); j++)
			release(&vfs[j]);
		set_numvfs(pf->bdf, 0);
		end = pf + 1;
		check_ids("there are no virtual functions", &before);
	}
}

int main(int argc, char **argv)
{
	unsigned int nr_vfs = 0, nr_vectors = 0;
	const char *life = argc > 3 ? argv[1] : "", *reason = cannot_look();
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	if (reason)
		give_up(life, reason);
	if (argc < 4)
		bad_usage("LIFE CYCLES FUNCTION...");
	nr_cycles = parse_count(argv[2], 1, 1000);
	if (!strcmp(life, "sriov") && argc == 6) {
		nr_vectors = parse_count(argv[--argc], 1, MAX_SEEN - 1);
		nr_vfs = parse_count(argv[--argc], 1, MAX_VFS);
	}
	for (i = 3; i < argc; i++)
		add_function(argv[i]);

	ksft_set_plan(3);
	if (strcmp(life, "lpis"))
		start_all();
	if (!strcmp(life, "plug"))
		live_plug();
	else if (!strcmp(life, "cpus"))
		live_cpus();
	else if (!strcmp(life, "nvme"))
		live_nvme();
	else if (!strcmp(life, "later") && end - functions == 2)
		live_later();
	else if (!strcmp(life, "types") && end - functions == 2)
		live_types();
	else if (!strcmp(life, "lpis"))
		live_lpis();
	else if (!strcmp(life, "sriov") && nr_vfs)
		live_sriov(nr_vfs, nr_vectors);
	else
		give_up(life, "no such life, or not with these functions");
	ksft_test_result(!nr_wrong, "%s: %u observations, %u wrong\n", life, nr_observed, nr_wrong);
	ksft_test_result(!nr_complaints, "%s: nothing is left\n", life);
	ksft_test_result(!kernel_warned(), "no kernel warning\n");
	ksft_finished();
}
