/* SPDX-License-Identifier: MIT */
/*
 * The host at the far end of a vif's wire: whatever address a guest sends IP to, it comes back as if from there. Of ARP
 * and echo requests that is the reply; of UDP and TCP the same packet with its ends exchanged, by which a connection of
 * TCP comes up, as both ends open it at once, and brings back every octet that is sent. It keeps nothing in mind.
 *
 * Pure. Never logs. Trust: the frame may be anything.
 */
#ifndef TESTS_CONFORM_PEER_MIRROR_H
#define TESTS_CONFORM_PEER_MIRROR_H

#include "tests/conform/peer/frame.h"

/* The host's own, as Xen's backends have it. */
extern const uint8_t mirror_mac[6];

/* Becomes its own answer. false: there is none to that, and of the frame nothing is known. */
bool mirror_turn(struct frame *frame);

#endif
