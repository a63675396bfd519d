/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The backend's half of a ring: takes requests out, puts responses in.
 *
 * Use:	do {
 *		while ((got = ring_back_pop(&ring, &request)) == RING_GOT)
 *			serve(&request);	... later: ring_back_put(), ring_back_push()
 *	} while (got == RING_EMPTY && ring_back_final_check(&ring));
 * then sleep until notified. This loop ends whatever the frontend writes: each turn takes a request or finds the ring
 * broken, and no more than nr_slots requests can be taken that have no published response.
 *
 * Our own indexes are private and never read back from the page. What was popped is a copy.
 * Thread: one owner. Trust: the page is the frontend's to write. Never fails otherwise, never logs.
 */
#ifndef COMMON_RING_BACK_H
#define COMMON_RING_BACK_H

#include "common/ring/layout.h"

struct ring_back {
	struct ring_shared *shared;
	struct ring_layout layout;
	ring_idx req_cons;   /* the next request to pop */
	ring_idx req_seen;   /* requests before this one were published and are within bounds */
	ring_idx rsp_prod;   /* the next response to put */
	ring_idx rsp_pushed; /* responses before this one are published */
	bool broken;
};

/*
 * Takes up a ring where another left it, or false if no ring can look like that: more than nr_slots unanswered.
 * Whoever published up to rsp_prod may have died before it notified: the caller notifies the frontend once.
 */
static inline bool ring_back_attach(struct ring_back *r, void *shared, const struct ring_layout *layout,
				    ring_idx req_cons, ring_idx rsp_prod)
{
	if ((ring_idx)(req_cons - rsp_prod) > layout->nr_slots)
		return false;
	*r = (struct ring_back){
		.shared = shared,
		.layout = *layout,
		.req_cons = req_cons,
		.req_seen = req_cons,
		.rsp_prod = rsp_prod,
		.rsp_pushed = rsp_prod,
	};
	return true;
}

/* A fresh ring: all indexes 0. The page itself is the frontend's to initialise. */
static inline void ring_back_init(struct ring_back *r, void *shared, const struct ring_layout *layout)
{
	ring_back_attach(r, shared, layout, 0, 0);
}

/*
 * Are there nr requests to pop? One look at the frontend's producer index, if those seen earlier do not do. A request
 * may stand only where nothing is unanswered, counted from what we published: a frontend cannot know of more. The one
 * comparison catches an index too far ahead and one behind us.
 */
static inline enum ring_pop ring_back_look_for(struct ring_back *r, ring_idx nr)
{
	ring_idx prod, free;

	if (r->broken)
		return RING_BROKEN;
	if ((ring_idx)(r->req_seen - r->req_cons) >= nr)
		return RING_GOT;
	prod = peer_load_acquire(&r->shared->req_prod); /* pairs with ring_front_push(): else we copy a stale slot */
	free = r->layout.nr_slots - (ring_idx)(r->req_cons - r->rsp_pushed);
	if ((ring_idx)(prod - r->req_cons) > free) {
		r->broken = true;
		return RING_BROKEN;
	}
	r->req_seen = prod;
	return (ring_idx)(prod - r->req_cons) < nr ? RING_EMPTY : RING_GOT;
}

/* Copies the next request (request_bytes of the layout). */
static inline enum ring_pop ring_back_pop(struct ring_back *r, void *request)
{
	enum ring_pop got = ring_back_look_for(r, 1);

	if (got != RING_GOT)
		return got;
	peer_copy(request, ring_slot(r->shared, &r->layout, r->req_cons), r->layout.request_bytes);
	r->req_cons++;
	return RING_GOT;
}

/* The newest request that was popped, and has no response, is in the ring again. */
static inline void ring_back_unpop(struct ring_back *r)
{
	ring_assert((ring_idx)(r->req_cons - r->rsp_prod) > 0);
	r->req_cons--;
}

/*
 * Before sleeping until there are nr requests to pop, at most as many as the ring has slots: asks for an event for the
 * last of them. true: do not sleep, look again; they are there, or the ring is broken. Nothing is asked for in vain.
 */
static inline bool ring_back_final_check_for(struct ring_back *r, ring_idx nr)
{
	if (ring_back_look_for(r, nr) != RING_EMPTY)
		return true;
	peer_store(&r->shared->req_event, r->req_cons + nr);
	/*
	 * Pairs with the fence in ring_front_push(): of the two sides, at least one sees what the other stored. Else
	 * it finds no event asked for and we find no request: that request sleeps for ever.
	 */
	peer_fence();
	return ring_back_look_for(r, nr) != RING_EMPTY;
}

static inline bool ring_back_final_check(struct ring_back *r)
{
	return ring_back_final_check_for(r, 1);
}

/* The index that the next put uses. */
static inline ring_idx ring_back_response_index(const struct ring_back *r)
{
	return r->rsp_prod;
}

static inline ring_idx ring_back_req_cons(const struct ring_back *r)
{
	return r->req_cons;
}

/* What the frontend has been shown: responses before this one are published. */
static inline ring_idx ring_back_rsp_prod(const struct ring_back *r)
{
	return r->rsp_pushed;
}

/* Requests popped for which no response was put. */
static inline uint32_t ring_back_unanswered(const struct ring_back *r)
{
	return (ring_idx)(r->req_cons - r->rsp_prod);
}

/* Writes a response (response_bytes of the layout), not yet visible. Only for a request that was popped. */
static inline void ring_back_put(struct ring_back *r, const void *response)
{
	ring_assert(ring_back_unanswered(r) > 0);
	peer_write(ring_slot(r->shared, &r->layout, r->rsp_prod), response, r->layout.response_bytes);
	r->rsp_prod++;
}

/* Publishes what was put. true: notify the frontend. */
static inline bool ring_back_push(struct ring_back *r)
{
	ring_idx old = r->rsp_pushed;

	if (r->rsp_prod == old)
		return false;
	/* Pairs with ring_front_look(): else it reads a slot before our response, or refills one we still read. */
	peer_store_release(&r->shared->rsp_prod, r->rsp_prod);
	r->rsp_pushed = r->rsp_prod;
	/* Pairs with the fence in ring_front_final_check(): else the last response sleeps for ever. */
	peer_fence();
	return ring_passes_event(old, r->rsp_prod, peer_load(&r->shared->rsp_event));
}

#endif
