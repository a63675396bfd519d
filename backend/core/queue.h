/* SPDX-License-Identifier: MIT */
/*
 * One ring of one device, served by one worker: takes requests into slots, gives them to the class, publishes the
 * answers, keeps the journal, and bounds what a guest can make us do.
 *
 * A slot is a number below queue_nr_slots(); the class keeps what it needs per slot in an array of its own. There are
 * as many as the ring has, so a slot is always free for a request that the ring could hold unanswered.
 *
 * The work of one batch: requests are taken -> ops->request() each -> ops->flush() -> answers are published, one
 * notification. Completions call queue_kick() so that flush() runs at the end of their batch too. A queue that has
 * nothing left to do looks for a while before it sleeps, where that pays (busy_poll.h).
 *
 * What another process took and did not answer comes first, with the bytes that it took, in the ring's order.
 *
 * A class that wants requests only when it has something for them leaves ops->request out: it takes them in flush(),
 * with queue_has_requests() and queue_take().
 *
 * Two queues may share a port, as a network device's two rings do: an event is one for both.
 *
 * Life: queue_init() (main) -> queue_open() -> queue_stop() -> ops->stopped() -> ops->released() (worker); the memory
 * is the class's and may go after released().
 * Thread: the worker's, but for queue_init().  Never logs: the class does, from ops->broken() and ops->stopped().
 */
#ifndef BACKEND_CORE_QUEUE_H
#define BACKEND_CORE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/core/busy_poll.h"
#include "backend/core/grants.h"
#include "backend/core/journal.h"
#include "backend/core/loop.h"
#include "backend/core/worker.h"
#include "common/ring/back.h"

/* How long what is in flight may take, then it is an orphan. */
#define QUEUE_CLOSE_DEADLINE_NS     (5 * 1000000000ULL)
#define QUEUE_HAND_OVER_DEADLINE_NS (15 * 1000000000ULL)

/* A guest that asks for nothing so long is idle: its disk need not keep what only a load needs. */
#define QUEUE_QUIET_NS (4 * 1000000000ULL)

/* Why ops->refuse() was called. */
#define QUEUE_REFUSED "three daemons died while they served the same request"

struct queue;
struct errbuf;

/* What becomes of requests that may have been taken, when a ring is taken up without its journal (queue_recover.h). */
enum queue_left {
	QUEUE_LEFT_HANGS,    /* answers come in any order: the ring does not say which, so nobody answers */
	QUEUE_LEFT_FORBIDS,  /* likewise, and no guest can live with that: only a ring without any is taken up */
	QUEUE_LEFT_DISOWNED, /* answers come in the ring's order: each gets an error, by ops->disown() */
	QUEUE_LEFT_TAKEN,    /* likewise, and nothing comes of asking twice: they are taken like any */
};

struct queue_ops {
	/*
	 * A request was taken; its bytes are a private copy, valid until queue_respond(). Must lead to one respond.
	 * NULL: see above.
	 */
	void (*request)(struct queue *queue, uint32_t slot, const void *bytes);
	/* The end of a batch: do what was gathered. May respond. */
	void (*flush)(struct queue *queue);
	/*
	 * Nothing is in flight, and nothing was asked for in QUEUE_QUIET_NS. Once, until the next request; if it
	 * returns false, again after that time.
	 */
	bool (*quiet)(struct queue *queue);
	/* The guest's index is impossible: nothing more is taken. Called once. */
	void (*broken)(struct queue *queue);
	/*
	 * Three daemons have died while they served this request, the last one with no other that it could have been:
	 * answer it with an error. Nothing more is taken. NULL: none is ever suspected.
	 */
	void (*refuse)(struct queue *queue, uint32_t slot, const void *bytes);
	/*
	 * After queue_stop(): the ring is unmapped and the port closed. nr_orphans requests are still with the engine,
	 * or held behind one that is; their pages and slots stay until it gives them back.
	 */
	void (*stopped)(struct queue *queue, uint32_t nr_orphans);
	/* The last slot is free: the memory may go. */
	void (*released)(struct queue *queue);
	bool has_parts; /* a request may be a part of something: none can be served alone */
	enum queue_left left;
	/* Writes the answer, an error, to a slot that nobody may look at otherwise. In the ring's order, to each. */
	void (*disown)(struct queue *queue, const void *request, void *response);
};

enum queue_stop {
	QUEUE_CLOSE,     /* the connection ends */
	QUEUE_HAND_OVER, /* another process goes on: the ring is left as it is, the journal marked clean */
};

struct queue {
	const struct queue_ops *ops;
	struct worker *worker;
	struct journal *journal;
	struct grants grants;
	struct ring_back ring;
	void *shared;
	uint32_t nr_pages;
	struct worker_port port;
	struct queue *port_owner, *port_sharer; /* whose port we use, who uses ours; NULL */
	struct loop_task task;
	struct busy_poll busy_poll;
	enum queue_state {
		QUEUE_CLOSED,
		QUEUE_RUNNING,
		QUEUE_BROKEN,    /* takes nothing more, answers what it took */
		QUEUE_STOPPING,  /* the same, and then the ring goes */
		QUEUE_ORPHANED,  /* the ring is gone, requests are still with the engine */
		QUEUE_RELEASING, /* nothing is left but what the loop still points to */
	} state;
	enum queue_stop stop_how;
	bool is_overdue;
	struct loop_timer deadline;
	/* slots: free ones as a stack, so that warm buffers are used again first; answered ones until the next push */
	uint32_t nr_slots, nr_free, nr_answered;
	uint32_t *free_slots, *answered_slots;
	struct journal_unanswered replays;
	uint32_t nr_replayed; /* of those */
	uint32_t nr_abandoned; /* slots of requests that are never answered */
	/* of what a daemon may have died of; see queue.c */
	bool is_on_trial;
	uint32_t tried_slot; /* the last */
	uint64_t trial_began_ns;
	struct loop_timer trial; /* its end, or when to ask for it again */
	/* an event waits for its unmask; see queue.c on storms */
	bool has_event;
	uint64_t nr_taken, nr_taken_at_event;
	uint32_t nr_empty_events;
	struct loop_timer unmask_later;
	uint64_t nr_spurious_events;
	/* armed from a request on until the queue is quiet */
	struct loop_timer quiet_look;
	uint64_t nr_taken_at_look;
};

/* What makes a queue, from the peer's nodes, already checked. */
struct queue_params {
	const struct journal_identity *identity; /* domid, refs, port, slot sizes */
	bool is_resumed;                         /* go on with a ring that another process had */
	uint32_t max_persistent_pages;           /* of the guest's that stay mapped between requests; 0: none */
	struct persistent_budget *budget;        /* for them */
	struct queue *port_owner;                /* open, of the same worker, stopped later; NULL: a port of our own */
};

/* The ring that an identity's references and slot sizes make; -EINVAL: none. */
int queue_ring_layout(const struct journal_identity *identity, struct ring_layout *layout, struct errbuf *err);

void queue_init(struct queue *queue, const struct queue_ops *ops, struct journal *journal);
/*
 * Maps the ring, binds the port, begins the journal. On failure nothing is held and err names the step. -EAGAIN:
 * resumed, and the port is not free; the process before may not be quite gone.
 */
int queue_open(struct queue *queue, struct worker *worker, const struct queue_params *params, struct errbuf *err);
void queue_stop(struct queue *queue, enum queue_stop how);

/* Answers a slot, once; visible at the end of the batch. After stopped() it only frees the slot. */
void queue_respond(struct queue *queue, uint32_t slot, const void *response);
/* For ops without request(): are there so many? If not, flush() runs when there are. */
bool queue_has_requests(struct queue *queue, uint32_t nr);
/* One of them: its bytes, and its slot, as request() is given them. NULL: there is none, or it was refused. */
const void *queue_take(struct queue *queue, uint32_t *slot);

/* A request that was taken is as if it had not been, for who takes the ring up: the newest one that is not answered. */
void queue_give_back(struct queue *queue, uint32_t slot);

/* The private copy of one that was taken and is not answered yet. */
const void *queue_request(const struct queue *queue, uint32_t slot);

/* Another process has taken it before us, and may have served it. */
bool queue_is_replay(const struct queue *queue, uint32_t slot);

/* The class has found that the guest breaks the protocol: nothing more is taken. ops->broken() is not called. */
void queue_break(struct queue *queue);

/* Something completed: run the end of a batch soon. */
void queue_kick(struct queue *queue);

/* false: stopped. Nothing may be copied to the guest any more: what its references stand for may have changed. */
static inline bool queue_has_ring(const struct queue *queue)
{
	return queue->state == QUEUE_RUNNING || queue->state == QUEUE_BROKEN || queue->state == QUEUE_STOPPING;
}

static inline uint32_t queue_nr_slots(const struct queue *queue)
{
	return queue->nr_slots;
}

/* Of what another process left unanswered, what is not looked at yet. */
static inline uint32_t queue_nr_to_replay(const struct queue *queue)
{
	return queue->replays.nr - queue->nr_replayed;
}

static inline uint32_t queue_nr_busy(const struct queue *queue)
{
	return queue->nr_slots - queue->nr_free - queue->nr_answered - queue->nr_abandoned - queue_nr_to_replay(queue);
}

#endif
