// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do PCI functions have the same vectors after hibernation as before it, and do the
 * interrupts of USB controllers arrive?
 *
 * With the mode test_resume the kernel reads its image right after it has written
 * it. With the mode shutdown the machine is off then, and this goes on when QEMU is
 * started again with the same disk. A kernel that does not find its image, or cannot
 * take it, boots afresh: then the tests begin again, which is no good end of this one.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <termios.h>
#include <unistd.h>

#include "its_msi.h"

#define SWAP	"/dev/vda"

static struct state before[MAX_FUNCTIONS], now;
static bool resumed;

/* Have the USB devices of a controller configured anew, which takes interrupts */
static void configure_devices(const char *when, const char *bdf)
{
	char pattern[128];
	glob_t devices;
	size_t i;

	snprintf(pattern, sizeof(pattern), FUNCTION_SYSFS "/usb*/[0-9]-[0-9]/authorized", bdf);
	if (glob(pattern, 0, NULL, &devices))
		return;
	for (i = 0; i < devices.gl_pathc; i++) {
		if (!write_text("0", "%s", devices.gl_pathv[i]) ||
		    !write_text("1", "%s", devices.gl_pathv[i]))
			complain("%s: %s: %s", when, devices.gl_pathv[i], strerror(errno));
	}
	globfree(&devices);
}

static void check(const char *bdf, const struct state *expected)
{
	char when[64];

	snprintf(when, sizeof(when), "%s hibernate 1", bdf);
	nr_complaints = 0;
	if (!resumed)
		complain("%s: there was none", when);
	wait_until_back(bdf, expected, WAIT_MS);
	configure_devices(when, bdf);
	wait_until_back(bdf, expected, WAIT_MS);
	read_state(bdf, &now);
	if (strcmp(now.driver, expected->driver))
		complain("%s: expected driver %s, seen %s", when, expected->driver,
			 now.driver[0] ? now.driver : "none");
	if (now.children != expected->children)
		complain("%s: expected %u devices below it, seen %u", when,
			 expected->children, now.children);
	check_layout(when, &now);
	check_same_vectors(when, expected, &now);
	print_state(bdf, "hibernate", 1, nr_complaints ? "wrong" : "right", &now,
		    expected->children);
	ksft_test_result(!nr_complaints, "%s\n", when);
}

int main(int argc, char **argv)
{
	int nr = argc - 2, i;
	const char *reason;
	char **bdfs = argv + 2;

	if (nr < 1 || nr > MAX_FUNCTIONS) {
		fprintf(stderr, "Usage: its_msi_hibernate <mode of /sys/power/disk> <function>...\n");
		return KSFT_FAIL;
	}
	ksft_print_header();
	reason = cannot_look();
	if (reason)
		ksft_exit_fail_msg("%s\n", reason);
	for (i = 0; i < nr; i++) {
		check_bdf(bdfs[i]);
		read_start(bdfs[i], UNKNOWN, &before[i]);
	}

	ksft_set_plan(nr);
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	/* One after the other: xhci of old kernels takes its MSIs anew, and gets the same LPIs */
	resumed = write_text("0", "/sys/power/pm_async") &&
		  !swapon(SWAP, 0) && write_text(argv[1], "/sys/power/disk") &&
		  write_text("disk", "/sys/power/state") && !swapoff(SWAP);
	if (!resumed)
		printf("# cannot hibernate, or resume: %s\n", strerror(errno));
	for (i = 0; i < nr; i++)
		check(bdfs[i], &before[i]);
	ksft_finished();
}
