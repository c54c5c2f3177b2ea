# SPDX-License-Identifier: GPL-2.0-only
# Print what bench/gic_its_eventid_bench.c counts as tables of instructions for each operation, and
# -v patched= and unpatched=, bytes of the driver. Fails if a target is missed.

{
	sub(/\r$/, "")
	sub(/^<[0-9]+>/, "")
}

/^bench [0-9]/ {
	ours = $3 / $2
	theirs = $4 / $2
	name = $0
	sub(/^bench [0-9]+ [0-9]+ [0-9]+ /, "", name)
	# Beside the least that a single EventID takes
	single = sub(/^zero-bit /, "", name)
	if (!nr[single]++)
		printf "\n%-46s%10s%12s%8s\n",
		       single ? "a single, instructions" : "instructions for each", "patched",
		       single ? "a zero bit" : "unpatched", "ratio"
	printf "%-46s%10.0f%12.0f%8.3f\n", name, ours, theirs, ours / theirs
	if (single && ours > 2 * theirs)
		missed = missed "error: " name ": dearer than twice a zero bit\n"
	# A free checks what it is given, which the bitmap does not. It must not
	# make the whole dearer.
	if (!single && ours > theirs && name !~ /a free$/)
		missed = missed "error: " name ": dearer than before\n"
	if (name == "2048 singles: alloc" && ours * 20 > theirs)
		missed = missed "error: " name ": more than a twentieth\n"
}

/^bench-bytes / {
	printf "\n%-46s%10s%12s\n", "bytes", "patched", "unpatched"
	printf "%-46s%10d%12d\n", "code and constant data of the driver", patched, unpatched
	printf "%-46s%10d%12d\n", "the map of an ITS device of 32", $2, $3
}

END {
	if (nr[0] != 17 || nr[1] != 6)
		missed = missed "error: the kernel has not measured all\n"
	printf "%s", missed
	exit missed != ""
}
