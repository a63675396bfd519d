# SPDX-License-Identifier: MIT
# Programs that the tests of tests/daemon run: each one folder, linked with everything of ours.
daemon-test-programs := $(O)/tests/daemon/hostile $(O)/tests/daemon/net_guest $(O)/tests/daemon/usb_hostile
objects-of = $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/daemon/$(1)/*.c))
$(O)/tests/daemon/hostile: $(call objects-of,hostile)
$(O)/tests/daemon/net_guest: $(call objects-of,net_guest)
$(O)/tests/daemon/usb_hostile: $(call objects-of,usb_hostile)
$(daemon-test-programs): $(O)/libpvring.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(libs)
daemon-test-programs: $(daemon-test-programs)
.PHONY: daemon-test-programs
