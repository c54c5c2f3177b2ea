# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# Sourced by the other scripts, defines only: paths, the lock, messages, steps with a log and a time
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$top/build
cache=${XDG_CACHE_HOME:-$HOME/.cache}/its-eventid
logs=$build/logs
# What is for one kernel only is for this one
first=$(awk '!/^#/ { print $1; exit }' "$top/configs/kernels")
# What is compared with the unpatched kernel: all of its series, or SERIES= and what that stands on
ours=${SERIES:-patched}
# In front of a command that repeats something
settings=${KDIR:+"KDIR=$KDIR "}${SERIES:+"SERIES=$SERIES "}${QEMU:+"QEMU=$QEMU "}

# A kernel built in another clone is found again
export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache} CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1
# Without its preprocessor run, ccache costs next to nothing when it is cold
export CCACHE_DEPEND=1
export LC_ALL=C.UTF-8
jobs=$(nproc)
cross=aarch64-linux-gnu-
declare -A cross_of=([arm64]=$cross [arm]=arm-linux-gnueabihf-
	[loongarch]=loongarch64-linux-gnu-)
# Debian 12's own "clang" is too old for a new kernel
clang="clang-19"

# Neither what make was given nor its flags must reach other makes and the kernel's build
unset MAKEFLAGS MFLAGS KERNEL
# Scripts change the directory
for i in KDIR UPSTREAM; do [ ! -d "${!i:-}" ] || export "$i=$(realpath -s "${!i}")"; done

die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# Debian's tools first, but the user's QEMU, which is wrapped, as it may look for files beside it
set_path() {
	local program found dir=

	if [ -n "${QEMU:-}" ]; then
		found=$(command -v "$QEMU") || found=
		[[ ${found##*/} =~ ^qemu-system-(aarch64|arm|loongarch64)$ ]] ||
			die "QEMU=$QEMU: give the path of a qemu-system-aarch64"
		dir=$(realpath "$(dirname "$found")"):
	fi
	rm -rf "${build:?}/bin"
	mkdir "$build/bin"
	for program in qemu-system-aarch64 qemu-system-arm qemu-system-loongarch64; do
		found=$(PATH=$dir$PATH command -v "$program") || continue
		printf '#!/bin/sh\nexec %q "$@"\n' "$(realpath -s "$found")" >"$build/bin/$program"
		chmod +x "$build/bin/$program"
	done
	PATH=$build/bin:/usr/bin:/bin:/usr/sbin:/sbin:$PATH
}

# A command in the background, as boots are, ignores an interrupt: the whole process group ends
interrupted() {
	printf '\ninterrupted: the same command goes on from here\n' >&2
	trap '' TERM
	kill 0
	exit 130
}

# begin: what the first script does for all that it calls
begin() {
	[ -z "${ITS_LOCKED:-}" ] || return 0
	trap interrupted INT
	# Two runs would change the same trees under one another
	mkdir -p "$build"
	exec 9>>"$build/lock"
	flock -n 9 || die "$(<"$build/lock") works in $build: wait for its end"
	printf '%s, process %s,\n' "${0#"$top/"}" $$ >"$build/lock"
	set_path
	export ITS_LOCKED=1 PATH
}

# Shows how far a command is: its last line on a terminal, a line a minute else
progress() {
	local line next=$((SECONDS + 60))

	while IFS= read -r line; do
		if [ -t 1 ]; then
			printf '\r\033[K    %.74s' "$line"
		elif [ "$SECONDS" -ge "$next" ]; then
			printf '    ... %.70s\n' "$line"
			next=$((SECONDS + 60))
		fi
	done
	[ ! -t 1 ] || printf '\r\033[K'
}

# log_failure LOG COMMAND...: why a step failed, else the end of its log, and how to repeat it
log_failure() {
	local log=$1

	shift
	if [ "$(df --output=avail -k "$build" | tail -n 1)" -lt 1024 ]; then
		printf 'error: the disk of %s is full: free some space\n' "$build" >&2
	elif ! grep '^error: ' "$log" >&2; then
		tail -n 15 "$log" | sed 's/^/    | /' >&2
	fi
	printf '    log: %s\n' "$log" >&2
	[ "$(type -t "$1")" = function ] || printf '    to repeat: %s\n' "$settings$*" >&2
}

# step TEXT LOG COMMAND...: run an external command, output to a log
step() {
	local text=$1 log=$logs/$2.log start=$SECONDS

	shift 2
	mkdir -p "$logs"
	printf '  %s\n' "$text"
	if ! "$@" 2>&1 </dev/null | tee "$log" | progress; then
		printf '  failed after %d s: %s\n' $((SECONDS - start)) "$text" >&2
		log_failure "$log" "$@"
		exit 1
	fi
	printf '    %d s\n' $((SECONDS - start))
}

passed=0 failed=0 left_out=0 failures=

# code_id: the commit that runs, or that it is none but a changed tree
code_id() {
	local id

	id=$(git -C "$top" rev-parse --short=12 HEAD)
	[ -z "${KDIR:-}$(git -C "$top" status --porcelain)" ] || id+=-changed
	echo "$id"
}

# reported STEP: whether the REPORT of check-full has that it passed on this COMMIT
reported() {
	[[ -n ${REPORT:-} && ${COMMIT:--changed} != *-changed ]] &&
		grep -qP "\t$COMMIT\t\d+\tpassed\t\Q$1\E\$" "$REPORT"
}

# tell STEP STATUS SECONDS: count and report it, status 4 is of what this machine cannot run
tell() {
	local verdict id

	case $2 in
	0)	passed=$((passed + 1)) verdict=passed ;;
	4)	left_out=$((left_out + 1)) verdict=skipped ;;
	*)	failed=$((failed + 1)) verdict=failed failures+="  failed: $1"$'\n' ;;
	esac
	[ -n "${REPORT:-}" ] || return 0
	id=$(code_id)
	[ "$id" = "$COMMIT" ] || id=${COMMIT%-changed}-changed
	TZ=UTC0 printf '%(%F %R)T\t%s\t%s\t%s\t%s\n' -1 "$id" "$3" "$verdict" "$1" >>"$REPORT"
}

# count STEP COMMAND...: a command whose failure is counted, and does not end it all
count() {
	local rc=0 start=$SECONDS

	if reported "$1"; then
		printf '  %s\n    passed before, see %s\n' "$1" "${REPORT#"$top/"}"
		passed=$((passed + 1))
		return
	fi
	("${@:2}") || rc=$?
	tell "$1" "$rc" $((SECONDS - start))
}

# try TEXT LOG COMMAND...: a step likewise
try() {
	count "$1" step "$@"
}

# totals: what failed, and the last line
totals() {
	local skipped=

	[ "$left_out" = 0 ] || skipped=", $left_out skipped"
	printf '%s%d passed, %d failed%s\n' "$failures" "$passed" "$failed" "$skipped"
	[ "$failed" = 0 ]
}

# table_field TABLE NAME FIELD: a field of the line of that name in a table of configs/
table_field() {
	awk -v name="$2" -v field="$3" \
	    '!/^#/ && $1 == name { print $field; found = 1 } END { exit !found }' \
	    "$top/configs/$1" || die "configs/$1 has no '$2'"
}

# tables ASK=...: what tables.awk prints of the tables of configs/
tables() {
	awk "${@/#/-v}" -f "$top/scripts/tables.awk" "$top"/configs/{kernels,series,boots}
}

# boots KERNEL GROUP: the boots of that group that it can run, with all its series or with SERIES=
boots() {
	tables ask=boots kernel="$1" group="$2" image="$ours"
}

# kernel_names: the kernels that a series is shipped for
kernel_names() {
	awk '!/^#/ && $4 != "private" && !seen[$2]++ { print $2 }' "$top/configs/series"
}

# kernel_dir NAME: where its work trees are, see checkout, with objects in them, and its images
kernel_dir() {
	if [ -n "${KDIR:-}" ]; then
		echo "$build/kdir"
	else
		echo "$build/kernels/$1"
	fi
}

# guest_dir ARCH: the programs for guests of that architecture
guest_dir() {
	echo "$build/guest-$1"
}

# boot_log NAME BOOT IMAGE: the logs of a boot, without .results, .console, .boot or .verdict
boot_log() {
	echo "$logs/boots/$(basename "$(kernel_dir "$1")")/$2-$3"
}

# boot_status KERNEL BOOT: 0 if its boots passed, 1 if one did not, 4 if QEMU is too old
boot_status() {
	return "$(cut -d ' ' -f 1 "$(boot_log "$1" "$2" status)" 2>/dev/null || echo 1)"
}

# demo_dir NAME [SERIES]: where the demo leaves what that kernel printed
demo_dir() {
	echo "$build/demo/$(basename "$(kernel_dir "$1")")/${2:-$ours}"
}

# made_of: a hash of the standard input and of the script that runs, to know what is made already
made_of() {
	cat - "$0" | sha256sum
}

# check_config OBJ WORD...: whether the .config there has what all.config asks for, see asked.awk
check_config() {
	awk -v words="${*:2}" -v release="$(make -s -C "$1" kernelversion)" \
		-f "$top/scripts/boots/asked.awk" "$1/all.config" "$1/.config"
}
