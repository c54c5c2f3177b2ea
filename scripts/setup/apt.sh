# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Sourced after lib.sh: packages of Debian suites and architectures that this machine does not use
apt=$cache/apt
sparse=$cache/sparse/sparse

# mirror SUITE: the Debian mirror that this machine uses, security's for a suite of it
mirror() {
	local release uri

	release=$(. /etc/os-release; echo "${VERSION_CODENAME:-}")
	[ "${1%-security}" = "$1" ] || release+=-security
	# shellcheck disable=SC2016
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' |
	      awk -v r="$release" '$1 == r { print $2; exit }')
	[ -n "$uri" ] || die "no Debian mirror of $release in this machine's apt sources: add one"
	echo "$uri"
}

# apt_suite SUITE COMMAND...: apt with one suite, and lists of its own
apt_suite() {
	local dir=$apt/$1

	shift
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	"$1" -q -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" \
		-o APT::Sandbox::User=root "${@:2}"
}

# update_suite SUITE deb|deb-src [OPTION...]: fetch its lists
update_suite() {
	local uri

	uri=$(mirror "$1") || return
	mkdir -p "$apt/$1"
	echo "$2 [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $1 main" \
		>"$apt/$1/sources.list"
	apt_suite "$1" apt-get update -o APT::Update::Error-Mode=any "${@:3}"
}

# get_sparse SRC: that of sid, as the one of Debian 12 and 13 skips the newest kernels silently
get_sparse() {
	local tmp

	if [ ! -x "$sparse" ]; then
		update_suite sid deb-src ||
			die "no source of sparse: build a newer one than this system's at $sparse"
		tmp=$(mktemp -d)
		(cd "$tmp" && apt_suite sid apt-get source sparse)
		make -s -C "$tmp"/sparse-*/ -j"$jobs" CC=gcc sparse
		rm -rf "$cache/sparse"
		mv "$tmp"/sparse-*/ "$cache/sparse"
		rm -rf "$tmp"
	fi
	[ ! -f "$1/scripts/checker-valid.sh" ] ||
		[ "$("$1/scripts/checker-valid.sh" "$sparse" --arch=arm64 -m64)" = 1 ] ||
		die "$sparse is too old for this kernel: remove $cache/sparse to build a newer one"
}

# download_kernel SUITE PACKAGE [VERSION]: set $deb to the file of it, or of the newest one
download_kernel() {
	local version=${3:-}

	[ -n "$version" ] ||
		version=$(apt_suite "$1" apt-cache policy "$2" | sed -n 's/^ *Candidate: //p')
	deb=$cache/$2_${version}_all.deb
	[ ! -f "$deb" ] || return 0
	echo "downloading $2 $version of $1"
	(cd "$cache" && apt_suite "$1" apt-get download "$2=$version")
}

# newest_kernel SUITES PATTERN: set $deb to that of the first suite that has one, or an earlier one
newest_kernel() {
	local suite package

	for suite in ${1//,/ }; do
		update_suite "$suite" deb || continue
		package=$(apt_suite "$suite" apt-cache search --names-only "^$2\$" |
			cut -d ' ' -f 1 | sort -V | tail -n 1)
		[ -z "$package" ] || ! download_kernel "$suite" "$package" || return 0
	done
	deb=$(find "$cache" -maxdepth 1 -regextype posix-extended -regex ".*/${2}_[^/]*\.deb" |
		sort -V | tail -n 1)
	[ -n "$deb" ] || die "no network: cannot reach Debian's mirror for a kernel, and $cache" \
		"has none of an earlier run. Go online, or give a kernel tree: make KDIR=DIR ..."
}

# unpack_source DEB DIR: the kernel's source, but a quarter that no image and no series here needs
unpack_source() {
	echo "unpacking $(basename "$1")"
	mkdir -p "$2"
	dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		tar -xJ -C "$2" --strip-components=1 --wildcards \
			--exclude='*/'{drivers/gpu,drivers/media,sound}'/*.[ch]' \
			--exclude='*/'{devicetree/bindings,tools/perf,selftests/bpf}'/*'
}

# get_busybox arm64|arm|loongarch: a static one for such a guest, in the user's cache
get_busybox() {
	local suite tmp options apt=$apt-$1 arch=$1

	[ ! -x "$cache/busybox-$1" ] || return 0
	case $1 in
	arm)	arch=armhf ;;
	loongarch) arch=loong64 ;;
	esac
	suite=$(. /etc/os-release; echo "${VERSION_CODENAME:-}")
	tmp=$(mktemp -d)
	options=(-o "APT::Architecture=$arch")
	if ! { update_suite "$suite" deb "${options[@]}" &&
	       (cd "$tmp" && apt_suite "$suite" apt-get download "${options[@]}" busybox-static) &&
	       dpkg-deb -x "$tmp"/*.deb "$tmp" &&
	       mv "$(find "$tmp" -path "*/bin/busybox")" "$cache/busybox-$1"; }; then
		rm -rf "$tmp"
		die "no busybox-static for $arch in $suite: put a static one at $cache/busybox-$1"
	fi
	rm -rf "$tmp"
}
