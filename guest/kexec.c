// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boot a kernel with kexec: kexec <Image>, of arm64. It goes on with the tests behind
 * this one.
 *
 * It gets the device tree of the kernel that runs, and the initramfs from a disk. A word
 * "kexec=..." of the command line makes room for what the new one needs there: how many
 * tests are over, and where its initramfs is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/kexec.h>

#define FDT		"/sys/firmware/fdt"
#define INITRD		"/dev/vda"
#define ROOM		" kexec="
#define BASE_ALIGN	0x200000UL
/* Whatever the size of a page is */
#define SEGMENT_ALIGN	0x10000UL

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

/* A file, or what there is to load */
struct blob {
	void		*data;
	unsigned long	size;
};

static struct kexec_segment segments[4];
static unsigned long nr_segments;

static void die(const char *what)
{
	printf("kexec: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long align(unsigned long n, unsigned long to)
{
	return (n + to - 1) / to * to;
}

static struct blob read_file(const char *path)
{
	struct blob blob = { 0 };
	ssize_t len;
	off_t size;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0)
		die(path);
	/* A disk has no size for stat() */
	size = lseek(fd, 0, SEEK_END);
	if (size < 0 || lseek(fd, 0, SEEK_SET))
		die(path);
	blob.data = calloc(1, size);
	if (!blob.data)
		die(path);
	while ((len = read(fd, blob.data + blob.size, size - blob.size)) > 0)
		blob.size += len;
	if (len < 0)
		die(path);
	close(fd);
	return blob;
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

static void add_segment(struct blob blob, unsigned long address, unsigned long size)
{
	segments[nr_segments].buf = blob.data;
	segments[nr_segments].bufsz = blob.size;
	segments[nr_segments].mem = (void *)address;
	segments[nr_segments].memsz = align(size, SEGMENT_ALIGN);
	nr_segments++;
}

static void put_words(struct blob fdt, const char *words)
{
	char *room = memmem(fdt.data, fdt.size, ROOM, strlen(ROOM));
	size_t len = room ? 1 + strcspn(room + 1, " ") : 0;

	errno = EINVAL;
	if (len < strlen(words))
		die("no room for words on the command line, \"kexec=\"");
	memset(room, ' ', len);
	memcpy(room, words, strlen(words));
}

int main(int argc, char **argv)
{
	struct blob image, fdt, initrd;
	unsigned long base, at;
	const struct head *head;
	char words[64];

	if (argc != 2 || !getenv("from")) {
		fprintf(stderr, "Usage: kexec <Image>, from init\n");
		return 1;
	}
	image = read_file(argv[1]);
	fdt = read_file(FDT);
	initrd = read_file(INITRD);
	head = image.data;
	errno = EINVAL;
	if (image.size < sizeof(*head) || memcmp(head->magic, "ARM\x64", sizeof(head->magic)))
		die(argv[1]);

	/* The stub is what is started, the initramfs comes last */
	at = align(head->text_offset + head->image_size, BASE_ALIGN);
	base = find_hole(at + align(fdt.size, BASE_ALIGN) + SEGMENT_ALIGN +
			 align(initrd.size, SEGMENT_ALIGN));
	stub.kernel = base + head->text_offset;
	stub.fdt = base + at;
	at = stub.fdt + align(fdt.size, BASE_ALIGN);
	snprintf(words, sizeof(words), " from=%s initrdmem=%#lx,%#lx", getenv("from"),
		 at + SEGMENT_ALIGN, initrd.size);
	put_words(fdt, words);
	add_segment(image, stub.kernel, head->image_size);
	add_segment(fdt, stub.fdt, fdt.size);
	add_segment((struct blob){ &stub, sizeof(stub) }, at, sizeof(stub));
	add_segment(initrd, at + SEGMENT_ALIGN, initrd.size);
	if (syscall(SYS_kexec_load, at, nr_segments, segments, KEXEC_ARCH_AARCH64))
		die("kexec_load");
	fflush(stdout);
	reboot(RB_KEXEC);
	die("reboot");
}
