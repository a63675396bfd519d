/* SPDX-License-Identifier: MIT */
/*
 * What cases about frames share: a frame, and what is to become of it. Each fails the peer for the clause that it is
 * given.
 */
#ifndef TESTS_CONFORM_PEER_WIRE_H
#define TESTS_CONFORM_PEER_WIRE_H

#include "tests/conform/peer/vif.h"

/* Nobody has seen this one before: raw, of so many octets, from this vif to the other. Good until the next one. */
const struct frame *wire_frame(struct vif *vif, uint32_t len);
/* TCP or UDP. */
struct frame *wire_packet(struct vif *vif, unsigned int ip_version, uint8_t protocol, uint32_t payload_bytes);

/* All that is out is answered. */
void must_answer_slots(struct vif *vif, const char *clause);
/* The same, of all slots of data from number `first` on, with this status. */
void must_answer_with(struct vif *vif, const char *clause, ring_idx first, int16_t status);
/* The next frame of ours that comes to the other vif is this one. */
void must_arrive(struct vif *vif, const char *clause, const struct frame *frame);
/* It goes from this vif, in parts of these sizes (NULL: page by page), to the other; its slots are answered OKAY. */
void must_pass(struct vif *vif, const char *clause, const struct frame *frame, const uint16_t *sizes, unsigned int nr);
/* What was put from number `first` on is published, answered ERROR, nobody receives it, and what follows is served. */
void must_reject(struct vif *vif, const char *clause, ring_idx first);
/* It is published, nobody receives it, and the vif goes to Closing. */
void must_be_fatal(struct vif *vif, const char *clause, const char *what);

#endif
