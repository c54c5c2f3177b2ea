/* SPDX-License-Identifier: GPL-2.0-only */
/* What the judge reads in the source of a KUnit suite: its name, and how many cases it has */
static struct kunit_case judged_cases[] = {
	KUNIT_CASE(e1_exact),
	KUNIT_CASE_PARAM(e2_singles, sizes_gen_params),
	{}
};

static struct kunit_suite judged_suite = {
	.name		= "judged",
	.test_cases	= judged_cases,
};
