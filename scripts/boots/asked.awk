# SPDX-License-Identifier: GPL-2.0-only
# Read what was asked of a configuration and what became of it, and fail if that lacks something.
# A comment in the first file excuses an option, with a reason:
#
# CONFIG_X: not on WORD: REASON		WORD is in -v words=, or, "not without", is not
# CONFIG_X: not before RELEASE: REASON	or "not after", of -v release=

function number(release,   part) {
	split(release, part, /[.-]/)
	return part[1] * 1000 + part[2]
}

/^# CONFIG_[A-Z0-9_]+: not [a-z]+ [^ ]+: ./ && FNR == NR {
	sub(/:$/, "", $2)
	sub(/:$/, "", $5)
	there = index(" " words " ", " " $5 " ") > 0
	newer = number(release) - number($5)
	if ($4 == "on" && there || $4 == "without" && !there ||
	    $4 == "before" && newer < 0 || $4 == "after" && newer > 0)
		excused[$2]
}

/^# CONFIG_[A-Z0-9_]+ is not set/ {
	$0 = $2 "=n"
}

/^CONFIG_[A-Z0-9_]+=/ {
	option = substr($0, 1, index($0, "=") - 1)
	value = substr($0, index($0, "=") + 1)
	if (FNR == NR)
		asked[option] = value
	else
		has[option] = value
}

END {
	for (option in asked) {
		value = option in has ? has[option] : "n"
		if (value != asked[option] && !(option in excused)) {
			printf "error: %s=%s was asked for, Linux %s (%s) makes it %s\n", option,
				asked[option], release, words, value
			rc = 1
		}
	}
	exit rc
}
