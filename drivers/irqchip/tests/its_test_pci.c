// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions for the KUnit tests of the GICv3 ITS driver
 *
 * A PCI host bridge in a domain of its own, with config space in memory. All
 * that is emulated are the registers that the PCI core needs to find functions
 * with MSI and MSI-X capabilities. The MSI domain of the functions is that of
 * the machine's ITS, and everything between it and pci_alloc_irq_vectors() is
 * the kernel's own.
 */

#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <linux/pci-ecam.h>
#include <linux/sizes.h>
#include <linux/unaligned.h>

#include "its_test_pci.h"

/* The DeviceID is made of the bus number, high ones are the least likely in use */
#define ROOT_BUS		0xf0
#define SHARED_BUS		0xf1

/* IDs that no driver but the one below knows */
#define VENDOR_ID		PCI_VENDOR_ID_REDHAT
#define DEVICE_ID		0xfff0

#define MSI_CAP			0x50
#define MSIX_CAP		0x70
#define EXP_CAP			0x80

/* Bridges forward multiples of a megabyte */
#define WINDOW_SIZE		(2 * SZ_1M)
#define BAR_SIZE		SZ_4K
#define MSIX_PBA		SZ_2K

struct its_test_function its_test_functions[ITS_TEST_NR_FUNCTIONS];
static struct its_test_function * const end = &its_test_functions[ITS_TEST_NR_FUNCTIONS];

static struct irq_domain *msi_domain;
static struct pci_host_bridge *host_bridge;
static struct resource bus_numbers = {
	.name	= "ITS test",
	.start	= ROOT_BUS,
	.end	= SHARED_BUS,
	.flags	= IORESOURCE_BUS,
};

static struct resource window = {
	.name	= "ITS test",
};

/* With ACPI, arm64 looks for the parent of a host bridge here */
static struct pci_config_window sysdata;

static struct its_test_function *find_function(struct pci_bus *bus, unsigned int devfn)
{
	struct its_test_function *fn;

	for (fn = its_test_functions; fn < end; fn++) {
		if (fn->plugged && fn->bus == bus->number && fn->devfn == devfn)
			return fn;
	}
	return NULL;
}

static int read_config(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *val)
{
	struct its_test_function *fn = find_function(bus, devfn);
	int i;

	if (!fn || where + size > PCI_CFG_SPACE_SIZE)
		return PCIBIOS_DEVICE_NOT_FOUND;

	*val = 0;
	for (i = 0; i < size; i++)
		*val |= (u32)fn->config[where + i] << 8 * i;

	return PCIBIOS_SUCCESSFUL;
}

static int write_config(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 val)
{
	struct its_test_function *fn = find_function(bus, devfn);
	int i;

	if (!fn || where + size > PCI_CFG_SPACE_SIZE)
		return PCIBIOS_DEVICE_NOT_FOUND;

	for (i = where; i < where + size; i++) {
		fn->config[i] = (fn->config[i] & ~fn->writable[i]) | (val & fn->writable[i]);
		val >>= 8;
	}

	return PCIBIOS_SUCCESSFUL;
}

/* Before the functions of a new bus are found */
static int add_bus(struct pci_bus *bus)
{
	dev_set_msi_domain(&bus->dev, msi_domain);
	return 0;
}

static struct pci_ops its_test_pci_ops = {
	.add_bus	= add_bus,
	.read		= read_config,
	.write		= write_config,
};

static int its_test_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct its_test_function *fn;
	int err;

	if (pdev->bus->ops != &its_test_pci_ops)
		return -ENODEV;

	/* Unless a test asks for it, nothing is bound */
	fn = find_function(pdev->bus, pdev->devfn);
	if (!fn || !fn->wanted)
		return -ENODEV;

	err = pcim_enable_device(pdev);
	if (err)
		return err;

	pci_set_drvdata(pdev, fn);
	fn->bound = true;
	its_test_pci_alloc(fn);

	return 0;
}

static void its_test_remove(struct pci_dev *pdev)
{
	struct its_test_function *fn = pci_get_drvdata(pdev);

	if (!fn->forgetful)
		pci_free_irq_vectors(pdev);
	fn->nvecs = 0;
	fn->bound = false;
}

static const struct pci_device_id its_test_ids[] = {
	{ PCI_DEVICE(VENDOR_ID, DEVICE_ID) },
	{ }
};

static struct pci_driver its_test_driver = {
	.name		= "its-test",
	.id_table	= its_test_ids,
	.probe		= its_test_probe,
	.remove		= its_test_remove,
};

static void set_header(struct its_test_function *fn, u8 bus, u8 slot, u8 type, u16 class)
{
	*fn = (struct its_test_function) {
		.bus		= bus,
		.devfn		= PCI_DEVFN(slot, 0),
		.plugged	= true,
	};
	put_unaligned_le16(VENDOR_ID, fn->config + PCI_VENDOR_ID);
	put_unaligned_le16(DEVICE_ID, fn->config + PCI_DEVICE_ID);
	put_unaligned_le16(PCI_STATUS_CAP_LIST, fn->config + PCI_STATUS);
	put_unaligned_le16(class, fn->config + PCI_CLASS_DEVICE);
	put_unaligned_le16(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, fn->writable + PCI_COMMAND);
	fn->config[PCI_HEADER_TYPE] = type;
}

static void make_endpoint(struct its_test_function *fn, u8 bus, u8 slot)
{
	set_header(fn, bus, slot, PCI_HEADER_TYPE_NORMAL, PCI_CLASS_OTHERS << 8);
	fn->device_id = PCI_DEVID(bus, bus == SHARED_BUS ? 0 : fn->devfn);
	if (its_test_pci_has_msix())
		put_unaligned_le32(~(BAR_SIZE - 1), fn->writable + PCI_BASE_ADDRESS_0);

	fn->config[MSI_CAP] = PCI_CAP_ID_MSI;
	put_unaligned_le16(PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE,
			   fn->writable + MSI_CAP + PCI_MSI_FLAGS);
	put_unaligned_le32(~3U, fn->writable + MSI_CAP + PCI_MSI_ADDRESS_LO);
	put_unaligned_le32(~0U, fn->writable + MSI_CAP + PCI_MSI_ADDRESS_HI);
	put_unaligned_le16(~0, fn->writable + MSI_CAP + PCI_MSI_DATA_64);

	fn->config[MSIX_CAP] = PCI_CAP_ID_MSIX;
	put_unaligned_le16(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL,
			   fn->writable + MSIX_CAP + PCI_MSIX_FLAGS);
	put_unaligned_le32(MSIX_PBA, fn->config + MSIX_CAP + PCI_MSIX_PBA);
}

static void make_bridge(struct its_test_function *fn, u8 slot)
{
	set_header(fn, ROOT_BUS, slot, PCI_HEADER_TYPE_BRIDGE, PCI_CLASS_BRIDGE_PCI);
	fn->config[PCI_PRIMARY_BUS] = ROOT_BUS;
	fn->config[PCI_SECONDARY_BUS] = SHARED_BUS;
	fn->config[PCI_SUBORDINATE_BUS] = SHARED_BUS;
	put_unaligned_le16((u16)PCI_MEMORY_RANGE_MASK, fn->writable + PCI_MEMORY_BASE);
	put_unaligned_le16((u16)PCI_MEMORY_RANGE_MASK, fn->writable + PCI_MEMORY_LIMIT);

	fn->config[PCI_CAPABILITY_LIST] = EXP_CAP;
	fn->config[EXP_CAP] = PCI_CAP_ID_EXP;
	put_unaligned_le16(2 | FIELD_PREP(PCI_EXP_FLAGS_TYPE, PCI_EXP_TYPE_PCI_BRIDGE),
			   fn->config + EXP_CAP + PCI_EXP_FLAGS);
}

/**
 * its_test_pci_find_its - Find an ITS that PCI functions of the machine use
 *
 * Context: Process context, may sleep.
 * Return: The MSI domain of the ITS, NULL if there is none.
 */
struct irq_domain *its_test_pci_find_its(void)
{
	struct irq_domain *domain = NULL;
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		domain = dev_get_msi_domain(&pdev->dev);
		if (domain && domain->msi_parent_ops &&
		    !strcmp(domain->msi_parent_ops->prefix, "ITS-"))
			break;
		domain = NULL;
	}
	pci_dev_put(pdev);

	return domain;
}

/**
 * its_test_pci_has_msix - Tell whether the functions can have MSI-X
 *
 * Context: Any context.
 * Return: True if there is an address range for their MSI-X tables.
 */
bool its_test_pci_has_msix(void)
{
	return window.parent;
}

/**
 * its_test_pci_offer - Set how many vectors a function has
 * @fn:		Function, not bound to its driver
 * @msi:	Number of MSIs, 0 or a power of two up to 32
 * @msix:	Number of MSI-X vectors, 0 to ITS_TEST_MAX_VECTORS
 *
 * The PCI core looks for the capabilities when it finds the function, but reads
 * their size each time: a capability which was not there needs a hotplug.
 *
 * Context: Any context.
 */
void its_test_pci_offer(struct its_test_function *fn, unsigned int msi, unsigned int msix)
{
	fn->config[MSI_CAP + PCI_CAP_LIST_NEXT] = msix ? MSIX_CAP : 0;
	fn->config[PCI_CAPABILITY_LIST] = msi ? MSI_CAP : msix ? MSIX_CAP : 0;
	put_unaligned_le16(PCI_MSI_FLAGS_64BIT | FIELD_PREP(PCI_MSI_FLAGS_QMASK, ilog2(msi ?: 1)),
			   fn->config + MSI_CAP + PCI_MSI_FLAGS);
	put_unaligned_le16(msix ? msix - 1 : 0, fn->config + MSIX_CAP + PCI_MSIX_FLAGS);
}

/**
 * its_test_pci_offer_all - Let a function have as many vectors as it can
 * @fn:		Function, not bound to its driver
 *
 * Context: Any context.
 */
void its_test_pci_offer_all(struct its_test_function *fn)
{
	its_test_pci_offer(fn, 32, its_test_pci_has_msix() ? ITS_TEST_MAX_VECTORS : 0);
}

/**
 * its_test_pci_msi_enabled - Tell how many messages a function may send
 * @fn:		Function that uses MSI
 *
 * Context: Any context.
 * Return: The number that its MSI capability is enabled for, 0 if it is disabled.
 */
unsigned int its_test_pci_msi_enabled(const struct its_test_function *fn)
{
	u16 flags = get_unaligned_le16(fn->config + MSI_CAP + PCI_MSI_FLAGS);

	return flags & PCI_MSI_FLAGS_ENABLE ? 1 << FIELD_GET(PCI_MSI_FLAGS_QSIZE, flags) : 0;
}

/**
 * its_test_pci_msi_data - Tell the message data that was written to a function
 * @fn:		Function that uses MSI
 *
 * Context: Any context.
 * Return: The data of its first message.
 */
unsigned int its_test_pci_msi_data(const struct its_test_function *fn)
{
	return get_unaligned_le16(fn->config + MSI_CAP + PCI_MSI_DATA_64);
}

/**
 * its_test_pci_alloc - Allocate the vectors of a function
 * @fn:		Function, bound to its driver
 *
 * Context: Process context, may sleep.
 */
void its_test_pci_alloc(struct its_test_function *fn)
{
	fn->nvecs = pci_alloc_irq_vectors(fn->pdev, fn->wanted, fn->wanted, fn->flags);
}

/**
 * its_test_pci_bind - Bind the driver of a function, which allocates its vectors
 * @fn:		Function
 *
 * Context: Process context, may sleep.
 */
void its_test_pci_bind(struct its_test_function *fn)
{
	WARN_ON(device_attach(&fn->pdev->dev) != 1);
}

/**
 * its_test_pci_unbind - Unbind the driver of a function
 * @fn:		Function
 *
 * Context: Process context, may sleep.
 */
void its_test_pci_unbind(struct its_test_function *fn)
{
	device_release_driver(&fn->pdev->dev);
	fn->wanted = 0;
}

/* Have the PCI core find the functions that are plugged */
static void scan(void)
{
	struct its_test_function *fn;
	struct pci_bus *bus;

	pci_rescan_bus(host_bridge->bus);
	for (fn = its_test_functions; fn < end; fn++) {
		bus = pci_find_bus(pci_domain_nr(host_bridge->bus), fn->bus);
		if (bus && !fn->pdev)
			fn->pdev = pci_get_slot(bus, fn->devfn);
	}
}

/**
 * its_test_pci_plug - Plug a function in, and have it found
 * @fn:		Function which is not plugged
 *
 * Context: Process context, may sleep.
 */
void its_test_pci_plug(struct its_test_function *fn)
{
	fn->plugged = true;
	pci_lock_rescan_remove();
	scan();
	pci_unlock_rescan_remove();
}

/**
 * its_test_pci_unplug - Remove a function
 * @fn:		Function which is plugged. If its driver is bound it is unbound.
 *
 * Context: Process context, may sleep.
 */
void its_test_pci_unplug(struct its_test_function *fn)
{
	pci_stop_and_remove_bus_device_locked(fn->pdev);
	pci_dev_put(fn->pdev);
	fn->pdev = NULL;
	fn->plugged = false;
	fn->wanted = 0;
}

/* The window for MSI-X tables is one that nobody uses of the machine's host bridge */
static void borrow_window(struct pci_host_bridge *bridge)
{
	struct pci_bus *bus = pci_find_next_bus(NULL);
	struct pci_bus_region region;

	window.flags = IORESOURCE_MEM;
	if (pci_bus_alloc_resource(bus, &window, WINDOW_SIZE, SZ_1M, 0, IORESOURCE_MEM, NULL, NULL))
		return;
	pcibios_resource_to_bus(bus, &region, &window);
	pci_add_resource_offset(&bridge->windows, &window, window.start - region.start);
}

static void make_functions(void)
{
	struct its_test_function *fns = its_test_functions;
	unsigned int i;

	make_endpoint(&fns[ITS_TEST_ALONE], ROOT_BUS, 0);
	make_bridge(&fns[ITS_TEST_BRIDGE], 1);
	for (i = 0; i < ITS_TEST_NR_SHARED; i++)
		make_endpoint(&fns[ITS_TEST_SHARED + i], SHARED_BUS, 1 + i);

	for (i = 0; i < ITS_TEST_NR_FUNCTIONS; i++) {
		if (i != ITS_TEST_BRIDGE)
			its_test_pci_offer_all(&fns[i]);
	}
}

static void free_bridge(void)
{
	pci_free_host_bridge(host_bridge);
	host_bridge = NULL;
	if (its_test_pci_has_msix())
		release_resource(&window);
}

/**
 * its_test_pci_create - Create the host bridge and its functions
 * @its:	MSI domain of the functions
 *
 * Context: Process context, may sleep.
 * Return: 0 on success, else an error number.
 */
int its_test_pci_create(struct irq_domain *its)
{
	int err;

	host_bridge = pci_alloc_host_bridge(0);
	if (!host_bridge)
		return -ENOMEM;

	err = pci_bus_find_emul_domain_nr(0, 0x10000, INT_MAX);
	if (err < 0)
		goto out_free_bridge;

	msi_domain = its;
	host_bridge->domain_nr = err;
	host_bridge->busnr = ROOT_BUS;
	host_bridge->ops = &its_test_pci_ops;
	host_bridge->sysdata = &sysdata;
	pci_add_resource(&host_bridge->windows, &bus_numbers);
	borrow_window(host_bridge);
	make_functions();

	err = pci_register_driver(&its_test_driver);
	if (err)
		goto out_free_bridge;

	pci_lock_rescan_remove();
	err = pci_scan_root_bus_bridge(host_bridge);
	if (!err)
		scan();
	pci_unlock_rescan_remove();
	if (!err)
		return 0;

	pci_unregister_driver(&its_test_driver);
out_free_bridge:
	free_bridge();
	return err;
}

/**
 * its_test_pci_destroy - Destroy what its_test_pci_create() created
 *
 * Context: Process context, may sleep.
 */
void its_test_pci_destroy(void)
{
	struct its_test_function *fn;

	if (!host_bridge)
		return;

	for (fn = its_test_functions; fn < end; fn++)
		pci_dev_put(fn->pdev);
	pci_lock_rescan_remove();
	pci_stop_root_bus(host_bridge->bus);
	pci_remove_root_bus(host_bridge->bus);
	pci_unlock_rescan_remove();
	free_bridge();
	pci_unregister_driver(&its_test_driver);
}
