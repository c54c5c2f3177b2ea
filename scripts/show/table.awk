# SPDX-License-Identifier: GPL-2.0-only
# Print two outputs of summary.awk that paste(1) put side by side, in 80 columns.
# -v colour=1 for a terminal.

function of(k, n) {
	return n ? k "/" n : "-"
}

function right(k, n, width,   text) {
	text = sprintf("%" width "s", of(k, n))
	return colour ? sprintf("\033[%dm%s\033[0m", k == n ? 32 : 31, text) : text
}

BEGIN {
	FS = "\t"
	printf "%51s%29s\n", "unpatched", "with the series"
	printf "%-26s%8s%8s%9s%11s%8s%9s\n", "", "right", "vectors", "keyboard", "right", "vectors", "keyboard"
}

{
	printf "%-26s%s%8s%9s%s%8s%9s\n", $1, right($2, $3, 8), $4, of($5, $6),
	       right($8, $9, 11), $10, of($11, $12)
}
