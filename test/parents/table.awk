# SPDX-License-Identifier: GPL-2.0-only
# table.awk -v names=LIST -v images=LIST -v sanitized=[YES] CONSOLE...: print what test/parents saw
# on each kernel, of how many numbers of vectors it was right. Fail if the patched one did what it
# must not, or less than the unpatched one, or if the unpatched one showed nothing where it should.

function cells(shown, leak, failures, wrong) {
	return sprintf("%5s %4s %8s %-44s", shown, leak, failures, wrong)
}

function put(line) {
	sub(/ +$/, "", line)
	print line
}

function fault(text) {
	print "error: " text
	bad = 1
}

BEGIN {
	# Right without the patches, and offers less with them: Multi-MSI that cannot work
	right = " sg2042_msi "
	less = " loongarch_avec "
	n = split(images, image, " ")
	count = split(names, name, " ")
}

FNR == 1 { kernel = image[++file] }
{ sub(/\r$/, ""); sub(/^<[0-9]+>/, "") }

/^parents: [^ ]+ right/ {
	row = kernel SUBSEP $2
	shown[row] = $4
	leak[row] = $6
	for (i = 7; $i != "failures"; i += 2)
		if ($(i + 1) > 0)
			wrong[row] = wrong[row] (wrong[row] ? ", " : "") $i
	failures[row] = $(i + 1)
	split($4, r, "/")
	split($(i + 1), f, "/")
	tried[row] = r[2]
	failed[row] = f[2]
	faults[row] = leak[row] > 0 || wrong[row] || r[1] != r[2] || f[1] != f[2] ||
		      sanitized && !f[2]
}

/try faulted:/ { crashes[kernel]++ }

END {
	line = sprintf("%-22s", "")
	line2 = line
	for (k = 1; k <= n; k++) {
		line = line sprintf("%-64s", image[k])
		line2 = line2 cells("right", "leak", "failures", "wrong")
	}
	put(line)
	put(line2)
	for (i = 1; i <= count; i++) {
		line = sprintf("%-22s", name[i])
		for (k = 1; k <= n; k++) {
			row = image[k] SUBSEP name[i]
			if (!(row in shown) && crashes[image[k]]-- > 0) {
				wrong[row] = "crash"
				faults[row] = 1
			} else if (!(row in shown)) {
				fault(image[k] ": " name[i] " did not run to its end")
			}
			line = line cells(shown[row], leak[row], failures[row],
					  wrong[row] ? wrong[row] : "-")
			if (image[k] == "patched" && faults[row])
				fault("patched: " name[i] " is wrong")
			if (image[k] == "unpatched" && (row in shown) && !faults[row] &&
			    !index(right, " " name[i] " "))
				fault("unpatched: " name[i] " shows no fault")
		}
		put(line)
		if (!index(less, " " name[i] " ") &&
		    (tried["patched", name[i]] < tried["unpatched", name[i]] ||
		     failed["patched", name[i]] < failed["unpatched", name[i]]))
			fault("patched: " name[i] " tries less than unpatched")
	}
	exit bad
}
