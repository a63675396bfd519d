// SPDX-License-Identifier: MIT
#include "xenbus/scan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse.h"
#include "xenbus/node.h"

struct found {
	struct xb_backend_id *ids;
	unsigned int nr, room;
};

int xb_scan_path(const struct xb_store *store, const char *kind, uint32_t only_guest, char *buf, size_t size,
		 struct errbuf *err)
{
	if (only_guest == XB_ANY_GUEST)
		return xb_path(buf, size, err, "%s/backend/%s", store->home, kind);
	return xb_path(buf, size, err, "%s/backend/%s/%u", store->home, kind, only_guest);
}

/* "7", but not "07": one device has one name. */
static bool is_plain_number(const char *name, uint32_t max, uint32_t *out)
{
	return (name[0] != '0' || name[1] == '\0') && parse_u32(name, 0, max, out) == 0;
}

static int add(struct found *found, uint32_t domid, uint32_t devid)
{
	if (found->nr == found->room) {
		unsigned int room = found->room ? 2 * found->room : 16;
		struct xb_backend_id *bigger = reallocarray(found->ids, room, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		found->ids = bigger;
		found->room = room;
	}
	found->ids[found->nr++] = (struct xb_backend_id){ domid, devid };
	return 0;
}

/* A directory that is not there (any more) is an empty one. */
static int list(struct xb_store *store, const char *path, char ***names, unsigned int *nr, struct errbuf *err)
{
	int rc = xb_list(store, path, names, nr, err);

	return rc == -ENOENT ? 0 : rc;
}

static int scan_guest(struct xb_store *store, const char *kind, uint32_t domid, struct found *found,
		      struct errbuf *err)
{
	char path[XB_PATH_MAX], **names = NULL;
	unsigned int nr;
	uint32_t devid;
	int rc;

	rc = xb_scan_path(store, kind, domid, path, sizeof(path), err);
	if (rc == 0)
		rc = list(store, path, &names, &nr, err);
	for (unsigned int i = 0; rc == 0 && i < nr; i++) {
		if (is_plain_number(names[i], UINT32_MAX, &devid))
			rc = add(found, domid, devid);
		if (rc)
			errbuf_set(err, rc, "%s cannot be listed: %s", path, strerror(-rc));
	}
	free(names);
	return rc;
}

static int scan_all(struct xb_store *store, const char *kind, struct found *found, struct errbuf *err)
{
	char path[XB_PATH_MAX], **names = NULL;
	unsigned int nr;
	uint32_t domid;
	int rc;

	rc = xb_scan_path(store, kind, XB_ANY_GUEST, path, sizeof(path), err);
	if (rc == 0)
		rc = list(store, path, &names, &nr, err);
	for (unsigned int i = 0; rc == 0 && i < nr; i++) {
		if (is_plain_number(names[i], XB_DOMID_MAX, &domid))
			rc = scan_guest(store, kind, domid, found, err);
	}
	free(names);
	return rc;
}

static int compare(const void *a, const void *b)
{
	const struct xb_backend_id *x = a, *y = b;

	if (x->domid != y->domid)
		return x->domid < y->domid ? -1 : 1;
	return (x->devid > y->devid) - (x->devid < y->devid);
}

int xb_scan(struct xb_store *store, const char *kind, uint32_t only_guest, struct xb_backend_id **ids,
	    unsigned int *nr_ids, struct errbuf *err)
{
	struct found found = { NULL, 0, 0 };
	int rc;

	*ids = NULL;
	*nr_ids = 0;
	if (only_guest == XB_ANY_GUEST)
		rc = scan_all(store, kind, &found, err);
	else
		rc = scan_guest(store, kind, only_guest, &found, err);
	if (rc) {
		free(found.ids);
		return rc;
	}
	if (found.nr)
		qsort(found.ids, found.nr, sizeof(*found.ids), compare);
	*ids = found.ids;
	*nr_ids = found.nr;
	return 0;
}
