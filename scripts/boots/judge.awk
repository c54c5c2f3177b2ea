# SPDX-License-Identifier: GPL-2.0-only
# The judge of a boot: -v expect=pass|bug part=boot BOOT part=results RESULTS part=console CONSOLE,
# what tables.awk prints of it, what the guest printed for the harness, and the kernel's log. Prints
# lines of fields separated by tabs:
#
#	row NAME RIGHT TOTAL VECTORS CHILDREN OF	of the demo's table: right observations, of
#			how many, numbers of vectors seen, how often the children were there
#	step NAME FUNCTION ACTION CYCLE VECTORS		an observation of that row
#	complaints N	lines of the kernel's log that complain
#	bug TEXT	a fault of the kernel: a failed test, a complaint
#	fail TEXT	no verdict is possible, or something else is wrong
#	verdict pass|fail
#
# With expect=bug, "bug" lines are what is wanted, and each row of the table has to show it. The row
# says how much there has to be, as a program that does less than it was told would plan no more.
# Sources of KUnit suites and configs/ are below -v top=DIR.

BEGIN {
	allowed = "^$"
	split("P F S R M B U D A W C I O E L K X T N J", letters, " ")
	while ((getline text <(top "/configs/complaints")) > 0)
		if (text !~ /^#/)
			complaint = complaint (complaint == "" ? "" : "|") text
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

# has_word(KEY, WORD): whether the lines of the boot with that key have the word
function has_word(key, word) {
	return index(said[key] " ", " " word " ") > 0
}

# The words NAME=VALUE of a text
function read_pairs(text, value,   words, i, pair) {
	split("", value)
	split(text, words, " ")
	for (i in words)
		if (split(words[i], pair, "=") == 2)
			value[pair[1]] = pair[2]
}

part == "boot" {
	text = substr($0, index($0, "\t") + 1)
	said[$1] = said[$1] " " text
	if ($1 ~ /^(run|do)$/) {
		commands[++nr_commands] = text
		must_tap[nr_commands] = $1 == "run"
	} else if ($1 == "row") {
		add_row(text)
	} else if ($1 == "least") {
		least[nr_commands] = text
	} else if ($1 == "allow") {
		allowed = allowed "|^(" text ")$"
	} else if ($1 == "sign") {
		signs[++nr_signs] = text
	}
	next
}

# NAME = WORD...: a word is a function, a setting, or an action, with a count before it
function add_row(text,   words, nr, i, pair, count) {
	i = index(text, " = ")
	rows[++nr_rows] = substr(text, 1, i - 1)
	nr = split(substr(text, i + 3), words, " ")
	for (i = 1; i <= nr; i++) {
		if (split(words[i], pair, "=") == 2) {
			setting[nr_rows, pair[1]] = pair[2]
		} else if (words[i] ~ /:/) {
			setting[nr_rows, "function"] = words[i]
		} else if (words[i] ~ /^[0-9]+(x[0-9]+)?$/) {
			count = words[i]
		} else {
			actions[nr_commands] = actions[nr_commands] " " words[i]
			row_of[nr_commands, words[i]] = nr_rows
			wanted[nr_commands, words[i]] = count
			count = ""
		}
	}
}

{
	sub(/\r$/, "")
}

part == "console" {
	level = match($0, /^<[0-9]+>/) ? substr($0, 2, RLENGTH - 2) % 8 : 7
	has_levels = sub(/^<[0-9]+>/, "") || has_levels
	sub(/^\[ *[0-9]+\.[0-9]+\](\[ *[TC][0-9]+\])? /, "")
}

{
	for (i = 1; i <= nr_signs; i++)
		if ($0 ~ signs[i])
			sign_seen[i] = 1
}

part == "console" {
	if (!/^Kernel command line: /)
		read_console()
	next
}

/^### / {
	if (/^### \//)
		start_command(substr($0, 5))
	else if (/^### exit [0-9]+$/ && running)
		end_command($3 + 0)
	else if (/^### tainted [0-9]+$/)
		check_taint($3 + 0)
	else if (/^### done$/)
		done = end_of_output()
	else if (!/^### monitor /)
		fail(substr($0, 5))
}

!running {
	next
}

/^TAP version / {
	tap = 1
}

/^1\.\.[0-9]+/ {
	plan = substr($0, 4) + 0
	if (plans++)
		fail(commands[at] ": a second plan")
	check_skip($0)
}

/^(not )?ok / {
	nr = $1 == "ok" ? $2 : $3
	if (nr + 0 != nr_results + 1)
		fail(commands[at] ": result " nr " follows result " nr_results)
	nr_results++
	if ($1 == "not") {
		nr_not_ok++
		bug($0)
	} else if (!check_skip($0) && /# (XFAIL|XPASS|TODO)/) {
		fail("no pass: " $0)
	}
}

/^Bail out!/ {
	fail(commands[at] ": " $0)
}

# "# state FUNCTION ACTION CYCLE start|right|wrong NAME=VALUE...", one for each observation. The
# verdict "start" is that of what was not told how much there has to be at the start.
/^# state / {
	read_pairs($0, value)
	was_seen[at, $3] = 1
	check_shown(value)
	for (row = 1; row <= nr_rows && ($4 ~ /^(start|late)$/ || $6 == "start"); row++)
		if ($6 == "start" && setting[row, $3] != "" && setting[row, $3] != value["vectors"])
			fail($3 " starts with " value["vectors"] " vectors, not " setting[row, $3])
		else if (setting[row, "function"] == $3) {
			started[row] = 1
			for (name in value)
				if ($6 == "start" && has_not(row, name, value))
					fail($3 " starts with " value[name] + 0 " " name ", not " \
					     setting[row, name])
		}
	row = row_of[at, $4]
	if ($6 !~ /^(start|right|wrong)$/)
		fail("an observation without a verdict: " $0)
	else if ($6 != "start" && !row && !homeless[$4]++)
		fail("observations of \"" $4 "\" belong to no row: " $0)
	else if ($6 != "start" && row)
		read_observation(row, value)
}

# They add up
/^# [a-z]+=[0-9]+( [a-z]+=[0-9]+)*$/ {
	read_pairs($0, value)
	for (name in value)
		counted[at, name] += value[name]
}

# A command is over, and what follows its exit status was printed
function end_of_output() {
	if (running)
		fail(commands[at] ": has no end")
	else if (wants_taint)
		fail(commands[at] ": nothing tells whether the kernel is tainted")
	running = wants_taint = 0
	return 1
}

function start_command(command) {
	end_of_output()
	running = 1
	tap = plans = plan = nr_results = nr_not_ok = nr_skipped = 0
	if (command != commands[++at])
		fail("expected \"" commands[at] "\", \"" command "\" ran")
}

# check_skip(LINE): whether that is a result that was skipped, which is no pass
function check_skip(line) {
	if (toupper(line) !~ /# SKIP/)
		return 0
	sub(/^.*# [Ss][Kk][Ii][Pp] */, "", line)
	nr_skipped++
	fail("skipped: " line)
	return 1
}

function end_command(status,   name, least_of) {
	running = 0
	wants_taint = 1
	if (!must_tap[at]) {
		if (status)
			bug(commands[at] ": exit " status)
		return
	}
	if (!tap)
		fail(commands[at] ": no TAP")
	if (!plans)
		fail(commands[at] ": no plan")
	else if (nr_results != plan)
		fail(commands[at] ": " nr_results " results, " plan " planned")
	if (status != (nr_not_ok > 0) && !(status == 4 && nr_skipped && nr_skipped >= nr_results))
		fail(commands[at] ": exit " status " with " nr_not_ok " tests that are not ok")
	if (actions[at] != "")
		check_observations()
	else if (least[at] == "")
		fail(commands[at] ": the row does not say how much it has to see")
	read_pairs(least[at], least_of)
	for (name in least_of)
		if (!counted[at, name])
			fail(commands[at] ": no " name)
		else if (counted[at, name] < least_of[name])
			bug(commands[at] ": " counted[at, name] " " name ", not " least_of[name])
}

function check_taint(flags,   i, letter, found) {
	wants_taint = 0
	for (i = 1; flags > 0; i++) {
		letter = i in letters ? letters[i] : "bit " i - 1
		if (flags % 2 && !has_word("taint", letter))
			found = found " " letter
		flags = int(flags / 2)
	}
	if (found != "" && !was_tainted++)
		bug("the kernel is tainted:" found)
}

# An observation of a row, "$1 $2 FUNCTION ACTION CYCLE VERDICT"
function read_observation(row, value,   right) {
	if (!seen[at, $4, $3]++)
		functions[at, $4] = functions[at, $4] " " $3
	seen[at, $4]++
	seen[at, $4, $3, $5]++
	if ($5 > last_cycle[at, $4, $3] + 0)
		last_cycle[at, $4, $3] = $5
	if (setting[row, "fewer"] != "any")
		print "step\t" rows[row] "\t" $3 "\t" $4 "\t" $5 "\t" value["vectors"]
	right = $6 == "right"
	if (setting[row, "function"] == $3) {
		right = right && !has_not(row, "vectors", value)
		if (vectors[row] !~ "(^|>)" value["vectors"] "$")
			vectors[row] = vectors[row] (vectors[row] == "" ? "" : ">") value["vectors"]
		if (setting[row, "children"] != "") {
			nr_children[row]++
			children[row] += !has_not(row, "children", value)
		}
	}
	total[row]++
	nr_right[row] += right
}

# has_not(ROW, NAME, VALUE): the row wants another number than the value has, as 6/8 has 6 children
function has_not(row, name, value) {
	return setting[row, name] != "" && value[name] + 0 != setting[row, name] + 0
}

# How many numbers a list such as "0-2,5" has
function count_list(list,   ranges, nr, range, i, n) {
	n = split(list, ranges, ",")
	for (i = 1; i <= n; i++)
		if (ranges[i] ~ /^[0-9]/)
			nr += split(ranges[i], range, "-") < 2 ? 1 : range[2] - range[1] + 1
	return nr + 0
}

# A vector of an ITS, of which its_ programs are, has been looked at if its LPI and EventID are
# known, and the DeviceID, which the map shows. An old kernel does not show the message of MSI-X.
function check_shown(value,   blind) {
	if (!value["vectors"] || commands[at] !~ /^\/its_/ && said["machine"] !~ /gic-version/)
		return
	if (count_list(value["lpis"]) != value["vectors"])
		blind = "LPIs"
	else if ((value["enabled"] > 0 || has_word("has", "msix-data")) &&
		 count_list(value["eventids"]) != value["vectors"])
		blind = "EventIDs"
	else if (has_word("has", "map") && value["deviceid"] !~ /^0x/)
		blind = "DeviceID"
	if (blind != "" && !blinded[at, blind]++)
		fail("an observation without " blind ": " $0)
}

# What this command was to observe, and what it names, was observed as often as the row says
function check_observations(   words, nr, i) {
	nr = split(actions[at], words, " ")
	for (i = 1; i <= nr; i++)
		check_action(words[i], rows[row_of[at, words[i]]] ": \"" words[i] "\"")
	nr = split(commands[at], words, /[ =]/)
	for (i = 1; i <= nr; i++)
		if (words[i] ~ /^[0-9a-f]+:[0-9a-f]+:[0-9a-f]+\.[0-7]$/ &&
		    !((at, words[i]) in was_seen))
			fail(commands[at] ": " words[i] " was not observed")
}

# FUNCTIONSxTIMES of those that the command names, or the number of all together. Cycles are
# numbered from 1 on, none is missing, and each is there as often as the others.
function check_action(action, what,   times, bdfs, nr, i, bdf, seen_of, cycle, cycles) {
	nr = split(functions[at, action], bdfs, " ")
	if (split(wanted[at, action], times, "x") < 1)
		fail(what ": the row does not say how many")
	else if (!(2 in times) && seen[at, action] + 0 != times[1])
		fail(what ": " seen[at, action] + 0 " observations, not " times[1])
	else if (2 in times && nr != times[1])
		fail(what ": " nr " functions, not " times[1])
	for (i = 1; i <= nr; i++) {
		bdf = bdfs[i]
		seen_of = seen[at, action, bdf]
		if (2 in times && seen_of != times[2])
			fail(what ": " seen_of " observations of " bdf ", not " times[2])
		if (2 in times && !index(commands[at], bdf))
			fail(what ": nobody asked for " bdf)
		cycle = cycles = last_cycle[at, action, bdf] + 0
		while (cycle > 0 && seen[at, action, bdf, cycle] * cycles == seen_of)
			cycle--
		if (cycle > 0 || !cycles && action != "start")
			fail(what ": cycles of " bdf " are missing, or come again")
	}
}

# A result of KUnit: four blanks are before that of a case, none before that of a suite
function read_console() {
	if ($0 == "### done")
		console_done = 1
	if ((level < 4 || $0 ~ complaint) && $0 !~ allowed) {
		if (++nr_complaints <= 5)
			bug("kernel: " $0)
	} else if (match($0, /^    # Subtest: /)) {
		suite = substr($0, RLENGTH + 1)
	} else if (/^ *not ok [0-9]/) {
		bug("KUnit:" $0)
	} else if (!/^ *ok [0-9]/ || check_skip($0)) {
		return
	} else if (/^    ok/) {
		nr_run[suite]++
	} else if (match($0, /^ok [0-9]+ /)) {
		suite_ok[substr($0, RLENGTH + 1)] = 1
	}
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
		fail("the KUnit suite " name[2] " has run " \
		     nr_run[name[2]] + 0 " of " cases " cases")
}

function end_row(row) {
	printf "row\t%s\t%d\t%d\t%s\t%d\t%d\n", rows[row], nr_right[row], total[row], vectors[row],
		children[row], nr_children[row]
	if (!total[row])
		return
	if (setting[row, "function"] != "" && !started[row])
		fail("no start was observed: " rows[row])
	else if (nr_right[row] < total[row] || children[row] < nr_children[row])
		bug("wrong: " rows[row])
	else if (expect == "bug" && setting[row, "vectors"] != 1 &&
		 setting[row, "unpatched"] != "any")
		fail("the bug does not show: " rows[row])
}

END {
	if (!done)
		fail("the guest did not finish, it was at: " \
		     (running ? commands[at] : at ? "the end of " commands[at] : "its start"))
	else if (at < nr_commands)
		fail("did not run: " commands[at + 1])
	if (nr_complaints > 5)
		bug("kernel: and " nr_complaints - 5 " more")
	if (done && !console_done)
		fail("the kernel's log has no end")
	if (!has_levels)
		fail("the kernel's log has no levels, as console_msg_format=syslog gives them")
	for (row = 1; row <= nr_rows; row++)
		end_row(row)
	split(said["kunit"], sources, " ")
	for (i in sources)
		check_suite(top "/" sources[i])
	for (i = 1; i <= nr_signs; i++)
		if (!(i in sign_seen))
			fail("nothing shows \"" signs[i] "\"")
	print "complaints\t" nr_complaints + 0
	print "verdict\t" (failed ? "fail" : "pass")
	exit failed
}
