# SPDX-License-Identifier: MIT
# pvring-conform: the suite.
conform-src := $(wildcard tests/conform/*.c tests/conform/*/*.c)
$(O)/pvring-conform: $(conform-src:%.c=$(O)/obj/%.o) $(O)/libpvring.a ; $(link)
# Its unit tests' sources are in no archive.
$(O)/tests/unit/conform_frame: $(O)/obj/tests/conform/peer/frame.o
$(O)/tests/unit/conform_mirror: $(O)/obj/tests/conform/peer/mirror.o $(O)/obj/tests/conform/peer/frame.o
$(O)/tests/unit/conform_expect: $(O)/obj/tests/conform/expect.o $(O)/obj/tests/conform/verdict.o
