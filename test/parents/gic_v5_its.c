// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include <linux/irqchip/arm-gic-v5.h>
#include <linux/of_address.h>

static struct device_node *frame;

/* What the device tree and the hardware say */
#define of_property_match_string(...)				0
#define of_address_to_resource(node, index, res)		((res)->start = SZ_1G, 0)
#define pci_msi_map_rid_ctlr_node(domain, pdev, out)						\
	(*(out) = of_fwnode_handle(frame),				\
	 (u32)(unsigned long)(pdev)->bus->sysdata + (pdev)->devfn)
#undef gicv5_wait_for_op
#undef gicv5_wait_for_op_atomic
#define gicv5_wait_for_op(...)					0
#define gicv5_wait_for_op_atomic(...)				0
#define gicv5_irs_syncr()

/* The kernel has these for itself */
#define gic_v3_its_msi_parent_ops	parent_gic_v3_its_msi_parent_ops
#define gic_v5_its_msi_parent_ops	parent_gic_v5_its_msi_parent_ops
#define gicv5_its_of_probe		parent_gicv5_its_of_probe
#define gicv5_its_acpi_probe		parent_gicv5_its_acpi_probe
#include "drivers/irqchip/irq-gic-its-msi-parent.c"
#undef pr_fmt
#include "drivers/irqchip/irq-gic-v5-its.c"

static struct gicv5_its_chip_data *its;

static int setup(struct parent *p)
{
	int ret;

	frame = p->pdev->dev.of_node->child;
	writel(FIELD_PREP(GICV5_ITS_IDR1_DEVICEID_BITS, 9), p->regs + GICV5_ITS_IDR1);
	writel(FIELD_PREP(GICV5_ITS_IDR2_EVENTID_BITS, 5), p->regs + GICV5_ITS_IDR2);
	ret = gicv5_its_init_bases(p->regs, of_fwnode_handle(frame->parent), p->gic, false);
	p->domain = irq_find_matching_fwnode(of_fwnode_handle(frame), DOMAIN_BUS_NEXUS);
	its = ((struct msi_domain_info *)p->domain->host_data)->data;
	return ret;
}

static unsigned int used(struct parent *p)
{
	struct gicv5_its_dev *dev;
	unsigned int n = 0;
	unsigned long id;

	xa_for_each(&its->its_devices, id, dev)
		n += bitmap_weight(dev->event_map, dev->num_events);
	return n;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	struct gicv5_its_dev *dev = gicv5_its_find_device(its, p->sender);
	u64 entry = le64_to_cpu(*gicv5_its_device_get_itte_ref(dev, data));

	if (addr == SZ_1G && FIELD_GET(GICV5_ITTL2E_VALID, entry))
		parent_raise(p, FIELD_GET(GICV5_ITTL2E_LPI_ID, entry));
}

static void teardown(struct parent *p)
{
	gicv5_its_deinit_devtab(its);
	kfree(its);
}

/* Each device has a pool of its own */
PARENT(gic_v5_its, .nr = SZ_16K, .setup = setup, .used = used, .send = send, .teardown = teardown);
