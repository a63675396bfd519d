// SPDX-License-Identifier: MIT
/* The way down, from every state and by every side; what is let go then, and coming back. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/toolstack.h"

#define NR_RETURNS 6
#define SERVES_MS  2000 /* whoever serves at all answers a request by then */

/* ---- the frontend closes --------------------------------------------------------------------------------------- */

static void closing_then_closed(struct front *front)
{
	front_connect(front, "BUS-21");
	must_go_on(front, "BUS-21");
	front_switch(front, XB_CLOSING);
	front_await_refusal(front, FRONT_PATIENCE_MS); /* as Linux does, which is no duty of the backend's */
	must_start_over(front, "BUS-34");
}

/* Linux goes to Closed at once. */
static void closed_at_once(struct front *front)
{
	front_connect(front, "BUS-21");
	must_start_over(front, "BUS-34");
}

static void closed_before_announcing(struct front *front)
{
	front_begin(front);
	must_start_over(front, "BUS-34");
	must_offer_again(front, "BUS-34");
	front_switch(front, XB_CLOSING);
	must_start_over(front, "BUS-34");
}

/* Wherever the backend has got by then. */
static void closed_while_connecting(struct front *front)
{
	front_begin(front);
	for (unsigned int i = 0; i < NR_RETURNS; i++) {
		front_make(front);
		front_publish(front);
		must_offer_again(front, "BUS-34");
	}
	front_make(front);
	front_announce(front, "BUS-34");
	must_go_on(front, "BUS-34");
}

static void closed_with_requests(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < NR_RETURNS; i++) {
		front_fill(front);
		must_start_over(front, "BUS-34");
	}
}

static void closed_after_refusal(struct front *front)
{
	front_begin(front);
	front_announce_without(front, front->class->port_node);
	front_await_refusal(front, FRONT_SILENCE_MS);
	must_start_over(front, "BUS-34");
}

/* ---- who goes on until Closed ---------------------------------------------------------------------------------- */

/* FreeBSD's blkfront writes back what it has cached when it has said Closing. */
static void serves_in_closing(struct front *front)
{
	struct blk_request request;
	struct blk_response response;

	front_connect(front, "BUS-21");
	front_switch(front, XB_CLOSING);
	front_await_backend(front, XB_CLOSING, FRONT_SILENCE_MS);
	request = front_request(front, BLKIF_OP_READ, 512, 1);
	front_put(front, &request);
	front_push(front);
	MUST("BUS-33", front_take(front, &response, SERVES_MS), "it serves nothing once the frontend is in Closing");
	must_write(front, "BUS-33", 512, 4, 7000);
	must_hold(front, "BUS-33", 512, 32, 7000);
	must_close(front, "BUS-34");
}

static void serves_when_told_to_close(struct front *front)
{
	front_connect(front, "BUS-21");
	toolstack_close(front);
	front_await_backend(front, XB_CLOSING, FRONT_SILENCE_MS);
	must_write(front, "BUS-33", 512, 4, 7000);
	must_hold(front, "BUS-33", 512, 32, 7000);
	front_switch(front, XB_CLOSING);
	must_close(front, "BUS-34");
}

/* ---- what is let go -------------------------------------------------------------------------------------------- */

/* XSA-396 from the other side: once it has said Closed, pages are used for something else. */
static void touches_nothing(struct front *front)
{
	front_connect(front, "BUS-21");
	front_fill(front);
	front_switch(front, XB_CLOSED);
	MUST("BUS-35", front_await_backend(front, XB_CLOSED, FRONT_PATIENCE_MS),
	     "it is %s though the frontend is Closed", front_backend_state_name(front));
	must_touch_nothing(front, "BUS-35");
	must_have_let_go(front, "BUS-35");
}

/* A write of an earlier connection never lands on what a later one has written. */
static void writes_nothing_late(struct front *front)
{
	front_connect(front, "BUS-21");
	pattern_fill(front_page(front, 0), 5000, 44 * PAGE_SECTORS);
	front_fill_ring(front, BLKIF_OP_WRITE);
	must_offer_again(front, "BUS-34");
	front_make(front);
	front_announce(front, "BUS-21");
	for (uint64_t sector = 0; sector < 880; sector += 88)
		must_write(front, "BUS-36", sector, 11, sector + 3);
	for (unsigned int round = 0; round < 2; round++) {
		for (uint64_t sector = 0; sector < 880; sector += 88)
			must_hold(front, "BUS-36", sector, 88, sector + 3);
		front_await_refusal(front, FRONT_SILENCE_MS);
	}
	must_start_over(front, "BUS-36");
	must_hold(front, "BUS-36", 0, 88, 3);
}

/* Between two connections the storage was somebody else's, who has left zeros there. */
static void writes_nothing_again(struct front *front)
{
	static const uint8_t zeros[512];

	front_connect(front, "BUS-21");
	must_write(front, "BUS-21", 0, 1, 5000);
	front_close(front);
	toolstack_resize_image(front, 0);
	toolstack_resize_image(front, DISK_SECTORS * 512);
	front_reconnect(front, "BUS-43");
	must_write(front, "BUS-43", 512, 1, 6000);
	MUST("BUS-36", memcmp(must_read(front, "BUS-36", 0, 1), zeros, sizeof(zeros)) == 0,
	     "it has done a write of an earlier connection again");
}

/* ---- the toolstack closes -------------------------------------------------------------------------------------- */

/* Some say Closed, some remove their directory at once. */
static void must_end(struct front *front)
{
	enum xb_state now = XB_CONNECTED;

	for (unsigned int ms = 0; now != XB_CLOSED && now != XB_UNKNOWN; ms += FRONT_SILENCE_MS) {
		MUST("BUS-40", ms == 0 || now != XB_INIT_WAIT, "it offers a disk again that is not online");
		MUST("BUS-34", ms < FRONT_PATIENCE_MS, "it is %s though the frontend is Closed", xb_state_name(now));
		front_await_backend(front, XB_CLOSED, FRONT_SILENCE_MS);
		now = front_backend_state(front);
	}
}

/* Its image may be another guest's by then. */
static void must_stay_forgotten(struct front *front)
{
	must_end(front);
	if (front_await_backend(front, XB_UNKNOWN, 2 * FRONT_SILENCE_MS))
		return; /* it has removed both directories: nothing can come of those */
	front_switch(front, XB_INITIALISING);
	MUST("BUS-40", !front_await_backend(front, XB_INIT_WAIT, FRONT_SILENCE_MS),
	     "it offers a disk again that is not online");
	front_drop_ring(front);
	front_make(front);
	front_publish(front);
	MUST("BUS-40", !front_await_backend(front, XB_CONNECTED, FRONT_SILENCE_MS),
	     "it connects to a disk that is not online");
}

static void forgets_when_told_to_close(struct front *front)
{
	front_connect(front, "BUS-21");
	toolstack_close(front);
	front_await_refusal(front, FRONT_PATIENCE_MS);
	front_switch(front, XB_CLOSED);
	must_stay_forgotten(front);
}

/* The frontend closes by itself, and only then is it known that nobody wants the disk any more. */
static void forgets_when_offline(struct front *front)
{
	front_connect(front, "BUS-21");
	toolstack_write(front, "online", "0");
	front_switch(front, XB_CLOSED);
	must_stay_forgotten(front);
}

/* ---- coming back ----------------------------------------------------------------------------------------------- */

/* A guest that boots in place again and again, with another kernel each time. */
static void comes_back(struct front *front)
{
	unsigned int max_order;

	front_connect(front, "BUS-21");
	max_order = front_backend_number(front, "max-ring-page-order", 0);
	for (unsigned int i = 0; i < NR_RETURNS; i++) {
		must_go_on(front, "BUS-43");
		must_offer_again(front, "BUS-43");
		front->abi = i % BLK_NR_ABIS;
		front->order = i % 2 && max_order ? 1 : 0;
		front->writes_order = i % 3 == 2;
		front->state = i % 4 < 2 ? XB_INITIALISED : XB_CONNECTED;
		front_make(front);
		front_announce(front, "BUS-43");
	}
	must_go_on(front, "BUS-43");
}

/* A crash kernel has no time to close what the one before it had. */
static void starts_anew_without_closing(struct front *front)
{
	front_connect(front, "BUS-21");
	front_fill(front);
	front_switch(front, XB_INITIALISING);
	MUST("BUS-45", front_await_backend(front, XB_INIT_WAIT, FRONT_PATIENCE_MS),
	     "it is %s for a frontend that has started anew", front_backend_state_name(front));
	must_have_let_go(front, "BUS-45");
	front_drop_ring(front);
	front_make(front);
	front_announce(front, "BUS-45");
	must_go_on(front, "BUS-45");
}

const struct backend_case close_cases[] = {
	CASE("close-by-the-book", "BUS-34 BUS-21", "Closing, and then Closed", closing_then_closed),
	CASE("close-at-once", "BUS-34 BUS-21", "Closed without Closing", closed_at_once),
	CASE("close-before-announcing", "BUS-34", "a frontend that does not want the disk", closed_before_announcing),
	CASE("close-while-connecting", "BUS-34", "a frontend that changes its mind", closed_while_connecting),
	CASE("close-with-requests", "BUS-34 BUS-21", "a frontend that does not wait for its requests",
	     closed_with_requests),
	CASE("close-after-refusal", "BUS-34", "a frontend that was refused", closed_after_refusal),
	CASE("close-serves-in-closing", "BUS-33 BUS-34 BUS-21", "a frontend that writes back after it has said Closing",
	     serves_in_closing, .is_of_disk = true),
	CASE("close-serves-when-told", "BUS-33 BUS-34 BUS-21", "a frontend that writes back at the toolstack's Closing",
	     serves_when_told_to_close, .asks_toolstack = true, .is_of_disk = true),
	CASE("close-touches-nothing", "BUS-35 BUS-21", "in Closed nothing of the frontend's is touched",
	     touches_nothing),
	CASE("close-late-writes", "BUS-36 BUS-21 BUS-34", "writes of one connection do not end in the next",
	     writes_nothing_late, .is_of_disk = true),
	CASE("close-writes-again", "BUS-36 BUS-21 BUS-43", "nor are they done again then", writes_nothing_again,
	     .asks_toolstack = true, .is_of_disk = true),
	CASE("close-told-forgets", "BUS-40 BUS-21 BUS-34", "a disk that was detached stays so",
	     forgets_when_told_to_close, .asks_toolstack = true),
	CASE("close-offline-forgets", "BUS-40 BUS-21 BUS-34", "so does one that was only not online any more",
	     forgets_when_offline, .asks_toolstack = true),
	CASE("close-comes-back", "BUS-43 BUS-21", "a guest that boots again and again", comes_back),
	CASE("close-starts-anew", "BUS-45 BUS-21", "a frontend that starts anew and has not closed",
	     starts_anew_without_closing),
	{ .head.name = NULL },
};
