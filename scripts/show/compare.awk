# SPDX-License-Identifier: GPL-2.0-only
# Print the summaries of demos side by side, a scenario a line, two columns for each kernel:
# observations that were right of all that there were, unpatched and with the series.
# Each summary follows an assignment of the kernel's version.

BEGIN {
	FS = "\t"
}

FNR == 1 {
	versions[++nr_versions] = version
}

{
	if (!($1 in seen)) {
		seen[$1] = 1
		scenarios[++nr_scenarios] = $1
	}
	unpatched[$1, nr_versions] = $2 "/" $3
	patched[$1, nr_versions] = $8 "/" $9
}

function cell(k_of_n) {
	return k_of_n == "" ? "-" : k_of_n
}

END {
	printf "%-26s", ""
	for (v = 1; v <= nr_versions; v++)
		printf "%18s", "Linux " versions[v]
	printf "\n%-26s", ""
	for (v = 1; v <= nr_versions; v++)
		printf "%10s%8s", "unpatched", "series"
	printf "\n"
	for (i = 1; i <= nr_scenarios; i++) {
		s = scenarios[i]
		printf "%-26s", s
		for (v = 1; v <= nr_versions; v++)
			printf "%10s%8s", cell(unpatched[s, v]), cell(patched[s, v])
		printf "\n"
	}
}
