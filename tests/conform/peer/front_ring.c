// SPDX-License-Identifier: MIT
/* A frontend's ring, and its pages of data. */
#include "tests/conform/peer/front.h"

#include <poll.h>
#include <string.h>

#include "common/base/clock.h"

/* ---- requests -------------------------------------------------------------------------------------------------- */

uint8_t *front_page(struct front *front, unsigned int page)
{
	return grant_pool_page(&front->data, page);
}

uint32_t front_gref(struct front *front, unsigned int page)
{
	return front->data.refs[page];
}

void front_put_raw(struct front *front, const void *bytes)
{
	memcpy(ring_slot(front->ring, &front->layout, front->req_prod++), bytes, front->layout.request_bytes);
}

void front_fill(struct front *front)
{
	front->class->fill(front);
}

void front_notify(struct front *front)
{
	xenevtchn_notify(front->evtchn, front->port);
}

void front_set_req_prod(struct front *front, ring_idx req_prod)
{
	peer_store_release(&front->ring->req_prod, req_prod);
	peer_fence();
}

void front_ask_for_event(struct front *front, ring_idx rsp_event)
{
	peer_store(&front->ring->rsp_event, rsp_event);
}

void front_overwrite_req_event(struct front *front, ring_idx req_event)
{
	peer_store(&front->ring->req_event, req_event);
}

void front_overwrite_rsp_prod(struct front *front, ring_idx rsp_prod)
{
	peer_store_release(&front->ring->rsp_prod, rsp_prod);
}

void front_overwrite_padding(struct front *front)
{
	memset(front->ring->pad, 0x5a, sizeof(front->ring->pad));
}

void front_begin_ring_at(struct front *front, ring_idx first)
{
	front->req_prod = front->rsp_cons = front->ring->rsp_prod = front->ring->req_prod = first;
	front->ring->req_event = front->ring->rsp_event = first + 1;
}

uint8_t *front_slot(struct front *front, ring_idx index)
{
	return ring_slot(front->ring, &front->layout, index);
}

bool front_push(struct front *front)
{
	ring_idx old = front->ring->req_prod;

	front_set_req_prod(front, front->req_prod);
	if (!ring_passes_event(old, front->req_prod, peer_load(&front->ring->req_event)))
		return false;
	front_notify(front);
	return true;
}

void front_drop_events(struct front *front)
{
	struct pollfd pollfd = { .fd = xenevtchn_fd(front->evtchn), .events = POLLIN };
	int port;

	while (poll(&pollfd, 1, 0) == 1) {
		port = xenevtchn_pending(front->evtchn);
		if (port >= 0)
			xenevtchn_unmask(front->evtchn, port);
	}
}

bool front_await_event(struct front *front, unsigned int ms)
{
	struct pollfd pollfd = { .fd = xenevtchn_fd(front->evtchn), .events = POLLIN };

	if (poll(&pollfd, 1, ms) != 1)
		return false;
	front_drop_events(front);
	return true;
}

bool front_await_event_of(struct front *front, int32_t wanted, unsigned int ms)
{
	struct pollfd pollfd = { .fd = xenevtchn_fd(front->evtchn), .events = POLLIN };
	uint64_t deadline_ns = clock_in_ms(ms), now_ns;
	int port;

	while ((now_ns = clock_now_ns()) < deadline_ns) {
		if (poll(&pollfd, 1, (deadline_ns - now_ns) / 1000000 + 1) != 1)
			return false;
		port = xenevtchn_pending(front->evtchn);
		if (port >= 0)
			xenevtchn_unmask(front->evtchn, port);
		if (port == wanted)
			return true;
	}
	return false;
}

bool front_is_possible(const struct front *front)
{
	return peer_load_acquire(&front->ring->rsp_prod) - front->rsp_cons <= front->req_prod - front->rsp_cons;
}

/* Asks for an event as a frontend does, but looks by itself too: whether events come is for other cases. */
const void *front_take_raw(struct front *front, unsigned int ms)
{
	uint64_t deadline = clock_in_ms(ms);

	while (peer_load_acquire(&front->ring->rsp_prod) == front->rsp_cons) {
		front_ask_for_event(front, front->rsp_cons + 1);
		peer_fence();
		if (peer_load_acquire(&front->ring->rsp_prod) != front->rsp_cons)
			break;
		if (clock_now_ns() >= deadline)
			return NULL;
		front_await_event(front, 5);
	}
	return ring_slot(front->ring, &front->layout, front->rsp_cons++);
}

bool front_await_rsp_prod(struct front *front, ring_idx rsp_prod, unsigned int ms)
{
	uint64_t deadline = clock_in_ms(ms);

	while (peer_load_acquire(&front->ring->rsp_prod) != rsp_prod) {
		if (clock_now_ns() >= deadline)
			return false;
		front_await_event(front, 1);
	}
	return true;
}

const uint8_t *front_last_slot(const struct front *front)
{
	return ring_slot(front->ring, &front->layout, front->rsp_cons - 1);
}
