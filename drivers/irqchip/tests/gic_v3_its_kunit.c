// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the GICv3 ITS driver, on the ITS of QEMU's virt machine
 *
 * Devices with MSIs come and go and fail to come, alone and with one DeviceID for
 * several of them. What is used is what the MSI core offers to drivers, the chip's
 * irq_compose_msi_msg(), and a kprobe that lets a step fail. Where vectors are is
 * seen in their messages, whose data is the EventID, and in the hwirq of the ITS's
 * domain, which is the LPI.
 *
 * Where they have to be is told by a model: a block of a power of two for vectors
 * that have one descriptor, at the lowest place where it is aligned and free. So
 * an EventID that an earlier step has lost or left behind shows in the next one.
 * When a case ends, the lowest free LPI must be the one that it was before.
 *
 * L1 An allocation that fails gives everything back.
 * L2 With the last user of a DeviceID its EventIDs and LPIs go.
 * L3 Who comes again has the same EventIDs, if nobody else came or went.
 * L4 Those that share a DeviceID do not disturb one another.
 */

#include <kunit/device.h>
#include <kunit/of.h>
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/kprobes.h>
#include <linux/msi.h>
#include <linux/of.h>
#include <linux/prandom.h>

/* The least that its_pmsi_prepare() asks for */
#define MAX_EVENTIDS	32
#define MAX_DESCS	4
/* Between the indices of two descriptors, which must not overlap */
#define MAX_NVEC	8
#define NR_USERS	4
#define NR_STEPS	2000
/* DeviceIDs of the virt machine are PCI requester IDs, and hardly one has such a bus */
#define SHARED_ID	0xf100
#define OTHER_ID	0xf200

/**
 * struct user - A device that uses MSIs
 * @dev:	The device
 * @node:	Its device tree node
 * @msi_parent:	The property of @node which has the DeviceID
 * @cells:	The value of @msi_parent: the ITS and the DeviceID
 * @attached:	It has an MSI domain
 * @nvec:	Number of vectors by descriptor, 0 if there is none
 * @eventid:	EventID of the first one, by descriptor
 */
struct user {
	struct device		*dev;
	struct device_node	node;
	struct property		msi_parent;
	__be32			cells[2];
	bool			attached;
	unsigned int		nvec[MAX_DESCS];
	unsigned int		eventid[MAX_DESCS];
};

/* What a case works with: all but the last user have the same DeviceID */
struct its_case {
	struct irq_domain	*domain;
	struct user		users[NR_USERS];
	irq_hw_number_t		lowest_lpi;
	unsigned int		nr_reads;
};

static void write_no_msg(struct irq_data *data, struct msi_msg *msg)
{
}

static void set_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	arg->desc = desc;
	arg->hwirq = desc->msi_index;
}

static const struct msi_domain_template template = {
	.chip = {
		.name			= "test",
		.irq_mask		= irq_chip_mask_parent,
		.irq_unmask		= irq_chip_unmask_parent,
		.irq_write_msi_msg	= write_no_msg,
	},
	.ops = {
		.set_desc		= set_desc,
	},
	.info = {
		/* It is the one for which the test may insert the descriptors */
		.bus_token		= DOMAIN_BUS_WIRED_TO_MSI,
		.flags			= MSI_FLAG_FREE_MSI_DESCS,
	},
};

static bool attach(struct user *user)
{
	user->attached = msi_create_device_irq_domain(user->dev, MSI_DEFAULT_DOMAIN, &template,
						      MAX_DESCS * MAX_NVEC, NULL, NULL);
	return user->attached;
}

static void free_desc(struct user *user, unsigned int index)
{
	unsigned int first = index * MAX_NVEC;

	guard(msi_descs_lock)(user->dev);
	msi_domain_free_irqs_range_locked(user->dev, MSI_DEFAULT_DOMAIN, first, first);
	user->nvec[index] = 0;
}

static void detach(struct user *user)
{
	msi_domain_free_irqs_all(user->dev, MSI_DEFAULT_DOMAIN);
	memset(user->nvec, 0, sizeof(user->nvec));
	msi_remove_device_irq_domain(user->dev, MSI_DEFAULT_DOMAIN);
	user->attached = false;
}

static int alloc_desc(struct user *user, unsigned int index, unsigned int nvec)
{
	struct msi_desc desc = { .nvec_used = nvec, .msi_index = index * MAX_NVEC };
	int err;

	guard(msi_descs_lock)(user->dev);
	err = msi_insert_msi_desc(user->dev, &desc);
	if (err)
		return err;
	return msi_domain_alloc_irqs_range_locked(user->dev, MSI_DEFAULT_DOMAIN, desc.msi_index,
						  desc.msi_index);
}

static bool same_id(const struct user *a, const struct user *b)
{
	return a->cells[1] == b->cells[1];
}

/* The lowest place for a block among those that are there, the model of the driver */
static unsigned int find_place(struct its_case *c, struct user *user, unsigned int nvec)
{
	unsigned int size = roundup_pow_of_two(nvec), base, i;
	DECLARE_BITMAP(taken, 2 * MAX_EVENTIDS) = { };
	struct user *u;

	for (u = c->users; u < c->users + NR_USERS; u++) {
		for (i = 0; i < MAX_DESCS && same_id(u, user); i++) {
			if (u->nvec[i])
				bitmap_set(taken, u->eventid[i], roundup_pow_of_two(u->nvec[i]));
		}
	}
	for (base = 0; base < MAX_EVENTIDS; base += size) {
		if (find_next_bit(taken, base + size, base) >= base + size)
			break;
	}
	return base;
}

static irq_hw_number_t lpi_of(struct its_case *c, struct user *user, unsigned int index)
{
	unsigned int virq = msi_get_virq(user->dev, index * MAX_NVEC);

	return irq_domain_get_irq_data(c->domain, virq)->hwirq;
}

static void check_desc(struct kunit *test, struct user *user, unsigned int index)
{
	unsigned int virq = msi_get_virq(user->dev, index * MAX_NVEC), i;
	struct its_case *c = test->priv;
	struct irq_data *irqd;
	struct msi_msg msg;

	for (i = 0; i < user->nvec[index]; i++) {
		irqd = irq_domain_get_irq_data(c->domain, virq + i);
		KUNIT_ASSERT_NOT_NULL(test, irqd);
		irqd->chip->irq_compose_msi_msg(irqd, &msg);
		KUNIT_ASSERT_EQ(test, msg.data, user->eventid[index] + i);
		KUNIT_ASSERT_EQ(test, irqd->hwirq, lpi_of(c, user, index) + i);
	}
}

/* Those that nobody touched are where they were */
static void check_all(struct kunit *test)
{
	struct its_case *c = test->priv;
	struct user *u;
	unsigned int i;

	for (u = c->users; u < c->users + NR_USERS; u++) {
		for (i = 0; i < MAX_DESCS; i++) {
			if (u->nvec[i])
				check_desc(test, u, i);
		}
	}
}

static void alloc(struct kunit *test, struct user *user, unsigned int index, unsigned int nvec)
{
	unsigned int eventid = find_place(test->priv, user, nvec);

	KUNIT_ASSERT_EQ_MSG(test, alloc_desc(user, index, nvec), 0, "%u vectors at EventID %u\n",
			    nvec, eventid);
	user->nvec[index] = nvec;
	user->eventid[index] = eventid;
	check_all(test);
}

static void attach_and_alloc(struct kunit *test, struct user *user, unsigned int nvec)
{
	KUNIT_ASSERT_TRUE(test, attach(user));
	alloc(test, user, 0, nvec);
}

/* The LPI of a DeviceID that nobody has, they are handed out from the lowest on */
static irq_hw_number_t read_lowest_lpi(struct kunit *test)
{
	struct its_case *c = test->priv;
	struct user *user = &c->users[NR_USERS - 1];
	irq_hw_number_t lpi;

	user->cells[1] = cpu_to_be32(OTHER_ID + c->nr_reads++);
	attach_and_alloc(test, user, 1);
	lpi = lpi_of(c, user, 0);
	detach(user);
	return lpi;
}

static const void *each_nvec(struct kunit *test, const void *prev, char *desc)
{
	static unsigned int nvec;

	nvec = prev ? nvec + 1 : 1;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", nvec);
	return nvec <= MAX_EVENTIDS ? &nvec : NULL;
}

/* L3: a driver is reloaded, or allocates again while it is bound */
static void reload(struct kunit *test)
{
	unsigned int nvec = *(const unsigned int *)test->param_value, i;
	struct its_case *c = test->priv;
	struct user *user = c->users;

	for (i = 0; i < 40; i++) {
		if (user->attached && i & 2)
			free_desc(user, 0);
		else if (user->attached)
			detach(user);
		if (!user->attached)
			KUNIT_ASSERT_TRUE(test, attach(user));
		alloc(test, user, 0, nvec);
	}
}

/* L2, L4: three on one DeviceID, in each order of arrival and departure */
static void orders_on_one_id(struct kunit *test)
{
	static const unsigned int nvecs[][3] = {
		{ 3, 5, 7 }, { 1, 3, 1 }, { 2, 4, 8 }, { 2, 9, 5 }, { 3, 3, 3 },
	};
	static const u8 orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct its_case *c = test->priv;
	unsigned int set, in, out, i;

	for (set = 0; set < ARRAY_SIZE(nvecs); set++) {
		for (in = 0; in < ARRAY_SIZE(orders); in++) {
			for (out = 0; out < ARRAY_SIZE(orders); out++) {
				for (i = 0; i < 3; i++)
					attach_and_alloc(test, &c->users[orders[in][i]],
							 nvecs[set][orders[in][i]]);
				for (i = 0; i < 3; i++) {
					detach(&c->users[orders[out][i]]);
					check_all(test);
				}
			}
		}
	}
}

/* L2, L4: anything, with several descriptors each */
static void random_steps(struct kunit *test)
{
	struct its_case *c = test->priv;
	unsigned int step, index, nvec;
	struct rnd_state random;
	struct user *user;

	prandom_seed_state(&random, 1);
	for (step = 0; step < NR_STEPS; step++) {
		user = &c->users[prandom_u32_state(&random) % NR_USERS];
		index = prandom_u32_state(&random) % MAX_DESCS;
		nvec = 1 + prandom_u32_state(&random) % MAX_NVEC;
		if (!user->attached)
			KUNIT_ASSERT_TRUE(test, attach(user));
		else if (nvec == 1 && index == 1)
			detach(user);
		else if (user->nvec[index])
			free_desc(user, index);
		else if (find_place(c, user, nvec) < MAX_EVENTIDS)
			alloc(test, user, index, nvec);
		check_all(test);
	}
}

/* The step of the IOMMU, which a probe lets fail once */
static struct task_struct *probed_task;
static bool fail_next;

static int fail_step(struct kprobe *p, struct pt_regs *regs)
{
	if (current != probed_task || !fail_next)
		return 0;
	fail_next = false;
	regs_set_return_value(regs, -ENOMEM);
	instruction_pointer_set(regs, procedure_link_pointer(regs));
	return 1;
}

static struct kprobe iommu_step = {
	.pre_handler	= fail_step,
};

static void unregister_probe(void *probe)
{
	unregister_kprobe(probe);
}

/* Nothing is left of what failed, and the next attempt succeeds where it would have been */
static void fail(struct kunit *test, struct user *user, unsigned int nvec)
{
	fail_next = true;
	KUNIT_ASSERT_EQ(test, alloc_desc(user, 0, nvec), -ENOSPC);
	KUNIT_ASSERT_FALSE(test, fail_next);
	check_all(test);
	alloc(test, user, 0, nvec);
	free_desc(user, 0);
}

/* L1: alone and, up to MAX_NVEC, with neighbours below and, up to 4, above */
static void iommu_fails(struct kunit *test)
{
	unsigned int nvec = *(const unsigned int *)test->param_value;
	struct its_case *c = test->priv;

	if (!IS_ENABLED(CONFIG_IOMMU_API))
		kunit_skip(test, "needs an IOMMU driver");
	probed_task = current;
	iommu_step.addr = (kprobe_opcode_t *)iommu_dma_prepare_msi;
	iommu_step.flags = 0;
	KUNIT_ASSERT_EQ(test, register_kprobe(&iommu_step), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister_probe, &iommu_step), 0);

	KUNIT_ASSERT_TRUE(test, attach(&c->users[0]));
	fail(test, &c->users[0], nvec);
	if (nvec > MAX_NVEC)
		return;
	attach_and_alloc(test, &c->users[1], 3);
	alloc(test, &c->users[1], 1, 4);
	attach_and_alloc(test, &c->users[2], 5);
	free_desc(&c->users[1], 1);
	fail(test, &c->users[0], nvec);
}

/* L1: the DeviceID has no more EventIDs */
static void no_eventids(struct kunit *test)
{
	struct its_case *c = test->priv;
	struct user *user;
	unsigned int i, n;

	for (n = 0; n < (NR_USERS - 1) * MAX_DESCS; n++) {
		user = &c->users[n / MAX_DESCS];
		if (!user->attached)
			KUNIT_ASSERT_TRUE(test, attach(user));
		if (alloc_desc(user, n % MAX_DESCS, MAX_NVEC))
			break;
		user->nvec[n % MAX_DESCS] = MAX_NVEC;
		user->eventid[n % MAX_DESCS] = n * MAX_NVEC;
		check_all(test);
	}
	if (n == (NR_USERS - 1) * MAX_DESCS)
		kunit_skip(test, "there are more than can be allocated here");

	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, alloc_desc(user, n % MAX_DESCS, 1), -ENOSPC);
	free_desc(c->users, 1);
	alloc(test, user, n % MAX_DESCS, MAX_NVEC - 1);
}

static void make_user(struct kunit *test, struct user *user, struct device_node *its_node,
		      u32 device_id)
{
	static const char * const names[NR_USERS] = {
		"its-test0", "its-test1", "its-test2", "its-test3",
	};
	struct its_case *c = test->priv;

	user->cells[0] = cpu_to_be32(its_node->phandle);
	user->cells[1] = cpu_to_be32(device_id);
	user->msi_parent.name = "msi-parent";
	user->msi_parent.value = user->cells;
	user->msi_parent.length = sizeof(user->cells);
	user->node.full_name = "its-test";
	user->node.properties = &user->msi_parent;
	of_node_init(&user->node);
	user->dev = kunit_device_register(test, names[user - c->users]);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, user->dev);
	user->dev->of_node = &user->node;
	dev_set_msi_domain(user->dev, c->domain);
}

static int its_test_init(struct kunit *test)
{
	struct device_node *its_node;
	struct its_case *c;
	int i;

	if (!of_machine_is_compatible("linux,dummy-virt"))
		kunit_skip(test, "this is not QEMU's virt machine with a device tree");
	its_node = of_find_compatible_node(NULL, NULL, "arm,gic-v3-its");
	of_node_put_kunit(test, its_node);
	if (!of_device_is_available(its_node))
		kunit_skip(test, "the machine has no ITS");

	c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	c->domain = irq_find_matching_host(its_node, DOMAIN_BUS_NEXUS);
	KUNIT_ASSERT_NOT_NULL(test, c->domain);
	for (i = 0; i < NR_USERS; i++)
		make_user(test, &c->users[i], its_node, i < NR_USERS - 1 ? SHARED_ID : OTHER_ID);
	c->lowest_lpi = read_lowest_lpi(test);
	return 0;
}

/* Nothing may be left of a case, even when it was given up */
static void its_test_exit(struct kunit *test)
{
	struct its_case *c = test->priv;
	struct user *u;

	if (!c)
		return;
	for (u = c->users; u < c->users + NR_USERS; u++) {
		if (u->attached)
			detach(u);
	}
	if (c->lowest_lpi)
		KUNIT_EXPECT_EQ(test, read_lowest_lpi(test), c->lowest_lpi);
}

static struct kunit_case its_test_cases[] = {
	KUNIT_CASE_PARAM(reload, each_nvec),
	KUNIT_CASE(orders_on_one_id),
	KUNIT_CASE(random_steps),
	KUNIT_CASE_PARAM(iommu_fails, each_nvec),
	KUNIT_CASE(no_eventids),
	{ }
};

static struct kunit_suite its_test_suite = {
	.name		= "gic_v3_its",
	.init		= its_test_init,
	.exit		= its_test_exit,
	.test_cases	= its_test_cases,
};

kunit_test_suite(its_test_suite);
