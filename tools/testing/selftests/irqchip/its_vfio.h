/* SPDX-License-Identifier: GPL-2.0-only */
/* A PCI function whose MSI and MSI-X vectors are enabled with vfio-pci */
#ifndef ITS_VFIO_H
#define ITS_VFIO_H

#include "its_msi.h"

#define MAX_EVENTS	256

enum vector_type { MSI, MSIX, NR_TYPES };

/**
 * struct vfio - a PCI function that VFIO has
 * @bdf:	the function
 * @start:	its state when the test began
 * @override:	its driver_override then
 * @noiommu:	there is no IOMMU
 * @container:	file of VFIO for the IOMMU, -1 when it is closed
 * @group:	file of the function's IOMMU group, likewise
 * @device:	file of the function, likewise
 * @events:	eventfds of the vectors
 */
struct vfio {
	char		bdf[BDF_SIZE];
	struct state	start;
	char		override[64];
	bool		noiommu;
	int		container;
	int		group;
	int		device;
	int		events[MAX_EVENTS];
};

const char *vfio_choose(struct vfio *vfio, const char *bdf);
bool vfio_take(struct vfio *vfio);
const char *vfio_open(struct vfio *vfio);
void vfio_close(struct vfio *vfio);
const char *vfio_bind_again(struct vfio *vfio);
void vfio_give_back(struct vfio *vfio);

unsigned int vfio_count(struct vfio *vfio, enum vector_type type);
unsigned int vfio_enable(struct vfio *vfio, enum vector_type type, unsigned int n);
void vfio_disable(struct vfio *vfio, enum vector_type type);

#endif
