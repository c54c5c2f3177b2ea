// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boot a kernel with kexec: kexec <Image>, of arm64. It goes on with the tests behind
 * this one.
 *
 * It gets the initramfs of the kernel that runs, which "retain_initrd" has left where
 * the boot loader put it, and its device tree, with "from=0" on the command line made
 * the number of tests that are over, as init has it in the environment.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/kexec.h>

#define FDT		"/sys/firmware/fdt"
#define MAX_FDT		0x200000UL
#define BOOTARG		"from="
#define BASE_ALIGN	0x200000UL
#define PAGE		0x10000UL
#define IMAGE_MAGIC	"ARM\x64"

/* The head of a kernel, Documentation/arch/arm64/booting.rst */
struct head {
	uint32_t	code[2];
	uint64_t	text_offset;
	uint64_t	image_size;
	uint64_t	flags;
	uint64_t	reserved[3];
	char		magic[4];
};

/* What is started first: a kernel wants its device tree in x0 */
static struct {
	uint32_t	code[6];
	uint64_t	kernel;
	uint64_t	fdt;
} stub = {
	.code = {
		/* ldr	x4, kernel */
		0x580000c4,
		/* ldr	x0, fdt */
		0x580000e0,
		/* mov	x1, xzr */
		0xaa1f03e1,
		/* mov	x2, xzr */
		0xaa1f03e2,
		/* mov	x3, xzr */
		0xaa1f03e3,
		/* br	x4 */
		0xd61f0080,
	},
};

static char fdt[MAX_FDT];

static void die(const char *what)
{
	printf("kexec: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long align(unsigned long n, unsigned long to)
{
	return (n + to - 1) / to * to;
}

/*
 * Memory that nobody reserved. The last of it: without EFI, Linux reserves no LPI tables,
 * which are near its start, and a kernel that is put on top of them takes them for reserved.
 */
static unsigned long find_hole(unsigned long size)
{
	unsigned long from, to, limit, end = 0, start = ULONG_MAX, hole = 0;
	FILE *f = fopen("/proc/iomem", "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx", &from, &to) != 2)
			continue;
		limit = line[0] == ' ' ? from : end;
		if (limit > size && (limit - size) / BASE_ALIGN * BASE_ALIGN >= start)
			hole = (limit - size) / BASE_ALIGN * BASE_ALIGN;
		if (line[0] == ' ') {
			if (to >= start)
				start = to + 1;
			continue;
		}
		end = to + 1;
		start = strstr(line, ": System RAM") ? from : ULONG_MAX;
	}
	if (!hole) {
		errno = ENOMEM;
		die("no hole in /proc/iomem");
	}
	fclose(f);
	return hole;
}
static void read_fdt(void)
{
	const char *from = getenv("from");
	ssize_t len, total = 0;
	char *bootarg;
	int fd;

	fd = open(FDT, O_RDONLY);
	if (fd < 0)
		die(FDT);
	while ((len = read(fd, fdt + total, MAX_FDT - total)) > 0)
		total += len;
	if (len < 0)
		die(FDT);
	close(fd);
	bootarg = memmem(fdt, total, " " BOOTARG "0", strlen(" " BOOTARG "0"));
	errno = EINVAL;
	if (!bootarg)
		die("no \"" BOOTARG "0\" on the command line");
	if (!from || strlen(from) != 1)
		die("no digit \"" BOOTARG "\" in the environment");
	bootarg[strlen(" " BOOTARG)] = from[0];
}

int main(int argc, char **argv)
{
	struct kexec_segment segments[3] = { 0 };
	unsigned long base, behind;
	struct stat stat;
	void *image;
	struct head *head;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "Usage: kexec <Image>\n");
		return 1;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &stat))
		die(argv[1]);
	image = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED)
		die(argv[1]);
	head = image;
	errno = EINVAL;
	if (stat.st_size < (off_t)sizeof(*head) || memcmp(head->magic, IMAGE_MAGIC, 4))
		die(argv[1]);

	read_fdt();
	behind = align(head->text_offset + head->image_size, BASE_ALIGN);
	base = find_hole(behind + MAX_FDT + PAGE);
	stub.kernel = base + head->text_offset;
	stub.fdt = base + behind;

	segments[0].buf = image;
	segments[0].bufsz = stat.st_size;
	segments[0].mem = (void *)(uintptr_t)stub.kernel;
	segments[0].memsz = align(head->image_size, PAGE);
	segments[1].buf = fdt;
	segments[1].bufsz = MAX_FDT;
	segments[1].mem = (void *)(uintptr_t)stub.fdt;
	segments[1].memsz = MAX_FDT;
	segments[2].buf = &stub;
	segments[2].bufsz = sizeof(stub);
	segments[2].mem = (void *)(base + behind + MAX_FDT);
	segments[2].memsz = PAGE;
	if (syscall(SYS_kexec_load, base + behind + MAX_FDT, 3UL, segments, KEXEC_ARCH_AARCH64))
		die("kexec_load");
	sync();
	reboot(RB_KEXEC);
	die("reboot");
}
