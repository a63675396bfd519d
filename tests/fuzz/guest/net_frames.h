/* SPDX-License-Identifier: MIT */
/* Frames that a guest sends, as slots: as they should be, and as they should not. */
#ifndef TESTS_FUZZ_GUEST_NET_FRAMES_H
#define TESTS_FUZZ_GUEST_NET_FRAMES_H

#include "frontend/user/net_front.h"
#include "tests/fuzz/guest/guest.h"

#define NR_PAGES   NET_TX_MAX_BUFFERS
#define MAX_PIECES 21 /* without ending the connection; of more than 19 a frame is dropped */

struct frame {
	unsigned int nr_pieces;
	netif_tx_request_t piece[MAX_PIECES]; /* the id of each is its page, of the queue's */
	netif_extra_info_t extra;
	enum expected expected;
};

/* From that page on; it must succeed. */
void choose_frame(struct frame *frame, const struct netfront *front, struct net_queue *queue, unsigned int first_page);
/* It is dropped, and the connection goes on. */
void spoil_frame(struct frame *frame, struct net_queue *queue);
/* It ends the connection. */
void break_frame(struct frame *frame);

#endif
