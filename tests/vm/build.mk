# SPDX-License-Identifier: MIT
# A program that tests of tests/vm run in their guests.
$(O)/tests/vm/xdp: $(O)/obj/tests/vm/guest/xdp.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $^
daemon-test-programs: $(O)/tests/vm/xdp
