/* SPDX-License-Identifier: MIT */
/*
 * What a guest sends: slots become frames, one contiguous copy each, and go to the tap in the order in which they came.
 *
 * A batch: net_tx_request() for each slot, then net_tx_flush(): one grant-copy call fetches the data of all its frames,
 * one system call of the loop writes them. They are in the worker's scratch, unless that is full or they may have to
 * wait for the vif's rate. Answers come in order, too: so the arena, from which all others take their memory, is a
 * ring, and has room for as much as the guest's ring can have in flight.
 *
 * What the vif's rate does not let go waits in its place, unanswered: so the guest's ring fills, nothing is dropped.
 *
 * net_tx_request() and net_tx_flush() as they come -> net_tx_stop() -> stopped().
 * Thread: the queue's worker, but for init and fini (any, while it has none).
 * Errors: net_tx_request() and net_tx_flush() return a constant that says how the guest has broken the protocol.
 */
#ifndef BACKEND_NET_TX_H
#define BACKEND_NET_TX_H

#include "backend/core/queue.h"
#include "backend/net/capture.h"
#include "backend/net/counters.h"
#include "backend/net/credit.h"
#include "backend/net/policy.h"
#include "backend/net/state.h"
#include "backend/net/tx_frame.h"

/* Of a worker's: what one guest's ring can have at once. */
#define NET_TX_SCRATCH_PAGES 256

struct net_tx;

struct net_tx_job {
	struct loop_op op; /* the write */
	struct net_tx *tx;
	struct net_tx_frame frame;
	uint8_t *memory; /* a struct virtio_net_hdr, and the frame; in the arena, or: */
	bool is_in_scratch;
	uint32_t size_bytes;
	const char *dropped; /* why; NULL: it is on its way, or has gone */
	bool is_done;
};

struct net_tx_params {
	struct queue *queue;
	int tap_fd;
	uint32_t nr_slots;
	struct net_policy *policy; /* the vif's */
	struct net_state *state;   /* the vif's */
	struct net_direction *counters;
	unsigned int number; /* of this queue of the vif */
};

struct net_tx {
	struct queue *queue;
	int tap_fd;
	struct net_policy *policy;
	struct net_state *state;
	struct net_direction *counters;
	struct net_credit credit;
	bool is_stopping, is_left_behind; /* what waits then: goes at once, or is dropped */
	void (*stopped)(struct net_tx *tx);
	struct capture *capture; /* NULL: nobody looks */
	unsigned int number;         /* of this queue of the vif, for those who do */
	/* A ring: answered < sent < gathered. Free-running. */
	struct net_tx_job *jobs;
	uint32_t nr_jobs, nr_answered, nr_sent, nr_gathered;
	bool is_gone;      /* the tap was deleted */
	bool is_gathering; /* the job at nr_gathered has a part of its frame */
	uint8_t *arena;
	size_t arena_bytes, arena_used;
};

int net_tx_init(struct net_tx *tx, const struct net_tx_params *params);
void net_tx_fini(struct net_tx *tx);

const char *net_tx_request(struct net_tx *tx, uint32_t slot, const void *request);
const char *net_tx_flush(struct net_tx *tx);
/* Before the queue's: nothing waits any more. stopped() follows, when the kernel holds nothing of it but frames. */
void net_tx_stop(struct net_tx *tx, enum queue_stop how, void (*stopped)(struct net_tx *tx));
/* The arena's memory goes back until it is used again. Nothing may be in flight. */
void net_tx_trim(struct net_tx *tx);

#endif
