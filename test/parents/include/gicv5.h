/* SPDX-License-Identifier: GPL-2.0-only */
/* What the GICv5 ITS driver asks the device tree and the hardware, and what the kernel has already */
#include <linux/irqchip/arm-gic-v5.h>
#include <linux/of_address.h>

#define frame		of_fwnode_handle(under_test->pdev->dev.of_node->child)
#define of_property_match_string(...)				0
#define of_address_to_resource(node, index, res)		((res)->start = SZ_1G, 0)
#define pci_msi_map_rid_ctlr_node(domain, pdev, out)				\
	(*(out) = frame, (u32)(unsigned long)(pdev)->bus->sysdata + (pdev)->devfn)
#undef gicv5_wait_for_op
#undef gicv5_wait_for_op_atomic
#define gicv5_wait_for_op(...)		0
#define gicv5_wait_for_op_atomic(...)	0
#define gicv5_irs_syncr()

#define gic_v3_its_msi_parent_ops	parent_gic_v3_its_msi_parent_ops
#define gic_v5_its_msi_parent_ops	parent_gic_v5_its_msi_parent_ops
#define gicv5_its_of_probe		parent_gicv5_its_of_probe
#define gicv5_its_acpi_probe		parent_gicv5_its_acpi_probe

/* It takes the DeviceID and the address from here, the kernel's asks for more of a device */
#include "drivers/irqchip/irq-gic-its-msi-parent.c"
#undef pr_fmt
