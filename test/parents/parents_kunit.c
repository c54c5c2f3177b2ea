// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MSI parent domains of the kernel's drivers under the real PCI and MSI core: devices with a config
 * space that is memory allocate and free Multi-MSI in all sizes and orders, each message is read back
 * from the config space and sent, and the driver's own handler has to find its interrupt. B1 to B6 are
 * rules of the design: aligned, whole, no residue, failure, no more than that, executed.
 */
#include <kunit/test.h>
#include <linux/debugfs.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/unaligned.h>

#include "parents.h"

#undef iommu_dma_prepare_msi
#undef bitmap_release_region

#define NR_DEVS		512
#define MSI_CAP		0x40

static unsigned int seed = 1;
module_param(seed, uint, 0);
static unsigned int steps = 200;
module_param(steps, uint, 0);
static unsigned int every = 1;
module_param(every, uint, 0);
static bool all;
module_param(all, bool, 0);
static char *only = "";
module_param(only, charp, 0);

static LIST_HEAD(parents);
static struct pci_dev *all_devs[NR_DEVS];
static unsigned int all_vectors[NR_DEVS];
static bool all_touched[NR_DEVS];
static u8 all_configs[NR_DEVS][256];

/* Those that no test has crashed with */
static struct pci_dev **devs = all_devs;
static unsigned int *vectors = all_vectors;
static bool *touched = all_touched;
static u8 (*configs)[256] = all_configs;
static int nr_devs = NR_DEVS;
static struct kunit *kunit;
struct parent *under_test;

/* What was seen of one parent */
static struct {
	unsigned int right, leak, misaligned, lost, stray, refused, twice, outside, parent_leak, stale, locked;
	unsigned int failures, failed_wrong, told;
} seen;

void parent_register(struct parent *p)
{
	list_add_tail(&p->list, &parents);
}

#define complain(_counter, ...)							\
do {										\
	seen._counter++;							\
	if (seen.told++ < 12)							\
		kunit_warn(kunit, #_counter ": " __VA_ARGS__);			\
} while (0)

/* Each call of one kind fails once, when its counter comes to 0 */
static const char *const failure_names[] = { "parent", "type", "activation", "IOMMU", "memory" };
static unsigned int fail_at[NR_FAILURES];

static unsigned int *fail_at_call(int kind)
{
#ifdef CONFIG_FAILSLAB
	if (kind == FAIL_MEMORY)
		return &current->fail_nth;
#endif
	return &fail_at[kind];
}

static int fails(int kind)
{
	return fail_at[kind] && !--fail_at[kind] ? -ENOMEM : 0;
}

int parent_prepare_msi(struct msi_desc *desc, phys_addr_t addr)
{
	return fails(FAIL_IOMMU);
}

void *parent_zalloc(size_t size, gfp_t gfp)
{
	return fails(FAIL_MEMORY) ? NULL : kmalloc(size, gfp | __GFP_ZERO);
}

/* Nothing is written outside of the map, not even by a driver that would do so */
void parent_release_region(unsigned long *map, unsigned int pos, int order)
{
	if (pos >= under_test->nr || (1U << order) > under_test->nr - pos)
		complain(outside, "%d of the map is cleared\n", pos);
	else
		bitmap_release_region(map, pos, order);
}

/* A parent domain, as a GIC is one: it gives what it is asked for, and does not mind how often */
static unsigned int gic_used;

static void gic_noop(struct irq_data *d)
{
}

static int gic_set_type(struct irq_data *d, unsigned int type)
{
	return fails(FAIL_TYPE);
}

static int gic_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	irq_data_update_effective_affinity(d, cpumask_of(cpumask_first(mask)));
	return IRQ_SET_MASK_OK_DONE;
}

static struct irq_chip gic_chip = {
	.name			= "parent",
	.irq_ack		= gic_noop,
	.irq_eoi		= gic_noop,
	.irq_mask		= gic_noop,
	.irq_unmask		= gic_noop,
	.irq_set_type		= gic_set_type,
	.irq_set_affinity	= gic_set_affinity,
};

static int gic_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs, void *arg)
{
	struct irq_fwspec *fwspec = arg;
	irq_hw_number_t hwirq = 0;
	int ret = fails(FAIL_PARENT);

	if (fwspec)
		hwirq = fwspec->param_count == 3 ? fwspec->param[1] + 32 : fwspec->param[0];

	for (int i = 0; i < nr_irqs && !ret; i++, hwirq++, gic_used++) {
		while (!fwspec && irq_find_mapping(domain, hwirq))
			hwirq++;
		if (irq_find_mapping(domain, hwirq))
			complain(twice, "%lu of the parent domain is given to two\n", hwirq);
		irq_domain_set_info(domain, virq + i, hwirq, &gic_chip, NULL, handle_simple_irq, NULL, NULL);
	}
	return ret;
}

static void gic_free(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs)
{
	for (int i = 0; i < nr_irqs; i++) {
		struct irq_data *d = irq_domain_get_irq_data(domain, virq + i);

		if (d->chip == &gic_chip)
			gic_used--;
		irq_domain_reset_irq_data(d);
	}
}

static int gic_activate(struct irq_domain *domain, struct irq_data *d, bool reserve)
{
	return fails(FAIL_ACTIVATE);
}

static const struct irq_domain_ops gic_ops = {
	.alloc		= gic_alloc,
	.free		= gic_free,
	.activate	= gic_activate,
};

void parent_raise(struct parent *p, irq_hw_number_t hwirq)
{
	generic_handle_domain_irq(p->gic, hwirq);
}

/* The handler of an interrupt controller's own interrupt */
void parent_chain(struct parent *p, irq_flow_handler_t handler, void *data)
{
	irq_set_chained_handler_and_data(p->irq, handler, data);
	generic_handle_irq(p->irq);
}

/* Devices that can send 32 messages. Writes go where they have to: to the command and to MSI. */
static u8 *config(struct pci_bus *bus, unsigned int devfn)
{
	return all_configs[(unsigned long)bus->sysdata + devfn];
}

static int config_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *val)
{
	*val = 0;
	if (where + size <= sizeof(all_configs[0]))
		memcpy(val, config(bus, devfn) + where, size);
	return PCIBIOS_SUCCESSFUL;
}

static int config_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 val)
{
	if ((where == PCI_COMMAND && size == 2) || (where >= MSI_CAP && where + size <= MSI_CAP + 16))
		memcpy(config(bus, devfn) + where, &val, size);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops config_ops = { .read = config_read, .write = config_write };

static int make_devices(void)
{
	for (int i = 0; i < NR_DEVS; i++) {
		u8 *c = all_configs[i];

		put_unaligned_le32(0x00051b36, c + PCI_VENDOR_ID);
		put_unaligned_le16(PCI_STATUS_CAP_LIST, c + PCI_STATUS);
		put_unaligned_le16(PCI_CLASS_SP_OTHER, c + PCI_CLASS_DEVICE);
		c[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_MFD;
		c[PCI_CAPABILITY_LIST] = MSI_CAP;
		c[MSI_CAP] = PCI_CAP_ID_MSI;
		put_unaligned_le16(PCI_MSI_FLAGS_64BIT | 5 << 1, c + MSI_CAP + PCI_MSI_FLAGS);
	}
	for (unsigned long i = 0; i < NR_DEVS; i += 256) {
		struct pci_bus *bus;
		LIST_HEAD(resources);
		struct pci_dev *pdev;

		bus = pci_scan_root_bus(NULL, 0, &config_ops, (void *)i, &resources);
		if (!bus)
			return -ENOMEM;
		list_for_each_entry(pdev, &bus->devices, bus_list)
			all_devs[i + pdev->devfn] = pdev;
	}
	return all_devs[NR_DEVS - 1] ? 0 : -ENODEV;
}

/* What a message does: who is interrupted, and how often */
static unsigned int hits, hit;

static irqreturn_t handler(int irq, void *data)
{
	hits++;
	hit = irq;
	return IRQ_HANDLED;
}

static void deliver(struct parent *p, int dev, u64 addr, u32 data, unsigned int n)
{
	unsigned long flags;

	hits = 0;
	p->sender = dev;
	local_irq_save(flags);
	irq_enter();
	if (n > 1)
		p->burst(p, data, n);
	else if (p->send)
		p->send(p, addr, data);
	else
		parent_raise(p, data);
	irq_exit();
	local_irq_restore(flags);
}

/* How much of the pool vectors take by B2 or B5 */
static unsigned int takes(struct parent *p, unsigned int n)
{
	return (n && !p->exact ? roundup_pow_of_two(n) : n) * (p->take ?: 1);
}

static unsigned int used(struct parent *p)
{
	return p->used ? p->used(p) : bitmap_weight(p->map, p->nr);
}

static bool has_room(struct parent *p, unsigned int n)
{
	unsigned long mask = roundup_pow_of_two(n) - 1;
	unsigned int interrupts = n;

	for (int i = 0; i < nr_devs; i++)
		interrupts += vectors[i];
	if (interrupts > (p->limit ?: p->nr))
		return false;
	if (p->used)
		return true;
	return bitmap_find_next_zero_area_off(p->map, p->nr, 0, takes(p, n), mask, p->first & mask) < p->nr;
}

/* After each step: the map has what it should have, and nothing is held (B2, B3, B5) */
static bool check_map(struct parent *p, const char *step)
{
	unsigned int below = p->below ? p->below(p) : gic_used;
	unsigned int has = used(p), should = 0, interrupts = 0;

	for (int i = 0; i < nr_devs; i++) {
		should += takes(p, vectors[i]);
		interrupts += vectors[i];
	}
	if (in_atomic() || irqs_disabled() || (IS_ENABLED(CONFIG_LOCKDEP) && lockdep_depth(current)))
		complain(locked, "%s: a lock is held\n", step);
	if (below && !p->keeps && below != interrupts) {
		complain(parent_leak, "%s: the parent domain gave %u, %u are there\n", step, below, interrupts);
		return false;
	}
	if (has == should)
		return true;
	if (seen.told++ < 12)
		kunit_warn(kunit, "map: %s: %u taken, %u should be\n", step, has, should);
	seen.leak = max(seen.leak, has > should ? has - should : should - has);
	return false;
}

/* Each message that the device may send arrives where it should, or nowhere (B1, B2) */
static bool check_messages(struct parent *p, int dev)
{
	u8 *cap = configs[dev] + MSI_CAP;
	unsigned int n = 1 << ((get_unaligned_le16(cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_QSIZE) >> 4);
	u64 addr = get_unaligned_le64(cap + PCI_MSI_ADDRESS_LO);
	u32 data = get_unaligned_le16(cap + PCI_MSI_DATA_64);
	bool right = true;

	if (!vectors[dev])
		return true;
	if (data & (n - 1)) {
		complain(misaligned, "%u messages, data %#x\n", n, data);
		right = false;
	}
	for (int i = 0; i < n; i++) {
		deliver(p, dev, addr, (data & ~(n - 1)) | i, 1);
		if (i < vectors[dev] ? hits != 1 || hit != pci_irq_vector(devs[dev], i) : hits && !p->exact) {
			if (i < vectors[dev])
				complain(lost, "%d of %u messages, data %#x, address %#llx: %u interrupts\n",
					 i, vectors[dev], data, addr, hits);
			else
				complain(stray, "%d of %u messages, data %#x: interrupts another\n",
					 i, vectors[dev], data);
			right = false;
		}
	}
	if (p->burst && vectors[dev] > 1) {
		deliver(p, dev, addr, data, vectors[dev]);
		if (hits != vectors[dev]) {
			complain(lost, "%u messages at once, data %#x: %u interrupts\n", vectors[dev], data, hits);
			right = false;
		}
	}
	return right;
}

static bool release(struct parent *p, int dev)
{
	for (int i = 0; i < vectors[dev]; i++)
		free_irq(pci_irq_vector(devs[dev], i), devs[dev]);
	pci_free_irq_vectors(devs[dev]);
	vectors[dev] = 0;
	return check_map(p, "free");
}

static bool allocate(struct parent *p, int dev, unsigned int n)
{
	bool room = has_room(p, n), right;
	int ret;

	touched[dev] = true;
	ret = pci_alloc_irq_vectors(devs[dev], n, n, PCI_IRQ_MSI);

	if (ret != n) {
		if (room)
			complain(refused, "%u vectors: error %d, and there is room\n", n, ret);
		check_map(p, "no room");
		return false;
	}
	vectors[dev] = n;
	for (int i = 0; i < n; i++)
		if (request_irq(pci_irq_vector(devs[dev], i), handler, 0, "parents", devs[dev]))
			complain(lost, "%d of %u vectors cannot be requested\n", i, n);
	right = check_map(p, "allocation");
	return check_messages(p, dev) && right;
}

static struct irq_domain *domain_of(struct device_node *node)
{
	return irq_find_matching_fwnode(of_fwnode_handle(node), DOMAIN_BUS_ANY);
}

/* A new pool: what is lost in one is not missing in the next one */
static void begin(struct parent *p)
{
	memset(p->regs, 0, PARENT_REGS_SIZE);
	bitmap_zero(p->bits, p->nr);
	p->map = p->bits;
	p->domain = NULL;
	KUNIT_ASSERT_EQ(kunit, 0, p->setup(p));
	if (!p->domain)
		p->domain = domain_of(p->pdev->dev.of_node) ?: domain_of(p->pdev->dev.of_node->child);
	KUNIT_ASSERT_NOT_NULL(kunit, p->domain);
	memset(fail_at, 0, sizeof(fail_at));
	gic_used = 0;
	for (int i = 0; i < nr_devs; i++)
		dev_set_msi_domain(&devs[i]->dev, p->domain);
}

static void end(struct parent *p)
{
	for (int i = 0; i < nr_devs; i++) {
		if (vectors[i])
			release(p, i);
		if (touched[i] && devs[i]->dev.msi.data)
			msi_remove_device_irq_domain(&devs[i]->dev, MSI_DEFAULT_DOMAIN);
		touched[i] = false;
	}
	check_map(p, "all freed");
	for (int i = 0; i < p->domain->revmap_size; i++)
		if (rcu_access_pointer(p->domain->revmap[i]))
			complain(stale, "%d of the domain is mapped when all are freed\n", i);
	for (struct irq_domain *d = p->domain, *below; d && d != p->gic; d = below) {
		below = d->parent;
		irq_domain_remove(d);
	}
	if (p->teardown)
		p->teardown(p);
}

/* An allocation that has to work when there is room, and only then */
static bool try(struct parent *p, int dev, unsigned int n)
{
	bool room = has_room(p, n);

	return allocate(p, dev, n) == room;
}

static u32 data_of(int dev)
{
	return get_unaligned_le16(configs[dev] + MSI_CAP + PCI_MSI_DATA_64);
}

/* n vectors, alone, again, between two single ones, and again: the messages are the same each time */
static void test_size(struct parent *p, unsigned int n)
{
	bool right;
	u32 data;

	begin(p);
	right = try(p, 0, n);
	data = data_of(0);
	right &= release(p, 0);
	right &= try(p, 0, n) && data == data_of(0);
	right &= release(p, 0);
	if (right) {
		right = try(p, 1, 1) && try(p, 0, n) && try(p, 2, 1) && check_messages(p, 0);
		data = data_of(0);
		right = right && release(p, 0) && release(p, 2) && try(p, 0, n) && data == data_of(0) &&
			release(p, 1) && check_messages(p, 0);
	}
	end(p);
	seen.right += right;
}

/* The rest of the pool goes to others, whom a device that sends all messages of its block must not reach */
static void test_full(struct parent *p, unsigned int n)
{
	int dev = 1;

	if (p->nr > 1024)
		return;
	begin(p);
	try(p, 0, n);
	for (unsigned int size = rounddown_pow_of_two(p->max); size; size /= 2)
		while (has_room(p, size) && dev < nr_devs && (allocate(p, dev, size) || vectors[dev]))
			dev++;
	check_messages(p, 0);
	if (p->nr - used(p) >= (p->take ?: 1) && dev < nr_devs && !p->limit)
		complain(refused, "%u of %u taken beside %u vectors\n", used(p), p->nr, n);
	end(p);
}

/* Three blocks, freed in every order, and something else in the gap */
static void test_orders(struct parent *p)
{
	static const u8 sizes[] = { 1, 2, 3, 5 }, orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};

	begin(p);
	for (int i = 0; i < 64 * ARRAY_SIZE(orders); i += every) {
		const u8 *order = orders[i / 64];

		for (int k = 0; k < 3; k++)
			allocate(p, k, min(sizes[i >> 2 * k & 3], p->max));
		for (int k = 0; k < 3; k++) {
			if (vectors[order[k]])
				release(p, order[k]);
			if (k == 0 && allocate(p, 3, min(3, p->max)))
				check_messages(p, order[2]);
		}
		if (vectors[3])
			release(p, 3);
		if (seen.leak && !all)
			break;
	}
	end(p);
}

static void test_random(struct parent *p)
{
	struct rnd_state rnd;

	prandom_seed_state(&rnd, seed);
	begin(p);
	for (int i = 0; i < steps; i++) {
		int dev = prandom_u32_state(&rnd) % 12, other = prandom_u32_state(&rnd) % 12;

		if (vectors[dev])
			release(p, dev);
		else
			allocate(p, dev, 1 + prandom_u32_state(&rnd) % p->max);
		check_messages(p, other);
	}
	end(p);
}

/* Single vectors, in the gap of a place for n as well, unless the parent reserves that */
static void begin_failures(struct parent *p, unsigned int n)
{
	begin(p);
	touched[0] = true;
	for (int dev = 1; dev < 10 && 3 * dev < p->nr; dev++) {
		allocate(p, dev, 1);
		if (dev == 1 && n > 1)
			allocate(p, 0, n);
	}
	if (vectors[0])
		release(p, 0);
}

/* Each step of an allocation fails once, and all is as before (B4) */
static void test_failures(struct parent *p, unsigned int n)
{
	begin_failures(p, n);
	for (int kind = 0; kind < NR_FAILURES; kind++) {
		for (int i = 1; !(p->unfailed & BIT(kind)); i++) {
			unsigned int *left = fail_at_call(kind);
			bool over, right;
			int ret;

			*left = i;
			ret = pci_alloc_irq_vectors(devs[0], n, n, PCI_IRQ_MSI);
			over = *left;
			*left = 0;
			if (ret > 0)
				pci_free_irq_vectors(devs[0]);
			if (over)
				break;
			seen.failures++;
			right = check_map(p, failure_names[kind]);
			seen.failed_wrong += !right;
			if (right)
				continue;
			if (seen.told++ < 12)
				kunit_warn(kunit, "%u vectors: %s, call %d fails, returns %d\n", n, failure_names[kind],
					   i, ret);
			end(p);
			begin_failures(p, n);
		}
	}
	end(p);
}

static void test_parent(struct kunit *test)
{
	struct parent *p = *(struct parent **)test->param_value;
	unsigned int max;

	kunit = test;
	under_test = p;
	/* The one before has crashed, and holds locks of these devices */
	for (int i = nr_devs - 1; i >= 0; i--) {
		if (!touched[i])
			continue;
		devs += i + 1;
		vectors += i + 1;
		touched += i + 1;
		configs += i + 1;
		nr_devs -= i + 1;
		break;
	}
	memset(&seen, 0, sizeof(seen));
	begin(p);
	max = p->domain->msi_parent_ops->supported_flags & MSI_FLAG_MULTI_PCI_MSI ? min(32U, p->nr) : 1;
	p->max = max;
	end(p);
	for (int n = 1; n <= max; n++) {
		test_size(p, n);
		if (all || n <= 9 || n == 17 || n == 31)
			test_full(p, n);
		if (all || n == 1 || n == 3 || n == 6)
			test_failures(p, n);
	}
	test_orders(p);
	test_random(p);
	pr_notice("parents: %s right %u/%u leak %u misaligned %u lost %u stray %u refused %u twice %u "
		  "outside %u parent %u stale %u locked %u failures %u/%u\n",
		  p->name, seen.right, max, seen.leak, seen.misaligned, seen.lost, seen.stray,
		  seen.refused, seen.twice, seen.outside, seen.parent_leak, seen.stale, seen.locked,
		  seen.failures - seen.failed_wrong, seen.failures);
	KUNIT_EXPECT_EQ(test, max, seen.right);
	KUNIT_EXPECT_EQ(test, 0, seen.leak + seen.misaligned + seen.lost + seen.stray + seen.refused +
			seen.twice + seen.outside + seen.parent_leak + seen.stale + seen.locked + seen.failed_wrong);
}

static struct device_node *make_node(const char *name)
{
	struct device_node *node = kzalloc_obj(*node);

	of_node_init(node);
	node->full_name = name;
	return node;
}

static int parents_init(struct kunit_suite *suite)
{
	struct dentry *dir = debugfs_lookup("failslab", NULL);
	struct device_node *node;
	struct parent *p;

	/* Let allocations fail that may sleep, and without a dump of the stack */
	if (dir) {
		*(bool *)d_inode(debugfs_lookup("ignore-gfp-wait", dir))->i_private = false;
		*(u32 *)d_inode(debugfs_lookup("verbose", dir))->i_private = 0;
	}

	list_for_each_entry(p, &parents, list) {
		node = make_node(kasprintf(GFP_KERNEL, "%s-parent", p->name));
		p->gic = irq_domain_create_hierarchy(NULL, 0, 1024, of_fwnode_handle(node), &gic_ops, NULL);
		irq_domain_update_bus_token(p->gic, DOMAIN_BUS_WIRED);
		p->irq = irq_alloc_desc(NUMA_NO_NODE);
		irq_set_chip(p->irq, &gic_chip);
		p->regs = kzalloc(PARENT_REGS_SIZE, GFP_KERNEL);
		p->bits = bitmap_zalloc(p->nr, GFP_KERNEL);
		p->pdev = platform_device_register_simple(p->name, PLATFORM_DEVID_NONE, NULL, 0);
		node = make_node(p->name);
		node->child = make_node("interrupt-controller");
		node->child->parent = node;
		device_set_node(&p->pdev->dev, of_fwnode_handle(node));
	}
	return make_devices();
}

static const void *next_parent(struct kunit *test, const void *prev, char *desc)
{
	static struct parent *current_parent;
	struct parent *p = prev ? current_parent : list_entry(&parents, struct parent, list);

	do {
		p = list_next_entry(p, list);
		if (list_entry_is_head(p, &parents, list))
			return NULL;
	} while (*only && !strstr(only, p->name));
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
	current_parent = p;
	return &current_parent;
}

static struct kunit_case parents_cases[] = {
	KUNIT_CASE_PARAM(test_parent, next_parent),
	{}
};

static struct kunit_suite parents_suite = {
	.name		= "parents",
	.suite_init	= parents_init,
	.test_cases	= parents_cases,
};
kunit_test_suite(parents_suite);
