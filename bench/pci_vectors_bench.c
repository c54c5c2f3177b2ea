// SPDX-License-Identifier: GPL-2.0-only
/*
 * What pci_alloc_irq_vectors() and pci_free_irq_vectors() cost. Built into a kernel by
 * scripts/boots/build-kernel and booted in QEMU with an instruction counter: one tick of the
 * architected timer is one instruction there.
 *
 * A line for each case, of the first quartiles of all rounds and their errors:
 *
 *	calls <vectors> <MSI|MSI-X> <instructions of alloc> <error> <of free> <error>
 *
 * and one of what the first allocation of a device takes, the mean of those with MSI:
 *
 *	first <instructions of alloc>
 *
 * The devices are nec-usb-xhci, many for MSI, and nvme for MSI-X.
 */
#include <linux/bits.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/pci.h>
#include <linux/sort.h>
#include <linux/timex.h>

#define MAX_ROUNDS	16
#define TICKS_SHIFT	48

static struct pci_dev *msi_devices[16], *msix_device;
static unsigned int nr_msi_devices;

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	if (!id->driver_data)
		msix_device = pdev;
	else if (nr_msi_devices < ARRAY_SIZE(msi_devices))
		msi_devices[nr_msi_devices++] = pdev;
	return pcim_enable_device(pdev);
}

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_NEC, 0x0194), .driver_data = 1 },
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT, 0x0010) },
	{ }
};

static struct pci_driver driver = {
	.name		= "pci_vectors_bench",
	.id_table	= ids,
	.probe		= probe,
};

/* Before the drivers of these devices */
static int __init bench_register(void)
{
	return pci_register_driver(&driver);
}
fs_initcall(bench_register);

static unsigned long ticks __initdata;
static u64 start __initdata;

static void __init begin(void)
{
	ticks = jiffies;
	start = get_cycles();
}

/* The ticks of the kernel that came meanwhile, each as dear as a small call, are the high bits */
static u64 __init end(void)
{
	u64 cost = get_cycles() - start;

	return (u64)(jiffies - ticks) << TICKS_SHIFT | cost;
}

static bool __init measure(struct pci_dev *pdev, unsigned int nvecs, unsigned int type, u64 cost[2])
{
	int ret;

	begin();
	ret = pci_alloc_irq_vectors(pdev, nvecs, nvecs, type);
	cost[0] = end();
	if (ret < 0)
		return false;
	begin();
	pci_free_irq_vectors(pdev);
	cost[1] = end();
	return true;
}

static int __init compare(const void *a, const void *b)
{
	return cmp_int(*(const u64 *)a, *(const u64 *)b);
}

/*
 * The first quartile of the rounds with the fewest ticks, as whatever else disturbs a round makes
 * it dearer. The error is of the half of them below the median.
 */
static void __init quartile(u64 *costs, unsigned int rounds, u64 *cost, u64 *error)
{
	unsigned int nr = 1;

	sort(costs, rounds, sizeof(*costs), compare, NULL);
	while (nr < rounds && costs[nr] >> TICKS_SHIFT == costs[0] >> TICKS_SHIFT)
		nr++;
	*cost = costs[nr / 4] & GENMASK_ULL(TICKS_SHIFT - 1, 0);
	*error = (costs[nr / 2] - costs[0]) / int_sqrt(nr);
}

static void __init run(unsigned int rounds, struct pci_dev **pdev, unsigned int nvecs,
		       unsigned int type)
{
	static u64 alloc[MAX_ROUNDS], free[MAX_ROUNDS];
	u64 cost[2], error[2];
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		/* Without patches, a device loses EventIDs: go on with the next one */
		while (!measure(*pdev, nvecs, type, cost))
			if (++pdev == msi_devices + nr_msi_devices || type == PCI_IRQ_MSIX) {
				pr_err("calls: no device has %u vectors\n", nvecs);
				return;
			}
		alloc[i] = cost[0];
		free[i] = cost[1];
	}
	quartile(alloc, rounds, &cost[0], &error[0]);
	quartile(free, rounds, &cost[1], &error[1]);
	pr_info("calls %u %s %llu %llu %llu %llu\n", nvecs, type == PCI_IRQ_MSI ? "MSI" : "MSI-X",
		cost[0], error[0], cost[1], error[1]);
}

static int __init bench(void)
{
	static const unsigned int msi[] __initconst = { 1, 2, 4, 8, 16, 7, 5, 3 };
	static const unsigned int msix[] __initconst = { 1, 32, 256, 2048 };
	u64 cost[2], sum = 0;
	unsigned int i;

	if (!nr_msi_devices || !msix_device)
		return -ENODEV;
	for (i = 0; i < nr_msi_devices; i++) {
		measure(msi_devices[i], 1, PCI_IRQ_MSI, cost);
		sum += cost[0] & GENMASK_ULL(TICKS_SHIFT - 1, 0);
	}
	pr_info("first %llu\n", div_u64(sum, nr_msi_devices));
	measure(msix_device, 1, PCI_IRQ_MSIX, cost);

	for (i = 0; i < ARRAY_SIZE(msi); i++)
		run(MAX_ROUNDS, msi_devices, msi[i], PCI_IRQ_MSI);
	for (i = 0; i < ARRAY_SIZE(msix); i++)
		run(msix[i] < 2048 ? MAX_ROUNDS : MAX_ROUNDS / 2, &msix_device, msix[i], PCI_IRQ_MSIX);
	return 0;
}
late_initcall(bench);
