// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI function whose MSI and MSI-X vectors are enabled with vfio-pci.
 *
 * The library of tools/testing/selftests/vfio is not for this. It exits when fewer
 * vectors can be enabled than it asks for, which is what is looked for here, knows
 * nothing of functions without an IOMMU, and needs libuuid.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "its_vfio.h"

#define DRIVER		"vfio-pci"
#define NOIOMMU_PARAM	"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

static const unsigned int type_index[NR_TYPES] = {
	[MSI]	= VFIO_PCI_MSI_IRQ_INDEX,
	[MSIX]	= VFIO_PCI_MSIX_IRQ_INDEX,
};

/* Returns why there is nothing to test */
const char *vfio_choose(struct vfio *vfio, const char *bdf)
{
	char path[PATH_MAX], driver[32], unsafe[8];

	strcpy(vfio->bdf, bdf);
	if (!is_present(bdf))
		return "there is no such PCI function";
	if (access("/dev/vfio/vfio", F_OK) || access(PCI_SYSFS "/drivers/" DRIVER, F_OK))
		return "no /dev/vfio/vfio or no vfio-pci driver, try modprobe vfio-pci";
	read_driver(bdf, driver, sizeof(driver));
	if (!strcmp(driver, DRIVER))
		return "it is bound to vfio-pci already";
	snprintf(path, sizeof(path), FUNCTION_SYSFS "/iommu_group", vfio->bdf);
	read_text(unsafe, sizeof(unsafe), NOIOMMU_PARAM);
	if (access(path, F_OK) && unsafe[0] != 'Y')
		return "no IOMMU, needs echo 1 > " NOIOMMU_PARAM;
	return NULL;
}

/* An empty line clears it */
static bool write_override(const struct vfio *vfio, const char *driver)
{
	return write_text(driver[0] ? driver : "\n", FUNCTION_SYSFS "/driver_override",
			  vfio->bdf);
}

static bool take_failed(const struct vfio *vfio, const char *what)
{
	complain("%s: cannot %s: %s", vfio->bdf, what, strerror(errno));
	return false;
}

bool vfio_take(struct vfio *vfio)
{
	unsigned int i;

	vfio->container = -1;
	vfio->group = -1;
	vfio->device = -1;
	read_start(vfio->bdf, UNKNOWN, &vfio->start);
	read_text(vfio->override, sizeof(vfio->override),
		  FUNCTION_SYSFS "/driver_override", vfio->bdf);
	if (!strcmp(vfio->override, "(null)"))
		vfio->override[0] = '\0';
	for (i = 0; i < MAX_EVENTS; i++) {
		vfio->events[i] = eventfd(0, EFD_NONBLOCK);
		if (vfio->events[i] < 0)
			return take_failed(vfio, "make the eventfds");
	}
	if (!write_override(vfio, DRIVER))
		return take_failed(vfio, "set its driver_override");
	if (vfio->start.driver[0] && !unbind_driver(vfio->bdf))
		return take_failed(vfio, "unbind its driver");
	if (!bind_driver(vfio->bdf, DRIVER))
		return take_failed(vfio, "bind it to vfio-pci");
	return true;
}

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vfio_close(struct vfio *vfio)
{
	close_file(&vfio->device);
	close_file(&vfio->group);
	close_file(&vfio->container);
}

/* Its driver must find what it had when the test began */
void vfio_give_back(struct vfio *vfio)
{
	static struct state now;

	vfio_close(vfio);
	unbind_driver(vfio->bdf);
	write_override(vfio, vfio->override);
	if (vfio->start.driver[0] && !bind_driver(vfio->bdf, vfio->start.driver))
		complain("%s: cannot bind it to %s: %s", vfio->bdf, vfio->start.driver,
			 strerror(errno));
	if (!wait_until_back(vfio->bdf, &vfio->start, WAIT_MS))
		complain("%s: driver or devices are missing", vfio->bdf);
	read_when_back(vfio->bdf, &vfio->start, vfio->start.nr, &now);
	check_layout(vfio->bdf, &now);
	if (now.nr != vfio->start.nr)
		complain("%s: its driver had %u vectors and has %u now", vfio->bdf,
			 vfio->start.nr, now.nr);
}

/* Returns why not */
const char *vfio_bind_again(struct vfio *vfio)
{
	return bind_driver(vfio->bdf, DRIVER) ? vfio_open(vfio) : "cannot bind it to vfio-pci";
}

/* Returns why not */
const char *vfio_open(struct vfio *vfio)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[PATH_MAX], link[PATH_MAX];
	int iommu;
	char *nr;

	snprintf(path, sizeof(path), FUNCTION_SYSFS "/iommu_group", vfio->bdf);
	nr = realpath(path, link) ? strrchr(link, '/') + 1 : NULL;
	if (!nr)
		return "vfio-pci gave it no group";
	snprintf(path, sizeof(path), "/dev/vfio/%s", nr);
	vfio->noiommu = access(path, F_OK);
	if (vfio->noiommu)
		snprintf(path, sizeof(path), "/dev/vfio/noiommu-%s", nr);
	iommu = vfio->noiommu ? VFIO_NOIOMMU_IOMMU : VFIO_TYPE1v2_IOMMU;

	vfio->container = open("/dev/vfio/vfio", O_RDWR);
	vfio->group = open(path, O_RDWR);
	if (vfio->container < 0 || vfio->group < 0)
		return "cannot open its group in /dev/vfio, is it in use?";
	if (ioctl(vfio->group, VFIO_GROUP_GET_STATUS, &status) ||
	    !(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return "others in its IOMMU group are bound to their drivers";
	if (ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->container) ||
	    ioctl(vfio->container, VFIO_SET_IOMMU, iommu))
		return "VFIO does not support its kind of IOMMU";
	vfio->device = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, vfio->bdf);
	if (vfio->device < 0)
		return "cannot get its file from VFIO";
	return NULL;
}

unsigned int vfio_count(struct vfio *vfio, enum vector_type type)
{
	struct vfio_irq_info info = {
		.argsz = sizeof(info),
		.index = type_index[type],
	};

	return ioctl(vfio->device, VFIO_DEVICE_GET_IRQ_INFO, &info) ? 0 : info.count;
}

/* Returns how many vectors there are, which is less than n when it failed */
unsigned int vfio_enable(struct vfio *vfio, enum vector_type type, unsigned int n)
{
	size_t size = sizeof(struct vfio_irq_set) + n * sizeof(int);
	struct vfio_irq_set *set = calloc(1, size);
	int ret;

	if (!set)
		return 0;
	set->argsz = size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = type_index[type];
	set->count = n;
	memcpy(set->data, vfio->events, n * sizeof(int));
	ret = ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, set);
	free(set);
	return ret < 0 ? 0 : ret ? (unsigned int)ret : n;
}

void vfio_disable(struct vfio *vfio, enum vector_type type)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = type_index[type],
	};

	ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, &set);
}
