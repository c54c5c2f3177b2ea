// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a PCI function get any number of MSI and MSI-X vectors, as often as user
 * space asks for them, and does each one arrive where it should?
 *
 * vfio-pci enables as many vectors as user space gives it eventfds. So every
 * number can be asked for here, with one device, whatever its driver would use:
 * upwards, downwards and in random order. What must hold each time:
 *
 * - As many vectors as were asked for.
 * - For the same number the same EventIDs and LPIs, whatever was asked for in
 *   between: nothing else comes or goes on the DeviceID meanwhile.
 * - A Multi-MSI block starts at a multiple of its size.
 * - Message v of the device arrives at eventfd v, once, and at no other.
 * - A message in the padding of a Multi-MSI block, which the device is enabled
 *   to send but nobody asked for, arrives nowhere.
 *
 * The last two need a device that can be made to send any of its messages
 * without a driver. An xHCI controller can: when the dequeue pointer of an
 * interrupter's event ring is written, and the event handler busy flag is
 * cleared with it, but the ring is not empty, the interrupter fires again
 * (xHCI 1.2, 4.17.2). A dequeue pointer that differs from where the controller
 * would put its next event makes a ring not empty, no event is needed. The
 * controller stays halted for that, it does not write to memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "its_vfio.h"

#define PROGRAM			"its_msi_vfio"
/* How long a message may be under way */
#define ARRIVE_MS		500
/* Time for one that nobody should see to be seen nevertheless */
#define PADDING_MS		2
/* Any address that is not reserved will do, and all pages start there */
#define DMA_IOVA		0x100000

/* Registers of an xHCI controller, from its specification */
#define XHCI_CLASS		"0x0c0330"
#define XHCI_CAPLENGTH		0x00
#define XHCI_HCSPARAMS1		0x04
#define XHCI_RTSOFF		0x18
#define XHCI_USBCMD		0x00
#define XHCI_USBCMD_HCRST	0x0002
#define XHCI_USBCMD_INTE	0x0004
#define XHCI_USBSTS		0x04
#define XHCI_USBSTS_HCH		0x0001
#define XHCI_USBSTS_CNR		0x0800
#define XHCI_INTERRUPTER(v)	(0x20 + 0x20 * (v))
#define XHCI_IMAN		0x00
#define XHCI_IMAN_IP		0x0001
#define XHCI_IMAN_IE		0x0002
#define XHCI_IMOD		0x04
#define XHCI_ERSTSZ		0x08
#define XHCI_ERSTBA		0x10
#define XHCI_ERDP		0x18
#define XHCI_ERDP_EHB		0x0008
#define XHCI_TRB_SIZE		16
#define XHCI_RESET_MS		1000

/* A ring that stays empty, and the table of its one segment behind it */
#define RING_TRBS		64
#define RING_TABLE		(RING_TRBS * XHCI_TRB_SIZE)

struct ring_segment {
	uint32_t	address_lo;
	uint32_t	address_hi;
	uint32_t	trbs;
	uint32_t	reserved;
};

enum order { UP, DOWN, RANDOM, NR_ORDERS };

static const char * const type_action[NR_TYPES] = {
	[MSI]	= "vfio-msi",
	[MSIX]	= "vfio-msix",
};

static const char * const order_name[NR_ORDERS] = {
	[UP]	 = "any count, up",
	[DOWN]	 = "any count, down",
	[RANDOM] = "any count, random",
};

/**
 * struct tests - the results for one type of vectors
 * @count:	any number of vectors, by the order of the numbers
 * @delivery:	each message arrives at its eventfd only
 * @padding:	messages that nobody asked for arrive nowhere
 */
struct tests {
	struct its_test	count[NR_ORDERS];
	struct its_test	delivery;
	struct its_test	padding;
};

/**
 * struct xhci - an xHCI controller that is made to fire
 * @usable:	it can be done
 * @bar:	where its registers are in the VFIO device's file
 * @runtime:	offset of the runtime registers
 * @interrupters: how many messages it can send
 * @ring:	what the device takes for the address of the event ring
 */
struct xhci {
	bool		usable;
	uint64_t	bar;
	unsigned int	runtime;
	unsigned int	interrupters;
	uint64_t	ring;
};

static const char *bdf;
static unsigned int max_count = 16;
static unsigned int nr_rounds = 2;
static uint32_t seed;
static uint32_t random_state;

static struct its_vfio vfio;
static struct xhci xhci;
static struct its_state *first_seen[NR_TYPES][ITS_VFIO_MAX_VECTORS + 1];
static struct tests tests[NR_TYPES];
static struct its_test given_back;

static void print_help(void)
{
	printf("Usage: " PROGRAM " [options] function\n"
	       "Bind a PCI function to vfio-pci, enable every number of MSI and MSI-X vectors\n"
	       "over and over, and check that they are had, where they are, and where they\n"
	       "arrive. The function gets its driver back at the end.\n"
	       "\n"
	       "  function   a PCI function such as 0000:01:02.0, nothing else is touched\n"
	       "  -m max     the largest number of vectors to ask for, default 16\n"
	       "  -r rounds  how often to go up, down and at random, default 2\n"
	       "  -s seed    repeat the random order of a run that logged this seed\n"
	       "  -h         this text\n");
}

static void parse_options(int argc, char **argv)
{
	int opt;

	seed = time(NULL) ^ getpid();
	while ((opt = getopt(argc, argv, ":m:r:s:h")) != -1) {
		switch (opt) {
		case 'm':
			max_count = its_parse_count(PROGRAM, opt, optarg, 1,
						    ITS_VFIO_MAX_VECTORS);
			break;
		case 'r':
			nr_rounds = its_parse_count(PROGRAM, opt, optarg, 1,
						    1000000);
			break;
		case 's':
			seed = its_parse_count(PROGRAM, opt, optarg, 0,
					       UINT_MAX);
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

static uint32_t xhci_read(unsigned int reg)
{
	uint32_t value = ~0U;

	if (pread(vfio.device, &value, sizeof(value), xhci.bar + reg) < 0)
		ksft_print_msg("reading a register: %s\n", strerror(errno));
	return value;
}

static void xhci_write(unsigned int reg, uint32_t value)
{
	if (pwrite(vfio.device, &value, sizeof(value), xhci.bar + reg) < 0)
		ksft_print_msg("writing a register: %s\n", strerror(errno));
}

static void xhci_write64(unsigned int reg, uint64_t value)
{
	xhci_write(reg, value);
	xhci_write(reg + 4, value >> 32);
}

static bool xhci_wait(unsigned int reg, uint32_t bits, uint32_t value)
{
	unsigned long start = its_now_ms();

	while ((xhci_read(reg) & bits) != value) {
		if (its_now_ms() - start > XHCI_RESET_MS)
			return false;
		its_sleep_ms(1);
	}
	return true;
}

static bool find_region(unsigned int index, uint64_t *offset)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = index,
	};

	if (ioctl(vfio.device, VFIO_DEVICE_GET_REGION_INFO, &info) || !info.size)
		return false;
	*offset = info.offset;
	return true;
}

static bool let_it_access_memory(void)
{
	uint64_t config;
	uint16_t command;

	if (!find_region(VFIO_PCI_CONFIG_REGION_INDEX, &config))
		return false;
	if (pread(vfio.device, &command, sizeof(command), config + PCI_COMMAND) < 0)
		return false;
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return pwrite(vfio.device, &command, sizeof(command),
		      config + PCI_COMMAND) == sizeof(command);
}

/* Without an IOMMU, the physical address is the one that the device uses */
static bool physical_address(void *page, uint64_t *address)
{
	const uint64_t present = 1ULL << 63, pfn_mask = (1ULL << 55) - 1;
	size_t page_size = sysconf(_SC_PAGESIZE);
	uint64_t entry = 0;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0)
		return false;
	if (pread(fd, &entry, sizeof(entry),
		  (uintptr_t)page / page_size * sizeof(entry)) < 0)
		entry = 0;
	close(fd);
	*address = (entry & pfn_mask) * page_size;
	return entry & present && *address;
}

/*
 * The controller reads the segment table when it is told where it is, and
 * nothing later: it does not matter if the kernel moves the page then.
 */
static bool make_ring(void)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = DMA_IOVA,
		.size = page_size,
	};
	struct ring_segment *segment;
	char *page;

	page = mmap(NULL, page_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE,
		    -1, 0);
	if (page == MAP_FAILED)
		return false;
	map.vaddr = (uintptr_t)page;
	xhci.ring = map.iova;
	if (vfio.noiommu ? !physical_address(page, &xhci.ring) :
		      ioctl(vfio.container, VFIO_IOMMU_MAP_DMA, &map))
		return false;

	segment = (struct ring_segment *)(page + RING_TABLE);
	segment->address_lo = xhci.ring;
	segment->address_hi = xhci.ring >> 32;
	segment->trbs = RING_TRBS;
	return true;
}

static unsigned int interrupter(unsigned int v)
{
	return xhci.runtime + XHCI_INTERRUPTER(v);
}

/* Returns whether the controller says that it fired */
static bool fire(unsigned int v)
{
	uint64_t last = xhci.ring + RING_TABLE - XHCI_TRB_SIZE;
	unsigned int reg = interrupter(v);

	xhci_write(reg + XHCI_IMAN, XHCI_IMAN_IE | XHCI_IMAN_IP);
	xhci_write(reg + XHCI_ERDP + 4, last >> 32);
	xhci_write(reg + XHCI_ERDP, last | XHCI_ERDP_EHB);
	return xhci_read(reg + XHCI_ERDP) & XHCI_ERDP_EHB;
}

/* Returns why it cannot be made to fire */
static const char *set_up_xhci(void)
{
	unsigned int operational, v;
	char class[16];

	its_read(class, sizeof(class), ITS_PCI_DEV "/class", bdf);
	if (strcmp(class, XHCI_CLASS))
		return "only an xHCI controller can be made to fire";
	if (!find_region(VFIO_PCI_BAR0_REGION_INDEX, &xhci.bar) ||
	    !let_it_access_memory())
		return "cannot access the controller";

	operational = xhci_read(XHCI_CAPLENGTH) & 0xff;
	xhci.interrupters = xhci_read(XHCI_HCSPARAMS1) >> 8 & 0x7ff;
	xhci.runtime = xhci_read(XHCI_RTSOFF) & ~0x1f;

	xhci_write(operational + XHCI_USBCMD, 0);
	if (!xhci_wait(operational + XHCI_USBSTS, XHCI_USBSTS_HCH,
		       XHCI_USBSTS_HCH))
		return "the controller does not halt";
	xhci_write(operational + XHCI_USBCMD, XHCI_USBCMD_HCRST);
	if (!xhci_wait(operational + XHCI_USBCMD, XHCI_USBCMD_HCRST, 0) ||
	    !xhci_wait(operational + XHCI_USBSTS, XHCI_USBSTS_CNR, 0))
		return "the controller does not come out of reset";
	if (!make_ring())
		return "no memory that the controller can access";

	for (v = 0; v < xhci.interrupters; v++) {
		unsigned int reg = interrupter(v);

		xhci_write(reg + XHCI_IMOD, 0);
		xhci_write(reg + XHCI_ERSTSZ, 1);
		xhci_write64(reg + XHCI_ERDP, xhci.ring);
		xhci_write64(reg + XHCI_ERSTBA, xhci.ring + RING_TABLE);
	}
	xhci_write(operational + XHCI_USBCMD, XHCI_USBCMD_INTE);
	if (!fire(0))
		return "the controller does not fire while it is halted";
	xhci.usable = true;
	return NULL;
}

static unsigned int take_events(unsigned int v)
{
	uint64_t nr = 0;

	if (read(vfio.events[v], &nr, sizeof(nr)) != sizeof(nr))
		return 0;
	return nr;
}

static void wait_for_event(unsigned int v)
{
	struct pollfd fd = { .fd = vfio.events[v], .events = POLLIN };

	poll(&fd, 1, ARRIVE_MS);
}

/* Message v was sent: all but eventfd v of the n must have seen nothing */
static bool arrived_only_at(struct its_test *test, const char *when,
			    unsigned int n, unsigned int v)
{
	bool right = true;
	unsigned int i;

	for (i = 0; i < n; i++) {
		unsigned int nr = take_events(i);
		unsigned int expected = i == v;

		if (nr == expected)
			continue;
		its_fail(test, "%s: message %u: eventfd %u has seen %u, expected %u",
			 when, v, i, nr, expected);
		right = false;
	}
	return right;
}

/* Returns how many of the vectors arrived as they should */
static unsigned int check_delivery(struct its_test *test, const char *when,
				   unsigned int n)
{
	unsigned int v, good = 0;

	test->ran = true;
	for (v = 0; v < n && v < xhci.interrupters; v++) {
		if (!fire(v))
			its_fail(test, "%s: interrupter %u does not fire", when,
				 v);
		wait_for_event(v);
		good += arrived_only_at(test, when, n, v);
	}
	return good;
}

/*
 * Messages of one device don't overtake each other. So when message 0 arrives,
 * which is sent last, the one of the padding has arrived as well or never will.
 */
static void check_padding(struct its_test *test, const char *when,
			  unsigned int n)
{
	unsigned int block = its_roundup_pow_of_two(n);
	unsigned int v;

	for (v = n; v < block && v < xhci.interrupters; v++) {
		test->ran = true;
		if (!fire(v))
			its_fail(test, "%s: interrupter %u does not fire", when,
				 v);
		its_sleep_ms(PADDING_MS);
		arrived_only_at(test, when, n, v);
		if (!fire(0))
			its_fail(test, "%s: interrupter 0 does not fire", when);
		wait_for_event(0);
		arrived_only_at(test, when, n, 0);
	}
}

static enum vector_type type_of(const struct its_state *state)
{
	return state->msix ? MSIX : MSI;
}

static void check_vectors(struct its_test *test, enum vector_type type,
			  const char *when, unsigned int n,
			  const struct its_state *state)
{
	struct its_state **first = &first_seen[type][n];

	its_check_layout(test, when, state);
	if (state->nr != n)
		its_fail(test, "%s: expected %u in msi_irqs, seen %u", when, n,
			 state->nr);
	if (type_of(state) != type)
		its_fail(test, "%s: the vectors are not %s", when,
			 its_type_name[type]);
	if (!*first) {
		*first = malloc(sizeof(**first));
		if (*first)
			**first = *state;
		return;
	}
	its_check_same_vectors(test, when, *first, state);
}

static void check_count(struct its_test *test, enum vector_type type,
			unsigned int n)
{
	static struct its_state state;
	unsigned int granted, fired = 0;
	char fired_text[16] = "-";
	char when[32];

	test->ran = true;
	snprintf(when, sizeof(when), "%u vectors", n);
	granted = its_vfio_enable(&vfio, type, n);
	its_read_state(bdf, &state);
	if (granted == n && xhci.usable) {
		fired = check_delivery(&tests[type].delivery, when, n);
		if (type == MSI)
			check_padding(&tests[type].padding, when, n);
		snprintf(fired_text, sizeof(fired_text), "%u/%u", fired, n);
	}
	ksft_print_msg("state %s %s %u vectors=%u eventids=%s lpis=%s fired=%s\n",
		       bdf, type_action[type], n, granted,
		       its_eventids(&state).text, its_lpis(&state).text,
		       fired_text);

	if (granted == n)
		check_vectors(test, type, when, n, &state);
	else
		its_fail(test, "%s: only %u are to be had", when, granted);

	its_vfio_disable(&vfio, type);
	its_read_state(bdf, &state);
	if (state.nr)
		its_fail(test, "%s: %u are left when they are disabled", when,
			 state.nr);
}

static void fill_counts(enum order order, unsigned int *counts, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		counts[i] = order == DOWN ? nr - i : i + 1;
	if (order != RANDOM)
		return;
	for (i = nr - 1; i; i--) {
		unsigned int other = its_random(&random_state, i + 1);
		unsigned int count = counts[i];

		counts[i] = counts[other];
		counts[other] = count;
	}
}

static void run_type(enum vector_type type)
{
	unsigned int nr = its_vfio_vectors(&vfio, type);
	unsigned int counts[ITS_VFIO_MAX_VECTORS];
	unsigned int round, i;
	enum order order;

	if (nr > max_count)
		nr = max_count;
	if (tests[type].count[UP].skip[0])
		return;
	for (round = 0; round < nr_rounds; round++) {
		for (order = 0; order < NR_ORDERS; order++) {
			fill_counts(order, counts, nr);
			for (i = 0; i < nr && !its_stopped(); i++)
				check_count(&tests[type].count[order], type,
					    counts[i]);
		}
	}
}

static void prepare_tests(enum vector_type type, const char *cannot_fire)
{
	const char *reason = its_vfio_cannot_test(&vfio, type);
	struct tests *t = &tests[type];
	enum order order;

	for (order = 0; order < NR_ORDERS; order++) {
		snprintf(t->count[order].name, sizeof(t->count[order].name),
			 "%s %s %s", bdf, its_type_name[type], order_name[order]);
		if (reason)
			its_skip(&t->count[order], reason);
	}
	snprintf(t->delivery.name, sizeof(t->delivery.name), "%s %s delivery",
		 bdf, its_type_name[type]);
	snprintf(t->padding.name, sizeof(t->padding.name), "%s %s padding",
		 bdf, its_type_name[type]);
	if (cannot_fire)
		its_skip(&t->delivery, cannot_fire);
	if (reason)
		its_skip(&t->delivery, reason);
	its_skip(&t->padding, t->delivery.skip);
}

static void report_tests(void)
{
	enum vector_type type;
	enum order order;

	for (type = 0; type < NR_TYPES; type++) {
		for (order = 0; order < NR_ORDERS; order++)
			its_report(&tests[type].count[order]);
		its_report(&tests[type].delivery);
	}
	its_report(&tests[MSI].padding);
	its_report(&given_back);
}

int main(int argc, char **argv)
{
	const char *cannot_fire, *reason;
	enum vector_type type;
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

	random_state = seed;
	its_hold_signals();
	warned_before = its_kernel_warned();
	reason = its_vfio_take(&vfio, bdf);
	if (!reason)
		reason = its_vfio_open(&vfio);
	if (reason) {
		its_vfio_give_back(&vfio, &given_back);
		ksft_exit_skip("%s: %s\n", bdf, reason);
	}
	ksft_print_msg("%s %s, seed %u\n", bdf,
		       vfio.noiommu ? "without IOMMU" : "with IOMMU", seed);

	for (i = 0; i < max_count; i++)
		vfio.events[i] = eventfd(0, EFD_NONBLOCK);
	cannot_fire = set_up_xhci();
	/* And padding of MSI, the function given back, kernel warnings */
	ksft_set_plan(NR_TYPES * (NR_ORDERS + 1) + 3);
	for (type = 0; type < NR_TYPES; type++) {
		prepare_tests(type, cannot_fire);
		run_type(type);
	}
	its_vfio_give_back(&vfio, &given_back);
	if (its_stopped())
		ksft_exit_fail_msg("stopped by a signal, %s has its driver again\n",
				   bdf);

	report_tests();
	its_report_warnings(warned_before);
	ksft_finished();
}
