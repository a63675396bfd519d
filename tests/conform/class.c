// SPDX-License-Identifier: MIT
#include "tests/conform/class.h"

#include <stdlib.h>
#include <string.h>

#include "tests/conform/case_disk.h"
#include "tests/conform/case_vif.h"
#include "tests/conform/case_vusb.h"
#include "tests/conform/host.h"
#include "tests/conform/peer/front_disk.h"
#include "tests/conform/peer/vif.h"
#include "tests/conform/peer/vusb.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* ---- disks ----------------------------------------------------------------------------------------------------- */

static const void *const disk_tables[] = {
	bus_cases, state_cases, close_cases, removal_cases, neighbour_cases, takeover_cases, ring_cases,
	ring_event_cases, ring_index_cases, ring_race_cases, grant_cases, grant_end_cases, grant_error_cases,
	grant_ring_cases, persistent_cases, event_cases, value_cases, node_cases, queue_cases, request_cases,
	reject_cases, disk_cases, data_cases, order_cases, discard_cases, indirect_cases, combination_cases,
	manner_cases,
};

static bool any(const struct backend_case *c)
{
	return true;
}

static char type_of_disk(const struct backend_case *c)
{
	return c->is_cdrom ? 'c' : c->is_read_only ? 'r' : c->has_large_sectors ? 'l' : 'w';
}

static struct front *disk_front(const char *devices)
{
	static struct front front;

	front_init(&front, &front_disk_class, strtoul(devices, NULL, 10));
	return &front;
}

static const void *const disk_frontend_tables[] = {
	front_bus_cases, front_state_cases, front_close_cases, front_ring_cases, front_queue_cases, front_event_cases,
	front_response_cases, front_request_cases, front_grant_cases, front_disk_cases, front_offer_cases,
	front_data_cases, front_mix_cases, front_manner_cases,
};

static bool any_frontend(const struct frontend_case *c)
{
	return true;
}

#define TARGET "/dev/null" /* the disk is in the case's memory */

static int create_disk(struct ts_device *vbd, struct xb_store *store, uint32_t domid, unsigned int nr,
		       const struct frontend_case *c, struct errbuf *err)
{
	const struct vbd_request request = {
		.target = TARGET,
		.is_writable = !c->is_read_only && !c->is_cdrom,
		.is_cdrom = c->is_cdrom,
	};

	return case_disk_create(vbd, store, vbd_class.kind, domid, nr, &request, err);
}

static struct play *disk_play(void)
{
	static struct play play;

	return &play;
}

/* ---- vifs ------------------------------------------------------------------------------------------------------ */

static const void *const vif_tables[] = {
	bus_cases, state_cases, close_cases, removal_cases, net_send_cases, net_refuse_cases, net_receive_cases,
	net_offload_cases, net_node_cases, net_port_cases,
	net_queue_cases, net_multicast_cases, net_control_cases, net_static_cases,
	net_headroom_cases, net_rate_cases, net_mix_cases,
};

static bool is_of_all(const struct backend_case *c)
{
	return !c->is_of_disk;
}

static char vif_type(const struct backend_case *c)
{
	return 'v';
}

static struct front *vif_front(const char *devices)
{
	static struct vif vif, far;
	char *end;

	vif_init(&vif, strtoul(devices, &end, 10), &far);
	vif_init(&far, strtoul(end + 1, NULL, 10), &vif);
	return &vif.front;
}

static const void *const vif_frontend_tables[] = {
	front_bus_cases, front_state_cases, front_close_cases, front_event_cases, front_net_node_cases,
	front_net_queue_cases, front_net_ring_cases, front_net_send_cases, front_net_answer_cases,
	front_net_receive_cases, front_net_bad_cases, front_net_control_cases,
};

static bool is_frontend_of_all(const struct frontend_case *c)
{
	return !c->is_of_disk;
}

static int create_vif(struct ts_device *vif, struct xb_store *store, uint32_t domid, unsigned int nr,
		      const struct frontend_case *c, struct errbuf *err)
{
	struct vif_request request = { .bridge = VIF_DEFAULT_BRIDGE, .mtu = VIF_DEFAULT_MTU };

	return case_vif_create(vif, store, vif_class.kind, domid, nr, &request, err);
}

static struct play *vif_play(void)
{
	static struct play_vif vif;

	return &vif.play;
}

/* ---- USB controllers --------------------------------------------------------------------------------------------- */

static const void *const vusb_tables[] = {
	bus_cases, state_cases, close_cases, removal_cases, usb_refuse_cases, usb_transfer_cases, usb_plug_cases,
};

static char vusb_type(const struct backend_case *c)
{
	return 'u';
}

static struct front *vusb_front(const char *devices)
{
	static struct vusb vusb;

	vusb_init(&vusb, strtoul(devices, NULL, 10));
	return &vusb.front;
}

static const void *const vusb_frontend_tables[] = {
	front_bus_cases, front_state_cases, front_close_cases, front_event_cases, front_usb_port_cases,
	front_usb_ring_cases, front_usb_transfer_cases, front_usb_answer_cases,
};

static int create_vusb(struct ts_device *vusb, struct xb_store *store, uint32_t domid, unsigned int nr,
		       const struct frontend_case *c, struct errbuf *err)
{
	return case_vusb_create(vusb, store, vusb_class.kind, domid, nr, PLAY_VUSB_PORTS, err);
}

static struct play *vusb_play(void)
{
	static struct play_vusb vusb;

	return &vusb.play;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static const struct conform_class classes[] = {
	{
		.name = "blk",
		.type = 'w',
		.backend_cases = { disk_tables, NR(disk_tables), sizeof(struct backend_case) },
		.has = any,
		.device = type_of_disk,
		.front = disk_front,
		.clauses_of_all = HOST_CLAUSES,
		.frontend_cases = { disk_frontend_tables, NR(disk_frontend_tables), sizeof(struct frontend_case) },
		.frontend_clauses_of_all = PLAY_DISK_CLAUSES,
		.has_frontend = any_frontend,
		.create = create_disk,
		.play_class = &play_disk_class,
		.play = disk_play,
	},
	{
		.name = "net",
		.type = 'v',
		.backend_cases = { vif_tables, NR(vif_tables), sizeof(struct backend_case) },
		.has = is_of_all,
		.device = vif_type,
		.front = vif_front,
		.clauses_of_all = HOST_CLAUSES " " VIF_CLAUSES,
		.frontend_cases = { vif_frontend_tables, NR(vif_frontend_tables), sizeof(struct frontend_case) },
		.frontend_clauses_of_all = PLAY_VIF_CLAUSES,
		.has_frontend = is_frontend_of_all,
		.create = create_vif,
		.play_class = &play_vif_class,
		.play = vif_play,
	},
	{
		.name = "usb",
		.type = 'u',
		.backend_cases = { vusb_tables, NR(vusb_tables), sizeof(struct backend_case) },
		.has = is_of_all,
		.device = vusb_type,
		.front = vusb_front,
		.clauses_of_all = HOST_CLAUSES " " VUSB_CLAUSES,
		.frontend_cases = { vusb_frontend_tables, NR(vusb_frontend_tables), sizeof(struct frontend_case) },
		.frontend_clauses_of_all = PLAY_VUSB_CLAUSES,
		.has_frontend = is_frontend_of_all,
		.create = create_vusb,
		.play_class = &play_vusb_class,
		.play = vusb_play,
	},
};

const struct conform_class *conform_class_find(const char *name)
{
	for (unsigned int i = 0; i < NR(classes); i++) {
		if (strcmp(classes[i].name, name) == 0)
			return &classes[i];
	}
	return NULL;
}
