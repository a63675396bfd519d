/* SPDX-License-Identifier: MIT */
/*
 * A frame that the guest sends, as its slots come out of the ring: the first says how long it is and what follows, then
 * come the extras, then the rest of its data. One with an extra that adds or removes a multicast group is none, but
 * only carries that: nothing else of it matters.
 *
 * Use: net_tx_frame_begin(), then net_tx_frame_add() for each slot until it says that this was the last.
 * Pure: nothing but the slots' private copies is looked at. What is refused here, and how hard, is what xen-netback
 * refuses, so a frontend that works with that one works with us (docs/protocol.md).
 * Thread: any. Never logs.
 */
#ifndef BACKEND_NET_TX_FRAME_H
#define BACKEND_NET_TX_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/xen_netif.h"

/* A frame of more is dropped, of so many ends the device. netif.h promises 18, which xen-netback counts from 0. */
#define NET_TX_MAX_SLOTS   (XEN_NETIF_NR_SLOTS_MIN + 1)
#define NET_TX_FATAL_SLOTS 22
#define NET_TX_MAX_EXTRAS  (XEN_NETIF_EXTRA_TYPE_MAX - 1)

#define NET_MIN_FRAME_BYTES 14 /* an Ethernet header */

enum net_tx_verdict {
	NET_TX_MORE,  /* another slot belongs to it */
	NET_TX_LAST,  /* complete; frame->rejected says whether it is to be sent */
	NET_TX_FATAL, /* the guest breaks the protocol: frame->rejected says how */
};

struct net_tx_slot {
	uint32_t slot; /* of the queue, to be answered */
	uint32_t gref;
	uint16_t offset_bytes, len_bytes;
	uint16_t id;
	bool is_extra; /* no data, and another answer */
};

struct net_tx_frame {
	const char *rejected; /* a constant; NULL: it is fine */
	uint16_t nr_slots, nr_data_slots;
	uint32_t len_bytes;
	uint32_t rest_bytes; /* that no slot has claimed: the first one's */
	uint16_t flags;      /* of the first slot, NETTXF_... */
	uint8_t gso_type;    /* XEN_NETIF_GSO_TYPE_... */
	uint16_t gso_bytes;
	uint8_t group_change; /* XEN_NETIF_EXTRA_TYPE_MCAST_ADD or _DEL; 0: it is a frame */
	uint8_t group[6];
	bool expects_extra, expects_data;
	struct net_tx_slot slots[NET_TX_FATAL_SLOTS + NET_TX_MAX_EXTRAS];
};

void net_tx_frame_begin(struct net_tx_frame *frame);
enum net_tx_verdict net_tx_frame_add(struct net_tx_frame *frame, uint32_t slot, const void *request);

#endif
