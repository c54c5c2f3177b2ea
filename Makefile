# SPDX-License-Identifier: GPL-2.0-only
# The front door: each target is one script. "make help" lists them.

# The kernel of configs/kernels that a target is for, but "check" is for all of them
kernel := $(or $(KERNEL),mainline)

export KDIR MACHINE SAN MINUTES SEED V SEND UPSTREAM

.PHONY: help demo compare check check-full check-sanitized check-failures check-modules check-configs soak bench kunit coverage mutations am send work export verify clean

help: ## list the targets
	@sed -nE 's/^([a-z0-9% -]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24
	@printf '\nOn your own kernel tree: make KDIR=DIR am, demo, check or kunit\n'

demo: ## boot the kernel without and with the series, print the two side by side
	@scripts/demo $(kernel)

compare: ## the demo on every kernel, and one table of all
	@scripts/compare

check: ## run all tests and checks on every kernel, ends with "N passed, N failed"
	@scripts/check $(KERNEL)

check-sanitized: ## run the KUnit suites and the kselftests with lockdep, KASAN and kmemleak
	@scripts/setup/prepare check
	@scripts/boots/check-sanitized $(kernel)

check-failures: ## let each memory allocation of MSIs fail in turn, on the kernel with these
	@scripts/setup/prepare check
	@scripts/boots/check-failures $(kernel)

soak: ## reload, remove and rescan at random with these, MINUTES=10 SEED=
	@scripts/setup/prepare check
	@scripts/boots/soak $(kernel)

bench: ## count the instructions of the map, and of what it replaces
	@scripts/setup/prepare check
	@scripts/boots/bench $(kernel)

check-modules: ## load the KUnit suites as modules
	@scripts/setup/prepare full
	@scripts/boots/check-modules $(kernel)

check-configs: ## build with other configurations and for other architectures
	@scripts/setup/prepare full
	@scripts/static/check-configs $(kernel)

check-%: ## the demo's scenarios another way: acpi, smmu, 64k, gicv4 or arm
	@scripts/setup/prepare full
	@scripts/boots/check-boot $(kernel) $*

check-full: ## check, and everything that takes long
	@scripts/check-full $(kernel)

kunit: ## run the KUnit suites with kunit.py, on UML and on arm64
	@scripts/boots/kunit $(kernel) uml
	@scripts/boots/kunit $(kernel) arm64

coverage: ## measure that the KUnit suite takes every line and branch of the map
	@scripts/boots/coverage $(kernel)

mutations: ## break the map and the driver in every way of mutations/, or ONLY=GLOB
	@scripts/boots/mutations $(kernel) '$(ONLY)'

am: ## apply the series to the kernel tree KDIR, a git tree or a plain one
	@scripts/series/am $(kernel)

send: ## what git send-email would send as you, V=1; SEND=yes really sends
	@scripts/setup/prepare send
	@scripts/series/send $(kernel)

work: ## make the work tree build/linux-NAME, to change the series in
	@scripts/series/work-tree $(kernel)

export: ## write the commits of the work tree to patches/ and to the mirror
	@scripts/series/export $(kernel)

verify: ## check that the patches and the mirror are the same
	@scripts/series/verify $(kernel)

clean: ## remove build/ but the work trees
	rm -rf build/logs build/demo build/kernels build/kdir
