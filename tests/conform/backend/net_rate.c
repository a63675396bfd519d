// SPDX-License-Identifier: MIT
/* How much a guest may send, which the toolstack says and changes. */
#include "tests/conform/case.h"

#include "common/base/clock.h"
#include "tests/conform/peer/toolstack.h"
#include "tests/conform/peer/wire.h"

#define FRAME_BYTES  4000 /* in a slot */
#define LITTLE       "20000,100000"
#define LITTLE_BYTES 20000 /* in 100 ms */
#define BURST_BYTES  131072
#define MUCH         "100000000,100000"

static void drain_far(struct vif *vif)
{
	static struct frame got;

	while (vif_receive(vif->far, &got, 0))
		;
}

/* As many octets as it takes in that time of all that it could have. */
static uint64_t octets_taken(struct vif *vif, unsigned int ms)
{
	uint64_t end_ns = clock_in_ms(ms), octets = 0;

	while (clock_now_ns() < end_ns) {
		while (vif->nr_out < VIF_SLOTS / 2)
			vif_put_whole(vif, wire_frame(vif, FRAME_BYTES));
		vif_push(vif);
		while (vif_take_answer(vif, 1))
			octets += FRAME_BYTES;
		drain_far(vif);
	}
	return octets;
}

/* It takes notice of the node when it gets to it. */
static void await_rate(struct vif *vif)
{
	uint64_t deadline_ns = clock_in_ms(FRONT_PATIENCE_MS), begun_ns, octets, most;

	do {
		begun_ns = clock_now_ns();
		octets = octets_taken(vif, 1000);
		most = BURST_BYTES + FRAME_BYTES + LITTLE_BYTES * ((clock_now_ns() - begun_ns) / 100000000 + 1);
		MUST("NET-68", octets <= most || clock_now_ns() < deadline_ns,
		     "rate is " LITTLE ", and it takes %ju octets in a second", (uintmax_t)octets);
	} while (octets > most);
}

/* A backend may map what is sent, and answer when the far end has it. */
static void must_answer_all(struct vif *vif)
{
	uint64_t deadline_ns = clock_in_ms(FRONT_PATIENCE_MS);

	while (vif->nr_out > 0) {
		MUST("NET-68", clock_now_ns() < deadline_ns, "rate is " MUCH ", and %u slots have no answer",
		     vif->nr_out);
		while (vif_take_answer(vif, 1))
			;
		drain_far(vif);
	}
}

/* Behind what was sent before it. */
static void must_come_through(struct vif *vif)
{
	static struct frame last, got;

	last = *wire_frame(vif, 60);
	vif_send(vif, &last);
	must_answer_slots(vif, "NET-68");
	do {
		MUST("NET-68", vif_receive(vif->far, &got, FRONT_PATIENCE_MS), "nothing arrives without a limit");
	} while (!frame_is(&got, &last));
}

static void rate_changes(struct front *front)
{
	struct vif *vif = vif_connected(front);

	toolstack_write(front, "rate", LITTLE);
	await_rate(vif);
	toolstack_write(front, "rate", MUCH);
	must_answer_all(vif);
	must_come_through(vif);
}

const struct backend_case net_rate_cases[] = {
	CASE("rate-changes", "NET-68 BUS-21", "a rate that is written while it is connected, and another one",
	     rate_changes, .asks_toolstack = true),
	{ .head.name = NULL },
};
