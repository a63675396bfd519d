/* SPDX-License-Identifier: MIT */
/*
 * The steps at which a daemon's death has to be survived, by name, so that tests can have it die there: with
 * PVRING_CRASH_AT=STEP:N in the environment the process ends at once when it comes to STEP for the Nth time. Only in
 * builds with a sanitizer, which nobody runs guests with; in others a step is nothing.
 *
 * Any thread. Never logs.
 */
#ifndef COMMON_BASE_CRASH_POINT_H
#define COMMON_BASE_CRASH_POINT_H

#ifdef PVRING_CRASH_POINTS
void crash_point(const char *step);
#else
static inline void crash_point(const char *step)
{
	(void)step;
}
#endif

#endif
