// SPDX-License-Identifier: GPL-2.0-only
/* Load the kernel modules that are given, in this order, and show what they log */
#include <fcntl.h>
#include <stdio.h>
#include <sys/klog.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_CONSOLE_LEVEL	8
#define LOG_DEBUG		7

int main(int argc, char **argv)
{
	int i, fd;

	if (klogctl(LOG_CONSOLE_LEVEL, NULL, LOG_DEBUG)) {
		perror("klogctl");
		return 1;
	}
	for (i = 1; i < argc; i++) {
		fd = open(argv[i], O_RDONLY);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0)) {
			perror(argv[i]);
			return 1;
		}
		close(fd);
	}
	return 0;
}
