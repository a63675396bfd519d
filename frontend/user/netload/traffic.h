/* SPDX-License-Identifier: MIT */
/*
 * Frames that say of themselves what is to be in them. Their payload is a part of one stream, which follows from the
 * seed; each says where in the stream it begins, TCP by its sequence number. So a packet that was cut on its way is
 * checked like any other, and what is missing at the end is known. Pure.
 *
 * Thread: any. Trust: a frame that is checked may be anything. Never logs.
 */
#ifndef NETLOAD_TRAFFIC_H
#define NETLOAD_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "frontend/user/net_frame.h"

struct traffic {
	uint64_t seed;
	uint8_t to[6], from[6];
	bool is_ipv6;
	bool is_blank;	   /* leave the checksum to whoever is behind the vif */
	uint16_t gso_size; /* 0: UDP; else TCP, as large packets to be cut to so much payload */
};

/* What is before the payload: no frame is smaller. */
uint32_t traffic_headers_bytes(const struct traffic *traffic);
/*
 * Fills frame with len_bytes, the payload being what is at the position of the stream, and says in *meta how to send
 * it. How many bytes of the stream are in it.
 */
uint32_t traffic_make(const struct traffic *traffic, uint32_t position, bool is_last, uint8_t *frame,
		      uint32_t len_bytes, struct net_meta *meta);

enum traffic_kind {
	TRAFFIC_OTHER, /* none of ours */
	TRAFFIC_GOOD,
	TRAFFIC_WRONG_BYTES,
	TRAFFIC_WRONG_CHECKSUM, /* also: a blank one that does not have the sum of the pseudo header */
};

struct traffic_part {
	uint32_t position, nr_bytes; /* of the stream */
	bool is_last;
};

enum traffic_kind traffic_check(uint64_t seed, const uint8_t *frame, uint32_t len_bytes, const struct net_meta *meta,
				struct traffic_part *part);

#endif
