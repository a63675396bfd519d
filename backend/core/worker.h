/* SPDX-License-Identifier: MIT */
/*
 * A worker: one thread, one loop, one event-channel handle, and the queues that were given to it. A queue belongs to
 * one worker for life, so nothing on the request path needs a lock.
 *
 * Thread: worker_start() and worker_stop() on the main thread, everything else on the worker's own.
 */
#ifndef BACKEND_CORE_WORKER_H
#define BACKEND_CORE_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <xenevtchn.h>

#include "backend/core/loop.h"
#include "backend/core/scratch.h"

struct errbuf;

/* What an event channel wakes. Embedded in its owner. */
struct worker_port {
	void (*event)(struct worker_port *port);
	evtchn_port_t local; /* 0: not bound */
};

struct worker_params {
	unsigned int index;
	uint64_t busy_poll_ns; /* the window of its queues (busy_poll.h) */
	/*
	 * Batches instead of a switch between tasks for each frame: what it wakes does not take the CPU from it (nice
	 * -10, of which a tenth is left to others, whatever a guest sends), and it does not take the CPU from what
	 * wakes it (SCHED_BATCH). Not if the process has a nice value: whoever gave it one has decided. Without
	 * CAP_SYS_NICE it works as others do, and the first says so.
	 */
	bool is_among_tasks;
	uint32_t own_domid;
	struct scratch_pages scratch;
	bool may_grant_scratch;
};

struct worker {
	struct worker_params params;
	pthread_t thread;
	struct loop loop;
	struct scratch scratch;
	/* owner: the worker's thread */
	xenevtchn_handle *xce;
	struct loop_fd xce_fd;
	struct worker_port **by_port;
	uint32_t nr_ports;
	uint32_t nr_bound;
	bool has_unbound; /* since the queue of pending ports was last seen empty */
	/* start-up: what the thread tells worker_start() */
	pthread_barrier_t in_step; /* with who starts and stops it: begun, and told to end */
	int start_rc;
	struct errbuf *start_err;
};

/* Returns once the thread runs or has failed; err says what could not be opened. */
int worker_start(struct worker *worker, const struct worker_params *params, struct errbuf *err);
/* Ends the thread. Its queues must be gone. */
void worker_stop(struct worker *worker);

/*
 * Binds a local port to the peer's. The port is pending at once, as Xen binds it: event() runs without a
 * notification. A delivered port stays masked until worker_unmask().
 */
int worker_bind(struct worker *worker, struct worker_port *port, uint32_t domid, evtchn_port_t remote,
		void (*event)(struct worker_port *));
/* No event() follows. A port that is not bound is left alone. */
void worker_unbind(struct worker *worker, struct worker_port *port);
void worker_unmask(struct worker *worker, struct worker_port *port);
void worker_notify(struct worker *worker, struct worker_port *port);

#endif
