/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI functions for the KUnit tests of the GICv3 ITS driver
 */
#ifndef ITS_TEST_PCI_H
#define ITS_TEST_PCI_H

#include <linux/atomic.h>
#include <linux/pci.h>

#define ITS_TEST_MAX_VECTORS	64

/* The functions, and how they are connected */
enum its_test_slot {
	/* On the root bus, each with a DeviceID of its own */
	ITS_TEST_ALONE,
	ITS_TEST_BRIDGE,
	/* Behind the PCIe-to-PCI bridge, which gives them all the same DeviceID */
	ITS_TEST_SHARED,
	ITS_TEST_NR_SHARED = 3,
	ITS_TEST_NR_FUNCTIONS = ITS_TEST_SHARED + ITS_TEST_NR_SHARED,
};

/**
 * struct its_test_function - An emulated PCI function, and what its driver has
 * @bus:	Number of the bus that the function is on
 * @devfn:	Slot and function number
 * @device_id:	What the ITS knows the function by
 * @config:	Config space
 * @writable:	The bits of @config that can be written
 * @plugged:	The function answers to config cycles
 * @pdev:	The function as the PCI core has it, NULL unless it was found
 * @wanted:	Number of vectors that its driver must have, 0 if it must not be bound
 * @flags:	PCI_IRQ_* flags that its driver allocates them with
 * @forgetful:	Its driver leaves it to devres to free them
 * @bound:	Its driver is bound
 * @nvecs:	Number of vectors that its driver has, an error if there are none
 * @eventids:	EventIDs that the vectors had at first
 * @lpis:	LPIs that the vectors had at first
 * @handled:	How often the handler of each vector has run
 */
struct its_test_function {
	u8		bus;
	u8		devfn;
	u32		device_id;
	u8		config[PCI_CFG_SPACE_SIZE];
	u8		writable[PCI_CFG_SPACE_SIZE];
	bool		plugged;
	struct pci_dev	*pdev;
	unsigned int	wanted;
	unsigned int	flags;
	bool		forgetful;
	bool		bound;
	int		nvecs;
	unsigned int	eventids[ITS_TEST_MAX_VECTORS];
	irq_hw_number_t	lpis[ITS_TEST_MAX_VECTORS];
	atomic_t	handled[ITS_TEST_MAX_VECTORS];
};

extern struct its_test_function its_test_functions[ITS_TEST_NR_FUNCTIONS];

struct irq_domain *its_test_pci_find_its(void);
int its_test_pci_create(struct irq_domain *its);
void its_test_pci_destroy(void);
bool its_test_pci_has_msix(void);

void its_test_pci_offer(struct its_test_function *fn, unsigned int msi, unsigned int msix);
void its_test_pci_offer_all(struct its_test_function *fn);
unsigned int its_test_pci_msi_enabled(const struct its_test_function *fn);
unsigned int its_test_pci_msi_data(const struct its_test_function *fn);
void its_test_pci_alloc(struct its_test_function *fn);
void its_test_pci_bind(struct its_test_function *fn);
void its_test_pci_unbind(struct its_test_function *fn);
void its_test_pci_plug(struct its_test_function *fn);
void its_test_pci_unplug(struct its_test_function *fn);

#endif /* ITS_TEST_PCI_H */
