/* SPDX-License-Identifier: MIT */
/*
 * The states of a frontend that gets on with its backend by the book, but for the clause that violate.h tells it to
 * break: what the scripted ones have in common.
 *
 * Thread: the main thread. Never logs. What the environment does is an ERROR.
 */
#ifndef TESTS_CONFORM_PEER_FRONT_STATES_H
#define TESTS_CONFORM_PEER_FRONT_STATES_H

#include "tests/conform/peer/front.h"

#define IN(state)   (1U << (state))
#define HAS_OFFERED (IN(XB_INIT_WAIT) | IN(XB_INITIALISED) | IN(XB_CONNECTED))
#define HAS_LET_GO  (IN(XB_CLOSED) | IN(XB_INIT_WAIT) | IN(XB_INITIALISING) | IN(XB_UNKNOWN))
#define IS_CLOSING  (IN(XB_CLOSING) | IN(XB_CLOSED) | IN(XB_UNKNOWN))
#define NO_STATE    31 /* what is written there is none */

enum xb_state front_own_state(struct front *front);
/* Or NO_STATE. */
unsigned int front_state_of_backend(struct front *front);
/* Nothing, if the toolstack has removed our directory. */
void front_go_to(struct front *front, enum xb_state state);
/* Until something changes, or that time; 0: what has changed by now. */
void front_take_changes(struct front *front, uint64_t deadline_ns);
/* Which of these states; any other than those and the ones before ends the wait, too. */
unsigned int front_await_states(struct front *front, unsigned int states, unsigned int before);
/* To Initialising; after an earlier connection not before the backend has let go of that. */
void front_start_over(struct front *front);
/* To Closing, where it was connected, and to Closed. */
void front_close_states(struct front *front);

#endif
