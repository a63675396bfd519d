// SPDX-License-Identifier: MIT
/* The cases of a frontend that misbehaves, and what they share: the frontend, connected. */
#ifndef TESTS_DAEMON_HOSTILE_HOSTILE_H
#define TESTS_DAEMON_HOSTILE_HOSTILE_H

#include <stdbool.h>

#include "common/wire/blk.h"
#include "frontend/user/blk_front.h"

#define SETTLE_MS  2000
#define TIMEOUT_MS 10000

/* One with spoil is a request that is not as it should be; others run as they like. */
struct hostile_case {
	const char *name;
	void (*run)(void);
	void (*spoil)(struct blk_request *req);
	bool is_usable; /* is an ordinary read afterwards worth a try? It always is after a request. */
};

/* Each ends with one that has no name. */
extern const struct hostile_case request_cases[], ring_cases[], state_cases[];

extern struct blkfront *front;

const char *backend_state(void);

/* Prints answers until `wanted` have come, the backend leaves Connected, or time is up. Returns how many came. */
int settle(int wanted, int ms);

/* A read of the first sector as it should be; a case changes what it is about. */
struct blk_request good_request(const struct blkfront_io *io);

void send_raw(struct blkfront_io *io, const struct blk_request *req);

#endif
