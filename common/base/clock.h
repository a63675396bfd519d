/* SPDX-License-Identifier: MIT */
/* The monotonic clock in nanoseconds, for durations and deadlines; the other one for a date alone. */
#ifndef COMMON_BASE_CLOCK_H
#define COMMON_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC  1000000000ULL

static inline uint64_t clock_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* Since 1970. */
static inline uint64_t clock_date_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* A deadline. */
static inline uint64_t clock_in_ms(unsigned int ms)
{
	return clock_now_ns() + ms * NSEC_PER_MSEC;
}

#endif
