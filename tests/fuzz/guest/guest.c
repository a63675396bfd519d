// SPDX-License-Identifier: MIT
/*
 *	build/tests/fuzz/guest blk|net|usb DEVID SEED
 *
 * Exit status: 0 all holds, 1 something does not, 2 usage.
 */
#include "tests/fuzz/guest/guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "tests/fuzz/guest/dice.h"

uint64_t dice_state;
static uint64_t seed;
static bool has_said;

static void say_args(const char *fmt, va_list args)
{
	printf("seed %llu: ", (unsigned long long)seed);
	vprintf(fmt, args);
	printf("\n");
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_args(fmt, args);
	va_end(args);
}

bool does_not_hold(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (!has_said)
		say_args(fmt, args);
	va_end(args);
	has_said = true;
	return false;
}

void begin_step(unsigned int step)
{
	dice_state = seed + ((uint64_t)step << 32);
}

enum leaving choose_leaving(void)
{
	return dice_one_in(3) ? dice_below(NR_LEAVINGS) : IN_ORDER;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		bool (*run)(uint32_t devid);
	} classes[] = { { "blk", guest_blk }, { "net", guest_net }, { "usb", guest_usb } };
	uint32_t devid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned int i = 0; argc == 4 && i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strcmp(argv[1], classes[i].name) != 0 || parse_u32(argv[2], 0, UINT32_MAX, &devid) ||
		    parse_u64(argv[3], 0, UINT64_MAX, &seed))
			continue;
		begin_step(0);
		return classes[i].run(devid) ? 0 : 1;
	}
	fprintf(stderr, "usage: guest blk|net|usb DEVID SEED\n");
	return 2;
}
