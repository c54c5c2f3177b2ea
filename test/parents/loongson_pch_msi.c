// SPDX-License-Identifier: GPL-2.0-only
#define CONFIG_ACPI 1
#include "parents.h"
#include <asm/loongarch.h>
#undef pr_fmt
#include "drivers/irqchip/irq-loongson-pch-msi.c"

/* An MSI parent of its own, or one that gives other domains what makes them MSI parents */
int loongson_offer(struct irq_domain *domain)
{
	pch_msi_handle[0] = NULL;
	pch_msi_parent_ops.supported_flags = PCH_MSI_FLAGS_SUPPORTED;
	return pch_msi_acpi_init_avec(domain);
}

static int setup(struct parent *p)
{
	struct fwnode_handle *node = dev_fwnode(&p->pdev->dev);
	int ret;

	nr_pics = 0;
	ret = pch_msi_init(SZ_1G, p->first, p->nr, p->gic, node);
	p->domain = irq_find_matching_fwnode(node, DOMAIN_BUS_NEXUS);
	p->map = ((struct pch_msi_data *)p->domain->host_data)->msi_map;
	return ret;
}

PARENT(loongson_pch_msi, .nr = 192, .first = 64, .setup = setup);
