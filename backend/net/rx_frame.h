/* SPDX-License-Identifier: MIT */
/*
 * A frame for the guest, and what it is said to be in the slots that it takes: a response for each of its buffers, and
 * behind the first one the extras. A slot with an extra has a buffer, too, which is only given back.
 *
 * Pure. Thread: any. Never logs.
 */
#ifndef BACKEND_NET_RX_FRAME_H
#define BACKEND_NET_RX_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/net/toeplitz.h"
#include "backend/net/tx_frame.h"
#include "common/wire/vnet.h"
#include "common/wire/xen_netif.h"

/* The largest IP packet, with Ethernet's header and a VLAN tag. */
#define NET_RX_MAX_BYTES (65535U + 18U)
/*
 * What the memory of a frame takes of an area, and where in that it begins: so that its bytes begin with a page. Grants
 * are copied page by page, so each of its buffers is filled by one copy.
 */
#define NET_RX_STRIDE_BYTES (18U * 4096U)
#define NET_RX_HEAD_BYTES   (4096U - sizeof(struct virtio_net_hdr))
/* A guest may want room before the data of each buffer (`xdp-headroom`); xen-netfront takes 256. */
#define NET_RX_MAX_HEADROOM_BYTES 1024U
#define NET_RX_MAX_PARTS          25 /* of the largest frame, if each page has so little room for it; and extras */

/* What the guest can take. */
struct net_rx_limits {
	struct net_takes takes;
	bool has_sg; /* a frame may take several buffers */
};

struct net_rx_frame {
	uint8_t *memory; /* a struct virtio_net_hdr, and the frame */
	const struct net_tx_frame *lent; /* or it is still in the slots of who sends it; NULL: it is not */
	uint32_t lender;                 /* the domain that does */
	uint32_t len_bytes;
	const char *rejected; /* a constant; NULL: it is for the guest */
	struct net_meta meta;
	bool has_hash;
	struct toeplitz_hash hash;
	uint16_t headroom_bytes;
	bool has_failed; /* one of its copies */
	unsigned int nr_parts;
	struct net_rx_part {
		uint32_t slot; /* of the queue */
		uint32_t gref;
		uint16_t id, len_bytes;
	} parts[NET_RX_MAX_PARTS];
};

/* A slot of the ring, whatever it says. */
union net_rx_answer {
	netif_rx_response_t response;
	netif_extra_info_t extra;
};

static inline uint8_t *net_rx_frame_bytes(const struct net_rx_frame *frame)
{
	return frame->memory + sizeof(struct virtio_net_hdr);
}

/* NULL: the guest has buffers for so much at once; or a constant that says why it is to be rejected. */
const char *net_rx_frame_check_size(const struct net_rx_frame *frame, const struct net_rx_limits *limits);
bool net_rx_frame_is_extra(const struct net_rx_frame *frame, unsigned int part);
unsigned int net_rx_frame_parts_needed(const struct net_rx_frame *frame);
/* Once nr_parts is set: how much of the frame goes to each. */
void net_rx_frame_cut(struct net_rx_frame *frame);
union net_rx_answer net_rx_frame_answer(const struct net_rx_frame *frame, unsigned int part);

/* Everything but the parts; `to` has memory of its own. */
void net_rx_frame_copy(struct net_rx_frame *to, const struct net_rx_frame *from);

#endif
