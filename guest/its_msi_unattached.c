// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a PCI function have the same vectors after user space asked for some that the
 * IOMMU cannot serve?
 *
 * its_msi_unattached CYCLES FUNCTION=VECTORS
 *
 * VFIO has a file for each function. A program opens it and binds it to iommufd, but
 * attaches no address space. The IOMMU blocks all that the function does then, and
 * has no place for the doorbell of the ITS. The program asks for MSIs nevertheless.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "its_vfio.h"

/* <linux/vfio.h> has it from 6.6 on */
struct bind_iommufd {
	__u32	argsz;
	__u32	flags;
	__s32	iommufd;
	__u32	out_devid;
};

#define BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)

static struct vfio vfio;
static struct state now;

/* Returns why not */
static const char *open_file(int iommufd)
{
	struct bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };
	char path[128];
	glob_t names;

	snprintf(path, sizeof(path), FUNCTION_SYSFS "/vfio-dev/vfio*", vfio.bdf);
	if (glob(path, 0, NULL, &names))
		return "vfio-pci gave it no file of its own, is VFIO_DEVICE_CDEV set?";
	snprintf(path, sizeof(path), "/dev/vfio/devices%s", strrchr(names.gl_pathv[0], '/'));
	globfree(&names);
	vfio.device = open(path, O_RDWR);
	if (vfio.device < 0)
		return "cannot open its file in /dev/vfio/devices";
	if (ioctl(vfio.device, BIND_IOMMUFD, &bind))
		return "cannot bind it to iommufd";
	return NULL;
}

static void ask(unsigned int cycle, unsigned int nr, int iommufd)
{
	const char *reason = "vfio-pci cannot have it";
	unsigned int granted, i;

	if (vfio_take(&vfio))
		reason = open_file(iommufd);
	if (reason)
		ksft_exit_fail_msg("%s: %s\n", vfio.bdf, reason);
	errno = 0;
	granted = vfio_enable(&vfio, MSI, nr);
	ksft_print_msg("%s asks for %u MSIs, has %u: %s\n", vfio.bdf, nr, granted,
		       strerror(errno));
	vfio_give_back(&vfio);
	for (i = 0; i < MAX_EVENTS; i++)
		close(vfio.events[i]);
	read_state(vfio.bdf, &now);
	if (now.nr != nr)
		complain("%s: expected %u vectors, seen %u", vfio.bdf, nr, now.nr);
	print_state(vfio.bdf, "unattached", cycle, nr_complaints ? "wrong" : "right", &now,
		    vfio.start.children);
}

int main(int argc, char **argv)
{
	const char *reason = cannot_look();
	unsigned int cycle, nr_cycles;
	struct given given;
	int iommufd;

	if (argc != 3)
		bad_usage("CYCLES FUNCTION=VECTORS");
	ksft_print_header();
	nr_cycles = parse_count(argv[1], 1, 1000);
	parse_function(argv[2], &given);
	if (!reason)
		reason = vfio_choose(&vfio, given.bdf);
	iommufd = open("/dev/iommu", O_RDWR);
	if (!reason && iommufd < 0)
		reason = "no /dev/iommu";
	if (reason)
		ksft_exit_fail_msg("%s: %s\n", given.bdf, reason);
	ksft_set_plan(1);
	read_state(given.bdf, &now);
	check_given(&given, &now);
	print_state(given.bdf, "start", 1, nr_complaints ? "wrong" : "right", &now, now.children);
	for (cycle = 1; cycle <= nr_cycles; cycle++)
		ask(cycle, given.vectors, iommufd);
	ksft_test_result(!nr_complaints, "%s: %u times\n", given.bdf, nr_cycles);
	ksft_finished();
}
