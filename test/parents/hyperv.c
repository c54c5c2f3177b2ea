// SPDX-License-Identifier: GPL-2.0-only
#define CONFIG_HYPERV 1
#include "parents.h"
#include <linux/hyperv.h>
#include <linux/of_irq.h>
#include <asm/mshyperv.h>

/* Nothing is said to a hypervisor */
#define hv_do_hypercall(...)		0
#define vmbus_recvpacket_raw(...)	0
#define vmbus_request_addr_match(...)	0
#define vmbus_sendpacket(...)		0
#define vmbus_sendpacket_getid(...)	0
#define __vmbus_request_addr_match(...)	0
#define hv_get_vmbus_root_device()	(&under_test->pdev->dev)
#define of_irq_find_parent(node)	to_of_node(under_test->gic->fwnode)
u32 *hv_vp_index;
void * __percpu *hyperv_pcpu_input_arg;
#include "drivers/pci/controller/pci-hyperv.c"

static struct hv_pcibus_device hbus = { .bridge = &(struct pci_host_bridge) { } };

/* The hypervisor composes messages: this one sends the number of the SPI */
static void compose(struct irq_data *data, struct msi_msg *msg)
{
	*msg = (struct msi_msg) { .address_lo = SZ_1G, .data = hv_msi_get_int_vector(data) };
}

static int setup(struct parent *p)
{
	hbus.fwnode = dev_fwnode(&p->pdev->dev);
	hv_msi_irq_chip.irq_compose_msi_msg = compose;
	hv_msi_irq_chip.irq_unmask = irq_chip_unmask_parent;
	if (hv_pci_irqchip_init())
		return -ENOMEM;
	p->map = ((struct hv_pci_chip_data *)hv_msi_gic_irq_domain->host_data)->spi_map;
	return hv_pcie_init_irq_domain(&hbus);
}

PARENT(hyperv, .nr = HV_PCI_MSI_SPI_NR, .first = HV_PCI_MSI_SPI_START, .setup = setup);
