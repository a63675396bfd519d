# SPDX-License-Identifier: MIT
# pvring-conform: the suite.
conform-src := $(filter-out tests/conform/usb_standin/%,$(wildcard tests/conform/*.c tests/conform/*/*.c))
$(O)/pvring-conform: $(conform-src:%.c=$(O)/obj/%.o) $(O)/libpvring.a ; $(link)
# libusb's place, for QEMU.
conform-standin := $(O)/tests/conform/usb_standin/libusb-1.0.so.0
$(conform-standin): $(patsubst %,$(O)/pic/%.o,tests/conform/usb_standin/libusb tests/conform/peer/gadget common/wire/usb common/base/errbuf)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -shared -Wl,-Bsymbolic,-soname,libusb-1.0.so.0 -o $@ $^
# Its unit tests' sources are in no archive.
$(O)/tests/unit/conform_frame: $(O)/obj/tests/conform/peer/frame.o
$(O)/tests/unit/conform_mirror: $(O)/obj/tests/conform/peer/mirror.o $(O)/obj/tests/conform/peer/frame.o
$(O)/tests/unit/conform_expect: $(O)/obj/tests/conform/expect.o $(O)/obj/tests/conform/verdict.o
