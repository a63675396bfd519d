# SPDX-License-Identifier: MIT
# The one Makefile. `make help` lists the targets; `make` alone builds and never installs or downloads.
#
#   O=build               where everything is built
#   V=1                   show the commands
#   SANITIZE=address,...  build with these sanitizers (use another O=)
#   PREFIX= DESTDIR=      where `make install` puts things
MAKEFLAGS += -r --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

O       ?= build
PREFIX  ?= /usr
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
ifeq ($(origin CC),default)
CC      := gcc
endif
quiet    = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$@';)

CFLAGS   ?= -O2 -g
# Callbacks share one signature and rarely use every argument, hence no -Wunused-parameter.
warnings := -Wall -Wextra -Werror -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -Wvla
sanflags := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer -DPVRING_CRASH_POINTS)
cflags    = -std=gnu11 -D_GNU_SOURCE -I. -pthread $(warnings) $(sanflags) $(CFLAGS) -MMD -MP
ldflags   = -pthread $(sanflags) $(LDFLAGS)
xenlibs  := -lxengnttab -lxenevtchn -lxenstore
libs     := $(xenlibs) -luring -ljansson

programs := $(O)/pvring-blkd $(O)/pvring-netd $(O)/pvring-usbd $(O)/pvring $(O)/pvring-blkload $(O)/pvring-netload $(O)/pvring-usbload $(O)/pvring-conform \
            $(O)/loopxen

all: $(programs) loopxen-libs                  ## build the programs
.PHONY: all

# ---- objects -------------------------------------------------------------------------------------------------
# Everything but the programs' main files goes into one archive, so that a unit test links what it names.
room     = $(filter-out %/main.c,$(wildcard $(1)/*.c))
lib-src := $(foreach d,common/base common/wire xenbus backend/core backend/blk backend/net backend/usb frontend/user frontend/user/blkload frontend/user/netload frontend/user/usbload ctl,$(call room,$(d)))
lib-obj := $(lib-src:%.c=$(O)/obj/%.o)

$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(cflags) -c -o $@ $<
# Rebuilt when the version has changed, not only when a file has.
$(O)/version: FORCE
	@mkdir -p $(@D); echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
$(O)/obj/common/base/version.o: $(O)/version
$(O)/obj/common/base/version.o: cflags += -DPVRING_VERSION='"$(VERSION)"'
.PHONY: FORCE

$(O)/libpvring.a: $(lib-obj)
	$(call quiet,AR)rm -f $@; ar rcs $@ $^

link = $(call quiet,LD)$(CC) $(ldflags) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(libs)
$(O)/pvring-blkd: $(O)/obj/backend/blk/main.o $(O)/libpvring.a ; $(link)
$(O)/pvring-netd: $(O)/obj/backend/net/main.o $(O)/libpvring.a ; $(link) $(shell pkg-config --libs libnl-route-3.0)
$(O)/pvring-usbd: $(O)/obj/backend/usb/main.o $(O)/libpvring.a ; $(link) $(shell pkg-config --libs libusb-1.0 libusbredirparser-0.5)
$(O)/obj/backend/usb/%libusb.o $(O)/obj/backend/usb/libusb_events.o $(O)/obj/backend/usb/libusb_config.o: cflags += $(shell pkg-config --cflags libusb-1.0)
$(O)/obj/backend/usb/%redir.o $(O)/obj/backend/usb/redir_%.o: cflags += $(shell pkg-config --cflags libusbredirparser-0.5)
$(O)/obj/backend/net/link.o: cflags += $(shell pkg-config --cflags libnl-route-3.0)
$(O)/pvring: $(O)/obj/ctl/main.o $(O)/libpvring.a ; $(link)
$(O)/pvring-blkload: $(O)/obj/frontend/user/blkload/main.o $(O)/libpvring.a ; $(link)
$(O)/pvring-netload: $(O)/obj/frontend/user/netload/main.o $(O)/libpvring.a ; $(link)
$(O)/pvring-usbload: $(O)/obj/frontend/user/usbload/main.o $(O)/libpvring.a ; $(link)

# ---- loopxen: the command and the stand-in libraries -----------------------------------------------------------
include loopxen/build.mk

# ---- what a guest's kernel loads ---------------------------------------------------------------------------------
include frontend/linux/build.mk

# ---- what runs on a machine --------------------------------------------------------------------------------------
# Debian's packages: tools and -dev packages are installed, everything Xen to run is unpacked under build/.
deps-%:
	@tests/deps $*
xen-%:
	@tests/vm/fetch $*
.PHONY: deps-% xen-%

demo:                                          ## a disk served and verified, without Xen (installs what is missing)
	@$(MAKE) deps-demo
	@$(MAKE) xen-xenstore
	@$(MAKE) all
	@tests/demo/run
bench:                                         ## measure against other backends, fio and bare taps (never part of a check)
	@$(MAKE) deps-bench
	@$(MAKE) xen-vm
	@$(MAKE) all $(O)/tests/tap_cost $(conform-standin)
	@tests/bench/run
# PEERS="blkback grub": only these, on Xen. All of them take hours.
peers-on-xen = $(or $(PEERS:%=tests/long/vm/conform_%.sh),$(sort $(wildcard tests/long/vm/conform_*.sh)))
peers-here   = $(if $(PEERS),,$(sort $(wildcard tests/conform/*.sh)) tests/conform/violations)
conform-peers:                                 ## the whole suite against all peers, on Xen too, and against what it must find
	@$(MAKE) deps-check
	@$(MAKE) xen-vm
	@$(MAKE) -j2 all
	@$(MAKE) -j2 $(conform-standin)
	@: >$(records); $(if $(peers-here),CONFORM_ALL=1 tests/run $(records) $(peers-here))
	@CONFORM_ALL=1 tests/run -j $(vms_at_once) $(records) $(peers-on-xen)
	@tests/run --totals $(records)
vm:                                            ## GUEST=KERNEL[,INITRD]: a PV guest of yours on Xen, against the suite for frontends
	@$(MAKE) deps-check
	@$(MAKE) xen-vm
	@$(MAKE) -j2 all
	@tests/vm/stranger
mutation:                                      ## how many mutants of pvring the tests notice (half an hour)
	@$(MAKE) deps-check
	@$(MAKE) xen-xenstore
	@$(MAKE) -j2 all
	@tests/conform/mutate --advisories
	@tests/conform/mutate $(MUTATE)
fuzz:                                          ## TIME= seconds for each TARGET= (60, all): what peers send, by libFuzzer; finds go to build/fuzz
	@$(MAKE) deps-check
	@$(MAKE) xen-xenstore
	@$(MAKE) O=$(O)/libfuzzer CC=clang SANITIZE=fuzzer-no-link,address,undefined fuzzers
	@$(MAKE) all daemons-built
	@tests/fuzz/run $(or $(TIME),60) $(or $(TARGET),$(fuzz-targets) blkd netd usbd)
.PHONY: demo bench conform-peers vm mutation fuzz

# ---- tests -----------------------------------------------------------------------------------------------------
# Each test is a program that prints TAP; tests/run keeps the records that the totals come from.
-include tests/ring/build.mk
-include tests/daemon/build.mk
include tests/fuzz/build.mk
include tests/conform/build.mk
include tests/bench/build.mk
include tests/vm/build.mk

records    := $(O)/test-records
unit-tests := $(patsubst tests/unit/%.test.c,$(O)/tests/unit/%,$(wildcard tests/unit/*.test.c))
$(O)/tests/unit/%: $(O)/obj/tests/unit/%.test.o $(O)/libpvring.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(libs)
unit-tests: $(unit-tests)
.PHONY: unit-tests

# The same tree with sanitizers, each in a build directory of its own. TSan is for what has threads.
asan       = $(MAKE) O=$(O)/asan SANITIZE=address,undefined
tsan       = $(MAKE) O=$(O)/tsan SANITIZE=thread
threaded  := core_loop core_helper core_metrics core_control core_device blk_image blk_unaligned_threads net_state net_lane

# A build that fails is a failure in the records too: totals of half a run must not look like a pass. The parts come
# one after the other, whatever -j says: a test measures its time, and must find everything built.
define run-parts
@: >$(records); $(MAKE) -j1 $(1) || printf 'fail\t0\tmake\t$(1)\n' >>$(records); tests/run --totals $(records)
endef

check:                                         ## everything, Xen under QEMU included (installs what is missing)
	@mkdir -p $(O)
	$(call run-parts,check-begin xen-vm run-quick run-slow run-vm)
check-quick:                                   ## the same without virtual machines and slow tests
	@mkdir -p $(O)
	$(call run-parts,check-begin run-quick)
check-vm:                                      ## only Xen under QEMU
	@mkdir -p $(O)
	$(call run-parts,check-begin xen-vm run-vm)
check-long:                                    ## the long tests, or those that surely end within DEADLINE= minutes
	@mkdir -p $(O)
	$(call run-parts,check-begin run-long)
check-asan:                                    ## only the unit tests, under ASan and UBSan
	@mkdir -p $(O)
	$(call run-parts,deps-check run-asan)
lint:                                          ## only the rules about the tree
	@mkdir -p $(O)
	$(call run-parts,deps-check all run-lint)
.PHONY: check check-quick check-vm check-long check-asan lint

check-begin:
	@$(MAKE) deps-check
	@$(MAKE) xen-qemu
	@$(MAKE) xen-modules
	@$(MAKE) -j2 all
	@$(MAKE) modules
run-quick: run-lint run-unit run-asan run-tsan run-fuzz run-modules run-loopxen run-daemon run-conform
run-lint:
	@echo "lint:"; tests/run -j 2 $(records) $(sort $(wildcard tests/lint/*.sh))
run-unit:
	@$(MAKE) -j2 unit-tests ring-tests
	@echo "unit:"; tests/run -j 2 $(records) $(ring-tests) $(sort $(unit-tests))
run-asan:
	@$(asan) -j2 unit-tests
	@echo "unit, with ASan and UBSan:"; tests/run -j 2 $(records) $(patsubst $(O)/%,$(O)/asan/%,$(sort $(unit-tests)))
run-tsan:
	@$(tsan) -j2 $(threaded:%=$(O)/tsan/tests/unit/%) $(O)/tsan/pvring-usbd
	@echo "unit, with TSan:"; tests/run -j 2 $(records) $(threaded:%=$(O)/tsan/tests/unit/%)
	@echo "a daemon, with TSan:"; PVRING_USBD=$(O)/tsan/pvring-usbd tests/run $(records) tests/daemon/usb_handover.sh
run-fuzz:
	@$(asan) -j2 fuzz-replays
	@echo "what peers send, as fuzzing has found it, with ASan and UBSan:"; \
		tests/run -j 2 $(records) $(patsubst $(O)/%,$(O)/asan/%,$(fuzz-replays))
run-modules:
	@echo "modules:"; tests/run -j 2 $(records) $(sort $(wildcard tests/modules/*.sh))
run-loopxen:
	@$(MAKE) -j2 loopxen-tests
	@echo "loopxen:"; tests/run -j 2 $(records) $(sort $(wildcard tests/loopxen/*.sh))
# What tests a daemon waits most of the time, so there are more at once than processors.
# "# slow" in a test's head: not in check-quick.
daemon-tests = $(sort $(wildcard tests/daemon/*.sh)) tests/demo/contract.sh
slow-tests   = $(shell grep -l '^# slow$$' $(daemon-tests))
run-daemon run-slow: daemons-built
run-daemon:
	@echo "daemons on loopxen:"; tests/run -j 4 $(records) $(filter-out $(slow-tests),$(daemon-tests))
run-slow:
	@echo "daemons on loopxen, at length:"; tests/run -j 4 $(records) $(slow-tests)
run-conform:
	@$(MAKE) -j2 $(conform-standin)
	@echo "conformance, on loopxen:"; tests/run -j 4 $(records) $(sort $(wildcard tests/conform/*.sh))
daemons-built:
	@$(MAKE) -j2 daemon-test-programs loopxen-tests
	@$(asan) -j2 $(O)/asan/pvring-blkd $(O)/asan/pvring-netd $(O)/asan/pvring-usbd
vms_at_once = $(shell awk '/^MemAvailable/ { print ($$2 > 9000000) ? 2 : 1 }' /proc/meminfo)
all-vm-tests = $(sort $(filter-out %/verdicts.sh %/every_guest.sh %/guest_frontend.sh %/guest_netfront.sh %/streams.sh %/stick.sh,$(wildcard tests/vm/*.sh)))
# "# long" in a test's head: not in check, which has to end in time.
long-vm-tests = $(shell grep -l '^# long$$' $(all-vm-tests))
vm-tests      = $(filter-out $(long-vm-tests),$(all-vm-tests))
# Two machines with one processor each, where one with two would leave half of two cores idle, and where there is memory for
# them. The long tests have machines with two, in which a guest and its backend really run at once; those of tests/vm that
# are marked long keep their one.
run-vm:
	@$(MAKE) -j2 daemon-test-programs
	@tests/vm/image base
	@echo "Xen under QEMU:"; tests/run -j $(vms_at_once) $(records) $(vm-tests)
run-long: daemons-built
	@echo "long:"; VM_CPUS=2 tests/run-long $(records) $(sort $(wildcard tests/long/*.sh tests/long/vm/*.sh) $(long-vm-tests))
.PHONY: run-slow daemons-built run-long check-begin run-quick run-lint run-unit run-asan run-tsan run-modules run-loopxen run-daemon run-conform run-vm

# ---- install -----------------------------------------------------------------------------------------------------
install: all                                   ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pvring/loopxen
	install -m 755 $(O)/pvring-blkd $(O)/pvring-netd $(O)/pvring-usbd $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(O)/pvring $(O)/pvring-blkload $(O)/pvring-netload $(O)/pvring-usbload $(O)/pvring-conform \
		$(O)/loopxen $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(O)/loopxen-lib/*.so* $(DESTDIR)$(PREFIX)/lib/pvring/loopxen/
	install -d $(DESTDIR)/etc/xen/scripts
	install -m 755 dist/block-pvring dist/vif-pvring $(DESTDIR)/etc/xen/scripts/
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	for unit in pvring-blkd.service pvring-netd.service pvring-usbd.service; do \
		sed 's|@sbindir@|$(PREFIX)/sbin|;s|@bindir@|$(PREFIX)/bin|' dist/$$unit >$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit; done
	install -D -m 644 dist/modprobe.d/pvring.conf $(DESTDIR)/etc/modprobe.d/pvring.conf
	install -D -m 644 dist/completions/pvring $(DESTDIR)$(PREFIX)/share/bash-completion/completions/pvring
	for name in pvring-blkd pvring-netd pvring-usbd pvring-blkload pvring-netload pvring-usbload; do \
		ln -sf pvring $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$name; done
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 docs/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -d $(DESTDIR)$(PREFIX)/share/doc/pvring/diagrams
	install -m 644 docs/protocol.md docs/conformance.md docs/restart.md $(DESTDIR)$(PREFIX)/share/doc/pvring/
	install -m 644 docs/diagrams/*.svg $(DESTDIR)$(PREFIX)/share/doc/pvring/diagrams/
.PHONY: install

help:                                          ## this list
	@sed -n 's/^\([a-z-]*\):.*## *\(.*\)/\1|\2/p' Makefile | while IFS='|' read -r t h; do printf '  %-14s %s\n' "$$t" "$$h"; done
clean:                                         ## remove what was built (keeps nothing)
	rm -rf $(O)
.PHONY: help clean

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
