# SPDX-License-Identifier: GPL-2.0-only
# table.awk -v names=LIST -v images=LIST CONSOLE...: print what test/parents saw on each kernel. Fail
# if the patched one did what it must not, or the unpatched one showed nothing where it should.

function fault(text) {
	print "error: " text
	bad = 1
}

BEGIN {
	# Right without the patches; and wrong with them: on Graviton the vector is in the address,
	# and Multi-MSI is offered
	right = " sg2042_msi "
	known = " gic_v2m_graviton "
	n = split(images, image, " ")
	count = split(names, name, " ")
}

FNR == 1 { kernel = image[++file] }
{ sub(/\r$/, "") }

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
	faults[row] = leak[row] > 0 || wrong[row] || r[1] != r[2] || f[1] != f[2]
}

/try faulted:/ { crashes[kernel]++ }
/WARNING:|BUG:|Oops|Kernel panic|suspicious RCU|possible .* locking|sleeping function/ {
	complaints[kernel] = complaints[kernel] "\n" $0
}

END {
	printf "%-22s", ""
	for (k = 1; k <= n; k++)
		printf "%-64s", image[k]
	printf "\n%-22s", ""
	for (k = 1; k <= n; k++)
		printf "%5s %4s %8s %-44s", "right", "leak", "failures", "wrong"
	print ""
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
			line = line sprintf("%5s %4s %8s %-44s", shown[row], leak[row], failures[row],
					    wrong[row] ? wrong[row] : "-")
			if (image[k] == "patched" && faults[row] && !index(known, " " name[i] " "))
				fault("patched: " name[i] " is wrong")
			if (image[k] == "unpatched" && (row in shown) && !faults[row] &&
			    !index(right, " " name[i] " "))
				fault("unpatched: " name[i] " shows no fault")
		}
		sub(/ +$/, "", line)
		print line
	}
	if (complaints["patched"])
		fault("patched: the kernel complains:" complaints["patched"])
	exit bad
}
