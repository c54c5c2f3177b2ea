// SPDX-License-Identifier: GPL-2.0-only
/* Load the kernel modules that are given, in this order */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int i, fd;

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
