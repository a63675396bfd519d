# SPDX-License-Identifier: MIT
# Programs that tests of tests/vm run in their guests, and in dom0.
$(O)/tests/vm/xdp: $(O)/obj/tests/vm/guest/xdp.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $^
$(O)/tests/vm/spoil: $(O)/obj/tests/vm/dom0/spoil.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $^ -lxengnttab
$(O)/tests/vm/usbfs: $(O)/obj/tests/vm/guest/usbfs.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $^
daemon-test-programs: $(O)/tests/vm/xdp $(O)/tests/vm/spoil $(O)/tests/vm/usbfs
