/* SPDX-License-Identifier: MIT */
/*
 * What is done with the slots of a frame that a guest sends: their data is fetched, they are shown to who captures, and
 * they are answered.
 *
 * Thread: the queue's worker. Never logs.
 */
#ifndef BACKEND_NET_TX_SLOTS_H
#define BACKEND_NET_TX_SLOTS_H

#include "backend/core/queue.h"
#include "backend/net/capture.h"
#include "backend/net/tx_frame.h"
#include "common/wire/vnet.h"

/*
 * Where in memory that begins with a page, and is used up to after_bytes, the frame is to begin, so that as few of its
 * pieces as possible are in two pages: Xen and the kernel copy such a one as two. Less than a page is left out.
 */
size_t net_tx_slots_place(const struct net_tx_frame *frame, size_t after_bytes);
/* To `to`, of frame->len_bytes, by the next grants_copy_run(), which is told `owner` where one fails. */
void net_tx_slots_copy(const struct net_tx_frame *frame, struct grants *grants, void *to, uint32_t owner);
/* What the first slot and the extras say of it. */
struct net_meta net_tx_slots_meta(const struct net_tx_frame *frame);
/* bytes: NULL if they never came. dropped: the reason, or NULL. */
void net_tx_slots_capture(const struct net_tx_frame *frame, struct queue *queue, struct capture **capture,
			  unsigned int index, const char *dropped, const void *bytes);
void net_tx_slots_answer(const struct net_tx_frame *frame, struct queue *queue, bool has_failed);
/* Nothing was done with it: it is in the ring again. The newest frame first. */
void net_tx_slots_give_back(const struct net_tx_frame *frame, struct queue *queue);

/* Where one is among slots that nobody has looked at as frames. Zeroed: at the first of a frame. */
struct net_tx_disowned {
	bool is_in_frame, is_extra_next;
};

/* The answer to the next of them: its frame is not sent. */
void net_tx_slots_disown(struct net_tx_disowned *at, const void *request, void *response);

#endif
