// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that are no PCI functions, whose MSIs come from the ITS. Built into a kernel by
 * scripts/boots/build-kernel, with nodes that a boot adds to the device tree:
 *
 *	platform-1 { compatible = "its-sharer"; msi-parent = <&its 0x10>; vectors = <52>; };
 *	wired-1 { compatible = "its-sharer-wired"; msi-parent = <&its 0x10>; vectors = <8>; };
 *
 * The first one is a platform device, as an SMMU is. The second one has its interrupts wire by
 * wire, as mbigen has. With the DeviceID of a PCI function they share its ITS device.
 *
 * In sysfs, "irqs" has the interrupts of a device. Who reads "arrived" makes the ITS signal
 * each EventID of it once, and gets how many interrupts came as often as they were signalled.
 */
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/sysfs.h>

#define MAX_VECTORS	64
#define WAIT_MS		1000

/**
 * struct sharer - a device that is bound
 * @wired:	its interrupts are wires
 * @nr:		how many it has
 * @nr_asked:	how often each of them was signalled
 * @irq:	the Linux interrupt numbers
 * @count:	how often they came
 */
struct sharer {
	bool		wired;
	unsigned int	nr;
	unsigned int	nr_asked;
	unsigned int	irq[MAX_VECTORS];
	unsigned int	count[MAX_VECTORS];
};

static irqreturn_t handler(int irq, void *data)
{
	unsigned int *count = data;

	WRITE_ONCE(*count, *count + 1);
	return IRQ_HANDLED;
}

/* There are no registers: debugfs shows what would be in them */
static void write_msg(struct msi_desc *desc, struct msi_msg *msg)
{
	desc->msg = *msg;
}

static void write_wire_msg(struct irq_data *data, struct msi_msg *msg)
{
	write_msg(irq_data_get_msi_desc(data), msg);
}

static void set_wire_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	arg->desc = desc;
	arg->hwirq = (u32)desc->data.icookie.value;
}

/*
 * Without MSI_FLAG_USE_DEV_FWNODE, which drivers have whose domain stays for ever:
 * msi_remove_device_irq_domain() frees the fwnode as if it were of an irqchip, and warns when
 * it is that of a device.
 */
static const struct msi_domain_template wired_template = {
	.chip = {
		.name			= "wired",
		.irq_mask		= irq_chip_mask_parent,
		.irq_unmask		= irq_chip_unmask_parent,
		.irq_eoi		= irq_chip_eoi_parent,
		.irq_write_msi_msg	= write_wire_msg,
	},
	.ops = {
		.set_desc		= set_wire_desc,
	},
	.info = {
		.bus_token		= DOMAIN_BUS_WIRED_TO_MSI,
	},
};

/* A wire is let go by itself, and the domain when none is left */
static void free_vectors(struct device *dev, struct sharer *sharer)
{
	if (!sharer->wired) {
		platform_device_msi_free_irqs_all(dev);
		return;
	}
	while (sharer->nr)
		irq_dispose_mapping(sharer->irq[--sharer->nr]);
	msi_remove_device_irq_domain(dev, MSI_DEFAULT_DOMAIN);
}

static int alloc_wires(struct device *dev, struct sharer *sharer, unsigned int wanted)
{
	union msi_instance_cookie cookie;
	struct msi_map map;

	if (!msi_create_device_irq_domain(dev, MSI_DEFAULT_DOMAIN, &wired_template, wanted, NULL,
					  NULL))
		return -ENODEV;
	while (sharer->nr < wanted) {
		cookie.value = sharer->nr;
		map = msi_domain_alloc_irq_at(dev, MSI_DEFAULT_DOMAIN, MSI_ANY_INDEX, NULL,
					      &cookie);
		if (map.index < 0) {
			free_vectors(dev, sharer);
			return map.index;
		}
		sharer->irq[sharer->nr++] = map.virq;
	}
	return 0;
}

/* When that fails, the driver core frees what there is */
static int alloc_msis(struct device *dev, struct sharer *sharer, unsigned int wanted)
{
	int ret = platform_device_msi_init_and_alloc_irqs(dev, wanted, write_msg);

	for (; !ret && sharer->nr < wanted; sharer->nr++)
		sharer->irq[sharer->nr] = msi_get_virq(dev, sharer->nr);
	return ret;
}

static void release(struct device *dev, struct sharer *sharer, unsigned int nr_requested)
{
	while (nr_requested--)
		free_irq(sharer->irq[nr_requested], &sharer->count[nr_requested]);
	free_vectors(dev, sharer);
}

static int probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct sharer *sharer;
	unsigned int i;
	u32 wanted;
	int ret;

	ret = device_property_read_u32(dev, "vectors", &wanted);
	if (ret || wanted > MAX_VECTORS)
		return -EINVAL;
	sharer = devm_kzalloc(dev, sizeof(*sharer), GFP_KERNEL);
	if (!sharer)
		return -ENOMEM;
	sharer->wired = device_is_compatible(dev, "its-sharer-wired");
	ret = (sharer->wired ? alloc_wires : alloc_msis)(dev, sharer, wanted);
	if (ret)
		return ret;
	for (i = 0; i < sharer->nr; i++) {
		ret = request_irq(sharer->irq[i], handler, 0, dev_name(dev), &sharer->count[i]);
		if (ret) {
			release(dev, sharer, i);
			return ret;
		}
	}
	platform_set_drvdata(pdev, sharer);
	return 0;
}

static void remove(struct platform_device *pdev)
{
	struct sharer *sharer = platform_get_drvdata(pdev);

	release(&pdev->dev, sharer, sharer->nr);
}

static ssize_t irqs_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sharer *sharer = dev_get_drvdata(dev);
	unsigned int i;
	int len = 0;

	for (i = 0; i < sharer->nr; i++)
		len += sysfs_emit_at(buf, len, "%u ", sharer->irq[i]);
	return len + sysfs_emit_at(buf, len, "\n");
}
static DEVICE_ATTR_RO(irqs);

static ssize_t arrived_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sharer *sharer = dev_get_drvdata(dev);
	unsigned int i, ms, right = 0;

	sharer->nr_asked++;
	for (i = 0; i < sharer->nr; i++) {
		if (irq_set_irqchip_state(sharer->irq[i], IRQCHIP_STATE_PENDING, true))
			continue;
		for (ms = 0; READ_ONCE(sharer->count[i]) < sharer->nr_asked && ms < WAIT_MS; ms++)
			usleep_range(500, 1000);
	}
	for (i = 0; i < sharer->nr; i++)
		right += READ_ONCE(sharer->count[i]) == sharer->nr_asked;
	return sysfs_emit(buf, "%u\n", right);
}
static DEVICE_ATTR_RO(arrived);

static struct attribute *sharer_attrs[] = { &dev_attr_irqs.attr, &dev_attr_arrived.attr, NULL };
ATTRIBUTE_GROUPS(sharer);

static const struct of_device_id ids[] = {
	{ .compatible = "its-sharer" },
	{ .compatible = "its-sharer-wired" },
	{ }
};

static struct platform_driver driver = {
	.driver = {
		.name		= "its_sharers",
		.of_match_table	= ids,
		.dev_groups	= sharer_groups,
	},
	.probe	= probe,
	.remove	= remove,
};

/* Before PCI functions are found */
static int __init its_sharers_init(void)
{
	return platform_driver_register(&driver);
}
fs_initcall(its_sharers_init);
