// SPDX-License-Identifier: MIT
/* The wire of a case about a frontend: what is offered, and what of that the frontend has taken up. */
#include "tests/conform/peer/play_vif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse.h"
#include "tests/conform/verdict.h"

#define MAX_PORT 131071

struct play_vif *play_vif_of(struct play *play)
{
	return (struct play_vif *)play;
}

/* ---- offering -------------------------------------------------------------------------------------------------- */

static void read_mac(struct play_vif *vif)
{
	struct back *back = &vif->play.back;
	struct errbuf err;
	char text[32];

	need(xb_read_string(back->store, back->dev.dir, "mac", text, sizeof(text), &err), &err);
	if (parse_mac(text, vif->mac))
		error("vif %u has the address '%s'", back->dev.devid, text);
}

static void begin(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);

	vif->has_sg = vif->has_gso_tcpv4 = vif->has_gso_tcpv6 = vif->has_csum_ipv4 = vif->has_csum_ipv6 = true;
	vif->has_two_ports = true;
	vif->part_bytes = BACK_PAGE_BYTES;
	vif->rx.port = vif->rx.wake_fd = vif->control.port = vif->control.wake_fd = -1;
	read_mac(vif);
}

void play_vif_offer_nothing(struct play_vif *vif)
{
	vif->has_sg = vif->has_gso_tcpv4 = vif->has_gso_tcpv6 = vif->has_csum_ipv6 = false;
	vif->has_two_ports = false;
}

static void write_limits(struct back *back)
{
	const struct play_vif *vif = play_vif_of((struct play *)back);

	back_write(back, "feature-rx-copy", "1");
	back_write(back, "feature-rx-flip", "0");
	back_write(back, "feature-sg", "%d", vif->has_sg);
	back_write(back, "feature-gso-tcpv4", "%d", vif->has_gso_tcpv4);
	back_write(back, "feature-gso-tcpv6", "%d", vif->has_gso_tcpv6);
	back_write(back, "feature-no-csum-offload", "%d", !vif->has_csum_ipv4);
	back_write(back, "feature-ipv6-csum-offload", "%d", vif->has_csum_ipv6);
	back_write(back, "feature-split-event-channels", "%d", vif->has_two_ports);
	back_write(back, "multi-queue-max-queues", "%u", back->max_queues);
	back_write(back, "feature-ctrl-ring", "%d", vif->has_control);
	back_write(back, "feature-multicast-control", "%d", vif->has_multicast);
}

/* A vif has none. */
static void write_rest(struct back *back)
{
}

/* For frontends that have to be told. */
static void set_environment(const struct play *play)
{
	const struct play_vif *vif = (const void *)play;
	const uint8_t *mac = vif->mac;
	char text[128];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	setenv("CONFORM_MAC", text, 1);
	snprintf(text, sizeof(text), "%u", play->back.max_queues);
	setenv("CONFORM_QUEUES", text, 1);
	snprintf(text, sizeof(text), "%s%s%s%s%s", vif->has_sg ? "sg " : "", vif->has_gso_tcpv4 ? "gso-tcpv4 " : "",
		 vif->has_gso_tcpv6 ? "gso-tcpv6 " : "", vif->has_csum_ipv4 ? "csum-ipv4 " : "",
		 vif->has_csum_ipv6 ? "csum-ipv6 " : "");
	setenv("CONFORM_FEATURES", text, 1);
}

/* ---- what is published ----------------------------------------------------------------------------------------- */

/* It can be nothing else than 0 and 1. */
static bool read_flag(struct play_vif *vif, const char *name)
{
	struct back *back = &vif->play.back;
	struct errbuf why;
	uint32_t value;
	int rc = xb_read_u32_or(back->store, back->dev.otherend, name, 0, 0, 1, &value, &why);

	MUST("BUS-10", rc == 0, "it has announced its rings, but %s", why.text);
	return value;
}

void must_publish_terms(struct play_vif *vif)
{
	struct back *back = &vif->play.back;
	struct errbuf why;

	MUST("NET-4", read_flag(vif, "request-rx-copy"), "request-rx-copy is not 1");
	vif->takes_sg = read_flag(vif, "feature-sg");
	vif->takes_gso[XEN_NETIF_GSO_TYPE_TCPV4] = read_flag(vif, "feature-gso-tcpv4");
	vif->takes_gso[XEN_NETIF_GSO_TYPE_TCPV6] = read_flag(vif, "feature-gso-tcpv6");
	vif->takes_csum[4] = !read_flag(vif, "feature-no-csum-offload");
	vif->takes_csum[6] = read_flag(vif, "feature-ipv6-csum-offload");
	MUST("NET-7", xb_read_u32_or(back->store, back->dev.otherend, "multi-queue-num-queues", 1, 1, back->max_queues,
				     &back->nr_queues, &why) == 0, "%u queues are offered, and %s", back->max_queues,
	     why.text);
}

static bool has_node(struct play_vif *vif, const char *folder, const char *name)
{
	char path[48];

	snprintf(path, sizeof(path), "%s%s", folder, name);
	return xb_exists(&vif->play.store, vif->play.back.dev.otherend, path);
}

static void read_number(struct play_vif *vif, const char *folder, const char *name, uint32_t max, uint32_t *value)
{
	struct back *back = &vif->play.back;
	struct errbuf why;
	char path[48];

	snprintf(path, sizeof(path), "%s%s", folder, name);
	MUST("BUS-10", xb_read_u32(back->store, back->dev.otherend, path, 1, max, value, &why) == 0,
	     "it has announced its rings, but %s", why.text);
}

static void read_ports(struct play_vif *vif, const char *folder)
{
	bool has_one = has_node(vif, folder, "event-channel");
	bool has_tx = has_node(vif, folder, "event-channel-tx"), has_rx = has_node(vif, folder, "event-channel-rx");

	MUST("NET-49", has_tx == has_rx && has_tx != has_one,
	     "it writes%s%s%s, not one port for both rings or one for each", has_one ? " event-channel" : "",
	     has_tx ? " event-channel-tx" : "", has_rx ? " event-channel-rx" : "");
	MUST("NET-7", has_one || vif->has_two_ports, "it writes two ports, which were not offered");
	vif->uses_two_ports = has_tx;
	read_number(vif, folder, has_one ? "event-channel" : "event-channel-tx", MAX_PORT,
		    &vif->play.back.remote_port);
	if (vif->uses_two_ports)
		read_number(vif, folder, "event-channel-rx", MAX_PORT, &vif->rx.remote_port);
}

void must_publish_queue(struct play_vif *vif, const char *folder)
{
	MUST("NET-52", has_node(vif, folder, "tx-ring-ref"), "it has %u queues, and no %stx-ring-ref",
	     vif->play.back.nr_queues, folder);
	read_number(vif, folder, "tx-ring-ref", UINT32_MAX, &vif->play.back.refs[0]);
	read_number(vif, folder, "rx-ring-ref", UINT32_MAX, &vif->rx.refs[0]);
	read_ports(vif, folder);
}

/* ---- rings and ports ------------------------------------------------------------------------------------------- */

void must_map_queue(struct play_vif *vif)
{
	struct back *tx = &vif->play.back, *rx = &vif->rx;
	struct errbuf why;

	MUST("GNT-1", back_map_slots(tx, sizeof(netif_tx_request_t), sizeof(netif_tx_response_t), &why), "%s",
	     why.text);
	MUST("EVT-1", back_bind(tx, &why), "%s", why.text);
	back_share_handles(rx, tx);
	MUST("GNT-1", back_map_slots(rx, sizeof(netif_rx_request_t), sizeof(netif_rx_response_t), &why), "%s",
	     why.text);
	MUST("EVT-1", !vif->uses_two_ports || back_bind(rx, &why), "%s", why.text);
}

static void map_control(struct play_vif *vif)
{
	struct back *control = &vif->control;
	struct errbuf why;

	if (!has_node(vif, "", "ctrl-ring-ref"))
		return;
	MUST("NET-7", vif->has_control, "it has a control ring, which was not offered");
	read_number(vif, "", "ctrl-ring-ref", UINT32_MAX, &control->refs[0]);
	read_number(vif, "", "event-channel-ctrl", MAX_PORT, &control->remote_port);
	back_share_handles(control, &vif->play.back);
	MUST("GNT-1", back_map_slots(control, sizeof(struct xen_netif_ctrl_request),
				     sizeof(struct xen_netif_ctrl_response), &why), "%s", why.text);
	MUST("EVT-1", back_bind(control, &why), "%s", why.text);
}

static void attach(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);

	must_publish_terms(vif);
	if (play->back.nr_queues > 1)
		skip("it uses %u queues, and the case one", play->back.nr_queues);
	must_publish_queue(vif, "");
	must_map_queue(vif);
	map_control(vif);
}

static void release(struct play *play)
{
	back_release(&play_vif_of(play)->control);
	back_release(&play_vif_of(play)->rx);
	back_release(&play->back);
}

static void look(struct play *play)
{
	play_vif_serve_control(play_vif_of(play));
}

/* ---- taking ---------------------------------------------------------------------------------------------------- */

static void take_slot(struct play_vif *vif, bool is_extra)
{
	struct play_vif_frame *taken = &vif->taken;
	struct back *tx = &vif->play.back;

	MUST("NET-13", back_nr_requests(tx) > 0,
	     "it has published %u slots of a frame, and not the rest: req_prod is %#x", taken->nr_slots,
	     back_req_prod(tx));
	taken->is_extra[taken->nr_slots] = is_extra;
	taken->nr_data += !is_extra;
	back_take_raw(tx, &taken->slot[taken->nr_slots++]);
	MUST("NET-11", taken->nr_data <= PLAY_VIF_PARTS, "a frame of more than %u slots of data", PLAY_VIF_PARTS);
	MUST("NET-69", taken->nr_slots < PLAY_VIF_SLOTS, "extras without end");
}

static bool extra_says_more(const netif_tx_request_t *slot)
{
	netif_extra_info_t extra;

	memcpy(&extra, slot, sizeof(extra));
	return extra.flags & XEN_NETIF_EXTRA_FLAG_MORE;
}

static void take(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);
	struct play_vif_frame *taken = &vif->taken;
	const netif_tx_request_t *last = taken->slot;
	bool expects_extra;

	taken->nr_slots = taken->nr_data = 0;
	take_slot(vif, false);
	expects_extra = last->flags & NETTXF_extra_info;
	while (expects_extra) {
		take_slot(vif, true);
		expects_extra = extra_says_more(&taken->slot[taken->nr_slots - 1]);
	}
	while (last->flags & NETTXF_more_data) {
		last = &taken->slot[taken->nr_slots];
		take_slot(vif, false);
	}
	play_vif_judge(vif);
}

static void finish(struct play *play)
{
	play_vif_answer(play_vif_of(play), NETIF_RSP_OKAY);
	play_vif_mirror(play_vif_of(play));
}

void play_vif_hold_all(struct play_vif *vif)
{
	must_ask_next(&vif->play);
	vif->nr_held = 0;
	do {
		if (vif->nr_held < PLAY_VIF_MAX_HELD)
			vif->held[vif->nr_held++] = vif->taken;
	} while (play_take_next_within(&vif->play, PLAY_SILENCE_MS / 4));
	vif->taken = vif->held[0];
}

static bool hold(struct play *play)
{
	play_vif_hold_all(play_vif_of(play));
	return true;
}

const struct play_class play_vif_class = {
	.kind = "vif",
	.load = "verify",
	.begin = begin,
	.write_limits = write_limits,
	.write_rest = write_rest,
	.set_environment = set_environment,
	.attach = attach,
	.release = release,
	.look = look,
	.take = take,
	.finish = finish,
	.hold = hold,
};
