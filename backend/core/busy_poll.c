// SPDX-License-Identifier: MIT
#include "backend/core/busy_poll.h"

#include <liburing.h>
#include <stdlib.h>

#include "common/base/clock.h"

#define NR_SLEEPS     9
#define SLEEP_NS      50000

/*
 * Two: the sleep itself, and the event, which is sent by the guest, read and unmasked by us. Twice that, for what is
 * bought with our CPU's time is the guest's, who waits for each of its requests.
 */
#define WINDOW_SLEEPS 4

/* How much longer than asked for a sleep took. */
static bool measure_sleep(struct io_uring *uring, uint64_t *overshoot_ns)
{
	struct __kernel_timespec ts = { .tv_nsec = SLEEP_NS };
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
	uint64_t begun_ns = clock_now_ns();
	struct io_uring_cqe *cqe;

	io_uring_prep_timeout(sqe, &ts, 0, 0);
	if (io_uring_submit_and_wait(uring, 1) < 0 || io_uring_peek_cqe(uring, &cqe))
		return false;
	io_uring_cqe_seen(uring, cqe);
	*overshoot_ns = clock_now_ns() - begun_ns - SLEEP_NS;
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t busy_poll_measure_ns(void)
{
	uint64_t overshoot_ns[NR_SLEEPS], window_ns;
	struct io_uring uring;
	int nr = 0;

	if (io_uring_queue_init(1, &uring, 0))
		return 0;
	while (nr < NR_SLEEPS && measure_sleep(&uring, &overshoot_ns[nr]))
		nr++;
	io_uring_queue_exit(&uring);
	if (nr < NR_SLEEPS)
		return 0;
	qsort(overshoot_ns, NR_SLEEPS, sizeof(*overshoot_ns), by_value);
	window_ns = WINDOW_SLEEPS * overshoot_ns[NR_SLEEPS / 2];
	return window_ns < BUSY_POLL_MAX_WINDOW_NS ? window_ns : BUSY_POLL_MAX_WINDOW_NS;
}
