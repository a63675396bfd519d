/* SPDX-License-Identifier: MIT */
/*
 * Two vifs joined to each other, without an interface of our domain between them: what one guest sends is copied from
 * its pages right into those that the other has posted, by Xen, in one step.
 *
 * We hold a frame ourselves only where the receiver does not take it as the sender made it: with a blank checksum, or
 * as a large packet. A guest that posts nothing holds the other's frames up, and after a while loses them; so does one
 * whose end was handed over and is not back yet. What the sender's rate does not let go waits as long as it has to.
 *
 * net_pair_end_init() -> _start() -> _flush() whenever either ring of it runs -> _stop() -> stopped() -> _fini().
 * Both ends belong to one worker. Thread: its own; init and fini: any, while it does not run. Never logs.
 */
#ifndef BACKEND_NET_PAIR_H
#define BACKEND_NET_PAIR_H

#include "backend/net/credit.h"
#include "backend/net/delivery.h"
#include "backend/net/pair_names.h"
#include "backend/net/rx.h"
#include "backend/net/tx_frame.h"

struct net_pair_end;

struct net_pair_params {
	struct net_pair *pair;
	struct queue *tx, *rx;
	struct net_rx_limits limits;
	struct net_rate *rate; /* of what its guest sends */
	struct net_counters *counters;
};

struct net_pair_end {
	struct net_pair_params params;
	struct net_pair_end *other; /* NULL: it is not connected, */
	bool is_other_expected;     /* but another process hands it over to us, or we to another one */
	struct net_delivery delivery; /* to this end's guest */
	/* Frames of this end's guest, a ring: answered = handed < gathered. Free-running. */
	struct net_pair_job *jobs;
	uint32_t nr_handed, nr_gathered;
	bool is_gathering; /* the job at nr_gathered has a part of its frame */
	uint8_t *area;     /* of frames that we hold; NULL: never used */
	struct capture *capture;
	struct net_credit credit;
	struct loop_timer stall;
	uint32_t nr_handed_at_stall;
	bool is_running;
	void (*stopped)(struct net_pair_end *end);
};

int net_pair_end_init(struct net_pair_end *end, const struct net_pair_params *params);
void net_pair_end_fini(struct net_pair_end *end);
void net_pair_end_start(struct net_pair_end *end, bool is_resumed);
/* A constant that says how the guest has broken the protocol; NULL: it has not. */
const char *net_pair_end_flush(struct net_pair_end *end);
/* The guest has posted pages, maybe: what the other one sends may go on. */
void net_pair_end_posted(struct net_pair_end *end);
/* What waits is dropped, or left in the ring for the next process. stopped() follows, maybe at once. */
void net_pair_end_stop(struct net_pair_end *end, enum queue_stop how, void (*stopped)(struct net_pair_end *end));
/* The memory for frames goes back until it is used again. false: not now. */
bool net_pair_end_trim(struct net_pair_end *end);

#endif
