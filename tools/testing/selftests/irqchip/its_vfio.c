// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests share that take a PCI function from its driver, to enable MSI
 * and MSI-X vectors with vfio-pci.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "its_vfio.h"

#define VFIO_DRIVER		"vfio-pci"
#define NOIOMMU_PARAM		"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
/* How long the driver may take to find the devices below the function */
#define WAIT_MS			10000

const char * const its_type_name[NR_TYPES] = {
	[MSI]	= "MSI",
	[MSIX]	= "MSI-X",
};

static const unsigned int type_index[NR_TYPES] = {
	[MSI]	= VFIO_PCI_MSI_IRQ_INDEX,
	[MSIX]	= VFIO_PCI_MSIX_IRQ_INDEX,
};

static bool has_iommu(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), ITS_PCI_DEV "/iommu_group", bdf);
	return !access(path, F_OK);
}

void its_vfio_skip_unless_possible(const char *bdf)
{
	char unsafe[8];

	if (access("/dev/vfio/vfio", F_OK) ||
	    access(ITS_PCI "/drivers/" VFIO_DRIVER, F_OK))
		ksft_exit_skip("no /dev/vfio/vfio or no vfio-pci driver, try modprobe vfio-pci\n");
	if (has_iommu(bdf))
		return;
	its_read(unsafe, sizeof(unsafe), NOIOMMU_PARAM);
	if (unsafe[0] != 'Y')
		ksft_exit_skip("no IOMMU, needs echo 1 > " NOIOMMU_PARAM "\n");
}

/* An empty line clears it */
static bool write_override(const char *bdf, const char *driver)
{
	return its_write(driver[0] ? driver : "\n",
			 ITS_PCI_DEV "/driver_override", bdf);
}

bool its_vfio_bind(const struct its_vfio *vfio)
{
	return its_bind(vfio->bdf, VFIO_DRIVER);
}

/* Returns why not */
const char *its_vfio_take(struct its_vfio *vfio, const char *bdf)
{
	vfio->bdf = bdf;
	vfio->container = -1;
	vfio->group = -1;
	vfio->device = -1;

	its_read_start(bdf, &vfio->at_start);
	its_read(vfio->old_override, sizeof(vfio->old_override),
		 ITS_PCI_DEV "/driver_override", bdf);
	if (!strcmp(vfio->old_override, "(null)"))
		vfio->old_override[0] = '\0';
	if (!strcmp(vfio->at_start.driver, VFIO_DRIVER))
		return NULL;

	if (!write_override(bdf, VFIO_DRIVER))
		return "cannot set its driver_override";
	if (vfio->at_start.driver[0] && !its_unbind(bdf))
		return "cannot unbind its driver";
	if (!its_vfio_bind(vfio))
		return "cannot bind it to vfio-pci";
	return NULL;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void its_vfio_close(struct its_vfio *vfio)
{
	close_fd(&vfio->device);
	close_fd(&vfio->group);
	close_fd(&vfio->container);
}

/* Its driver must find what it had when the test began, see its_msi_reload.c */
static void check_given_back(struct its_vfio *vfio, struct its_test *test)
{
	static struct its_state now;

	if (!its_wait_until_back(vfio->bdf, &vfio->at_start, WAIT_MS))
		its_fail(test, "driver or devices are not there after %u s",
			 WAIT_MS / 1000);
	its_read_state(vfio->bdf, &now);
	its_check_layout(test, "driver", &now);
	if (!its_moved_down(&vfio->at_start, &now))
		its_check_same_vectors(test, "driver", &vfio->at_start, &now);
}

void its_vfio_give_back(struct its_vfio *vfio, struct its_test *test)
{
	const char *old_driver = vfio->at_start.driver;
	const char *bdf = vfio->bdf;
	char driver[64];

	snprintf(test->name, sizeof(test->name), "%s given back", bdf);
	test->ran = true;
	its_vfio_close(vfio);

	if (!strcmp(old_driver, VFIO_DRIVER)) {
		its_skip(test, "it had vfio-pci at the start");
		return;
	}
	its_read_driver(bdf, driver, sizeof(driver));
	if (!strcmp(driver, VFIO_DRIVER))
		its_unbind(bdf);
	write_override(bdf, vfio->old_override);
	its_read_driver(bdf, driver, sizeof(driver));
	if (old_driver[0] && !driver[0] && !its_bind(bdf, old_driver))
		its_fail(test, "cannot bind it to %s: %s", old_driver,
			 strerror(errno));
	check_given_back(vfio, test);
}

/* Returns why not */
const char *its_vfio_open(struct its_vfio *vfio)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[PATH_MAX], link[PATH_MAX];
	int iommu;
	char *nr;

	snprintf(path, sizeof(path), ITS_PCI_DEV "/iommu_group", vfio->bdf);
	nr = realpath(path, link) ? strrchr(link, '/') + 1 : NULL;
	if (!nr)
		return "vfio-pci gave it no group";
	snprintf(path, sizeof(path), "/dev/vfio/%s", nr);
	if (access(path, F_OK)) {
		vfio->noiommu = true;
		snprintf(path, sizeof(path), "/dev/vfio/noiommu-%s", nr);
	}
	iommu = vfio->noiommu ? VFIO_NOIOMMU_IOMMU : VFIO_TYPE1v2_IOMMU;

	vfio->container = open("/dev/vfio/vfio", O_RDWR);
	if (vfio->container < 0)
		return "cannot open /dev/vfio/vfio";
	if (ioctl(vfio->container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return "VFIO has another version";
	if (ioctl(vfio->container, VFIO_CHECK_EXTENSION, iommu) <= 0)
		return "VFIO does not support its kind of IOMMU";
	vfio->group = open(path, O_RDWR);
	if (vfio->group < 0)
		return "cannot open its group in /dev/vfio, is it in use?";
	if (ioctl(vfio->group, VFIO_GROUP_GET_STATUS, &status))
		return "cannot get the status of its group";
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return "others in its IOMMU group are bound to their drivers";
	if (ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->container))
		return "cannot add its group to a container";
	if (ioctl(vfio->container, VFIO_SET_IOMMU, iommu))
		return "cannot set the container's IOMMU";
	vfio->device = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, vfio->bdf);
	if (vfio->device < 0)
		return "cannot get its file from VFIO";
	return NULL;
}

unsigned int its_vfio_vectors(struct its_vfio *vfio, enum vector_type type)
{
	struct vfio_irq_info info = {
		.argsz = sizeof(info),
		.index = type_index[type],
	};

	if (ioctl(vfio->device, VFIO_DEVICE_GET_IRQ_INFO, &info))
		return 0;
	return info.count;
}

/* Returns how many vectors there are, which is less than n when it failed */
unsigned int its_vfio_enable(struct its_vfio *vfio, enum vector_type type,
			     unsigned int n)
{
	struct vfio_irq_set *set;
	size_t size = sizeof(*set) + n * sizeof(int);
	int ret;

	set = calloc(1, size);
	if (!set)
		return 0;
	set->argsz = size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = type_index[type];
	set->count = n;
	memcpy(set->data, vfio->events, n * sizeof(int));
	ret = ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, set);
	free(set);
	if (ret < 0)
		return 0;
	return ret ? (unsigned int)ret : n;
}

void its_vfio_disable(struct its_vfio *vfio, enum vector_type type)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = type_index[type],
	};

	ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, &set);
}

/*
 * Returns why a type of vectors cannot be tested. That there is no room for a
 * single vector is no such reason.
 */
const char *its_vfio_cannot_test(struct its_vfio *vfio, enum vector_type type)
{
	static struct its_state state;
	unsigned int granted;
	int err;

	if (!its_vfio_vectors(vfio, type))
		return "the function has none";
	errno = 0;
	granted = its_vfio_enable(vfio, type, 1);
	err = errno;
	its_read_state(vfio->bdf, &state);
	its_vfio_disable(vfio, type);
	if (granted && !state.on_its)
		return "its interrupts don't belong to a GICv3 ITS";
	if (!granted && err != ENOSPC)
		return "they cannot be enabled, is there an ITS?";
	return NULL;
}
