// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do functions that share a DeviceID find room for all of their vectors,
 * whatever the order in which they come and go? And does one that shares with
 * nobody take what it takes without all that?
 *
 * The size is what its_pci_msi_prepare() and its_msi_prepare() of the kernel make
 * of it, the map is the kernel's, all compiled from its source. A function has a
 * number of messages, of which Multi-MSI uses any number, and a number of MSI-X
 * vectors, which come and go one by one. Small sets: all states that can be
 * reached. Large sets: random orders. A failed allocation is printed and ends
 * the program.
 */
#include "shim.h"

/* The driver's minimum is set aside where it would hide a size that is wrong */
static int min_nvecs;

#include "sizing.inc"
#include "driver.inc"

#define MAX_FUNCS	8
#define MAX_VECTORS	2048
#define MAX_EVENTIDS	8192
#define NR_LPIS		57344
#define SHARED_ID	1

static struct pci_dev funcs[MAX_FUNCS], bridge;
static struct pci_bus root_bus, bus;
static struct irq_domain its_domain, other_domain;
static struct its_node its;
static int nr_funcs, max_end;

/* What the ITS device has for a function that comes first, and goes again */
static int size_for(struct pci_dev *pdev, int nvec)
{
	static typeof(*domain_info.ops) ops = { .msi_prepare = its_msi_prepare };
	struct irq_domain domain = { .parent = &its_domain };
	msi_alloc_info_t info = { };
	int size;

	domain_info.ops = &ops;
	domain_info.data = &its;
	if (its_pci_msi_prepare(&domain, &pdev->dev, nvec, &info))
		return 0;
	size = its_device.event_map.nr_lpis;
	its_msi_teardown(&domain, &info);
	return size;
}

/* The smallest of those which the functions find: any can be the first */
static int size_for_functions(int floor)
{
	int size = 0;

	min_nvecs = floor;
	for (int i = bridge.msi ? -1 : 0; i < nr_funcs; i++) {
		struct pci_dev *pdev = i < 0 ? &bridge : &funcs[i];
		int nr;

		its.shared_sizes = 0;
		nr = size_for(pdev, pdev->msix ?: pdev->msi);
		if (!size || nr < size)
			size = nr;
	}

	return size;
}

/* Behind a bridge, by the map of the firmware, or below a bridge that has an MSI */
enum how { BRIDGE, MAP, BRIDGE_MSI, NR_HOWS };

static void add_present(struct pci_dev *pdev)
{
	pdev->msi_cap = !!pdev->msi;
	pdev->msix_cap = !!pdev->msix;
	present[nr_present++] = pdev;
}

/* Of those that do not share: one that nothing maps, and another ITS and DeviceID */
static void add_others(void)
{
	static struct pci_dev others[] = {
		{ .msi = 32, .dev_id = SHARED_ID, .must_not_ask = true },
		{ .msi = 32, .dev_id = SHARED_ID, .must_not_ask = true,
		  .dev.msi_domain = &other_domain },
		{ .dev_id = SHARED_ID, .dev.msi_domain = &its_domain, .must_not_ask = true },
		{ .msix = 8, .dev_id = SHARED_ID + 1, .dev.msi_domain = &its_domain },
	};

	for (unsigned int i = 0; i < sizeof(others) / sizeof(*others); i++)
		add_present(&others[i]);
}

static void share(enum how how)
{
	bus = (struct pci_bus){ .self = &bridge, .devices = funcs, .nr = nr_funcs };
	bridge = (struct pci_dev){ .bus = &root_bus, .subordinate = &bus,
				   .msi = how == BRIDGE_MSI };
	bridge.dev.msi_domain = &its_domain;
	bridge.dev_id = SHARED_ID;
	nr_present = 0;
	add_others();
	add_present(&bridge);
	for (int i = 0; i < nr_funcs; i++) {
		funcs[i].bus = how == MAP ? &root_bus : &bus;
		funcs[i].dev_id = SHARED_ID;
		funcs[i].dev.msi_domain = &its_domain;
		add_present(&funcs[i]);
	}
}

static void print_set(void)
{
	for (int i = 0; i < nr_funcs; i++)
		printf(" %d+%d", funcs[i].msi, funcs[i].msix);
}

static void __attribute__((noreturn)) fail(const char *what, int nvecs, int size)
{
	printf("FAIL: %s, MSI+MSI-X", what);
	print_set();
	printf(": no room for %d vectors in %d EventIDs\n", nvecs, size);
	exit(1);
}

static int must_alloc(struct its_eventid_map *map, int nvecs, const char *what)
{
	int base = its_eventid_alloc(map, nvecs);

	if (base < 0)
		fail(what, nvecs, map->nr);
	max_end = max(max_end, base + (int)roundup_pow_of_two(nvecs));
	return base;
}

static void must_free(struct its_eventid_map *map, int base, int nvecs)
{
	for (int i = 0; i < nvecs; i++)
		its_eventid_free(map, base + i);
	if (warned)
		fail("warned", nvecs, map->nr);
}

/*
 * All states. One has the blocks of the functions and the single vectors of all
 * of them, which are alike: MSI-X, and functions with one message. The map is made anew for each step.
 */
#define MAX_SMALL	256
#define HASH_SIZE	(1 << 21)
#define MAX_STATES	(HASH_SIZE / 2)

struct state {
	unsigned long	single[MAX_SMALL / 64];
	short		base[4];
	unsigned char	nvecs[4];
};

static struct state *states;
static int *hash, nr_states;

static void add_state(const struct state *s)
{
	const unsigned long *words = (const void *)s;
	unsigned long h = 0;

	for (unsigned int i = 0; i < sizeof(*s) / sizeof(*words); i++)
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15, h ^= h >> 29;
	for (h %= HASH_SIZE; hash[h]; h = (h + 1) % HASH_SIZE)
		if (!memcmp(&states[hash[h] - 1], s, sizeof(*s)))
			return;
	if (nr_states == MAX_STATES) {
		printf("FAIL: more than %d states\n", MAX_STATES);
		exit(1);
	}
	states[nr_states] = *s;
	hash[h] = ++nr_states;
}

static void load(struct its_eventid_map *map, const struct state *s)
{
	int words = BITS_TO_LONGS(map->nr);

	memset(map->used, 0, 2 * words * sizeof(*map->used));
	for (int i = 0; i < words; i++)
		map->used[i] = s->single[i];
	for (int i = 0; i < nr_funcs; i++) {
		if (!s->nvecs[i])
			continue;
		bitmap_set(map->used, s->base[i], s->nvecs[i]);
		bitmap_set(map->joined, s->base[i], roundup_pow_of_two(s->nvecs[i]) - 1);
	}
}

static void walk_states(int size)
{
	struct its_eventid_map map;
	int nr_msix = 0;

	if (size > MAX_SMALL)
		fail("too large for a walk", 0, size);
	for (int i = 0; i < nr_funcs; i++)
		nr_msix += funcs[i].msi == 1 ? 1 : funcs[i].msix;
	its_eventid_map_init(&map, size);
	memset(hash, 0, HASH_SIZE * sizeof(*hash));
	nr_states = 0;
	add_state(&(struct state){ });

	for (int n = 0; n < nr_states; n++) {
		struct state s = states[n], next;
		int nr = 0;

		for (int i = 0; i < size; i++) {
			if (!test_bit(i, s.single))
				continue;
			nr++;
			next = s;
			load(&map, &s);
			must_free(&map, i, 1);
			if (test_bit(i, map.used))
				fail("not freed", 1, size);
			bitmap_clear(next.single, i, 1);
			add_state(&next);
		}
		if (nr < nr_msix) {
			next = s;
			load(&map, &s);
			bitmap_set(next.single, must_alloc(&map, 1, "walk"), 1);
			add_state(&next);
		}
		for (int i = 0; i < nr_funcs; i++) {
			if (funcs[i].msi == 1)
				continue;
			next = s;
			if (s.nvecs[i]) {
				load(&map, &s);
				must_free(&map, s.base[i], s.nvecs[i]);
				if (test_bit(s.base[i], map.used) || test_bit(s.base[i], map.joined))
					fail("not freed", s.nvecs[i], size);
				next.base[i] = next.nvecs[i] = 0;
				add_state(&next);
				continue;
			}
			/* 1, 2, 3, 5, 9, 17: the least of each size is not a power of two */
			for (int nvecs = 1; nvecs <= funcs[i].msi;
			     nvecs = nvecs < 3 ? nvecs + 1 : 2 * nvecs - 1) {
				load(&map, &s);
				next.base[i] = must_alloc(&map, nvecs, "walk");
				next.nvecs[i] = nvecs;
				add_state(&next);
			}
		}
	}
	its_eventid_map_destroy(&map);
}

static unsigned long seed = 1;

static unsigned int rnd(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 20) % n;
}

/*
 * A random order, with what hurts most: all take what they can, in small
 * pieces, most of it goes but for a vector here and there, larger pieces come.
 */
static void random_order(struct its_eventid_map *map)
{
	static short single[MAX_EVENTIDS], base[MAX_FUNCS];
	int nr_msix = 0, nr_single = 0, nvecs[MAX_FUNCS] = { };

	for (int i = 0; i < nr_funcs; i++)
		nr_msix += funcs[i].msix;

	for (int round = 0; round < 8; round++) {
		int keep = 1 << rnd(6), larger = rnd(6);

		for (int n = rnd(nr_msix - nr_single + 1); n; n--)
			single[nr_single++] = must_alloc(map, 1, "random");
		for (int n = 0; n < 2 * nr_funcs; n++) {
			int i = rnd(nr_funcs);

			if (!funcs[i].msi)
				continue;
			if (nvecs[i]) {
				must_free(map, base[i], nvecs[i]);
				nvecs[i] = 0;
				continue;
			}
			nvecs[i] = 1 + rnd(max_t(int, 1, funcs[i].msi >> larger));
			base[i] = must_alloc(map, nvecs[i], "random");
		}
		/* All but those at one place in each block */
		for (int i = 0; i < nr_single; i++) {
			if (single[i] % keep == keep - 1 || !rnd(16))
				continue;
			must_free(map, single[i], 1);
			single[i--] = single[--nr_single];
		}
	}
	/* Everybody is there at the end */
	while (nr_single < nr_msix)
		single[nr_single++] = must_alloc(map, 1, "all");
	for (int i = 0; i < nr_funcs; i++) {
		if (nvecs[i])
			must_free(map, base[i], nvecs[i]);
		nvecs[i] = funcs[i].msi;
		if (nvecs[i])
			base[i] = must_alloc(map, nvecs[i], "all");
	}
	while (nr_single)
		must_free(map, single[--nr_single], 1);
	for (int i = 0; i < nr_funcs; i++)
		if (nvecs[i])
			must_free(map, base[i], nvecs[i]);
	for (unsigned int i = 0; i < map->nr; i++)
		if (test_bit(i, map->used) || test_bit(i, map->joined))
			fail("not freed", 1, map->nr);
}

static void add(int msi, int msix)
{
	funcs[nr_funcs++] = (struct pci_dev){ .msi = msi, .msix = msix };
}

static void must_be(const char *what, int size, int expected)
{
	if (size != expected || warned) {
		printf("FAIL: %s: %d EventIDs, not %d%s\n", what, size, expected,
		       warned ? ", and it asked or warned" : "");
		exit(1);
	}
}

/* What does not depend on the order */
static void sizes(void)
{
	min_nvecs = 32;
	its.shared_sizes = 0;

	/* Alone, but for those that sleep or are gone: they may come back */
	nr_funcs = 0;
	add(16, 0);
	share(MAP);
	must_be("alone", size_for(&funcs[0], 5), 8);
	must_be("alone again", size_for(&funcs[0], 1), 1);
	add(0, 2048);
	share(MAP);
	funcs[1].current_state = PCI_D3cold;
	must_be("with one that sleeps", size_for(&funcs[0], 1), 128);
	its.shared_sizes = 0;
	funcs[1].current_state = PCI_D0;
	funcs[1].gone = true;
	must_be("with one that is gone", size_for(&funcs[0], 1), 128);
	for (int lasts = 1; lasts <= 3; lasts++) {
		its.shared_sizes = 0;
		funcs[1].gone = false;
		funcs[1].lasts = lasts;
		must_be("with one that goes meanwhile", size_for(&funcs[0], 1), 128);
	}

	/* Who shared finds what there was, also when it is alone */
	nr_funcs = 1;
	share(MAP);
	must_be("alone afterwards", size_for(&funcs[0], 1), 128);
	its.shared_sizes = 0;

	/* Behind a bridge, or as the bridge: those that come later */
	nr_funcs = 0;
	add(0, 2);
	share(BRIDGE);
	must_be("behind a bridge", size_for(&funcs[0], 2), 32);
	its.shared_sizes = 0;
	nr_funcs = 0;
	share(BRIDGE_MSI);
	must_be("a bridge with an MSI", size_for(&bridge, 1), 32);
	its.shared_sizes = 0;

	/* LPIs and memory that are short: half of it, down to what it is without the others */
	nr_funcs = 0;
	add(0, 2);
	add(0, 100);
	share(MAP);
	must_be("enough LPIs", size_for(&funcs[0], 2), 128);
	its.shared_sizes = 0;
	lpis.span = 4096 + 127;
	must_be("few LPIs", size_for(&funcs[0], 2), 64);
	its.shared_sizes = 0;
	lpis.span = 4096;
	must_be("too few LPIs", size_for(&funcs[0], 2), 2);
	its.shared_sizes = 0;
	lpis.span = NR_LPIS;
	largest_itt = 64;
	must_be("too little memory", size_for(&funcs[0], 2), 2);
	its.shared_sizes = 0;
	largest_itt = MAX_EVENTIDS;
	printf("ok: sizes of who shares, and of who does not\n");
}

static void small_sets(void)
{
	static const char * const sets[] = {
		"4+0 0+4", "8+0 0+4", "16+0 0+4", "32+0 0+4", "8+0 0+7",
		"2+0 2+0 0+4", "4+0 2+0 0+4", "4+0 4+0 0+4", "8+0 4+0 0+3", "8+0 8+0 0+3",
		"8+0 4+0 2+0", "16+0 16+0 0+2", "16+0 8+0 4+0", "32+0 2+0 0+2",
	};
	long total = 0;

	for (unsigned int i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		for (enum how how = 0; how < NR_HOWS; how++) {
			const char *p = sets[i];
			int msi, msix, n, size;

			for (nr_funcs = 0; sscanf(p, "%d+%d%n", &msi, &msix, &n) == 2; p += n)
				add(msi, msix);
			share(how);
			size = size_for_functions(1);
			/* Large enough without the bridge */
			if (how != BRIDGE && i >= 4)
				continue;
			/* The MSI of the bridge is one more that comes and goes */
			if (how == BRIDGE_MSI)
				add(1, 0);
			max_end = 0;
			walk_states(size);
			total += nr_states;
			if (how != MAP)
				printf("%-20s%s: %3d EventIDs, %3d needed, %7d states\n", sets[i],
				       how == BRIDGE_MSI ? " and the bridge" : "", size, max_end,
				       nr_states);
		}
	}
	printf("ok: all orders of small sets, %ld states\n", total);
}

static void random_sets(int nr_orders, int floor)
{
	static struct pci_dev own = { .bus = &root_bus, .dev_id = SHARED_ID + 2, .msix = 2,
				      .dev.msi_domain = &its_domain };
	struct its_eventid_map map;
	int ratio = 0;

	for (int i = 0; i < nr_orders; i++) {
		int need = 0, size, nvec;

		nr_funcs = 0;
		do {
			int msi = rnd(3) ? 1 << rnd(6) : 0, msix = !msi || rnd(3) ? 1 + rnd(rnd(4) ? 8 : 64) : 0;
			int n = max(msi, msix) + (msi ? msi * ilog2(msi) : 0);

			/* With the driver's minimum: those that come later, up to its limit */
			if (floor > 1 && need + n > floor)
				break;
			need += n;
			/* One at a time, MSI or MSI-X */
			add(msi, msi ? 0 : msix);
		} while (nr_funcs < MAX_FUNCS && rnd(8));
		if (!nr_funcs)
			continue;
		/* One that comes later finds a floor behind a bridge only */
		share(floor > 1 ? BRIDGE_MSI * rnd(2) : rnd(NR_HOWS));
		add_present(&own);
		nvec = 1 + rnd(MAX_VECTORS);
		its.shared_sizes = 0;
		must_be("with a DeviceID of its own", size_for(&own, nvec), roundup_pow_of_two(nvec));
		if (floor > 1) {
			int all = nr_funcs;

			/* One is there when the size is decided, or the bridge only */
			nr_funcs = 1;
			if (bridge.msi)
				nr_funcs = 0;
			share(bridge.msi ? BRIDGE_MSI : BRIDGE);
			size = size_for_functions(floor);
			nr_funcs = all;
		} else {
			size = size_for_functions(1);
		}
		max_end = 0;
		its_eventid_map_init(&map, size);
		random_order(&map);
		its_eventid_map_destroy(&map);
		ratio = max(ratio, 100 * max_end / size);
	}
	printf("ok: %d random orders of large sets%s, up to %d %% of the EventIDs\n", nr_orders,
	       floor > 1 ? " that come later" : "", ratio);
}

int main(int argc, char **argv)
{
	int nr_orders = argc > 1 ? atoi(argv[1]) : 1000000;

	states = calloc(MAX_STATES, sizeof(*states));
	hash = calloc(HASH_SIZE, sizeof(*hash));
	lpis.span = NR_LPIS;
	largest_itt = MAX_EVENTIDS;
	sizes();
	small_sets();
	random_sets(nr_orders, 1);
	random_sets(nr_orders, 32);
	return 0;
}
