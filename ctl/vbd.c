// SPDX-License-Identifier: MIT
#include "ctl/vbd.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/wire/vdev.h"
#include "xenbus/node.h"

bool vbd_is_qdisk(const struct ts_device *vbd)
{
	return strcmp(vbd->kind, "qdisk") == 0;
}

/* ---- what was asked for ---------------------------------------------------------------------------------------- */

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

/* ---- its nodes ------------------------------------------------------------------------------------------------- */

static const char *device_type(const struct vbd_request *request)
{
	return request->is_cdrom ? "cdrom" : "disk";
}

/* Of the guest, which the toolstack has written down. */
static int is_pv(const struct ts_device *vbd, struct xb_store *store, bool *is, struct errbuf *err)
{
	char dir[32], type[8];
	int rc;

	snprintf(dir, sizeof(dir), "/libxl/%u", vbd->domid);
	rc = xb_read_string_or(store, dir, "type", "", type, sizeof(type), err);
	*is = strcmp(type, "pv") == 0;
	return rc;
}

int vbd_create(const struct ts_device *vbd, struct xb_store *store, const struct vbd_request *request,
	       struct errbuf *err)
{
	char devid[16], params[1100];
	bool pv;
	int rc;

	rc = is_pv(vbd, store, &pv, err);
	if (rc)
		return rc;
	snprintf(devid, sizeof(devid), "%u", vbd->devid);
	snprintf(params, sizeof(params), "%s%s", vbd_is_qdisk(vbd) ? "aio:" : "", request->target);
	const struct ts_node frontend[] = {
		{ "virtual-device", devid },
		{ "device-type", device_type(request) },
		{ "trusted", "1" },
		/* For PV frontends older than Linux 2.6.26; a 32-bit guest's newer one writes over it. */
		{ "protocol", pv ? "x86_64-abi" : NULL },
	};
	const struct ts_node backend[] = {
		{ "params", params },
		{ "script", vbd_is_qdisk(vbd) ? NULL : request->script ?: vbd_class.hotplug.script },
		{ "removable", request->is_cdrom ? "1" : "0" },
		{ "bootable", "1" },
		{ "dev", request->vdev },
		{ "type", vbd_is_qdisk(vbd) ? "qdisk" : "phy" },
		{ "mode", request->is_writable ? "w" : "r" },
		{ "device-type", device_type(request) },
		{ "discard-enable", request->is_writable ? "1" : "0" },
		{ "specification", "xen" },
	};
	return ts_device_create(vbd, store, &(struct ts_content){
		.name = request->vdev,
		.frontend = TS_NODES(frontend),
		.backend = TS_NODES(backend),
	}, err);
}

/* ---- its hotplug step ------------------------------------------------------------------------------------------ */

/* The file that is the image: "/a,b" is "/a,b", "file:/a,direct=on" is "/a". NULL: it is no file. */
static char *image_path(const char *target)
{
	if (target[0] == '/')
		return strdup(target);
	if (strncmp(target, "file:/", 6) != 0)
		return NULL;
	target += 5;
	return strndup(target, strcspn(target, ","));
}

struct success {
	const char *backend;
	const char *path; /* NULL: the image is no file */
	struct stat st;   /* of it */
};

static int write_success(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct success *s = arg;
	int rc = 0;

	if (s->path && S_ISBLK(s->st.st_mode))
		rc = xb_write(store, s->backend, "physical-device", err, "%x:%x", major(s->st.st_rdev),
			      minor(s->st.st_rdev));
	if (rc == 0 && s->path)
		rc = xb_write(store, s->backend, "physical-device-path", err, "%s", s->path);
	if (rc == 0)
		rc = xb_write(store, s->backend, "hotplug-status", err, "connected");
	return rc;
}

static int hotplug_added(struct xb_store *store, const char *backend, struct errbuf *err)
{
	struct success s = { .backend = backend };
	char target[1024], *path;
	int rc;

	rc = xb_read_string(store, backend, "params", target, sizeof(target), err);
	if (rc)
		return rc;
	path = image_path(target);
	if (path && stat(path, &s.st) == 0 && (S_ISREG(s.st.st_mode) || S_ISBLK(s.st.st_mode)))
		s.path = path;
	rc = xb_transaction(store, write_success, &s, err);
	free(path);
	return rc;
}

const struct ts_class vbd_class = {
	.kind = "vbd",
	.noun = "disk",
	.daemon = "pvring-blkd",
	.parse_name = blk_vdev_parse,
	.hotplug = {
		.script = TS_SCRIPT_DIR "/block-pvring",
		.add = "add",
		.remove = "remove",
		.sign = "sectors",
		.lacks = "the backend did not open the image",
		.added = hotplug_added,
	},
};
