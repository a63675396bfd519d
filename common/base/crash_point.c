// SPDX-License-Identifier: MIT
#include "common/base/crash_point.h"

#ifdef PVRING_CRASH_POINTS
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the step that is asked for. */
static unsigned int nr_visits;

void crash_point(const char *step)
{
	const char *asked = getenv("PVRING_CRASH_AT");
	size_t len = strlen(step);

	if (!asked || strncmp(asked, step, len) != 0 || asked[len] != ':')
		return;
	if (__atomic_add_fetch(&nr_visits, 1, __ATOMIC_RELAXED) == strtoul(asked + len + 1, NULL, 10))
		_exit(128 + 9);
}
#endif
