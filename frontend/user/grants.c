// SPDX-License-Identifier: MIT
#include "frontend/user/grants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/errbuf.h"

void grant_pool_init(struct grant_pool *pool)
{
	*pool = (struct grant_pool){ 0 };
}

static int share_failed(uint32_t nr_pages, uint32_t domid, int rc, struct errbuf *err)
{
	if (rc == -ENOSPC || rc == -E2BIG)
		return errbuf_set(err, rc,
				  "granting %u pages to domain %u: over the limit of pages a process or the guest may "
				  "grant (a smaller depth or ring needs fewer; xen-gntalloc has a parameter `limit`)",
				  nr_pages, domid);
	if (rc == -ENOENT || rc == -ENODEV)
		return errbuf_set(err, rc, "granting pages: %s: is xen-gntalloc loaded?", strerror(-rc));
	return errbuf_set(err, rc, "granting %u pages to domain %u: %s", nr_pages, domid, strerror(-rc));
}

int grant_pool_share(struct grant_pool *pool, xengntshr_handle *gntshr, uint32_t domid, uint32_t nr_pages,
		     struct errbuf *err)
{
	uint32_t *refs;
	void *area;
	int rc;

	refs = calloc(nr_pages, sizeof(*refs));
	if (!refs)
		return errbuf_set(err, -ENOMEM, "granting %u pages: out of memory", nr_pages);
	errno = 0;
	area = xengntshr_share_pages(gntshr, domid, (int)nr_pages, refs, 1);
	if (!area) {
		rc = errno ? -errno : -EIO;
		free(refs);
		return share_failed(nr_pages, domid, rc, err);
	}
	*pool = (struct grant_pool){ .gntshr = gntshr, .area = area, .refs = refs, .nr_pages = nr_pages };
	return 0;
}

void grant_pool_fini(struct grant_pool *pool)
{
	if (pool->area)
		xengntshr_unshare(pool->gntshr, pool->area, pool->nr_pages);
	free(pool->refs);
	grant_pool_init(pool);
}
