// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the GICv3 ITS driver, on the ITS of the machine
 *
 * What is tested is how the driver hands out EventIDs and LPIs, and when it
 * creates and frees an ITS device. The interrupts are allocated by
 * pci_alloc_irq_vectors() for functions on an emulated host bridge (see
 * its_test_pci.c), all below that is real. What the ITS driver did is read from
 * its debugfs interface, and from the messages that were written to the
 * functions.
 *
 * The rules that the cases are named after:
 *
 * e1	An EventID is used exactly while it backs an interrupt.
 * e2	A single vector has the lowest free EventID.
 * e3	A Multi-MSI block is aligned, and nothing else is placed in it.
 * e5	When everything was freed, the same allocations have the same EventIDs.
 * l1	A failed allocation gives back all that it took.
 * l2	The ITS device goes with its last user.
 * l3	However often a driver is reloaded, its vectors are the same.
 * l4	Functions that share a DeviceID do not disturb one another.
 * l5	Only the EventIDs of vectors are mapped.
 *
 * bind(), reallocate() and unbind() verify most of them after each step. The ITS
 * devices must be the same after each case as before.
 */

#include <kunit/platform_device.h>
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/iommu.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "its_test_pci.h"

#define MAX_EVENTIDS		1024
#define TEXT_SIZE		SZ_64K
/* What a sanitizer finds, it finds soon */
#define CYCLES			(IS_ENABLED(CONFIG_KASAN) ? 5 : 100)
#define ROUNDS			1000
#define ARRIVAL_TIMEOUT_US	USEC_PER_SEC

static struct its_test_function * const alone = &its_test_functions[ITS_TEST_ALONE];
static struct its_test_function * const shared = &its_test_functions[ITS_TEST_SHARED];
static struct its_test_function * const end = &its_test_functions[ITS_TEST_NR_FUNCTIONS];

/* The MSI domain of the ITS, NULL if there is none */
static struct irq_domain *its;

/* A case has left something behind, which the next ones would stumble over */
static bool left_behind;

/* An ITS device as debugfs shows it */
struct its_map {
	bool		exists;
	unsigned int	size;
	unsigned int	users;
	irq_hw_number_t	lpi_base;
	DECLARE_BITMAP(used, MAX_EVENTIDS);
	DECLARE_BITMAP(reserved, MAX_EVENTIDS);
};

/* What a case works with */
struct its_test {
	char		*text;
	char		*at_start;
	struct its_map	before;
	struct its_map	now;
};

static char *show(struct kunit *test, struct irq_data *irqd)
{
	struct its_test *t = test->priv;
	/* This much of it is all that seq_printf() needs */
	struct seq_file m = {
		.buf	= t->text,
		.size	= TEXT_SIZE,
	};

	its->ops->debug_show(&m, irqd ? NULL : its, irqd, 0);
	KUNIT_ASSERT_LT(test, m.count, m.size);
	t->text[m.count] = '\0';

	return t->text;
}

static unsigned long read_number(struct kunit *test, const char *text, const char *name)
{
	const char *found = strstr(text, name);
	unsigned long number;

	if (!found || sscanf(found + strlen(name), " %li", &number) != 1)
		KUNIT_FAIL_AND_ABORT(test, "no '%s' and number in: %s", name, text);
	return number;
}

/* A list of EventIDs such as "[0-2,8]", and their number before it */
static void read_list(struct kunit *test, char *text, const char *name, unsigned long *eventids)
{
	unsigned int nr = read_number(test, text, name);
	char *list, *closing;

	list = strchr(strstr(text, name), '[');
	KUNIT_ASSERT_NOT_NULL(test, list);
	closing = strchr(list, ']');
	KUNIT_ASSERT_NOT_NULL(test, closing);
	*closing = '\0';
	KUNIT_ASSERT_EQ(test, bitmap_parselist(list + 1, eventids, MAX_EVENTIDS), 0);
	*closing = ']';
	KUNIT_ASSERT_EQ(test, bitmap_weight(eventids, MAX_EVENTIDS), nr);
}

static void read_map(struct kunit *test, u32 device_id, struct its_map *map)
{
	char name[32], *line;

	memset(map, 0, sizeof(*map));
	snprintf(name, sizeof(name), "DeviceID 0x%x: ", device_id);
	line = strstr(show(test, NULL), name);
	if (!line)
		return;

	line[strcspn(line, "\n")] = '\0';
	map->exists = true;
	map->size = read_number(test, line, "size ");
	map->users = read_number(test, line, "users ");
	map->lpi_base = read_number(test, line, "LPI base ");
	read_list(test, line, "used ", map->used);
	read_list(test, line, "reserved ", map->reserved);
}

static bool has_block(const struct its_test_function *fn)
{
	return fn->flags & PCI_IRQ_MSI && fn->nvecs > 1;
}

static struct irq_data *its_irq_data(struct kunit *test, unsigned int virq)
{
	struct irq_data *irqd = irq_domain_get_irq_data(its, virq);

	KUNIT_ASSERT_NOT_NULL(test, irqd);
	return irqd;
}

static unsigned int read_eventid(struct kunit *test, u32 device_id, unsigned int virq)
{
	char *text = show(test, its_irq_data(test, virq));

	KUNIT_ASSERT_EQ(test, read_number(test, text, "DeviceID: "), device_id);
	return read_number(test, text, "EventID: ");
}

static irq_hw_number_t read_lpi(struct kunit *test, struct its_test_function *fn, unsigned int i)
{
	return its_irq_data(test, pci_irq_vector(fn->pdev, i))->hwirq;
}

/* The ITS device of a DeviceID: exactly what the functions have that use it */
static void check_device(struct kunit *test, u32 device_id)
{
	DECLARE_BITMAP(reserved, MAX_EVENTIDS) = { };
	DECLARE_BITMAP(used, MAX_EVENTIDS) = { };
	struct its_test *t = test->priv;
	struct its_test_function *fn;
	unsigned int users = 0;
	int i;

	for (fn = its_test_functions; fn < end; fn++) {
		if (!fn->bound || fn->device_id != device_id)
			continue;
		users++;
		if (fn->nvecs <= 0)
			continue;
		if (has_block(fn))
			bitmap_set(reserved, fn->eventids[0], roundup_pow_of_two(fn->nvecs));
		/* l4: where they were when they were allocated */
		for (i = 0; i < fn->nvecs; i++) {
			KUNIT_ASSERT_EQ(test, read_lpi(test, fn, i), fn->lpis[i]);
			KUNIT_ASSERT_FALSE(test, test_bit(fn->eventids[i], used));
			__set_bit(fn->eventids[i], used);
		}
	}

	read_map(test, device_id, &t->now);
	/* l2 */
	KUNIT_ASSERT_EQ(test, t->now.exists, users != 0);
	KUNIT_ASSERT_EQ(test, t->now.users, users);
	/* e1, e3 */
	KUNIT_ASSERT_TRUE(test, bitmap_equal(t->now.used, used, MAX_EVENTIDS));
	KUNIT_ASSERT_TRUE(test, bitmap_equal(t->now.reserved, reserved, MAX_EVENTIDS));
}

static void check_devices(struct kunit *test)
{
	check_device(test, alone->device_id);
	check_device(test, shared->device_id);
}

/* The lowest EventIDs that are free, which is where an allocation has to go */
static void predict(const struct its_map *map, const struct its_test_function *fn,
		    unsigned int *eventids)
{
	unsigned int size = has_block(fn) ? roundup_pow_of_two(fn->nvecs) : 1;
	DECLARE_BITMAP(taken, MAX_EVENTIDS);
	unsigned int base = 0;
	int i;

	bitmap_or(taken, map->used, map->reserved, MAX_EVENTIDS);
	for (i = 0; i < fn->nvecs; i++) {
		if (!i || size == 1) {
			while (find_next_bit(taken, base + size, base) < base + size)
				base += size;
			bitmap_set(taken, base, size);
		}
		eventids[i] = size == 1 ? base : base + i;
	}
}

/* The message that was written to the function for each vector */
static void check_messages(struct kunit *test, struct its_test_function *fn)
{
	unsigned int data = its_test_pci_msi_data(fn);
	unsigned int enabled = its_test_pci_msi_enabled(fn);
	struct msi_msg msg;
	int i;

	if (fn->flags & PCI_IRQ_MSI) {
		KUNIT_ASSERT_EQ(test, enabled, roundup_pow_of_two(fn->nvecs));
		KUNIT_ASSERT_EQ(test, data & (enabled - 1), 0);
		for (i = 0; i < fn->nvecs; i++)
			KUNIT_ASSERT_EQ(test, fn->eventids[i], data | i);
		return;
	}

	KUNIT_ASSERT_EQ(test, enabled, 0);
	for (i = 0; i < fn->nvecs; i++) {
		get_cached_msi_msg(pci_irq_vector(fn->pdev, i), &msg);
		KUNIT_ASSERT_EQ(test, fn->eventids[i], msg.data);
	}
}

/* A function has just allocated its vectors */
static void check_allocated(struct kunit *test, struct its_test_function *fn)
{
	unsigned int expected[ITS_TEST_MAX_VECTORS];
	struct its_test *t = test->priv;
	int i;

	KUNIT_ASSERT_EQ(test, fn->nvecs, fn->wanted);
	predict(&t->before, fn, expected);
	read_map(test, fn->device_id, &t->now);
	for (i = 0; i < fn->nvecs; i++) {
		fn->eventids[i] = read_eventid(test, fn->device_id, pci_irq_vector(fn->pdev, i));
		fn->lpis[i] = read_lpi(test, fn, i);
		KUNIT_ASSERT_EQ(test, fn->eventids[i], expected[i]);
		KUNIT_ASSERT_EQ(test, fn->lpis[i], t->now.lpi_base + fn->eventids[i]);
	}
	check_messages(test, fn);
	check_devices(test);
}

static void ask_for(struct its_test_function *fn, unsigned int nvecs, unsigned int flags)
{
	fn->wanted = nvecs;
	fn->flags = flags;
}

static void bind(struct kunit *test, struct its_test_function *fn, unsigned int nvecs,
		 unsigned int flags)
{
	struct its_test *t = test->priv;

	read_map(test, fn->device_id, &t->before);
	ask_for(fn, nvecs, flags);
	its_test_pci_bind(fn);
	check_allocated(test, fn);
}

static void unbind(struct kunit *test, struct its_test_function *fn)
{
	its_test_pci_unbind(fn);
	check_devices(test);
}

/* The driver stays bound */
static void reallocate(struct kunit *test, struct its_test_function *fn, unsigned int nvecs,
		       unsigned int flags)
{
	struct its_test *t = test->priv;

	pci_free_irq_vectors(fn->pdev);
	fn->nvecs = 0;
	check_devices(test);

	read_map(test, fn->device_id, &t->before);
	ask_for(fn, nvecs, flags);
	its_test_pci_alloc(fn);
	check_allocated(test, fn);
}

static void skip_without_msix(struct kunit *test)
{
	if (!its_test_pci_has_msix())
		kunit_skip(test, "no address range for MSI-X tables");
}

/* Every number of MSIs, or some of MSI-X vectors */
struct vectors {
	unsigned int	nvecs;
	unsigned int	flags;
};

static const void *each_number_of_msis(struct kunit *test, const void *prev, char *desc)
{
	static struct vectors vectors;

	if (!prev)
		vectors = (struct vectors) { .flags = PCI_IRQ_MSI };
	if (++vectors.nvecs > 32)
		return NULL;

	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u MSIs", vectors.nvecs);
	return &vectors;
}

static void reload(struct kunit *test, unsigned int nvecs, unsigned int flags)
{
	irq_hw_number_t lpi;
	int i;

	for (i = 0; i < CYCLES; i++) {
		bind(test, alone, nvecs, flags);
		if (!i)
			lpi = alone->lpis[0];
		KUNIT_ASSERT_EQ(test, alone->lpis[0], lpi);
		unbind(test, alone);
	}
}

static void l3_reload_msi(struct kunit *test)
{
	const struct vectors *vectors = test->param_value;

	reload(test, vectors->nvecs, vectors->flags);
}

static void l3_reload_msix(struct kunit *test)
{
	skip_without_msix(test);
	reload(test, 1, PCI_IRQ_MSIX);
	reload(test, 3, PCI_IRQ_MSIX);
	reload(test, ITS_TEST_MAX_VECTORS, PCI_IRQ_MSIX);
}

static void e5_alloc_while_bound(struct kunit *test)
{
	const struct vectors *vectors = test->param_value;
	int i;

	bind(test, alone, vectors->nvecs, vectors->flags);
	for (i = 0; i < CYCLES; i++)
		reallocate(test, alone, vectors->nvecs, vectors->flags);
	unbind(test, alone);
}

/* A device must not be enabled for more than it has asked for, nor for less */
static void e3_messages_of_smaller_devices(struct kunit *test)
{
	unsigned int capable, nvecs;

	for (capable = 1; capable <= 32; capable *= 2) {
		its_test_pci_offer(alone, capable, 0);
		for (nvecs = 1; nvecs <= capable; nvecs++) {
			bind(test, alone, nvecs, PCI_IRQ_MSI);
			unbind(test, alone);
		}
	}
}

static void l2_switch_msi_and_msix(struct kunit *test)
{
	int i;

	skip_without_msix(test);
	bind(test, alone, 3, PCI_IRQ_MSI);
	for (i = 0; i < CYCLES; i++) {
		reallocate(test, alone, 5, PCI_IRQ_MSIX);
		reallocate(test, alone, 3, PCI_IRQ_MSI);
	}
	unbind(test, alone);
}

static void l2_switch_msi_and_msix_shared(struct kunit *test)
{
	int i;

	skip_without_msix(test);
	bind(test, &shared[0], 3, PCI_IRQ_MSI);
	bind(test, &shared[1], 5, PCI_IRQ_MSI);
	for (i = 0; i < CYCLES; i++) {
		reallocate(test, &shared[0], 5, PCI_IRQ_MSIX);
		reallocate(test, &shared[0], 3, PCI_IRQ_MSI);
	}
	unbind(test, &shared[0]);
	unbind(test, &shared[1]);
}

static struct msi_map add_msix(struct kunit *test, unsigned int index, unsigned int eventid)
{
	struct msi_map map = pci_msix_alloc_irq_at(alone->pdev, index, NULL);

	KUNIT_ASSERT_EQ(test, map.index, index);
	KUNIT_ASSERT_EQ(test, read_eventid(test, alone->device_id, map.virq), eventid);
	return map;
}

/* MSI-X vectors of one function that come and go by themselves */
static void e2_msix_one_by_one(struct kunit *test)
{
	struct msi_map first, second;

	skip_without_msix(test);
	bind(test, alone, 3, PCI_IRQ_MSIX);
	first = add_msix(test, 7, 3);
	second = add_msix(test, 5, 4);
	pci_msix_free_irq(alone->pdev, first);
	first = add_msix(test, 6, 3);
	pci_msix_free_irq(alone->pdev, second);
	pci_msix_free_irq(alone->pdev, first);
	check_devices(test);
	unbind(test, alone);
}

/* Functions behind a bridge: what each of them has, who comes and goes when */
static const struct vectors shared_vectors[][ITS_TEST_NR_SHARED] = {
	{ { 3, PCI_IRQ_MSI }, { 5, PCI_IRQ_MSI }, { 7, PCI_IRQ_MSI } },
	{ { 1, PCI_IRQ_MSI }, { 3, PCI_IRQ_MSI }, { 1, PCI_IRQ_MSI } },
	{ { 2, PCI_IRQ_MSI }, { 4, PCI_IRQ_MSI }, { 8, PCI_IRQ_MSI } },
	{ { 4, PCI_IRQ_MSIX }, { 3, PCI_IRQ_MSI }, { 6, PCI_IRQ_MSIX } },
	{ { 2, PCI_IRQ_MSIX }, { 17, PCI_IRQ_MSI }, { 5, PCI_IRQ_MSI } },
	{ { 3, PCI_IRQ_MSI }, { 5, PCI_IRQ_MSI } },
	{ { 3, PCI_IRQ_MSIX }, { 3, PCI_IRQ_MSI } },
};

static const u8 orders[][ITS_TEST_NR_SHARED] = {
	{ 0, 1, 2 }, { 1, 0, 2 }, { 0, 2, 1 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
};

struct sharing {
	unsigned int		vectors;
	unsigned int		arrival;
	unsigned int		departure;
};

static unsigned int nr_sharing(const struct sharing *s)
{
	return shared_vectors[s->vectors][2].nvecs ? 3 : 2;
}

static const void *each_order(struct kunit *test, const void *prev, char *desc)
{
	static struct sharing s;
	const u8 *a, *d;

	if (!prev)
		memset(&s, 0, sizeof(s));
	else
		s.departure++;

	/* The first ones of @orders leave the third function where it is */
	if (s.departure == (nr_sharing(&s) == 2 ? 2 : ARRAY_SIZE(orders))) {
		s.departure = 0;
		s.arrival++;
	}
	if (s.arrival == (nr_sharing(&s) == 2 ? 2 : ARRAY_SIZE(orders))) {
		s.arrival = 0;
		s.vectors++;
	}
	if (s.vectors == ARRAY_SIZE(shared_vectors))
		return NULL;

	a = orders[s.arrival];
	d = orders[s.departure];
	if (nr_sharing(&s) == 2)
		snprintf(desc, KUNIT_PARAM_DESC_SIZE, "set %u, arrival %u %u, departure %u %u",
			 s.vectors, a[0], a[1], d[0], d[1]);
	else
		snprintf(desc, KUNIT_PARAM_DESC_SIZE,
			 "set %u, arrival %u %u %u, departure %u %u %u",
			 s.vectors, a[0], a[1], a[2], d[0], d[1], d[2]);
	return &s;
}

static void l4_functions_behind_bridge(struct kunit *test)
{
	const struct sharing *s = test->param_value;
	const struct vectors *vectors = shared_vectors[s->vectors];
	unsigned int first[ITS_TEST_NR_SHARED];
	unsigned int cycle, i, f;

	skip_without_msix(test);
	for (cycle = 0; cycle < 2; cycle++) {
		for (i = 0; i < nr_sharing(s); i++) {
			f = orders[s->arrival][i];
			bind(test, &shared[f], vectors[f].nvecs, vectors[f].flags);
			if (!cycle)
				first[f] = shared[f].eventids[0];
			KUNIT_ASSERT_EQ(test, shared[f].eventids[0], first[f]);
		}
		for (i = 0; i < nr_sharing(s); i++)
			unbind(test, &shared[orders[s->departure][i]]);
	}
}

/* One function is reloaded while the others stay, it finds its hole again */
static void l4_reload_among_others(struct kunit *test)
{
	static const struct vectors vectors[ITS_TEST_NR_SHARED] = {
		{ 3, PCI_IRQ_MSI }, { 2, PCI_IRQ_MSIX }, { 5, PCI_IRQ_MSI },
	};
	unsigned int eventid;
	int i, f;

	skip_without_msix(test);
	for (f = 0; f < ITS_TEST_NR_SHARED; f++)
		bind(test, &shared[f], vectors[f].nvecs, vectors[f].flags);
	for (i = 0; i < CYCLES; i++) {
		f = i % ITS_TEST_NR_SHARED;
		eventid = shared[f].eventids[0];
		unbind(test, &shared[f]);
		bind(test, &shared[f], vectors[f].nvecs, vectors[f].flags);
		KUNIT_ASSERT_EQ(test, shared[f].eventids[0], eventid);
	}
	for (f = 0; f < ITS_TEST_NR_SHARED; f++)
		unbind(test, &shared[f]);
}

/*
 * The ITS device was made for those who were there. One that comes later does
 * not fit, and has to wait until it is made anew.
 */
static void l4_no_room_for_late_function(struct kunit *test)
{
	struct its_test *t = test->priv;

	its_test_pci_unplug(&shared[1]);
	its_test_pci_unplug(&shared[2]);
	its_test_pci_offer(&shared[0], 4, 0);
	bind(test, &shared[0], 3, PCI_IRQ_MSI);
	KUNIT_ASSERT_EQ(test, t->now.size, 4);

	its_test_pci_plug(&shared[1]);
	its_test_pci_offer(&shared[1], 8, 0);
	ask_for(&shared[1], 5, PCI_IRQ_MSI);
	its_test_pci_bind(&shared[1]);
	KUNIT_ASSERT_EQ(test, shared[1].nvecs, -ENOSPC);
	check_devices(test);

	/* It has prepared the ITS device, which stays for it, empty */
	unbind(test, &shared[0]);
	KUNIT_ASSERT_TRUE(test, t->now.exists);
	unbind(test, &shared[1]);

	bind(test, &shared[1], 5, PCI_IRQ_MSI);
	bind(test, &shared[0], 3, PCI_IRQ_MSI);
	unbind(test, &shared[1]);
	unbind(test, &shared[0]);
}

static void l2_removed_with_vectors(struct kunit *test)
{
	const struct vectors *vectors = test->param_value;

	alone->forgetful = true;
	bind(test, alone, vectors->nvecs, vectors->flags);
	its_test_pci_unplug(alone);
	check_devices(test);

	its_test_pci_plug(alone);
	bind(test, alone, vectors->nvecs, vectors->flags);
	unbind(test, alone);
}

static void l2_removed_behind_bridge(struct kunit *test)
{
	bind(test, &shared[0], 3, PCI_IRQ_MSI);
	bind(test, &shared[1], 5, PCI_IRQ_MSI);
	its_test_pci_unplug(&shared[0]);
	check_devices(test);
	its_test_pci_plug(&shared[0]);
	bind(test, &shared[0], 3, PCI_IRQ_MSI);
	its_test_pci_unplug(&shared[1]);
	its_test_pci_unplug(&shared[0]);
	check_devices(test);
}

static irqreturn_t count_interrupt(int irq, void *handled)
{
	atomic_inc(handled);
	return IRQ_HANDLED;
}

static void free_handlers(void *fn_)
{
	struct its_test_function *fn = fn_;
	int i;

	for (i = 0; i < fn->nvecs; i++)
		free_irq(pci_irq_vector(fn->pdev, i), &fn->handled[i]);
}

static void request_handlers(struct kunit *test, struct its_test_function *fn)
{
	int i, err;

	for (i = 0; i < fn->nvecs; i++) {
		atomic_set(&fn->handled[i], 0);
		err = request_irq(pci_irq_vector(fn->pdev, i), count_interrupt, 0, "its-test",
				  &fn->handled[i]);
		KUNIT_ASSERT_EQ(test, err, 0);
	}
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, free_handlers, fn), 0);
}

/* Have the ITS signal an EventID, by the command that is meant for this */
static void signal_eventid(struct kunit *test, struct its_test_function *fn, unsigned int eventid)
{
	struct irq_data irqd = *its_irq_data(test, pci_irq_vector(fn->pdev, 0));

	irqd.hwirq += eventid - fn->eventids[0];
	KUNIT_ASSERT_EQ(test, irqd.chip->irq_set_irqchip_state(&irqd, IRQCHIP_STATE_PENDING, true),
			0);
}

static void check_handled(struct kunit *test, struct its_test_function *handler, int vector)
{
	struct its_test_function *fn;
	int i, handled;

	read_poll_timeout(atomic_read, handled, handled, 10, ARRIVAL_TIMEOUT_US, false,
			  &handler->handled[vector]);
	for (fn = its_test_functions; fn < end; fn++) {
		for (i = 0; i < fn->nvecs; i++) {
			handled = atomic_xchg(&fn->handled[i], 0);
			KUNIT_ASSERT_EQ_MSG(test, handled, fn == handler && i == vector,
					    "EventID %u of %s", fn->eventids[i],
					    pci_name(fn->pdev));
		}
	}
}

/*
 * Each vector arrives at its handler, and at no other one. Messages in the
 * padding are dropped: if one were not, it would have arrived before that of
 * the first vector, which is signalled behind it.
 */
static void check_delivery(struct kunit *test, struct its_test_function *fn)
{
	unsigned int size = has_block(fn) ? roundup_pow_of_two(fn->nvecs) : fn->nvecs;
	unsigned int i;

	for (i = 0; i < fn->nvecs; i++) {
		signal_eventid(test, fn, fn->eventids[i]);
		check_handled(test, fn, i);
	}
	for (i = fn->nvecs; i < size; i++) {
		signal_eventid(test, fn, fn->eventids[0] + i);
		signal_eventid(test, fn, fn->eventids[0]);
		check_handled(test, fn, 0);
	}
}

static void l5_delivery(struct kunit *test)
{
	const struct vectors *vectors = test->param_value;

	bind(test, alone, vectors->nvecs, vectors->flags);
	request_handlers(test, alone);
	check_delivery(test, alone);
	kunit_release_action(test, free_handlers, alone);
	unbind(test, alone);
}

static void l5_delivery_behind_bridge(struct kunit *test)
{
	int i;

	skip_without_msix(test);
	bind(test, &shared[0], 3, PCI_IRQ_MSI);
	bind(test, &shared[1], 5, PCI_IRQ_MSIX);
	bind(test, &shared[2], 5, PCI_IRQ_MSI);
	for (i = 0; i < ITS_TEST_NR_SHARED; i++)
		request_handlers(test, &shared[i]);
	for (i = 0; i < ITS_TEST_NR_SHARED; i++)
		check_delivery(test, &shared[i]);

	/* What is mapped stays so when a neighbour goes and comes again */
	kunit_release_action(test, free_handlers, &shared[0]);
	unbind(test, &shared[0]);
	check_delivery(test, &shared[1]);
	check_delivery(test, &shared[2]);
	bind(test, &shared[0], 3, PCI_IRQ_MSI);
	request_handlers(test, &shared[0]);
	for (i = 0; i < ITS_TEST_NR_SHARED; i++)
		check_delivery(test, &shared[i]);

	for (i = 0; i < ITS_TEST_NR_SHARED; i++) {
		kunit_release_action(test, free_handlers, &shared[i]);
		unbind(test, &shared[i]);
	}
}

/*
 * The domain above that of the ITS, with two of its operations replaced: they
 * count what is allocated there, and fail when they are told to.
 */
static struct {
	const struct irq_domain_ops	*real;
	struct task_struct		*task;
	int				nr_allocated;
	int				fail_at;
} gic;

static int gic_alloc(struct irq_domain *d, unsigned int virq, unsigned int nr_irqs, void *arg)
{
	int err;

	if (current != gic.task)
		return gic.real->alloc(d, virq, nr_irqs, arg);
	if (!gic.fail_at--)
		return -ENOMEM;

	err = gic.real->alloc(d, virq, nr_irqs, arg);
	if (!err)
		gic.nr_allocated += nr_irqs;
	return err;
}

static void gic_free(struct irq_domain *d, unsigned int virq, unsigned int nr_irqs)
{
	if (current == gic.task)
		gic.nr_allocated -= nr_irqs;
	gic.real->free(d, virq, nr_irqs);
}

static void set_gic_ops(const struct irq_domain_ops *ops)
{
	guard(mutex)(&its->root->mutex);
	its->parent->ops = ops;
}

static void restore_gic_ops(void *unused)
{
	set_gic_ops(gic.real);
}

static void replace_gic_ops(struct kunit *test)
{
	const struct irq_domain_ops ops = {
		.select			= its->parent->ops->select,
		.translate		= its->parent->ops->translate,
		.get_fwspec_info	= its->parent->ops->get_fwspec_info,
		.alloc			= gic_alloc,
		.free			= gic_free,
	};
	void *copy = kunit_kmalloc(test, sizeof(ops), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, &ops, sizeof(ops));
	gic.real = its->parent->ops;
	gic.task = current;
	gic.nr_allocated = 0;
	gic.fail_at = -1;
	set_gic_ops(copy);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, restore_gic_ops, NULL), 0);
}

/* The allocation just failed: nothing is left of it, and the next one succeeds */
static void check_nothing_lost(struct kunit *test, struct its_test_function *fn,
			       unsigned int nvecs, unsigned int flags)
{
	KUNIT_ASSERT_LT(test, fn->nvecs, 0);
	check_devices(test);
	reallocate(test, fn, nvecs, flags);
}

static void fail_gic_alloc(struct kunit *test, struct its_test_function *fn, unsigned int nvecs,
			   unsigned int flags)
{
	int i;

	replace_gic_ops(test);
	for (i = 0; i < nvecs; i++) {
		gic.fail_at = i;
		ask_for(fn, nvecs, flags);
		its_test_pci_bind(fn);
		KUNIT_ASSERT_EQ(test, gic.nr_allocated, 0);
		check_nothing_lost(test, fn, nvecs, flags);
		KUNIT_ASSERT_EQ(test, gic.nr_allocated, nvecs);
		unbind(test, fn);
		KUNIT_ASSERT_EQ(test, gic.nr_allocated, 0);
	}
}

static void l1_parent_fails_msi(struct kunit *test)
{
	const struct vectors *vectors = test->param_value;

	fail_gic_alloc(test, alone, vectors->nvecs, vectors->flags);
}

static void l1_parent_fails_msix(struct kunit *test)
{
	skip_without_msix(test);
	fail_gic_alloc(test, alone, 5, PCI_IRQ_MSIX);
}

static void l1_parent_fails_behind_bridge(struct kunit *test)
{
	bind(test, &shared[0], 1, PCI_IRQ_MSI);
	bind(test, &shared[2], 5, PCI_IRQ_MSI);
	unbind(test, &shared[0]);
	fail_gic_alloc(test, &shared[1], 3, PCI_IRQ_MSI);
	unbind(test, &shared[2]);
}

#if defined(CONFIG_KPROBES) && defined(CONFIG_ARM64) && defined(CONFIG_IOMMU_API)
static struct task_struct *iommu_task;
static int iommu_fail_at;

static int fail_prepare_msi(struct kprobe *p, struct pt_regs *regs)
{
	if (current != iommu_task || iommu_fail_at--)
		return 0;

	regs_set_return_value(regs, -ENOMEM);
	instruction_pointer_set(regs, procedure_link_pointer(regs));
	return 1;
}

static struct kprobe prepare_msi = {
	.symbol_name	= "iommu_dma_prepare_msi",
	.pre_handler	= fail_prepare_msi,
};

static void unregister_probe(void *unused)
{
	unregister_kprobe(&prepare_msi);
}

static void fail_iommu(struct kunit *test, struct its_test_function *fn, unsigned int nvecs,
		       unsigned int flags)
{
	int i, nr_calls = flags == PCI_IRQ_MSI ? 1 : nvecs;

	for (i = 0; i < nr_calls; i++) {
		iommu_fail_at = i;
		ask_for(fn, nvecs, flags);
		its_test_pci_bind(fn);
		KUNIT_ASSERT_LT(test, iommu_fail_at, 0);
		check_nothing_lost(test, fn, nvecs, flags);
		unbind(test, fn);
	}
}

static void l1_iommu_fails(struct kunit *test)
{
	unsigned int nvecs;

	iommu_task = current;
	iommu_fail_at = -1;
	KUNIT_ASSERT_EQ(test, register_kprobe(&prepare_msi), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister_probe, NULL), 0);

	for (nvecs = 1; nvecs <= 32; nvecs++)
		fail_iommu(test, alone, nvecs, PCI_IRQ_MSI);
	fail_iommu(test, &shared[1], 3, PCI_IRQ_MSI);
	if (its_test_pci_has_msix())
		fail_iommu(test, alone, 5, PCI_IRQ_MSIX);
}
#else
static void l1_iommu_fails(struct kunit *test)
{
	kunit_skip(test, "needs kprobes and an IOMMU driver");
}
#endif

static void l1_no_eventids(struct kunit *test)
{
	int i;

	its_test_pci_unplug(&shared[1]);
	its_test_pci_unplug(&shared[2]);
	its_test_pci_offer(&shared[0], 4, 0);
	bind(test, &shared[0], 4, PCI_IRQ_MSI);
	its_test_pci_plug(&shared[1]);

	replace_gic_ops(test);
	for (i = 0; i < CYCLES; i++) {
		ask_for(&shared[1], 3, PCI_IRQ_MSI);
		its_test_pci_bind(&shared[1]);
		KUNIT_ASSERT_EQ(test, shared[1].nvecs, -ENOSPC);
		KUNIT_ASSERT_EQ(test, gic.nr_allocated, 0);
		check_devices(test);
		unbind(test, &shared[1]);
	}
	unbind(test, &shared[0]);
}

/* The device tree node of a platform device, which tells the DeviceID */
static struct {
	struct device_node	node;
	struct property		msi_parent;
	__be32			cells[2];
} platform;

static struct device *add_platform_device(struct kunit *test, u32 device_id)
{
	struct device_node *its_node = irq_domain_get_of_node(its);
	struct platform_device *pdev;

	if (!its_node || !its_node->phandle)
		kunit_skip(test, "no device tree that platform devices could refer to the ITS in");

	pdev = kunit_platform_device_alloc(test, "its-test", PLATFORM_DEVID_NONE);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_ASSERT_EQ(test, kunit_platform_device_add(test, pdev), 0);

	memset(&platform, 0, sizeof(platform));
	platform.cells[0] = cpu_to_be32(its_node->phandle);
	platform.cells[1] = cpu_to_be32(device_id);
	platform.msi_parent.name = "msi-parent";
	platform.msi_parent.value = platform.cells;
	platform.msi_parent.length = sizeof(platform.cells);
	platform.node.full_name = "its-test";
	platform.node.properties = &platform.msi_parent;
	of_node_init(&platform.node);
	/* It is not in sysfs, so the device gets it when sysfs knows the device */
	pdev->dev.of_node = of_node_get(&platform.node);
	dev_set_msi_domain(&pdev->dev, its);

	return &pdev->dev;
}

static void write_no_msg(struct msi_desc *desc, struct msi_msg *msg)
{
}

static void free_platform_msis(void *dev)
{
	platform_device_msi_free_irqs_all(dev);
}

/* Its MSIs have EventIDs one by one, from the lowest free one */
static void alloc_platform_msis(struct kunit *test, struct device *dev, u32 device_id,
				unsigned int nvecs, unsigned int eventid)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, platform_device_msi_init_and_alloc_irqs(dev, nvecs, write_no_msg), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_platform_msis, dev), 0);
	for (i = 0; i < nvecs; i++)
		KUNIT_ASSERT_EQ(test, read_eventid(test, device_id, msi_get_virq(dev, i)),
				eventid + i);
}

static void l2_platform_device(struct kunit *test)
{
	struct device *dev = add_platform_device(test, alone->device_id);
	struct its_test *t = test->priv;
	unsigned int nvecs;

	for (nvecs = 1; nvecs <= 32; nvecs++) {
		alloc_platform_msis(test, dev, alone->device_id, nvecs, 0);
		read_map(test, alone->device_id, &t->now);
		KUNIT_ASSERT_EQ(test, t->now.users, 1);
		KUNIT_ASSERT_EQ(test, bitmap_weight(t->now.used, MAX_EVENTIDS), nvecs);
		KUNIT_ASSERT_TRUE(test, bitmap_empty(t->now.reserved, MAX_EVENTIDS));
		kunit_release_action(test, free_platform_msis, dev);
		check_devices(test);
	}
}

/* A PCI function and a platform device that have the same DeviceID */
static void l4_platform_device_and_pci(struct kunit *test)
{
	struct device *dev = add_platform_device(test, alone->device_id);
	struct its_test *t = test->priv;
	bool pci_first;
	int i;

	for (i = 0; i < 4; i++) {
		pci_first = i & 1;
		if (pci_first)
			bind(test, alone, 3, PCI_IRQ_MSI);
		alloc_platform_msis(test, dev, alone->device_id, 1, pci_first ? 4 : 0);
		if (!pci_first) {
			ask_for(alone, 3, PCI_IRQ_MSI);
			its_test_pci_bind(alone);
		}
		KUNIT_ASSERT_EQ(test, alone->nvecs, 3);
		KUNIT_ASSERT_EQ(test, its_test_pci_msi_data(alone), pci_first ? 0 : 4);
		read_map(test, alone->device_id, &t->now);
		KUNIT_ASSERT_EQ(test, t->now.users, 2);

		if (i & 2)
			its_test_pci_unbind(alone);
		else
			kunit_release_action(test, free_platform_msis, dev);
		read_map(test, alone->device_id, &t->now);
		KUNIT_ASSERT_EQ(test, t->now.users, 1);
		if (i & 2)
			kunit_release_action(test, free_platform_msis, dev);
		else
			its_test_pci_unbind(alone);
		check_devices(test);
	}
}

/* A driver that is reloaded over and over, by a thread of its own */
struct reloader {
	struct its_test_function *fn;
	unsigned int		nvecs;
	unsigned int		wrong;
	struct completion	done;
};

static int run_reloader(void *data)
{
	struct reloader *r = data;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ask_for(r->fn, r->nvecs, PCI_IRQ_MSI);
		its_test_pci_bind(r->fn);
		if (r->fn->nvecs != r->nvecs ||
		    its_test_pci_msi_data(r->fn) % roundup_pow_of_two(r->nvecs))
			r->wrong++;
		its_test_pci_unbind(r->fn);
	}
	complete(&r->done);

	return 0;
}

/* What debugfs shows meanwhile must be a state that there can be */
static void check_while_reloading(struct kunit *test)
{
	struct its_map *now = &((struct its_test *)test->priv)->now;

	read_map(test, shared->device_id, now);
	KUNIT_ASSERT_LE(test, now->users, 2);
	KUNIT_ASSERT_TRUE(test, bitmap_subset(now->used, now->reserved, MAX_EVENTIDS));
	KUNIT_ASSERT_EQ(test, !bitmap_empty(now->used, MAX_EVENTIDS),
			!bitmap_empty(now->reserved, MAX_EVENTIDS));
}

static void l4_reload_in_two_threads(struct kunit *test)
{
	struct reloader reloaders[] = {
		{ .fn = &shared[0], .nvecs = 3 },
		{ .fn = &shared[1], .nvecs = 5 },
	};
	struct reloader *r;

	for (r = reloaders; r < reloaders + ARRAY_SIZE(reloaders); r++) {
		init_completion(&r->done);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, kthread_run(run_reloader, r, "its-test"));
	}
	for (r = reloaders; r < reloaders + ARRAY_SIZE(reloaders); r++) {
		do {
			check_while_reloading(test);
		} while (!wait_for_completion_timeout(&r->done, HZ / 100));
		KUNIT_ASSERT_EQ(test, r->wrong, 0);
	}
	check_devices(test);
}

static int its_test_init(struct kunit *test)
{
	struct its_test_function *fn;
	struct its_test *t;

	if (!its)
		kunit_skip(test, "no PCI function of this machine has a GICv3 ITS for its MSIs");
	if (left_behind)
		kunit_skip(test, "an earlier case has left something behind");

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	t->text = kunit_kzalloc(test, TEXT_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->text);

	for (fn = its_test_functions; fn < end; fn++) {
		KUNIT_ASSERT_NOT_NULL(test, fn->pdev);
		fn->forgetful = false;
	}
	check_devices(test);
	t->at_start = kunit_kstrdup(test, show(test, NULL), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->at_start);

	return 0;
}

/* Nothing may be left of a case, even when it was given up */
static void its_test_exit(struct kunit *test)
{
	struct its_test *t = test->priv;
	struct its_test_function *fn;

	if (!t || !t->at_start)
		return;

	for (fn = its_test_functions; fn < end; fn++) {
		if (fn->bound)
			its_test_pci_unbind(fn);
		if (!fn->plugged)
			its_test_pci_plug(fn);
		if (fn != &its_test_functions[ITS_TEST_BRIDGE])
			its_test_pci_offer_all(fn);
	}
	left_behind = strcmp(show(test, NULL), t->at_start) != 0;
	KUNIT_EXPECT_STREQ(test, t->text, t->at_start);
}

static int its_test_suite_init(struct kunit_suite *suite)
{
	left_behind = false;
	its = its_test_pci_find_its();
	return its ? its_test_pci_create(its) : 0;
}

static void its_test_suite_exit(struct kunit_suite *suite)
{
	its_test_pci_destroy();
}

static struct kunit_case its_test_cases[] = {
	KUNIT_CASE_PARAM(l3_reload_msi, each_number_of_msis),
	KUNIT_CASE(l3_reload_msix),
	KUNIT_CASE_PARAM(e5_alloc_while_bound, each_number_of_msis),
	KUNIT_CASE(e3_messages_of_smaller_devices),
	KUNIT_CASE(e2_msix_one_by_one),
	KUNIT_CASE(l2_switch_msi_and_msix),
	KUNIT_CASE(l2_switch_msi_and_msix_shared),
	KUNIT_CASE_PARAM(l2_removed_with_vectors, each_number_of_msis),
	KUNIT_CASE(l2_removed_behind_bridge),
	KUNIT_CASE(l2_platform_device),
	KUNIT_CASE_PARAM(l4_functions_behind_bridge, each_order),
	KUNIT_CASE(l4_reload_among_others),
	KUNIT_CASE(l4_no_room_for_late_function),
	KUNIT_CASE(l4_platform_device_and_pci),
	KUNIT_CASE_SLOW(l4_reload_in_two_threads),
	KUNIT_CASE_PARAM(l5_delivery, each_number_of_msis),
	KUNIT_CASE(l5_delivery_behind_bridge),
	KUNIT_CASE_PARAM(l1_parent_fails_msi, each_number_of_msis),
	KUNIT_CASE(l1_parent_fails_msix),
	KUNIT_CASE(l1_parent_fails_behind_bridge),
	KUNIT_CASE(l1_iommu_fails),
	KUNIT_CASE(l1_no_eventids),
	{ }
};

static struct kunit_suite its_test_suite = {
	.name		= "gic_v3_its",
	.suite_init	= its_test_suite_init,
	.suite_exit	= its_test_suite_exit,
	.init		= its_test_init,
	.exit		= its_test_exit,
	.test_cases	= its_test_cases,
};

kunit_test_suite(its_test_suite);

MODULE_DESCRIPTION("KUnit tests of the GICv3 ITS driver");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_LICENSE("GPL");
