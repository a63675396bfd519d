/* SPDX-License-Identifier: MIT */
/*
 * What cases about states and nodes share: a connection step by step, with something wrong in it, and what the backend
 * is to make of it. Each must_ fails the peer for the clause that it is given.
 *
 * Thread: the main thread. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_COURSE_H
#define TESTS_CONFORM_PEER_COURSE_H

#include "tests/conform/peer/front.h"

/* All nodes of a connection, but not the state that announces them: front_switch(front, front->state). */
void front_lay_out(struct front *front);
/* A value of any length. */
void front_write_text(struct front *front, const char *name, const char *text);
/* A new ring, announced by the book but for one node: that has this value, of any length, or is not there. */
void front_announce_with(struct front *front, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void front_announce_without(struct front *front, const char *name);
void front_remove_directory(struct front *front);
/* Is the node in our own directory? */
bool front_has(struct front *front, const char *name);

/* It gets there, and serves a request; when: what the frontend did, in words. */
void must_connect(struct front *front, const char *clause, const char *when);
/* What the frontend did, in words, which the backend connects to all the same, or leaves as it is. */
void must_refuse(struct front *front, const char *clause, const char *what);
/* The same, but that it says nothing is for others to judge (BUS-27). */
void must_not_connect(struct front *front, const char *clause, const char *what);
/* The frontend in Closed: so is the backend, and it has unmapped the ring, which front_drop_ring() takes back. */
void must_close(struct front *front, const char *clause);
/* From wherever the backend is: the frontend goes to Closed and back to Initialising. */
void must_offer_again(struct front *front, const char *clause);
/* The same, and a new ring, with which a request is served. */
void must_start_over(struct front *front, const char *clause);
/*
 * For cases that ask the toolstack: the frontend is Closed, the backend told to end, its directory removed. The
 * frontend's is there, in Initialising, as for a new disk: toolstack_create().
 */
void must_forget(struct front *front, const char *clause);
/* Nothing of the ring is mapped any more; skips nothing, but sees it only where loan_check() would. */
void must_have_let_go(struct front *front, const char *clause);
/* It does not look into the ring any more: nobody takes a request that is put there now. */
void must_leave_ring(struct front *front, const char *clause);
/* The same, and it writes into no page of an earlier request. */
void must_touch_nothing(struct front *front, const char *clause);

#endif
