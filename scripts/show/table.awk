# SPDX-License-Identifier: GPL-2.0-only
# Draw what the judge says of boots, joined by the names of its rows: a line is "unpatched" or
# "patched", then a line of judge.awk. One file: the demo's table, in 80 columns. Several, each
# after "version=...": right observations of each kernel. One fails if a row is missing, or has
# fewer observations, on one side, or if a function ever had fewer vectors on the patched kernel.

BEGIN {
	FS = "\t"
	compare = ARGC > 2
	split("unpatched patched", sides, " ")
	split(compare ? "10 8" : "8 11", widths, " ")
}

FNR == 1 {
	title[++k] = version
}

$2 == "row" {
	if (!known[$3]++)
		names[++nr_names] = $3
	i = k SUBSEP $1 SUBSEP $3
	right[i] += $4
	total[i] += $5
	if (vectors[i] !~ "(^|>)" $6 "$")
		vectors[i] = vectors[i] (vectors[i] == "" ? "" : ">") $6
	children[i] += $7
	of[i] += $8
}

# The same observations on both kernels
$2 == "step" {
	step = $3 ": " $4 ", " $5 " " $6
	nr = ++nr_steps[$1, step]
	had[$1, step, nr] = $7
	if ($1 == "patched")
		steps[step, nr]
}

$2 == "complaints" {
	complaints[k, $1] += $3
}

function shorten(list,   v, n) {
	n = split(list, v, ">")
	return n > 3 ? v[1] ">...>" v[n] : n ? list : "-"
}

# print_row(NAME): of all kernels, the complaints without one
function print_row(name,   j, s, i, text) {
	printf "%-26s", name == "" ? "complaints of the kernel" : name
	for (j = 1; j <= k; j++)
		for (s = 1; s <= 2; s++) {
			i = j SUBSEP sides[s] SUBSEP name
			text = i in total ? right[i] "/" total[i] : "-"
			printf "%" widths[s] "s", name == "" ? complaints[j, sides[s]] + 0 : text
			if (!compare)
				printf "%8s%9s", shorten(vectors[i]),
				       of[i] ? children[i] "/" of[i] : "-"
		}
	printf "\n"
}

function print_titles(   j) {
	printf "%-26s", ""
	for (j = 1; j <= k && compare; j++)
		printf "%18s", "Linux " title[j]
	if (compare)
		printf "\n%-26s", ""
	for (j = 1; j <= k; j++)
		printf compare ? "%10s%8s" : "%25s%29s", "unpatched", "patched"
	printf "\n"
	if (!compare)
		printf "%34s%8s%9s%11s%8s%9s\n", "right", "vectors", "keyboard", "right", "vectors",
		       "keyboard"
}

function worse(what, unit, unpatched, patched) {
	printf "error: %s: %d %s unpatched, %d patched\n", what, unpatched, unit, patched \
		>"/dev/stderr"
	rc = 1
}

function check_sides(   r, u, p, what, step) {
	for (r = 1; r <= nr_names; r++) {
		u = total[1, "unpatched", names[r]]
		p = total[1, "patched", names[r]]
		if (u != p)
			worse(names[r], "observations", u, p)
	}
	for (what in steps) {
		split(what, step, SUBSEP)
		u = had["unpatched", what]
		p = had["patched", what]
		if (p < u)
			worse(step[1], "vectors", u, p)
	}
	if (!nr_names)
		rc = 1
}

END {
	print_titles()
	for (r = 1; r <= nr_names; r++)
		print_row(names[r])
	print_row("")
	if (!compare)
		check_sides()
	exit rc
}
