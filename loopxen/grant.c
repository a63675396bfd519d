// SPDX-License-Identifier: MIT
/*
 * Grants. Frame number, grant reference and page of the domain's RAM file are the same number, so that a grant needs no
 * other bookkeeping than who may use it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

#include "loopxen/host.h"

static void grant_init(struct host_grant *g, uint32_t domid, bool writable, uint32_t proc)
{
	g->proc = proc;
	g->is_used = true;
	g->is_deferred = false;
	g->notify_offset = -1;
	g->notify_port = 0;
	atomic_store_explicit(&g->entry, GRANT_PERMIT | (writable ? 0 : GRANT_READONLY) | domid << 16,
			      memory_order_release);
}

int host_grant_new(unsigned int slot, uint32_t domid, bool writable, uint32_t proc)
{
	struct host_dom *dom = &host->dom[slot];

	for (uint32_t i = 0; i < HOST_NR_GRANTS - HOST_GREF_FIRST; i++) {
		uint32_t gref = dom->next_gref++;

		if (dom->next_gref == HOST_NR_GRANTS)
			dom->next_gref = HOST_GREF_FIRST;
		if (dom->grant[gref].is_used)
			continue;
		grant_init(&dom->grant[gref], domid, writable, proc);
		return gref;
	}
	return -ENOSPC;
}

void host_grant_reserved(unsigned int slot, uint32_t gref, uint32_t domid, uint32_t proc)
{
	grant_init(&host->dom[slot].grant[gref], domid, true, proc);
}

static void notify(unsigned int page_slot, uint32_t gref, int offset, unsigned int port_slot, uint32_t port)
{
	uint8_t *base = offset >= 0 ? host_ram(page_slot) : NULL;

	if (base)
		base[(size_t)gref * HOST_PAGE + offset] = 0;
	if (port)
		host_port_send(port_slot, port);
}

/* Makes the page empty for whoever gets it next, without memory meanwhile where the file system can do that. */
static void empty(unsigned int slot, uint32_t gref)
{
	int fd = host_ram_fd(slot, true);
	uint8_t *base;

	if (fd >= 0 &&
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)gref * HOST_PAGE, HOST_PAGE) == 0)
		return;
	base = host_ram(slot);
	if (base)
		memset(base + (size_t)gref * HOST_PAGE, 0, HOST_PAGE);
}

/* The owner last: it is what a half-done end is found by. */
static void grant_free(unsigned int slot, uint32_t gref)
{
	struct host_grant *g = &host->dom[slot].grant[gref];

	g->entry = 0;
	empty(slot, gref);
	g->is_deferred = false;
	g->is_used = false;
	g->proc = 0;
}

void host_grant_end(unsigned int slot, uint32_t gref)
{
	struct host_grant *g = &host->dom[slot].grant[gref];

	if (!g->is_used || g->is_deferred)
		return;
	notify(slot, gref, g->notify_offset, slot, g->notify_port);
	g->notify_offset = -1;
	g->notify_port = 0;
	if (g->nr_maps)
		g->is_deferred = true; /* keeps its owner, for `loopxen check` */
	else
		grant_free(slot, gref);
}

void host_grant_recover(unsigned int slot, uint32_t gref)
{
	struct host_grant *g = &host->dom[slot].grant[gref];

	if (g->is_used && (!(g->entry & GRANT_PERMIT) || (g->is_deferred && !g->nr_maps)))
		grant_free(slot, gref);
}

/* The slot of a grant that MAPPER_DOMID may use so, or a GNTST_* status. */
static int find_grant(uint32_t domid, uint32_t gref, uint32_t mapper_domid, bool writable)
{
	int slot = host_dom_find(domid);
	uint32_t entry;

	if (slot < 0)
		return GNTST_bad_domain;
	if (gref >= HOST_NR_GRANTS)
		return GNTST_bad_gntref;
	entry = atomic_load_explicit(&host->dom[slot].grant[gref].entry, memory_order_acquire);
	if (host->dom[slot].state != DOM_ALIVE || !(entry & GRANT_PERMIT) || entry >> 16 != mapper_domid ||
	    (writable && (entry & GRANT_READONLY)))
		return GNTST_general_error;
	return slot;
}

int16_t host_grant_check(uint32_t domid, uint32_t gref, uint32_t mapper_domid, bool writable, uint8_t **page)
{
	int slot = find_grant(domid, gref, mapper_domid, writable);
	uint8_t *base;

	if (slot < 0)
		return slot;
	base = host_ram(slot);
	if (!base)
		return GNTST_general_error;
	*page = base + (size_t)gref * HOST_PAGE;
	return GNTST_okay;
}

/* The next free entry; they are reused in turn, so the search is short unless nearly all are taken. */
static int map_take(void)
{
	for (uint32_t i = 0; i < HOST_NR_MAPS; i++) {
		uint32_t map = host->next_map;

		host->next_map = (map + 1) % HOST_NR_MAPS;
		if (host->map[map].proc)
			continue;
		if (map >= host->max_map)
			host->max_map = map + 1;
		return map;
	}
	return -ENOSPC;
}

int host_map_new(unsigned int slot, uint32_t gref, uint32_t mapper_domid, bool writable, uint32_t proc)
{
	struct host_dom *dom = &host->dom[slot];
	int map, rc;

	rc = find_grant(dom->domid, gref, mapper_domid, writable);
	if (rc < 0)
		return -EINVAL; /* what gntdev makes of every bad status */
	map = map_take();
	if (map < 0)
		return map;
	host->map[map].gref = gref;
	host->map[map].owner_slot = slot;
	host->map[map].owner_domid = dom->domid;
	host->map[map].mapper_domid = mapper_domid;
	host->map[map].notify_offset = -1;
	host->map[map].notify_port = 0;
	host->map[map].proc = proc;
	dom->grant[gref].nr_maps++;
	dom->nr_maps_of_it++;
	return map;
}

void host_map_end(uint32_t map)
{
	struct host_map *m = &host->map[map];
	struct host_dom *dom = &host->dom[m->owner_slot];
	struct host_grant *g = &dom->grant[m->gref];
	int mapper = host_dom_find(m->mapper_domid);

	if (!m->proc)
		return;
	notify(m->owner_slot, m->gref, m->notify_offset, mapper < 0 ? 0 : mapper, mapper < 0 ? 0 : m->notify_port);
	m->proc = 0;
	g->nr_maps--;
	dom->nr_maps_of_it--;
	if (!g->nr_maps && g->is_deferred)
		grant_free(m->owner_slot, m->gref);
	host_dom_try_free(m->owner_slot);
}
