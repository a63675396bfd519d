# SPDX-License-Identifier: MIT
# Tests of common/ring beyond its unit tests. They compile the headers themselves and link nothing of ours.
ring-tests := $(O)/tests/ring/search $(O)/tests/ring/fence $(O)/tests/ring/stress $(O)/tests/ring/stress-tsan \
	      tests/ring/mutants.sh tests/ring/kernel.sh

$(O)/tests/ring/%: tests/ring/%.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(cflags) $(ldflags) -o $@ $<
$(O)/tests/ring/%-tsan: tests/ring/%.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(filter-out -fsanitize=%,$(cflags) $(ldflags)) -fsanitize=thread -o $@ $<

ring-tests: $(filter $(O)/%,$(ring-tests))     ## build the ring's own tests
.PHONY: ring-tests
-include $(wildcard $(O)/tests/ring/*.d)
