// SPDX-License-Identifier: MIT
/* Multicast that a guest does not want: only what is in its list comes, if it has asked for that. */
#include "tests/conform/case.h"

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/wire.h"

#define NR_ADDRESSES 64 /* that every list has room for */

/* Addresses for groups that nobody else is in. */
static const uint8_t wanted[] = { 0x03, 0, 0, 0, 0, 1 }, unwanted[] = { 0x03, 0, 0, 0, 0, 2 };
static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void connect(struct front *front, bool filters)
{
	struct vif *vif = vif_of(front);

	vif->filters_multicast = filters;
	vif_connect(vif, "BUS-21");
}

/* A message is a frame that nobody receives. What becomes of it. */
static int16_t change_list(struct vif *vif, uint8_t type, const uint8_t address[6])
{
	netif_extra_info_t extra = { .type = type };
	netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

	for (unsigned int i = 0; i < 6; i++)
		extra.u.mcast.addr[i] = address[i];
	slot.flags = NETTXF_extra_info;
	vif_put_slot(vif, &slot);
	vif_put_extra(vif, &extra);
	vif_push(vif);
	must_answer_slots(vif, "NET-57");
	return vif_sent(vif, vif->front.req_prod - 2)->status;
}

static void must_change_list(struct vif *vif, uint8_t type, const uint8_t address[6])
{
	int16_t status = change_list(vif, type, address);

	MUST("NET-57", status == NETIF_RSP_OKAY, "it answers %d to %s", status,
	     type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD ? "MCAST_ADD" : "MCAST_DEL");
	must_go_on(&vif->front, "NET-57");
}

/* From the other vif, to an address of many. */
static const struct frame *send_to(struct vif *vif, const uint8_t address[6])
{
	const struct frame_ends ends = { .to = address, .from = vif->far->mac };
	static struct frame frame;

	frame_raw(&frame, ends, 200, vif->nr_frames++);
	vif_send(vif->far, &frame);
	must_answer_slots(vif->far, "NET-56");
	return &frame;
}

/* The next frame that comes is another one. */
static void must_not_come(struct vif *vif, const char *clause, const uint8_t address[6])
{
	send_to(vif, address);
	must_go_on(&vif->front, clause);
}

static void must_come(struct vif *vif, const char *clause, const uint8_t address[6])
{
	must_arrive(vif->far, clause, send_to(vif, address));
}

static void filters(struct front *front)
{
	struct vif *vif = vif_of(front);

	connect(front, true);
	must_not_come(vif, "NET-56", wanted);
	must_come(vif, "NET-56", broadcast);
	must_change_list(vif, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, wanted);
	must_come(vif, "NET-56", wanted);
	must_not_come(vif, "NET-56", unwanted);
	must_change_list(vif, XEN_NETIF_EXTRA_TYPE_MCAST_DEL, wanted);
	must_not_come(vif, "NET-56", wanted);
}

static void does_not_filter(struct front *front)
{
	struct vif *vif = vif_of(front);

	connect(front, false);
	must_change_list(vif, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, wanted);
	must_come(vif, "NET-58", wanted);
	must_come(vif, "NET-58", unwanted);
}

/* What it has no room for it says. */
static void many_addresses(struct front *front)
{
	struct vif *vif = vif_of(front);
	uint8_t address[6] = { 0x03, 0, 0, 1 };
	int16_t status;

	connect(front, true);
	for (unsigned int i = 0; i < 4 * NR_ADDRESSES; i++) {
		address[4] = i >> 8;
		address[5] = i;
		status = change_list(vif, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, address);
		MUST("NET-57", status == NETIF_RSP_OKAY || i >= NR_ADDRESSES, "it answers %d to address %u", status,
		     i + 1);
		if (status == NETIF_RSP_OKAY)
			must_come(vif, "NET-57", address);
		else
			must_not_come(vif, "NET-56", address);
	}
}

/* It takes notice of the node when it gets to it. */
static void await_filter(struct vif *vif, bool is_on)
{
	uint64_t deadline_ns = clock_in_ms(FRONT_PATIENCE_MS);
	static struct frame probe, got;
	bool comes;

	do {
		MUST("NET-59", clock_now_ns() < deadline_ns, "request-multicast-control is %d, and it %s", is_on,
		     is_on ? "does not filter" : "filters");
		send_to(vif, unwanted);
		probe = *wire_frame(vif->far, 60);
		vif_send(vif->far, &probe);
		must_answer_slots(vif->far, "NET-59");
		comes = false;
		while (vif_receive(vif, &got, FRONT_PATIENCE_MS) && !frame_is(&got, &probe))
			comes = true;
	} while (comes == is_on);
}

/* Or, where it says that it may not, whatever the node becomes. */
static void changes_its_mind(struct front *front)
{
	struct vif *vif = vif_of(front);

	connect(front, false);
	front_write(front, "request-multicast-control", "1");
	if (front_backend_number(front, "feature-dynamic-multicast-control", 0)) {
		await_filter(vif, true);
		front_write(front, "request-multicast-control", "0");
		await_filter(vif, false);
		return;
	}
	front_await_refusal(front, FRONT_SILENCE_MS);
	must_come(vif, "NET-59", unwanted);
}

const struct backend_case net_multicast_cases[] = {
	CASE("multicast-filter", "NET-56 NET-57 BUS-21", "what is in the list, and what is not", filters,
	     .needs = "feature-multicast-control"),
	CASE("multicast-list-alone", "NET-58 NET-57 BUS-21", "a list of who has not asked for it", does_not_filter,
	     .needs = "feature-multicast-control"),
	CASE("multicast-many", "NET-57 NET-56 BUS-21", "256 addresses", many_addresses,
	     .needs = "feature-multicast-control"),
	CASE("multicast-dynamic", "NET-59 BUS-21", "a node that changes while it is connected", changes_its_mind,
	     .needs = "feature-multicast-control"),
	{ .head.name = NULL },
};
