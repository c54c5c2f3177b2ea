# SPDX-License-Identifier: GPL-2.0-only
# Draw the EventIDs of each DeviceID from the state lines of a boot's results, as SVG, a row for
# each observation. A function on bus 0 has a DeviceID of its own, those behind a bridge share one.

# mark(LIST, CLASS): EventIDs of a list like "0-2,5" are that in this row, if they are nothing else
function mark(list, class,   n, i, e, ranges, range) {
	n = split(list, ranges, ",")
	for (i = 1; i <= n; i++) {
		if (split(ranges[i], range, "-") == 1)
			range[2] = range[1]
		for (e = range[1] + 0; range[1] != "" && e <= range[2] + 0; e++) {
			if (!(e in now))
				now[e] = class
			if (e >= width[dev])
				width[dev] = e + 1
		}
	}
}

$1 == "#" && $2 == "state" && $4 !~ /^vfio/ {
	for (i = 7; i <= NF; i++) {
		split($i, field, "=")
		value[field[1]] = field[2]
	}
	eventids[$3] = value["eventids"]
	enabled[$3] = value["enabled"]
	dev = substr($3, 6, 2) == "00" ? substr($3, 6) : "bus " substr($3, 6, 2)
	if (!rows[dev]++)
		devices[++nr_devices] = dev
	if (!($3 in number)) {
		number[$3] = ++nr[dev]
		names[dev, nr[dev]] = $3
	}

	# The vectors of this one are as new as the row. Behind them comes the rest of Multi-MSI
	# blocks, unless the kernel shows what is reserved.
	split("", now)
	mark(eventids[$3], "f" number[$3])
	for (f = 1; f <= nr[dev]; f++)
		mark(eventids[names[dev, f]], "f" f)
	shown = value["reserved"] != "-"
	for (f = 1; f <= nr[dev] && !shown; f++) {
		base = eventids[names[dev, f]] + 0
		size = enabled[names[dev, f]] + 0
		mark(size ? base "-" base + size - 1 : "", "padding")
	}
	mark(value["reserved"], "padding")
	# The lowest free EventIDs are taken first. So what was padding, is below and is not taken
	# has not been given back.
	base = eventids[$3] + 0
	cells = ""
	for (e = 0; e < width[dev]; e++) {
		if (!shown && !(e in now) &&
		    (was[dev, e] == "lost" || was[dev, e] == "padding" && e < base))
			now[e] = "lost"
		if (e in now) {
			cells = cells "<rect class='" now[e] "' x='" 130 + e * 10 "' y='" \
				rows[dev] * 12 - 12 "'/>"
			was[dev, e] = now[e]
		}
	}
	drawn[dev] = drawn[dev] "<text y='" rows[dev] * 12 - 3 "'>" substr($3, 6) " " $4 " " $5 \
		"</text>" cells "\n"
}

END {
	for (d = 1; d <= nr_devices; d++) {
		dev = devices[d]
		printf "<figure><figcaption>%s</figcaption><svg width='%d' height='%d'>\n", dev,
		       140 + width[dev] * 10, rows[dev] * 12 + 4
		printf "%s</svg></figure>\n", drawn[dev]
	}
}
