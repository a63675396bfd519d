/* SPDX-License-Identifier: MIT */
/*
 * One page granted by itself, to whom and how a case likes, and taken back when it likes.
 *
 * Whether somebody still has it mapped then is known to Xen; Linux tells no process of a guest. On loopxen a page that
 * nobody has mapped is emptied when its grant ends, which a second view of it shows; elsewhere loan_check() skips.
 * Thread: the main thread. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_LOAN_H
#define TESTS_CONFORM_PEER_LOAN_H

#include "tests/conform/peer/front.h"

struct loan {
	uint8_t *page;
	uint32_t gref;
};

struct loan loan_to(struct front *front, uint32_t domid, bool is_writable);
struct loan loan_page(struct front *front, bool is_writable); /* to the backend's domain */
void loan_end(struct front *front, struct loan *loan);

/* Can it be seen here? */
bool loan_can_tell(struct front *front);
/* Before a case that calls loan_end_in_use(). */
void loan_check(struct front *front);
/* Ends it: did somebody have the page mapped at that moment? */
bool loan_end_in_use(struct front *front, struct loan *loan);

#endif
