// SPDX-License-Identifier: MIT
#include "ctl/vbd.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "xenbus/node.h"
#include "xenbus/state.h"
#include "xenbus/watch.h"

int vbd_init(struct vbd *vbd, const char *kind, uint32_t domid, uint32_t devid, uint32_t backend_domid,
	     struct errbuf *err)
{
	int rc;

	*vbd = (struct vbd){ .kind = kind, .domid = domid, .devid = devid, .backend_domid = backend_domid };
	rc = xb_path(vbd->frontend, sizeof(vbd->frontend), err, "/local/domain/%u/device/vbd/%u", domid, devid);
	if (rc == 0)
		rc = xb_path(vbd->backend, sizeof(vbd->backend), err, "/local/domain/%u/backend/%s/%u/%u",
			     backend_domid, kind, domid, devid);
	if (rc == 0)
		rc = xb_path(vbd->libxl, sizeof(vbd->libxl), err, "/libxl/%u/device/vbd/%u", domid, devid);
	return rc;
}

bool vbd_is_qdisk(const struct vbd *vbd)
{
	return strcmp(vbd->kind, "qdisk") == 0;
}

int vbd_find(struct vbd *vbd, struct xb_store *store, uint32_t domid, uint32_t devid, struct errbuf *err)
{
	char backend[XB_DIR_MAX], expected[XB_DIR_MAX];
	unsigned int backend_domid = 0;
	int rc;

	rc = vbd_init(vbd, "vbd", domid, devid, 0, err);
	if (rc)
		return rc;
	/* The toolstack's own copy: the guest may have written to the frontend's. */
	rc = xb_read_string(store, vbd->libxl, "backend", backend, sizeof(backend), err);
	if (rc == -ENOENT)
		return errbuf_set(err, rc, "domain %u has no disk %u: %s/backend is missing", domid, devid, vbd->libxl);
	if (rc)
		return rc;
	sscanf(backend, "/local/domain/%5u/", &backend_domid);
	rc = vbd_init(vbd, "vbd", domid, devid, backend_domid, err);
	if (rc == 0 && strcmp(backend, vbd->backend) != 0) {
		snprintf(expected, sizeof(expected), "%s", vbd->backend);
		rc = errbuf_set(err, -EPROTO, "%s/backend: '%s' is not served by pvring: expected %s", vbd->libxl,
				backend, expected);
	}
	return rc;
}

/* "null:1G", and not "null:", ":1G" or "c d:e" */
static bool is_scheme_form(const char *target)
{
	size_t len = strcspn(target, ":");

	for (size_t i = 0; i < len; i++) {
		if (!islower((unsigned char)target[i]) && !(i > 0 && isdigit((unsigned char)target[i])))
			return false;
	}
	return len > 0 && target[len] == ':' && target[len + 1] != '\0';
}

int vbd_check_target(const char *target, struct errbuf *err)
{
	char *absolute;

	if (strlen(target) >= 1024)
		return errbuf_set(err, -E2BIG, "'%.40s...' is too long for an image: expected at most 1023 characters",
				  target);
	for (const char *p = target; *p; p++) {
		if (iscntrl((unsigned char)*p))
			return errbuf_set(err, -EINVAL, "an image's name may not have control characters");
	}
	if (target[0] == '/' || is_scheme_form(target))
		return 0;
	absolute = realpath(target, NULL);
	errbuf_set(err, 0, "'%.100s' is not an image: expected an absolute path or SCHEME:REST%s%.200s%s", target,
		   absolute ? " (did you mean '" : "", absolute ?: "", absolute ? "'?)" : "");
	free(absolute);
	return -EINVAL;
}

struct creation {
	const struct vbd *vbd;
	const struct vbd_request *request;
};

struct pair {
	const char *name, *value;
};

static int write_pairs(struct xb_store *store, const char *dir, const struct pair *pairs, size_t nr,
		       struct errbuf *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < nr; i++) {
		if (pairs[i].value)
			rc = xb_write(store, dir, pairs[i].name, err, "%s", pairs[i].value);
	}
	return rc;
}

/* An empty directory whose nodes will get its permissions. */
static int make_dir(struct xb_store *store, const char *dir, uint32_t owner, uint32_t reader, struct errbuf *err)
{
	int rc = xb_remove(store, dir, err);

	if (rc == 0)
		rc = xb_mkdir(store, dir, err);
	if (rc == 0)
		rc = xb_set_perms(store, dir, owner, reader, err);
	return rc;
}

static const char *device_type(const struct vbd_request *request)
{
	return request->is_cdrom ? "cdrom" : "disk";
}

static int write_frontend(struct xb_store *store, const struct creation *c, struct errbuf *err)
{
	const struct vbd *vbd = c->vbd;
	char type_dir[32], type[8], backend_id[16], devid[16];
	int rc;

	snprintf(type_dir, sizeof(type_dir), "/libxl/%u", vbd->domid);
	rc = xb_read_string_or(store, type_dir, "type", "", type, sizeof(type), err);
	if (rc)
		return rc;
	snprintf(backend_id, sizeof(backend_id), "%u", vbd->backend_domid);
	snprintf(devid, sizeof(devid), "%u", vbd->devid);
	rc = make_dir(store, vbd->frontend, vbd->domid, vbd->backend_domid, err);
	if (rc)
		return rc;
	return write_pairs(store, vbd->frontend, (struct pair[]){
		{ "backend", vbd->backend },
		{ "backend-id", backend_id },
		{ "state", "1" },
		{ "virtual-device", devid },
		{ "device-type", device_type(c->request) },
		{ "trusted", "1" },
		/* For PV frontends older than Linux 2.6.26; a 32-bit guest's newer one writes over it. */
		{ "protocol", strcmp(type, "pv") == 0 ? "x86_64-abi" : NULL },
	}, 7, err);
}

/* The backend's nodes, and the toolstack's copy of them, which nobody else can write. */
static int write_backend(struct xb_store *store, const struct creation *c, struct errbuf *err)
{
	const struct vbd_request *request = c->request;
	const struct vbd *vbd = c->vbd;
	char domid[16], params[1100];
	const struct pair pairs[] = {
		{ "params", params },
		{ "script", vbd_is_qdisk(vbd) ? NULL : request->script ?: VBD_SCRIPT },
		{ "frontend-id", domid },
		{ "online", "1" },
		{ "removable", request->is_cdrom ? "1" : "0" },
		{ "bootable", "1" },
		{ "state", "1" },
		{ "dev", request->vdev },
		{ "type", vbd_is_qdisk(vbd) ? "qdisk" : "phy" },
		{ "mode", request->is_writable ? "w" : "r" },
		{ "device-type", device_type(request) },
		{ "discard-enable", request->is_writable ? "1" : "0" },
		{ "specification", "xen" },
	};
	const size_t nr = sizeof(pairs) / sizeof(pairs[0]);
	int rc;

	snprintf(domid, sizeof(domid), "%u", vbd->domid);
	snprintf(params, sizeof(params), "%s%s", vbd_is_qdisk(vbd) ? "aio:" : "", request->target);
	rc = make_dir(store, vbd->backend, vbd->backend_domid, vbd->domid, err);
	if (rc == 0)
		rc = xb_write(store, vbd->backend, "frontend", err, "%s", vbd->frontend);
	if (rc == 0)
		rc = write_pairs(store, vbd->backend, pairs, nr, err);
	if (rc == 0)
		rc = write_pairs(store, vbd->libxl, pairs, nr, err);
	return rc;
}

static int create(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct creation *c = arg;
	const struct vbd *vbd = c->vbd;
	char domain[32];
	int rc;

	snprintf(domain, sizeof(domain), "/local/domain/%u", vbd->domid);
	if (!xb_exists(store, domain, NULL))
		return errbuf_set(err, -ENOENT, "there is no domain %u: %s is missing", vbd->domid, domain);
	if (xb_exists(store, vbd->libxl, NULL))
		return errbuf_set(err, -EEXIST, "domain %u has a disk %s already: %s exists", vbd->domid,
				  c->request->vdev, vbd->libxl);
	rc = write_pairs(store, vbd->libxl, (struct pair[]){
		{ "frontend", vbd->frontend },
		{ "backend", vbd->backend },
	}, 2, err);
	if (rc == 0)
		rc = write_frontend(store, c, err);
	if (rc == 0)
		rc = write_backend(store, c, err);
	return rc;
}

int vbd_create(const struct vbd *vbd, struct xb_store *store, const struct vbd_request *request,
	       struct errbuf *err)
{
	return xb_transaction(store, create, &(struct creation){ vbd, request }, err);
}

/* 1: the backend is in the state, or gone (which is fine with Closed only); 0: not yet. */
static int is_in_state(const struct vbd *vbd, struct xb_store *store, enum xb_state wanted, struct errbuf *err)
{
	enum xb_state state;
	int rc = xb_read_state(store, vbd->backend, &state, err);

	if (rc)
		return rc;
	if (state == XB_UNKNOWN && wanted != XB_CLOSED)
		return errbuf_set(err, -ENOENT, "%s/state is gone: somebody removed the disk", vbd->backend);
	return state == wanted || state == XB_UNKNOWN;
}

static int wait_for_state(const struct vbd *vbd, struct xb_store *store, enum xb_state wanted, unsigned int seconds,
			  struct errbuf *err)
{
	uint64_t deadline_ns = clock_now_ns() + seconds * NSEC_PER_SEC;
	char path[XB_PATH_MAX];
	struct xb_watch watch;
	int rc;

	xb_watch_init(&watch);
	rc = xb_path(path, sizeof(path), err, "%s/state", vbd->backend);
	if (rc == 0)
		rc = xb_watch_add(store, &watch, path, err);
	while (rc == 0) {
		rc = is_in_state(vbd, store, wanted, err);
		if (rc)
			break;
		rc = xb_watch_wait(store, deadline_ns, err);
	}
	xb_watch_remove(&watch);
	return rc > 0 ? 0 : rc;
}

int vbd_wait_for_backend(const struct vbd *vbd, struct xb_store *store, struct errbuf *err)
{
	int rc = wait_for_state(vbd, store, XB_INIT_WAIT, VBD_INIT_SECONDS, err);

	if (rc == -ETIMEDOUT)
		errbuf_set(err, rc, "no backend took %s within %u s: is pvring-blkd running in domain %u?",
			   vbd->backend, VBD_INIT_SECONDS, vbd->backend_domid);
	return rc;
}

static int ask_to_close(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct vbd *vbd = arg;
	enum xb_state state;
	int rc;

	rc = xb_read_state(store, vbd->backend, &state, err);
	if (rc || state == XB_UNKNOWN)
		return rc;
	rc = xb_write(store, vbd->backend, "online", err, "0");
	if (rc == 0 && state != XB_CLOSED)
		rc = xb_write(store, vbd->backend, "state", err, "%d", XB_CLOSING);
	return rc;
}

int vbd_ask_to_close(const struct vbd *vbd, struct xb_store *store, struct errbuf *err)
{
	return xb_transaction(store, ask_to_close, (void *)vbd, err);
}

int vbd_close(const struct vbd *vbd, struct xb_store *store, struct errbuf *err)
{
	int rc = vbd_ask_to_close(vbd, store, err);

	if (rc)
		return rc;
	rc = wait_for_state(vbd, store, XB_CLOSED, VBD_REMOVE_SECONDS, err);
	if (rc == -ETIMEDOUT)
		errbuf_set(err, rc, "%s did not reach state 6 (Closed) within %u s: the guest may have the disk in use",
			   vbd->backend, VBD_REMOVE_SECONDS);
	return rc;
}

static int remove_nodes(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct vbd *vbd = arg;
	char stop[XB_DIR_MAX];
	int rc;

	snprintf(stop, sizeof(stop), "/local/domain/%u", vbd->domid);
	rc = xb_remove_up_to(store, vbd->frontend, stop, err);
	snprintf(stop, sizeof(stop), "/libxl/%u", vbd->domid);
	if (rc == 0)
		rc = xb_remove_up_to(store, vbd->libxl, stop, err);
	snprintf(stop, sizeof(stop), "/local/domain/%u", vbd->backend_domid);
	if (rc == 0 && vbd->backend_domid == store->domid)
		rc = xb_remove_up_to(store, vbd->backend, stop, err);
	return rc;
}

int vbd_remove(const struct vbd *vbd, struct xb_store *store, struct errbuf *err)
{
	return xb_transaction(store, remove_nodes, (void *)vbd, err);
}
