# SPDX-License-Identifier: GPL-2.0-only
# Print the counts of bench/gic_its_eventid_bench.c as a table of instructions for each
# operation, and fail if a target is missed.

function miss(what) {
	missed[++nr_missed] = what
}

{
	nr = $1
	ours = $2 / nr
	theirs = $3 / nr
	sub(/^[0-9]+ [0-9]+ [0-9]+ /, "")
}

# Beside the least that a single EventID takes
sub(/^zero-bit /, "") {
	if (!nr_zero_bit++)
		printf "\n%-46s%10s%12s%8s\n", "a single, instructions", "patched",
		       "a zero bit", "ratio"
	if (ours > 2 * theirs)
		miss($0 ": dearer than twice a zero bit")
	printf "%-46s%10.0f%12.0f%8.2f\n", $0, ours, theirs, ours / theirs
	next
}

{
	if (!nr_region++)
		printf "%-46s%10s%12s%8s\n", "instructions for each", "patched",
		       "unpatched", "ratio"
	# A free checks what it is given, which the bitmap does not. It must not
	# make the whole dearer.
	if (ours > theirs && $0 !~ /a free$/)
		miss($0 ": dearer than before")
	if ($0 == "2048 singles: alloc" && ours * 20 > theirs)
		miss($0 ": more than a twentieth")
	printf "%-46s%10.0f%12.0f%8.3f\n", $0, ours, theirs, ours / theirs
}

END {
	if (!nr_region || !nr_zero_bit) {
		print "error: the kernel has not measured anything"
		exit 1
	}
	for (i = 1; i <= nr_missed; i++)
		print "error: " missed[i]
	exit nr_missed > 0
}
