# SPDX-License-Identifier: GPL-2.0-only
# Draw the EventIDs of each DeviceID from the state lines of a boot's results, as SVG, a row
# for each observation. A function on bus 0 has a DeviceID of its own, the functions
# behind a bridge share one.

# Sets ids[1..] to the EventIDs of a list like "0-2,5", returns how many
function expand(list, ids,   n, i, e, range, ranges) {
	split("", ids)
	n = 0
	split(list, ranges, ",")
	for (i = 1; i in ranges; i++) {
		if (split(ranges[i], range, "-") == 1)
			range[2] = range[1]
		if (range[1] !~ /^[0-9]+$/)
			continue
		for (e = range[1] + 0; e <= range[2] + 0; e++)
			ids[++n] = e
	}
	return n
}

function cell(e, class) {
	cells[dev, row] = cells[dev, row] "<rect class='" class "' x='" 130 + e * 10 "' y='" row * 12 "'/>"
	if (e >= width[dev])
		width[dev] = e + 1
}

# One function's EventIDs: its vectors, and for Multi-MSI the rest of its block, unless
# the kernel shows what is reserved
function draw_function(bdf, class, shown,   n, i, e, ids) {
	n = expand(eventids[bdf], ids)
	for (i = 1; i <= n; i++) {
		cell(ids[i], class)
		status[dev, ids[i]] = "used"
	}
	for (e = ids[1] + n; n && !shown && e < ids[1] + enabled[bdf]; e++) {
		cell(e, "padding")
		status[dev, e] = "padding"
	}
	return n ? ids[1] : 0
}

# What the kernel has reserved beside the vectors of this row
function draw_reserved(list,   n, i, ids) {
	n = expand(list, ids)
	for (i = 1; i <= n; i++)
		if (status[dev, ids[i]] != "used")
			cell(ids[i], "padding")
}

$1 == "#" && $2 == "state" && $4 !~ /^vfio/ {
	for (i = 7; i <= NF; i++) {
		split($i, field, "=")
		value[field[1]] = field[2]
	}
	eventids[$3] = value["eventids"]
	enabled[$3] = value["enabled"]

	dev = substr($3, 6, 2) == "00" ? substr($3, 6) : "bus " substr($3, 6, 2)
	if (!(dev in rows))
		devices[++nr_devices] = dev
	row = rows[dev]++
	if (index(functions[dev], $3) == 0)
		functions[dev] = functions[dev] " " $3
	label[dev, row] = substr($3, 6) " " $4 " " $5

	for (e = 0; e < width[dev]; e++)
		if (status[dev, e] == "used")
			status[dev, e] = ""
		else if (status[dev, e] == "padding")
			status[dev, e] = "was padding"

	base = 0
	shown = value["reserved"] != "-"
	nr = split(functions[dev], names, " ")
	for (f = 1; f <= nr; f++) {
		first = draw_function(names[f], "f" f, shown)
		if (names[f] == $3)
			base = first
	}
	if (shown) {
		draw_reserved(value["reserved"])
		next
	}
	# The lowest free EventIDs are taken first. So what was padding, is below and is
	# not taken has not been given back.
	for (e = 0; e < width[dev]; e++) {
		if (status[dev, e] == "was padding" && e < base)
			status[dev, e] = "lost"
		if (status[dev, e] == "lost")
			cell(e, "lost")
	}
}

END {
	for (d = 1; d <= nr_devices; d++) {
		dev = devices[d]
		printf "<figure><figcaption>%s</figcaption><svg width='%d' height='%d'>\n", dev,
		       140 + width[dev] * 10, rows[dev] * 12 + 4
		for (row = 0; row < rows[dev]; row++)
			printf "<text y='%d'>%s</text>%s\n", row * 12 + 9, label[dev, row], cells[dev, row]
		print "</svg></figure>"
	}
}
