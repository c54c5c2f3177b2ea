# SPDX-License-Identifier: GPL-2.0-only
# The front door: each target is one script. "make help" lists them, and the variables.

# What KERNEL= and SERIES= mean, and all boots, from the tables of configs/
names := $(shell awk -v ask=names -v KERNEL='$(KERNEL)' -v SERIES='$(SERIES)' \
	-f scripts/tables.awk configs/kernels configs/series configs/boots 2>&1)
ifneq ($(.SHELLSTATUS),0)
$(error $(strip $(patsubst error:,,$(names))))
endif
kernel := $(word 1,$(names))
series := $(word 2,$(names))
# Two are no target by themselves: others use them
boots := $(filter-out bench bisect,$(wordlist 3,999,$(names)))
parameters = $(and $(MINUTES),minutes=$(MINUTES)) $(and $(SEED),seed=$(SEED)) $(and $(IMAGE),image=$(IMAGE))

export KDIR QEMU SAN V SEND UPSTREAM GDB

.PHONY: help demo compare check check-full $(boots:%=check-%) $(boots:%=shell-%) check-configs check-packages check-debian hardware soak bench kunit coverage mutations am send work export verify clean

help: ## list the targets and the variables
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24
	@printf '  make shell-NAME\t%s\n' 'the same boot with a shell in it, or run there what is piped in' | expand -t 24
	@printf '  make check-NAME\t%s\n' 'run one boot of configs/boots and judge it, NAME is one of:' | expand -t 24
	@printf '%s\n' $(boots) | paste -sd ' ' | fold -s -w 70 | sed 's/^/\t/' | expand -t 24
	@printf '\n'
	@sed -nE 's/^# ([A-Z]+=[^ ]*) (.*)/  \1\t\2/p' Makefile | expand -t 24

# KERNEL=linux-6.12.y a kernel of configs/kernels, without it the first one; for check: all
# SERIES=urgent a series of configs/series, without it the first one of the kernel
# KDIR=~/src/linux your own kernel tree instead of Debian's source, it stays as it is
# QEMU=PROGRAM another qemu-system-aarch64 than the first one in PATH
# V=2 the version of the series, for send
# SEND=yes for send: really send
# UPSTREAM=DIR for send to stable@: a clone of Linus' tree, whose commits the mails name
# SAN=1 for check: the runs with lockdep, KASAN and kmemleak too
# MINUTES=10 how long soak takes
# SEED=1 for soak: repeat the run that printed this seed
# IMAGE=unpatched for check-NAME and shell-NAME: that image of build-kernel only
# GDB=1 likewise: wait for a debugger, and print the command that attaches one
# ONLY='e3-*' for mutations: those of these names only

demo: ## boot a kernel without and with the patches, print the two side by side
	@scripts/demo $(kernel)

compare: ## the demo on every kernel, and one table of all
	@scripts/compare

check: ## run all tests and checks of every kernel and series, end with "N passed, N failed"
	@scripts/check $(KERNEL)

check-full: ## check, and everything that takes long
	@scripts/check-full $(kernel)

check-configs: ## build with other configurations and for other architectures
	@scripts/setup/prepare full
	@scripts/setup/get-kernel $(kernel)
	@scripts/static/check-configs $(kernel)

$(boots:%=check-%): check-%:
	@scripts/boots/check $(kernel) $* $(parameters)

$(boots:%=shell-%): shell-%:
	@scripts/boots/check --shell $(kernel) $* $(parameters)

check-packages: ## put the patches into Debian's source packages and build what they touch
	@scripts/setup/prepare packages
	@for k in linux-6.12.y linux-6.1.y; do scripts/series/check-packages $$k || exit 1; done

check-debian: ## run both commands of README in a chroot of Debian 13, as root and with sudo
	@scripts/check-debian trixie root
	@scripts/check-debian trixie sudo

hardware: ## make an archive of the kselftests for an arm64 board
	@scripts/boots/hardware

soak: check-soak ## reload, remove and rescan at random while CPUs come and go

bench: ## count the instructions of what the patches change
	@scripts/setup/prepare check
	@scripts/boots/bench $(kernel)

kunit: ## run the KUnit suites with kunit.py, on UML and on arm64
	@scripts/boots/kunit $(kernel) uml
	@scripts/boots/kunit $(kernel) arm64

coverage: ## measure that the KUnit suite takes every line and branch of the map
	@scripts/boots/coverage $(kernel)

mutations: ## break the code in every way of mutations/, a test must see each
	@scripts/setup/prepare check
	@scripts/boots/mutations $(kernel) '$(ONLY)'

am: ## apply a series, and what it stands on, to the kernel tree KDIR, a git tree or a plain one
	@scripts/series/am $(series)

send: ## show what git send-email would send as you, and to whom
	@scripts/setup/prepare send
	@scripts/series/send $(series)

work: ## make the git tree build/linux-SERIES, to change the series in
	@scripts/series/work $(series)

export: ## write the commits of that tree to patches/ and to the mirror
	@scripts/series/export $(series)

verify: ## check that the series applies, and that the mirror is what the patches add
	@scripts/series/verify $(series)

clean: ## remove build/ but the work trees
	@mkdir -p build
	@flock -n build/lock find build -mindepth 1 -maxdepth 1 ! -name 'linux-*' ! -name lock ! -name chroot -exec rm -rf {} + || \
		{ echo "error: another command works in build/: wait for its end" >&2; exit 1; }
	@[ ! -d build/chroot ] || $(shell [ "$$(id -u)" = 0 ] || echo sudo) rm -rf build/chroot
