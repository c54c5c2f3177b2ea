// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what MSI parent domains rely on which take the vectors of a
 * descriptor as one block: see IRQ_DOMAIN_FREE_BULK.
 */
#include <kunit/device.h>
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/irqdomain.h>
#include <linux/log2.h>
#include <linux/msi.h>

#define MSI_TEST_VECS	8
#define MSI_TEST_POOL	(2 * MSI_TEST_VECS)
#define MSI_TEST_STEPS	5

struct msi_test {
	struct device	*dev;
	unsigned int	fail;
	unsigned int	pos[3];
	DECLARE_BITMAP(map, MSI_TEST_POOL);
	DECLARE_BITMAP(expected, MSI_TEST_POOL);
};

/* Called MSI_TEST_STEPS times for each vector. The @fail'th one fails, then no more */
static int msi_test_step(struct irq_domain *domain)
{
	struct msi_test *t = domain->host_data;

	return t->fail && !--t->fail ? -ENOMEM : 0;
}

static void msi_test_msg(struct irq_data *d, struct msi_msg *msg) { }
static struct irq_chip msi_test_chip = { .irq_compose_msi_msg = msi_test_msg };

/* The domain in between passes all on, the parent at the bottom has the bitmap */
static void msi_test_domain_free(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs)
{
	struct msi_test *t = domain->host_data;

	if (domain->parent)
		irq_domain_free_irqs_parent(domain, virq, nr_irqs);
	else
		bitmap_release_region(t->map, irq_domain_get_irq_data(domain, virq)->hwirq,
				      get_count_order(nr_irqs));
}

static int msi_test_domain_alloc(struct irq_domain *domain, unsigned int virq,
				 unsigned int nr_irqs, void *arg)
{
	struct msi_test *t = domain->host_data;
	int i, ret, pos;

	if (domain->parent)
		ret = irq_domain_alloc_irqs_parent(domain, virq, nr_irqs, arg);
	else
		ret = bitmap_find_free_region(t->map, MSI_TEST_POOL, get_count_order(nr_irqs));
	if (ret < 0)
		return ret;

	pos = domain->parent ? virq : ret;
	for (i = 0; ret >= 0 && i < nr_irqs; i++) {
		irq_domain_set_hwirq_and_chip(domain, virq + i, pos + i, &msi_test_chip, NULL);
		ret = msi_test_step(domain);
	}
	if (ret < 0)
		msi_test_domain_free(domain, virq, nr_irqs);
	return ret;
}

static int msi_test_activate(struct irq_domain *domain, struct irq_data *d, bool reserve)
{
	return msi_test_step(domain);
}

static const struct irq_domain_ops msi_test_domain_ops = {
	.alloc		= msi_test_domain_alloc,
	.free		= msi_test_domain_free,
	.activate	= msi_test_activate,
};

static bool msi_test_init_dev_msi_info(struct device *dev, struct irq_domain *domain,
				       struct irq_domain *parent, struct msi_domain_info *info)
{
	return true;
}

static const struct msi_parent_ops msi_test_parent_ops = {
	.init_dev_msi_info = msi_test_init_dev_msi_info,
};

static void msi_test_set_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	arg->hwirq = desc->msi_index * MSI_TEST_VECS;
}

static int msi_test_msi_init(struct irq_domain *domain, struct msi_domain_info *info,
			     unsigned int virq, irq_hw_number_t hwirq, msi_alloc_info_t *arg)
{
	irq_domain_set_hwirq_and_chip(domain, virq, hwirq, info->chip, NULL);
	return msi_test_step(domain->parent);
}

static const struct msi_domain_template msi_test_template = {
	.chip			= { .name = "test", .irq_write_msi_msg = msi_test_msg },
	.ops.set_desc		= msi_test_set_desc,
	.ops.msi_init		= msi_test_msi_init,
	.info.flags		= MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_ACTIVATE_EARLY |
				  MSI_FLAG_FREE_MSI_DESCS,
};

KUNIT_DEFINE_ACTION_WRAPPER(msi_test_rm, irq_domain_remove, struct irq_domain *);

/* A device domain on a domain in between, on a parent with @flags */
static struct msi_test *msi_test_create(struct kunit *test, unsigned int flags)
{
	struct msi_test *t = test->priv = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct irq_domain_info info = { .ops = &msi_test_domain_ops, .host_data = t };

	KUNIT_ASSERT_NOT_NULL(test, t);
	info.domain_flags = flags;
	for (int i = 0; i < 2; i++) {
		info.parent = msi_create_parent_irq_domain(&info, &msi_test_parent_ops);
		KUNIT_ASSERT_NOT_NULL(test, info.parent);
		KUNIT_ASSERT_FALSE(test, kunit_add_action_or_reset(test, msi_test_rm, info.parent));
		info.domain_flags = 0;
	}
	t->dev = kunit_device_register(test, "msi");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->dev);
	dev_set_msi_domain(t->dev, info.parent);
	KUNIT_ASSERT_TRUE(test, msi_create_device_irq_domain(t->dev, 0, &msi_test_template,
							     ARRAY_SIZE(t->pos), NULL, NULL));
	return t;
}

static int msi_test_alloc(struct kunit *test, unsigned int index, unsigned int nvec)
{
	struct msi_desc desc = { .nvec_used = nvec, .msi_index = index };
	struct msi_test *t = test->priv;
	int ret;

	guard(msi_descs_lock)(t->dev);
	KUNIT_EXPECT_EQ(test, msi_insert_msi_desc(t->dev, &desc), 0);
	ret = msi_domain_alloc_irqs_range_locked(t->dev, 0, index, index);
	if (!ret)
		t->pos[index] = bitmap_find_free_region(t->expected, MSI_TEST_POOL,
							get_count_order(nvec));
	KUNIT_EXPECT_MEMEQ(test, t->map, t->expected, sizeof(t->map));
	return ret;
}

static void msi_test_free(struct kunit *test, unsigned int index, unsigned int nr_freed)
{
	struct msi_test *t = test->priv;

	msi_domain_free_irqs_range(t->dev, 0, index, index);
	bitmap_clear(t->expected, t->pos[index], nr_freed);
	KUNIT_EXPECT_MEMEQ(test, t->map, t->expected, sizeof(t->map));
}

/* A block between two singles: each step of it fails, then one after the other is freed */
static void msi_test_bulk(struct kunit *test)
{
	struct msi_test *t = msi_test_create(test, IRQ_DOMAIN_FREE_BULK);
	unsigned int nvec, i;

	for (nvec = 1; nvec <= MSI_TEST_VECS; nvec++) {
		KUNIT_EXPECT_EQ(test, msi_test_alloc(test, 0, 1), 0);
		for (i = t->fail = MSI_TEST_STEPS * nvec; i; t->fail = --i)
			KUNIT_EXPECT_LT(test, msi_test_alloc(test, 1, nvec), 0);
		KUNIT_EXPECT_EQ(test, msi_test_alloc(test, 1, nvec), 0);
		KUNIT_EXPECT_EQ(test, msi_test_alloc(test, 2, 1), 0);
		for (i = nvec; i < nvec + 3; i++)
			msi_test_free(test, i % 3, i % 3 == 1 ? roundup_pow_of_two(nvec) : 1);
	}
}

/* Without the flag the fourth one is lost each time, until there is no room */
static void msi_test_one_by_one(struct kunit *test)
{
	msi_test_create(test, 0);
	for (int i = 0; i < MSI_TEST_POOL / 4; i++) {
		KUNIT_EXPECT_EQ(test, msi_test_alloc(test, 0, 3), 0);
		msi_test_free(test, 0, 3);
	}
	KUNIT_EXPECT_LT(test, msi_test_alloc(test, 0, 3), 0);
}

static struct kunit_case msi_test_cases[] = {
	KUNIT_CASE(msi_test_bulk),
	KUNIT_CASE(msi_test_one_by_one),
	{}
};

static struct kunit_suite msi_test_suite = {
	.name		= "irq_msi",
	.test_cases	= msi_test_cases,
};

kunit_test_suite(msi_test_suite);
