# SPDX-License-Identifier: GPL-2.0-only
# Read the tables configs/kernels, configs/series and configs/boots, in this order, tell a mistake
# with its line, and print what is asked for:
#
# -v ask=names	"KERNEL SERIES" that -v KERNEL= and -v SERIES= mean, then all boots
# -v ask=boots	the boots of -v group= that -v kernel= can run with -v image=
# -v ask=given	what that kernel has, and what the series in that image give
# -v ask=boot	all keys of -v boot=NAME, "key<TAB>value", with its parts and the parameters of
#		-v params="NAME=VALUE..." in place, and "has<TAB>" with what its image has

function die(text) {
	if (!died)
		print "error: " text >"/dev/stderr"
	died = 1
	exit 1
}

function mistake(text) {
	die("configs/" table ": line " FNR " " text)
}

# has(LIST, WORD): whether a list with commas has it
function has(list, word) {
	return index("," list ",", "," word ",") > 0
}

function learn(list,   i, w) {
	split(list, w, ",")
	for (i in w)
		known[w[i]]
}

BEGIN {
	split("about in emulator arch machine cpu cpus memory image limit minutes", words, " ")
	for (i in words)
		kind[words[i]] = "single"
	split("use needs qemu options append dts dtb swap starts file run row do " \
	      "plug least skip allow taint kunit sign print", words, " ")
	for (i in words)
		kind[words[i]] = "list"
}

FNR == 1 {
	table = FILENAME ~ /kernels$/ ? "kernels" : FILENAME ~ /series$/ ? "series" : "boots"
	top = FILENAME
	sub(/configs\/[a-z]*$/, "", top)
}

/^#/ || !NF {
	if (!NF)
		name = ""
	next
}

table == "kernels" {
	if (NF != 5)
		mistake("has " NF " words, not 5: what they are stands above")
	kernels = kernels " " $1
	if (first_kernel == "")
		first_kernel = $1
	kernel_has[$1] = $4
	learn($4)
	next
}

table == "series" {
	if (NF != 6)
		mistake("has " NF " words, not 6: what they are stands above")
	if (!($2 in kernel_has))
		mistake("is for the kernel " $2 ", which is not in configs/kernels")
	if ($4 !~ /^(mainline|stable|private)$/ || $5 !~ /^(thread|single)$/)
		mistake("is to " $4 ", in the form " $5 ": what they can be stands above")
	n = $3 == "base" ? 0 : split($3, words, ",")
	for (i = 1; i <= n; i++) {
		sub(/:[0-9]+$/, "", words[i])
		if (kernel_of[words[i]] != $2)
			mistake("stands on " words[i] ", which is no series of " $2 " above it")
	}
	series_names[++nr_series] = $1
	kernel_of[$1] = $2
	stands_on[$1] = $3
	gives[$1] = $6
	learn($6)
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
		boots[++nr_boots] = name
	next
}

{
	if (!(key in kind))
		mistake("has a key that is not there: " key)
	if (name == "")
		mistake("is of no paragraph, which begins with \"boot:\" or \"part:\"")
	split(text, words, " ")
	for (i in words)
		if (key == "needs" && !(words[i] in known))
			mistake("needs " words[i] ", which no kernel has and no series gives")
	lines[name, ++nr_lines[name]] = key "\t" text
	at[name, nr_lines[name]] = FNR
}

# Put the lines of a paragraph, and of those that it uses, in the boot
function add(from,   i, j, key, text, parts) {
	if (++depth > 9)
		mistake("is of \"" from "\", which uses itself")
	for (i = 1; i <= nr_lines[from]; i++) {
		FNR = at[from, i]
		key = text = lines[from, i]
		sub(/\t.*/, "", key)
		sub(/^[^\t]*\t/, "", text)
		if (key == "use") {
			split(text, parts, " ")
			for (j = 1; j in parts; j++) {
				FNR = at[from, i]
				if (!(parts[j] in nr_lines))
					mistake("uses a part that is not there: " parts[j])
				add(parts[j])
			}
		} else if (kind[key] == "single") {
			# What a boot is for is not handed on
			if (depth == 1 || (key != "about" && key != "in"))
				single[key] = text
		} else {
			list[++nr_list] = key "\t" text
			list_at[nr_list] = FNR
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
	split("about emulator arch machine cpu cpus memory image limit", words, " ")
	for (i in words)
		if (!(words[i] in single))
			mistake("begins the boot " from ", which has no \"" words[i] ":\"")
}

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

function print_boot(   i, n, key, pair, text, names) {
	for (i = 1; i <= nr_boots && boots[i] != boot; i++)
		names = names " " boots[i]
	if (i > nr_boots)
		die("no boot \"" boot "\" in configs/boots, there are:" names)
	read_boot(boot)
	for (i in single)
		if (i == "minutes" || i == "cpus" || i == "image")
			value[i] = single[i]
	n = split(params, pair, " ")
	for (i = 1; i <= n; i++) {
		key = text = pair[i]
		sub(/=.*/, "", key)
		sub(/^[^=]*=/, "", text)
		value[key] = text
	}
	value["msis"] = has(kernel_has[value["kernel"]], "multi-msi") ? value["cpus"] + 1 : 1
	print "has\t" given(value["kernel"], value["image"])
	if ("minutes" in value)
		value["seconds"] = value["minutes"] * 60
	for (key in single)
		if (key != "in" && key != "minutes")
			print key "\t" put(single[key])
	for (i = 1; i <= nr_list; i++) {
		key = text = list[i]
		sub(/\t.*/, "", key)
		sub(/^[^\t]*\t/, "", text)
		FNR = list_at[i]
		text = put(text)
		if (key == "row")
			sub(/^1 MSIs/, "1 MSI", text)
		print key "\t" text
	}
}

# have(SERIES, PART): what it gives, unless that is a part of it, and what it stands on
function have(name, part,   i, n, on) {
	if ((getline <(top "patches/" name "/series")) < 0)
		return
	if (!part)
		has_all = has_all "," gives[name]
	n = stands_on[name] == "base" ? 0 : split(stands_on[name], on, ",")
	for (i = 1; i <= n; i++) {
		part = sub(/:.*/, "", on[i])
		have(on[i], part)
	}
}

function can_run(   i, j, n, words) {
	for (i = 1; i <= nr_list; i++) {
		n = split(list[i], words, /[\t ]/)
		for (j = 2; words[1] == "needs" && j <= n; j++)
			if (!has(has_all, words[j]))
				return 0
	}
	return 1
}

# given(KERNEL, IMAGE): what that kernel has, and what the series in the image give: SERIES has that
# one and what it stands on, unpatched has none, any other has all
function given(kernel, image,   i, text) {
	sub(/\+.*/, "", image)
	has_all = kernel_has[kernel]
	for (i = 1; i <= nr_series && image != "unpatched"; i++)
		if (image in kernel_of ? series_names[i] == image : \
		    kernel_of[series_names[i]] == kernel)
			have(series_names[i])
	text = has_all
	gsub(/,/, " ", text)
	return text
}

function print_boots(   i) {
	given(kernel, image)
	for (i = 1; i <= nr_boots; i++) {
		read_boot(boots[i])
		if (index(" " single["in"] " ", " " group " ") && can_run())
			print boots[i]
	}
}

# Without SERIES it is the first one of KERNEL, without KERNEL the first one
function print_names(   i, all) {
	if (KERNEL != "" && !(KERNEL in kernel_has))
		die("there is no KERNEL=" KERNEL " in configs/kernels, it has:" kernels)
	for (i = 1; i <= nr_series; i++)
		all = all " " series_names[i]
	if (SERIES != "" && !(SERIES in kernel_of))
		die("there is no SERIES=" SERIES " in configs/series, it has:" all)
	if (SERIES != "" && KERNEL != "" && kernel_of[SERIES] != KERNEL)
		die("SERIES=" SERIES " is for KERNEL=" kernel_of[SERIES] ", not for " KERNEL)
	if (KERNEL == "")
		KERNEL = SERIES == "" ? first_kernel : kernel_of[SERIES]
	for (i = nr_series; i && SERIES == ""; i--)
		if (kernel_of[series_names[i]] == KERNEL)
			first = series_names[i]
	all = KERNEL " " (SERIES != "" ? SERIES : first != "" ? first : "none")
	for (i = 1; i <= nr_boots; i++) {
		read_boot(boots[i])
		all = all " " boots[i]
	}
	print all
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
