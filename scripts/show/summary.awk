# SPDX-License-Identifier: GPL-2.0-only
# Sum up the console logs of one kernel, CPUS.log each, a line for each scenario,
# separated by tabs: what was done, observations that the kselftests found right, how
# many there were, the controller's number of vectors, how often its keyboard was there,
# and how many observations of a keyboard there were. -v msis=CPUs+1 or a number is what
# the xhci driver asks for.

# A new observation in a scenario. It is right until the kselftest says otherwise.
function observe(name) {
	if (!(name in total))
		names[++nr_names] = name
	scenario = name
	total[name]++
	right[name]++
	judged = 0
}

function wrong() {
	if (scenario != "" && !judged)
		right[scenario]--
	judged = 1
}

function note_controller(vectors, children) {
	if (vectors != wanted)
		wrong()
	if (vectors != last_vectors[scenario]) {
		if (scenario in seen)
			seen[scenario] = seen[scenario] ">"
		seen[scenario] = seen[scenario] vectors
		last_vectors[scenario] = vectors
	}
	# Two root hubs and a keyboard, each with one interface
	keyboard[scenario] += (children == "6/6")
	keyboard_of[scenario]++
}

FNR == 1 {
	n = split(FILENAME, path, /[\/.]/)
	wanted = msis == "CPUs+1" ? path[n - 1] + 1 : msis
	those_msis = wanted (wanted == 1 ? " MSI" : " MSIs")
}

/^### \// {
	behind_bridge = $NF ~ /^0000:01/
	scenario = ""
}

$1 == "#" && $2 == "state" && $4 != "start" {
	for (i = 6; i <= NF; i++) {
		split($i, field, "=")
		value[field[1]] = field[2]
	}
	if ($4 ~ /^vfio/)
		observe($4 == "vfio-msi" ? "vfio-pci, 1 to 16 MSIs" : "vfio-pci, 1 to 16 MSI-X")
	else if (behind_bridge)
		observe(those_msis " behind a bridge")
	else
		observe(those_msis ", " ($4 == "remove" ? "hot removes" : "reloads"))
	if ($3 ~ /02\.0$/)
		note_controller(value["vectors"], value["children"])
}

# What the kselftest finds wrong with an observation follows it
/^# [0-9a-f]+:[0-9a-f]+:[0-9a-f]+\.[0-9] / {
	wrong()
}

END {
	for (i = 1; i <= nr_names; i++) {
		s = names[i]
		n = split(seen[s], v, ">")
		if (n > 3)
			seen[s] = v[1] ">...>" v[n]
		printf "%s\t%d\t%d\t%s\t%d\t%d\n", s, right[s], total[s], seen[s], keyboard[s], keyboard_of[s]
	}
}
