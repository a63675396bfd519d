/* SPDX-License-Identifier: MIT */
/*
 * Whether a queue that found its ring empty looks again for a while, or asks for an event and sleeps.
 *
 * A sleep costs both sides: the guest sends an event, we are woken, read it and unmask it. Looking costs our CPU alone.
 * So a queue looks for twice as long as such a wake-up costs, at most, and only where that pays: when the request
 * before came soon enough. Looks that find something make up for as many in vain: a guest that is late now and then is
 * looked for all the same. One in vain that nothing makes up for makes the next ones rarer, up to one in 128 requests,
 * until one finds something: a guest that is just too slow costs next to nothing, and an idle one nothing.
 *
 * Thread: the queue's worker.  Pure but for busy_poll_measure_ns().
 */
#ifndef BACKEND_CORE_BUSY_POLL_H
#define BACKEND_CORE_BUSY_POLL_H

#include <stdbool.h>
#include <stdint.h>

#define BUSY_POLL_MAX_WINDOW_NS 4000000
#define BUSY_POLL_MAX_CREDIT    8
#define BUSY_POLL_MAX_DOUBLINGS 7

struct busy_poll {
	uint64_t window_ns; /* 0: never looks */
	uint64_t worked_ns; /* when a request was last taken, or answers published */
	bool looks;         /* for the next request */
	unsigned int credit; /* looks that may still be in vain */
	unsigned int nr_doublings;
	unsigned int nr_to_skip;
};

static inline void busy_poll_init(struct busy_poll *poll, uint64_t window_ns)
{
	*poll = (struct busy_poll){ .window_ns = window_ns };
}

/* false: the times given to it are of no matter. */
static inline bool busy_poll_ever_looks(const struct busy_poll *poll)
{
	return poll->window_ns > 0;
}

static inline void busy_poll_found(struct busy_poll *poll)
{
	if (poll->credit < BUSY_POLL_MAX_CREDIT)
		poll->credit++;
	poll->nr_doublings = 0;
}

static inline void busy_poll_missed(struct busy_poll *poll)
{
	if (poll->credit > 0) {
		poll->credit--;
		return;
	}
	if (poll->nr_doublings < BUSY_POLL_MAX_DOUBLINGS)
		poll->nr_doublings++;
	poll->nr_to_skip = (1U << poll->nr_doublings) - 1;
}

/* A wait that was slept through is longer by the wake-up: half a window, and more where others want the CPU. */
static inline void busy_poll_took(struct busy_poll *poll, uint64_t now_ns)
{
	uint64_t wait_ns = now_ns - poll->worked_ns;

	poll->worked_ns = now_ns;
	if (poll->looks && wait_ns < poll->window_ns) {
		busy_poll_found(poll);
		return;
	}
	if (poll->looks)
		busy_poll_missed(poll);
	poll->looks = poll->nr_to_skip == 0 && wait_ns < 2 * poll->window_ns;
	if (poll->nr_to_skip)
		poll->nr_to_skip--;
}

static inline void busy_poll_answered(struct busy_poll *poll, uint64_t now_ns)
{
	poll->worked_ns = now_ns;
}

static inline bool busy_poll_goes_on(const struct busy_poll *poll, uint64_t now_ns)
{
	return poll->looks && now_ns - poll->worked_ns < poll->window_ns;
}

/*
 * A window for this machine, from what it costs here to sleep and be woken: some tens of us on bare hardware, a
 * thousand or two in an emulated one. Takes a few milliseconds. 0: cannot tell.
 */
uint64_t busy_poll_measure_ns(void);

#endif
