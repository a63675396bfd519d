// SPDX-License-Identifier: MIT
/* A vif's two rings side by side: their ports, and what is wrong in one of them. */
#include "tests/conform/case.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/race.h"
#include "tests/conform/peer/toolstack.h"
#include "tests/conform/peer/wire.h"

#define TROUBLE_MS 500
#define RACE_MS    1500
#define STALL_MS   1000 /* no frame of the neighbour's takes as long */

static void need_two_ports(struct front *front)
{
	front_begin(front);
	if (!front_backend_number(front, "feature-split-event-channels", 0))
		skip("the backend does not offer feature-split-event-channels");
	vif_of(front)->has_two_ports = true;
	front_make(front);
}

/* ---- ports ----------------------------------------------------------------------------------------------------- */

static void one_port(struct front *front)
{
	vif_connect(vif_of(front), "NET-47");
	must_go_on(front, "NET-47");
}

static void two_ports(struct front *front)
{
	need_two_ports(front);
	front_announce(front, "NET-47");
	must_go_on(front, "NET-47");
	must_start_over(front, "NET-47");
}

static void one_of_two_ports(struct front *front, const char *missing)
{
	need_two_ports(front);
	front_lay_out(front);
	front_remove(front, missing);
	front_switch(front, front->state);
	must_refuse(front, "NET-47", missing);
	must_start_over(front, "NET-47");
}

static void no_port_to_send(struct front *front)
{
	one_of_two_ports(front, "event-channel-tx");
}

static void no_port_to_receive(struct front *front)
{
	one_of_two_ports(front, "event-channel-rx");
}

/* An answer comes by the port of the ring that it is in. */
static void events_by_their_port(struct front *front)
{
	struct vif *vif = vif_of(front);

	need_two_ports(front);
	front_announce(front, "BUS-21");
	vif_connect(vif, "BUS-21");
	for (unsigned int i = 0; i < 20; i++) {
		front_drop_events(front);
		front_ask_for_event(front, front->rsp_cons + 1);
		vif_send(vif, wire_frame(vif, 60));
		MUST("NET-48", front_await_event_of(front, front->port, FRONT_PATIENCE_MS),
		     "it does not notify of an answer by the port of its ring");
		must_answer_slots(vif, "NET-48");
		front_drop_events(front);
		front_ask_for_event(&vif->rx, vif->rx.rsp_cons + 1);
		vif_send(vif->far, wire_frame(vif->far, 60));
		MUST("NET-48", front_await_event_of(front, vif->rx.port, FRONT_PATIENCE_MS),
		     "it does not notify of a frame by the port of its ring");
		must_answer_slots(vif->far, "NET-48");
		vif_connect(vif, "NET-48");
	}
}

/* ---- indexes --------------------------------------------------------------------------------------------------- */

/* XSA-39, of either ring, when it is used next. The other is let go with it. */
static void impossible_index(struct front *front, struct front *ring, ring_idx step)
{
	struct vif *vif = vif_of(front);
	ring_idx before;

	vif->nr_buffers = 1;
	vif_connect(vif, "BUS-21");
	before = vif->rx.rsp_cons;
	front_set_req_prod(ring, ring->req_prod + step);
	front_notify(ring);
	if (ring == front)
		must_refuse(front, "RING-7", "an impossible index");
	for (unsigned int i = 0; i < 3; i++)
		vif_send(vif->far, wire_frame(vif->far, 60));
	must_answer_slots(vif->far, "NET-50");
	if (ring != front)
		MUST("RING-7", front_await_refusal(front, FRONT_PATIENCE_MS), "with an impossible index it stays %s",
		     front_backend_state_name(front));
	MUST("NET-50", !front_await_rsp_prod(&vif->rx, before + (ring == front ? 1 : 2), FRONT_SILENCE_MS),
	     "it gives a frame all the same");
	front_set_req_prod(ring, ring->req_prod);
	must_start_over(front, "RING-14");
}

static void send_index_too_far(struct front *front)
{
	impossible_index(front, front, VIF_SLOTS + 1);
}

static void send_index_goes_back(struct front *front)
{
	impossible_index(front, front, -1);
}

static void receive_index_too_far(struct front *front)
{
	impossible_index(front, &vif_of(front)->rx, VIF_SLOTS + 1);
}

static void receive_index_goes_back(struct front *front)
{
	impossible_index(front, &vif_of(front)->rx, -2);
}

/* A slot that is fatal, too. */
static void fatal_slot_ends_both(struct front *front)
{
	struct vif *vif = vif_of(front);
	netif_tx_request_t slot;

	vif_connect(vif, "BUS-21");
	slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);
	slot.offset = 0xffff;
	vif_put_slot(vif, &slot);
	must_be_fatal(vif, "NET-15", "a slot that leaves its page");
	vif_send(vif->far, wire_frame(vif->far, 60));
	must_answer_slots(vif->far, "NET-50");
	MUST("NET-50", !front_await_rsp_prod(&vif->rx, vif->rx.rsp_cons + 1, FRONT_SILENCE_MS),
	     "after a fatal slot it goes on giving frames");
	must_start_over(front, "NET-50");
}

/* XSA-374: the frontend goes, with half a frame in the ring, or a ring full of frames. */
static void goes_in_the_midst(struct front *front)
{
	struct vif *vif = vif_of(front);

	vif_connect(vif, "BUS-30");
	for (unsigned int i = 0; i < 30; i++) {
		netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

		slot.flags = i % 2 ? NETTXF_more_data : NETTXF_extra_info;
		if (i % 3 == 0)
			front_fill(front);
		else
			vif_put_slot(vif, &slot);
		vif_push(vif);
		front_switch(front, i % 4 ? XB_CLOSED : XB_CLOSING);
		front_drop_ring(front);
		must_start_over(front, "BUS-30");
	}
}

/* ---- what changes meanwhile ------------------------------------------------------------------------------------ */

/* XSA-155: sizes, offsets, flags and grants, between their check and their use. */
static void change_slot(struct front *front, unsigned int *seed)
{
	static const uint16_t sizes[] = { 0, 13, 14, 60, 4096, 4097, 0xffff };
	netif_tx_request_t volatile *slot = (void *)front_slot(front, rand_r(seed) % VIF_SLOTS);

	switch (rand_r(seed) % 4) {
	case 0:
		slot->size = sizes[rand_r(seed) % 7];
		break;
	case 1:
		slot->offset = sizes[rand_r(seed) % 7];
		break;
	case 2:
		slot->flags = rand_r(seed) & 15;
		break;
	default:
		slot->gref = rand_r(seed) % 8 ? front_gref(front, rand_r(seed) % VIF_PAGES) : 50000;
	}
}

/* Whatever comes of such frames; it ends the connection when one is fatal. */
static void slots_change(struct front *front)
{
	uint64_t end_ns = clock_in_ms(RACE_MS);
	struct race race;

	vif_connect(vif_of(front), "BUS-21");
	while (clock_now_ns() < end_ns) {
		race_begin(&race, front, change_slot);
		for (unsigned int i = 0; i < 50 && front_backend_state(front) == XB_CONNECTED; i++) {
			front_fill(front);
			while (front_take_raw(front, 1))
				;
		}
		race_end(&race);
		must_start_over(front, "RING-13");
	}
}

/* ---- a neighbour ----------------------------------------------------------------------------------------------- */

/* A third vif, whose frames go to and come from the other one of ours. */
static void begin_with(struct vif *neighbour, struct front *front)
{
	struct vif *far = vif_of(front)->far;

	front_begin(front);
	vif_init(neighbour, toolstack_attach_neighbour(front), far);
	far->far = neighbour;
	vif_connect(neighbour, "BUS-21");
}

static void must_be_served(struct vif *neighbour)
{
	uint64_t begun_ns = clock_now_ns();

	must_go_on(&neighbour->front, "BUS-50");
	MUST("BUS-50", clock_now_ns() - begun_ns < STALL_MS * 1000000ULL,
	     "frames of another vif take %llu ms meanwhile",
	     (unsigned long long)(clock_now_ns() - begun_ns) / 1000000);
}

static void must_be_served_for(struct vif *neighbour, unsigned int ms)
{
	for (uint64_t end_ns = clock_in_ms(ms); clock_now_ns() < end_ns;)
		must_be_served(neighbour);
}

static void announce(struct front *front)
{
	front_make(front);
	front_announce(front, "BUS-21");
}

static void beside_fatal_slots(struct front *front)
{
	static struct vif neighbour;
	struct vif *vif = vif_of(front);

	begin_with(&neighbour, front);
	for (unsigned int i = 0; i < 5; i++) {
		netif_tx_request_t slot;

		announce(front);
		slot = vif_slot(vif, NULL, 60);
		slot.offset = 0xffff;
		vif_put_slot(vif, &slot);
		vif_push(vif);
		must_be_served_for(&neighbour, TROUBLE_MS / 5);
		must_offer_again(front, "BUS-27");
	}
}

static void beside_broken_ring(struct front *front)
{
	static struct vif neighbour;

	begin_with(&neighbour, front);
	announce(front);
	front_set_req_prod(front, front->req_prod - 1);
	front_notify(front);
	must_be_served_for(&neighbour, TROUBLE_MS);
}

/* XSA-332. */
static void beside_events(struct front *front)
{
	static struct vif neighbour;
	uint64_t end_ns;

	begin_with(&neighbour, front);
	announce(front);
	end_ns = clock_in_ms(TROUBLE_MS);
	for (unsigned int i = 0; clock_now_ns() < end_ns; i++) {
		front_notify(front);
		if (i % 1000 == 0)
			must_be_served(&neighbour);
	}
}

/* XSA-392: what the bridge floods is for one that takes nothing, too. */
static void beside_one_without_buffers(struct front *front)
{
	static struct vif neighbour;

	vif_of(front)->nr_buffers = 0;
	begin_with(&neighbour, front);
	announce(front);
	for (unsigned int i = 0; i < 200; i++) {
		struct frame_ends ends = { .to = vif_of(front)->mac, .from = neighbour.mac };
		static struct frame frame;

		frame_raw(&frame, ends, 1514, i);
		vif_send(&neighbour, &frame);
		must_answer_slots(&neighbour, "BUS-50");
	}
	must_be_served_for(&neighbour, TROUBLE_MS);
}

const struct backend_case net_port_cases[] = {
	CASE("port-one", "NET-47", "one port for both rings", one_port),
	CASE("port-two", "NET-47 BUS-43", "a port for each ring", two_ports),
	CASE("port-none-to-send", "NET-47", "two ports, and that to send is missing", no_port_to_send),
	CASE("port-none-to-receive", "NET-47", "two ports, and that to receive is missing", no_port_to_receive),
	CASE("port-events", "NET-48 BUS-21", "answers and frames come by the ports of their rings",
	     events_by_their_port),
	CASE("ring-send-too-far", "RING-7 RING-14 NET-50 BUS-21", "more slots than the ring has", send_index_too_far),
	CASE("ring-send-goes-back", "RING-7 RING-14 NET-50 BUS-21", "an index that goes back", send_index_goes_back),
	CASE("ring-receive-too-far", "RING-7 RING-14 NET-50 BUS-21", "more buffers than the ring has slots",
	     receive_index_too_far),
	CASE("ring-receive-goes-back", "RING-7 RING-14 NET-50 BUS-21", "the same index going back",
	     receive_index_goes_back),
	CASE("ring-fatal-ends-both", "NET-50 NET-15 BUS-21", "after a fatal slot no frame comes either",
	     fatal_slot_ends_both),
	CASE("ring-slots-change", "RING-13 BUS-21", "slots that change while they are taken", slots_change),
	CASE("ring-goes-in-midst", "BUS-30", "a frontend that goes in the midst of a frame", goes_in_the_midst),
	CASE("beside-fatal-slots", "BUS-50 BUS-27 BUS-21", "fatal slots, beside another vif", beside_fatal_slots,
	     .asks_toolstack = true),
	CASE("beside-broken-ring", "BUS-50 BUS-21", "an impossible index, beside another vif", beside_broken_ring,
	     .asks_toolstack = true),
	CASE("beside-events", "BUS-50 BUS-21", "events without end, beside another vif", beside_events,
	     .asks_toolstack = true),
	CASE("beside-no-buffers", "BUS-50 BUS-21", "a vif that takes nothing, beside another vif",
	     beside_one_without_buffers, .asks_toolstack = true),
	{ .head.name = NULL },
};
