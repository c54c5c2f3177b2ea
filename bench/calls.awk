# SPDX-License-Identifier: GPL-2.0-only
# Print what bench/pci_vectors_bench.c counts in several kernels side by side, "source=NAME LOG" for
# each, the unpatched one first. Fails if a call is dearer than there by more than 1 % and three
# times the errors of both: where kernels have the same code, up to 0.8 % was seen, which the places
# of data and the state of the allocator make. The first allocation of a device may be dearer: who
# shares its DeviceID is looked up then.

/calls [0-9]+ MSI(-X)? / {
	sub(/.*calls /, "")
	if (sources[nr_sources] != source)
		sources[++nr_sources] = source
	call = $1 " " $2
	if (nr_sources == 1)
		calls[++nr_calls] = call
	cost[source, "alloc of " call] = $3
	error[source, "alloc of " call] = $4
	cost[source, "free of " call] = $5
	error[source, "free of " call] = $6
}

/[> ]first [0-9]+/ {
	sub(/.*first /, "")
	cost[source, "first alloc of a device"] = $1
}

# A line of the table, which may be dearer without a limit
function compare(what, unlimited,   first, i, s, noise) {
	first = sources[1] SUBSEP what
	if (!(first in cost)) {
		missed = missed "error: " sources[1] ": no " what "\n"
		return
	}
	printf "%-24s%12.1f", what, cost[first] / 1000
	for (i = 2; i <= nr_sources; i++) {
		s = sources[i] SUBSEP what
		if (!(s in cost)) {
			missed = missed "error: " sources[i] ": no " what "\n"
			continue
		}
		printf "%12.1f%7.3f", cost[s] / 1000, cost[s] / cost[first]
		noise = 3 * (error[s] + error[first]) + .01 * cost[first]
		if (!unlimited && cost[s] > cost[first] + noise)
			missed = missed "error: " sources[i] ", " what ": dearer than unpatched " \
				"by more than " int(noise) "\n"
	}
	printf "\n"
}

END {
	printf "\n%-24s%12s", "thousand instructions", sources[1]
	for (i = 2; i <= nr_sources; i++)
		printf "%12s%7s", sources[i], "ratio"
	printf "\n"
	compare("first alloc of a device", 1)
	for (i = 1; i <= nr_calls; i++)
		compare("alloc of " calls[i])
	for (i = 1; i <= nr_calls; i++)
		compare("free of " calls[i])
	if (nr_calls != 12 || nr_sources < 2)
		missed = missed sprintf("error: %d calls of %d kernels, not 12 of two or more\n",
			nr_calls, nr_sources)
	printf "%s", missed
	exit missed != ""
}
