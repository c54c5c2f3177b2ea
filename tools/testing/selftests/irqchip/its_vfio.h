/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share that take a PCI function from its driver, to enable MSI
 * and MSI-X vectors with vfio-pci. It gets its driver back at the end.
 */
#ifndef ITS_VFIO_H
#define ITS_VFIO_H

#include <stdbool.h>

#include "its_msi.h"

#define ITS_VFIO_MAX_VECTORS	256

enum vector_type { MSI, MSIX, NR_TYPES };

extern const char * const its_type_name[NR_TYPES];

/**
 * struct its_vfio - a PCI function that VFIO has
 * @bdf:	the function
 * @at_start:	its state when the test began
 * @old_override: its driver_override then
 * @noiommu:	there is no IOMMU
 * @container:	file of VFIO for the IOMMU, -1 when it is closed
 * @group:	file of the function's IOMMU group, likewise
 * @device:	file of the function, likewise
 * @events:	eventfds of the vectors
 */
struct its_vfio {
	const char		*bdf;
	struct its_state	at_start;
	char			old_override[64];
	bool			noiommu;
	int			container;
	int			group;
	int			device;
	int			events[ITS_VFIO_MAX_VECTORS];
};

void its_vfio_skip_unless_possible(const char *bdf);
const char *its_vfio_take(struct its_vfio *vfio, const char *bdf);
const char *its_vfio_open(struct its_vfio *vfio);
void its_vfio_close(struct its_vfio *vfio);
bool its_vfio_bind(const struct its_vfio *vfio);
void its_vfio_give_back(struct its_vfio *vfio, struct its_test *test);

unsigned int its_vfio_vectors(struct its_vfio *vfio, enum vector_type type);
unsigned int its_vfio_enable(struct its_vfio *vfio, enum vector_type type,
			     unsigned int n);
void its_vfio_disable(struct its_vfio *vfio, enum vector_type type);
const char *its_vfio_cannot_test(struct its_vfio *vfio, enum vector_type type);

#endif
