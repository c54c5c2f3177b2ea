// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many vectors do PCI functions have at each step of a script?
 *
 *	msi_steps FUNCTION[=VECTORS]... -- [TIMES] STEP...
 *
 * Functions have the names a, b, c... in the order in which they are given. A step is done to
 * several in the order in which it names them, then all are looked at:
 *
 *	-ab	a driver lets go of a, then of b	+ba	b is probed, then a
 *	!a	a is removed				scan	what is there is found
 *	-a&!b	these side by side
 *
 * With VECTORS, a function that has a driver must have as many. What is compared is done by
 * who sees this of two kernels, so that a step may well fail.
 */
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "its_msi.h"

#define MAX_NAMES	26

static struct given given[MAX_NAMES];
static bool away[MAX_NAMES], removed[MAX_NAMES];
static int nr_functions;

/* Those that drivers have, or may get, are given the time for it. Tell whether all is well. */
static bool look(const char *action, unsigned int cycle)
{
	static struct state state;
	bool well = true;

	for (int i = 0; i < nr_functions; i++) {
		int wanted = away[i] || removed[i] ? 0 : given[i].vectors;
		unsigned long begin = now_ms();
		bool right;

		read_state(given[i].bdf, &state);
		while ((int)state.nr != wanted && now_ms() - begin < GRACE_MS) {
			sleep_ms(POLL_MS);
			read_state(given[i].bdf, &state);
		}
		right = wanted == UNKNOWN || (int)state.nr == wanted;
		print_state(given[i].bdf, action, cycle, right ? "right" : "wrong", &state,
			    state.children);
		well &= right;
	}
	return well;
}

static void *do_part(void *part)
{
	const char *step = part;

	if (!strcmp(step, "scan")) {
		memset(removed, 0, sizeof(removed));
		write_text("1", PCI_SYSFS "/rescan");
		return NULL;
	}
	for (const char *name = step + 1; *name; name++) {
		int i = *name - 'a';
		const char *bdf = given[i].bdf;

		switch (*step) {
		case '-':
			away[i] = true;
			unbind_driver(bdf);
			break;
		case '+':
			away[i] = false;
			write_text(bdf, PCI_SYSFS "/drivers_probe");
			break;
		case '!':
			away[i] = false;
			removed[i] = true;
			remove_function(bdf);
			break;
		}
	}
	return NULL;
}

static void *check_part(void *part)
{
	const char *step = part;

	if (!strcmp(step, "scan"))
		return NULL;
	if (!*step || !strchr("-+!", *step) || !step[1])
		ksft_exit_fail_msg("'%s' is no step\n", step);
	for (const char *name = step + 1; *name; name++) {
		if (*name < 'a' || *name >= 'a' + nr_functions)
			ksft_exit_fail_msg("'%s': there is no function '%c'\n", step, *name);
	}
	return NULL;
}

static void for_each_part(const char *step, void *(*call)(void *part))
{
	char *copy = strdup(step), *rest = copy, *part;
	pthread_t threads[MAX_NAMES];
	unsigned int nr = 0;

	while (nr < MAX_NAMES && (part = strsep(&rest, "&")))
		if (pthread_create(&threads[nr++], NULL, call, part))
			ksft_exit_fail_msg("'%s': no thread for it\n", part);
	while (nr)
		pthread_join(threads[--nr], NULL);
	free(copy);
}

int main(int argc, char **argv)
{
	const char *reason;
	unsigned int times = 1, cycle = 1;
	int i, first;

	ksft_print_header();
	for (first = 1; first < argc && strcmp(argv[first], "--"); first++) {
		if (nr_functions == MAX_NAMES)
			ksft_exit_fail_msg("there are more than %d functions\n", MAX_NAMES);
		parse_function(argv[first], &given[nr_functions++]);
	}
	if (++first < argc && isdigit((unsigned char)argv[first][0]))
		times = parse_count(argv[first++], 1, 1000);
	if (!nr_functions || first >= argc)
		ksft_exit_fail_msg("Usage: msi_steps FUNCTION[=VECTORS]... -- [TIMES] STEP...\n");
	for (i = first; i < argc; i++)
		for_each_part(argv[i], check_part);

	reason = cannot_look();
	if (reason)
		ksft_exit_fail_msg("%s\n", reason);
	for (i = 0; i < nr_functions; i++)
		removed[i] = !is_present(given[i].bdf);

	ksft_set_plan((argc - first) * times + 1);
	ksft_test_result(look("start", 1), "start\n");
	for (; times; times--) {
		for (i = first; i < argc; i++) {
			for_each_part(argv[i], do_part);
			ksft_test_result(look("step", cycle++), "%s\n", argv[i]);
		}
	}
	ksft_finished();
}
