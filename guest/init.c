// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of the initramfs that the tests run in: run the commands listed
 * in /tests, one a line, report how each ended, and restart, which
 * ends a QEMU that runs with -no-reboot.
 *
 * Words are split on blanks, '#' starts a comment line, there is no quoting
 * and no shell. All output goes to the device that "results=" on the kernel's
 * command line names, or to the console. What is printed for the harness
 * starts with "###":
 *
 *	### <command>		the output of <command> follows
 *	### exit <status>	how it ended; 128 + signal when it was killed
 *	### tainted <n>		the kernel's taint flags after it
 *	### done		everything ran, the machine restarts
 *
 * The kernel's log gets the first and the last of them as well: it is complete
 * if it has "### done".
 *
 * Each command has its number in the environment, "from=". A kernel that is started
 * with "from=" on its command line is what that command was for: it has come to a
 * good end, and the next one follows.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "its_msi.h"

#define TESTS			"/tests"
#define TAINTED			"/proc/sys/kernel/tainted"
#define DEADLINE_SERVERS	"/sys/kernel/debug/sched/fair_server/cpu*/runtime"
#define MAX_WORDS		64

/* A console driver needs some time to show the end of the kernel's log */
#define LOG_TAIL_S		1
#define RESULTS_TIMEOUT_S	30

/*
 * The machine is gone at once with the magic SysRq key. An orderly reboot would
 * shut down every device first, and a driver whose interrupts do not arrive can
 * take minutes for that.
 */
static __attribute__((noreturn)) void restart(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY);

	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	if (fd >= 0 && write(fd, "b", 1) < 0)
		perror("### init: /proc/sysrq-trigger");
	reboot(RB_AUTOBOOT);
	/* Process 1 must not return, whatever the firmware thinks of this */
	for (;;)
		pause();
}

static __attribute__((noreturn)) void give_up(const char *what, const char *which)
{
	printf("### init: cannot %s %s: %s\n", what, which, strerror(errno));
	restart();
}

static void mount_on(const char *type, const char *dir)
{
	if (mkdir(dir, 0755) && errno != EEXIST)
		give_up("make the directory", dir);
	if (mount(type, dir, type, 0, NULL) && errno != EBUSY)
		give_up("mount", dir);
}

static void open_output(void)
{
	const char *results = getenv("results");
	int seconds, fd = -1;

	/* Its driver may be still at it */
	for (seconds = 0; results && fd < 0 && seconds < RESULTS_TIMEOUT_S; seconds++) {
		fd = open(results, O_WRONLY);
		if (fd < 0)
			sleep(1);
	}
	if (fd < 0)
		fd = open("/dev/console", O_RDWR);
	if (fd < 0)
		return;
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* Mark a place in the results and in the kernel's log */
static void mark(const char *what)
{
	FILE *log = fopen("/dev/kmsg", "w");

	printf("### %s\n", what);
	if (!log)
		give_up("open", "/dev/kmsg");
	fprintf(log, "### %s\n", what);
	fclose(log);
}

static int run(char *const argv[])
{
	pid_t child, pid;
	int status;

	fflush(stdout);
	child = fork();
	if (child < 0)
		give_up("fork for", argv[0]);
	if (!child) {
		execv(argv[0], argv);
		printf("### init: cannot execute %s: %s\n", argv[0],
		       strerror(errno));
		fflush(stdout);
		_exit(127);
	}

	/* Orphans come here too, they are not what is waited for */
	do {
		pid = wait(&status);
	} while (pid != child && (pid > 0 || errno == EINTR));
	if (pid < 0)
		give_up("wait for", argv[0]);

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static void print_end(int status)
{
	FILE *f = fopen(TAINTED, "r");
	unsigned long tainted;

	printf("### exit %d\n", status);
	if (!f || fscanf(f, "%lu", &tainted) != 1)
		give_up("read", TAINTED);
	fclose(f);
	printf("### tainted %lu\n", tainted);
}

static void run_line(char *line)
{
	char *argv[MAX_WORDS + 1];
	char *save = NULL;
	int nr = 0;
	char *word;

	line[strcspn(line, "\n")] = '\0';
	while (isspace((unsigned char)*line))
		line++;
	if (!*line || *line == '#')
		return;

	mark(line);
	for (word = strtok_r(line, " \t\r", &save); word;
	     word = strtok_r(NULL, " \t\r", &save)) {
		if (nr == MAX_WORDS) {
			errno = E2BIG;
			give_up("run a line of", TESTS);
		}
		argv[nr++] = word;
	}
	argv[nr] = NULL;

	print_end(run(argv));
}

static void run_tests(void)
{
	const char *from = getenv("from");
	unsigned int over = from ? atoi(from) : 0;
	FILE *f = fopen(TESTS, "r");
	unsigned int nr;
	char number[16];
	size_t size = 0;
	char *line = NULL;

	if (!f)
		give_up("open", TESTS);
	for (nr = 1; getline(&line, &size, f) > 0; nr++) {
		if (nr < over)
			continue;
		if (nr == over) {
			print_end(0);
			continue;
		}
		snprintf(number, sizeof(number), "%u", nr);
		setenv("from", number, 1);
		run_line(line);
	}
	free(line);
	fclose(f);
}

/*
 * A host that is busy stalls a CPU of the guest at any place. The timer of the scheduler's deadline
 * server warns then (dl_server_timer() of Linux 7.3.4 calls hrtimer_forward() of one that is queued
 * again), which is no fault that these tests are for.
 */
static void stop_deadline_servers(void)
{
	glob_t found;
	size_t i;

	if (glob(DEADLINE_SERVERS, 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		if (!write_text("0", "%s", found.gl_pathv[i]))
			give_up("write", found.gl_pathv[i]);
	}
	globfree(&found);
}

int main(void)
{
	if (getpid() != 1) {
		fprintf(stderr,
			"init: only runs as process 1 of an initramfs, see the comment in init.c\n");
		return 1;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	mount_on("devtmpfs", "/dev");
	open_output();
	mount_on("proc", "/proc");
	mount_on("sysfs", "/sys");
	mount_on("debugfs", "/sys/kernel/debug");
	mount_on("tmpfs", "/tmp");

	stop_deadline_servers();
	run_tests();
	mark("done");
	fflush(stdout);
	sleep(LOG_TAIL_S);
	restart();
}
