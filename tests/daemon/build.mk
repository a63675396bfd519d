# SPDX-License-Identifier: MIT
# Programs that the tests of tests/daemon run: each one file, linked with everything of ours.
daemon-test-programs := $(patsubst tests/daemon/%.c,$(O)/tests/daemon/%,$(wildcard tests/daemon/*.c))
$(O)/tests/daemon/%: $(O)/obj/tests/daemon/%.o $(O)/libpvring.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(libs)
daemon-test-programs: $(daemon-test-programs)
.PHONY: daemon-test-programs
