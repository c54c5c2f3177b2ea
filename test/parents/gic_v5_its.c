// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include <gicv5.h>
#include "drivers/irqchip/irq-gic-v5-its.c"

static struct gicv5_its_chip_data *chip(struct parent *p)
{
	return ((struct msi_domain_info *)p->domain->host_data)->data;
}

static int setup(struct parent *p)
{
	writel(FIELD_PREP(GICV5_ITS_IDR1_DEVICEID_BITS, 9), p->regs + GICV5_ITS_IDR1);
	writel(FIELD_PREP(GICV5_ITS_IDR2_EVENTID_BITS, 5), p->regs + GICV5_ITS_IDR2);
	return gicv5_its_init_bases(p->regs, dev_fwnode(&p->pdev->dev), p->gic, false);
}

static unsigned int used(struct parent *p)
{
	struct gicv5_its_dev *dev;
	unsigned long id, n = 0;

	xa_for_each(&chip(p)->its_devices, id, dev)
		n += bitmap_weight(dev->event_map, dev->num_events);
	return n;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	struct gicv5_its_dev *dev = gicv5_its_find_device(chip(p), p->sender);
	u64 entry = le64_to_cpu(*gicv5_its_device_get_itte_ref(dev, data));

	if (addr == SZ_1G && FIELD_GET(GICV5_ITTL2E_VALID, entry))
		parent_raise(p, FIELD_GET(GICV5_ITTL2E_LPI_ID, entry));
}

/* Each device has a pool of its own */
PARENT(gic_v5_its, .nr = SZ_16K, .setup = setup, .used = used, .send = send);
