// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include <linux/of_address.h>

#define FRAMES	4
#define SPIS	128

/* What the device tree says */
#define of_property_read_u32(node, name, out)			(*(out) = FRAMES, 0)
#define of_property_read_u32_index(node, name, index, out)	(*(out) = SPIS + 8 * (index), 0)
#define of_address_to_resource(node, index, res)		((res)->start = SZ_1G + (index) * SZ_4K, 0)
#define of_io_request_and_map(node, index, name)		NULL
#undef pr_fmt
#include "drivers/irqchip/irq-mvebu-odmi.c"

static int setup(struct parent *p)
{
	struct device_node *node = p->pdev->dev.of_node;
	int ret = mvebu_odmi_init(node, to_of_node(p->gic->fwnode));

	p->map = odmis_bm;
	return ret;
}

static void send(struct parent *p, u64 addr, u32 data)
{
	parent_raise(p, SPIS + (addr - SZ_1G) / SZ_4K * 8 + (data >> GICP_ODMI_INT_NUM_SHIFT));
}

static void teardown(struct parent *p)
{
	bitmap_free(odmis_bm);
	kfree(odmis);
}

PARENT(mvebu_odmi, .nr = FRAMES * NODMIS_PER_FRAME, .setup = setup, .send = send, .teardown = teardown);
