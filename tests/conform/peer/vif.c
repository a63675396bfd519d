// SPDX-License-Identifier: MIT
/* A vif's way to Connected. */
#include "tests/conform/peer/vif.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/container.h"
#include "common/base/parse.h"
#include "tests/conform/peer/wire.h"
#include "tests/conform/verdict.h"

#define PROBE_BYTES 60
#define PROBE_MS    50 /* until the next one */

struct vif *vif_of(struct front *front)
{
	return container_of(front, struct vif, front);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

void vif_take_all(struct vif *vif)
{
	vif->has_sg = vif->has_gso_tcpv4 = vif->has_gso_tcpv6 = vif->has_csum_ipv6 = true;
	vif->refuses_csum_ipv4 = false;
}

void vif_init(struct vif *vif, uint32_t devid, struct vif *far)
{
	*vif = (struct vif){ .nr_buffers = VIF_PAGES, .far = far };
	front_init(&vif->front, &front_vif_class, devid);
	front_init(&vif->rx, NULL, devid);
	front_init(&vif->control, NULL, devid);
	vif->front.next = &vif->rx;
	vif->front.state = XB_CONNECTED; /* Linux' backend hears of no other */
	vif_take_all(vif);
}

/* From our own directory; one that was removed and made anew has none there. */
static void read_mac(struct vif *vif)
{
	struct front *front = &vif->front;
	struct errbuf err;
	char text[32];

	if (xb_read_string(&front->store, front->dev.dir, "mac", text, sizeof(text), &err))
		need(xb_read_string(&front->store, front->dev.otherend, "mac", text, sizeof(text), &err), &err);
	if (parse_mac(text, vif->mac))
		error("vif %u has the address '%s'", front->devid, text);
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static void post_all(struct vif *vif)
{
	for (unsigned int page = 0; page < vif->nr_buffers; page++)
		vif_post(vif, page);
	front_set_req_prod(&vif->rx, vif->rx.req_prod);
}

/* Another ring has no device of its own. */
static void make_other(struct front *front, struct front *ring)
{
	ring->gntshr = front->gntshr;
	ring->evtchn = front->evtchn;
	ring->dev.domid = front->dev.domid;
}

static void make_control(struct vif *vif)
{
	vif->rx.next = vif->has_control_ring ? &vif->control : NULL;
	if (!vif->has_control_ring)
		return;
	make_other(&vif->front, &vif->control);
	front_make_ring(&vif->control, 0, sizeof(struct xen_netif_ctrl_request),
			sizeof(struct xen_netif_ctrl_response));
	front_make_port(&vif->control);
}

static void make_rx(struct vif *vif)
{
	struct front *front = &vif->front, *rx = &vif->rx;

	make_other(front, rx);
	front_make_ring(rx, 0, sizeof(netif_rx_request_t), sizeof(netif_rx_response_t));
	front_make_pages(rx, VIF_PAGES);
	rx->port = front->port;
	if (vif->has_two_ports)
		front_make_port(rx);
}

static void make(struct front *front)
{
	struct vif *vif = vif_of(front);

	read_mac(vif);
	front_make_ring(front, 0, sizeof(netif_tx_request_t), sizeof(netif_tx_request_t));
	front_make_pages(front, VIF_PAGES);
	front_make_port(front);
	make_rx(vif);
	make_control(vif);
	memset(vif->sent, 0, sizeof(vif->sent));
	vif->next_page = vif->nr_out = vif->nr_extras_out = 0;
	vif->has_link = vif->far->has_link = false;
	post_all(vif);
}

static void write_number(struct front *front, const char *folder, const char *name, uint32_t value)
{
	char path[48];

	snprintf(path, sizeof(path), "%s%s", folder, name);
	front_write(front, path, "%u", value);
}

void vif_write_rings(struct front *front, const char *folder, const struct vif *of)
{
	write_number(front, folder, "tx-ring-ref", of->front.ring_pages.refs[0]);
	write_number(front, folder, "rx-ring-ref", of->rx.ring_pages.refs[0]);
	write_number(front, folder, of->has_two_ports ? "event-channel-tx" : "event-channel", of->front.port);
	if (of->has_two_ports)
		write_number(front, folder, "event-channel-rx", of->rx.port);
}

static void publish(struct front *front)
{
	static const char *const earlier[] = { "event-channel", "event-channel-tx", "event-channel-rx",
					       "multi-queue-num-queues", "feature-rx-notify", "ctrl-ring-ref",
					       "event-channel-ctrl" };
	struct vif *vif = vif_of(front);

	for (unsigned int i = 0; i < sizeof(earlier) / sizeof(earlier[0]); i++)
		front_remove(front, earlier[i]);
	vif_write_rings(front, "", vif);
	if (vif->has_control_ring) {
		front_write(front, "ctrl-ring-ref", "%u", vif->control.ring_pages.refs[0]);
		front_write(front, "event-channel-ctrl", "%d", vif->control.port);
	}
	front_write(front, "request-rx-copy", "1");
	if (!vif->omits_rx_notify)
		front_write(front, "feature-rx-notify", "1");
	front_write(front, "request-multicast-control", "%d", vif->filters_multicast);
	front_write(front, "feature-sg", "%d", vif->has_sg);
	front_write(front, "feature-gso-tcpv4", "%d", vif->has_gso_tcpv4);
	front_write(front, "feature-gso-tcpv6", "%d", vif->has_gso_tcpv6);
	front_write(front, "feature-no-csum-offload", "%d", vif->refuses_csum_ipv4);
	front_write(front, "feature-ipv6-csum-offload", "%d", vif->has_csum_ipv6);
}

/* ---- the link -------------------------------------------------------------------------------------------------- */

struct frame_ends vif_ends(const struct vif *vif)
{
	return (struct frame_ends){ .to = vif->far->mac, .from = vif->mac };
}

/* What was sent before it arrives before it, if at all. */
static bool comes_through(struct vif *vif, const struct frame *probe)
{
	static struct frame got;

	while (vif_receive(vif->far, &got, PROBE_MS)) {
		if (frame_is(&got, probe))
			return true;
	}
	return false;
}

/* A bridge may need a while before it forwards to a new port. */
static void await_link(struct vif *vif, const char *clause)
{
	uint64_t deadline_ns = clock_in_ms(FRONT_PATIENCE_MS);
	const struct frame *probe;

	do {
		MUST(clause, clock_now_ns() < deadline_ns, "it is %s, and no frame comes from vif %u to vif %u",
		     front_backend_state_name(&vif->front), vif->front.devid, vif->far->front.devid);
		probe = wire_frame(vif, PROBE_BYTES);
		vif_send(vif, probe);
		must_answer_slots(vif, clause);
	} while (!comes_through(vif, probe));
	vif->has_link = true;
}

static void connect_if_need_be(struct vif *vif, const char *clause)
{
	if (!vif->front.ring)
		front_connect(&vif->front, clause);
}

void vif_connect(struct vif *vif, const char *clause)
{
	connect_if_need_be(vif, clause);
	connect_if_need_be(vif->far, clause);
	await_link(vif, clause);
	await_link(vif->far, clause);
}

struct vif *vif_connected(struct front *front)
{
	vif_connect(vif_of(front), "BUS-21");
	return vif_of(front);
}

/* ---- what all classes have ------------------------------------------------------------------------------------- */

static void put_one(struct front *front)
{
	vif_put_whole(vif_of(front), wire_frame(vif_of(front), PROBE_BYTES));
}

static void fill(struct front *front)
{
	while (front->req_prod - front->rsp_cons < VIF_SLOTS)
		put_one(front);
	front_push(front);
}

static void go_on(struct front *front, const char *clause)
{
	struct vif *vif = vif_of(front);

	if (!vif->has_link || !vif->far->has_link) {
		vif_connect(vif, clause);
		return;
	}
	must_pass(vif, clause, wire_frame(vif, PROBE_BYTES), NULL, 0);
	must_pass(vif->far, clause, wire_frame(vif->far, PROBE_BYTES), NULL, 0);
}

const struct front_class front_vif_class = {
	.kind = "vif",
	.ring_node = "tx-ring-ref",
	.port_node = "event-channel",
	.make = make,
	.publish = publish,
	.put = put_one,
	.fill = fill,
	.go_on = go_on,
};
