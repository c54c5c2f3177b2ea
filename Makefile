# SPDX-License-Identifier: GPL-2.0-only
# The front door: each target is one script. "make help" lists them, and the variables.

# What KERNEL= and SERIES= mean, and all boots, from the tables of configs/
names := $(shell awk -v ask=names -v KERNEL='$(KERNEL)' -v SERIES='$(SERIES)' \
	-f scripts/tables.awk configs/kernels configs/series configs/boots 2>&1)
ifneq ($(.SHELLSTATUS),0)
$(error $(strip $(patsubst error:,,$(names))))
endif
no_series := $(filter bench check-full compare coverage kunit mutations parents,$(MAKECMDGOALS))
ifneq ($(and $(SERIES),$(no_series)),)
$(error $(no_series): looks at all series of a kernel, SERIES=$(SERIES) is not for it)
endif
no_kdir := $(filter check-full check-kdir compare rehearse,$(MAKECMDGOALS))
ifneq ($(and $(KDIR),$(no_kdir)),)
$(error $(no_kdir): takes the kernels of configs/kernels, KDIR=$(KDIR) is not for it)
endif
kernel := $(word 1,$(names))
first := $(shell awk '!/^\#/ { print $$1; exit }' configs/kernels)
no_kernel := $(filter bench coverage kunit mutations parents rehearse,$(MAKECMDGOALS))
ifneq ($(and $(filter-out $(first),$(kernel)),$(no_kernel)),)
$(error $(no_kernel): needs the series for $(first), KERNEL=$(kernel) is not for it)
endif
series := $(word 2,$(names))
# These are no target by themselves: others use them
boots := $(filter-out bench bench-calls bisect,$(wordlist 3,999,$(names)))
parameters = $(and $(MINUTES),minutes=$(MINUTES)) $(and $(SEED),seed=$(SEED)) \
	$(and $(IMAGE),image=$(IMAGE))
in_columns = fmt -w 72 | sed 's/^/\t/' | expand -t 24

export KDIR SERIES QEMU SAN V SEND UPSTREAM GDB

.PHONY: help demo compare check check-full check-bisect check-cocci check-configs \
	check-packages check-kdir check-recipe check-debian hardware soak bench kunit parents \
	coverage mutations am send rehearse page work export verify clean $(boots:%=check-%) \
	$(boots:%=shell-%)

help: ## list the targets, what they can be given, and the variables
	@sed -nE 's/^## /\n/p; s/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24
	@printf '  make %s-NAME\t%s\n' check 'run it and judge it' \
		shell 'the same with a shell in it, or run there what is piped in' | expand -t 24
	@printf '\nNAME is one of:\n'
	@echo $(boots) | $(in_columns)
	@printf 'KERNEL is one of:\n'
	@awk '!/^#/ { print $$1 }' configs/kernels | $(in_columns)
	@printf 'SERIES is one of:\n'
	@awk '!/^#/ { print $$1 }' configs/series | $(in_columns)
	@printf '\n'
	@sed -nE 's/^# ([A-Z]+=[^ ]*) (.*)/  \1\t\2/p' Makefile | expand -t 24

# KERNEL=linux-6.12.y without it the first one; for check and without SERIES all
# SERIES=urgent that one; without it demo and check take all of the kernel, others its first one
# KDIR=~/src/linux your own kernel tree instead of Debian's source, it stays as it is
# QEMU=PROGRAM another qemu-system-aarch64 than the first one in PATH
# V=2 the version of the series, for send
# SEND=yes for send: really send
# UPSTREAM=DIR for send to stable@: a clone of Linus' tree, whose commits the mails name
# SAN=1 for check: the runs with lockdep, KASAN and kmemleak too
# MINUTES=10 how long soak takes
# SEED=1 for soak: the seed of its first minute; with MINUTES=1 it repeats that one
# IMAGE=unpatched for check-NAME and shell-NAME: that image of build-kernel only
# GDB=1 likewise: wait for a debugger, and print the command that attaches one
# ONLY='e3-*' for mutations: those of these names only

## See it
demo: ## boot a kernel without and with the patches, print the two side by side
	@scripts/demo $(kernel)

compare: ## the demo on every kernel, and one table of all
	@scripts/compare

check: ## run all tests and checks of every kernel and series, end with "N passed, N failed"
	@scripts/check $(if $(KERNEL)$(SERIES)$(KDIR),$(kernel))

hardware: ## make an archive of the kselftests for an arm64 board
	@scripts/boots/hardware

## Send it
send: ## show what git send-email would send as you, and to whom
	@scripts/setup/prepare send
	@scripts/series/send $(series)

rehearse: ## send all series into files, for a tree unpacked anew, and build that
	@scripts/setup/prepare check
	@test/rehearse $(kernel)

page: ## write a page for reviewers from what was run: build/page/index.html
	@cover/page

## Backport it
am: ## apply a series, and what it stands on, to the kernel tree KDIR, a git tree or a plain one
	@scripts/series/am $(series)

check-packages: ## put the patches into Debian's source packages and build what they touch
	@scripts/setup/prepare full
	@for k in linux-6.12.y linux-6.1.y; do scripts/series/check-packages $$k || exit 1; done

check-kdir: ## check with KDIR=, another release of the kernel than that of configs/kernels
	@scripts/series/check-kdir $(kernel)

check-recipe: ## run the commands of patches/README.md for another kernel
	@scripts/series/check-recipe

## Change it
work: ## make the git tree build/linux-SERIES, to change the series in
	@scripts/series/work $(series)

export: ## write the commits of that tree to patches/ and to the mirror
	@scripts/series/export $(series)

verify: ## check that the series applies, and that the mirror is what the patches add
	@scripts/series/verify $(series)

kunit: ## run the KUnit suites with kunit.py, on UML and on arm64
	@scripts/boots/kunit $(kernel) uml
	@scripts/boots/kunit $(kernel) arm64

clean: ## remove build/ but the work trees
	@mkdir -p build
	@flock -n -E 75 build/lock find build -mindepth 1 -maxdepth 1 ! -name 'linux-*' ! -name lock \
		! -name chroot -exec rm -rf {} + || \
		{ [ $$? != 75 ] || echo "error: another command works in build/: wait for its end"; \
		exit 1; } >&2
	@[ ! -d build/chroot ] || $(shell [ "$$(id -u)" = 0 ] || echo sudo) rm -rf build/chroot

## Run longer checks
check-full: ## check, and everything that takes long, goes on where it was stopped
	@scripts/check-full $(kernel)

check-bisect: ## build and boot each commit of a series
	@scripts/setup/prepare check
	@scripts/series/check-bisect $(series)

check-cocci: ## compare what test/parents/msi-parents.cocci reports with what test/parents runs
	@scripts/setup/prepare full
	@scripts/setup/get-kernel $(kernel)
	@scripts/static/check-cocci $(kernel)

check-configs: ## build with other configurations and for other architectures
	@scripts/setup/prepare full
	@scripts/setup/get-kernel $(kernel)
	@scripts/static/check-configs $(kernel)

check-debian: ## run README's demo as root, and its check with sudo, in chroots of Debian 13
	@scripts/check-debian trixie root
	@scripts/check-debian trixie sudo

soak: check-soak ## reload, remove and rescan at random while CPUs come and go

bench: ## count the instructions of what the patches change
	@scripts/setup/prepare demo
	@bench/run $(kernel)

parents: ## run alloc() and free() of the MSI parents, unpatched and patched
	@scripts/setup/prepare check
	@test/parents/run $(kernel)

coverage: ## measure that the KUnit suite takes every line and branch of the map
	@scripts/boots/coverage $(kernel)

mutations: ## break the code in every way of mutations/, a test must see each
	@scripts/setup/prepare check
	@mutations/run $(kernel) '$(ONLY)'

## One boot of configs/boots
$(boots:%=check-%): check-%:
	@scripts/boots/check $(kernel) $* $(parameters)

$(boots:%=shell-%): shell-%:
	@scripts/boots/check --shell $(kernel) $* $(parameters)

# None of these: the script says which there are
check-% shell-%:
	@scripts/boots/check $(if $(filter shell-%,$@),--shell) $(kernel) $* $(parameters)
