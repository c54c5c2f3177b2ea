# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Sourced after lib.sh: the table of series, what each stands on, kernel trees that take patches

# series_names KERNEL: those of a kernel that have patches
series_names() {
	local name

	for name in $(awk -v kernel="$1" '!/^#/ && $2 == kernel { print $1 }' \
			"$top/configs/series"); do
		[ ! -d "$top/patches/$name" ] || echo "$name"
	done
}

# series_patches NAME: the files of its patches
series_patches() {
	[ ! -d "$top/patches/$1" ] || sed "s,^,$top/patches/$1/," "$top/patches/$1/series"
}

# prerequisites NAME: the files of the patches that it stands on
prerequisites() {
	local on part

	on=$(table_field series "$1" 3)
	[ "$on" != base ] || return 0
	for part in ${on//,/ }; do
		prerequisites "${part%:*}"
		if [ "$part" = "${part%:*}" ]; then
			series_patches "$part"
		else
			series_patches "${part%:*}" | sed "${part#*:}!d"
		fi
	done | awk '!seen[$0]++'
}

# stack NAME...: these series with what they stand on
stack() {
	for name; do prerequisites "$name"; series_patches "$name"; done | awk '!seen[$0]++'
}

# check_tree DIR: fail with one line unless DIR is a kernel source tree without uncommitted changes
check_tree() {
	local changes git

	[ -d "$1" ] || die "$1 does not exist"
	if [ ! -f "$1/Kbuild" ] || [ ! -f "$1/drivers/irqchip/irq-gic-v3-its.c" ]; then
		die "$1 is no kernel source tree: it has no Kbuild, or no GICv3 ITS driver"
	fi
	[ -e "$1/.git" ] || return 0
	git=$(git -C "$1" rev-parse --absolute-git-dir)
	[ -z "$(find "$git" -maxdepth 1 -name "rebase-*")" ] ||
		die "$1 has a git am or rebase in progress: finish it, or git am --abort"
	changes=$(git -C "$1" status --porcelain --untracked-files=no)
	[ -z "$changes" ] || die "$1 has uncommitted changes ($(wc -l <<<"$changes") files," \
		"first: ${changes%%$'\n'*}): commit or stash them, then try again"
}

# git_apply DIR ARGUMENT...: git apply in a tree, also in one that is below some other git tree
git_apply() {
	(cd -P "$1" && GIT_CEILING_DIRECTORIES=$(dirname "$PWD") git apply "${@:2}")
}

# missing_patches DIR PATCH...: which a tree lacks. Patches of all series of that kernel are taken
# out of copies of its files, each when none that the tree has is on top of it.
missing_patches() {
	local all copy kernel name patch progress=1
	local -A there=()

	kernel=$(table_field series "$(basename "$(dirname "$2")")" 2)
	mapfile -t all < <(for name in $(series_names "$kernel"); do
		series_patches "$name"
	done | tac)
	copy=$(mktemp -d)
	sed -n 's,^+++ b/,,p' "${all[@]}" | sort -u |
		(cd "$1" && xargs cp --parents -t "$copy" 2>/dev/null) || true
	while [ -n "$progress" ]; do
		progress=
		for patch in "${all[@]}"; do
			[ -z "${there[$patch]:-}" ] || continue
			! git_apply "$copy" -R "$patch" 2>/dev/null || there[$patch]=1 progress=1
		done
	done
	rm -r "$copy"
	for patch in "${@:2}"; do
		[ -n "${there[$patch]:-}" ] || echo "$patch"
	done
}

# no_apply DIR PATCH: say what git, of which this is the standard input, could not apply
no_apply() {
	local where name

	name=$(basename "$(dirname "$2")")
	where=$(sed -nE 's/^error: patch failed: (.*):([0-9]+)$/\1, hunk of line \2/p; t
		s/^error: (.*): already exists .*/\1, which is there already/p
		s/^error: (.*): (No such file|does not exist).*/\1, which is not there/p' |
		head -n 1)
	die "$name/$(basename "$2") does not apply to ${where:-$1}. Nothing was changed in" \
		"${KDIR:-$1}. It is made for $(cat "$top/patches/$name/base"); to refresh it:" \
		"make${KDIR:+ KDIR=$KDIR} SERIES=$name work${KDIR:+, or it is another KERNEL=}"
}

# apply DIR PATCH...: to a kernel tree, as commits if it is git's. If one fails, nothing is changed.
apply() {
	local n log

	[ $# -gt 1 ] || return 0
	if ! cat "${@:2}" | git_apply "$1" --check - 2>/dev/null; then
		for ((n = 1; n < $#; n++)); do
			log=$(cat "${@:2:n}" | git_apply "$1" --check - 2>&1) ||
				no_apply "$1" "${@:n + 1:1}" <<<"$log"
		done
	fi
	if [ ! -e "$1/.git" ]; then
		cat "${@:2}" | git_apply "$1" -
	elif ! log=$(git -C "$1" am -q "${@:2}" 2>&1); then
		git -C "$1" am --abort
		die "git am in $1: ${log%%$'\n'*}"
	fi
}

# What the mirror has: not scripts/, which would stand among ours
mirrored=(drivers include kernel lib tools Documentation MAINTAINERS)

# write_mirror TREE DIR: the files that a tree adds to "base", and its new lines in MAINTAINERS
write_mirror() {
	local files

	mapfile -t files < <(git -C "$1" diff --name-only --diff-filter=A base HEAD -- \
		"${mirrored[@]}")
	[ "${#files[@]}" = 0 ] || git -C "$1" archive HEAD -- "${files[@]}" | tar -x -C "$2"
	git -C "$1" diff -U0 base HEAD -- MAINTAINERS | sed -n 's/^+\([^+]\)/\1/p' >"$2/MAINTAINERS"
}

# objects TREE [NAME [ARCH]]: print their directory, which the image +NAME has of its own. They
# begin as those of unpatched, which ccache does not find, or as those without NAME, for arm64.
objects() {
	local unpatched=${1%/*}/unpatched obj=obj${2:+-${2#parents-}} from

	from=$unpatched/$obj
	[ -f "$unpatched${2:++$2}.Image" ] || [ "${3:-}" != arm64 ] || from=$unpatched/obj
	if [ ! -d "$1/$obj" ] && [ -d "$from" ] && [ -f "$unpatched.Image" ]; then
		git -C "$1" diff -z --name-only base | (cd "$1" && xargs -0 -r touch -c)
		rm -rf "$1/$obj.tmp"
		cp -a "$from" "$1/$obj.tmp"
		mv "$1/$obj.tmp" "$1/$obj"
	fi
	mkdir -p "$1/$obj"
	echo "$1/$obj"
}

# all_objects TREE ARCH CROSS [SUFFIX [MAKE-VARIABLE...]]: print that of nearly all drivers
all_objects() {
	local obj=$1/obj-allmodconfig-$2${4:-}

	mkdir -p "$obj"
	# No plugins and no Rust, which take what is not installed; tests are no module, warnings no error
	printf '# CONFIG_%s is not set\n' GCC_PLUGINS RUST WERROR >"$obj/all.config"
	echo CONFIG_KUNIT=y >>"$obj/all.config"
	make -s -C "$1" O="$obj" ARCH="$2" CROSS_COMPILE="$3" "${@:5}" \
		KCONFIG_ALLCONFIG="$obj/all.config" allmodconfig >&2
	check_config "$obj" "$2" >&2
	echo "$obj"
}

# enabled OBJ FILE: whether that configuration has a C file of the tree in $src
enabled() {
	local object=${2##*/} symbols space='[[:space:]]'

	object=${object%.c}.o
	symbols=$(sed -nE ":a; /\\\\$/{ N; s/\\\\\n//; ba; }
		s/^obj-\\$\\((CONFIG_\w+)\\).*$space${object//./\\.}($space.*)?$/\\1/p" \
		"$src/${2%/*}/Makefile" | paste -sd '|')
	[ -n "$symbols" ] || die "no line of ${2%/*}/Makefile builds $object"
	grep -qE "^($symbols)=[ym]" "$1/.config"
}
