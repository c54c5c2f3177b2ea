# SPDX-License-Identifier: GPL-2.0-only
# The judge of a boot: -v expect=pass|bug, then BOOT, as tables.awk prints it, RESULTS, what the guest
# printed for the harness, and CONSOLE, the kernel's log. Prints lines of fields separated by tabs:
#
#	row NAME RIGHT TOTAL VECTORS CHILDREN OF	a row of the demo's table: observations that
#		were right, of how many, numbers of vectors seen, how often the children were there
#	complaints N		lines of the kernel's log that complain
#	skip TEXT		a test that was skipped, as the row allows
#	bug TEXT		a fault of the kernel: a failed test, a complaint
#	fail TEXT		no verdict is possible, or something else is wrong
#	verdict pass|fail
#
# With expect=bug, "bug" lines are what is wanted, and each row of the table has to show it.

BEGIN {
	# What the kernel says when something is wrong with it
	complaint = "WARNING: |BUG: |KASAN: |UBSAN: |KFENCE: |Oops|Internal error: |Kernel panic|" \
		"Unable to handle kernel|Bad mode in |Unhandled .*(fault|exception)|Synchronous External Abort|" \
		"kobject(_add_internal)?: .*(can not|error|fail|not init|tried to)|kobject_add_internal failed|" \
		"possible (irq lock|recursive lock|circular lock|deadlock)|inconsistent lock state|suspicious RCU usage|" \
		"INFO: (task|trying to register|possible|lockdep)|held lock freed|bad unlock balance|" \
		"blocked for more than|self-detected stall|detected (expedited )?stalls|rcu.*kthread starved|" \
		"soft lockup|hard LOCKUP|sleeping function called|scheduling while atomic|Bad page state|" \
		"list_(add|del) corruption|refcount_t: |page allocation failure|unreferenced object|" \
		"new suspected memory leaks|nobody cared|unexpected IRQ trap|stack-protector:"

	if (ARGC != 4 || expect !~ /^(pass|bug)$/) {
		print "error: judge.awk takes -v expect=pass|bug ROW RESULTS CONSOLE" >"/dev/stderr"
		exit 2
	}
	allow = skip = "^$"
	nr_letters = split("P F S R M B U D A W C I O E L K X T N J", letters, " ")

	while ((getline line <ARGV[1]) > 0)
		read_row(line)
	while ((getline line <ARGV[2]) > 0)
		read_result(line)
	end_of_results()
	while ((getline line <ARGV[3]) > 0)
		read_console(line)
	end_of_console()

	print_rows()
	for (i = 1; i <= nr_suites; i++)
		if (!(suites[i] in suite_ok))
			bug("the KUnit suite " suites[i] " did not run to a good end")
	for (i = 1; i <= nr_signs; i++)
		if (!(i in sign_seen))
			fail("nothing shows \"" signs[i] "\"")
	print "complaints\t" nr_complaints + 0
	print "verdict\t" (failed ? "fail" : "pass")
	exit failed
}

function fail(text) {
	print "fail\t" text
	failed = 1
}

function bug(text) {
	print "bug\t" text
	if (expect == "pass")
		failed = 1
}

function either(a, b) {
	return a == "^$" ? b : a "|" b
}

function read_row(line,   key, text, words, i) {
	key = text = line
	sub(/\t.*/, "", key)
	sub(/^[^\t]*\t/, "", text)
	if (key == "run" || key == "do") {
		commands[++nr_commands] = text
		must_tap[nr_commands] = key == "run"
	} else if (key == "row") {
		add_row(text)
	} else if (key == "allow") {
		allow = either(allow, text)
	} else if (key == "skip") {
		skip = either(skip, text)
	} else if (key == "taint") {
		split(text, words, " ")
		for (i in words)
			may_taint[words[i]] = 1
	} else if (key == "kunit") {
		split(text, words, " ")
		for (i in words)
			suites[++nr_suites] = words[i]
	} else if (key == "sign") {
		signs[++nr_signs] = text
	}
}

# NAME = WORD...: a word is an action, a function or a setting
function add_row(text,   words, i, pair) {
	i = index(text, " = ")
	rows[++nr_rows] = substr(text, 1, i - 1)
	split(substr(text, i + 3), words, " ")
	for (i in words) {
		if (words[i] ~ /=/) {
			split(words[i], pair, "=")
			setting[nr_rows, pair[1]] = pair[2]
		} else if (words[i] ~ /:/) {
			setting[nr_rows, "function"] = words[i]
		} else {
			row_of[nr_commands, words[i]] = nr_rows
		}
	}
	has_rows[nr_commands] = 1
}

function see_signs(line,   i) {
	for (i = 1; i <= nr_signs; i++)
		if (line ~ signs[i])
			sign_seen[i] = 1
}

function read_result(line) {
	sub(/\r$/, "", line)
	see_signs(line)
	if (line ~ /^### monitor /)
		return
	if (line ~ /^### /) {
		read_marker(line)
		return
	}
	if (!running)
		return
	if (line ~ /^TAP version /)
		tap = 1
	else if (line ~ /^1\.\.[0-9]+/)
		read_plan(line)
	else if (line ~ /^(not )?ok /)
		read_test(line)
	else if (line ~ /^Bail out!/)
		fail(commands[at] ": " line)
	else if (line ~ /^# state /)
		read_state(line)
}

function read_marker(line) {
	if (line == "### done") {
		if (running)
			fail(commands[at] ": has no end")
		done = 1
	} else if (line ~ /^### exit [0-9]+$/ && running) {
		end_command(substr(line, 10) + 0)
	} else if (line ~ /^### tainted [0-9]+$/) {
		tainted(substr(line, 13) + 0)
	} else if (line ~ /^### \//) {
		if (running)
			fail(commands[at] ": has no end")
		at++
		running = 1
		tap = plan = nr_ok = nr_not_ok = nr_skipped = 0
		planned = 0
		if (line != "### " commands[at])
			fail("expected \"" commands[at] "\", \"" substr(line, 5) "\" ran")
	} else {
		fail(substr(line, 5))
	}
}

function read_plan(line) {
	if (planned++)
		fail(commands[at] ": a second plan")
	plan = substr(line, 4) + 0
	if (line ~ /# SKIP/)
		skipped(line)
}

function skipped(line) {
	sub(/^.*# SKIP */, "", line)
	nr_skipped++
	if (line !~ skip)
		fail("skipped: " line)
	else
		print "skip\t" line
}

function read_test(line,   nr, words) {
	split(line, words, " ")
	nr = words[1] == "ok" ? words[2] : words[3]
	if (nr + 0 != nr_ok + nr_not_ok + 1)
		fail(commands[at] ": result " nr " follows result " nr_ok + nr_not_ok)
	if (line ~ /^not ok/) {
		nr_not_ok++
		bug(line)
		return
	}
	nr_ok++
	if (line ~ /# SKIP/)
		skipped(line)
	else if (line ~ /# (XFAIL|XPASS|TODO)/)
		fail("no pass: " line)
}

function end_command(status,   seen) {
	running = 0
	seen = nr_ok + nr_not_ok
	if (!must_tap[at]) {
		if (status)
			bug(commands[at] ": exit " status)
		return
	}
	if (!tap)
		fail(commands[at] ": no TAP")
	if (!planned)
		fail(commands[at] ": no plan")
	else if (seen != plan)
		fail(commands[at] ": " seen " results, " plan " planned")
	if (status == 4 && nr_skipped && nr_skipped >= seen)
		return
	if (status != (nr_not_ok > 0))
		fail(commands[at] ": exit " status " with " nr_not_ok " tests that are not ok")
}

function tainted(flags,   i, found) {
	for (i = 1; flags > 0; i++) {
		if (flags % 2 && !(letters[i] in may_taint))
			found = found " " (i <= nr_letters ? letters[i] : "bit " i - 1)
		flags = int(flags / 2)
	}
	if (found != "" && !was_tainted++)
		bug("the kernel is tainted:" found)
}

# "# state FUNCTION ACTION CYCLE start|right|wrong NAME=VALUE...", one for each observation. The
# verdict "start" is that of what was not told how much there has to be at the start.
function read_state(line,   words, nr, i, pair, value, row, right) {
	nr = split(line, words, " ")
	if (nr < 6 || words[6] !~ /^(start|right|wrong)$/) {
		fail("an observation without a verdict: " line)
		return
	}
	for (i = 7; i <= nr; i++) {
		split(words[i], pair, "=")
		value[pair[1]] = pair[2]
	}
	for (row = 1; row <= nr_rows; row++) {
		if (setting[row, "function"] != words[3])
			continue
		if (words[6] == "start")
			check_start(row, value["vectors"], value["children"])
		else if (words[4] ~ /^(start|late)$/)
			started[row] = 1
	}
	if (words[6] == "start")
		return
	if (!has_rows[at])
		return
	if (!((at, words[4]) in row_of)) {
		if (!homeless[words[4]]++)
			fail("observations of \"" words[4] "\" belong to no row: " line)
		return
	}
	row = row_of[at, words[4]]
	right = words[6] == "right"
	if (setting[row, "function"] == words[3]) {
		if (setting[row, "vectors"] != "" && value["vectors"] != setting[row, "vectors"])
			right = 0
		if (value["vectors"] "" != last[row] "")
			vectors[row] = vectors[row] (last[row] == "" ? "" : ">") value["vectors"]
		last[row] = value["vectors"]
		split(value["children"], pair, "/")
		if (setting[row, "children"] != "") {
			children[row] += pair[1] == setting[row, "children"]
			nr_children[row]++
		}
	}
	total[row]++
	nr_right[row] += right
}

function check_start(row, vectors, children) {
	if (setting[row, "vectors"] != "" && vectors != setting[row, "vectors"])
		fail(setting[row, "function"] " starts with " vectors " vectors, not " setting[row, "vectors"])
	sub(/\/.*/, "", children)
	if (setting[row, "children"] != "" && children != setting[row, "children"])
		fail(setting[row, "function"] " starts with " children " children, not " setting[row, "children"])
	started[row] = 1
}

function end_of_results() {
	if (!done)
		fail("the guest did not finish, it was at: " (running ? commands[at] : at ? "the end of " commands[at] : "its start"))
	else if (at < nr_commands)
		fail("did not run: " commands[at + 1])
}

function read_console(line) {
	sub(/\r$/, "", line)
	sub(/^\[ *[0-9]+\.[0-9]+\](\[ *[TC][0-9]+\])? /, "", line)
	see_signs(line)
	if (line ~ /^Kernel command line: /)
		return
	if (line == "### done")
		console_done = 1
	if (line ~ complaint && line !~ allow) {
		if (++nr_complaints <= 5)
			bug("kernel: " line)
	} else if (line ~ /^ *not ok [0-9]/) {
		bug("KUnit:" line)
	} else if (line ~ /^ *ok [0-9].*# SKIP/) {
		skipped(line)
	} else if (match(line, /^ok [0-9]+ /)) {
		suite_ok[substr(line, RLENGTH + 1)] = 1
	}
}

function end_of_console() {
	if (nr_complaints > 5)
		bug("kernel: and " nr_complaints - 5 " more")
	if (done && !console_done)
		fail("the kernel's log has no end")
}

function print_rows(   row) {
	for (row = 1; row <= nr_rows; row++) {
		printf "row\t%s\t%d\t%d\t%s\t%d\t%d\n", rows[row], nr_right[row], total[row],
		       vectors[row], children[row], nr_children[row]
		if (!total[row])
			fail("nothing was observed: " rows[row])
		else if (setting[row, "function"] != "" && !started[row])
			fail("no start was observed: " rows[row])
		else if (nr_right[row] < total[row] || children[row] < nr_children[row])
			bug("wrong: " rows[row])
		else if (expect == "bug" && setting[row, "vectors"] != 1 && setting[row, "unpatched"] != "any")
			fail("the bug does not show: " rows[row])
	}
}
