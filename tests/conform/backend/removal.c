// SPDX-License-Identifier: MIT
/* A side whose directory is removed, in every state: libxl's last resort, and what a guest can do to its own, too. */
#include "tests/conform/case.h"

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/toolstack.h"

/* libxl's last resort, and what a guest can do, too; afterwards the disk can be had again. */
static void frontend_gone(struct front *front, const char *node)
{
	bool has_ring = front->ring;

	if (node)
		front_remove(front, node);
	else
		front_remove_directory(front);
	MUST("BUS-41", front_await_backend(front, XB_CLOSED, FRONT_PATIENCE_MS), "it is %s though the frontend is gone",
	     front_backend_state_name(front));
	if (has_ring)
		must_have_let_go(front, "BUS-41");
	front_drop_ring(front);
	toolstack_create_frontend(front);
	front_write(front, "state", "%d", XB_INITIALISING);
	MUST("BUS-43", front_await_backend(front, XB_INIT_WAIT, FRONT_PATIENCE_MS), "it is %s, not in InitWait again",
	     front_backend_state_name(front));
	front_make(front);
	front_announce(front, "BUS-43");
	must_go_on(front, "BUS-43");
}

static void state_gone_in_init_wait(struct front *front)
{
	front_begin(front);
	frontend_gone(front, "state");
}

static void state_gone_in_connected(struct front *front)
{
	front_connect(front, "BUS-21");
	front_fill(front);
	frontend_gone(front, "state");
}

/* Closed was skipped, or was read by nobody. */
static void state_gone_after_closing(struct front *front)
{
	front_connect(front, "BUS-21");
	front_switch(front, XB_CLOSING);
	front_await_refusal(front, FRONT_PATIENCE_MS);
	front_remove(front, "state");
	MUST("BUS-30", front_await_backend(front, XB_CLOSED, FRONT_PATIENCE_MS),
	     "it is %s: it waits for the frontend's Closed, which is gone", front_backend_state_name(front));
}

static void state_gone_in_closing(struct front *front)
{
	front_connect(front, "BUS-21");
	front_switch(front, XB_CLOSING);
	front_await_refusal(front, FRONT_PATIENCE_MS);
	frontend_gone(front, "state");
}

static void frontend_gone_in_init_wait(struct front *front)
{
	front_begin(front);
	frontend_gone(front, NULL);
}

static void frontend_gone_in_connected(struct front *front)
{
	front_connect(front, "BUS-21");
	front_fill(front);
	frontend_gone(front, NULL);
}

static void frontend_gone_while_connecting(struct front *front)
{
	front_begin(front);
	front_make(front);
	front_publish(front);
	frontend_gone(front, NULL);
}

/* Some remove their own directory at once, of a disk that is not online. */
static bool await_end(struct front *front)
{
	return front_await_backend(front, XB_CLOSED, FRONT_SILENCE_MS) || front_await_backend(front, XB_UNKNOWN, 0) ||
	       front_await_backend(front, XB_CLOSED, FRONT_PATIENCE_MS);
}

/* It has had its 10 s, as far as the toolstack is concerned: the last that the backend hears of it. */
static void must_let_go_by_force(struct front *front)
{
	front_remove_directory(front);
	MUST("BUS-41", await_end(front), "it is %s though the frontend, which never closed, is gone",
	     front_backend_state_name(front));
	must_have_let_go(front, "BUS-41");
	toolstack_create_frontend(front);
}

/* It serves the ring, or has let go of it: nothing in between. Then the frontend is taken away from it. */
static void must_end_alone(struct front *front)
{
	enum xb_state now;

	front_await_backend(front, XB_CLOSED, FRONT_SILENCE_MS);
	now = front_backend_state(front);
	MUST("BUS-35", now == XB_CLOSING || now == XB_CLOSED, "it is %s, and was told to close", xb_state_name(now));
	if (now == XB_CLOSED)
		must_have_let_go(front, "BUS-35");
	if (front->ring)
		must_let_go_by_force(front);
}

static void frontend_silent_when_told(struct front *front)
{
	front_connect(front, "BUS-21");
	front_fill(front);
	toolstack_close(front);
	MUST("BUS-35", front_await_refusal(front, FRONT_PATIENCE_MS), "it is %s, and was told to close",
	     front_backend_state_name(front));
	must_end_alone(front);
}

/* The backend ends by itself, and the frontend does not follow. */
static void frontend_silent_when_refused(struct front *front)
{
	front_connect(front, "BUS-21");
	must_go_on(front, "BUS-21");
	front_set_req_prod(front, front->req_prod - 1);
	front_notify(front);
	MUST("RING-7", front_await_refusal(front, FRONT_PATIENCE_MS), "with a req_prod that went back it stays %s",
	     front_backend_state_name(front));
	must_end_alone(front);
}

/* Nobody gives it back then: what it does is looked at from outside. */
static void backend_gone(struct front *front, bool has_ring)
{
	(void)front_await_event(front, 0); /* of before: a vif may be sent frames at any time */
	toolstack_remove(front);
	MUST("BUS-4", front_await_backend(front, XB_UNKNOWN, 0) && !front_await_event(front, FRONT_SILENCE_MS),
	     "it is %s, and its directory was removed", front_backend_state_name(front));
	MUST("BUS-4", !toolstack_sees_backend(front), "it has made its directory again, which was removed");
	if (has_ring) {
		must_touch_nothing(front, "BUS-42");
		must_have_let_go(front, "BUS-42");
	}
	if (front_has(front, "state"))
		front_switch(front, XB_CLOSED);
	front_await_backend(front, XB_CLOSED, FRONT_SILENCE_MS);
	MUST("BUS-4", !toolstack_sees_backend(front),
	     "it has written a state into its directory, which was removed, when the frontend was Closed");
}

static void backend_gone_in_init_wait(struct front *front)
{
	front_begin(front);
	front_make(front);
	backend_gone(front, false);
}

static void backend_gone_in_connected(struct front *front)
{
	front_connect(front, "BUS-21");
	must_go_on(front, "BUS-21");
	front_drop_events(front);
	backend_gone(front, true);
}

static void backend_gone_in_closing(struct front *front)
{
	front_connect(front, "BUS-21");
	toolstack_close(front);
	front_await_backend(front, XB_CLOSING, FRONT_SILENCE_MS);
	front_drop_events(front);
	backend_gone(front, true);
}

static void backend_gone_in_closed(struct front *front)
{
	front_connect(front, "BUS-21");
	must_close(front, "BUS-34");
	front_make(front);
	backend_gone(front, false);
}

const struct backend_case removal_cases[] = {
	CASE("gone-state-in-init-wait", "BUS-41 BUS-43", "the frontend's state is removed",
	     state_gone_in_init_wait, .asks_toolstack = true),
	CASE("gone-state-in-connected", "BUS-41 BUS-21 BUS-43", "the same with requests out",
	     state_gone_in_connected, .asks_toolstack = true),
	CASE("gone-state-in-closing", "BUS-41 BUS-21 BUS-43", "the same in Closing", state_gone_in_closing,
	     .asks_toolstack = true),
	CASE("gone-state-after-closing", "BUS-30 BUS-21", "Closed is skipped on the way", state_gone_after_closing),
	CASE("gone-frontend-in-init-wait", "BUS-41 BUS-43", "the frontend's directory is removed",
	     frontend_gone_in_init_wait, .asks_toolstack = true),
	CASE("gone-frontend-in-connected", "BUS-41 BUS-21 BUS-43", "the same with requests out",
	     frontend_gone_in_connected, .asks_toolstack = true),
	CASE("gone-frontend-connecting", "BUS-41 BUS-43", "the same while the ring is mapped",
	     frontend_gone_while_connecting, .asks_toolstack = true),
	CASE("gone-frontend-silent", "BUS-41 BUS-35 BUS-21", "the same of one that was told to close, and did not",
	     frontend_silent_when_told, .asks_toolstack = true),
	CASE("gone-frontend-refused", "BUS-41 BUS-35 RING-7 BUS-21", "the same of one whose ring was broken",
	     frontend_silent_when_refused, .asks_toolstack = true),
	CASE("gone-backend-in-init-wait", "BUS-42 BUS-4", "the backend's directory is removed",
	     backend_gone_in_init_wait, .asks_toolstack = true),
	CASE("gone-backend-in-connected", "BUS-42 BUS-4 BUS-21", "the same while it is connected",
	     backend_gone_in_connected, .asks_toolstack = true),
	CASE("gone-backend-in-closing", "BUS-42 BUS-4 BUS-21", "the same in Closing", backend_gone_in_closing,
	     .asks_toolstack = true),
	CASE("gone-backend-in-closed", "BUS-42 BUS-4 BUS-21 BUS-34", "the same in Closed", backend_gone_in_closed,
	     .asks_toolstack = true),
	{ .head.name = NULL },
};
