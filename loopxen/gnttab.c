// SPDX-License-Identifier: MIT
/* libxengnttab, the user of grants: what /dev/xen/gntdev does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xengnttab.h>

#include "loopxen/late.h"
#include "loopxen/lib.h"
#include "loopxen/region.h"

LIB_EXPORT xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int flags)
{
	return handle_open();
}

static void unmap_region(struct region *r)
{
	/* No page of the peer is reachable once its grant is given back. */
	munmap(r->addr, (size_t)r->nr * HOST_PAGE);
	if (lib_fault(FAULT_UNMAP) && late_unmap(r))
		return;
	host_lock();
	for (uint32_t i = 0; i < r->nr; i++)
		host_map_end(r->id[i]);
	host_unlock();
}

LIB_EXPORT int xengnttab_close(xengnttab_handle *xgt)
{
	return handle_close(xgt, unmap_region);
}

LIB_EXPORT int xengnttab_fd(xengnttab_handle *xgt)
{
	return xgt->fd;
}

LIB_EXPORT int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
	return 0;
}

/* Where the grants of one mapping come from and where they go. */
struct mapping {
	uint32_t nr;
	const uint32_t *domids; /* nr of them, or one for all if is_one_domain */
	bool is_one_domain;
	const uint32_t *refs;
	int prot;
	int notify_offset; /* -1: none */
	uint32_t notify_port;
};

static uint32_t domid_at(const struct mapping *m, uint32_t i)
{
	return m->domids[m->is_one_domain ? 0 : i];
}

/* Takes the grants, all or none; with the lock. */
static int take_grants(xengnttab_handle *xgt, const struct mapping *m, struct region *r)
{
	uint32_t self = host->dom[xgt->slot].domid;
	int rc = 0;
	uint32_t i;

	for (i = 0; i < m->nr; i++) {
		int slot = host_dom_find(domid_at(m, i) == DOMID_SELF ? self : domid_at(m, i));

		rc = slot < 0 || m->refs[i] >= HOST_NR_GRANTS ? -EINVAL :
			host_map_new(slot, m->refs[i], self, m->prot & PROT_WRITE, xgt->proc + 1);
		if (rc < 0)
			break;
		r->id[i] = rc;
	}
	if (rc >= 0)
		return 0;
	while (i--)
		host_map_end(r->id[i]);
	return rc;
}

/* One mmap() per run of neighbouring frames. */
static int map_frames(const struct mapping *m, struct region *r)
{
	uint32_t i, run;

	for (i = 0; i < m->nr; i += run) {
		struct host_map *first = &host->map[r->id[i]];
		int fd = host_ram_fd(first->owner_slot, m->prot & PROT_WRITE);

		for (run = 1; i + run < m->nr; run++) {
			struct host_map *next = &host->map[r->id[i + run]];

			if (next->owner_slot != first->owner_slot || next->gref != first->gref + run)
				break;
		}
		if (fd < 0)
			return fd;
		if (mmap(r->addr + (size_t)i * HOST_PAGE, (size_t)run * HOST_PAGE, m->prot, MAP_SHARED | MAP_FIXED, fd,
			 (off_t)first->gref * HOST_PAGE) == MAP_FAILED)
			return -errno;
	}
	return 0;
}

static void set_notify(struct region *r, const struct mapping *m)
{
	host->map[r->id[0]].notify_offset = m->notify_offset;
	host->map[r->id[0]].notify_port = m->notify_port;
}

static bool is_notify_valid(xengnttab_handle *xgt, const struct mapping *m)
{
	if (m->notify_offset >= 0 && (m->notify_offset >= (int)HOST_PAGE || !(m->prot & PROT_WRITE)))
		return false;
	return !m->notify_port ||
	       (m->notify_port < HOST_NR_PORTS &&
		host_link_state(host->dom[xgt->slot].port[m->notify_port].link) != LINK_CLOSED);
}

static void *map_grants(xengnttab_handle *xgt, const struct mapping *m)
{
	struct region *r = NULL;
	int rc = -EINVAL;

	if (!m->nr || m->nr > HOST_NR_GRANTS || !is_notify_valid(xgt, m))
		goto out;
	rc = -ENOMEM;
	if (lib_fault(FAULT_MAP))
		goto out;
	r = region_new(m->nr);
	if (!r)
		goto out;
	host_lock();
	rc = take_grants(xgt, m, r);
	if (!rc)
		set_notify(r, m);
	host_unlock();
	if (rc) {
		region_free(r);
		goto out;
	}
	rc = map_frames(m, r);
	if (rc) {
		unmap_region(r);
		r->addr = NULL;
		region_free(r);
	}
out:
	if (rc) {
		errno = -rc;
		return NULL;
	}
	handle_add(xgt, r);
	return r->addr;
}

LIB_EXPORT void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
	struct mapping m = { 1, &domid, true, &ref, prot, -1, 0 };

	return map_grants(xgt, &m);
}

LIB_EXPORT void *xengnttab_map_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t *domids, uint32_t *refs,
					  int prot)
{
	struct mapping m = { count, domids, false, refs, prot, -1, 0 };

	return map_grants(xgt, &m);
}

LIB_EXPORT void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid, uint32_t *refs,
						 int prot)
{
	struct mapping m = { count, &domid, true, refs, prot, -1, 0 };

	return map_grants(xgt, &m);
}

LIB_EXPORT void *xengnttab_map_grant_ref_notify(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot,
						uint32_t notify_offset, evtchn_port_t notify_port)
{
	struct mapping m = { 1, &domid, true, &ref, prot, notify_offset == UINT32_MAX ? -1 : (int)notify_offset,
			     notify_port == UINT32_MAX ? 0 : notify_port };

	return map_grants(xgt, &m);
}

/* Exactly what one call mapped, or nothing: so does gntdev. */
LIB_EXPORT int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	struct region *r = handle_take(xgt, start_address, count);

	if (!r)
		return lib_fail(EINVAL);
	unmap_region(r);
	r->addr = NULL;
	region_free(r);
	return 0;
}

/* ---- copy: no lock ---- */

static bool is_segment_valid(const xengnttab_grant_copy_segment_t *s)
{
	if (!(s->flags & (GNTCOPY_source_gref | GNTCOPY_dest_gref)))
		return false;
	if ((s->flags & GNTCOPY_source_gref) && s->source.foreign.offset + s->len > (int)HOST_PAGE)
		return false;
	return !((s->flags & GNTCOPY_dest_gref) && s->dest.foreign.offset + s->len > (int)HOST_PAGE);
}

static int16_t find_side(uint32_t self, const union xengnttab_copy_ptr *side, bool is_gref, bool writable, uint8_t **at)
{
	int16_t status;

	if (!is_gref) {
		*at = side->virt;
		return GNTST_okay;
	}
	status = host_grant_check(side->foreign.domid == DOMID_SELF ? self : side->foreign.domid, side->foreign.ref,
				  self, writable, at);
	*at += side->foreign.offset;
	return status;
}

static int16_t copy_segment(uint32_t self, const xengnttab_grant_copy_segment_t *s)
{
	uint8_t *from = NULL, *to = NULL;
	int16_t status;

	if (lib_fault(FAULT_COPY))
		return GNTST_general_error;
	status = find_side(self, &s->source, s->flags & GNTCOPY_source_gref, false, &from);
	if (status == GNTST_okay)
		status = find_side(self, &s->dest, s->flags & GNTCOPY_dest_gref, true, &to);
	if (status == GNTST_okay)
		memcpy(to, from, s->len);
	return status;
}

LIB_EXPORT int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	uint32_t self = host->dom[xgt->slot].domid;

	for (uint32_t i = 0; i < count; i++) {
		if (!is_segment_valid(&segs[i]))
			return lib_fail(EINVAL);
	}
	for (uint32_t i = 0; i < count; i++)
		segs[i].status = copy_segment(self, &segs[i]);
	return 0;
}

/* ---- not here: dma-buf ---- */

LIB_EXPORT int xengnttab_dmabuf_exp_from_refs(xengnttab_handle *xgt, uint32_t domid, uint32_t flags, uint32_t count,
					      const uint32_t *refs, uint32_t *fd)
{
	return lib_fail(EOPNOTSUPP);
}

LIB_EXPORT int xengnttab_dmabuf_exp_wait_released(xengnttab_handle *xgt, uint32_t fd, uint32_t wait_to_ms)
{
	return lib_fail(EOPNOTSUPP);
}

LIB_EXPORT int xengnttab_dmabuf_imp_to_refs(xengnttab_handle *xgt, uint32_t domid, uint32_t fd, uint32_t count,
					    uint32_t *refs)
{
	return lib_fail(EOPNOTSUPP);
}

LIB_EXPORT int xengnttab_dmabuf_imp_release(xengnttab_handle *xgt, uint32_t fd)
{
	return lib_fail(EOPNOTSUPP);
}
