// SPDX-License-Identifier: MIT
/* What a guest receives by its vif: how frames stand in its buffers, and what becomes of them when there are none. */
#include "tests/conform/case.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/toolstack.h"
#include "tests/conform/peer/wire.h"

#define NR(array)   (sizeof(array) / sizeof((array)[0]))
#define PAGE_BYTES  4096
#define NR_FRAMES   300   /* more than the ring has slots */
#define NR_FLOOD    20000 /* of a page each: 80 MB */
#define FLAT_KIB    16384 /* what a queue of frames may take */
#define OLD_MS      20000 /* a frame that has waited for so long is not given any more */

/* ---- how they stand there -------------------------------------------------------------------------------------- */

/* Each is held against NET-27 to NET-31 as it is taken. */
static void every_size(struct front *front)
{
	static const uint32_t sizes[] = { 14, 60, 1514, 4095, 4096, 4097, 8192, 8193, 20000, 65535 };
	struct vif *vif = vif_of(front);

	vif_connect(vif, "BUS-21");
	for (unsigned int round = 0; round < NR_FRAMES / NR(sizes); round++) {
		for (unsigned int i = 0; i < NR(sizes); i++)
			must_pass(vif->far, "NET-28", wire_frame(vif->far, sizes[i]), NULL, 0);
	}
}

/* The buffer with the octets of the frame from `at` on. Others at the bridge may send something, too. */
static const uint8_t *find_part(struct vif *vif, const struct frame *frame, uint32_t at, uint32_t len)
{
	for (unsigned int page = 0; page < VIF_PAGES; page++) {
		if (memcmp(front_page(&vif->rx, page), frame->bytes + at, len) == 0)
			return front_page(&vif->rx, page);
	}
	return NULL;
}

/* Of a backend that puts the parts where their pages begin, and fills each but the last. */
static void must_leave_the_rest(struct vif *vif, const struct frame *frame)
{
	for (uint32_t at = 0; at < frame->len; at += PAGE_BYTES) {
		uint32_t len = frame->len - at < PAGE_BYTES ? frame->len - at : PAGE_BYTES;
		const uint8_t *bytes = find_part(vif, frame, at, len);

		MUST("NET-29", !bytes || mark_is(bytes + len, PAGE_BYTES - len),
		     "it has written something behind %u octets of a frame of %u", len, frame->len);
	}
}

/* Marks in all buffers; then only what it says is written is. */
static void writes_nothing_beside(struct front *front)
{
	static const uint32_t sizes[] = { 60, 61, 1514, 4095, 5000, 9000 };
	static struct frame frame;
	struct vif *vif = vif_of(front);

	vif_connect(vif, "BUS-21");
	for (unsigned int i = 0; i < NR(sizes); i++) {
		frame = *wire_frame(vif->far, sizes[i]);
		mark_fill(front_page(&vif->rx, 0), VIF_PAGES * PAGE_BYTES);
		must_pass(vif->far, "NET-29", &frame, NULL, 0);
		must_leave_the_rest(vif, &frame);
	}
}

/* One that takes a page at most: larger frames are dropped, others come. */
static void without_sg(struct front *front)
{
	static struct frame frame;
	struct vif *vif = vif_of(front);

	vif->has_sg = vif->has_gso_tcpv4 = vif->has_gso_tcpv6 = false;
	vif_connect(vif, "BUS-21");
	for (unsigned int i = 0; i < 10; i++) {
		frame = *wire_frame(vif->far, PAGE_BYTES + 1 + 1000 * i);
		vif_send(vif->far, &frame);
		must_answer_slots(vif->far, "BUS-21");
		must_pass(vif->far, "NET-31", wire_frame(vif->far, PAGE_BYTES - i), NULL, 0);
	}
}

/* ---- buffers --------------------------------------------------------------------------------------------------- */

/* As many as the largest frame needs, and no more: it waits each time until they are posted again. */
static void few_buffers(struct front *front)
{
	struct vif *vif = vif_of(front);

	vif->nr_buffers = VIF_MAX_SLOTS;
	vif_connect(vif, "BUS-21");
	for (unsigned int i = 0; i < 50; i++)
		must_pass(vif->far, "NET-33", wire_frame(vif->far, 60 + rand_r(&front->seed) % 65000), NULL, 0);
}

/* Two of three that it needs; the third comes later. */
static void waits_for_all_it_needs(struct front *front)
{
	static struct frame frame;
	struct vif *vif = vif_of(front);

	vif->nr_buffers = 2;
	vif_connect(vif, "BUS-21");
	frame = *wire_frame(vif->far, 3 * PAGE_BYTES);
	vif_send(vif->far, &frame);
	must_answer_slots(vif->far, "BUS-21");
	MUST("NET-33", !front_take_raw(&vif->rx, FRONT_SILENCE_MS),
	     "it has begun a frame for which there are not enough buffers");
	vif_post(vif, 2);
	front_push(&vif->rx);
	must_arrive(vif->far, "NET-33", &frame);
}

/* XSA-392. Then buffers are posted, and of what comes now everything arrives. */
static void no_buffers(struct front *front)
{
	unsigned int before_kib, after_kib;
	struct vif *vif = vif_of(front);

	vif->nr_buffers = 1;
	vif_connect(vif, "BUS-21");
	vif->has_link = false;
	before_kib = toolstack_backend_rss_kib(front);
	for (unsigned int i = 0; i < NR_FLOOD; i++) {
		vif_put_whole(vif->far, wire_frame(vif->far, PAGE_BYTES));
		if (vif->far->nr_out == VIF_SLOTS / 2) {
			vif_push(vif->far);
			must_answer_slots(vif->far, "NET-34");
		}
	}
	after_kib = toolstack_backend_rss_kib(front);
	MUST("NET-34", after_kib < before_kib + FLAT_KIB, "it takes %u KiB more for frames that have no buffers",
	     after_kib - before_kib);
	for (unsigned int page = 1; page < VIF_PAGES; page++)
		vif_post(vif, page);
	front_push(&vif->rx);
	must_go_on(front, "NET-34");
}

/* What has waited for long is dropped when there are buffers again. */
static void old_frames(struct front *front)
{
	static struct frame old, got;
	struct vif *vif = vif_of(front);

	vif->nr_buffers = 1;
	vif_connect(vif, "BUS-21");
	old = *wire_frame(vif->far, 3 * PAGE_BYTES);
	vif_send(vif->far, &old);
	must_answer_slots(vif->far, "BUS-21");
	front_await_refusal(front, OLD_MS);
	for (unsigned int page = 1; page < VIF_PAGES; page++)
		vif_post(vif, page);
	front_push(&vif->rx);
	MUST("NET-35", !vif_receive(vif, &got, FRONT_SILENCE_MS), "it gives a frame that has waited for %u s",
	     OLD_MS / 1000);
	must_go_on(front, "NET-35");
}

/* ---- buffers that are none ------------------------------------------------------------------------------------- */

static void post_gref(struct vif *vif, uint32_t gref)
{
	netif_rx_request_t request = { .gref = gref };

	front_put_raw(&vif->rx, &request);
	front_push(&vif->rx);
}

/* It is the only one that is posted: the next frame is for it. */
static void bad_buffer(struct front *front, uint32_t gref)
{
	struct vif *vif = vif_of(front);
	netif_rx_response_t response;
	const void *slot;

	vif->nr_buffers = 0;
	front_begin(front);
	front_make(front);
	post_gref(vif, gref);
	front_announce(front, "BUS-21");
	if (!vif->far->front.ring)
		front_connect(&vif->far->front, "BUS-21");
	do {
		vif_send(vif->far, wire_frame(vif->far, 60));
		must_answer_slots(vif->far, "BUS-21");
		slot = front_take_raw(&vif->rx, FRONT_SILENCE_MS);
	} while (!slot && front_backend_state(front) == XB_CONNECTED);
	MUST("NET-32", slot, "it is %s after a buffer with gref %u", front_backend_state_name(front), gref);
	memcpy(&response, slot, sizeof(response));
	MUST("NET-32", response.status < 0, "it has filled a buffer with gref %u with %d octets", gref,
	     response.status);
	for (unsigned int page = 0; page < VIF_PAGES; page++)
		vif_post(vif, page);
	front_push(&vif->rx);
	must_go_on(front, "NET-32");
}

static void buffer_that_is_none(struct front *front)
{
	bad_buffer(front, 1000000);
}

static void buffer_that_is_read_only(struct front *front)
{
	front_begin(front);
	front_make(front);
	bad_buffer(front, loan_page(front, false).gref);
}

const struct backend_case net_receive_cases[] = {
	CASE("receive-sizes", "NET-28 NET-27 NET-29 NET-30 BUS-21", "frames of every size", every_size,
	     .needs = "feature-sg"),
	CASE("receive-beside", "NET-29 BUS-21", "what stands beside a frame in its buffers", writes_nothing_beside,
	     .needs = "feature-sg"),
	CASE("receive-without-sg", "NET-31 BUS-21", "a frontend that takes one slot", without_sg,
	     .needs = "feature-sg"),
	CASE("receive-few-buffers", "NET-33 NET-30 BUS-21", "18 buffers, and frames that need up to 17", few_buffers,
	     .needs = "feature-sg"),
	CASE("receive-waits", "NET-33 BUS-21", "fewer buffers than a frame needs", waits_for_all_it_needs,
	     .needs = "feature-sg"),
	CASE("receive-no-buffers", "NET-34 BUS-21", "a frontend that posts nothing, and many frames", no_buffers,
	     .asks_toolstack = true),
	CASE("receive-old", "NET-35 BUS-21", "a frame that has waited for 20 s", old_frames, .needs = "feature-sg"),
	CASE("receive-bad-buffer", "NET-32 BUS-21", "a buffer with a grant that is none", buffer_that_is_none),
	CASE("receive-read-only-buffer", "NET-32 BUS-21", "a buffer that may only be read", buffer_that_is_read_only),
	{ .head.name = NULL },
};
