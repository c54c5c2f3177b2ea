// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a PCI function get any number of MSI and MSI-X vectors, as often as user
 * space asks for them, and does each one arrive where it should?
 *
 * vfio-pci enables as many vectors as user space gives it eventfds. So every
 * number can be asked for here, with one device, whatever its driver would use:
 * upwards, downwards and in random order. What must hold each time:
 *
 * - As many vectors as were asked for, and a Multi-MSI block starts at a multiple
 *   of its size.
 * - For the same number the same EventIDs and LPIs, whatever was asked for in
 *   between: nothing else comes or goes on the DeviceID meanwhile.
 * - Message v of the device arrives at eventfd v, once, and at no other.
 * - A message in the padding of a Multi-MSI block, which the device is enabled
 *   to send but nobody asked for, arrives at none of the eventfds.
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
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "kselftest_harness.h"
#include "its_vfio.h"

/* How long a message may be under way */
#define ARRIVE_MS		500
/* Time for one that nobody should see to be seen nevertheless */
#define PADDING_MS		2
/* Any that is not reserved will do. It is a multiple of each page size. */
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

static const char * const type_action[NR_TYPES] = {
	[MSI]	= "vfio-msi",
	[MSIX]	= "vfio-msix",
};

/**
 * struct xhci - an xHCI controller that is made to fire
 * @bar:	where its registers are in the VFIO device's file
 * @runtime:	offset of the runtime registers
 * @interrupters: how many messages it can send, 0 if it cannot be used
 * @ring:	what the device takes for the address of the event ring
 */
static struct xhci {
	uint64_t	bar;
	unsigned int	runtime;
	unsigned int	interrupters;
	uint64_t	ring;
} xhci;

static unsigned int max_count = 16;
static unsigned int nr_rounds = 2;
static unsigned int seed, nr_sent, nr_arrived;
static bool warned;
static struct vfio vfio;
/* What was seen first for a number of vectors */
static struct state first_seen[MAX_EVENTS + 1];

static const char about[] =
	"Bind a PCI function to vfio-pci, enable every number of MSI and MSI-X vectors over\n"
	"and over, and check that they are had, where they are and, of an xHCI controller\n"
	"that can be made to send them, where they arrive. The function gets its driver\n"
	"back at the end.\n";

static const struct number numbers[] = {
	{ 'm', &max_count, 1, MAX_EVENTS, "the largest number of vectors to ask for" },
	{ 'r', &nr_rounds, 1, 1000000, "how often to go up, down and at random" },
	{ 's', &seed, 0, UINT32_MAX, "the seed that a run logged, to repeat it, 0 for a new one" },
	{ }
};

static uint32_t xhci_read(unsigned int reg)
{
	uint32_t value = ~0U;

	if (pread(vfio.device, &value, sizeof(value), xhci.bar + reg) < 0)
		complain("reading a register: %s", strerror(errno));
	return value;
}

static void xhci_write(unsigned int reg, uint32_t value)
{
	if (pwrite(vfio.device, &value, sizeof(value), xhci.bar + reg) < 0)
		complain("writing a register: %s", strerror(errno));
}

static void xhci_write64(unsigned int reg, uint64_t value)
{
	xhci_write(reg, value);
	xhci_write(reg + 4, value >> 32);
}

static bool xhci_wait(unsigned int reg, uint32_t bits, uint32_t value)
{
	unsigned long start = now_ms();

	while ((xhci_read(reg) & bits) != value) {
		if (now_ms() - start > XHCI_RESET_MS)
			return false;
		sleep_ms(1);
	}
	return true;
}

static uint64_t find_region(unsigned int index)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = index,
	};

	return ioctl(vfio.device, VFIO_DEVICE_GET_REGION_INFO, &info) ? 0 : info.offset;
}

static bool let_it_access_memory(void)
{
	uint64_t command_reg = find_region(VFIO_PCI_CONFIG_REGION_INDEX) + PCI_COMMAND;
	uint16_t command;

	if (pread(vfio.device, &command, sizeof(command), command_reg) < 0)
		return false;
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return pwrite(vfio.device, &command, sizeof(command), command_reg) > 0;
}

/*
 * Without an IOMMU, the physical address is the one that the device uses, unless its
 * host bridge adds an offset: then it does not fire.
 */
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
	uint32_t *segment;
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

	segment = (uint32_t *)(page + RING_TABLE);
	segment[0] = xhci.ring;
	segment[1] = xhci.ring >> 32;
	segment[2] = RING_TRBS;
	return true;
}

/* Returns whether the controller says that it fired */
static bool fire(unsigned int v)
{
	uint64_t last = xhci.ring + RING_TABLE - XHCI_TRB_SIZE;
	unsigned int reg = xhci.runtime + XHCI_INTERRUPTER(v);

	xhci_write(reg + XHCI_IMAN, XHCI_IMAN_IE | XHCI_IMAN_IP);
	xhci_write(reg + XHCI_ERDP + 4, last >> 32);
	xhci_write(reg + XHCI_ERDP, last | XHCI_ERDP_EHB);
	return xhci_read(reg + XHCI_ERDP) & XHCI_ERDP_EHB;
}

/* Returns why it cannot be made to fire */
static const char *set_up_xhci(void)
{
	unsigned int operational, interrupters, reg, v;
	char class[16];

	read_text(class, sizeof(class), FUNCTION_SYSFS "/class", vfio.bdf);
	if (strcmp(class, XHCI_CLASS))
		return "only an xHCI controller can be made to fire";
	xhci.bar = find_region(VFIO_PCI_BAR0_REGION_INDEX);
	if (!let_it_access_memory())
		return "cannot access the controller";
	operational = xhci_read(XHCI_CAPLENGTH) & 0xff;
	xhci.runtime = xhci_read(XHCI_RTSOFF) & ~0x1f;
	interrupters = xhci_read(XHCI_HCSPARAMS1) >> 8 & 0x7ff;
	xhci_write(operational + XHCI_USBCMD, 0);
	if (!xhci_wait(operational + XHCI_USBSTS, XHCI_USBSTS_HCH, XHCI_USBSTS_HCH))
		return "the controller does not halt";
	xhci_write(operational + XHCI_USBCMD, XHCI_USBCMD_HCRST);
	if (!xhci_wait(operational + XHCI_USBCMD, XHCI_USBCMD_HCRST, 0) ||
	    !xhci_wait(operational + XHCI_USBSTS, XHCI_USBSTS_CNR, 0))
		return "the controller does not come out of its reset";
	if (!make_ring())
		return "cannot give the controller memory for an event ring";

	for (v = 0; v < interrupters; v++) {
		reg = xhci.runtime + XHCI_INTERRUPTER(v);
		xhci_write(reg + XHCI_IMOD, 0);
		xhci_write(reg + XHCI_ERSTSZ, 1);
		xhci_write64(reg + XHCI_ERDP, xhci.ring);
		xhci_write64(reg + XHCI_ERSTBA, xhci.ring + RING_TABLE);
	}
	xhci_write(operational + XHCI_USBCMD, XHCI_USBCMD_INTE);
	if (!fire(0))
		return "the controller does not fire while it is halted";
	xhci.interrupters = interrupters;
	return NULL;
}

/* Message v is sent: all but eventfd v of the n must see nothing */
static void check_message(const char *when, unsigned int n, unsigned int v)
{
	struct pollfd fd = { .fd = vfio.events[v], .events = POLLIN };
	uint64_t seen, expected;
	unsigned int i;

	nr_sent++;
	if (!fire(v))
		complain("%s: interrupter %u does not fire", when, v);
	if (v < n)
		poll(&fd, 1, ARRIVE_MS);
	else
		sleep_ms(PADDING_MS);
	for (i = 0; i < n; i++) {
		expected = i == v;
		if (read(vfio.events[i], &seen, sizeof(seen)) < 0)
			seen = 0;
		nr_arrived += seen;
		if (seen != expected)
			complain("%s: message %u: eventfd %u has seen %u", when, v, i,
				 (unsigned int)seen);
	}
}

/*
 * Messages of one device don't overtake each other on the way to the ITS. So when
 * message 0 arrives, which is sent last, the one of the padding was translated. If
 * that interrupts another CPU, which is late, the next check sees it.
 */
static void check_delivery(const char *when, unsigned int n, unsigned int enabled)
{
	unsigned int v;

	for (v = 0; v < n && v < xhci.interrupters; v++)
		check_message(when, n, v);
	for (v = n; v < enabled && v < xhci.interrupters; v++) {
		check_message(when, n, v);
		check_message(when, n, 0);
	}
}

static void check_same(const char *when, unsigned int n, const struct state *state)
{
	if (first_seen[n].nr)
		check_same_vectors(when, &first_seen[n], state);
	else
		first_seen[n] = *state;
}

static void check_count(enum vector_type type, unsigned int n)
{
	unsigned int complaints = nr_complaints, granted;
	static struct state state, after;
	char when[64];

	snprintf(when, sizeof(when), "%s %s %u", vfio.bdf, type_action[type], n);
	granted = vfio_enable(&vfio, type, n);
	read_state(vfio.bdf, &state);
	if (granted != n) {
		complain("%s: only %u are to be had", when, granted);
	} else {
		check_delivery(when, n, state.enabled);
		check_layout(when, &state);
		if (state.nr != n || state.msix != type)
			complain("%s: seen %u %s in msi_irqs", when, state.nr,
				 state.msix ? "MSI-X" : "MSI");
		check_same(when, n, &state);
	}
	vfio_disable(&vfio, type);
	read_state(vfio.bdf, &after);
	if (after.nr)
		complain("%s: %u are left when they are disabled", when, after.nr);
	print_state(vfio.bdf, type_action[type], n,
		    complaints == nr_complaints ? "right" : "wrong", &state,
		    state.children);
}

FIXTURE(vectors) {
};

FIXTURE_VARIANT(vectors) {
	enum vector_type	type;
};

FIXTURE_VARIANT_ADD(vectors, msi) {
	.type	= MSI,
};

FIXTURE_VARIANT_ADD(vectors, msix) {
	.type	= MSIX,
};

FIXTURE_SETUP(vectors)
{
	const char *reason = NULL;

	warned = kernel_warned();
	if (vfio_take(&vfio))
		reason = vfio_open(&vfio);
	if (!reason && !nr_complaints && !vfio_count(&vfio, variant->type))
		reason = "the function has none";
	if (reason || nr_complaints) {
		vfio_give_back(&vfio);
		ASSERT_EQ(0U, nr_complaints);
		SKIP(return, "%s: %s", vfio.bdf, reason);
	}
	reason = set_up_xhci();
	ksft_print_msg("%s %s IOMMU, seed %u%s%s\n", vfio.bdf,
		       vfio.noiommu ? "without" : "with", seed,
		       reason ? ", nothing is sent: " : "", reason ?: "");
}

FIXTURE_TEARDOWN(vectors)
{
	vfio_give_back(&vfio);
	EXPECT_EQ(0U, nr_complaints);
	EXPECT_EQ(warned, kernel_warned());
}

TEST_F_TIMEOUT(vectors, any_count, TIMEOUT_S)
{
	unsigned int counts[MAX_EVENTS], round, i, j;
	unsigned int nr = vfio_count(&vfio, variant->type);
	uint32_t random = seed;

	if (nr > max_count)
		nr = max_count;
	for (round = 0; round < nr_rounds; round++) {
		for (i = 1; i <= nr; i++)
			check_count(variant->type, i);
		for (i = nr; i; i--)
			check_count(variant->type, i);
		/* The inside-out way to shuffle them */
		for (i = 0; i < nr; i++) {
			j = random_below(&random, i + 1);
			counts[i] = counts[j];
			counts[j] = i + 1;
		}
		for (i = 0; i < nr; i++)
			check_count(variant->type, counts[i]);
	}
	ksft_print_msg("sent=%u arrived=%u\n", nr_sent, nr_arrived);
}

int main(int argc, char **argv)
{
	const char *reason;
	struct given given;

	parse_options(argc, argv, about, numbers, &given, 1);
	if (!seed)
		seed = time(NULL) ^ getpid();
	reason = vfio_choose(&vfio, given.bdf);
	if (!reason && !may_be_on_its(given.bdf))
		reason = "its vectors are not on a GICv3 ITS";
	if (reason)
		ksft_exit_skip("%s: %s\n", given.bdf, reason);
	return test_harness_run(1, argv);
}
