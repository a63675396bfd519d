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
# libusb's place, for tests on a machine without USB.
usb-standin := $(O)/tests/daemon/usb_standin/libusb-1.0.so.0
$(usb-standin): $(patsubst %,$(O)/pic/%.o,tests/daemon/usb_standin/libusb backend/usb/engine_fake backend/usb/descriptors \
		backend/usb/fake_loopback backend/usb/fake_storage backend/usb/fake_scsi backend/usb/fake_mouse backend/usb/fake_iso \
		backend/usb/fake_pace backend/core/loop common/base/errbuf common/base/parse common/wire/usb)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -shared -Wl,-Bsymbolic,-soname,libusb-1.0.so.0 -o $@ $^ -luring
$(O)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(cflags) $(shell pkg-config --cflags libusb-1.0) -fPIC -c -o $@ $<
daemon-test-programs: $(daemon-test-programs) $(usb-standin)
.PHONY: daemon-test-programs
