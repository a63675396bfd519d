# SPDX-License-Identifier: MIT
$(O)/tests/tap_cost: $(O)/obj/tests/bench/tap_cost.o $(O)/libpvring.a
	@mkdir -p $(@D)
	$(link)
