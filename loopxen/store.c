// SPDX-License-Identifier: MIT
#include "loopxen/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "common/base/errbuf.h"
#include "loopxen/host.h"
#include "loopxen/place.h"

/* Always by the instance's own socket: without XS_OPEN_SOCKETONLY a real Xen's device would be next. */
static struct xs_handle *open_store(void)
{
	char path[256];

	place_store_socket(path, sizeof(path), 0);
	setenv("XENSTORED_PATH", path, 1);
	return xs_open(XS_OPEN_SOCKETONLY);
}

bool store_answers(void)
{
	struct xs_handle *xs = open_store();
	unsigned int len;
	char *value;

	if (!xs)
		return false;
	value = xs_read(xs, XBT_NULL, "/", &len);
	free(value);
	xs_close(xs);
	return value != NULL;
}

static void uuid_text(const uint8_t uuid[16], char text[37])
{
	for (int i = 0, at = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		at += sprintf(text + at, "%02x", uuid[i]);
	}
}

enum access { GUEST_READS, GUEST_OWNS, PRIVATE };

struct writer {
	struct xs_handle *xs;
	xs_transaction_t tx;
	uint32_t domid;
	char base[96];
	int err; /* the first failure */
	char what[160];
};

static void failed(struct writer *w, const char *what)
{
	w->err = errno ? errno : EIO;
	snprintf(w->what, sizeof(w->what), "%s", what);
}

/* Writes BASE/NAME; every later write of this writer is skipped once one failed. */
static void put(struct writer *w, enum access access, const char *name, const char *fmt, ...)
{
	struct xs_permissions perms[2] = { { .id = 0, .perms = XS_PERM_NONE },
					   { .id = w->domid, .perms = XS_PERM_READ } };
	char path[160], value[160];
	va_list args;

	if (w->err)
		return;
	snprintf(path, sizeof(path), "%s%s%s", w->base, *name ? "/" : "", name);
	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (access == GUEST_OWNS)
		perms[0].id = w->domid;
	if (!xs_write(w->xs, w->tx, path, value, strlen(value)) ||
	    !xs_set_permissions(w->xs, w->tx, path, perms, access == GUEST_READS ? 2 : 1))
		failed(w, path);
}

static void put_own(struct writer *w, const struct host_dom *dom, const char *name)
{
	static const char *const dirs[] = { "data",
					    "drivers",
					    "feature",
					    "attr",
					    "error",
					    "device/suspend/event-channel",
					    "control/shutdown",
					    "control/sysrq" };
	char uuid[37];

	uuid_text(dom->uuid, uuid);
	snprintf(w->base, sizeof(w->base), "/local/domain/%u", w->domid);
	put(w, GUEST_READS, "", "%s", "");
	put(w, GUEST_READS, "vm", "/vm/%s", uuid);
	put(w, GUEST_READS, "name", "%s", name);
	put(w, GUEST_READS, "domid", "%u", w->domid);
	put(w, GUEST_READS, "cpu/0/availability", "online");
	put(w, GUEST_READS, "memory/static-max", "%u", HOST_NR_GRANTS * 4);
	put(w, GUEST_READS, "memory/target", "%u", HOST_NR_GRANTS * 4);
	put(w, GUEST_READS, "device", "%s", "");
	put(w, GUEST_READS, "control", "%s", "");
	put(w, GUEST_READS, "control/platform-feature-multiprocessor-suspend", "1");
	for (unsigned int i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		put(w, GUEST_OWNS, dirs[i], "%s", "");
	put(w, GUEST_READS, "store/port", "%u", dom->xenstore_port);
	put(w, GUEST_READS, "store/ring-ref", "%u", HOST_GREF_XENSTORE);
}

static void put_console(struct writer *w, const struct host_dom *dom)
{
	put(w, GUEST_READS, "console", "%s", "");
	put(w, GUEST_READS, "console/backend", "/local/domain/0/backend/console/%u/0", w->domid);
	put(w, GUEST_READS, "console/backend-id", "0");
	put(w, PRIVATE, "console/type", "xenconsoled");
	put(w, PRIVATE, "console/output", "pty");
	put(w, PRIVATE, "console/tty", "%s", "");
	put(w, PRIVATE, "console/limit", "1048576");
	put(w, GUEST_READS, "console/ring-ref", "%u", HOST_GREF_CONSOLE);
	put(w, GUEST_READS, "console/port", "%u", dom->console_port);
}

static void put_vm(struct writer *w, const struct host_dom *dom, const char *name)
{
	char uuid[37];

	uuid_text(dom->uuid, uuid);
	snprintf(w->base, sizeof(w->base), "/vm/%s", uuid);
	put(w, GUEST_READS, "", "%s", "");
	put(w, GUEST_READS, "uuid", "%s", uuid);
	put(w, GUEST_READS, "name", "%s", name);
	snprintf(w->base, sizeof(w->base), "/libxl/%u", w->domid);
	put(w, PRIVATE, "", "%s", "");
	put(w, PRIVATE, "type", "pv");
	put(w, PRIVATE, "dm-version", "qemu_xen");
	put(w, PRIVATE, "device", "%s", "");
}

static void put_domain(struct writer *w, const struct host_dom *dom, const char *name)
{
	put_own(w, dom, name);
	put_console(w, dom);
	put_vm(w, dom, name);
}

static void put_dom0(struct writer *w, const struct host_dom *dom, const char *name)
{
	char uuid[37];

	uuid_text(dom->uuid, uuid);
	snprintf(w->base, sizeof(w->base), "/local/domain/0");
	put(w, PRIVATE, "domid", "0");
	put(w, PRIVATE, "name", "%s", name);
	put(w, PRIVATE, "vm", "/vm/%s", uuid);
	put(w, PRIVATE, "backend", "%s", "");
	put(w, PRIVATE, "control/shutdown", "%s", "");
	put_vm(w, dom, name);
}

typedef void fill_fn(struct writer *w, const struct host_dom *dom, const char *name);

static void try_once(struct writer *w, fill_fn *fill, const struct host_dom *dom, const char *name)
{
	w->err = 0;
	w->tx = xs_transaction_start(w->xs);
	if (w->tx == XBT_NULL) {
		failed(w, "no transaction");
		return;
	}
	fill(w, dom, name);
	if (w->err)
		xs_transaction_end(w->xs, w->tx, true);
	else if (!xs_transaction_end(w->xs, w->tx, false))
		failed(w, "the transaction");
}

/* What FILL writes, all or nothing: again if somebody else wrote there meanwhile. Leaves w->xs open. */
static int write_nodes(struct writer *w, fill_fn *fill, const struct host_dom *dom, const char *name,
		       struct errbuf *err)
{
	memset(w, 0, sizeof(*w));
	w->domid = dom->domid;
	w->xs = open_store();
	if (!w->xs)
		return errbuf_set(err, -ECONNREFUSED, "xenstored does not answer: see %.200s/loopxen.log", host_dir());
	do
		try_once(w, fill, dom, name);
	while (w->err == EAGAIN);
	return w->err ? errbuf_set(err, -w->err, "xenstore: %s: %s", w->what, strerror(w->err)) : 0;
}

int store_add_dom0(const struct host_dom *dom, struct errbuf *err)
{
	struct writer w;
	int rc = write_nodes(&w, put_dom0, dom, "Domain-0", err);

	xs_close(w.xs);
	return rc;
}

int store_add_domain(const struct host_dom *dom, const char *name, struct errbuf *err)
{
	struct writer w;
	int rc = write_nodes(&w, put_domain, dom, name, err);

	if (!rc && !xs_introduce_domain(w.xs, w.domid, HOST_GREF_XENSTORE, dom->xenstore_port))
		rc = errbuf_set(err, -errno, "xenstored does not take domain %u: %s", w.domid, strerror(errno));
	xs_close(w.xs);
	return rc;
}

int store_remove_domain(uint32_t domid, const uint8_t uuid[16], struct errbuf *err)
{
	struct xs_handle *xs = open_store();
	char path[96], text[37];

	if (!xs)
		return errbuf_set(err, -ECONNREFUSED, "xenstored does not answer: see %.200s/loopxen.log", host_dir());
	uuid_text(uuid, text);
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	xs_rm(xs, XBT_NULL, path);
	snprintf(path, sizeof(path), "/vm/%s", text);
	xs_rm(xs, XBT_NULL, path);
	snprintf(path, sizeof(path), "/libxl/%u", domid);
	xs_rm(xs, XBT_NULL, path);
	xs_close(xs);
	return 0;
}
