// SPDX-License-Identifier: MIT
/* Ring, port and pages, and how the backend learns of them. */
#include "tests/conform/scripted_front/guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define MOST_ORDER    2
#define LARGEST_OFFER 4 /* of a correct backend here */
#define BEYOND_ORDER  6

static bool trusts_backend(struct front *front)
{
	struct errbuf err;
	uint32_t trusted;

	need(xb_read_u32_or(&front->store, front->dev.dir, "trusted", 1, 0, 1, &trusted, &err), &err);
	return trusted;
}

static void share_for_reading(struct front *front)
{
	struct grant_pool *data = &front->data;

	xengntshr_unshare(data->gntshr, data->area, data->nr_pages);
	data->area = xengntshr_share_pages(data->gntshr, front->dev.domid, data->nr_pages, data->refs, 0);
	if (!data->area)
		error("granting pages: %s", strerror(errno));
}

void guest_make(struct guest *guest)
{
	struct front *front = &guest->front;

	front->order = guest->max_order < MOST_ORDER ? guest->max_order : MOST_ORDER;
	if (violates("BUS-23"))
		front->order = MOST_ORDER;
	if (violates("BUS-49") && guest->max_order > LARGEST_OFFER)
		front->order = BEYOND_ORDER;
	if (violates("BLK-6"))
		front->order = 0;
	front_make(front);
	if (violates("RING-1"))
		front->layout.nr_slots /= 2;
	if (violates("RING-2"))
		memset((uint8_t *)front->ring + 2048, 0x5a, 512);
	if (violates("GNT-1"))
		share_for_reading(front);
	if (violates("GNT-3") || (violates("GNT-19") && !trusts_backend(front)))
		memset(front_page(front, 0), 0x5a, FRONT_DATA_PAGES * GRANT_PAGE_BYTES);
	if (violates("EVT-1")) {
		xenevtchn_unbind(front->evtchn, front->port);
		front->port = xenevtchn_bind_unbound_port(front->evtchn, front->store.domid);
	}
}

static void write_ring(struct guest *guest)
{
	struct front *front = &guest->front;
	bool is_numbered = front->order > 0 || violates("BLK-3");
	char name[32];

	if (is_numbered)
		front_write(front, "ring-page-order", "%u", front->order);
	for (unsigned int i = 0; i < 1U << front->order; i++) {
		snprintf(name, sizeof(name), is_numbered ? "ring-ref%u" : "ring-ref", i);
		if (violates("BLK-6"))
			snprintf(name, sizeof(name), "queue-0/ring-ref");
		front_write(front, name, "%u", front->ring_pages.refs[i]);
	}
	front_write(front, violates("BLK-6") ? "queue-0/event-channel" : "event-channel",
		    violates("BUS-5") ? "%#x" : "%u", (unsigned int)front->port);
}

/* What an earlier connection, perhaps another driver's, has left. */
static void remove_old(struct front *front)
{
	static const char *const names[] = { "ring-page-order", "num-ring-pages", "multi-queue-num-queues", "ring-ref",
					     "protocol" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]) && !violates("BUS-15"); i++)
		front_remove(front, names[i]);
}

static int publish(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct guest *guest = arg;
	struct front *front = &guest->front;

	remove_old(front);
	write_ring(guest);
	front_write(front, "feature-persistent", "1");
	if (!violates("BLK-1"))
		front_write(front, "protocol", "%s", blk_abi_name(front->abi));
	if (!violates("BUS-10"))
		front_switch(front, XB_INITIALISED);
	return 0;
}

void guest_publish(struct guest *guest)
{
	struct errbuf err;

	if (violates("BUS-10")) {
		front_switch(&guest->front, XB_INITIALISED);
		usleep(300000);
	}
	need(xb_transaction(&guest->front.store, publish, guest, &err), &err);
}
