# SPDX-License-Identifier: GPL-2.0-only
# Read tables of mutations: with -v name=NAME -v src=DIR make that one in the kernel tree DIR, -v dry=1
# looks only whether it can be made; without name list all, NAME and where each. The tables say
# what they look like.

function die(text) {
	print "error: " text >"/dev/stderr"
	died = 1
	exit 1
}

function next_change() {
	old[++nr_changes] = new[nr_changes] = ""
}

FNR == 1 {
	split("", common)
	entry = ""
	in_text = 0
}

/^#/ {
	next
}

!NF && !/^ / {
	in_text = 0
	entry = ""
	next
}

/^mutation: / {
	entry = substr($0, 11)
	if (entry in where)
		die(FILENAME ": there are two \"" entry "\"")
	names[++nr_names] = entry
	where[entry] = common["where"]
	file[entry] = common["file"]
	next
}

!in_text && /^(file|where|rule): / {
	key = $1
	sub(/:$/, "", key)
	text = substr($0, length(key) + 3)
	if (entry == "")
		common[key] = text
	else if (key == "where")
		where[entry] = text
	else if (key == "file")
		file[entry] = text
	next
}

/^[ +-]/ || $0 == "@@" {
	in_text = 1
	if (entry == "")
		die(FILENAME ", line " FNR ": \"mutation: NAME\" has to be first")
	changes[entry]++
	if (entry != name)
		next
	if (!nr_changes || $0 == "@@")
		next_change()
	if (/^[ -]/)
		old[nr_changes] = old[nr_changes] substr($0, 2) "\n"
	if (/^[ +]/)
		new[nr_changes] = new[nr_changes] substr($0, 2) "\n"
	next
}

{
	die(FILENAME ", line " FNR ": neither \"key: value\" nor a line of a change")
}

function mutate(   path, text, line, i, at) {
	if (!(name in where))
		die("there is no mutation \"" name "\"")
	path = src "/" file[name]
	text = "\n"
	while ((i = getline line <path) > 0)
		text = text line "\n"
	if (i < 0)
		die("mutation " name ": there is no " path)
	close(path)
	for (i = 1; i <= nr_changes; i++) {
		at = index(text, "\n" old[i])
		if (old[i] == "" || !at)
			die("mutation " name ": the old text is not in " file[name] ":\n" old[i])
		if (index(substr(text, at + 1), "\n" old[i]))
			die("mutation " name ": the old text is in " file[name] " more than once:\n" old[i])
		text = substr(text, 1, at) new[i] substr(text, at + 1 + length(old[i]))
	}
	if (!dry)
		printf "%s", substr(text, 2) >path
}

END {
	if (died)
		exit 1
	if (name != "") {
		mutate()
		exit
	}
	for (i = 1; i <= nr_names; i++) {
		if (!changes[names[i]])
			die("mutation " names[i] " changes nothing")
		print names[i], where[names[i]]
	}
}
