// SPDX-License-Identifier: MIT
#include "tests/conform/peer/course.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/toolstack.h"
#include "tests/conform/verdict.h"

#define MARKER 0xa5

void front_lay_out(struct front *front)
{
	enum xb_state announced = front->state, now;
	struct errbuf err;

	need(xb_device_own_state(&front->dev, &now, &err), &err);
	front->state = now;
	front_publish(front);
	front->state = announced;
}

void front_write_text(struct front *front, const char *name, const char *text)
{
	struct errbuf err;

	if (xb_write(&front->store, front->dev.dir, name, &err, "%s", text))
		error("%s", err.text);
}

void front_announce_with(struct front *front, const char *name, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		error("no memory for a node");
	va_end(args);
	front_make(front);
	front_lay_out(front);
	front_write_text(front, name, text);
	front_switch(front, front->state);
	free(text);
}

void front_announce_without(struct front *front, const char *name)
{
	front_make(front);
	front_lay_out(front);
	front_remove(front, name);
	front_switch(front, front->state);
}

void front_remove_directory(struct front *front)
{
	struct errbuf err;

	need(xb_remove(&front->store, front->dev.dir, &err), &err);
}

bool front_has(struct front *front, const char *name)
{
	return xb_exists(&front->store, front->dev.dir, name);
}

void must_refuse(struct front *front, const char *clause, const char *what)
{
	must_not_connect(front, clause, what);
	MUST(clause, front_await_refusal(front, FRONT_PATIENCE_MS), "with %s it stays %s: it never goes to Closing",
	     what, front_backend_state_name(front));
}

void must_not_connect(struct front *front, const char *clause, const char *what)
{
	if (!front_await_refusal(front, FRONT_SILENCE_MS))
		MUST(clause, front_backend_state(front) != XB_CONNECTED, "with %s it goes to Connected", what);
}

void must_have_let_go(struct front *front, const char *clause)
{
	if (front->ring_pages.nr_pages != 1 || !loan_can_tell(front))
		return;
	for (struct front *of = front; of; of = of->next) {
		struct loan ring = { (uint8_t *)of->ring, of->ring_pages.refs[0] };

		MUST(clause, !loan_end_in_use(front, &ring), "it is %s and still has the ring mapped",
		     front_backend_state_name(front));
		of->ring_pages.area = NULL; /* it went with the loan */
		of->ring = NULL;
	}
}

/* It does not look into the ring any more. */
static void must_leave_what_was_put(struct front *front, const char *clause)
{
	ring_idx rsp_prod = peer_load_acquire(&front->ring->rsp_prod);

	front_push(front);
	front_notify(front);
	MUST(clause, !front_await_rsp_prod(front, rsp_prod + 1, FRONT_SILENCE_MS),
	     "it is %s and answers a request of the ring that it had", front_backend_state_name(front));
}

void must_leave_ring(struct front *front, const char *clause)
{
	front->class->put(front);
	must_leave_what_was_put(front, clause);
}

void must_connect(struct front *front, const char *clause, const char *when)
{
	MUST(clause, front_await_backend(front, XB_CONNECTED, FRONT_PATIENCE_MS), "it is %s %s",
	     front_backend_state_name(front), when);
	must_go_on(front, clause);
}

void must_close(struct front *front, const char *clause)
{
	front_switch(front, XB_CLOSED);
	MUST(clause, front_await_backend(front, XB_CLOSED, FRONT_PATIENCE_MS), "it is %s though the frontend is Closed",
	     front_backend_state_name(front));
	if (front->ring)
		must_have_let_go(front, clause);
	front_drop_ring(front);
}

void must_offer_again(struct front *front, const char *clause)
{
	must_close(front, clause);
	front_switch(front, XB_INITIALISING);
	MUST(clause, front_await_backend(front, XB_INIT_WAIT, FRONT_PATIENCE_MS),
	     "it is %s, not in InitWait, for a frontend that is Initialising again", front_backend_state_name(front));
}

void must_start_over(struct front *front, const char *clause)
{
	must_offer_again(front, clause);
	front_make(front);
	front_announce(front, clause);
	must_go_on(front, clause);
}

void must_forget(struct front *front, const char *clause)
{
	front_switch(front, XB_CLOSED);
	toolstack_close(front);
	MUST(clause, front_await_refusal(front, FRONT_PATIENCE_MS), "it is %s, not Closed",
	     front_backend_state_name(front));
	MUST(clause, front_backend_state(front) != XB_CLOSING ||
	     front_await_backend(front, XB_CLOSED, FRONT_PATIENCE_MS), "it stays in Closing");
	front_await_backend(front, XB_UNKNOWN, FRONT_SILENCE_MS); /* some remove both directories themselves */
	toolstack_remove(front);
	toolstack_create_frontend(front);
	front_switch(front, XB_INITIALISING);
}

void must_touch_nothing(struct front *front, const char *clause)
{
	static const uint8_t markers[4096] = { [0 ... 4095] = MARKER };

	front->class->put(front);
	for (struct front *ring = front; ring; ring = ring->next)
		memset(front_page(ring, 0), MARKER, ring->data.nr_pages * 4096UL);
	must_leave_what_was_put(front, clause);
	for (struct front *ring = front; ring; ring = ring->next) {
		for (unsigned int page = 0; page < ring->data.nr_pages; page++)
			MUST(clause, memcmp(front_page(ring, page), markers, 4096) == 0,
			     "it is %s and has written into a page of an earlier request",
			     front_backend_state_name(front));
	}
}
