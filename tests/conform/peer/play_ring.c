// SPDX-License-Identifier: MIT
/* What a frontend may do to a ring, and where it tells of it, whatever the ring is for. */
#include <string.h>
#include <unistd.h>

#include "common/wire/usb.h"
#include "tests/conform/peer/play.h"
#include "tests/conform/verdict.h"

#define MAX_REQUEST_BYTES USB_URB_REQUEST_BYTES /* the largest of any class */

void must_be_possible(const struct back *ring)
{
	ring_idx nr = back_nr_requests(ring), max = back_max_requests(ring);

	MUST("RING-8", nr <= max, "it has published %u requests where %u have room: req_prod is %#x", nr, max,
	     peer_load(&ring->ring->req_prod));
}

void must_be_new(const struct back *ring, const char *name)
{
	const uint8_t *bytes = (const uint8_t *)ring->ring;
	ring_idx nr = back_nr_requests(ring);

	must_be_possible(ring);
	MUST("RING-2", peer_load(&ring->ring->rsp_prod) == 0, "rsp_prod of %s is %u", name,
	     peer_load(&ring->ring->rsp_prod));
	MUST("RING-2", peer_load(&ring->ring->req_event) == 1, "req_event of %s is %u", name,
	     peer_load(&ring->ring->req_event));
	for (size_t i = sizeof(*ring->ring) + nr * ring->layout.slot_bytes; i < BACK_PAGE_BYTES; i++)
		MUST("RING-2", bytes[i] == 0, "octet %zu of %s is %#x", i, name, bytes[i]);
}

void must_leave_our_fields(const struct back *back, ring_idx req_event)
{
	const struct ring_shared *ring = back->ring;

	MUST("RING-4", peer_load(&ring->req_event) == req_event, "it has written %#x into req_event",
	     peer_load(&ring->req_event));
	MUST("RING-4", peer_load(&ring->rsp_prod) == back->rsp_pushed, "it has written %#x into rsp_prod",
	     peer_load(&ring->rsp_prod));
	for (unsigned int i = 0; i < sizeof(ring->pad); i++)
		MUST("RING-4", ring->pad[i] == 0, "it has written into the padding of the header");
}

void must_fill_before_index(const struct back *back, unsigned int late_us)
{
	ring_idx newest = peer_load_acquire(&back->ring->req_prod) - 1;
	const uint8_t *slot = back_slot(back, newest);
	uint8_t seen[MAX_REQUEST_BYTES];

	peer_copy(seen, slot, back->layout.request_bytes);
	usleep(late_us);
	MUST("RING-11", memcmp(seen, slot, back->layout.request_bytes) == 0,
	     "it has moved req_prod past request %u, and then written that", newest);
}

void must_fill_each_before_index(struct play *play)
{
	while (play_await_request(play)) {
		must_fill_before_index(&play->back, play->nr_taken < 100 ? PLAY_LATE_US : 0);
		if (play_take_next(play))
			play_finish(play);
	}
}

void must_keep_to_folders(struct play *play, const char *clause, const char *const names[], unsigned int nr)
{
	const struct back *back = &play->back;

	for (unsigned int i = 0; i < nr; i++)
		MUST(clause, !xb_exists(&play->store, back->dev.otherend, names[i]),
		     "it writes %s into its own directory beside %u queues", names[i], back->nr_queues);
}
