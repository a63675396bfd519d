// SPDX-License-Identifier: MIT
/* What Xen's toolstack runs, by way of block-pvring, when a disk comes or goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/base/clock.h"
#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/vbd.h"
#include "ctl/with_store.h"
#include "xenbus/node.h"
#include "xenbus/watch.h"

/* The daemon's verdict on the image. 1: fine; 0: none yet; -errno: the daemon's reason is in err. */
static int read_verdict(struct xb_store *store, const char *backend, struct errbuf *err)
{
	char status[32], reason[384];
	struct errbuf ignored;
	int rc;

	rc = xb_read_string_or(store, backend, "hotplug-status", "", status, sizeof(status), err);
	if (rc)
		return rc;
	if (strcmp(status, "error") == 0) {
		if (xb_read_string(store, backend, "hotplug-error", reason, sizeof(reason), &ignored))
			snprintf(reason, sizeof(reason), "no reason was given");
		return errbuf_set(err, -EIO, "%s", reason);
	}
	if (!xb_exists(store, backend, "state"))
		return errbuf_set(err, -ENOENT, "%s/state is gone: somebody removed the disk", backend);
	return xb_exists(store, backend, "sectors");
}

static int wait_for_verdict(struct xb_store *store, const char *backend, struct errbuf *err)
{
	uint64_t deadline_ns = clock_now_ns() + VBD_HOTPLUG_SECONDS * NSEC_PER_SEC;
	struct xb_watch watch;
	int rc;

	xb_watch_init(&watch);
	rc = xb_watch_add(store, &watch, backend, err);
	while (rc == 0) {
		rc = read_verdict(store, backend, err);
		if (rc)
			break;
		rc = xb_watch_wait(store, deadline_ns, err);
	}
	if (rc == -ETIMEDOUT)
		errbuf_set(err, rc, "%s/sectors is missing: the backend did not open the image within %u s",
			   backend, VBD_HOTPLUG_SECONDS);
	xb_watch_remove(&watch);
	return rc > 0 ? 0 : rc;
}

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

static int report_success(struct xb_store *store, const char *backend, struct errbuf *err)
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

/* As Xen's scripts do, so that libxl shows it. A disk that was removed is not brought back for it. */
static void leave_reason(struct xb_store *store, const char *backend, const char *reason)
{
	struct errbuf ignored;

	if (!xb_exists(store, backend, "state"))
		return;
	xb_write(store, backend, "hotplug-error", &ignored, "%s", reason);
	xb_write(store, backend, "hotplug-status", &ignored, "error");
}

int vbd_hotplug_add(struct xb_store *store, const char *backend, struct errbuf *err)
{
	int rc = wait_for_verdict(store, backend, err);

	if (rc == 0)
		rc = report_success(store, backend, err);
	if (rc)
		leave_reason(store, backend, err->text);
	return rc;
}

/* libxl's XENBUS_PATH is relative to our own domain. */
static int backend_dir(const struct xb_store *store, char *buf, size_t size, struct errbuf *err)
{
	const char *path = getenv("XENBUS_PATH");
	unsigned int domid, devid;
	char rest;

	if (!path || sscanf(path, "backend/vbd/%5u/%10u%c", &domid, &devid, &rest) != 2)
		return errbuf_set(err, -EINVAL, "XENBUS_PATH: '%.100s' is not a disk: expected backend/vbd/DOMID/DEVID",
				  path ?: "");
	return xb_path(buf, size, err, "%s/backend/vbd/%u/%u", store->home, domid, devid);
}

static int add(struct xb_store *store, void *arg, struct errbuf *err)
{
	char backend[XB_DIR_MAX];
	int rc = backend_dir(store, backend, sizeof(backend), err);

	return rc ? rc : vbd_hotplug_add(store, backend, err);
}

static const struct options_spec spec = {
	.program = "pvring hotplug",
	.synopsis = "vbd add|remove",
	.summary = "Run by the hotplug script block-pvring; XENBUS_PATH in the environment names the disk.",
};

int command_hotplug(int argc, char **argv)
{
	struct args args = { .min = 2, .max = 2 };
	int status;

	if (!args_parse(&spec, argc, argv, NULL, &args, &status))
		return status;
	if (strcmp(args.positional[0], "vbd") == 0 && strcmp(args.positional[1], "remove") == 0)
		return EXIT_OK; /* the daemon has let go of the image already */
	if (strcmp(args.positional[0], "vbd") != 0 || strcmp(args.positional[1], "add") != 0) {
		fprintf(stderr, "pvring hotplug: '%s %s' is not known: expected vbd add or vbd remove\n",
			args.positional[0], args.positional[1]);
		return EXIT_USAGE;
	}
	return with_store(spec.program, add, NULL);
}
