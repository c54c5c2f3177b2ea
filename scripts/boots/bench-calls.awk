# SPDX-License-Identifier: GPL-2.0-only
# Print what bench/pci_vectors_bench.c counts in several kernels side by side, "source=NAME LOG" for
# each, the unpatched one first. Fails if a call is dearer than there by more than 0.3 %, which is
# what the places of data make, and three times the errors of both.

/calls [0-9]+ MSI(-X)? / {
	sub(/.*calls /, "")
	if (sources[nr_sources] != source)
		sources[++nr_sources] = source
	cost[source, "alloc of " $1 " " $2] = $3
	error[source, "alloc of " $1 " " $2] = $4
	cost[source, "free of " $1 " " $2] = $5
	error[source, "free of " $1 " " $2] = $6
}

# A line of the table, of a call that was measured in the first kernel
function compare(what,   first, i, s, noise) {
	first = sources[1] SUBSEP what
	if (!(first in cost))
		return
	nr_calls++
	printf "%-24s%12.1f", what, cost[first] / 1000
	for (i = 2; i <= nr_sources; i++) {
		s = sources[i] SUBSEP what
		if (!(s in cost)) {
			missed = missed "error: " sources[i] ": no " what "\n"
			continue
		}
		printf "%12.1f%7.3f", cost[s] / 1000, cost[s] / cost[first]
		noise = 3 * (error[s] + error[first]) + .003 * cost[first]
		if (cost[s] > cost[first] + noise)
			missed = missed sprintf("error: %s, %s: dearer than unpatched, noise is %.3f\n",
				sources[i], what, noise / cost[first])
	}
	printf "\n"
}

END {
	printf "\n%-24s%12s", "thousand instructions", sources[1]
	for (i = 2; i <= nr_sources; i++)
		printf "%12s%7s", sources[i], "ratio"
	printf "\n"
	nr = split("alloc MSI,alloc MSI-X,free MSI,free MSI-X", kinds, /[ ,]/)
	for (k = 1; k < nr; k += 2)
		for (n = 1; n <= 2048; n++)
			compare(kinds[k] " of " n " " kinds[k + 1])
	if (nr_calls != 24 || nr_sources < 2)
		missed = missed sprintf("error: %d calls of %d kernels, not 24 of two or more\n",
			nr_calls, nr_sources)
	printf "%s", missed
	exit missed != ""
}
