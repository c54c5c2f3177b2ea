# SPDX-License-Identifier: GPL-2.0-only
# Draw what the judge says of boots, joined by the names of its rows: a line is "unpatched" or
# "patched", then a line of judge.awk. One file: the demo's table, in 80 columns, -v colour=1 for
# a terminal. Several, each after "version=...": right observations of each kernel. One fails if a
# row is missing, or has fewer observations, on one side, or if a function has ever had fewer
# vectors on the patched kernel.

BEGIN {
	FS = "\t"
	compare = ARGC > 2
}

FNR == 1 {
	title[++k] = version
}

$2 == "row" {
	if (!($3 in known)) {
		known[$3] = 1
		names[++nr_names] = $3
	}
	i = k SUBSEP $1 SUBSEP $3
	right[i] += $4
	total[i] += $5
	if ($6 "" != last[i] "")
		vectors[i] = vectors[i] (vectors[i] == "" ? "" : ">") $6
	last[i] = $6
	sub(/.*>/, "", last[i])
	children[i] += $7
	of[i] += $8
}

# The same observations on both kernels
$2 == "step" {
	step = $3 ": " $4 ", " $5 " " $6
	nr = ++nr_steps[$1, step]
	if ($1 == "unpatched")
		had[step, nr] = $7
	else
		has[step, nr] = $7
}

$2 == "complaints" {
	complaints[k, $1] += $3
}

function cell(i, width,   text) {
	text = sprintf("%" width "s", i in total ? right[i] "/" total[i] : "-")
	return colour ? sprintf("\033[%dm%s\033[0m", right[i] == total[i] ? 32 : 31, text) : text
}

function shorten(list,   v, n) {
	n = split(list, v, ">")
	return n > 3 ? v[1] ">...>" v[n] : n ? list : "-"
}

function print_demo(   r, u, p, rc) {
	printf "%51s%29s\n", "unpatched", "patched"
	printf "%-26s%8s%8s%9s%11s%8s%9s\n", "", "right", "vectors", "keyboard", "right", "vectors",
	       "keyboard"
	for (r = 1; r <= nr_names; r++) {
		u = 1 SUBSEP "unpatched" SUBSEP names[r]
		p = 1 SUBSEP "patched" SUBSEP names[r]
		printf "%-26s%s%8s%9s%s%8s%9s\n", names[r], cell(u, 8), shorten(vectors[u]),
		       of[u] ? children[u] "/" of[u] : "-", cell(p, 11), shorten(vectors[p]),
		       of[p] ? children[p] "/" of[p] : "-"
		if (total[u] != total[p]) {
			printf "error: %s: %d observations unpatched, %d patched\n", names[r], total[u],
			       total[p] >"/dev/stderr"
			rc = 1
		}
	}
	printf "%-26s%8d%8s%9s%11d%8s%9s\n", "complaints of the kernel",
	       complaints[1, "unpatched"], "-", "-", complaints[1, "patched"], "-", "-"
	return print_worse() || rc || !nr_names
}

function print_worse(   what, name, rc) {
	for (what in has)
		if (has[what] < had[what]) {
			split(what, name, SUBSEP)
			printf "error: %s: %d vectors unpatched, %d patched\n", name[1], had[what],
			       has[what] >"/dev/stderr"
			rc = 1
		}
	return rc
}

function print_compare(   r, i) {
	printf "%-26s", ""
	for (i = 1; i <= k; i++)
		printf "%18s", "Linux " title[i]
	printf "\n%-26s", ""
	for (i = 1; i <= k; i++)
		printf "%10s%8s", "unpatched", "patched"
	printf "\n"
	for (r = 1; r <= nr_names; r++) {
		printf "%-26s", names[r]
		for (i = 1; i <= k; i++)
			printf "%s%s", cell(i SUBSEP "unpatched" SUBSEP names[r], 10),
			       cell(i SUBSEP "patched" SUBSEP names[r], 8)
		printf "\n"
	}
	printf "%-26s", "complaints of the kernel"
	for (i = 1; i <= k; i++)
		printf "%10d%8d", complaints[i, "unpatched"], complaints[i, "patched"]
	printf "\n"
	return 0
}

END {
	exit compare ? print_compare() : print_demo()
}
