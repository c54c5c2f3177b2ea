// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"

/* What the device tree says: 64 interrupts of the parent domain, from 100 on */
#define of_parse_phandle_with_args(node, list, cells, index, out)					\
	(*(out) = (struct of_phandle_args) { .np = to_of_node(under_test->gic->fwnode), .args_count = 3,	\
					     .args = { 0, 100, IRQ_TYPE_EDGE_RISING } }, 0)
#define of_property_read_u32_index(node, name, index, out)	(*(out) = under_test->nr, 0)
#define CONFIG_PCIE_APPLE_MSI_DOORBELL_ADDR	0xfffff000
#include "drivers/pci/controller/pcie-apple.c"

static struct apple_pcie pcie;

static int setup(struct parent *p)
{
	int ret;

	pcie = (struct apple_pcie) { .dev = &p->pdev->dev };
	mutex_init(&pcie.lock);
	ret = apple_msi_init(&pcie);
	p->map = pcie.bitmap;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	if (addr == DOORBELL_ADDR)
		parent_raise(p, 32 + 100 + data);
}

PARENT(apple, .nr = 64, .keeps = true, .setup = setup, .send = send);
