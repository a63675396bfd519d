// SPDX-License-Identifier: MIT
/* libxengnttab, the giver of grants: what /dev/xen/gntalloc does. */
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <xengnttab.h>

#include "loopxen/lib.h"
#include "loopxen/region.h"

LIB_EXPORT xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned int flags)
{
	return handle_open();
}

static void unshare_region(struct region *r)
{
	munmap(r->addr, (size_t)r->nr * HOST_PAGE);
	host_lock();
	for (uint32_t i = 0; i < r->nr; i++)
		host_grant_end(r->slot, r->id[i]);
	host_unlock();
}

LIB_EXPORT int xengntshr_close(xengntshr_handle *xgs)
{
	return handle_close(xgs, unshare_region);
}

LIB_EXPORT int xengntshr_fd(xengntshr_handle *xgs)
{
	return xgs->fd;
}

/* Allocates and grants, all or none; with the lock. */
static int make_grants(xengntshr_handle *xgs, struct region *r, uint32_t domid, bool writable)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < r->nr; i++) {
		rc = host_grant_new(xgs->slot, domid, writable, xgs->proc + 1);
		if (rc < 0)
			break;
		r->id[i] = rc;
	}
	if (i == r->nr)
		return 0;
	while (i--)
		host_grant_end(xgs->slot, r->id[i]);
	return rc;
}

static int map_frames(xengntshr_handle *xgs, struct region *r)
{
	int fd = host_ram_fd(xgs->slot, true);
	uint32_t i, run;

	if (fd < 0)
		return fd;
	for (i = 0; i < r->nr; i += run) {
		for (run = 1; i + run < r->nr && r->id[i + run] == r->id[i] + run; run++)
			;
		if (mmap(r->addr + (size_t)i * HOST_PAGE, (size_t)run * HOST_PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, (off_t)r->id[i] * HOST_PAGE) == MAP_FAILED)
			return -errno;
	}
	return 0;
}

struct share {
	uint32_t domid;
	uint32_t nr;
	bool writable;
	int notify_offset; /* -1: none */
	uint32_t notify_port;
};

static int share_locked(xengntshr_handle *xgs, const struct share *s, struct region *r)
{
	struct host_dom *dom = &host->dom[xgs->slot];
	uint32_t domid = s->domid == DOMID_SELF ? dom->domid : s->domid;
	int rc;

	if (s->notify_port && (s->notify_port >= HOST_NR_PORTS ||
			       host_link_state(dom->port[s->notify_port].link) == LINK_CLOSED))
		return -EINVAL;
	rc = make_grants(xgs, r, domid, s->writable);
	if (rc)
		return rc;
	dom->grant[r->id[0]].notify_offset = s->notify_offset;
	dom->grant[r->id[0]].notify_port = s->notify_port;
	return 0;
}

static void *share(xengntshr_handle *xgs, const struct share *s, uint32_t *refs)
{
	struct region *r = NULL;
	int rc = -EINVAL;

	if (!s->nr || s->nr > HOST_NR_GRANTS || s->notify_offset >= (int)HOST_PAGE)
		goto out;
	rc = -ENOMEM;
	if (lib_fault(FAULT_ALLOC))
		goto out;
	r = region_new(s->nr);
	if (!r)
		goto out;
	host_lock();
	rc = share_locked(xgs, s, r);
	host_unlock();
	if (rc) {
		region_free(r);
		goto out;
	}
	r->slot = xgs->slot;
	rc = map_frames(xgs, r);
	if (rc) {
		unshare_region(r);
		r->addr = NULL;
		region_free(r);
	}
out:
	if (rc) {
		errno = -rc;
		return NULL;
	}
	for (uint32_t i = 0; i < s->nr; i++)
		refs[i] = r->id[i];
	handle_add(xgs, r);
	return r->addr;
}

LIB_EXPORT void *xengntshr_share_pages(xengntshr_handle *xgs, uint32_t domid, int count, uint32_t *refs, int writable)
{
	struct share s = { domid, count < 0 ? 0 : count, writable, -1, 0 };

	return share(xgs, &s, refs);
}

LIB_EXPORT void *xengntshr_share_page_notify(xengntshr_handle *xgs, uint32_t domid, uint32_t *ref, int writable,
					     uint32_t notify_offset, evtchn_port_t notify_port)
{
	struct share s = { domid, 1, writable, notify_offset == UINT32_MAX ? -1 : (int)notify_offset,
			   notify_port == UINT32_MAX ? 0 : notify_port };

	return share(xgs, &s, ref);
}

LIB_EXPORT int xengntshr_unshare(xengntshr_handle *xgs, void *start_address, uint32_t count)
{
	struct region *r = handle_take(xgs, start_address, count);

	if (!r)
		return lib_fail(EINVAL);
	unshare_region(r);
	r->addr = NULL;
	region_free(r);
	return 0;
}
