# SPDX-License-Identifier: GPL-2.0-only
# Read configs/boots. With -v row=NAME: print all keys of that row, "key<TAB>value", its parts and
# the parameters of -v params="NAME=VALUE..." put in place. Else print the names of the rows
# of -v group=GROUP, or of all, that are for -v kernel=NAME.

function die(text) {
	if (!died)
		print "error: " text >"/dev/stderr"
	died = 1
	exit 1
}

BEGIN {
	split("about in not-on emulator arch machine cpu cpus memory image limit minutes", words, " ")
	for (i in words)
		kind[words[i]] = "single"
	split("use qemu options append dts dtb swap starts file run row do " \
	      "skip allow taint kunit sign print", words, " ")
	for (i in words)
		kind[words[i]] = "list"
	if (!file)
		file = "configs/boots"
}

/^#/ || !NF {
	if (!NF)
		name = ""
	next
}

{
	if (!match($0, /^[a-z-]+: /))
		die(file ": line " FNR " is not \"key: value\"")
	key = substr($0, 1, RLENGTH - 2)
	text = substr($0, RLENGTH + 1)
}

key == "boot" || key == "part" {
	name = text
	if (name in nr_lines)
		die(file ": line " FNR ": there is a \"" name "\" already")
	nr_lines[name] = 0
	if (key == "boot")
		boots[++nr_boots] = name
	next
}

{
	if (!(key in kind))
		die(file ": line " FNR ": there is no key \"" key "\"")
	if (name == "")
		die(file ": line " FNR ": a paragraph begins with \"boot:\" or \"part:\"")
	lines[name, ++nr_lines[name]] = key "\t" text
}

# Put the lines of a paragraph, and of those that it uses, in the row
function add(from,   i, j, key, text, parts) {
	if (!(from in nr_lines))
		die(file ": there is no part \"" from "\"")
	if (++depth > 9)
		die(file ": \"" from "\" uses itself")
	for (i = 1; i <= nr_lines[from]; i++) {
		key = text = lines[from, i]
		sub(/\t.*/, "", key)
		sub(/^[^\t]*\t/, "", text)
		if (key == "use") {
			split(text, parts, " ")
			for (j = 1; j in parts; j++)
				add(parts[j])
		} else if (kind[key] == "single") {
			# What a row is for is not handed on
			if (depth == 1 || (key != "about" && key != "in"))
				single[key] = text
		} else {
			list[++nr_list] = key "\t" text
		}
	}
	depth--
}

function put(text,   out, word) {
	while (match(text, /[{][a-z]+[}]/)) {
		word = substr(text, RSTART + 1, RLENGTH - 2)
		if (!(word in value))
			die("the row " row " needs " word "=")
		out = out substr(text, 1, RSTART - 1) value[word]
		text = substr(text, RSTART + RLENGTH)
	}
	return out text
}

function print_row(   i, n, key, pair, text) {
	for (i = 1; i <= nr_boots && boots[i] != row; i++)
		names_of_all = names_of_all " " boots[i]
	if (i > nr_boots)
		die("no boot \"" row "\" in " file ", there are:" names_of_all)
	add(row)
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
	if (value["msis"] == "CPUs+1")
		value["msis"] = value["cpus"] + 1
	if ("minutes" in value)
		value["seconds"] = value["minutes"] * 60
	split("about emulator arch machine cpu cpus memory image limit", words, " ")
	for (i = 1; i in words; i++) {
		if (!(words[i] in single))
			die(file ": the row " row " has no \"" words[i] "\"")
		print words[i] "\t" put(single[words[i]])
	}
	for (i = 1; i <= nr_list; i++) {
		key = text = list[i]
		sub(/\t.*/, "", key)
		sub(/^[^\t]*\t/, "", text)
		text = put(text)
		if (key == "row")
			sub(/^1 MSIs/, "1 MSI", text)
		print key "\t" text
	}
}

function print_names(   i) {
	for (i = 1; i <= nr_boots; i++) {
		split("", single)
		nr_list = 0
		add(boots[i])
		if (group != "" && index(" " single["in"] " ", " " group " ") == 0)
			continue
		if (kernel != "" && index(" " single["not-on"] " ", " " kernel " "))
			continue
		print boots[i]
	}
}

END {
	if (died)
		exit 1
	if (row != "")
		print_row()
	else
		print_names()
}
