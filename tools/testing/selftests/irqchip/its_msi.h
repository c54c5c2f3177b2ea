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

/* Older versions of kselftest.h don't have them */
#ifndef __noreturn
#define __noreturn
#endif
#ifndef __printf
#define __printf(...)
#endif

/* As many as MSI-X can have */
#define ITS_MAX_VECTORS		2048
#define ITS_MAX_SUBSYSTEMS	32
#define ITS_UNKNOWN		(-1)
#define ITS_POLL_MS		5

#define ITS_PCI			"/sys/bus/pci"
#define ITS_PCI_DEV		ITS_PCI "/devices/%s"

/* Registers of PCI config space, from the PCI specification */
#define PCI_COMMAND		0x04
#define PCI_COMMAND_MEMORY	0x0002
#define PCI_COMMAND_MASTER	0x0004
#define PCI_CAP_ID_MSI		0x05
#define PCI_CAP_ID_MSIX		0x11
#define PCI_MSI_FLAGS		0x02
#define PCI_MSI_FLAGS_ENABLE	0x0001
#define PCI_MSI_FLAGS_QSIZE	0x0070
#define PCI_MSI_FLAGS_64BIT	0x0080
#define PCI_MSI_ADDRESS_LO	0x04
#define PCI_MSI_ADDRESS_HI	0x08
#define PCI_MSI_DATA_32		0x08
#define PCI_MSI_DATA_64		0x0c
#define PCI_CONFIG_SIZE		256

/**
 * struct its_vector - an interrupt vector of a PCI function
 * @irq:	Linux interrupt number
 * @lpi:	its LPI
 * @eventid:	EventID that the function signals
 * @mapped:	EventID that the ITS driver has for it, if the kernel shows it
 */
struct its_vector {
	unsigned int	irq;
	int		lpi;
	int		eventid;
	int		mapped;
};

/**
 * struct its_children - devices that sysfs shows below a PCI function
 * @total:		how many there are
 * @nr_subsystems:	number of entries used in @subsystem
 * @subsystem:		how many there are of each subsystem
 *
 * They come back after a reload only if the driver works, and many only if
 * its interrupts arrive: no USB device enumerates without them.
 */
struct its_children {
	unsigned int	total;
	unsigned int	nr_subsystems;
	struct {
		char		name[32];
		unsigned int	nr;
	} subsystem[ITS_MAX_SUBSYSTEMS];
};

/**
 * struct its_state - what can be seen of a PCI function's vectors
 * @driver:	name of the bound driver, empty when there is none
 * @msix:	the vectors are MSI-X, not MSI
 * @on_its:	every vector belongs to a GICv3 ITS
 * @enabled:	number of messages that the MSI capability is enabled for
 * @address:	message address registers of the MSI capability
 * @data:	message data register of the MSI capability
 * @domain:	name of the ITS's interrupt domain
 * @device_id:	DeviceID, ITS_UNKNOWN if the kernel does not show it
 * @nr:		number of vectors
 * @vec:	the vectors: message by message for MSI, by LPI for MSI-X
 * @children:	the devices below the function
 */
struct its_state {
	char			driver[64];
	bool			msix;
	bool			on_its;
	unsigned int		enabled;
	unsigned long long	address;
	int			data;
	char			domain[128];
	long			device_id;
	unsigned int		nr;
	struct its_vector	vec[ITS_MAX_VECTORS];
	struct its_children	children;
};

/**
 * struct its_test - a KTAP test, reported when all its cycles are through
 * @name:	what is tested, as KTAP shows it
 * @skip:	why it cannot run, empty if it can
 * @ran:	it was tried at least once
 * @failed:	something was not as expected
 */
struct its_test {
	char	name[128];
	char	skip[128];
	bool	ran;
	bool	failed;
};

/* A list such as "0-2,5", by value so that a printf() can take it directly */
struct its_list {
	char	text[512];
};

/**
 * struct its_device - an ITS device as debugfs shows it
 * @shown:	the kernel shows ITS devices
 * @exists:	there is one
 * @size:	number of EventIDs that it can have
 * @users:	how many use it
 * @nr_used:	number of EventIDs in @used
 * @used:	EventIDs of interrupts
 * @nr_reserved: number of EventIDs in @reserved
 * @reserved:	EventIDs of Multi-MSI blocks
 */
struct its_device {
	bool		shown;
	bool		exists;
	unsigned int	size;
	unsigned int	users;
	unsigned int	nr_used;
	struct its_list	used;
	unsigned int	nr_reserved;
	struct its_list	reserved;
};

__noreturn __printf(2, 3)
void its_bad_usage(const char *program, const char *fmt, ...);
__noreturn void its_bad_option(const char *program, int opt, int optopt);
unsigned int its_parse_count(const char *program, char option, const char *arg,
			     unsigned int min, unsigned int max);
void its_parse_bdf(const char *program, const char *arg);

void its_skip_unless_possible(void);
void its_hold_signals(void);
bool its_stopped(void);
unsigned long its_now_ms(void);
void its_sleep_ms(unsigned int ms);
unsigned int its_random(uint32_t *state, unsigned int below);

__printf(3, 4)
bool its_read(char *text, size_t size, const char *fmt, ...);
__printf(2, 3)
bool its_write(const char *text, const char *fmt, ...);

bool its_present(const char *bdf);
void its_read_driver(const char *bdf, char *driver, size_t size);
bool its_bind(const char *bdf, const char *driver);
bool its_unbind(const char *bdf);

unsigned int its_find_cap(const unsigned char *config, unsigned int id);
bool its_read_config(const char *bdf, unsigned char *config);
unsigned int its_le16(const unsigned char *p);
unsigned int its_le32(const unsigned char *p);
unsigned int its_roundup_pow_of_two(unsigned int n);

void its_read_children(const char *bdf, struct its_children *children);
bool its_same_children(const struct its_children *a,
		       const struct its_children *b);
unsigned int its_count_children(const struct its_children *children,
				const char *subsystem);
void its_read_state(const char *bdf, struct its_state *state);
void its_read_start(const char *bdf, struct its_state *state);
void its_read_system(struct its_state *state);
void its_read_device(const struct its_state *state, struct its_device *device);
bool its_in_list(const struct its_list *list, unsigned int n);
bool its_is_back(const char *bdf, const struct its_state *start);
bool its_wait_until_back(const char *bdf, const struct its_state *start,
			 unsigned int wait_ms);
bool its_same_vectors(const struct its_state *a, const struct its_state *b);
bool its_moved_down(const struct its_state *from, const struct its_state *to);
struct its_list its_eventids(const struct its_state *state);
struct its_list its_lpis(const struct its_state *state);
bool its_has_handler(unsigned int irq);
unsigned long its_count_irq(unsigned int irq);

void its_skip(struct its_test *test, const char *reason);
__printf(2, 3)
void its_fail(struct its_test *test, const char *fmt, ...);
void its_check_layout(struct its_test *test, const char *when,
		      const struct its_state *state);
void its_check_same_vectors(struct its_test *test, const char *when,
			    const struct its_state *expected,
			    const struct its_state *state);
void its_check_arrival(struct its_test *test, const char *when,
		       const struct its_state *state);

bool its_kernel_warned(void);

/* In the header because kselftest.h keeps a set of counters per C file */
static inline void its_report(const struct its_test *test)
{
	if (test->failed)
		ksft_test_result_fail("%s\n", test->name);
	else if (test->skip[0])
		ksft_test_result_skip("%s: %s\n", test->name, test->skip);
	else if (!test->ran)
		ksft_test_result_skip("%s: there was no occasion\n",
				      test->name);
	else
		ksft_test_result_pass("%s\n", test->name);
}

/* The same goes for this one */
static inline void its_report_warnings(bool warned_before)
{
	if (warned_before)
		ksft_test_result_skip("no kernel warning: there was one before the test\n");
	else
		ksft_test_result(!its_kernel_warned(), "no kernel warning\n");
}

#endif
