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

function excuses(how, word,   there) {
	there = index(" " words " ", " " word " ") > 0
	return how == "on" && there || how == "without" && !there || \
	       how == "before" && number(release) < number(word) || \
	       how == "after" && number(release) > number(word)
}

FNR == NR && /^# CONFIG_[A-Z0-9_]+: not [a-z]+ [^ ]+: ./ {
	if (excuses($4, substr($5, 1, length($5) - 1)))
		excused[substr($2, 1, length($2) - 1)]
	next
}

/^CONFIG_[A-Z0-9_]+=/ {
	option = substr($0, 1, index($0, "=") - 1)
	value = substr($0, index($0, "=") + 1)
}

/^# CONFIG_[A-Z0-9_]+ is not set/ {
	option = $2
	value = "n"
}

/^(# )?CONFIG_/ && FNR == NR {
	asked[option] = value
	next
}

/^(# )?CONFIG_/ {
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
