/* SPDX-License-Identifier: MIT */
/*
 * A thread that changes shared memory while the backend looks at it.
 *
 * Use: race_begin(), what is to be disturbed, race_end(). Never logs.
 */
#ifndef TESTS_CONFORM_PEER_RACE_H
#define TESTS_CONFORM_PEER_RACE_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/conform/peer/front.h"

struct race {
	struct front *front;
	void (*step)(struct front *front, unsigned int *seed);
	pthread_t thread;
	atomic_bool is_over;
};

/* step() is called again and again, with a seed of the thread's own. */
void race_begin(struct race *race, struct front *front, void (*step)(struct front *front, unsigned int *seed));
void race_end(struct race *race);

#endif
