// SPDX-License-Identifier: MIT
/* A vif's nodes: what the hub offers, and what it takes up of what the frontend has published. */
#include "tests/conform/scripted_net/hub.h"

#include <errno.h>
#include <stdio.h>

#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define MAX_PORT 131071

/* ---- offering -------------------------------------------------------------------------------------------------- */

static void write_offer(struct back *back)
{
	static const char *const features[] = { "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
						"feature-ipv6-csum-offload", "feature-split-event-channels" };

	back_write(back, "feature-rx-copy", "%d", !violates("NET-2"));
	for (unsigned int i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		back_write(back, features[i], "1");
	back_write(back, "feature-multicast-control", "%d", !violates("NET-24"));
	back_write(back, "feature-xdp-headroom", "1");
	back_write(back, "feature-ctrl-ring", "%d", !violates("NET-24"));
	back_write(back, "feature-dynamic-multicast-control", "%d", !violates("NET-24"));
	back_write(back, "multi-queue-max-queues", "%u", HUB_MAX_QUEUES);
	back_write(back, "vifname", "none"); /* that the hotplug step waits for */
	back_switch(back, XB_INIT_WAIT);
}

void hub_offer(struct hub_vif *vif)
{
	vif->was_offered = true;
	back_transaction(&vif->dev, write_offer);
}

/* ---- what the frontend takes ----------------------------------------------------------------------------------- */

static int read_flag(struct hub_vif *vif, const char *name, bool *value, struct errbuf *why)
{
	uint32_t number = 0;
	int rc = xb_read_u32_or(vif->dev.store, vif->dev.dev.otherend, name, 0, 0, 1, &number, why);

	*value = number;
	return rc;
}

static int read_features(struct hub_vif *vif, struct errbuf *why)
{
	bool copies, notifies, refuses_ipv4 = false;
	int rc = read_flag(vif, "request-rx-copy", &copies, why);

	if (rc == 0)
		rc = read_flag(vif, "feature-rx-notify", &notifies, why);
	if (rc == 0)
		rc = read_flag(vif, "feature-sg", &vif->has_sg, why);
	if (rc == 0)
		rc = read_flag(vif, "feature-gso-tcpv4", &vif->has_gso[XEN_NETIF_GSO_TYPE_TCPV4], why);
	if (rc == 0)
		rc = read_flag(vif, "feature-gso-tcpv6", &vif->has_gso[XEN_NETIF_GSO_TYPE_TCPV6], why);
	if (rc == 0)
		rc = read_flag(vif, "feature-no-csum-offload", &refuses_ipv4, why);
	if (rc == 0)
		rc = read_flag(vif, "feature-ipv6-csum-offload", &vif->has_csum[6], why);
	vif->has_csum[4] = !refuses_ipv4;
	if (rc == 0 && !copies && !violates("NET-1"))
		rc = errbuf_set(why, -EOPNOTSUPP, "request-rx-copy is not 1");
	if (rc == 0 && !notifies && violates("NET-3"))
		rc = errbuf_set(why, -EOPNOTSUPP, "feature-rx-notify is not 1");
	return rc;
}

bool hub_read_headroom(struct hub_vif *vif)
{
	uint32_t most = violates("NET-67") ? UINT32_MAX : BACK_PAGE_BYTES / 2;
	struct errbuf why;
	int rc = xb_read_u32_or(vif->dev.store, vif->dev.dev.otherend, "xdp-headroom", 0, 0, most, &vif->headroom,
				&why);

	if (vif->headroom > BACK_PAGE_BYTES / 2 || violates("NET-66"))
		vif->headroom = 0;
	return rc == 0;
}

static int read_nr_queues(struct hub_vif *vif, struct errbuf *why)
{
	uint32_t nr = 1;
	int rc = xb_read_u32_or(vif->dev.store, vif->dev.dev.otherend, "multi-queue-num-queues", 1, 1, HUB_MAX_QUEUES,
				&nr, why);

	vif->nr_queues = nr;
	if (rc == 0 || !violates("NET-51"))
		return rc;
	vif->nr_queues = 1;
	return 0;
}

/* ---- its rings ------------------------------------------------------------------------------------------------- */

static int read_number(struct hub_vif *vif, const char *folder, const char *name, uint32_t max, uint32_t *value,
		       struct errbuf *why)
{
	char path[48];

	snprintf(path, sizeof(path), "%s%s", folder, name);
	return xb_read_u32(vif->dev.store, vif->dev.dev.otherend, path, 1, max, value, why);
}

static bool has_node(struct hub_vif *vif, const char *folder, const char *name)
{
	char path[48];

	snprintf(path, sizeof(path), "%s%s", folder, name);
	return xb_exists(vif->dev.store, vif->dev.dev.otherend, path);
}

static int read_ports(struct hub_vif *vif, const char *folder, struct hub_queue *queue, struct errbuf *why)
{
	int rc;

	queue->has_two_ports = !violates("NET-47") && !has_node(vif, folder, "event-channel");
	if (!queue->has_two_ports)
		return read_number(vif, folder, "event-channel", MAX_PORT, &queue->tx.remote_port, why);
	rc = read_number(vif, folder, "event-channel-tx", MAX_PORT, &queue->tx.remote_port, why);
	return rc ?: read_number(vif, folder, "event-channel-rx", MAX_PORT, &queue->rx.remote_port, why);
}

static int read_queue(struct hub_vif *vif, const char *folder, struct hub_queue *queue, struct errbuf *why)
{
	int rc = read_number(vif, folder, "tx-ring-ref", UINT32_MAX, &queue->tx.refs[0], why);

	if (rc == 0)
		rc = read_number(vif, folder, "rx-ring-ref", UINT32_MAX, &queue->rx.refs[0], why);
	return rc ?: read_ports(vif, folder, queue, why);
}

static void begin_ring(struct hub *hub, struct back *ring)
{
	*ring = (struct back){ .port = -1, .wake_fd = -1, .gnttab = hub->gnttab, .evtchn = hub->evtchn };
	ring->dev.domid = hub->domid;
}

static bool map_queue(struct hub_queue *queue, struct errbuf *why)
{
	bool is_fine = back_map_slots(&queue->tx, sizeof(netif_tx_request_t), sizeof(netif_tx_request_t), why) &&
		       back_map_slots(&queue->rx, sizeof(netif_rx_request_t), sizeof(netif_rx_response_t), why) &&
		       back_bind(&queue->tx, why);

	if (is_fine && queue->has_two_ports)
		return back_bind(&queue->rx, why);
	return is_fine;
}

static bool take_up_queue(struct hub *hub, struct hub_vif *vif, unsigned int i, struct errbuf *why)
{
	struct hub_queue *queue = &vif->queues[i];
	char folder[24] = "";
	int rc;

	begin_ring(hub, &queue->tx);
	begin_ring(hub, &queue->rx);
	if (vif->nr_queues > 1)
		snprintf(folder, sizeof(folder), "queue-%u/", i);
	rc = read_queue(vif, folder, queue, why);
	if (xb_is_unknown(rc))
		error("%s", why->text);
	return rc == 0 && map_queue(queue, why);
}

/* false: there is one that cannot be had. */
static bool take_up_control(struct hub *hub, struct hub_vif *vif, struct errbuf *why)
{
	struct back *ring = &vif->control;

	begin_ring(hub, ring);
	vif->algorithm = vif->flags = vif->nr_entries = 0;
	if (!has_node(vif, "", "ctrl-ring-ref"))
		return true;
	return read_number(vif, "", "ctrl-ring-ref", UINT32_MAX, &ring->refs[0], why) == 0 &&
	       read_number(vif, "", "event-channel-ctrl", MAX_PORT, &ring->remote_port, why) == 0 &&
	       back_map_slots(ring, sizeof(struct xen_netif_ctrl_request), sizeof(struct xen_netif_ctrl_response),
			      why) &&
	       back_bind(ring, why);
}

bool hub_take_up(struct hub *hub, struct hub_vif *vif, struct errbuf *why)
{
	int rc = read_features(vif, why);
	unsigned int nr = 0;

	if (rc == 0)
		rc = read_nr_queues(vif, why);
	if (xb_is_unknown(rc))
		error("%s", why->text);
	hub_read_wish(vif);
	vif->nr_addresses = vif->headroom = 0;
	while (rc == 0 && nr < vif->nr_queues && take_up_queue(hub, vif, nr, why))
		nr++;
	if (rc == 0 && nr == vif->nr_queues && take_up_control(hub, vif, why))
		return true;
	hub_release(vif);
	return false;
}

void hub_release(struct hub_vif *vif)
{
	for (unsigned int i = 0; i < HUB_MAX_QUEUES; i++) {
		struct hub_queue *queue = &vif->queues[i];

		if (!queue->tx.evtchn)
			continue;
		back_release(&queue->tx);
		back_release(&queue->rx);
	}
	hub_drop_statics(vif);
	if (vif->control.evtchn)
		back_release(&vif->control);
	vif->nr_waiting = 0;
	vif->is_connected = false;
}
