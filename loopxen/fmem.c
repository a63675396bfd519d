// SPDX-License-Identifier: MIT
/* libxenforeignmemory: a frame number is a page of the domain's RAM file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenforeignmemory.h>

#include "loopxen/lib.h"

struct xenforeignmemory_handle {
	uint32_t slot;
};

LIB_EXPORT xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger, unsigned int flags)
{
	xenforeignmemory_handle *fmem = calloc(1, sizeof(*fmem));
	int rc = fmem ? lib_join(NULL, &fmem->slot) : -ENOMEM;

	if (rc) {
		free(fmem);
		errno = -rc;
		return NULL;
	}
	return fmem;
}

LIB_EXPORT int xenforeignmemory_close(xenforeignmemory_handle *fmem)
{
	free(fmem);
	return 0;
}

static int map_one(unsigned int slot, uint8_t *at, int prot, xen_pfn_t gfn)
{
	int fd = host_ram_fd(slot, prot & PROT_WRITE);

	if (fd < 0)
		return -fd;
	if (gfn >= HOST_NR_GRANTS)
		return EINVAL;
	return mmap(at, HOST_PAGE, prot, MAP_SHARED | MAP_FIXED, fd, (off_t)gfn * HOST_PAGE) == MAP_FAILED ? errno : 0;
}

/* A guest's memory belongs to the toolstack's domain alone. */
static int find_domain(xenforeignmemory_handle *fmem, uint32_t domid)
{
	int slot = domid == DOMID_SELF ? (int)fmem->slot : host_dom_find(domid);

	if (slot >= 0 && host->dom[fmem->slot].domid != 0 && slot != (int)fmem->slot)
		return -EPERM;
	return slot;
}

LIB_EXPORT void *xenforeignmemory_map2(xenforeignmemory_handle *fmem, uint32_t dom, void *addr, int prot, int flags,
				       size_t pages, const xen_pfn_t arr[], int err[])
{
	int slot = find_domain(fmem, dom), failed = 0;
	uint8_t *base;

	if (slot < 0 || !pages) {
		errno = slot < 0 ? -slot : EINVAL;
		return NULL;
	}
	base = mmap(addr, pages * HOST_PAGE, PROT_NONE, flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < pages; i++) {
		int one = map_one(slot, base + i * HOST_PAGE, prot, arr[i]);

		if (err)
			err[i] = one;
		else if (one && !failed)
			failed = one;
	}
	if (!failed)
		return base;
	munmap(base, pages * HOST_PAGE);
	errno = failed;
	return NULL;
}

LIB_EXPORT void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom, int prot, size_t pages,
				      const xen_pfn_t arr[], int err[])
{
	return xenforeignmemory_map2(fmem, dom, NULL, prot, 0, pages, arr, err);
}

LIB_EXPORT int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr, size_t pages)
{
	return munmap(addr, pages * HOST_PAGE);
}

LIB_EXPORT int xenforeignmemory_restrict(xenforeignmemory_handle *fmem, domid_t domid)
{
	return lib_fail(EOPNOTSUPP);
}

LIB_EXPORT xenforeignmemory_resource_handle *
xenforeignmemory_map_resource(xenforeignmemory_handle *fmem, domid_t domid, unsigned int type, unsigned int id,
			      unsigned long frame, unsigned long nr_frames, void **paddr, int prot, int flags)
{
	errno = EOPNOTSUPP;
	return NULL;
}

LIB_EXPORT int xenforeignmemory_unmap_resource(xenforeignmemory_handle *fmem, xenforeignmemory_resource_handle *fres)
{
	return lib_fail(EOPNOTSUPP);
}

LIB_EXPORT int xenforeignmemory_resource_size(xenforeignmemory_handle *fmem, domid_t domid, unsigned int type,
					      unsigned int id, size_t *size)
{
	return lib_fail(EOPNOTSUPP);
}
