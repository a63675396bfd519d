/* SPDX-License-Identifier: MIT */
/*
 * The TCP packets that a large one stands for, cut here for a receiver that takes no large ones.
 *
 * Pure. Thread: any. Never logs. Trust: the frame may be anything that inet_parse() takes for TCP; a private copy.
 * Source: RFC 9293 (sequence numbers, flags), RFC 791 and 8200 (lengths).
 */
#ifndef COMMON_WIRE_SEGMENT_H
#define COMMON_WIRE_SEGMENT_H

#include "common/wire/inet.h"

/* Segments of payload_bytes each, at least 1; of a frame without payload, one. */
unsigned int segment_count(size_t len_bytes, const struct inet_frame *parsed, uint16_t payload_bytes);

/*
 * Writes the one at index (from 0, below the count) to `out`, which has room for the headers and payload_bytes: with
 * its lengths, its place in the stream and both checksums. How many bytes it has.
 */
uint32_t segment_cut(const void *frame, size_t len_bytes, const struct inet_frame *parsed, uint16_t payload_bytes,
		     unsigned int index, void *out);

#endif
