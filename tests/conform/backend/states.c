// SPDX-License-Identifier: MIT
/* The way to Connected, by every path that a known frontend takes; and what is no state. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/toolstack.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define OFFER_MS  10000 /* libxl's patience */
#define PROMPT_MS 250   /* a first request, of the quickest of a few connections */
#define NR_FLAPS  400
#define NR_JUMPS  500

/* ---- the offer ------------------------------------------------------------------------------------------------- */

static void must_offer(struct front *front)
{
	MUST("BUS-18", front_await_backend(front, XB_INIT_WAIT, OFFER_MS), "it is %s %u s after the directory appeared",
	     front_backend_state_name(front), OFFER_MS / 1000);
}

static void offers(struct front *front)
{
	front_begin(front);
	must_forget(front, "BUS-34");
	toolstack_create(front, NULL, NULL);
	must_offer(front);
	toolstack_hotplug(front);
	front_make(front);
	front_announce(front, "BUS-21");
	must_go_on(front, "BUS-21");
}

static void offers_what_it_cannot_serve(struct front *front)
{
	front_begin(front);
	must_forget(front, "BUS-34");
	toolstack_create(front, "params", "/nowhere/conform.img");
	must_offer(front);
}

static void stays_in_init_wait(struct front *front)
{
	front_begin(front);
	must_offer(front);
	front_make(front);
	front_lay_out(front);
	MUST("BUS-19", !front_await_backend(front, XB_CONNECTED, FRONT_SILENCE_MS),
	     "it is Connected, and nothing was announced");
	MUST("BUS-19", front_backend_state(front) == XB_INIT_WAIT, "it is %s, and nothing was announced",
	     front_backend_state_name(front));
	front_write(front, "state", "%d", XB_INITIALISING);
	MUST("BUS-19", !front_await_refusal(front, FRONT_SILENCE_MS), "it is %s though the frontend is Initialising",
	     front_backend_state_name(front));
}

static void waits_for_script(struct front *front)
{
	front_begin(front);
	if (!xb_exists(&front->store, front->dev.otherend, "script"))
		skip("the toolstack runs no script for this kind of backend");
	must_forget(front, "BUS-34");
	toolstack_create(front, NULL, NULL);
	must_offer(front);
	front_make(front);
	front_publish(front);
	MUST("BUS-20", !front_await_backend(front, XB_CONNECTED, FRONT_SILENCE_MS),
	     "it is Connected before the hotplug script has run");
	toolstack_hotplug(front);
	MUST("BUS-21", front_await_backend(front, XB_CONNECTED, FRONT_PATIENCE_MS),
	     "it is %s though the hotplug script has succeeded", front_backend_state_name(front));
}

/* ---- to Connected ---------------------------------------------------------------------------------------------- */

/* Linux, FreeBSD, OpenBSD: 3 after the backend's 2. */
static void initialised(struct front *front)
{
	front->state = XB_INITIALISED;
	front_connect(front, "BUS-21");
	must_go_on(front, "BUS-21");
	must_close(front, "BUS-34");
}

/* GRUB: 3 for as long as it uses the disk. */
static void stays_initialised(struct front *front)
{
	front->state = XB_INITIALISED;
	front_begin(front);
	front_make(front);
	front_publish(front);
	must_connect(front, "BUS-21", "for a frontend that stays in Initialised");
	must_close(front, "BUS-34");
}

/* mini-os, MirageOS: nodes and 4 in one transaction. */
static void connected_at_once(struct front *front)
{
	front->state = XB_CONNECTED;
	front_connect(front, "BUS-21");
	must_go_on(front, "BUS-21");
	must_close(front, "BUS-34");
}

/* Unikraft: node by node, and then 4. */
static void connected_by_itself(struct front *front)
{
	front_begin(front);
	front_make(front);
	front_lay_out(front);
	front_switch(front, XB_CONNECTED);
	must_connect(front, "BUS-21", "for a frontend that is Connected");
}

/* Both at once: between the frontend's 3 and 4 nobody looked. */
static void initialised_and_connected(struct front *front)
{
	front->state = XB_INITIALISED;
	front_begin(front);
	front_make(front);
	front_publish(front);
	front_switch(front, XB_CONNECTED);
	must_connect(front, "BUS-21", "for a frontend that went on to Connected");
}

/* mini-os does not wait for InitWait: its ring is there before the backend is. */
static void announces_before_offer(struct front *front)
{
	front_begin(front);
	must_forget(front, "BUS-34");
	front_make(front);
	front_publish(front);
	toolstack_create(front, NULL, NULL);
	toolstack_hotplug(front);
	must_connect(front, "BUS-21", "for a frontend that had announced its ring before there was an offer");
}

static void announces_before_offer_as_initialised(struct front *front)
{
	front->state = XB_INITIALISED;
	announces_before_offer(front);
}

static void announces_before_offer_as_connected(struct front *front)
{
	front->state = XB_CONNECTED;
	announces_before_offer(front);
}

/* Out of Closed without 1. */
static void announces_in_closed(struct front *front)
{
	front_connect(front, "BUS-21");
	must_close(front, "BUS-34");
	front_make(front);
	front_announce(front, "BUS-21");
	must_go_on(front, "BUS-21");
}

static void announces_in_closed_as_initialised(struct front *front)
{
	front->state = XB_INITIALISED;
	announces_in_closed(front);
}

static void announces_in_closed_as_connected(struct front *front)
{
	front->state = XB_CONNECTED;
	announces_in_closed(front);
}

/* ---- what Connected means -------------------------------------------------------------------------------------- */

static uint64_t ms_to_first_answer(struct front *front)
{
	uint64_t begun_ns;

	front_publish(front);
	MUST("BUS-25", front_await_backend(front, XB_CONNECTED, FRONT_PATIENCE_MS), "it is %s, not Connected",
	     front_backend_state_name(front));
	begun_ns = clock_now_ns();
	must_go_on(front, "BUS-25");
	return (clock_now_ns() - begun_ns) / 1000000;
}

/* Late once may be the machine's fault; late each time is the backend's. */
static void connected_means_connected(struct front *front)
{
	uint64_t ms;

	front_begin(front);
	front_make(front);
	for (unsigned int i = 0; (ms = ms_to_first_answer(front)) > PROMPT_MS; i++) {
		MUST("BUS-25", i < 4, "it takes %llu ms for the first request after Connected, time and again",
		     (unsigned long long)ms);
		must_offer_again(front, "BUS-34");
		front_make(front);
	}
}

/* A port that is not there, after a ring that is: the ring's pages are let go, too. */
static void refuses(struct front *front)
{
	front_begin(front);
	front_make(front);
	xenevtchn_unbind(front->evtchn, front->port);
	front_publish(front);
	must_refuse(front, "BUS-27", "a port that is closed");
	must_have_let_go(front, "BUS-27");
	front->port = -1;
	must_start_over(front, "BUS-27");
}

/* A port that only another domain may bind. */
static void refuses_port_for_others(struct front *front)
{
	front_begin(front);
	front_make(front);
	xenevtchn_unbind(front->evtchn, front->port);
	front->port = xenevtchn_bind_unbound_port(front->evtchn, front->dev.domid + 77);
	if (front->port < 0)
		skip("there is no port here for a domain that does not exist");
	front_publish(front);
	must_refuse(front, "BUS-27", "a port for another domain");
	must_start_over(front, "BUS-27");
}

/* A page that is not granted. Nothing else happens until something is announced. */
static void refuses_until_announced(struct front *front)
{
	front_begin(front);
	front_announce_with(front, front->class->ring_node, "%u", 1000000);
	must_refuse(front, "BUS-27", "a ring that is not granted");
	front_write(front, front->class->ring_node, "%u", front->ring_pages.refs[0]);
	MUST("BUS-27", !front_await_backend(front, XB_CONNECTED, FRONT_SILENCE_MS),
	     "it has tried again, and nothing was announced");
	must_start_over(front, "BUS-27");
}

/* ---- what is no state ------------------------------------------------------------------------------------------ */

static void must_refuse_state(struct front *front, const char *value)
{
	char what[64];

	snprintf(what, sizeof(what), "'%s' for the frontend's state", value);
	front_write(front, "state", "%s", value);
	MUST("BUS-28", front_await_refusal(front, FRONT_PATIENCE_MS), "it stays %s with %s",
	     front_backend_state_name(front), what);
}

/* Of a vif whose backend leaves room in front of frames, this asks for it (NET-66). */
static bool has_meaning(struct front *front, const char *value)
{
	return strcmp(value, "7") == 0 && front_backend_number(front, "feature-xdp-headroom", 0);
}

/* Each while the backend waits, and while it is connected; afterwards the disk is served as ever. */
static void refuses_states(struct front *front, const char *const *values, unsigned int nr)
{
	front_begin(front);
	for (unsigned int i = 0; i < nr; i++) {
		if (has_meaning(front, values[i]))
			continue;
		must_refuse_state(front, values[i]);
		must_start_over(front, "BUS-28");
		must_refuse_state(front, values[i]);
		must_offer_again(front, "BUS-28");
	}
	front_make(front);
	front_announce(front, "BUS-28");
	must_go_on(front, "BUS-28");
}

static void states_of_others(struct front *front)
{
	static const char *const values[] = { "2", "7", "8" };

	refuses_states(front, values, NR(values));
}

/* The last ones are 4 to a parser that cuts off what does not fit, or what follows. */
static void states_out_of_range(struct front *front)
{
	static const char *const values[] = { "9", "255", "4294967295", "4294967300", "18446744073709551620" };

	refuses_states(front, values, NR(values));
}

static void states_that_are_text(struct front *front)
{
	static const char *const values[] = { "", "abc", "-1", "4x", " 4", "+4", "0x4", "Connected" };

	refuses_states(front, values, NR(values));
}

/* XSA-350: the backend is never where the frontend was when it looked. */
static void flaps(struct front *front)
{
	static const enum xb_state states[] = { XB_CLOSING, XB_CLOSED, XB_INITIALISING, XB_CONNECTED };

	front_connect(front, "BUS-30");
	for (unsigned int i = 0; i < NR_FLAPS * NR(states); i++)
		front_switch(front, states[i % NR(states)]);
	must_start_over(front, "BUS-30");
}

/* The same with a ring that is new each time, and requests in it. */
static void flaps_with_requests(struct front *front)
{
	front_connect(front, "BUS-30");
	for (unsigned int i = 0; i < NR_FLAPS / 8; i++) {
		front->class->put(front);
		front_push(front);
		front_switch(front, XB_CLOSED);
		front_drop_ring(front);
		front_make(front);
		front_publish(front);
	}
	must_start_over(front, "BUS-30");
}

/* From anywhere to anywhere. */
static void jumps(struct front *front)
{
	front_connect(front, "BUS-30");
	for (unsigned int i = 0; i < NR_JUMPS; i++)
		front_write(front, "state", "%u", rand_r(&front->seed) % (XB_NR_STATES + 2));
	must_start_over(front, "BUS-30");
}

const struct backend_case state_cases[] = {
	CASE("state-offers", "BUS-18 BUS-21 BUS-34", "a new disk is offered before libxl gives it up", offers,
	     .asks_toolstack = true),
	CASE("state-offers-unservable", "BUS-18 BUS-34", "so is one that cannot be served", offers_what_it_cannot_serve,
	     .asks_toolstack = true, .is_of_disk = true),
	CASE("state-stays-in-init-wait", "BUS-19 BUS-18", "InitWait lasts until the ring is announced",
	     stays_in_init_wait),
	CASE("state-waits-for-script", "BUS-20 BUS-18 BUS-21 BUS-34", "a disk with a script waits for it",
	     waits_for_script, .asks_toolstack = true),
	CASE("state-initialised", "BUS-21 BUS-34", "a frontend in Initialised is connected to", initialised),
	CASE("state-stays-initialised", "BUS-21 BUS-34", "so is one that never writes Connected", stays_initialised),
	CASE("state-connected-at-once", "BUS-21 BUS-34", "so is one that skips Initialised", connected_at_once),
	CASE("state-connected-by-itself", "BUS-21", "so is one that writes its nodes one by one", connected_by_itself),
	CASE("state-initialised-and-connected", "BUS-21", "so is one that does not wait in Initialised",
	     initialised_and_connected),
	CASE("state-early", "BUS-21 BUS-34", "so is one that did not wait for the offer",
	     announces_before_offer_as_initialised, .asks_toolstack = true),
	CASE("state-early-as-connected", "BUS-21 BUS-34", "so is one that did neither",
	     announces_before_offer_as_connected, .asks_toolstack = true),
	CASE("state-closed-initialised", "BUS-21 BUS-34", "so is one that comes back out of Closed",
	     announces_in_closed_as_initialised),
	CASE("state-closed-connected", "BUS-21 BUS-34", "so is one that comes back as Connected",
	     announces_in_closed_as_connected),
	CASE("state-connected-serves", "BUS-25 BUS-34", "from Connected on requests are served",
	     connected_means_connected),
	CASE("state-refuses-port", "BUS-27", "a closed port ends in Closing, and a better one is taken", refuses),
	CASE("state-refuses-other-port", "BUS-27", "so does a port that is open to another domain",
	     refuses_port_for_others),
	CASE("state-refuses-once", "BUS-27", "what was refused is not tried again by itself", refuses_until_announced),
	CASE("state-of-others", "BUS-28", "InitWait, Reconfiguring and Reconfigured are no frontend's",
	     states_of_others),
	CASE("state-out-of-range", "BUS-28 BUS-6", "a state beyond 8", states_out_of_range),
	CASE("state-text", "BUS-28 BUS-6", "a state that is no number", states_that_are_text),
	CASE("state-flaps", "BUS-30", "states change faster than anybody can follow", flaps),
	CASE("state-flaps-with-requests", "BUS-30", "the same with new rings and requests", flaps_with_requests),
	CASE("state-jumps", "BUS-30", "from any state to any other", jumps),
	{ .head.name = NULL },
};
