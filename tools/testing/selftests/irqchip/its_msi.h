/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the GICv3 ITS's MSI allocations share: the state of a PCI
 * function's vectors as sysfs, debugfs and PCI config space show it, and the
 * rules that hold for it whatever the driver.
 */
#ifndef ITS_MSI_H
#define ITS_MSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kselftest.h"

/* As many as MSI-X can have */
#define MAX_VECTORS	2048
#define MAX_FUNCTIONS	32
#define UNKNOWN		(-1)
/* As good as none, as its options say how long a test takes. In milliseconds it is an int. */
#define TIMEOUT_S	2000000
#define POLL_MS		25
/* How long driver and devices may take to come back */
#define WAIT_MS		10000
/* For drivers that set up interrupts after they are bound */
#define GRACE_MS	500

#define PCI_SYSFS	"/sys/bus/pci"
#define FUNCTION_SYSFS	PCI_SYSFS "/devices/%s"
#define BDF_SIZE	sizeof("0000:00:00.0")

/**
 * struct vector - an interrupt vector of a PCI function
 * @irq:	Linux interrupt number
 * @lpi:	its LPI
 * @eventid:	EventID that the function signals
 * @mapped:	EventID that the driver has for it, if the kernel shows it
 */
struct vector {
	unsigned int	irq;
	int		lpi;
	int		eventid;
	int		mapped;
};

/**
 * struct state - what can be seen of a PCI function
 * @driver:	name of the bound driver, empty when there is none
 * @domain:	name of the ITS's interrupt domain
 * @device_id:	DeviceID, UNKNOWN if the kernel does not show it
 * @msix:	the vectors are MSI-X, not MSI
 * @on_its:	every vector belongs to a GICv3 ITS
 * @enabled:	number of messages that the MSI capability is enabled for
 * @data:	message data register of the MSI capability
 * @children:	number of devices below the function. Many come back after a
 *		reload only if interrupts arrive: no USB device without them.
 * @nr:		number of vectors
 * @vec:	the vectors: message by message for MSI, by LPI for MSI-X
 */
struct state {
	char		driver[32];
	char		domain[128];
	long		device_id;
	bool		msix;
	bool		on_its;
	unsigned int	enabled;
	int		data;
	unsigned int	children;
	unsigned int	nr;
	struct vector	vec[MAX_VECTORS];
};

/**
 * struct given - a PCI function that was given as "function=vectors/children"
 * @bdf:	its name
 * @vectors:	number of vectors that it must have, UNKNOWN if not given
 * @children:	number of devices that must be below it, likewise
 */
struct given {
	char	bdf[BDF_SIZE];
	int	vectors;
	int	children;
};

/**
 * struct number - an option of a test that takes a number
 * @letter:	how it is given
 * @value:	the number, with the default in it
 * @min:	the smallest one
 * @max:	the largest one
 * @help:	what it is for
 */
struct number {
	char		letter;
	unsigned int	*value;
	unsigned int	min;
	unsigned int	max;
	const char	*help;
};

/* A list such as "0-2,5", by value so that a printf() can take it directly */
struct list {
	char	text[4096];
};

/**
 * struct id_state - what debugfs shows of a DeviceID
 * @shown:	the kernel shows them
 * @exists:	this one is in use
 * @size:	number of EventIDs that it can have
 * @users:	how many use it
 * @used:	EventIDs of interrupts
 * @reserved:	EventIDs of Multi-MSI blocks
 */
struct id_state {
	bool		shown;
	bool		exists;
	unsigned int	size;
	unsigned int	users;
	struct list	used;
	struct list	reserved;
};

extern unsigned int nr_complaints;
__printf(1, 2) void complain(const char *fmt, ...);
__noreturn __printf(1, 2) void bad_usage(const char *fmt, ...);
unsigned int parse_count(const char *arg, unsigned int min, unsigned int max);
void check_bdf(const char *arg);
void parse_function(char *arg, struct given *given);
unsigned int parse_options(int argc, char **argv, const char *about,
			   const struct number *numbers, struct given *given,
			   unsigned int max);
const char *cannot_look(void);

unsigned long now_ms(void);
void sleep_ms(unsigned int ms);
unsigned int random_below(uint32_t *state, unsigned int below);
unsigned int round_up_pow_of_two(unsigned int n);

__printf(3, 4)
bool read_text(char *text, size_t size, const char *fmt, ...);
__printf(2, 3)
bool write_text(const char *text, const char *fmt, ...);

bool is_present(const char *bdf);
void read_driver(const char *bdf, char *driver, size_t size);
bool bind_driver(const char *bdf, const char *driver);
bool unbind_driver(const char *bdf);
bool remove_function(const char *bdf);
bool rescan_bus_of(const char *bdf);
bool read_config(const char *bdf, unsigned char *config);
unsigned int find_msi_cap(const unsigned char *config);
unsigned int le16(const unsigned char *p);

bool read_irq(struct state *state, struct vector *vec);
void read_state(const char *bdf, struct state *state);
bool may_be_on_its(const char *bdf);
void read_start(const char *bdf, int children, struct state *state);
void check_given(const struct given *given, const struct state *state);
void read_id(const struct state *state, struct id_state *id);
bool wait_until_back(const char *bdf, const struct state *start,
		     unsigned int wait_ms);
void read_when_back(const char *bdf, const struct state *start,
		    unsigned int wanted, struct state *state);

unsigned int count_list(const struct list *list);
struct list eventids_of(const struct state *state);
bool same_vectors(const struct state *a, const struct state *b);

void check_layout(const char *when, const struct state *state);
void check_same_vectors(const char *when, const struct state *expected,
			const struct state *state);
void print_state(const char *bdf, const char *action, unsigned int cycle,
		 const char *verdict, const struct state *state,
		 unsigned int children);
bool kernel_warned(void);

#endif
