# SPDX-License-Identifier: MIT
# Fuzz targets: each one file, linked with everything of ours; in check with a main() that replays their corpora, built
# like any other test, in fuzz with libFuzzer's, in a build directory of its own.
fuzz-targets := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
fuzz-replays := $(fuzz-targets:%=$(O)/tests/fuzz/%)
fuzz-libs     = $(libs) $(shell pkg-config --libs libusbredirparser-0.5)

$(O)/obj/tests/fuzz/usb_redir.o: cflags += $(shell pkg-config --cflags libusbredirparser-0.5)
$(fuzz-replays): $(O)/tests/fuzz/%: $(O)/obj/tests/fuzz/%.o $(O)/obj/tests/fuzz/replay.o $(O)/libpvring.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(fuzz-libs)
fuzz-replays: $(fuzz-replays)

$(fuzz-targets:%=$(O)/fuzzers/%): $(O)/fuzzers/%: $(O)/obj/tests/fuzz/%.o $(O)/libpvring.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(fuzz-libs)
fuzzers: $(fuzz-targets:%=$(O)/fuzzers/%)
.PHONY: fuzz-replays fuzzers
# The guest that daemons are fuzzed by.
$(O)/tests/fuzz/guest: $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/fuzz/guest/*.c)) $(O)/libpvring.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(libs)
daemon-test-programs: $(O)/tests/fuzz/guest
