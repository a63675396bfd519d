// SPDX-License-Identifier: MIT
/* What a frontend has published, and how a backend takes it up. */
#include "tests/conform/peer/back.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define MAX_PORT 131071

/* rc is about what a guest has written, unless the store did not answer. */
static bool is_fine(int rc, const struct errbuf *why)
{
	if (xb_is_unknown(rc))
		error("%s", why->text);
	return rc == 0;
}

/* ---- nodes that may be missing --------------------------------------------------------------------------------- */

static int read_option(struct back *back, const char *name, uint32_t absent, uint32_t min, uint32_t max,
		       uint32_t *value, struct errbuf *why)
{
	return xb_read_u32_or(back->store, back->dev.otherend, name, absent, min, max, value, why);
}

static int read_order(struct back *back, struct errbuf *why)
{
	int rc = read_option(back, "ring-page-order", 0, 0, violates("BLK-5") ? UINT32_MAX : back->max_order,
			     &back->order, why);

	if (back->order > back->max_order)
		back->order = back->max_order;
	return rc;
}

static int read_protocol(struct back *back, struct errbuf *why)
{
	char protocol[32];
	int rc = xb_read_string_or(back->store, back->dev.otherend, "protocol", "", protocol, sizeof(protocol), why);

	back->abi = BLK_ABI_UNSAID;
	if (rc == 0 && *protocol)
		rc = blk_abi_parse(protocol, &back->abi, why);
	if (violates("BLK-2")) {
		back->abi = BLK_ABI_NATIVE;
		rc = 0;
	}
	return rc;
}

static int read_persistent(struct back *back, struct errbuf *why)
{
	uint32_t is_persistent;
	int rc = read_option(back, "feature-persistent", 0, 0, 1, &is_persistent, why);

	if (violates("BUS-8") && !xb_exists(back->store, back->dev.otherend, "feature-persistent"))
		rc = errbuf_set(why, -ENOENT, "feature-persistent is missing");
	back->frontend_is_persistent = rc == 0 && is_persistent;
	return rc;
}

static bool is_known_node(const char *name)
{
	static const char *const known[] = {
		"backend", "state", "virtual-device", "device-type", "trusted", "handle", "event-channel", "protocol",
		"ring-", "num-ring-pages", "feature-persistent", "multi-queue-num-queues", "queue-",
	};

	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strncmp(name, known[i], strlen(known[i])) == 0)
			return true;
	}
	return false;
}

static int refuse_unknown_nodes(struct back *back, struct errbuf *why)
{
	unsigned int nr = 0;
	char **names = NULL;
	int rc = xb_list(back->store, back->dev.otherend, &names, &nr, why);

	for (unsigned int i = 0; rc == 0 && i < nr; i++) {
		if (!is_known_node(names[i]))
			rc = errbuf_set(why, -EINVAL, "%s is not known", names[i]);
	}
	free(names);
	return rc;
}

bool back_read_options(struct back *back, struct errbuf *why)
{
	int rc = read_order(back, why);

	back->nr_queues = 1;
	if (rc == 0 && !violates("BLK-7"))
		rc = read_option(back, "multi-queue-num-queues", 1, 1, back->max_queues, &back->nr_queues, why);
	if (rc == 0)
		rc = read_protocol(back, why);
	if (rc == 0)
		rc = read_persistent(back, why);
	if (rc == 0 && violates("BUS-9"))
		rc = refuse_unknown_nodes(back, why);
	return is_fine(rc, why);
}

/* ---- nodes that may not ---------------------------------------------------------------------------------------- */

/* Of the ring whose nodes are in that directory of the frontend's: "", or "queue-N/". */
static int read_number(struct back *back, const char *folder, const char *name, uint32_t max, uint32_t *value,
		       struct errbuf *why)
{
	char path[48];

	snprintf(path, sizeof(path), "%s%s", folder, name);
	return xb_read_u32(back->store, back->dev.otherend, path, 1, max, value, why);
}

/* A frontend that writes the order calls even a single page ring-ref0, or does not: what it writes counts. */
static bool is_numbered(struct back *back, const char *folder)
{
	char path[48];

	if (back->order > 0)
		return true;
	snprintf(path, sizeof(path), "%sring-ref0", folder);
	return !violates("BLK-4") && xb_exists(back->store, back->dev.otherend, "ring-page-order") &&
	       xb_exists(back->store, back->dev.otherend, path);
}

static int read_refs(struct back *back, const char *folder, struct errbuf *why)
{
	char name[24];
	int rc = 0;

	if (!is_numbered(back, folder))
		return read_number(back, folder, "ring-ref", UINT32_MAX, &back->refs[0], why);
	for (unsigned int i = 0; rc == 0 && i < 1U << back->order; i++) {
		snprintf(name, sizeof(name), "ring-ref%u", i);
		rc = read_number(back, folder, name, UINT32_MAX, &back->refs[i], why);
	}
	return rc;
}

static bool read_ring(struct back *back, const char *folder, struct errbuf *why)
{
	int rc = read_refs(back, folder, why);

	if (rc == 0)
		rc = read_number(back, folder, "event-channel", MAX_PORT, &back->remote_port, why);
	return is_fine(rc, why);
}

bool back_read_ring(struct back *back, struct errbuf *why)
{
	return read_ring(back, "", why);
}

bool back_read_queue(struct back *back, unsigned int queue, struct errbuf *why)
{
	char folder[24];

	snprintf(folder, sizeof(folder), "queue-%u/", queue);
	return read_ring(back, folder, why);
}

/* ---- ring and port --------------------------------------------------------------------------------------------- */

bool back_map_slots(struct back *back, uint32_t request_bytes, uint32_t response_bytes, struct errbuf *why)
{
	uint32_t nr_pages = 1U << back->order;

	if (!back->gnttab)
		back->gnttab = xengnttab_open(NULL, 0);
	if (!back->gnttab)
		error("mapping pages: %s", strerror(errno));
	if (!ring_layout_init(&back->layout, nr_pages * BACK_PAGE_BYTES, request_bytes, response_bytes))
		error("a ring of order %u holds no request", back->order);
	if (violates("RING-1"))
		back->layout.nr_slots /= 2;
	back->ring = xengnttab_map_domain_grant_refs(back->gnttab, nr_pages, back->dev.domid, back->refs,
						     PROT_READ | PROT_WRITE);
	if (!back->ring)
		errbuf_set(why, -errno, "a ring of %u page(s) cannot be mapped: %s", nr_pages, strerror(errno));
	back->req_cons = back->rsp_prod = back->rsp_pushed = 0;
	return back->ring;
}

bool back_map_ring(struct back *back, struct errbuf *why)
{
	return back_map_slots(back, blk_request_bytes(back->abi), blk_response_bytes(back->abi), why);
}

bool back_bind(struct back *back, struct errbuf *why)
{
	if (!back->evtchn)
		back->evtchn = xenevtchn_open(NULL, 0);
	if (!back->evtchn)
		error("event channels: %s", strerror(errno));
	back->port = xenevtchn_bind_interdomain(back->evtchn, back->dev.domid, back->remote_port);
	if (back->port < 0)
		errbuf_set(why, -errno, "event channel %u cannot be bound: %s", back->remote_port, strerror(errno));
	return back->port >= 0;
}

void back_share_handles(struct back *ring, const struct back *with)
{
	ring->dev.domid = with->dev.domid;
	ring->gnttab = with->gnttab;
	ring->evtchn = with->evtchn;
}

bool back_connect(struct back *back, struct errbuf *why)
{
	if (back_read_options(back, why) && back_read_ring(back, why) && back_map_ring(back, why) &&
	    back_bind(back, why))
		return true;
	back_release(back);
	return false;
}

void back_release(struct back *back)
{
	if (back->port >= 0)
		xenevtchn_unbind(back->evtchn, back->port);
	if (back->ring)
		xengnttab_unmap(back->gnttab, back->ring, 1U << back->order);
	back->port = -1;
	back->ring = NULL;
}

void back_go_to(struct back *back, struct back_place *from, const struct back_place *to)
{
	*from = (struct back_place){ back->port, back->ring, back->req_cons, back->rsp_prod, back->rsp_pushed };
	back->port = to->port;
	back->ring = to->ring;
	back->req_cons = to->req_cons;
	back->rsp_prod = to->rsp_prod;
	back->rsp_pushed = to->rsp_pushed;
}
