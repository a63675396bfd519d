/* SPDX-License-Identifier: MIT */
/*
 * What pvring-netd tells `pvring net capture` of a frame: one datagram, a record without the slots that are not used,
 * then the frame's bytes as far as there are any. Both ends run on one machine, so numbers are as it has them; they may
 * be of different builds, so the request for a capture names NET_CAPTURE_FORMAT.
 */
#ifndef COMMON_WIRE_NET_CAPTURE_H
#define COMMON_WIRE_NET_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire/xen_netif.h"

#define NET_CAPTURE_FORMAT       1
#define NET_CAPTURE_MAX_SLOTS    32 /* more than any frame has, extras included */
#define NET_CAPTURE_MAX_FRAME    (17 * 4096)
#define NET_CAPTURE_REASON_BYTES 96

enum net_capture_direction { NET_CAPTURE_FROM_GUEST, NET_CAPTURE_TO_GUEST };

/* As it stands in the ring. */
struct net_capture_slot {
	uint32_t is_extra;
	union {
		netif_tx_request_t request;   /* from the guest */
		netif_rx_response_t response; /* to the guest */
		netif_extra_info_t extra;
	};
};

struct net_capture_record {
	uint64_t time_ns;     /* CLOCK_REALTIME */
	uint32_t frame_bytes; /* what the slots say it has */
	uint16_t queue;
	uint8_t direction; /* enum net_capture_direction */
	uint8_t nr_slots;
	char dropped[NET_CAPTURE_REASON_BYTES]; /* why, if it was; else "" */
	struct net_capture_slot slots[NET_CAPTURE_MAX_SLOTS];
};

static inline size_t net_capture_record_bytes(const struct net_capture_record *record)
{
	return offsetof(struct net_capture_record, slots) + record->nr_slots * sizeof(record->slots[0]);
}

#endif
