# SPDX-License-Identifier: GPL-2.0-only
# The judge of a boot: -v expect=pass|bug, then BOOT, as tables.awk prints it, RESULTS, what the
# guest printed for the harness, and CONSOLE, the kernel's log. Prints lines of fields separated
# by tabs:
#
#	row NAME RIGHT TOTAL VECTORS CHILDREN OF	a row of the demo's table: observations that
#		were right, of how many, numbers of vectors seen, how often the children were there
#	step NAME FUNCTION ACTION CYCLE VECTORS		an observation of that row
#	complaints N		lines of the kernel's log that complain
#	skip TEXT		a test that was skipped, as the boot allows
#	bug TEXT		a fault of the kernel: a failed test, a complaint
#	fail TEXT		no verdict is possible, or something else is wrong
#	verdict pass|fail
#
# With expect=bug, "bug" lines are what is wanted, and each row of the table has to show it. The row
# says how much there has to be, as a program that does less than it was told would plan no more.
# Sources of KUnit suites are below -v top=DIR.

BEGIN {
	# What the kernel says below the level of an error when something is wrong with it
	complaint = "WARNING: |BUG: |INFO: (trying to register|possible|lockdep)|Oops|Bad mode in |" \
		"Unhandled .*(fault|exception)|refcount_t: |page allocation failure|unreferenced object|" \
		"possible (irq lock|recursive lock|circular lock|deadlock)|inconsistent lock state|" \
		"suspicious RCU usage|held lock freed|bad unlock balance|turning off the locking|" \
		"detected (expedited )?stalls|kthread starved|new suspected memory leaks|" \
		"leak detector disabled|nobody cared|unexpected IRQ trap"

	if (ARGC != 4 || expect !~ /^(pass|bug)$/) {
		print "error: judge.awk takes -v expect=pass|bug BOOT RESULTS CONSOLE" >"/dev/stderr"
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
	for (file in sources)
		check_suite((top == "" ? "." : top) "/" file)
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

# Patterns are for the whole of a text
function either(a, b) {
	return a == "^$" ? "^(" b ")$" : a "|^(" b ")$"
}

function add_words(text, set,   words, i) {
	split(text, words, " ")
	for (i in words)
		set[words[i]] = 1
}

function read_row(line,   key, text) {
	key = text = line
	sub(/\t.*/, "", key)
	sub(/^[^\t]*\t/, "", text)
	if (key == "run" || key == "do") {
		commands[++nr_commands] = text
		must_tap[nr_commands] = key == "run"
	} else if (key == "row") {
		add_row(text)
	} else if (key == "least") {
		least[nr_commands] = text
	} else if (key == "allow") {
		allow = either(allow, text)
	} else if (key == "skip") {
		skip = either(skip, text)
	} else if (key == "taint") {
		add_words(text, may_taint)
	} else if (key == "has") {
		add_words(text, has)
	} else if (key == "kunit") {
		add_words(text, sources)
	} else if (key == "sign") {
		signs[++nr_signs] = text
	}
}

# NAME = WORD...: a word is a function, a setting, or an action, with a count before it
function add_row(text,   words, nr, i, pair, count) {
	i = index(text, " = ")
	rows[++nr_rows] = substr(text, 1, i - 1)
	nr = split(substr(text, i + 3), words, " ")
	for (i = 1; i <= nr; i++) {
		if (words[i] ~ /=/) {
			split(words[i], pair, "=")
			setting[nr_rows, pair[1]] = pair[2]
		} else if (words[i] ~ /:/) {
			setting[nr_rows, "function"] = words[i]
		} else if (words[i] ~ /^[0-9]+(x[0-9]+)?$/) {
			count = words[i]
		} else {
			actions[nr_commands, ++nr_actions[nr_commands]] = words[i]
			row_of[nr_commands, words[i]] = nr_rows
			wanted[nr_commands, words[i]] = count
			count = ""
		}
	}
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
	else if (line ~ /^# [a-z]+=[0-9]+( [a-z]+=[0-9]+)*$/)
		read_counts(line)
}

# A command is over, and what follows its exit status was printed
function end_of_output() {
	if (running)
		fail(commands[at] ": has no end")
	if (wants_taint)
		fail(commands[at] ": nothing tells whether the kernel is tainted")
	running = wants_taint = 0
}

function read_marker(line) {
	if (line == "### done") {
		end_of_output()
		done = 1
	} else if (line ~ /^### exit [0-9]+$/ && running) {
		end_command(substr(line, 10) + 0)
		wants_taint = 1
	} else if (line ~ /^### tainted [0-9]+$/) {
		tainted(substr(line, 13) + 0)
		wants_taint = 0
	} else if (line ~ /^### \//) {
		end_of_output()
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
	if (is_skip(line))
		skipped(line)
}

function is_skip(line) {
	return toupper(line) ~ /# SKIP/
}

function skipped(line) {
	sub(/^.*# [Ss][Kk][Ii][Pp] */, "", line)
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
	if (is_skip(line))
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
	if (status != (nr_not_ok > 0) && !(status == 4 && nr_skipped && nr_skipped >= seen))
		fail(commands[at] ": exit " status " with " nr_not_ok " tests that are not ok")
	check_observations()
	check_least()
	if (!nr_actions[at] && least[at] == "")
		fail(commands[at] ": the row does not say how much it has to see")
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

# "# NAME=N...", which add up
function read_counts(line,   words, i, pair) {
	split(substr(line, 3), words, " ")
	for (i in words) {
		split(words[i], pair, "=")
		counted[at, pair[1]] += pair[2]
	}
}

function check_least(   words, i, pair, nr) {
	split(least[at], words, " ")
	for (i in words) {
		split(words[i], pair, "=")
		nr = counted[at, pair[1]] + 0
		if (!nr)
			fail(commands[at] ": no " pair[1])
		else if (nr < pair[2])
			bug(commands[at] ": " nr " " pair[1] ", not " pair[2])
	}
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
	was_seen[at, words[3]] = 1
	check_shown(line, value)
	for (row = 1; row <= nr_rows; row++) {
		if (setting[row, "function"] != words[3])
			continue
		if (words[6] == "start") {
			check_start(row, "vectors", value["vectors"])
			check_start(row, "children", value["children"])
		} else if (words[4] ~ /^(start|late)$/) {
			started[row] = 1
		}
	}
	if (words[6] == "start")
		return
	if (!((at, words[4]) in row_of)) {
		if (!homeless[words[4]]++)
			fail("observations of \"" words[4] "\" belong to no row: " line)
		return
	}
	row = row_of[at, words[4]]
	count_observation(words[4], words[3], words[5] + 0)
	if (setting[row, "fewer"] != "any")
		print "step\t" rows[row] "\t" words[3] "\t" words[4] "\t" words[5] "\t" value["vectors"]
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

# How many numbers a list such as "0-2,5" has
function count_list(list,   ranges, nr, range, i, n) {
	n = split(list, ranges, ",")
	for (i = 1; i <= n; i++)
		if (ranges[i] ~ /^[0-9]/)
			nr += split(ranges[i], range, "-") < 2 ? 1 : range[2] - range[1] + 1
	return nr + 0
}

# A vector of an ITS has been looked at if its LPI and its EventID are known, and its DeviceID,
# which the map shows. An old kernel does not show the message of MSI-X.
function check_shown(line, value,   blind) {
	if (!value["vectors"] || commands[at] !~ /^\/its_/)
		return
	if (count_list(value["lpis"]) != value["vectors"])
		blind = "LPIs"
	else if ((value["enabled"] > 0 || "msix-data" in has) &&
		 count_list(value["eventids"]) != value["vectors"])
		blind = "EventIDs"
	else if ("map" in has && value["deviceid"] !~ /^0x/)
		blind = "DeviceID"
	if (blind != "" && !blinded[at, blind]++)
		fail("an observation without " blind ": " line)
}

function check_start(row, what, nr) {
	sub(/\/.*/, "", nr)
	if (setting[row, what] != "" && nr != setting[row, what])
		fail(setting[row, "function"] " starts with " nr " " what ", not " setting[row, what])
	started[row] = 1
}

function count_observation(action, bdf, cycle) {
	if (!nr_seen[at, action, bdf]++)
		observed[at, action, ++nr_observed[at, action]] = bdf
	nr_cycles[at, action, bdf, cycle]++
	if (cycle > last_cycle[at, action, bdf])
		last_cycle[at, action, bdf] = cycle
}

# What this command was to observe, and what it names, was observed as often as the row says
function check_observations(   i, bdf, text) {
	for (i = 1; i <= nr_actions[at]; i++)
		check_action(actions[at, i])
	if (!nr_actions[at])
		return
	text = commands[at]
	while (match(text, /[0-9a-f]+:[0-9a-f]+:[0-9a-f]+\.[0-7]/)) {
		bdf = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (!((at, bdf) in was_seen))
			fail(commands[at] ": " bdf " was not observed")
	}
}

# FUNCTIONSxTIMES of those that the command names, or the number of all together
function check_action(action,   what, times, nr, i) {
	what = rows[row_of[at, action]] ": \"" action "\""
	if (split(wanted[at, action], times, "x") < 1)
		fail(what ": the row does not say how many")
	for (i = 1; i <= nr_observed[at, action]; i++)
		nr += check_cycles(action, observed[at, action, i], what, times[2] "")
	if (times[2] == "" && nr + 0 != times[1])
		fail(what ": " nr + 0 " observations, not " times[1])
	else if (times[2] != "" && nr_observed[at, action] + 0 != times[1])
		fail(what ": " nr_observed[at, action] + 0 " functions, not " times[1])
}

# Cycles are numbered from 1 on, none is missing, and each is there as often as the others.
# Returns how many observations there are.
function check_cycles(action, bdf, what, times,   nr, cycles, i) {
	nr = nr_seen[at, action, bdf]
	cycles = last_cycle[at, action, bdf] + 0
	if (times != "" && nr != times)
		fail(what ": " nr " observations of " bdf ", not " times)
	if (times != "" && !index(commands[at], bdf))
		fail(what ": nobody asked for " bdf)
	for (i = 1; i <= cycles && nr_cycles[at, action, bdf, i] * cycles == nr; i++)
		;
	if (i <= cycles)
		fail(what ": cycles of " bdf " are missing, or come again")
	return nr
}

function end_of_results() {
	if (!done)
		fail("the guest did not finish, it was at: " \
		     (running ? commands[at] : at ? "the end of " commands[at] : "its start"))
	else if (at < nr_commands)
		fail("did not run: " commands[at + 1])
}

function read_console(line,   level) {
	sub(/\r$/, "", line)
	level = 7
	if (match(line, /^<[0-9]+>/)) {
		level = substr(line, 2, RLENGTH - 2) % 8
		line = substr(line, RLENGTH + 1)
		has_levels = 1
	}
	sub(/^\[ *[0-9]+\.[0-9]+\](\[ *[TC][0-9]+\])? /, "", line)
	see_signs(line)
	if (line ~ /^Kernel command line: /)
		return
	if (line == "### done")
		console_done = 1
	if ((level < 4 || line ~ complaint) && line !~ allow) {
		if (++nr_complaints <= 5)
			bug("kernel: " line)
	} else if (line ~ /^ *(not )?ok [0-9]/) {
		read_case(line)
	} else if (match(line, /^    # Subtest: /)) {
		suite = substr(line, RLENGTH + 1)
	}
}

# A result of KUnit: four blanks are before that of a case, none before that of a suite
function read_case(line) {
	if (line ~ /^ *not ok/)
		bug("KUnit:" line)
	else if (is_skip(line))
		skipped(line)
	else if (line ~ /^    ok/)
		nr_run[suite]++
	else if (match(line, /^ok [0-9]+ /))
		suite_ok[substr(line, RLENGTH + 1)] = 1
}

# The source of a KUnit suite tells its name, and how many cases it has
function check_suite(file,   line, name, cases, in_suite) {
	while ((getline line <file) > 0) {
		cases += line ~ /^[ \t]*KUNIT_CASE/
		in_suite = in_suite || line ~ /^static struct kunit_suite /
		if (in_suite && line ~ /\.name[ \t]*=/)
			split(line, name, "\"")
	}
	if (name[2] == "" || !cases)
		fail("there is no KUnit suite in " file)
	else if (!(name[2] in suite_ok))
		bug("the KUnit suite " name[2] " did not run to a good end")
	else if (nr_run[name[2]] + 0 != cases)
		fail("the KUnit suite " name[2] " has run " nr_run[name[2]] + 0 " of " cases " cases")
}

function end_of_console() {
	if (nr_complaints > 5)
		bug("kernel: and " nr_complaints - 5 " more")
	if (done && !console_done)
		fail("the kernel's log has no end")
	if (!has_levels)
		fail("the kernel's log has no levels, as console_msg_format=syslog gives them")
}

function print_rows(   row) {
	for (row = 1; row <= nr_rows; row++) {
		printf "row\t%s\t%d\t%d\t%s\t%d\t%d\n", rows[row], nr_right[row], total[row],
		       vectors[row], children[row], nr_children[row]
		if (!total[row])
			continue
		if (setting[row, "function"] != "" && !started[row])
			fail("no start was observed: " rows[row])
		else if (nr_right[row] < total[row] || children[row] < nr_children[row])
			bug("wrong: " rows[row])
		else if (expect == "bug" && setting[row, "vectors"] != 1 &&
			 setting[row, "unpatched"] != "any")
			fail("the bug does not show: " rows[row])
	}
}
