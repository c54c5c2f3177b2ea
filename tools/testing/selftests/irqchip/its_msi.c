// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of the GICv3 ITS's MSI allocations share.
 *
 * Where the numbers come from, on every kernel from 6.1 on:
 *
 * - /sys/bus/pci/devices/<function>/msi_irqs has an entry per vector, named
 *   after the Linux interrupt number.
 * - /sys/kernel/debug/irq/irqs/<number> shows the hierarchy of the interrupt,
 *   a "hwirq:" and a "chip:" line per level. The level whose chip is called
 *   "ITS" has the LPI.
 * - The same file shows the message in recent kernels: its data is the EventID
 *   of the vector, and that of the first vector for all of a Multi-MSI block.
 * - The message data register of the MSI capability has the EventID of the
 *   first vector. The device ORs the number of the message into it.
 *
 * - The level of the ITS also shows the DeviceID and the EventID in recent
 *   kernels, and the file of its domain in /sys/kernel/debug/irq/domains has a
 *   line for each DeviceID, with the EventIDs that are used and reserved, and
 *   the number of users.
 *
 * Older kernels don't show the message data of MSI-X, the EventIDs of MSI-X are
 * unknown there and the LPIs, which the ITS driver hands out in step with the
 * EventIDs, stand for them.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "its_msi.h"

#define IRQ_DEBUGFS		"/sys/kernel/debug/irq/irqs"
#define DOMAIN_DEBUGFS		"/sys/kernel/debug/irq/domains"
#define ALL_IRQS_SYSFS		"/sys/kernel/irq"
#define IRQ_SYSFS		ALL_IRQS_SYSFS "/%u"
#define ITS_CHIP		"ITS"
#define TAINT_WARN		9
/* How long an interrupt may be under way */
#define ARRIVE_MS		500
/* So long without a change, and what enumerated at boot is complete */
#define QUIET_MS		1500
/* It need not ever be without a change */
#define START_MS		10000

/* Registers of PCI config space, from the PCI specification */
#define PCI_STATUS		0x06
#define PCI_STATUS_CAP_LIST	0x10
#define PCI_CAPABILITY_LIST	0x34

/* Those that end the test. They wait for a moment when the devices are back. */
static const int end_signals[] = { SIGHUP, SIGINT, SIGTERM };

void its_bad_usage(const char *program, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ", see %s -h\n", program);
	exit(KSFT_FAIL);
}

void its_bad_option(const char *program, int opt, int optopt)
{
	if (opt == ':')
		its_bad_usage(program, "-%c needs an argument", optopt);
	its_bad_usage(program, "there is no option -%c", optopt);
}

unsigned int its_parse_count(const char *program, char option, const char *arg,
			     unsigned int min, unsigned int max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 0);
	if (errno || *end || !isdigit((unsigned char)*arg) || n < min || n > max)
		its_bad_usage(program, "-%c takes a number from %u to %u, not '%s'",
			      option, min, max, arg);
	return n;
}

void its_parse_bdf(const char *program, const char *arg)
{
	static const char form[] = "xxxx:xx:xx.o";
	size_t i;

	for (i = 0; i < sizeof(form) - 1; i++) {
		bool good = arg[i] == form[i];

		if (form[i] == 'x')
			good = isxdigit((unsigned char)arg[i]) &&
			       !isupper((unsigned char)arg[i]);
		else if (form[i] == 'o')
			good = arg[i] >= '0' && arg[i] <= '7';
		if (!good)
			break;
	}
	if (form[i] || arg[i])
		its_bad_usage(program, "'%s' is no PCI function, they look like 0000:01:02.0",
			      arg);
}

void its_skip_unless_possible(void)
{
	if (geteuid())
		ksft_exit_skip("must run as root\n");
	if (access(ITS_PCI "/devices", F_OK))
		ksft_exit_skip("no PCI in sysfs\n");
	if (access(IRQ_DEBUGFS, F_OK))
		ksft_exit_skip("no " IRQ_DEBUGFS ": CONFIG_GENERIC_IRQ_DEBUGFS?\n");
}

void its_hold_signals(void)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(end_signals); i++)
		sigaddset(&set, end_signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

bool its_stopped(void)
{
	sigset_t set;
	size_t i;

	sigpending(&set);
	for (i = 0; i < ARRAY_SIZE(end_signals); i++) {
		if (sigismember(&set, end_signals[i]))
			return true;
	}
	return false;
}

unsigned long its_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000UL + now.tv_nsec / 1000000;
}

void its_sleep_ms(unsigned int ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000L };

	nanosleep(&time, NULL);
}

/* The same numbers for the same seed on every C library: a linear congruence */
unsigned int its_random(uint32_t *state, unsigned int below)
{
	*state = *state * 1664525 + 1013904223;
	return ((uint64_t)*state * below) >> 32;
}

/* One line, without its end */
bool its_read(char *text, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	ssize_t len;
	int fd;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);

	text[0] = '\0';
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	len = read(fd, text, size - 1);
	close(fd);
	if (len < 0)
		return false;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

bool its_write(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	ssize_t len;
	int saved;
	int fd;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);

	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	len = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return len == (ssize_t)strlen(text);
}

bool its_present(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), ITS_PCI_DEV, bdf);
	return !access(path, F_OK);
}

/* The last component of a link of sysfs, empty when there is no such link */
static void read_link_name(const char *path, char *name, size_t size)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	char *last;

	name[0] = '\0';
	if (len < 0)
		return;
	target[len] = '\0';
	last = strrchr(target, '/');
	snprintf(name, size, "%s", last ? last + 1 : target);
}

void its_read_driver(const char *bdf, char *driver, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), ITS_PCI_DEV "/driver", bdf);
	read_link_name(path, driver, size);
}

bool its_bind(const char *bdf, const char *driver)
{
	return its_write(bdf, ITS_PCI "/drivers/%s/bind", driver);
}

bool its_unbind(const char *bdf)
{
	return its_write(bdf, ITS_PCI_DEV "/driver/unbind", bdf);
}

unsigned int its_le16(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

unsigned int its_le32(const unsigned char *p)
{
	return its_le16(p) | (unsigned int)its_le16(p + 2) << 16;
}

unsigned int its_roundup_pow_of_two(unsigned int n)
{
	unsigned int pow = 1;

	while (pow < n)
		pow *= 2;
	return pow;
}

bool its_read_config(const char *bdf, unsigned char *config)
{
	char path[PATH_MAX];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), ITS_PCI_DEV "/config", bdf);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	len = read(fd, config, PCI_CONFIG_SIZE);
	close(fd);
	return len == PCI_CONFIG_SIZE;
}

/* Offset of a capability, 0 if the function does not have it */
unsigned int its_find_cap(const unsigned char *config, unsigned int id)
{
	unsigned int pos = config[PCI_CAPABILITY_LIST] & ~3;
	unsigned int hops = PCI_CONFIG_SIZE / 4;

	if (!(its_le16(config + PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	while (pos && hops--) {
		if (config[pos] == id)
			return pos;
		pos = config[pos + 1] & ~3;
	}
	return 0;
}

static void read_msi_cap(const char *bdf, struct its_state *state)
{
	unsigned char config[PCI_CONFIG_SIZE];
	unsigned int flags, cap;

	state->enabled = 0;
	state->address = 0;
	state->data = ITS_UNKNOWN;
	if (!its_read_config(bdf, config))
		return;
	cap = its_find_cap(config, PCI_CAP_ID_MSI);
	if (!cap)
		return;

	flags = its_le16(config + cap + PCI_MSI_FLAGS);
	if (!(flags & PCI_MSI_FLAGS_ENABLE))
		return;
	state->enabled = 1 << ((flags & PCI_MSI_FLAGS_QSIZE) >> 4);
	state->data = its_le16(config + cap + (flags & PCI_MSI_FLAGS_64BIT ?
					       PCI_MSI_DATA_64 :
					       PCI_MSI_DATA_32));
	state->address = its_le32(config + cap + PCI_MSI_ADDRESS_LO);
	if (flags & PCI_MSI_FLAGS_64BIT)
		state->address |= (unsigned long long)
				  its_le32(config + cap + PCI_MSI_ADDRESS_HI) << 32;
}

/* Is this a line called name? The value is the rest, without blanks. */
static char *line_value(char *line, const char *name)
{
	size_t len = strlen(name);

	line += strspn(line, " \t");
	if (strncmp(line, name, len) || line[len] != ':')
		return NULL;
	line += len + 1;
	line += strspn(line, " \t");
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* Returns false when the vector does not belong to an ITS */
static bool read_irq(struct its_state *state, struct its_vector *vec)
{
	unsigned long address = 0, hwirq = 0;
	char domain[sizeof(state->domain)];
	char path[PATH_MAX];
	int msg_data = 0;
	char line[256];
	char *value;
	FILE *f;

	vec->lpi = ITS_UNKNOWN;
	vec->eventid = ITS_UNKNOWN;
	vec->mapped = ITS_UNKNOWN;
	snprintf(path, sizeof(path), IRQ_DEBUGFS "/%u", vec->irq);
	f = fopen(path, "r");
	if (!f)
		return false;

	while (fgets(line, sizeof(line), f)) {
		value = line_value(line, "domain");
		if (value)
			snprintf(domain, sizeof(domain), "%s", value);
		value = line_value(line, "hwirq");
		if (value)
			hwirq = strtoul(value, NULL, 16);
		value = line_value(line, "chip");
		if (value && !strcmp(value, ITS_CHIP)) {
			vec->lpi = hwirq;
			memcpy(state->domain, domain, sizeof(domain));
		}
		value = line_value(line, "DeviceID");
		if (value)
			state->device_id = strtoul(value, NULL, 16);
		value = line_value(line, "EventID");
		if (value)
			vec->mapped = strtoul(value, NULL, 10);
		value = line_value(line, "address_hi");
		if (!value)
			value = line_value(line, "address_lo");
		if (value)
			address |= strtoul(value, NULL, 16);
		value = line_value(line, "msg_data");
		if (value)
			msg_data = strtoul(value, NULL, 16);
	}
	fclose(f);

	/* The message is all zeroes until the interrupt is activated */
	if (address)
		vec->eventid = msg_data;
	return vec->lpi != ITS_UNKNOWN;
}

static int by_irq(const void *a, const void *b)
{
	const struct its_vector *va = a, *vb = b;

	return va->irq < vb->irq ? -1 : va->irq > vb->irq;
}

static int by_lpi(const void *a, const void *b)
{
	const struct its_vector *va = a, *vb = b;

	return va->lpi - vb->lpi;
}

static void read_vectors(const char *bdf, struct its_state *state)
{
	char path[PATH_MAX];
	struct dirent *entry;
	char type[16];
	DIR *dir;

	state->nr = 0;
	state->msix = false;
	snprintf(path, sizeof(path), ITS_PCI_DEV "/msi_irqs", bdf);
	dir = opendir(path);
	if (!dir)
		return;

	while (state->nr < ITS_MAX_VECTORS && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		state->vec[state->nr++].irq = strtoul(entry->d_name, NULL, 10);
		if (its_read(type, sizeof(type), ITS_PCI_DEV "/msi_irqs/%s",
			     bdf, entry->d_name))
			state->msix = !strcmp(type, "msix");
	}
	closedir(dir);
}

/*
 * What the device signals for message i is base | i, whatever the EventIDs are
 * that the kernel meant it to signal. The difference is what is looked for.
 */
static void read_multi_msi_eventids(struct its_state *state)
{
	unsigned int i;

	for (i = 0; i < state->nr; i++) {
		int base = state->vec[i].eventid;

		if (base == ITS_UNKNOWN)
			base = state->data;
		if (base != ITS_UNKNOWN)
			state->vec[i].eventid = base | i;
	}
}

void its_read_state(const char *bdf, struct its_state *state)
{
	unsigned int i;

	its_read_driver(bdf, state->driver, sizeof(state->driver));
	its_read_children(bdf, &state->children);
	read_msi_cap(bdf, state);
	read_vectors(bdf, state);

	state->device_id = ITS_UNKNOWN;
	state->on_its = state->nr;
	for (i = 0; i < state->nr; i++) {
		if (!read_irq(state, &state->vec[i]))
			state->on_its = false;
	}

	/* The interrupt numbers of MSI-X don't need to follow the messages */
	qsort(state->vec, state->nr, sizeof(state->vec[0]),
	      state->msix ? by_lpi : by_irq);
	if (!state->msix)
		read_multi_msi_eventids(state);
}

/* The vectors that all functions together have on an ITS, by LPI */
void its_read_system(struct its_state *state)
{
	struct dirent *entry;
	DIR *dir;

	memset(state, 0, sizeof(*state));
	dir = opendir(ALL_IRQS_SYSFS);
	if (!dir)
		return;
	while (state->nr < ITS_MAX_VECTORS && (entry = readdir(dir))) {
		struct its_vector *vec = &state->vec[state->nr];

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		vec->irq = strtoul(entry->d_name, NULL, 10);
		if (read_irq(state, vec))
			state->nr++;
	}
	closedir(dir);
	qsort(state->vec, state->nr, sizeof(state->vec[0]), by_lpi);
}

/* A number and a list behind a name, such as "used 3 [0-2]" */
static unsigned int read_list(const char *line, const char *name, struct its_list *list)
{
	const char *found = strstr(line, name);
	const char *start = found ? strchr(found, '[') : NULL;

	list->text[0] = '\0';
	if (!start)
		return 0;
	snprintf(list->text, sizeof(list->text), "%.*s",
		 (int)strcspn(start + 1, "]"), start + 1);
	return strtoul(found + strlen(name), NULL, 10);
}

void its_read_device(const struct its_state *state, struct its_device *device)
{
	char path[PATH_MAX], name[32], line[4096];
	char *size, *users;
	FILE *f;

	memset(device, 0, sizeof(*device));
	device->shown = state->device_id != ITS_UNKNOWN;
	if (!device->shown)
		return;

	snprintf(name, sizeof(name), "DeviceID 0x%lx:", state->device_id);
	snprintf(path, sizeof(path), DOMAIN_DEBUGFS "/%s", state->domain);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line + strspn(line, " "), name, strlen(name)))
			continue;
		device->exists = true;
		device->nr_used = read_list(line, "used ", &device->used);
		device->nr_reserved = read_list(line, "reserved ", &device->reserved);
		size = strstr(line, "size ");
		if (size)
			device->size = strtoul(size + strlen("size "), NULL, 10);
		users = strstr(line, "users ");
		if (users)
			device->users = strtoul(users + strlen("users "), NULL, 10);
	}
	if (f)
		fclose(f);
}

bool its_in_list(const struct its_list *list, unsigned int n)
{
	const char *text = list->text;
	unsigned long first, last;
	char *end;

	while (*text) {
		first = strtoul(text, &end, 10);
		last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
		if (n >= first && n <= last)
			return true;
		text = *end ? end + 1 : end;
	}
	return false;
}

static void count_child(struct its_children *children, const char *subsystem)
{
	unsigned int i;

	children->total++;
	for (i = 0; i < children->nr_subsystems; i++) {
		if (!strcmp(children->subsystem[i].name, subsystem))
			break;
	}
	if (i == ITS_MAX_SUBSYSTEMS)
		return;
	if (i == children->nr_subsystems) {
		snprintf(children->subsystem[i].name,
			 sizeof(children->subsystem[i].name), "%s", subsystem);
		children->subsystem[i].nr = 0;
		children->nr_subsystems++;
	}
	children->subsystem[i].nr++;
}

static void walk_children(const char *path, struct its_children *children)
{
	char below[PATH_MAX], subsystem[32];
	struct dirent *entry;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		/* Links lead out of the function, what it has are directories */
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (snprintf(below, sizeof(below), "%s/%s/subsystem", path,
			     entry->d_name) >= (int)sizeof(below))
			continue;
		read_link_name(below, subsystem, sizeof(subsystem));
		if (subsystem[0])
			count_child(children, subsystem);
		*strrchr(below, '/') = '\0';
		walk_children(below, children);
	}
	closedir(dir);
}

void its_read_children(const char *bdf, struct its_children *children)
{
	char path[PATH_MAX];

	children->total = 0;
	children->nr_subsystems = 0;
	snprintf(path, sizeof(path), ITS_PCI_DEV, bdf);
	walk_children(path, children);
}

unsigned int its_count_children(const struct its_children *children,
				const char *subsystem)
{
	unsigned int i;

	for (i = 0; i < children->nr_subsystems; i++) {
		if (!strcmp(children->subsystem[i].name, subsystem))
			return children->subsystem[i].nr;
	}
	return 0;
}

bool its_same_children(const struct its_children *a,
		       const struct its_children *b)
{
	unsigned int i;

	if (a->total != b->total || a->nr_subsystems != b->nr_subsystems)
		return false;
	for (i = 0; i < a->nr_subsystems; i++) {
		if (its_count_children(b, a->subsystem[i].name) !=
		    a->subsystem[i].nr)
			return false;
	}
	return true;
}

bool its_same_vectors(const struct its_state *a, const struct its_state *b)
{
	unsigned int i;

	if (a->nr != b->nr || a->msix != b->msix)
		return false;
	for (i = 0; i < a->nr; i++) {
		if (a->vec[i].lpi != b->vec[i].lpi ||
		    a->vec[i].eventid != b->vec[i].eventid)
			return false;
	}
	return true;
}

/* Boot may not be over: take a state that has been the same for a while */
void its_read_start(const char *bdf, struct its_state *state)
{
	static struct its_state now;
	unsigned long start = its_now_ms();
	unsigned long changed = start;

	its_read_state(bdf, state);
	while (!its_stopped() && its_now_ms() - changed < QUIET_MS &&
	       its_now_ms() - start < START_MS) {
		its_sleep_ms(ITS_POLL_MS);
		its_read_state(bdf, &now);
		if (its_same_vectors(&now, state) &&
		    its_same_children(&now.children, &state->children))
			continue;
		*state = now;
		changed = its_now_ms();
	}
}

/* Is its driver bound again, and are the devices below it there again? */
bool its_is_back(const char *bdf, const struct its_state *start)
{
	struct its_children children;
	char driver[sizeof(start->driver)];

	its_read_driver(bdf, driver, sizeof(driver));
	if (strcmp(driver, start->driver))
		return false;
	its_read_children(bdf, &children);
	return its_same_children(&children, &start->children);
}

bool its_wait_until_back(const char *bdf, const struct its_state *start,
			 unsigned int wait_ms)
{
	unsigned long begin = its_now_ms();

	while (!its_is_back(bdf, start)) {
		if (its_now_ms() - begin >= wait_ms)
			return false;
		its_sleep_ms(ITS_POLL_MS);
	}
	return true;
}

/*
 * When something below a function was freed before the test began, the function
 * may move down there when it comes back for the first time. Nothing else moves
 * it, and no leak ever moves it down.
 */
bool its_moved_down(const struct its_state *from, const struct its_state *to)
{
	unsigned int i;

	if (from->nr != to->nr || from->msix != to->msix)
		return false;
	for (i = 0; i < to->nr; i++) {
		if (to->vec[i].eventid > from->vec[i].eventid ||
		    to->vec[i].lpi > from->vec[i].lpi)
			return false;
	}
	return !its_same_vectors(from, to);
}

/* Where a vector keeps the number that a list is made of */
typedef int (*vector_number)(const struct its_vector *vec);

static int vector_eventid(const struct its_vector *vec)
{
	return vec->eventid;
}

static int vector_lpi(const struct its_vector *vec)
{
	return vec->lpi;
}

static struct its_list list(const struct its_state *state,
			    vector_number number)
{
	struct its_list list = { .text = "-" };
	unsigned int i, last;
	size_t len = 0;

	for (i = 0; i < state->nr; i++) {
		if (number(&state->vec[i]) == ITS_UNKNOWN)
			return list;
	}

	for (i = 0; i < state->nr; i = last + 1) {
		int first = number(&state->vec[i]);

		for (last = i; last + 1 < state->nr; last++) {
			if (number(&state->vec[last + 1]) !=
			    number(&state->vec[last]) + 1)
				break;
		}
		len += snprintf(list.text + len, sizeof(list.text) - len,
				last > i ? "%s%d-%d" : "%s%d", i ? "," : "",
				first, number(&state->vec[last]));
		if (len >= sizeof(list.text))
			break;
	}
	return list;
}

struct its_list its_eventids(const struct its_state *state)
{
	return list(state, vector_eventid);
}

struct its_list its_lpis(const struct its_state *state)
{
	return list(state, vector_lpi);
}

void its_skip(struct its_test *test, const char *reason)
{
	snprintf(test->skip, sizeof(test->skip), "%s", reason);
}

void its_fail(struct its_test *test, const char *fmt, ...)
{
	va_list args;

	test->failed = true;
	printf("# %s: ", test->name);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

/* EventID n of an ITS device is LPI base + n, so all of them are this far off */
static void check_in_step(struct its_test *test, const char *when,
			  const struct its_state *state)
{
	unsigned int i;

	for (i = 0; i < state->nr; i++) {
		if (state->vec[i].eventid == ITS_UNKNOWN)
			return;
	}
	for (i = 1; i < state->nr; i++) {
		if (state->vec[i].lpi - state->vec[i].eventid ==
		    state->vec[0].lpi - state->vec[0].eventid)
			continue;
		its_fail(test, "%s: it signals EventIDs %s, its LPIs %s belong to others",
			 when, its_eventids(state).text, its_lpis(state).text);
		return;
	}
}

static void check_multi_msi(struct its_test *test, const char *when,
			    const struct its_state *state)
{
	unsigned int block = its_roundup_pow_of_two(state->nr);

	if (state->enabled != block)
		its_fail(test, "%s: %u vectors, expected %u messages enabled, seen %u",
			 when, state->nr, block, state->enabled);
	if (state->data % block)
		its_fail(test, "%s: message data register %#x is not a multiple of %u",
			 when, state->data, block);
	if (state->vec[0].eventid % block)
		its_fail(test, "%s: first EventID %d is not a multiple of %u",
			 when, state->vec[0].eventid, block);
	if (state->vec[0].eventid != state->data)
		its_fail(test, "%s: first EventID is %d, message data register has %d",
			 when, state->vec[0].eventid, state->data);
}

/* What the ITS driver says that it has for a function must be what it signals */
static void check_device(struct its_test *test, const char *when,
			 const struct its_state *state)
{
	unsigned int block = its_roundup_pow_of_two(state->nr);
	struct its_device device;
	unsigned int i;

	its_read_device(state, &device);
	if (!device.shown)
		return;
	for (i = 0; i < state->nr; i++) {
		const struct its_vector *vec = &state->vec[i];

		if (vec->eventid != ITS_UNKNOWN && vec->eventid != vec->mapped)
			its_fail(test, "%s: it signals EventID %d, which is not %d as in debugfs",
				 when, vec->eventid, vec->mapped);
		if (!its_in_list(&device.used, vec->mapped))
			its_fail(test, "%s: EventID %d is not used, those are %s",
				 when, vec->mapped, device.used.text);
	}
	if (state->msix || state->nr == 1)
		return;
	for (i = 0; i < block; i++) {
		if (!its_in_list(&device.reserved, state->vec[0].mapped + i))
			its_fail(test, "%s: EventID %d is not reserved, those are %s",
				 when, state->vec[0].mapped + i,
				 device.reserved.text);
	}
}

/* What holds for every allocation by itself */
void its_check_layout(struct its_test *test, const char *when,
		      const struct its_state *state)
{
	test->ran = true;
	if (!state->nr)
		return;
	if (!state->on_its) {
		its_fail(test, "%s: debugfs shows no LPI for some vector: %s",
			 when, its_lpis(state).text);
		return;
	}
	check_in_step(test, when, state);
	check_device(test, when, state);
	if (!state->msix)
		check_multi_msi(test, when, state);
}

void its_check_same_vectors(struct its_test *test, const char *when,
			    const struct its_state *expected,
			    const struct its_state *state)
{
	test->ran = true;
	if (its_same_vectors(expected, state))
		return;
	its_fail(test, "%s: expected %u EventIDs %s LPIs %s, seen %u EventIDs %s LPIs %s",
		 when, expected->nr, its_eventids(expected).text,
		 its_lpis(expected).text, state->nr,
		 its_eventids(state).text, its_lpis(state).text);
}

bool its_has_handler(unsigned int irq)
{
	char handler[64];

	return its_read(handler, sizeof(handler), IRQ_SYSFS "/actions", irq) &&
	       handler[0];
}

/* The number of times an interrupt was handled, on all CPUs */
unsigned long its_count_irq(unsigned int irq)
{
	unsigned long nr = 0;
	char counts[8192];
	char *save = NULL;
	char *count;

	its_read(counts, sizeof(counts), IRQ_SYSFS "/per_cpu_count", irq);
	for (count = strtok_r(counts, ",", &save); count;
	     count = strtok_r(NULL, ",", &save))
		nr += strtoul(count, NULL, 10);
	return nr;
}

static bool wait_for_irq(unsigned int irq, unsigned long before)
{
	unsigned long start = its_now_ms();

	while (its_count_irq(irq) == before) {
		if (its_now_ms() - start > ARRIVE_MS)
			return false;
		its_sleep_ms(1);
	}
	return true;
}

/*
 * Have the ITS signal each EventID that has a handler, with the INT command that
 * irq_inject_interrupt() ends up in. An EventID that is not mapped any more, or
 * to another LPI, does not arrive.
 */
void its_check_arrival(struct its_test *test, const char *when,
		       const struct its_state *state)
{
	unsigned int i;

	for (i = 0; i < state->nr; i++) {
		unsigned int irq = state->vec[i].irq;
		unsigned long before;

		if (!its_has_handler(irq))
			continue;
		before = its_count_irq(irq);
		if (!its_write("trigger", IRQ_DEBUGFS "/%u", irq))
			its_fail(test, "%s: cannot inject interrupt %u: %s",
				 when, irq, strerror(errno));
		else if (!wait_for_irq(irq, before))
			its_fail(test, "%s: LPI %d does not arrive", when,
				 state->vec[i].lpi);
	}
}

/* Has the kernel printed a WARN() since it booted? */
bool its_kernel_warned(void)
{
	char text[32];

	return its_read(text, sizeof(text), "/proc/sys/kernel/tainted") &&
	       strtoul(text, NULL, 10) & 1UL << TAINT_WARN;
}
