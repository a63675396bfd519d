/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The frontend's half of a ring: puts requests in, takes responses out. The mirror image of back.h, and as wary: a
 * backend in another domain may be hostile too.
 *
 * Use:	while (more() && ring_front_put(&ring, &request)) ...	then if (ring_front_push(&ring)) notify
 *	do {
 *		while ((got = ring_front_pop(&ring, &response)) == RING_GOT)
 *			finish(&response);
 *	} while (got == RING_EMPTY && ring_front_final_check(&ring));
 * then sleep until notified.
 *
 * Our own indexes are private and never read back from the page. What was popped is a copy; whether its id is one that
 * was asked for is the caller's to check.
 * Thread: one owner, or the caller's lock. Never fails otherwise, never logs.
 */
#ifndef COMMON_RING_FRONT_H
#define COMMON_RING_FRONT_H

#include "common/ring/layout.h"

struct ring_front {
	struct ring_shared *shared;
	struct ring_layout layout;
	ring_idx req_prod;   /* the next request to put */
	ring_idx req_pushed; /* requests before this one are published */
	ring_idx rsp_cons;   /* the next response to pop */
	ring_idx rsp_seen;   /* responses before this one were published and are within bounds */
	bool broken;
};

/*
 * Takes up a ring that has requests rsp_cons to req_prod outstanding, all published, or false if no ring can look like
 * that. Whoever published them may have died before it notified: the caller notifies the backend once.
 */
static inline bool ring_front_attach(struct ring_front *r, void *shared, const struct ring_layout *layout,
				     ring_idx req_prod, ring_idx rsp_cons)
{
	if ((ring_idx)(req_prod - rsp_cons) > layout->nr_slots)
		return false;
	*r = (struct ring_front){
		.shared = shared,
		.layout = *layout,
		.req_prod = req_prod,
		.req_pushed = req_prod,
		.rsp_cons = rsp_cons,
		.rsp_seen = rsp_cons,
	};
	return true;
}

/*
 * A fresh ring, initialised before it is granted to anyone: header and slots zeroed, each side asks for an event for
 * the first message. What lies behind the last slot is not touched: take zeroed pages, the backend will see all of it.
 */
static inline void ring_front_init(struct ring_front *r, void *shared, const struct ring_layout *layout)
{
	memset(shared, 0, RING_HEADER_BYTES + (size_t)layout->nr_slots * layout->slot_bytes);
	ring_front_attach(r, shared, layout, 0, 0);
	peer_store(&r->shared->req_event, 1);
	peer_store(&r->shared->rsp_event, 1);
}

/* Requests that can still be put. */
static inline uint32_t ring_front_free_slots(const struct ring_front *r)
{
	return r->layout.nr_slots - (ring_idx)(r->req_prod - r->rsp_cons);
}

/* Writes a request (request_bytes of the layout), not yet visible. false: the ring is full. */
static inline bool ring_front_put(struct ring_front *r, const void *request)
{
	if (ring_front_free_slots(r) == 0)
		return false;
	peer_write(ring_slot(r->shared, &r->layout, r->req_prod), request, r->layout.request_bytes);
	r->req_prod++;
	return true;
}

/* Publishes what was put. true: notify the backend. */
static inline bool ring_front_push(struct ring_front *r)
{
	ring_idx old = r->req_pushed;

	if (r->req_prod == old)
		return false;
	/* Pairs with ring_back_look_for(): else it copies a slot before our request is in it. */
	peer_store_release(&r->shared->req_prod, r->req_prod);
	r->req_pushed = r->req_prod;
	/* Pairs with the fence in ring_back_final_check(): else the last request sleeps for ever. */
	peer_fence();
	return ring_passes_event(old, r->req_prod, peer_load(&r->shared->req_event));
}

/*
 * One look at the backend's producer index: it can have answered only what we published. The one comparison catches
 * an index too far ahead and one behind us.
 */
static inline enum ring_pop ring_front_look(struct ring_front *r)
{
	ring_idx prod;

	if (r->broken)
		return RING_BROKEN;
	if (r->rsp_seen != r->rsp_cons)
		return RING_GOT;
	prod = peer_load_acquire(&r->shared->rsp_prod); /* pairs with ring_back_push(): else we copy a stale slot */
	if ((ring_idx)(prod - r->rsp_cons) > (ring_idx)(r->req_pushed - r->rsp_cons)) {
		r->broken = true;
		return RING_BROKEN;
	}
	r->rsp_seen = prod;
	return prod == r->rsp_cons ? RING_EMPTY : RING_GOT;
}

/* Copies the next response (response_bytes of the layout). */
static inline enum ring_pop ring_front_pop(struct ring_front *r, void *response)
{
	enum ring_pop got = ring_front_look(r);

	if (got != RING_GOT)
		return got;
	peer_copy(response, ring_slot(r->shared, &r->layout, r->rsp_cons), r->layout.response_bytes);
	r->rsp_cons++;
	return RING_GOT;
}

/*
 * Before sleeping: asks for an event for the nr-th response from now. If any are outstanding, nr is at most as many, or
 * the event may never come. true: do not sleep, pop again; it has a response, or says RING_BROKEN. Nothing is asked for
 * while there is something to pop.
 */
static inline bool ring_front_final_check_for(struct ring_front *r, uint32_t nr)
{
	if (ring_front_look(r) != RING_EMPTY)
		return true;
	peer_store(&r->shared->rsp_event, r->rsp_cons + nr);
	/*
	 * Pairs with the fence in ring_back_push(): of the two sides, at least one sees what the other stored. Else
	 * it finds no event asked for and we find no response: that response sleeps for ever.
	 */
	peer_fence();
	return ring_front_look(r) != RING_EMPTY;
}

/* The same for the next response. */
static inline bool ring_front_final_check(struct ring_front *r)
{
	return ring_front_final_check_for(r, 1);
}

#endif
