# SPDX-License-Identifier: MIT
# loopxen: the command, the stand-in libraries in a directory of their own, and the tests' helpers.
#
# A stand-in library is loaded by every kind of program, sanitized or not, so it is always built without sanitizers.
loopxen-lib    := $(O)/loopxen-lib
loopxen-cflags  = $(filter-out $(sanflags),$(cflags)) -fPIC -fvisibility=hidden
loopxen-host   := host fault port grant reap

$(O)/obj/loopxen-lib/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(loopxen-cflags) -c -o $@ $<

# loopxen-so: FILE.so.N, version script, its own sources
define loopxen-so
$(loopxen-lib)/$(1): $(patsubst %,$(O)/obj/loopxen-lib/loopxen/%.o,$(3)) loopxen/$(2).map
	@mkdir -p $$(@D)
	$$(call quiet,LD)$$(CC) -shared -pthread $$(LDFLAGS) -Wl,-soname,$(1) -Wl,-z,defs \
		-Wl,--version-script=loopxen/$(2).map -o $$@ $$(filter %.o,$$^)
endef
$(eval $(call loopxen-so,libxencall.so.1,xencall,call hypercall $(loopxen-host)))
$(eval $(call loopxen-so,libxenevtchn.so.1,xenevtchn,evtchn $(loopxen-host)))
$(eval $(call loopxen-so,libxengnttab.so.1,xengnttab,gnttab gntshr region late $(loopxen-host)))
$(eval $(call loopxen-so,libxenforeignmemory.so.1,xenforeignmemory,fmem $(loopxen-host)))
$(eval $(call loopxen-so,libxendevicemodel.so.1,xendevicemodel,devicemodel $(loopxen-host)))
$(eval $(call loopxen-so,xenstored-preload.so,preload,preload $(loopxen-host)))
$(eval $(call loopxen-so,memory-preload.so,preload,memory fault))
$(O)/obj/loopxen-lib/loopxen/memory.o: loopxen-cflags += -fno-builtin

loopxen-libs: $(addprefix $(loopxen-lib)/,libxencall.so.1 libxenevtchn.so.1 libxengnttab.so.1 \
	libxenforeignmemory.so.1 libxendevicemodel.so.1 xenstored-preload.so memory-preload.so)
.PHONY: loopxen-libs

loopxen-cmd := $(loopxen-host) main up domain run report bus bus_client reaper place store evtchn
$(O)/loopxen: $(patsubst %,$(O)/obj/loopxen/%.o,$(loopxen-cmd)) \
		$(patsubst %.c,$(O)/obj/%.o,$(wildcard common/base/*.c))
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(filter %.o,$^) -lxenstore

# ---- what the tests of tests/loopxen run -------------------------------------------------------------------------
loopxen-tests := $(patsubst tests/loopxen/%.c,$(O)/tests/loopxen/%,$(wildcard tests/loopxen/*.c))
$(O)/tests/loopxen/%: $(O)/obj/tests/loopxen/%.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ldflags) -o $@ $(filter %.o,$^) $(xenlibs) -lxencall -lxenforeignmemory -luring
$(O)/tests/loopxen/halfway: $(patsubst %,$(O)/obj/loopxen/%.o,$(loopxen-host))
$(O)/tests/loopxen/everystep: $(patsubst %,$(O)/obj/loopxen/%.o,$(loopxen-host) evtchn)
loopxen-tests: $(loopxen-tests)
.PHONY: loopxen-tests
