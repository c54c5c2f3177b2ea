// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what MSI parent domains rely on which take the vectors of a
 * descriptor as one block: see msi_release_block().
 *
 * The parent manages a bitmap as drivers do. The root below is where allocation
 * and activation fail.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/log2.h>
#include <linux/msi.h>

#define MSI_TEST_VECS	32
#define MSI_TEST_POOL	(2 * MSI_TEST_VECS)
#define MSI_TEST_DESCS	8

enum msi_test_step { MSI_TEST_ALLOC, MSI_TEST_ACTIVATE, MSI_TEST_STEPS };

/* How an MSI parent gets from the bit in its map to hwirq and message data */
struct msi_test_shape {
	const char	*name;
	unsigned int	hwirq;
	unsigned int	data;
};

static const struct msi_test_shape msi_test_shapes[] = {
	{ "pool of a PCI host", },
	{ "SPIs at unaligned number", 94, 94, },
	{ "LPIs and events of a device", 8192 + 5, 0, },
};

KUNIT_ARRAY_PARAM_DESC(msi_test_shape, msi_test_shapes, name);

struct msi_test {
	struct kunit		*test;
	struct device		*dev;
	struct irq_domain	*parent;
	unsigned int		pool;
	struct msi_test_shape	shape;
	unsigned int		fail[MSI_TEST_STEPS];
	DECLARE_BITMAP(map, MSI_TEST_POOL);
	DECLARE_BITMAP(vectors, MSI_TEST_POOL);
	DECLARE_BITMAP(expected, MSI_TEST_POOL);
};

/* The fail[@step]th vector fails, then no more */
static int msi_test_step(struct irq_domain *domain, enum msi_test_step step)
{
	struct msi_test *t = domain->host_data;

	return t->fail[step] && !--t->fail[step] ? -ENOMEM : 0;
}

static void msi_test_compose_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct msi_test *t = irq_data_get_irq_chip_data(d);

	*msg = (struct msi_msg) { .data = d->hwirq - t->shape.hwirq + t->shape.data };
}

static struct irq_chip msi_test_chip = {
	.name			= "parent",
	.irq_compose_msi_msg	= msi_test_compose_msg,
};

static int msi_test_root_alloc(struct irq_domain *domain, unsigned int virq,
			       unsigned int nr_irqs, void *arg)
{
	int ret = msi_test_step(domain, MSI_TEST_ALLOC);

	return ret ?: irq_domain_set_hwirq_and_chip(domain, virq, virq, &msi_test_chip, NULL);
}

static int msi_test_root_activate(struct irq_domain *domain, struct irq_data *d, bool reserve)
{
	return msi_test_step(domain, MSI_TEST_ACTIVATE);
}

static const struct irq_domain_ops msi_test_root_ops = {
	.alloc		= msi_test_root_alloc,
	.activate	= msi_test_root_activate,
};

static int msi_test_parent_alloc(struct irq_domain *domain, unsigned int virq,
				 unsigned int nr_irqs, void *arg)
{
	struct msi_test *t = domain->host_data;
	unsigned int i, pos, size = roundup_pow_of_two(nr_irqs);
	int ret;

	/* What has to be aligned is the message data */
	pos = bitmap_find_next_zero_area_off(t->map, t->pool, 0, size, size - 1, t->shape.data);
	if (pos >= t->pool)
		return -ENOSPC;

	bitmap_set(t->map, pos, size);

	for (i = 0; i < nr_irqs; i++) {
		ret = irq_domain_alloc_irqs_parent(domain, virq + i, 1, arg);
		if (ret) {
			irq_domain_free_irqs_common(domain, virq, i);
			bitmap_clear(t->map, pos, size);
			return ret;
		}
		irq_domain_set_hwirq_and_chip(domain, virq + i, t->shape.hwirq + pos + i,
					      &msi_test_chip, t);
	}
	bitmap_set(t->vectors, pos, nr_irqs);
	return 0;
}

static void msi_test_parent_free(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs)
{
	struct irq_data *d = irq_domain_get_irq_data(domain, virq);
	struct msi_desc *desc = irq_data_get_msi_desc(d);
	struct msi_test *t = domain->host_data;
	unsigned int pos = d->hwirq - t->shape.hwirq;

	KUNIT_EXPECT_TRUE(t->test, mutex_is_locked(&domain->root->mutex));

	/* All vectors are freed at once: the next one is not mapped any more */
	if (desc && virq < desc->irq + desc->nvec_used - 1)
		KUNIT_EXPECT_EQ(t->test, irq_find_mapping(domain, d->hwirq + 1), 0);

	/* The block is taken until the last one is */
	clear_bit(pos, t->vectors);
	msi_release_block(d, t->map, pos);
	KUNIT_EXPECT_TRUE(t->test, bitmap_subset(t->vectors, t->map, MSI_TEST_POOL));

	irq_domain_free_irqs_common(domain, virq, nr_irqs);
}

static const struct irq_domain_ops msi_test_parent_ops = {
	.alloc	= msi_test_parent_alloc,
	.free	= msi_test_parent_free,
};

static bool msi_test_init_dev_msi_info(struct device *dev, struct irq_domain *domain,
				       struct irq_domain *parent, struct msi_domain_info *info)
{
	return true;
}

static const struct msi_parent_ops msi_test_msi_parent_ops = {
	.init_dev_msi_info	= msi_test_init_dev_msi_info,
};

/* As with PCI, the message of a descriptor is that of its first vector */
static void msi_test_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct msi_desc *desc = irq_data_get_msi_desc(d);

	if (d->irq == desc->irq)
		desc->msg = *msg;
}

static void msi_test_set_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	arg->desc = desc;
	arg->hwirq = desc->msi_index * MSI_TEST_VECS;
}

static const struct msi_domain_template msi_test_template = {
	.chip.name		= "test",
	.chip.irq_write_msi_msg	= msi_test_write_msg,
	.ops.set_desc		= msi_test_set_desc,
	.info.flags		= MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_ACTIVATE_EARLY |
				  MSI_FLAG_FREE_MSI_DESCS,
};

static int msi_test_try(struct msi_test *t, unsigned int first, unsigned int last,
			unsigned int nvec)
{
	struct msi_desc desc = { .nvec_used = nvec, .msi_index = first };

	guard(msi_descs_lock)(t->dev);
	for (; desc.msi_index <= last; desc.msi_index++)
		KUNIT_EXPECT_EQ(t->test, msi_insert_msi_desc(t->dev, &desc), 0);
	return msi_domain_alloc_irqs_range_locked(t->dev, MSI_DEFAULT_DOMAIN, first, last);
}

static void msi_test_check(struct msi_test *t, unsigned int nvec)
{
	KUNIT_EXPECT_TRUE_MSG(t->test, bitmap_equal(t->map, t->expected, MSI_TEST_POOL),
			      "%u vectors: %*pbl taken, not %*pbl", nvec,
			      MSI_TEST_POOL, t->map, MSI_TEST_POOL, t->expected);
}

static void msi_test_alloc(struct msi_test *t, unsigned int index, unsigned int nvec)
{
	unsigned int base, size = roundup_pow_of_two(nvec);

	KUNIT_ASSERT_EQ(t->test, msi_test_try(t, index, index, nvec), 0);
	base = irq_get_msi_desc(msi_get_virq(t->dev, index))->msg.data;
	KUNIT_EXPECT_EQ(t->test, base % size, 0);
	bitmap_set(t->expected, base - t->shape.data, size);
	msi_test_check(t, nvec);
}

static void msi_test_free(struct msi_test *t, unsigned int index)
{
	struct msi_desc *desc = irq_get_msi_desc(msi_get_virq(t->dev, index));
	unsigned int nvec = desc->nvec_used;

	bitmap_clear(t->expected, desc->msg.data - t->shape.data, roundup_pow_of_two(nvec));
	msi_domain_free_irqs_range(t->dev, MSI_DEFAULT_DOMAIN, index, index);
	msi_test_check(t, nvec);
}

/* A block between two singles, freed in each order */
static void msi_test_neighbours(struct kunit *test)
{
	struct msi_test *t = test->priv;
	unsigned int nvec, i, j;

	for (nvec = 1; nvec <= MSI_TEST_VECS; nvec++) {
		for (i = 0; i < 6; i++) {
			msi_test_alloc(t, 0, 1);
			msi_test_alloc(t, 1, nvec);
			msi_test_alloc(t, 2, 1);
			for (j = 0; j < 3; j++)
				msi_test_free(t, (i + j * (1 + i / 3)) % 3);
		}
	}
}

static void msi_test_msix(struct kunit *test)
{
	struct msi_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < MSI_TEST_DESCS; i++)
		msi_test_alloc(t, i, 1);
	/* 3 has no common divisor with the number of descriptors */
	for (i = 0; i < MSI_TEST_DESCS; i++)
		msi_test_free(t, i * 3 % MSI_TEST_DESCS);
}

static void msi_test_reload(struct kunit *test)
{
	struct msi_test *t = test->priv;
	unsigned int nvec, i;

	t->pool = MSI_TEST_VECS + -t->shape.data % MSI_TEST_VECS;
	/* Half of the block and one: that is where most is lost */
	for (nvec = 3; nvec <= MSI_TEST_VECS; nvec = 2 * nvec - 1) {
		for (i = 0; i < 64; i++) {
			msi_test_alloc(t, 0, nvec);
			msi_test_free(t, 0);
		}
	}
	KUNIT_EXPECT_LT(test, msi_test_try(t, 0, 0, MSI_TEST_POOL), 0);
	msi_test_check(t, MSI_TEST_POOL);
}

static void msi_test_failure(struct kunit *test)
{
	struct msi_test *t = test->priv;
	unsigned int step, nvec, i;

	msi_test_alloc(t, 0, 1);
	for (step = 0; step < MSI_TEST_STEPS; step++) {
		for (nvec = 1; nvec <= MSI_TEST_VECS; nvec++) {
			for (i = 1; i <= nvec; i++) {
				t->fail[step] = i;
				KUNIT_EXPECT_LT(test, msi_test_try(t, 1, 1, nvec), 0);
				msi_test_check(t, nvec);
			}
		}
		/* MSI-X: what the descriptors before took comes back as well */
		t->fail[step] = 4;
		KUNIT_EXPECT_LT(test, msi_test_try(t, 1, 5, 1), 0);
		msi_test_check(t, 1);
	}
	msi_test_free(t, 0);
}

static void msi_test_no_desc(struct kunit *test)
{
	struct msi_test *t = test->priv;
	int virq = irq_domain_alloc_irqs(t->parent, 1, NUMA_NO_NODE, NULL);

	KUNIT_ASSERT_GT(test, virq, 0);
	irq_domain_free_irqs(virq, 1);
	msi_test_check(t, 1);
}

KUNIT_DEFINE_ACTION_WRAPPER(msi_test_remove, irq_domain_remove, struct irq_domain *);

static int msi_test_init(struct kunit *test)
{
	struct msi_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct irq_domain_info info = { .ops = &msi_test_root_ops, .host_data = t };

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	t->pool = MSI_TEST_POOL;
	t->shape = *(const struct msi_test_shape *)test->param_value;
	test->priv = t;

	info.parent = irq_domain_instantiate(&info);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, info.parent);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, msi_test_remove, info.parent), 0);

	info.ops = &msi_test_parent_ops;
	t->parent = msi_create_parent_irq_domain(&info, &msi_test_msi_parent_ops);
	KUNIT_ASSERT_NOT_NULL(test, t->parent);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, msi_test_remove, t->parent), 0);

	t->dev = kunit_device_register(test, "msi");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->dev);
	dev_set_msi_domain(t->dev, t->parent);
	KUNIT_ASSERT_TRUE(test, msi_create_device_irq_domain(t->dev, MSI_DEFAULT_DOMAIN,
							     &msi_test_template, MSI_TEST_DESCS,
							     NULL, NULL));
	return 0;
}

static struct kunit_case msi_test_cases[] = {
	KUNIT_CASE_PARAM(msi_test_neighbours, msi_test_shape_gen_params),
	KUNIT_CASE_PARAM(msi_test_msix, msi_test_shape_gen_params),
	KUNIT_CASE_PARAM(msi_test_reload, msi_test_shape_gen_params),
	KUNIT_CASE_PARAM(msi_test_failure, msi_test_shape_gen_params),
	KUNIT_CASE_PARAM(msi_test_no_desc, msi_test_shape_gen_params),
	{}
};

static struct kunit_suite msi_test_suite = {
	.name		= "irq_msi",
	.init		= msi_test_init,
	.test_cases	= msi_test_cases,
};

kunit_test_suite(msi_test_suite);
