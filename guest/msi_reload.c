// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do the messages of a PCI function stay its own when its driver is reloaded, on MSI
 * controllers other than an ITS, such as GICv2m?
 *
 * A device ORs the number of a message into the message data. So with Multi-MSI, the data
 * must be a multiple of the number of messages that are enabled: else the device signals
 * messages of others. Its devices are only found when its own arrive. MSI-X has data for each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "its_msi.h"

/* What the driver must be given, and what it has */
static struct state expected, now;

static const char *type(const struct state *state)
{
	return state->msix ? "MSI-X" : "MSI";
}

/* Look at it, tell the verdict */
static void check(const char *bdf, const char *action, unsigned int cycle)
{
	char when[64];

	snprintf(when, sizeof(when), "%s %s %u", bdf, action, cycle);
	wait_until_back(bdf, &expected, WAIT_MS);
	read_state(bdf, &now);
	if (now.nr != expected.nr || now.msix != expected.msix)
		complain("%s: expected %u %s, seen %u %s", when, expected.nr, type(&expected), now.nr,
			 type(&now));
	if (!now.msix && now.enabled != round_up_pow_of_two(expected.nr))
		complain("%s: expected %u messages enabled, seen %u", when,
			 round_up_pow_of_two(expected.nr), now.enabled);
	if (now.enabled && now.data % now.enabled)
		complain("%s: message data register %#x is not a multiple of %u", when,
			 now.data, now.enabled);
	if (now.children != expected.children)
		complain("%s: expected %u devices below it, seen %u", when,
			 expected.children, now.children);
	print_state(bdf, action, cycle, nr_complaints ? "wrong" : "right", &now,
		    expected.children);
	ksft_test_result(!nr_complaints, "%s: message data register %#x\n", when, now.data);
	nr_complaints = 0;
}

int main(int argc, char **argv)
{
	unsigned int cycles, i;
	const char *bdf, *reason;

	if (argc != 5) {
		fprintf(stderr, "Usage: msi_reload <reloads> <function> <vectors> <devices below it>\n");
		return KSFT_FAIL;
	}
	cycles = parse_count(argv[1], 1, 1000000);
	bdf = argv[2];
	check_bdf(bdf);

	ksft_print_header();
	reason = cannot_look();
	if (reason)
		ksft_exit_fail_msg("%s\n", reason);
	read_start(bdf, UNKNOWN, &expected);
	if (!expected.driver[0])
		ksft_exit_fail_msg("%s has no driver\n", bdf);
	if (expected.on_its)
		ksft_exit_fail_msg("%s is on an ITS: its_msi_reload is for that\n", bdf);
	expected.nr = parse_count(argv[3], 1, MAX_VECTORS);
	expected.children = parse_count(argv[4], 0, 1000);

	ksft_set_plan(cycles + 1);
	check(bdf, "start", 0);
	for (i = 1; i <= cycles; i++) {
		if (!unbind_driver(bdf) || !bind_driver(bdf, expected.driver))
			complain("%s reload %u: %s", bdf, i, strerror(errno));
		check(bdf, "reload", i);
	}
	ksft_finished();
}
