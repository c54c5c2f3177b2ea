// SPDX-License-Identifier: GPL-2.0-only
/*
 * Print what kmemleak finds, fail if there is anything. A block of memory has
 * to be a few seconds old for that, and a second scan rules out what only
 * moved during the first one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"
#define MIN_AGE_S	6

static int scan(void)
{
	int fd = open(KMEMLEAK, O_WRONLY);
	int ret;

	if (fd < 0)
		return -1;
	ret = write(fd, "scan", strlen("scan"));
	close(fd);
	return ret;
}

int main(void)
{
	char text[4096];
	size_t total = 0;
	ssize_t len;
	int fd;

	sleep(MIN_AGE_S);
	if (scan() < 0 || scan() < 0) {
		perror(KMEMLEAK);
		return 1;
	}
	fd = open(KMEMLEAK, O_RDONLY);
	if (fd < 0) {
		perror(KMEMLEAK);
		return 1;
	}
	while ((len = read(fd, text, sizeof(text))) > 0) {
		total += len;
		fwrite(text, 1, len, stdout);
	}
	close(fd);
	if (len < 0) {
		perror(KMEMLEAK);
		return 1;
	}
	printf("kmemleak: %s\n", total ? "there are leaks" : "no leak");
	return total > 0;
}
