# SPDX-License-Identifier: MIT
# pvring-conform: the suite.
conform-src := $(wildcard tests/conform/*.c tests/conform/*/*.c)
$(O)/pvring-conform: $(conform-src:%.c=$(O)/obj/%.o) $(O)/libpvring.a ; $(link)
