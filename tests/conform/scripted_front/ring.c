// SPDX-License-Identifier: MIT
/* What is asked, and what is answered. */
#include "tests/conform/scripted_front/guest.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/conform/peer/octets.h"
#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define EARLY_US     2000 /* RING-11 */
#define MAX_RE_READS 10000000

/* ---- requests -------------------------------------------------------------------------------------------------- */

static struct blk_request make(struct guest *guest, uint8_t operation, uint64_t sector, unsigned int page,
			       unsigned int nr_pages)
{
	struct blk_request request = { .operation = operation, .nr_segments = nr_pages, .sector = sector };

	for (unsigned int i = 0; i < nr_pages; i++)
		request.segment[i] = (struct blk_segment){ front_gref(&guest->front, page + i), 0, 7 };
	if (violates("BLK-33"))
		request.sector /= guest->sector_bytes / 512;
	if (violates("BLK-28") && guest->sector_bytes > 512)
		request.segment[0].last_sect = 0;
	if (violates("BLK-67"))
		request.segment[0].first_sect = 8;
	if (violates("GNT-4"))
		request.segment[0].gref = 1;
	return request;
}

static uint64_t begin_request(struct guest *guest, uint8_t operation)
{
	uint64_t id = guest->next_id++ % GUEST_MAX_OUT;

	guest->request[id].is_out = true;
	guest->request[id].operation = operation;
	guest->nr_out++;
	return id;
}

void guest_put(struct guest *guest, uint8_t operation, uint64_t sector, unsigned int page, unsigned int nr_pages)
{
	struct blk_request request = make(guest, operation, sector, page, nr_pages);

	request.id = begin_request(guest, operation);
	front_put(&guest->front, &request);
}

void guest_put_indirect(struct guest *guest, uint64_t sector, unsigned int nr_pages)
{
	struct front *front = &guest->front;
	uint64_t id = begin_request(guest, BLKIF_OP_READ);
	struct octets octets = octets_begin_zero(front->abi, BLKIF_OP_INDIRECT, BLKIF_OP_READ, id, sector);

	octets_indirect(&octets, nr_pages);
	octets_indirect_page(&octets, 0, front_gref(front, 0));
	for (unsigned int i = 0; i < nr_pages; i++)
		octets_write_segment(front_page(front, 0) + 8 * i, front_gref(front, 1 + i), 0, 7);
	front_put_raw(front, octets.slot);
}

void guest_discard(struct guest *guest, uint64_t sector, uint64_t nr_sectors)
{
	uint64_t id = begin_request(guest, BLKIF_OP_DISCARD);
	struct octets octets = octets_begin_zero(guest->front.abi, BLKIF_OP_DISCARD, 0, id, sector);

	octets_discard(&octets, nr_sectors);
	front_put_raw(&guest->front, octets.slot);
}

static void write_others_fields(struct front *front)
{
	front_overwrite_req_event(front, front->req_prod);
	front_overwrite_padding(front);
}

static bool is_possible_event(const struct front *front)
{
	ring_idx ahead = peer_load(&front->ring->req_event) - front->req_prod;

	return ahead <= front->layout.nr_slots || (ring_idx)-ahead <= front->layout.nr_slots;
}

/* What was put last. */
static void push_before_it_is_there(struct front *front)
{
	uint8_t *slot = front_slot(front, front->req_prod - 1);
	uint8_t request[BLK_MAX_REQUEST_BYTES];

	peer_copy(request, slot, front->layout.request_bytes);
	memset(slot, 0, front->layout.request_bytes);
	front_push(front);
	usleep(EARLY_US);
	memcpy(slot, request, front->layout.request_bytes);
}

static void publish(struct guest *guest)
{
	struct front *front = &guest->front;

	if (violates("RING-8"))
		front->req_prod += front->layout.nr_slots;
	if (violates("RING-4"))
		write_others_fields(front);
	guest->is_broken |= violates("RING-22") && !is_possible_event(front);
	if (violates("RING-11"))
		push_before_it_is_there(front);
	else if (violates("RING-18"))
		front_set_req_prod(front, front->req_prod);
	else
		front_push(front);
	if (violates("GNT-17")) {
		usleep(50000);
		memset(front_page(front, 0), 0x5a, FRONT_DATA_PAGES * GRANT_PAGE_BYTES);
	}
}

/* ---- responses ------------------------------------------------------------------------------------------------- */

static uint64_t oldest_out(const struct guest *guest)
{
	return (guest->next_id - guest->nr_out) % GUEST_MAX_OUT;
}

static bool is_answer(const struct guest *guest, const struct blk_response *response)
{
	return response->id < GUEST_MAX_OUT && guest->request[response->id].is_out &&
	       guest->request[response->id].operation == response->operation;
}

static void read_slot(struct guest *guest, struct blk_response *response)
{
	struct front *front = &guest->front;
	uint8_t slot[BLK_MAX_RESPONSE_BYTES];

	peer_copy(slot, front_slot(front, front->rsp_cons - 1), front->layout.response_bytes);
	blk_response_decode(front->abi, slot, response);
}

/* So often that whoever changes it meanwhile is in time. */
static void read_slot_until(struct guest *guest, struct blk_response *response, bool is_good)
{
	for (unsigned int i = 0; i < MAX_RE_READS && is_answer(guest, response) != is_good; i++)
		read_slot(guest, response);
}

static void finish(struct guest *guest, struct blk_response *response)
{
	int16_t status = response->status;

	if (violates("RING-15") && response->id != oldest_out(guest)) {
		guest->is_broken = true;
		return;
	}
	if (!is_answer(guest, response) && violates("BLK-16"))
		*response = (struct blk_response){ oldest_out(guest), guest->request[oldest_out(guest)].operation, 0 };
	if (violates("RING-13"))
		read_slot_until(guest, response, true);
	if (!is_answer(guest, response)) {
		guest->is_broken = true;
		return;
	}
	if (violates("RING-13"))
		read_slot_until(guest, response, false);
	guest->request[response->id].is_out = false;
	guest->nr_out--;
	if (status == BLKIF_RSP_EOPNOTSUPP && response->operation == BLKIF_OP_FLUSH_DISKCACHE && !violates("BLK-12"))
		guest->can_flush = false;
	else if (status != BLKIF_RSP_OKAY && !(violates("BLK-17") && status != BLKIF_RSP_ERROR) &&
		 !(violates("BLK-12") && status == BLKIF_RSP_EOPNOTSUPP))
		guest->nr_failed++;
}

/* As a frontend would that lends each page for one request only, and does not ask Xen. */
static void revoke_pages(struct front *front)
{
	struct errbuf err;

	grant_pool_fini(&front->data);
	need(grant_pool_share(&front->data, front->gntshr, front->dev.domid, FRONT_DATA_PAGES, &err), &err);
}

/* false: there is none, or none that can be believed. */
static bool take_one(struct guest *guest)
{
	struct front *front = &guest->front;
	ring_idx nr = peer_load_acquire(&front->ring->rsp_prod) - front->rsp_cons;
	struct blk_response response;

	if (nr > guest->nr_out && violates("RING-14"))
		return false;
	guest->is_broken |= nr > guest->nr_out && !violates("RING-9");
	if (guest->is_broken || nr == 0 || guest->nr_out == 0)
		return false;
	front->rsp_cons++;
	if (violates("RING-12") && guest->has_early)
		response = guest->early;
	else
		read_slot(guest, &response);
	guest->has_early = false;
	if (violates("RING-9"))
		response = (struct blk_response){ oldest_out(guest), guest->request[oldest_out(guest)].operation, 0 };
	finish(guest, &response);
	return !guest->is_broken && !violates("EVT-3");
}

/* ---- waiting --------------------------------------------------------------------------------------------------- */

void guest_sleep(struct guest *guest)
{
	struct front *front = &guest->front;
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct errbuf err;

	fds[0].fd = xb_watch_fd(&front->store, &err);
	fds[1].fd = xenevtchn_fd(front->evtchn);
	poll(fds, 2, -1);
	if (fds[1].revents)
		front_drop_events(front);
	if (fds[0].revents)
		guest_look(guest);
}

static bool may_sleep(struct front *front)
{
	if (violates("RING-21"))
		return true;
	front_ask_for_event(front, front->rsp_cons + 1);
	peer_fence();
	return violates("EVT-3") || peer_load_acquire(&front->ring->rsp_prod) == front->rsp_cons;
}

/* What is in the next slot, published or not, if it looks like an answer. */
static void look_ahead(struct guest *guest)
{
	guest->front.rsp_cons++;
	read_slot(guest, &guest->early);
	guest->front.rsp_cons--;
	guest->has_early = is_answer(guest, &guest->early);
}

bool guest_do_all(struct guest *guest)
{
	publish(guest);
	for (;;) {
		while (take_one(guest))
			;
		if (guest->nr_out == 0 || guest->is_broken || guest->is_ending)
			break;
		if (violates("RING-12"))
			look_ahead(guest);
		if (may_sleep(&guest->front))
			guest_sleep(guest);
		if (violates("RING-6"))
			guest->front.rsp_cons = peer_load(&guest->front.ring->rsp_event) - 1;
	}
	if (violates("GNT-13"))
		revoke_pages(&guest->front);
	return guest->nr_out == 0 && guest->nr_failed == 0 && !guest->is_broken;
}
