// SPDX-License-Identifier: MIT
/* What the backend says about itself, and what it learns of us. */
#include "tests/conform/scripted_net_front/station.h"

#include "tests/conform/violate.h"

static bool is_offered(struct station *station, const char *name)
{
	return front_backend_number(&station->vif.front, name, 0) == 1;
}

bool station_read_offer(struct station *station)
{
	station->can_sg = is_offered(station, "feature-sg");
	station->can_csum = !is_offered(station, "feature-no-csum-offload");
	station->can_gso = is_offered(station, "feature-gso-tcpv4") && station->can_sg && station->can_csum;
	station->vif.has_two_ports = is_offered(station, "feature-split-event-channels") || violates("NET-7");
	station->vif.has_control_ring = station->is_static && is_offered(station, "feature-ctrl-ring");
	return is_offered(station, "feature-rx-copy");
}

static void make(struct front *front)
{
	struct vif *vif = vif_of(front);

	front_vif_class.make(front);
	vif->mac[5] ^= violates("NET-8");
}

/* A single queue's nodes where one of several would have them. */
static void move_into_queue(struct front *front)
{
	static const char *const names[] = { "tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx",
					     "event-channel-rx" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		front_remove(front, names[i]);
	vif_write_rings(front, "queue-0/", vif_of(front));
}

static void publish(struct front *front)
{
	front_vif_class.publish(front);
	if (violates("NET-4"))
		front_remove(front, "request-rx-copy");
	if (violates("NET-49")) {
		front_write(front, "event-channel", "%d", front->port);
		front_write(front, "event-channel-tx", "%d", front->port);
	}
	if (violates("NET-52"))
		move_into_queue(front);
}

const struct front_class station_class = {
	.kind = "vif",
	.make = make,
	.publish = publish,
};
