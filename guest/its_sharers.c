// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do all that share a DeviceID find the EventIDs that they have to have, whatever the order in
 * which their drivers come and go?
 *
 *	its_sharers TIMES DEVICE=VECTORS...
 *
 * A DEVICE is a PCI function, or a platform device of test/sharers/its_sharers.c. They are bound
 * at the start, in the order in which they are given. In each round, drivers let go of them one
 * by one, then they are bound one by one: each order of the one with each order of the other,
 * TIMES. In the first rounds each is then reloaded as well, while the others stay.
 *
 * After each step all of them are looked at. A single vector has the lowest EventID that is free,
 * Multi-MSI the lowest block that is, padding included. The interrupts of platform devices arrive
 * where they have to. When nobody is bound, the DeviceID is gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "its_msi.h"

#define PLATFORM_SYSFS	"/sys/bus/platform"
#define DRIVER		"its_sharers"
/* All orders of more would take for ever */
#define MAX_DEVICES	4
#define NR_EVENTIDS	256

/**
 * struct device - one of those that share a DeviceID
 * @name:	that in sysfs
 * @is_pci:	it is a PCI function
 * @bound:	it has to have a driver
 * @driver:	which one, of a PCI function
 * @wanted:	number of vectors that it has to have then
 * @block:	EventIDs that they take, if they are Multi-MSI, else 1
 * @expected:	where they have to be
 * @now:	what is seen of it
 */
struct device {
	const char	*name;
	bool		is_pci;
	bool		bound;
	char		driver[32];
	unsigned int	wanted;
	unsigned int	block;
	struct state	expected;
	struct state	now;
};

static struct device devices[MAX_DEVICES];
static unsigned int nr_devices, nr_bound, nr_steps, nr_sent, nr_arrived;
/* Which device has it, NULL if it is free */
static struct device *owner[NR_EVENTIDS];
/* LPI of EventID 0 */
static int lpi_base;

static void read_platform(struct device *d)
{
	char text[512], *irq, *rest = text;

	memset(&d->now, 0, sizeof(d->now));
	d->now.data = UNKNOWN;
	d->now.device_id = UNKNOWN;
	/* As those of MSI-X, they are not in a block */
	d->now.msix = true;
	d->now.on_its = true;
	read_text(text, sizeof(text), PLATFORM_SYSFS "/devices/%s/irqs", d->name);
	while ((irq = strsep(&rest, " ")) && *irq) {
		struct vector *vec = &d->now.vec[d->now.nr++];

		vec->irq = strtoul(irq, NULL, 10);
		d->now.on_its &= read_irq(&d->now, vec);
	}
}

static void check_arrived(const char *when, struct device *d)
{
	char text[32];
	unsigned int right;

	read_text(text, sizeof(text), PLATFORM_SYSFS "/devices/%s/arrived", d->name);
	right = strtoul(text, NULL, 10);
	nr_sent += d->now.nr;
	nr_arrived += right;
	if (right != d->now.nr)
		complain("%s: %u of %u interrupts arrived", when, right, d->now.nr);
}

/* The domain and the DeviceID are those of the last one that was seen */
static void check_id(const char *when)
{
	static struct state last = { .device_id = UNKNOWN };
	struct id_state id;

	for (unsigned int i = 0; i < nr_devices; i++) {
		if (devices[i].now.device_id == UNKNOWN)
			continue;
		if (last.device_id != UNKNOWN && last.device_id != devices[i].now.device_id)
			complain("%s: %s has DeviceID %#lx, others %#lx", when, devices[i].name,
				 devices[i].now.device_id, last.device_id);
		last = devices[i].now;
	}
	read_id(&last, &id);
	if (id.shown && (id.exists != !!nr_bound || id.users != nr_bound))
		complain("%s: DeviceID %#lx is %s, with %u users, not %u", when, last.device_id,
			 id.exists ? "there" : "gone", id.users, nr_bound);
}

static void check_vectors(const char *when, struct device *d)
{
	struct state *expected = &d->expected;

	if (d->now.nr != d->wanted) {
		complain("%s: %s has %u vectors, not %u", when, d->name, d->now.nr, d->wanted);
		return;
	}
	check_layout(when, &d->now);
	for (unsigned int i = 0; i < d->wanted; i++) {
		expected->vec[i].lpi = lpi_base + expected->vec[i].mapped;
		expected->vec[i].eventid = d->now.vec[i].eventid == UNKNOWN ? UNKNOWN :
					   expected->vec[i].mapped;
	}
	expected->nr = d->wanted;
	expected->msix = d->now.msix;
	check_same_vectors(when, expected, &d->now);
}

/* Tell whether all is well */
static bool look(const char *action, unsigned int cycle)
{
	char when[64];
	bool well = true;

	for (struct device *d = devices; d < devices + nr_devices; d++) {
		if (d->is_pci)
			read_state(d->name, &d->now);
		else
			read_platform(d);
		/* Who is there alone tells where the LPIs of this DeviceID are */
		if (nr_bound == 1 && d->bound && d->now.nr)
			lpi_base = d->now.vec[0].lpi - d->expected.vec[0].mapped;
	}
	for (struct device *d = devices; d < devices + nr_devices; d++) {
		nr_complaints = 0;
		snprintf(when, sizeof(when), "%s %s %u", d->name, action, cycle);
		if (d == devices)
			check_id(when);
		if (!d->bound && d->now.nr)
			complain("%s: it has %u vectors, and no driver", when, d->now.nr);
		else if (d->bound)
			check_vectors(when, d);
		if (d->bound && !d->is_pci)
			check_arrived(when, d);
		print_state(d->name, action, cycle, nr_complaints ? "wrong" : "right", &d->now,
			    d->now.children);
		well &= !nr_complaints;
	}
	return well;
}

/* Whether an aligned block has no owner */
static bool is_free(unsigned int base, unsigned int nr)
{
	while (nr--) {
		if (owner[base + nr])
			return false;
	}
	return true;
}

/* Where a driver has to find its vectors */
static void take_eventids(struct device *d)
{
	unsigned int found = 0;

	for (unsigned int base = 0; base < NR_EVENTIDS && found < d->wanted; base += d->block) {
		if (!is_free(base, d->block))
			continue;
		for (unsigned int i = 0; i < d->block; i++) {
			owner[base + i] = d;
			if (found < d->wanted)
				d->expected.vec[found++].mapped = base + i;
		}
	}
}

static bool leave(struct device *d)
{
	for (unsigned int i = 0; i < NR_EVENTIDS; i++) {
		if (owner[i] == d)
			owner[i] = NULL;
	}
	d->bound = false;
	nr_bound--;
	/* One that found no vectors has no driver that lets go of it */
	if (d->is_pci)
		unbind_driver(d->name);
	else
		write_text(d->name, PLATFORM_SYSFS "/devices/%s/driver/unbind", d->name);
	return look("step", ++nr_steps);
}

static bool come(struct device *d)
{
	take_eventids(d);
	d->bound = true;
	nr_bound++;
	if (d->is_pci)
		bind_driver(d->name, d->driver);
	else
		write_text(d->name, PLATFORM_SYSFS "/drivers/" DRIVER "/bind");
	return look("step", ++nr_steps);
}

/* The n-th order of all of them: each digit says which of those that are left is next */
static void get_order(unsigned int n, struct device **order)
{
	bool used[MAX_DEVICES] = { };

	for (unsigned int left = nr_devices; left; left--) {
		unsigned int skip = n % left, i = 0;

		for (n /= left; used[i] || skip; i++)
			skip -= !used[i];
		used[i] = true;
		*order++ = &devices[i];
	}
}

static bool do_round(unsigned int away, unsigned int back)
{
	struct device *order[MAX_DEVICES];
	bool well = true;

	get_order(away, order);
	for (unsigned int i = 0; i < nr_devices; i++)
		well &= leave(order[i]);
	get_order(back, order);
	for (unsigned int i = 0; i < nr_devices; i++)
		well &= come(order[i]);
	for (unsigned int i = 0; i < nr_devices && !away; i++) {
		well &= leave(order[i]);
		well &= come(order[i]);
	}
	return well;
}

static void start(char *arg, struct device *d)
{
	char *vectors = strchr(arg, '=');

	if (!vectors)
		bad_usage("'%s' does not say how many vectors it has", arg);
	*vectors++ = '\0';
	d->name = arg;
	d->is_pci = strchr(arg, ':');
	d->bound = true;
	d->wanted = parse_count(vectors, 1, 64);
	d->block = 1;
	if (d->is_pci) {
		check_bdf(arg);
		read_start(arg, UNKNOWN, &d->now);
		read_driver(arg, d->driver, sizeof(d->driver));
		if (d->now.nr > 1 && !d->now.msix)
			d->block = round_up_pow_of_two(d->wanted);
	} else {
		read_platform(d);
	}
	take_eventids(d);
	if (d == devices && d->now.nr)
		lpi_base = d->now.vec[0].lpi;
	nr_bound++;
}

int main(int argc, char **argv)
{
	unsigned int times, away, back, nr_orders = 1;
	const char *reason;

	ksft_print_header();
	if (argc < 3 || argc > MAX_DEVICES + 2)
		ksft_exit_fail_msg("Usage: its_sharers TIMES DEVICE=VECTORS...\n");
	reason = cannot_look();
	if (reason)
		ksft_exit_fail_msg("%s\n", reason);
	times = parse_count(argv[1], 1, 1000);
	for (; nr_devices < (unsigned int)argc - 2; nr_devices++) {
		start(argv[nr_devices + 2], &devices[nr_devices]);
		nr_orders *= nr_devices + 1;
	}

	ksft_set_plan(1 + times * nr_orders * nr_orders);
	ksft_test_result(look("start", 1), "start\n");
	for (; times; times--) {
		for (away = 0; away < nr_orders; away++) {
			for (back = 0; back < nr_orders; back++)
				ksft_test_result(do_round(away, back),
						 "orders %u, %u\n", away, back);
		}
	}
	printf("# sent=%u arrived=%u\n", nr_sent, nr_arrived);
	ksft_finished();
}
