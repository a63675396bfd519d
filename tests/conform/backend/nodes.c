// SPDX-License-Identifier: MIT
/* What a frontend says of its ring: layout and size; every legal form of it, and what is none. */
#include "tests/conform/case.h"

#include <stdio.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/judge.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* ---- protocol -------------------------------------------------------------------------------------------------- */

/* A full ring of requests: a wrong size of a slot shows at the second one. */
static void must_serve_ring(struct front *front, const char *clause)
{
	struct flight flight;

	must_go_on(front, clause); /* a response of another layout has no id that a flight could know */
	flight_begin(&flight, front, clause);
	for (unsigned int round = 0; round < 2; round++) {
		while (flight_room(&flight))
			flight_read(&flight, flight.nr_sent % DISK_SECTORS);
		front_push(front);
		flight_take_all(&flight);
	}
	flight_end(&flight);
}

static void abi_native(struct front *front)
{
	front->abi = BLK_ABI_NATIVE;
	front_connect(front, "BLK-2");
	must_serve_ring(front, "BLK-2");
}

static void abi_x86_32(struct front *front)
{
	front->abi = BLK_ABI_X86_32;
	front_connect(front, "BLK-2");
	must_serve_ring(front, "BLK-2");
}

/* A 64-bit frontend without the node is read as a 32-bit one by most; this one is what they take it for. */
static void abi_unsaid(struct front *front)
{
	front->abi = BLK_ABI_UNSAID;
	front->omits_protocol = true;
	front_connect(front, "BLK-2");
	must_serve_ring(front, "BLK-2");
}

static void abi_empty(struct front *front)
{
	front->abi = BLK_ABI_UNSAID;
	front_begin(front);
	front_announce_with(front, "protocol", "%s", "");
	MUST("BLK-2", front_await_backend(front, XB_CONNECTED, FRONT_PATIENCE_MS), "it is %s with an empty protocol",
	     front_backend_state_name(front));
	must_serve_ring(front, "BLK-2");
}

static void abi_unknown(struct front *front)
{
	static const char *const values[] = { "x86_64", "x86_64-abi ", "X86_64-ABI", "x86_64-abi2", "vax-abi", "64" };
	char what[64];

	front_begin(front);
	for (unsigned int i = 0; i < NR(values); i++) {
		front_announce_with(front, "protocol", "%s", values[i]);
		snprintf(what, sizeof(what), "'%s' for protocol", values[i]);
		must_not_connect(front, "BLK-2", what);
		must_offer_again(front, "BUS-27");
	}
}

/* ---- the ring's size ------------------------------------------------------------------------------------------- */

static uint64_t max_order(struct front *front)
{
	return front_backend_number(front, "max-ring-page-order", 0);
}

static void every_order(struct front *front, enum blk_abi abi)
{
	front->abi = abi;
	front_connect(front, "BLK-4");
	for (;;) {
		must_serve_ring(front, "RING-1");
		front_close(front);
		if (++front->order > max_order(front))
			return;
		front_reconnect(front, "BLK-5");
	}
}

static void every_order_native(struct front *front)
{
	every_order(front, BLK_ABI_NATIVE);
}

static void every_order_x86_32(struct front *front)
{
	every_order(front, BLK_ABI_X86_32);
}

/* Linux and QEMU look for ring-ref0 then. */
static void order_0_with_ring_ref0(struct front *front)
{
	front->writes_order = true;
	front_connect(front, "BLK-4");
	must_go_on(front, "BLK-4");
}

/* tapback and FreeBSD look for ring-ref then. */
static void order_0_with_ring_ref(struct front *front)
{
	front_begin(front);
	front_make(front);
	front_lay_out(front);
	front_write(front, "ring-page-order", "0");
	front_write(front, "num-ring-pages", "1");
	front_switch(front, front->state);
	must_connect(front, "BLK-4", "with ring-page-order 0 and ring-ref");
}

/* FreeBSD, OpenBSD: the same in two ways. */
static void number_of_pages_beside_order(struct front *front)
{
	front_begin(front);
	if (max_order(front) == 0)
		skip("the backend offers rings of one page only");
	for (front->order = 1; front->order <= max_order(front); front->order++) {
		front_announce_with(front, "num-ring-pages", "%u", 1U << front->order);
		must_connect(front, "BUS-21", "with num-ring-pages beside ring-page-order");
		must_serve_ring(front, "RING-1");
		must_offer_again(front, "BUS-43");
	}
}

/* The last ones shift a 1 out of its word, or to where it was. */
static void order_too_great(struct front *front)
{
	uint64_t orders[] = { 0, 6, 20, 31, 32, 63, 64, 4294967295, 4294967296 };
	char what[64];

	front_begin(front);
	orders[0] = max_order(front) + 1;
	for (unsigned int i = 0; i < NR(orders); i++) {
		front_make(front);
		front_lay_out(front);
		front_write(front, "ring-page-order", "%llu", (unsigned long long)orders[i]);
		for (unsigned int ref = 0; ref < 64; ref++) {
			snprintf(what, sizeof(what), "ring-ref%u", ref);
			front_write(front, what, "%u", front_gref(front, ref));
		}
		front_switch(front, front->state);
		snprintf(what, sizeof(what), "ring-page-order %llu", (unsigned long long)orders[i]);
		must_not_connect(front, "BLK-5", what);
		must_offer_again(front, "BUS-27");
	}
}

/* What old frontends of Citrix' may still write. No backend that is known reads it: the ring has no ring-ref then. */
static void pages_without_order(struct front *front)
{
	front_begin(front);
	if (max_order(front) < 2)
		skip("the backend offers no rings of 4 pages");
	front->order = 2;
	front_make(front);
	front_lay_out(front);
	front_remove(front, "ring-page-order");
	front_write(front, "num-ring-pages", "4");
	front_switch(front, front->state);
	if (front_await_refusal(front, FRONT_PATIENCE_MS))
		return;
	MUST("BUS-6", front_backend_state(front) == XB_CONNECTED, "it is %s with num-ring-pages and no ring-ref",
	     front_backend_state_name(front));
	must_serve_ring(front, "RING-1");
}

/* ---- features ------------------------------------------------------------------------------------------------- */

static void features_are_offered(struct front *front)
{
	front_connect(front, "BUS-21");
	MUST("BLK-8", front_backend_number(front, "feature-flush-cache", 2) <= 1, "feature-flush-cache is missing");
	MUST("BLK-8", front_backend_number(front, "feature-barrier", 2) <= 1, "feature-barrier is missing");
	MUST("BLK-8", xb_exists(&front->store, front->dev.otherend, "mode"), "mode is missing");
}

const struct backend_case node_cases[] = {
	CASE("node-abi-native", "BLK-2 RING-10", "a 64-bit frontend", abi_native),
	CASE("node-abi-x86-32", "BLK-2 RING-10", "a 32-bit frontend", abi_x86_32),
	CASE("node-abi-unsaid", "BLK-2 RING-10", "a frontend that does not say which it is", abi_unsaid),
	CASE("node-abi-empty", "BLK-2 RING-10", "a frontend whose protocol is empty", abi_empty),
	CASE("node-abi-unknown", "BLK-2 BUS-27", "a protocol that does not exist", abi_unknown),
	CASE("node-ring-orders", "BLK-5 BLK-4 RING-1 RING-10", "rings of every offered size", every_order_native),
	CASE("node-ring-orders-x86-32", "BLK-5 BLK-4 RING-1 RING-10", "the same of a 32-bit frontend",
	     every_order_x86_32),
	CASE("node-order-0-ring-ref0", "BLK-4", "ring-page-order 0 with ring-ref0", order_0_with_ring_ref0),
	CASE("node-order-0-ring-ref", "BLK-4", "ring-page-order 0 with ring-ref", order_0_with_ring_ref),
	CASE("node-pages-without-order", "BUS-6 BLK-68 RING-1 RING-10", "a ring whose size is in num-ring-pages alone",
	     pages_without_order),
	CASE("node-number-of-pages", "BUS-21 RING-1 BUS-43 RING-10", "num-ring-pages beside ring-page-order",
	     number_of_pages_beside_order),
	CASE("node-order-too-great", "BLK-5 BUS-27", "a ring larger than what is offered", order_too_great),
	CASE("node-features-offered", "BLK-8 BUS-21", "features are offered or denied, not left out",
	     features_are_offered),
	{ .head.name = NULL },
};
