/* SPDX-License-Identifier: MIT */
/*
 * The sending ring of a vif: frames cut into slots, each with a page of its own, and the answers to them.
 *
 * Use: front_tx_open(), publish, front_tx_send() as often as there is room, front_tx_push(); front_tx_take() until
 * there is nothing. A frame is done when each of its slots is answered; its pages are used again after that.
 * An id is a page's number and its generation, so that an answer given twice, or of long ago, is recognised. Slots of
 * extra info have none: their answers are counted.
 * Thread: one owner. Trust: answers are the backend's. Errors: -errno with the reason; never logs.
 */
#ifndef FRONTEND_USER_NET_TX_H
#define FRONTEND_USER_NET_TX_H

#include "common/ring/front.h"
#include "frontend/user/grants.h"
#include "frontend/user/net_frame.h"
#include "frontend/user/net_terms.h"

#define NET_TX_MAX_BUFFERS 256			  /* the slots of a ring of one page */
#define NET_TX_MAX_PIECES  XEN_NETIF_NR_SLOTS_MIN /* what every backend takes */

struct errbuf;

/* A part of a frame, and where in its page it stands. */
struct net_piece {
	uint16_t offset, size_bytes;
};

struct net_outgoing {
	const void *bytes;
	uint32_t len_bytes;
	struct net_meta meta;
	uint64_t cookie; /* the caller's */
};

struct net_sent {
	uint64_t cookie;
	uint32_t len_bytes;
	int rc; /* 0; -EIO: an error of any of its slots; -ENOBUFS: the backend dropped it */
	bool is_group_change; /* no frame, but a front_tx_change_group() */
};

struct net_tx_page {
	uint8_t generation;
	bool is_out;
	uint8_t first, next; /* of the frame that it is part of; the last one's next is itself */
	/* Of the first one. */
	uint8_t nr_out; /* pieces without an answer */
	struct net_sent sent;
};

struct net_tx {
	struct grant_pool ring_pages, buffers;
	struct ring_front ring;
	struct net_features takes; /* the backend */
	struct net_tx_page page[NET_TX_MAX_BUFFERS];
	uint8_t free[NET_TX_MAX_BUFFERS]; /* a stack */
	uint32_t nr_free, nr_extras_out, nr_frames_out;
	uint64_t nr_slots;
};

void front_tx_init(struct net_tx *tx);
int front_tx_open(struct net_tx *tx, xengntshr_handle *gntshr, uint32_t domid, uint32_t nr_buffers,
		struct net_features takes, struct errbuf *err);
void front_tx_fini(struct net_tx *tx);

/*
 * Puts a copy of the frame on the ring, not yet visible. -EAGAIN: there is no room now; -EMSGSIZE: it is no size that a
 * frame can have, or has more pieces than the backend takes; -EINVAL: the pieces are not just the frame, or one leaves
 * its page, or has no bytes; -EOPNOTSUPP: the backend does not take such a checksum or such GSO.
 */
int front_tx_send(struct net_tx *tx, const struct net_outgoing *frame, const struct net_piece *pieces,
		unsigned int nr_pieces);
/*
 * Has the backend add a multicast group to those whose frames it passes on, or remove it. Answered as a frame is.
 * -EAGAIN: there is no room now.
 */
int front_tx_change_group(struct net_tx *tx, bool is_added, const uint8_t address[6]);
/* Cuts a frame page by page. How many pieces: 0 if it is more than NET_TX_MAX_PIECES. */
unsigned int front_tx_cut(uint32_t len_bytes, struct net_piece *pieces);
/* Publishes. true: notify. */
bool front_tx_push(struct net_tx *tx);

/* RING_GOT: *sent is done. RING_BROKEN: *why. */
enum ring_pop front_tx_take(struct net_tx *tx, struct net_sent *sent, const char **why);

#endif
