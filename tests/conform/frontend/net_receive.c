// SPDX-License-Identifier: MIT
/* What a frontend receives: frames in buffers of its, put there in every way that a backend may. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/mirror.h"

#define FIRST_GREF 8

/* ---- legal ones ------------------------------------------------------------------------------------------------ */

struct parts {
	uint32_t bytes;
	uint16_t offset;
};

static void in_parts(struct play *play, const char *work)
{
	const struct parts *parts = play->how;
	struct play_vif *vif = play_vif_of(play);

	vif->part_bytes = parts->bytes;
	vif->part_offset = parts->offset;
	must_do(play, "NET-36", work);
	if (!vif->takes_sg)
		skip("it takes no frame of several slots");
}

static void verify_in_parts(struct play *play)
{
	in_parts(play, "verify");
}

static void big_in_parts(struct play *play)
{
	in_parts(play, "big");
}

/* Each frame waits until there are nearly as many buffers as there were: some post them in batches. */
static void notifies_of_buffers(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);
	ring_idx nr;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	vif->part_bytes = 100;
	if (!play_vif_await_buffers(vif, 2 * PLAY_VIF_PARTS))
		skip("its workload ends before it has posted a few buffers");
	nr = back_nr_requests(&vif->rx) - PLAY_VIF_PARTS;
	vif->relies_on_events = true;
	play->stall_clause = "NET-5";
	while (play_take_next(play)) {
		play_vif_answer(vif, NETIF_RSP_OKAY);
		if (play_vif_await_buffers(vif, nr))
			play_vif_mirror(vif);
	}
	MUST("NET-5", play->status == 0, "its workload fails with status %d", play->status);
}

/* Where the backend takes everything and nothing may be given to the frontend: it has refused it itself. */
static void finished_checksums(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	memset(vif->takes_csum, 0, sizeof(vif->takes_csum));
	memset(vif->takes_gso, 0, sizeof(vif->takes_gso));
	MUST("NET-36", play_serve(play) == 0, "its workload fails with status %d, with every checksum complete",
	     play->status);
}

/* Each frame comes a while after its answer: by then it sleeps. */
static void comes_late(struct play *play)
{
	unsigned int nr = 0;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	while (play_take_next(play)) {
		play_vif_answer(play_vif_of(play), NETIF_RSP_OKAY);
		if (nr++ < 50)
			back_sleep(&play->back, 5);
		play_vif_mirror(play_vif_of(play));
	}
	MUST("RING-21", play->status == 0, "its workload fails with status %d", play->status);
}

/* A buffer that could not be filled, in front of each frame: it is posted again like any. */
static void failed_buffers(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);
	unsigned int nr = 0;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->stall_clause = "NET-37";
	while (play_take_next(play)) {
		MUST("NET-37", back_frontend_state(&play->back) != XB_CLOSED || nr == 0 || !play_is_driven(play),
		     "it closes after a buffer that could not be filled");
		play_vif_answer(vif, NETIF_RSP_OKAY);
		if (nr++ % 8 == 0 && play_vif_await_buffers(vif, 1)) {
			netif_rx_request_t buffer = play_vif_buffer(vif);

			back_put_raw(&vif->rx, &(netif_rx_response_t){ .id = buffer.id, .status = NETIF_RSP_ERROR });
			play_vif_push(vif);
		}
		play_vif_mirror(vif);
	}
}

/* A frame that has come back, in two parts; the second is not there yet. */
static void give_first_half(struct play_vif *vif, uint32_t half)
{
	netif_rx_request_t buffer = play_vif_buffer(vif);

	play_vif_fill(vif, &buffer, vif->taken.frame.bytes, half, 0, NETRXF_more_data);
	play_vif_push(vif);
}

static void give_second_half(struct play_vif *vif, uint32_t half)
{
	netif_rx_request_t buffer = play_vif_buffer(vif);

	play_vif_fill(vif, &buffer, vif->taken.frame.bytes + half, vif->taken.frame.len - half, 0, 0);
	play_vif_push(vif);
}

/* Whoever takes the first half for a frame has a wrong one; others wait, or stop. */
static void in_halves(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);
	uint32_t half;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	if (!vif->takes_sg)
		skip("it takes no frame of several slots");
	do {
		must_ask_next(play);
		play_vif_answer(vif, NETIF_RSP_OKAY);
	} while (!mirror_turn(&vif->taken.frame) || !play_vif_await_buffers(vif, 2));
	frame_finish(&vif->taken.frame);
	half = vif->taken.frame.len / 2;
	give_first_half(vif, half);
	if (play_await_refusal(play, PLAY_SILENCE_MS) || !play_is_driven(play))
		return;
	give_second_half(vif, half);
	MUST("NET-37", play_serve(play) == 0, "its workload fails with status %d, after half a frame and then the rest",
	     play->status);
}

/* ---- buffers --------------------------------------------------------------------------------------------------- */

/* Those that nobody has written to yet. */
static void buffers_hold_nothing(struct play *play)
{
	static const uint8_t zeros[BACK_PAGE_BYTES];
	struct play_vif *vif = play_vif_of(play);
	netif_rx_request_t buffer;
	uint8_t *page;

	play_drive(play, "idle");
	must_come_up(play, "BUS-10");
	if (!play_vif_await_buffers(vif, 1))
		skip("it posts no buffers before it has something to do");
	while (back_nr_requests(&vif->rx) > 0) {
		buffer = play_vif_buffer(vif);
		MUST("GNT-4", buffer.gref >= FIRST_GREF, "a buffer is grant %u", buffer.gref);
		page = back_map(&play->back, buffer.gref, true);
		MUST("NET-36", page, "a buffer, grant %u, cannot be written", buffer.gref);
		MUST("GNT-3", memcmp(page, zeros, sizeof(zeros)) == 0,
		     "a buffer that nobody has written to holds something: %02x %02x %02x %02x", page[0], page[1],
		     page[2], page[3]);
		back_unmap(&play->back, page);
	}
}

#define IN_PARTS(bytes, offset) .how = &(const struct parts){ bytes, offset }

const struct frontend_case front_net_receive_cases[] = {
	CASE("receive-parts-1000", "NET-36 BUS-10 BUS-31", "parts of 1000 octets", verify_in_parts, IN_PARTS(1000, 0)),
	CASE("receive-parts-100", "NET-36 BUS-10 BUS-31", "parts of 100", verify_in_parts, IN_PARTS(100, 0)),
	CASE("receive-parts-14", "NET-36 BUS-10 BUS-31", "parts of 14, where that makes no more than 18",
	     verify_in_parts, IN_PARTS(14, 0)),
	CASE("receive-offset-1", "NET-36 BUS-10 BUS-31", "parts that begin at octet 1 of their page", verify_in_parts,
	     IN_PARTS(BACK_PAGE_BYTES, 1)),
	CASE("receive-offset-3000", "NET-36 BUS-10 BUS-31", "parts at the end of their page", verify_in_parts,
	     IN_PARTS(1096, 3000)),
	CASE("receive-big-parts", "NET-36 BUS-10 BUS-31", "large frames, in page after page", big_in_parts,
	     IN_PARTS(BACK_PAGE_BYTES, 0)),
	CASE("receive-notifies", "NET-5 BUS-10", "it notifies of buffers when it is asked to", notifies_of_buffers),
	CASE("receive-finished", "NET-36 BUS-10", "no checksum is blank, and no packet large", finished_checksums),
	CASE("receive-late", "RING-21 BUS-10", "frames come when it sleeps", comes_late),
	CASE("receive-in-halves", "NET-37 BUS-10", "a frame is published in two parts", in_halves),
	CASE("receive-failed-buffers", "NET-37 BUS-10", "buffers that could not be filled", failed_buffers),
	CASE("receive-buffers-empty", "GNT-3 NET-36 GNT-4 BUS-10", "buffers hold nothing of the guest's",
	     buffers_hold_nothing),
	{ .head.name = NULL },
};
