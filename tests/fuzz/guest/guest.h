/* SPDX-License-Identifier: MIT */
/*
 * A guest that does mostly what it may, and now and then what it may not, as a seed has it: one connection of one
 * device. What it says is "seed N: ..." and what it did, or what did not hold:
 *
 * - each request is answered, once, whatever was wrong with it, as long as the ring is in order;
 * - what was as it should be is done, what cannot be is refused;
 * - a ring that is not in order ends the connection, and nothing else does.
 */
#ifndef TESTS_FUZZ_GUEST_GUEST_H
#define TESTS_FUZZ_GUEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#define ANSWER_MS 30000 /* what a hang may cost, on a machine with much else to do */

/* What is to come of a request. */
enum expected { MUST_SUCCEED, MUST_FAIL, MAY_DO_EITHER };

/* How the guest leaves. */
enum leaving { IN_ORDER, BY_A_BAD_INDEX, WITHOUT_A_WORD, NR_LEAVINGS };

/* What is chosen from here on depends on the seed and that number alone, not on how fast answers have come before. */
void begin_step(unsigned int step);

/* Mostly in order. */
enum leaving choose_leaving(void);

/* The first is what is said. false, to be passed on. */
bool does_not_hold(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Of a run in which all holds. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* false: it has said what does not hold. */
bool guest_blk(uint32_t devid);
bool guest_net(uint32_t devid);
bool guest_usb(uint32_t devid);

#endif
