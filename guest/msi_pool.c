// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left of the MSIs of a PCI host for one function when another one enables
 * and disables some again and again?
 *
 *	msi_pool N CYCLES FUNCTION NEIGHBOUR
 *
 * vfio-pci has both of them and asks for N MSIs each time: once for NEIGHBOUR, CYCLES
 * times for FUNCTION, then once more for NEIGHBOUR. That takes config space only, so it
 * works where QEMU models nothing else of a PCI host.
 */
#include <stdio.h>
#include <linux/pci_regs.h>

#include "kselftest.h"
#include "its_msi.h"
#include "its_vfio.h"

static struct vfio function, neighbour;

static void take(struct vfio *vfio, const char *bdf)
{
	const char *reason = vfio_choose(vfio, bdf);

	if (!reason)
		reason = vfio_take(vfio) ? vfio_open(vfio) : "vfio-pci cannot have it";
	if (reason)
		ksft_exit_fail_msg("%s: %s\n", bdf, reason);
}

/* VFIO keeps no vector when there are less than it asked for, and says how many there are */
static bool ask(struct vfio *vfio, const char *action, unsigned int cycle, unsigned int n)
{
	static struct state state;
	unsigned int granted = vfio_enable(vfio, MSI, n);
	const char *verdict = granted == n ? "right" : "wrong";

	read_state(vfio->bdf, &state);
	vfio_disable(vfio, MSI);
	printf("# state %s %s %u %s vectors=%u data=%d\n", vfio->bdf, action, cycle,
	       cycle ? verdict : "start", granted, state.data);
	return granted == n;
}

int main(int argc, char **argv)
{
	unsigned int n, cycles, i, good = 0;

	if (argc != 5)
		bad_usage("N CYCLES FUNCTION NEIGHBOUR");
	n = parse_count(argv[1], 1, MAX_EVENTS);
	cycles = parse_count(argv[2], 1, 1000);
	ksft_print_header();
	take(&function, argv[3]);
	take(&neighbour, argv[4]);

	ksft_set_plan(2);
	ask(&neighbour, "neighbour", 0, n);
	ask(&function, "again", 0, n);
	for (i = 1; i <= cycles; i++)
		good += ask(&function, "again", i, n);
	ksft_test_result(good == cycles, "%s has %u MSIs each time\n", function.bdf, n);
	ksft_test_result(ask(&neighbour, "neighbour", 1, n), "%s has %u MSIs as before\n",
			 neighbour.bdf, n);
	ksft_finished();
}
