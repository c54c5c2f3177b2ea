// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that asks for MSIs as some do for whose devices QEMU has no model. Built into a
 * kernel by scripts/boots/build-kernel, it takes each nec-usb-xhci, which offers 16, if the
 * kernel's command line says how many it wants:
 *
 *	pci_vectors.max=N	at most this many
 *	pci_vectors.min=N	at least this many, 1 without it
 *	pci_vectors.pre=N	all but the first N are spread over the CPUs, with managed affinity
 *	pci_vectors.exact=N	these are freed at once, and exactly N are taken
 *
 * The driver of HiSilicon's SAS controllers asks for at most 32, at least 17, with 16 before
 * those of the CPUs; portdrv for at most 32, and then for as many as it has found use for.
 */
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>

static int max;
module_param(max, int, 0);
static int min = 1;
module_param(min, int, 0);
static int pre;
module_param(pre, int, 0);
static int exact;
module_param(exact, int, 0);

static irqreturn_t handler(int irq, void *data)
{
	return IRQ_HANDLED;
}

static int alloc_vectors(struct pci_dev *pdev)
{
	struct irq_affinity affd = { .pre_vectors = pre };
	int nr;

	if (pre)
		nr = pci_alloc_irq_vectors_affinity(pdev, min, max, PCI_IRQ_MSI | PCI_IRQ_AFFINITY,
						    &affd);
	else
		nr = pci_alloc_irq_vectors(pdev, min, max, PCI_IRQ_MSI);
	if (nr < 0 || !exact)
		return nr;
	pci_free_irq_vectors(pdev);
	return pci_alloc_irq_vectors(pdev, exact, exact, PCI_IRQ_MSI);
}

static void release(struct pci_dev *pdev, int nr)
{
	while (nr--)
		free_irq(pci_irq_vector(pdev, nr), pdev);
	pci_free_irq_vectors(pdev);
	pci_disable_device(pdev);
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = pci_enable_device(pdev);
	int nr, i;

	if (ret)
		return ret;
	nr = alloc_vectors(pdev);
	if (nr < 0) {
		pci_disable_device(pdev);
		return nr;
	}
	for (i = 0; i < nr; i++) {
		ret = request_irq(pci_irq_vector(pdev, i), handler, 0, "pci_vectors", pdev);
		if (ret) {
			release(pdev, i);
			return ret;
		}
	}
	pci_set_drvdata(pdev, (void *)(long)nr);
	return 0;
}

static void remove(struct pci_dev *pdev)
{
	release(pdev, (long)pci_get_drvdata(pdev));
}

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_NEC, 0x0194) },
	{ }
};

static struct pci_driver driver = {
	.name		= "pci_vectors",
	.id_table	= ids,
	.probe		= probe,
	.remove		= remove,
};

/* Before the driver of these devices */
static int __init pci_vectors_init(void)
{
	return max ? pci_register_driver(&driver) : 0;
}
fs_initcall(pci_vectors_init);
