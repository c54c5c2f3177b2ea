// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of the GICv3 ITS's MSI allocations share.
 *
 * Where the numbers come from:
 *
 * - /sys/bus/pci/devices/<function>/msi_irqs has an entry per vector, named
 *   after the Linux interrupt number.
 * - /sys/kernel/debug/irq/irqs/<number> shows the hierarchy of the interrupt,
 *   a "hwirq:" and a "chip:" line per level. The level whose chip is called
 *   "ITS" has the LPI and, on kernels that show them, DeviceID and EventID.
 * - The message in the same file: its data is the EventID of the vector, or in
 *   a Multi-MSI block that of its first vector.
 * - The message data register of the MSI capability has the EventID of the
 *   first vector. The device replaces its low order bits with the number of the
 *   message, as many as the messages that it is enabled for need.
 * - The file of the domain in /sys/kernel/debug/irq/domains has a line for each
 *   DeviceID, on kernels that show them.
 *
 * Older kernels don't show the message of MSI-X. LPIs, which the driver hands
 * out in step with the EventIDs, stand for them there.
 *
 * A distribution's kernel may have no such debugfs. The name of the interrupt's
 * chip in /sys/kernel/irq tells there that it is of an ITS. What is left is the
 * number of vectors and the EventIDs of Multi-MSI, nothing is known of LPIs.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "its_msi.h"

#define IRQ_DEBUGFS	"/sys/kernel/debug/irq/irqs"
#define DOMAIN_DEBUGFS	"/sys/kernel/debug/irq/domains"
#define TAINT_WARN	9
/* So long without a change, and what enumerated at boot is complete */
#define QUIET_MS	1500
/* It need not ever be without a change */
#define START_MS	30000

unsigned int nr_complaints;

void complain(const char *fmt, ...)
{
	va_list args;

	nr_complaints++;
	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

void bad_usage(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ", see -h\n");
	exit(KSFT_FAIL);
}

unsigned int parse_count(const char *arg, unsigned int min, unsigned int max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 0);
	if (errno || *end || !isdigit((unsigned char)*arg) || n < min || n > max)
		bad_usage("'%s' is no number from %u to %u", arg, min, max);
	return n;
}

void check_bdf(const char *arg)
{
	unsigned int domain, bus, slot, function;
	char again[32] = "";

	if (sscanf(arg, "%x:%x:%x.%x", &domain, &bus, &slot, &function) == 4)
		snprintf(again, sizeof(again), "%04x:%02x:%02x.%x", domain, bus,
			 slot, function);
	if (strcmp(arg, again) || strlen(arg) >= BDF_SIZE)
		bad_usage("'%s' is no PCI function, they look like 0000:01:02.0",
			  arg);
}

/* Returns why nothing can be tested here */
const char *cannot_look(void)
{
	if (geteuid())
		return "must run as root";
	if (access(PCI_SYSFS "/devices", F_OK))
		return "no PCI in sysfs";
	if (access(IRQ_DEBUGFS, F_OK))
		printf("# no " IRQ_DEBUGFS ": LPIs, and EventIDs of MSI-X, are not looked at\n");
	return NULL;
}

unsigned long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000UL + now.tv_nsec / 1000000;
}

void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

/* The same numbers for the same seed on every C library: a linear congruence */
unsigned int random_below(uint32_t *state, unsigned int below)
{
	*state = *state * 1664525 + 1013904223;
	return ((uint64_t)*state * below) >> 32;
}

unsigned int round_up_pow_of_two(unsigned int n)
{
	unsigned int pow = 1;

	while (pow < n)
		pow *= 2;
	return pow;
}

/* One line, without its end */
bool read_text(char *text, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	FILE *f;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);

	text[0] = '\0';
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fgets(text, size, f))
		text[strcspn(text, "\n")] = '\0';
	fclose(f);
	return true;
}

bool write_text(const char *text, const char *fmt, ...)
{
	ssize_t len = strlen(text);
	char path[PATH_MAX];
	va_list args;
	int fd;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);

	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	errno = EIO;
	if (write(fd, text, len) != len)
		len = -errno;
	close(fd);
	errno = len < 0 ? -len : 0;
	return len >= 0;
}

bool is_present(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), FUNCTION_SYSFS, bdf);
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

void read_driver(const char *bdf, char *driver, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), FUNCTION_SYSFS "/driver", bdf);
	read_link_name(path, driver, size);
}

bool bind_driver(const char *bdf, const char *driver)
{
	return write_text(bdf, PCI_SYSFS "/drivers/%s/bind", driver);
}

/*
 * What is tested here are interrupts, not what usb_remove_hcd() does: it does not
 * wait for usb_giveback_urb_bh(), which goes on for a moment when it has given
 * back the last URB. If the controller is freed meanwhile, __queue_work() warns.
 * That work runs on the CPU which queued it, where the URBs of a root hub are
 * given back by who removes it. A process that stays on one CPU comes after it.
 */
static bool take_away(const char *bdf, const char *file, const char *text)
{
	/* Read once, as it leaves out CPUs that are offline just then */
	static cpu_set_t before;
	cpu_set_t first;
	bool done;

	if (!CPU_COUNT(&before))
		sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	/* With more CPUs than a cpu_set_t has, there is no way back */
	if (CPU_COUNT(&before))
		sched_setaffinity(0, sizeof(first), &first);
	done = write_text(text, FUNCTION_SYSFS "/%s", bdf, file);
	if (CPU_COUNT(&before))
		sched_setaffinity(0, sizeof(before), &before);
	return done;
}

bool unbind_driver(const char *bdf)
{
	return take_away(bdf, "driver/unbind", bdf);
}

bool remove_function(const char *bdf)
{
	return take_away(bdf, "remove", "1");
}

/*
 * Only the bus of the function, as its name has it. A scan may number the buses
 * behind the bridges of the bus anew, and while it does, what sends an MSI from
 * there has a wrong DeviceID, and the MSI is lost.
 */
bool rescan_bus_of(const char *bdf)
{
	return write_text("1", "/sys/class/pci_bus/%.7s/rescan", bdf);
}

unsigned int le16(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

bool read_config(const char *bdf, unsigned char *config)
{
	char path[PATH_MAX];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), FUNCTION_SYSFS "/config", bdf);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	len = read(fd, config, PCI_CFG_SPACE_SIZE);
	close(fd);
	return len == PCI_CFG_SPACE_SIZE;
}

/* Offset of the MSI capability, 0 if the function does not have it */
unsigned int find_msi_cap(const unsigned char *config)
{
	unsigned int pos = config[PCI_CAPABILITY_LIST] & ~3;
	unsigned int hops = PCI_CFG_SPACE_SIZE / PCI_CAP_SIZEOF;

	if (!(le16(config + PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	while (pos && config[pos + PCI_CAP_LIST_ID] != PCI_CAP_ID_MSI && hops--)
		pos = config[pos + PCI_CAP_LIST_NEXT] & ~3;
	return pos && config[pos + PCI_CAP_LIST_ID] == PCI_CAP_ID_MSI ? pos : 0;
}

static void read_msi_cap(const char *bdf, struct state *state)
{
	unsigned char config[PCI_CFG_SPACE_SIZE];
	unsigned int flags, cap;

	state->enabled = 0;
	state->data = UNKNOWN;
	if (!read_config(bdf, config))
		return;
	cap = find_msi_cap(config);
	flags = cap ? le16(config + cap + PCI_MSI_FLAGS) : 0;
	if (!(flags & PCI_MSI_FLAGS_ENABLE))
		return;
	state->enabled = 1 << ((flags & PCI_MSI_FLAGS_QSIZE) >> 4);
	state->data = le16(config + cap + (flags & PCI_MSI_FLAGS_64BIT ?
					   PCI_MSI_DATA_64 : PCI_MSI_DATA_32));
}

/* That of a GICv5 has a name of its own */
static bool is_chip_of_its(unsigned int irq)
{
	char chip[64];

	return read_text(chip, sizeof(chip), "/sys/kernel/irq/%u/chip_name", irq) &&
	       !strncmp(chip, "ITS", 3) && strncmp(chip, "ITS-v5", 6);
}

/* Returns false when the vector does not belong to an ITS */
bool read_irq(struct state *state, struct vector *vec)
{
	unsigned long address = 0, hwirq = 0;
	char line[256], path[PATH_MAX];
	char domain[128] = "";
	char *name, *value;
	int msg_data = 0;
	FILE *f;

	vec->lpi = UNKNOWN;
	vec->eventid = UNKNOWN;
	vec->mapped = UNKNOWN;
	snprintf(path, sizeof(path), IRQ_DEBUGFS "/%u", vec->irq);
	f = fopen(path, "r");
	if (!f)
		return access(IRQ_DEBUGFS, F_OK) && is_chip_of_its(vec->irq);

	while (fgets(line, sizeof(line), f)) {
		name = line + strspn(line, " ");
		name[strcspn(name, "\n")] = '\0';
		value = strchr(name, ':');
		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " ");
		if (!strcmp(name, "domain"))
			snprintf(domain, sizeof(domain), "%s", value);
		else if (!strcmp(name, "hwirq"))
			hwirq = strtoul(value, NULL, 16);
		else if (!strcmp(name, "DeviceID"))
			state->device_id = strtoul(value, NULL, 16);
		else if (!strcmp(name, "EventID"))
			vec->mapped = strtoul(value, NULL, 10);
		else if (!strcmp(name, "address_hi") || !strcmp(name, "address_lo"))
			address |= strtoul(value, NULL, 16);
		else if (!strcmp(name, "msg_data"))
			msg_data = strtoul(value, NULL, 16);
		if (strcmp(name, "chip") || strcmp(value, "ITS"))
			continue;
		vec->lpi = hwirq;
		memcpy(state->domain, domain, sizeof(domain));
	}
	fclose(f);

	/* The message is all zeroes until the interrupt is activated */
	if (address)
		vec->eventid = msg_data;
	return vec->lpi != UNKNOWN;
}

static int by_irq(const void *a, const void *b)
{
	const struct vector *va = a, *vb = b;

	return va->irq < vb->irq ? -1 : va->irq > vb->irq;
}

static int by_lpi(const void *a, const void *b)
{
	const struct vector *va = a, *vb = b;

	return va->lpi - vb->lpi;
}

static void read_vectors(const char *bdf, struct state *state)
{
	char path[PATH_MAX];
	struct dirent *entry;
	char type[16];
	DIR *dir;

	state->nr = 0;
	state->msix = false;
	snprintf(path, sizeof(path), FUNCTION_SYSFS "/msi_irqs", bdf);
	dir = opendir(path);
	if (!dir)
		return;
	while (state->nr < MAX_VECTORS && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		state->vec[state->nr++].irq = strtoul(entry->d_name, NULL, 10);
		if (read_text(type, sizeof(type), FUNCTION_SYSFS "/msi_irqs/%s",
			      bdf, entry->d_name))
			state->msix = !strcmp(type, "msix");
	}
	closedir(dir);
}

/* Devices below a path of sysfs */
static unsigned int count_below(const char *path)
{
	char below[PATH_MAX], name[32];
	struct dirent *entry;
	unsigned int nr = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		/* Links lead out of the function, what it has are directories */
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (snprintf(below, sizeof(below), "%s/%s/subsystem", path,
			     entry->d_name) >= (int)sizeof(below))
			continue;
		read_link_name(below, name, sizeof(name));
		/* A source of wake-ups is no device, and may come and go with a driver */
		if (strcmp(name, "wakeup"))
			nr += !!name[0];
		*strrchr(below, '/') = '\0';
		nr += count_below(below);
	}
	closedir(dir);
	return nr;
}

static unsigned int count_children(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), FUNCTION_SYSFS, bdf);
	return count_below(path);
}

void read_state(const char *bdf, struct state *state)
{
	unsigned int i;

	read_driver(bdf, state->driver, sizeof(state->driver));
	state->children = count_children(bdf);
	read_msi_cap(bdf, state);
	read_vectors(bdf, state);

	state->device_id = UNKNOWN;
	state->on_its = state->nr;
	for (i = 0; i < state->nr; i++) {
		if (!read_irq(state, &state->vec[i]))
			state->on_its = false;
	}

	/* The interrupt numbers of MSI-X don't need to follow the messages */
	qsort(state->vec, state->nr, sizeof(state->vec[0]),
	      state->msix ? by_lpi : by_irq);
	if (state->msix)
		return;
	/* What the device signals, whatever was meant: that is looked for */
	for (i = 0; i < state->nr; i++) {
		int base = state->vec[i].eventid;

		if (base == UNKNOWN)
			base = state->data;
		if (base != UNKNOWN && state->enabled)
			base &= ~(state->enabled - 1);
		if (base != UNKNOWN)
			state->vec[i].eventid = base | i;
	}
}

static bool has_children(const struct state *state, int children)
{
	return children == UNKNOWN || state->children == (unsigned int)children;
}

/*
 * Boot may not be over: take a state that has been the same for a while, with
 * this number of devices if it is known
 */
void read_start(const char *bdf, int children, struct state *state)
{
	unsigned long start = now_ms(), changed = start;
	static struct state now;

	read_state(bdf, state);
	while ((now_ms() - changed < QUIET_MS || !has_children(state, children)) &&
	       now_ms() - start < START_MS) {
		sleep_ms(POLL_MS);
		read_state(bdf, &now);
		if (same_vectors(&now, state) && now.children == state->children)
			continue;
		*state = now;
		changed = now_ms();
	}
}

/* Is what a function has what it was given with? */
void check_given(const struct given *given, const struct state *state)
{
	if (given->vectors != UNKNOWN && state->nr != (unsigned int)given->vectors)
		complain("%s: expected %d vectors at the start, seen %u", given->bdf,
			 given->vectors, state->nr);
	if (!has_children(state, given->children))
		complain("%s: expected %d devices below it at the start, seen %u", given->bdf,
			 given->children, state->children);
}

/* A number behind a name, and a list behind that, such as "used 3 [0-2]" */
static unsigned int read_field(const char *line, const char *name, struct list *list)
{
	const char *found = strstr(line, name);
	const char *start = found ? strchr(found, '[') : NULL;

	if (list)
		snprintf(list->text, sizeof(list->text), "%.*s",
			 start ? (int)strcspn(start + 1, "]") : 0,
			 start ? start + 1 : "");
	return found ? strtoul(found + strlen(name), NULL, 10) : 0;
}

void read_id(const struct state *state, struct id_state *id)
{
	char path[PATH_MAX], name[32], line[4096];
	FILE *f;

	memset(id, 0, sizeof(*id));
	id->shown = state->device_id != UNKNOWN;
	if (!id->shown)
		return;

	snprintf(name, sizeof(name), "DeviceID 0x%lx:", state->device_id);
	snprintf(path, sizeof(path), DOMAIN_DEBUGFS "/%s", state->domain);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line + strspn(line, " "), name, strlen(name)))
			continue;
		id->exists = true;
		id->size = read_field(line, "size ", NULL);
		id->users = read_field(line, "users ", NULL);
		read_field(line, "used ", &id->used);
		read_field(line, "reserved ", &id->reserved);
	}
	if (f)
		fclose(f);
}

/* Is its driver bound again, and are the devices below it there again? */
bool wait_until_back(const char *bdf, const struct state *start,
		     unsigned int wait_ms)
{
	char driver[sizeof(start->driver)];
	unsigned long begin = now_ms();

	for (;;) {
		read_driver(bdf, driver, sizeof(driver));
		if (!strcmp(driver, start->driver) &&
		    count_children(bdf) == start->children)
			return true;
		if (now_ms() - begin >= wait_ms)
			return false;
		sleep_ms(POLL_MS);
	}
}

/*
 * The state when driver and devices are back. Vectors that are missing by then
 * have a moment to come, those at another place don't move.
 */
void read_when_back(const char *bdf, const struct state *start,
		    unsigned int wanted, struct state *state)
{
	unsigned long begin;

	wait_until_back(bdf, start, WAIT_MS);
	begin = now_ms();
	read_state(bdf, state);
	while (state->nr != wanted && now_ms() - begin < GRACE_MS) {
		sleep_ms(POLL_MS);
		read_state(bdf, state);
	}
}

/* False if the vectors that it has are not of an ITS. It may have none yet. */
bool may_be_on_its(const char *bdf)
{
	static struct state state;

	read_state(bdf, &state);
	return !state.nr || state.on_its;
}

/* Who uses a machine knows what may be taken away from it, a test does not */
static void print_functions(void)
{
	static struct state state;
	struct dirent **entries;
	int nr, i;

	nr = scandir(PCI_SYSFS "/devices", &entries, NULL, alphasort);
	for (i = 0; i < nr; i++) {
		if (strlen(entries[i]->d_name) == BDF_SIZE - 1) {
			read_state(entries[i]->d_name, &state);
			if (state.driver[0] && state.on_its)
				printf("# %s has %u vectors for %s and %u devices below it\n",
				       entries[i]->d_name, state.nr, state.driver,
				       state.children);
		}
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
}

/* function, function=vectors or function=vectors/children */
void parse_function(char *arg, struct given *given)
{
	char *vectors = strchr(arg, '='), *children;

	if (vectors)
		*vectors++ = '\0';
	children = vectors ? strchr(vectors, '/') : NULL;
	if (children)
		*children++ = '\0';
	check_bdf(arg);
	strcpy(given->bdf, arg);
	given->vectors = vectors ? (int)parse_count(vectors, 0, MAX_VECTORS) : UNKNOWN;
	given->children = children ? (int)parse_count(children, 0, 1000) : UNKNOWN;
}

static void print_help(const char *about, const struct number *numbers, bool single)
{
	printf("Usage: %s [options] %s\n%s\n"
	       "  function  a PCI function such as 0000:01:02.0%s.\n"
	       "            Its driver is unbound, and what is below it is lost meanwhile.\n"
	       "            If none is given: tell which have MSIs on an ITS\n",
	       program_invocation_short_name, single ? "function" : "function...", about,
	       single ? "" : ", with =n behind it the number of\n"
	       "            vectors that it must have, with =n/n of devices below it as well");
	for (; numbers->letter; numbers++)
		printf("  -%c n      %s, default %u\n", numbers->letter, numbers->help,
		       *numbers->value);
	printf("  -h        this text\n");
}

/* Numbers and functions of the command line. Without functions there is no test. */
unsigned int parse_options(int argc, char **argv, const char *about,
			   const struct number *numbers, struct given *given,
			   unsigned int max)
{
	char letters[32] = "h";
	const struct number *n;
	const char *reason;
	unsigned int nr, i;
	int opt;

	for (n = numbers; n->letter; n++)
		snprintf(letters + strlen(letters), sizeof(letters) - strlen(letters), "%c:",
			 n->letter);
	while ((opt = getopt(argc, argv, letters)) != -1) {
		if (opt == 'h') {
			print_help(about, numbers, max == 1);
			exit(KSFT_PASS);
		}
		for (n = numbers; n->letter != opt; n++) {
			if (!n->letter)
				exit(KSFT_FAIL);
		}
		*n->value = parse_count(optarg, n->min, n->max);
	}
	for (nr = 0; optind < argc; optind++, nr++) {
		if (nr == max)
			bad_usage("'%s' is too much: at most %u can be given", argv[optind], max);
		if (max == 1)
			check_bdf(argv[optind]);
		parse_function(argv[optind], &given[nr]);
		for (i = 0; i < nr; i++) {
			if (!strcmp(given[i].bdf, given[nr].bdf))
				bad_usage("%s is given twice", given[nr].bdf);
		}
	}
	/* The harness has options of its own */
	optind = 1;
	reason = cannot_look();
	if (!reason && !nr) {
		print_functions();
		reason = "no function was given, see -h";
	}
	if (reason)
		ksft_exit_skip("%s\n", reason);
	return nr;
}

/* Takes a range off the text of a list, which has it at least once */
static const char *next_range(const char *text, unsigned long *first, unsigned long *last)
{
	char *end;

	*first = strtoul(text, &end, 10);
	*last = *end == '-' ? strtoul(end + 1, &end, 10) : *first;
	return *end ? end + 1 : end;
}

static bool in_list(const struct list *list, unsigned int n)
{
	unsigned long first, last;
	const char *text;

	for (text = list->text; *text;) {
		text = next_range(text, &first, &last);
		if (n >= first && n <= last)
			return true;
	}
	return false;
}

unsigned int count_list(const struct list *list)
{
	unsigned long first, last;
	unsigned int nr = 0;
	const char *text;

	for (text = list->text; *text;) {
		text = next_range(text, &first, &last);
		nr += last - first + 1;
	}
	return nr;
}

static int number_of(const struct vector *vec, bool lpi)
{
	return lpi ? vec->lpi : vec->eventid;
}

static struct list make_list(const struct state *state, bool lpi)
{
	struct list list = { .text = "-" };
	unsigned int i, last;
	size_t len = 0;

	for (i = 0; i < state->nr; i++) {
		if (number_of(&state->vec[i], lpi) == UNKNOWN)
			return list;
	}
	for (i = 0; i < state->nr && len < sizeof(list.text); i = last + 1) {
		int first = number_of(&state->vec[i], lpi);

		for (last = i; last + 1 < state->nr; last++) {
			if (number_of(&state->vec[last + 1], lpi) !=
			    number_of(&state->vec[last], lpi) + 1)
				break;
		}
		len += snprintf(list.text + len, sizeof(list.text) - len,
				last > i ? "%s%d-%d" : "%s%d", i ? "," : "",
				first, number_of(&state->vec[last], lpi));
	}
	return list;
}

struct list eventids_of(const struct state *state)
{
	return make_list(state, false);
}

static struct list lpis_of(const struct state *state)
{
	return make_list(state, true);
}

bool same_vectors(const struct state *a, const struct state *b)
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

/* EventID n of a DeviceID is LPI base + n, so all of them are this far off */
static void check_in_step(const char *when, const struct state *state)
{
	const struct vector *vec = state->vec;
	unsigned int i;

	for (i = 0; i < state->nr; i++) {
		if (vec[i].eventid == UNKNOWN || vec[i].lpi == UNKNOWN)
			return;
		if (vec[i].lpi - vec[i].eventid == vec[0].lpi - vec[0].eventid)
			continue;
		complain("%s: it signals EventIDs %s, its LPIs %s belong to others",
			 when, eventids_of(state).text, lpis_of(state).text);
		return;
	}
}

static void check_multi_msi(const char *when, const struct state *state)
{
	unsigned int block = round_up_pow_of_two(state->nr);

	if (state->enabled != block)
		complain("%s: %u vectors, expected %u messages enabled, seen %u",
			 when, state->nr, block, state->enabled);
	if (state->data % block)
		complain("%s: message data register %#x is not a multiple of %u",
			 when, state->data, block);
	if (state->vec[0].eventid != state->data)
		complain("%s: first EventID is %d, message data register has %d",
			 when, state->vec[0].eventid, state->data);
}

/* What debugfs says that there is for a function must be what it signals */
static void check_id(const char *when, const struct state *state)
{
	unsigned int block = round_up_pow_of_two(state->nr);
	struct id_state id;
	unsigned int i;

	read_id(state, &id);
	if (!id.shown)
		return;
	for (i = 0; i < state->nr; i++) {
		const struct vector *vec = &state->vec[i];

		if (vec->eventid != UNKNOWN && vec->eventid != vec->mapped)
			complain("%s: it signals EventID %d, which is not %d as in debugfs",
				 when, vec->eventid, vec->mapped);
		if (!in_list(&id.used, vec->mapped))
			complain("%s: EventID %d is not used, those are %s",
				 when, vec->mapped, id.used.text);
	}
	if (state->msix || state->nr == 1)
		return;
	for (i = 0; i < block; i++) {
		if (!in_list(&id.reserved, state->vec[0].mapped + i))
			complain("%s: EventID %d is not reserved, those are %s",
				 when, state->vec[0].mapped + i, id.reserved.text);
	}
}

/* What holds for every allocation by itself */
void check_layout(const char *when, const struct state *state)
{
	if (!state->nr)
		return;
	if (!state->on_its) {
		complain("%s: some vector is not of an ITS, LPIs %s", when,
			 lpis_of(state).text);
		return;
	}
	check_in_step(when, state);
	check_id(when, state);
	if (!state->msix)
		check_multi_msi(when, state);
}

void check_same_vectors(const char *when, const struct state *expected,
			const struct state *state)
{
	if (!same_vectors(expected, state))
		complain("%s: expected %u EventIDs %s LPIs %s, seen %u EventIDs %s LPIs %s",
			 when, expected->nr, eventids_of(expected).text,
			 lpis_of(expected).text, state->nr,
			 eventids_of(state).text, lpis_of(state).text);
}

/* An observation, when all has been said about it */
void print_state(const char *bdf, const char *action, unsigned int cycle,
		 const char *verdict, const struct state *state,
		 unsigned int children)
{
	struct id_state id;

	read_id(state, &id);
	printf("# state %s %s %u %s vectors=%u enabled=%u ", bdf, action, cycle, verdict,
	       state->nr, state->enabled);
	printf("eventids=%s lpis=%s children=%u/%u reserved=%s ", eventids_of(state).text,
	       lpis_of(state).text, state->children, children,
	       id.reserved.text[0] ? id.reserved.text : "-");
	if (id.shown)
		printf("deviceid=0x%lx\n", state->device_id);
	else
		printf("deviceid=-\n");
}

/* Has the kernel printed a WARN() since it booted? */
bool kernel_warned(void)
{
	char text[32];

	return read_text(text, sizeof(text), "/proc/sys/kernel/tainted") &&
	       strtoul(text, NULL, 10) & 1UL << TAINT_WARN;
}
