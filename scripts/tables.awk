# SPDX-License-Identifier: GPL-2.0-only
# Read the tables configs/kernels, configs/series and configs/boots, in this order, tell a mistake
# with its line, and print what is asked for:
#
# -v ask=names	"KERNEL SERIES" that -v KERNEL= and -v SERIES= mean, then all boots
# -v ask=boots	the boots of -v group= that -v kernel= can run with -v image=
# -v ask=given	what that kernel has, and what the series in that image give
# -v ask=boot	all keys of -v boot=NAME, "key<TAB>value", with its parts and the parameters of
#		-v params="NAME=VALUE..." in place, and "has<TAB>" with what its image has

BEGIN {
	required = "about emulator arch machine cpu cpus memory image limit"
	singles = required " in minutes"
	lists = "use needs qemu options append dts dtb swap starts file run row do plug least " \
		"allow taint kunit sign print"
}

function die(text) {
	if (!died)
		print "error: " text >"/dev/stderr"
	died = 1
	exit 1
}

function mistake(text) {
	die("configs/" table ": line " FNR " " text)
}

# has(LIST, WORD): whether that is one of its words
function has(list, word) {
	return index(" " list " ", " " word " ") > 0
}

FNR == 1 {
	table = FILENAME ~ /kernels$/ ? "kernels" : FILENAME ~ /series$/ ? "series" : "boots"
	top = FILENAME
	sub(/configs\/[a-z]*$/, "", top)
}

/^#/ || !NF {
	name = NF ? name : ""
	next
}

table == "kernels" {
	if (NF != 5)
		mistake("has " NF " words, not 5: what they are stands above")
	gsub(/,/, " ", $4)
	kernels = kernels " " $1
	kernel_has[$1] = $4
	known = known " " $4
	next
}

table == "series" {
	if (NF != 6)
		mistake("has " NF " words, not 6: what they are stands above")
	if (!($2 in kernel_has))
		mistake("is for the kernel " $2 ", which is not in configs/kernels")
	if ($4 !~ /^(mainline|stable|private)$/ || $5 !~ /^(thread|rfc|single)$/)
		mistake("is to " $4 ", in the form " $5 ": what they can be stands above")
	gsub(/,/, " ", $6)
	n = split($3, words, /(:[0-9]+)?(,|$)/)
	for (i = 1; i <= n; i++)
		if (words[i] !~ /^(base)?$/ && kernel_of[words[i]] != $2)
			mistake("stands on " words[i] ", which is no series of " $2 " above it")
	series = series " " $1
	if (!($2 in first_series))
		first_series[$2] = $1
	kernel_of[$1] = $2
	stands_on[$1] = $3
	gives[$1] = $6
	known = known " " $6
	next
}

{
	if (!match($0, /^[a-z-]+: /))
		mistake("is not \"key: value\"")
	key = substr($0, 1, RLENGTH - 2)
	text = substr($0, RLENGTH + 1)
}

key == "boot" || key == "part" {
	name = text
	if (name in nr_lines)
		mistake("has a name that is there already: " name)
	nr_lines[name] = 0
	at[name] = FNR
	if (key == "boot")
		boots = boots " " name
	next
}

{
	if (!has(singles " " lists, key))
		mistake("has a key that is not there: " key)
	if (name == "")
		mistake("is of no paragraph, which begins with \"boot:\" or \"part:\"")
	for (i = 2; i <= NF && key == "needs"; i++)
		if (!has(known, $i))
			mistake("needs " $i ", which no kernel has and no series gives")
	i = ++nr_lines[name]
	keys[name, i] = key
	texts[name, i] = text
	at[name, i] = FNR
}

# Put the lines of a paragraph, and of those that it uses, in the boot
function add(from,   i, j, key, parts) {
	if (++depth > 9)
		mistake("is of \"" from "\", which uses itself")
	for (i = 1; i <= nr_lines[from]; i++) {
		key = keys[from, i]
		split(key == "use" ? texts[from, i] : "", parts, " ")
		for (j = 1; j in parts; j++) {
			FNR = at[from, i]
			if (!(parts[j] in nr_lines))
				mistake("uses a part that is not there: " parts[j])
			add(parts[j])
		}
		# What a boot is for is not handed on
		if (has(singles, key) && (depth == 1 || !has("about in", key))) {
			single[key] = texts[from, i]
		} else if (has(lists, key) && key != "use") {
			list_key[++nr_list] = key
			list[nr_list] = texts[from, i]
			list_at[nr_list] = at[from, i]
		}
	}
	depth--
}

# read_boot(NAME): all of it, in single and list
function read_boot(from,   i, words) {
	split("", single)
	nr_list = 0
	add(from)
	FNR = at[from]
	split(required, words, " ")
	for (i = 1; i in words; i++)
		if (!(words[i] in single))
			mistake("begins the boot " from ", which has no \"" words[i] ":\"")
}

# put(TEXT): with the values of its parameters
function put(text,   out, word) {
	while (match(text, /[{][a-z]+[}]/)) {
		word = substr(text, RSTART + 1, RLENGTH - 2)
		if (!(word in value))
			mistake("needs the parameter " word "=")
		out = out substr(text, 1, RSTART - 1) value[word]
		text = substr(text, RSTART + RLENGTH)
	}
	return out text
}

function print_boot(   i, n, key, words, text) {
	if (!has(boots, boot))
		die("no boot \"" boot "\" in configs/boots, there are:" boots)
	read_boot(boot)
	for (key in single)
		value[key] = single[key]
	n = split(params, words, " ")
	for (i = 1; i <= n; i++) {
		key = words[i]
		sub(/=.*/, "", key)
		value[key] = substr(words[i], length(key) + 2)
	}
	value["msis"] = has(kernel_has[value["kernel"]], "multi-msi") ? value["cpus"] + 1 : 1
	value["seconds"] = value["minutes"] * 60
	print "has\t" given(value["kernel"], value["image"])
	print "lacks\t" lacks(boot)
	for (key in single)
		if (key != "in" && key != "minutes")
			print key "\t" put(single[key])
	for (i = 1; i <= nr_list; i++) {
		FNR = list_at[i]
		text = put(list[i])
		if (list_key[i] == "row")
			sub(/^1 MSIs/, "1 MSI", text)
		print list_key[i] "\t" text
	}
}

# have(SERIES): add what it gives, unless that is a part of it as fixes:1, and what it stands on
function have(name,   whole, i, n, on) {
	whole = name
	sub(/:.*/, "", whole)
	if ((getline <(top "patches/" whole "/series")) < 0)
		return
	if (whole == name)
		has_all = has_all " " gives[name]
	n = split(stands_on[whole], on, ",")
	for (i = 1; i <= n; i++)
		have(on[i])
}

# given(KERNEL, IMAGE): what that kernel has, and what the series in the image give: SERIES has that
# one and what it stands on, unpatched has none, nor need a commit, bisect, any other has all
function given(kernel, image,   name) {
	sub(/\+.*/, "", image)
	has_all = kernel_has[kernel]
	for (name in kernel_of)
		if (image != "unpatched" && image != "bisect" &&
		    (image in kernel_of ? name == image : kernel_of[name] == kernel))
			have(name)
	return has_all
}

# lacks(BOOT): the first of what it needs that is not given, if any
function lacks(name,   i, j, n, words) {
	read_boot(name)
	for (i = 1; i <= nr_list; i++) {
		n = split(list_key[i] == "needs" ? list[i] : "", words, " ")
		for (j = 1; j <= n; j++)
			if (!has(has_all, words[j]))
				return words[j]
	}
	return ""
}

function print_boots(   i, n, names) {
	given(kernel, image)
	n = split(boots, names, " ")
	for (i = 1; i <= n; i++)
		if (lacks(names[i]) == "" && has(single["in"], group))
			print names[i]
}

# Without SERIES it is the first one of KERNEL, without KERNEL the first one
function print_names(   i, names) {
	if (KERNEL != "" && !(KERNEL in kernel_has))
		die("there is no KERNEL=" KERNEL " in configs/kernels, it has:" kernels)
	if (SERIES != "" && !(SERIES in kernel_of))
		die("there is no SERIES=" SERIES " in configs/series, it has:" series)
	if (SERIES != "" && KERNEL != "" && kernel_of[SERIES] != KERNEL)
		die("SERIES=" SERIES " is for KERNEL=" kernel_of[SERIES] ", not for " KERNEL)
	split(kernels, names, " ")
	if (KERNEL == "")
		KERNEL = SERIES == "" ? names[1] : kernel_of[SERIES]
	if (SERIES == "")
		SERIES = KERNEL in first_series ? first_series[KERNEL] : "none"
	print KERNEL " " SERIES boots
	split(boots, names, " ")
	for (i = 1; i in names; i++)
		read_boot(names[i])
}

END {
	if (died)
		exit 1
	if (ask == "boot")
		print_boot()
	else if (ask == "boots")
		print_boots()
	else if (ask == "given")
		print given(kernel, image)
	else
		print_names()
}
