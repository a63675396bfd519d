// SPDX-License-Identifier: MIT
#include "xenbus/node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse.h"

#define MAX_EVTCHN_PORT (1 << 17) /* more than any event channel ABI has */

static int check_fits(int needed, size_t size, const char *text, struct errbuf *err)
{
	if (needed < 0)
		return errbuf_set(err, -EINVAL, "a text for xenstore cannot be formatted");
	if ((size_t)needed >= size)
		return errbuf_set(err, -ENAMETOOLONG, "'%.100s...' has %d characters: at most %zu fit", text, needed,
				  size - 1);
	return 0;
}

int xb_path(char *buf, size_t size, struct errbuf *err, const char *fmt, ...)
{
	va_list args;
	int needed;

	va_start(args, fmt);
	needed = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return check_fits(needed, size, buf, err);
}

static int node_path(char *buf, size_t size, const char *dir, const char *name, struct errbuf *err)
{
	if (!name || !*name)
		return xb_path(buf, size, err, "%s", dir);
	return xb_path(buf, size, err, "%s/%s", dir, name);
}

/* A value somebody else wrote, fit to be shown: at most 40 characters, nothing that could forge a line. */
struct quoted {
	char text[48];
};

static struct quoted quote(const char *value, size_t len)
{
	struct quoted quoted;
	size_t shown = len > 40 ? 40 : len;

	for (size_t i = 0; i < shown; i++)
		quoted.text[i] = value[i] >= 0x20 && value[i] < 0x7f ? value[i] : '?';
	strcpy(quoted.text + shown, len > shown ? "..." : "");
	return quoted;
}

/* The system's words, or what a missing node should have been. */
static int cannot_read(const char *path, int rc, const char *expected, struct errbuf *err)
{
	if (rc == -ENOENT)
		return errbuf_set(err, rc, "%s is missing: expected %s", path, expected);
	return errbuf_set(err, rc, "%s cannot be read: %s", path, strerror(-rc));
}

/* *value: to be freed, always NUL-terminated; NULL on error. No reason is set. */
static int read_raw(struct xb_store *store, const char *path, char **value, unsigned int *len)
{
	*value = xs_read(store->xs, store->txn, path, len);
	return *value ? 0 : xb_errno();
}

static bool has_control_character(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return true;
	}
	return false;
}

static int take_string(const char *path, const char *value, size_t len, char *buf, size_t size, struct errbuf *err)
{
	if (len >= size)
		return errbuf_set(err, -E2BIG, "%s: '%s' has %zu characters: expected at most %zu", path,
				  quote(value, len).text, len, size - 1);
	if (has_control_character(value, len))
		return errbuf_set(err, -EINVAL, "%s: '%s' has control characters: expected a line of text", path,
				  quote(value, len).text);
	memcpy(buf, value, len);
	buf[len] = '\0';
	return 0;
}

int xb_read_string(struct xb_store *store, const char *dir, const char *name, char *buf, size_t size,
		   struct errbuf *err)
{
	char path[XB_PATH_MAX], *value = NULL;
	unsigned int len;
	int rc;

	buf[0] = '\0';
	rc = node_path(path, sizeof(path), dir, name, err);
	if (rc)
		return rc;
	rc = read_raw(store, path, &value, &len);
	if (rc)
		return cannot_read(path, rc, "a line of text", err);
	rc = take_string(path, value, len, buf, size, err);
	free(value);
	return rc;
}

int xb_read_string_or(struct xb_store *store, const char *dir, const char *name, const char *def, char *buf,
		      size_t size, struct errbuf *err)
{
	int rc = xb_read_string(store, dir, name, buf, size, err);

	return rc == -ENOENT ? xb_path(buf, size, err, "%s", def) : rc;
}

struct range {
	char text[64];
};

/* What a number was expected to be, in words. */
static struct range range_of(uint64_t min, uint64_t max)
{
	struct range range;

	if (min == max)
		snprintf(range.text, sizeof(range.text), "%" PRIu64, min);
	else
		snprintf(range.text, sizeof(range.text), "a number from %" PRIu64 " to %" PRIu64, min, max);
	return range;
}

static int take_u64(const char *path, const char *value, size_t len, uint64_t min, uint64_t max, uint64_t *out,
		    struct errbuf *err)
{
	int rc = strlen(value) == len ? parse_u64(value, min, max, out) : -EINVAL;

	if (rc == 0)
		return 0;
	return errbuf_set(err, rc, "%s: '%s' is not %s", path, quote(value, len).text, range_of(min, max).text);
}

int xb_read_u64(struct xb_store *store, const char *dir, const char *name, uint64_t min, uint64_t max, uint64_t *out,
		struct errbuf *err)
{
	char path[XB_PATH_MAX], *value = NULL;
	unsigned int len;
	int rc;

	rc = node_path(path, sizeof(path), dir, name, err);
	if (rc)
		return rc;
	rc = read_raw(store, path, &value, &len);
	if (rc)
		return cannot_read(path, rc, range_of(min, max).text, err);
	rc = take_u64(path, value, len, min, max, out, err);
	free(value);
	return rc;
}

int xb_read_u32(struct xb_store *store, const char *dir, const char *name, uint32_t min, uint32_t max, uint32_t *out,
		struct errbuf *err)
{
	uint64_t value;
	int rc = xb_read_u64(store, dir, name, min, max, &value, err);

	if (rc == 0)
		*out = value;
	return rc;
}

int xb_read_u32_or(struct xb_store *store, const char *dir, const char *name, uint32_t def, uint32_t min, uint32_t max,
		   uint32_t *out, struct errbuf *err)
{
	int rc = xb_read_u32(store, dir, name, min, max, out, err);

	if (rc == -ENOENT) {
		*out = def;
		rc = 0;
	}
	return rc;
}

int xb_read_gref(struct xb_store *store, const char *dir, const char *name, uint32_t *gref, struct errbuf *err)
{
	return xb_read_u32(store, dir, name, 1, UINT32_MAX, gref, err);
}

int xb_read_port(struct xb_store *store, const char *dir, const char *name, uint32_t *port, struct errbuf *err)
{
	return xb_read_u32(store, dir, name, 1, MAX_EVTCHN_PORT, port, err);
}

int xb_read_nodes(struct xb_store *store, const char *dir, const struct xb_node_u32 *rows, size_t nr_rows, void *base,
		  struct errbuf *err)
{
	for (size_t i = 0; i < nr_rows; i++) {
		uint32_t *out = (uint32_t *)((char *)base + rows[i].offset);
		int rc = xb_read_u32_or(store, dir, rows[i].name, rows[i].def, rows[i].min, rows[i].max, out, err);

		if (rc)
			return rc;
	}
	return 0;
}

bool xb_exists(struct xb_store *store, const char *dir, const char *name)
{
	char path[XB_PATH_MAX], *value;
	struct errbuf ignored;
	unsigned int len;

	if (node_path(path, sizeof(path), dir, name, &ignored))
		return false;
	value = xs_read(store->xs, store->txn, path, &len);
	free(value);
	return value;
}

int xb_write(struct xb_store *store, const char *dir, const char *name, struct errbuf *err, const char *fmt, ...)
{
	char path[XB_PATH_MAX], value[XENSTORE_PAYLOAD_MAX];
	va_list args;
	int needed, rc;

	rc = node_path(path, sizeof(path), dir, name, err);
	if (rc)
		return rc;
	va_start(args, fmt);
	needed = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	rc = check_fits(needed, sizeof(value), value, err);
	if (rc)
		return rc;
	if (xs_write(store->xs, store->txn, path, value, needed))
		return 0;
	rc = xb_errno();
	return errbuf_set(err, rc, "%s: '%s' cannot be written: %s", path, quote(value, needed).text, strerror(-rc));
}

int xb_mkdir(struct xb_store *store, const char *path, struct errbuf *err)
{
	int rc = xs_mkdir(store->xs, store->txn, path) ? 0 : xb_errno();

	return rc ? errbuf_set(err, rc, "%s cannot be created: %s", path, strerror(-rc)) : 0;
}

int xb_remove(struct xb_store *store, const char *path, struct errbuf *err)
{
	int rc = xs_rm(store->xs, store->txn, path) ? 0 : xb_errno();

	return rc && rc != -ENOENT ? errbuf_set(err, rc, "%s cannot be removed: %s", path, strerror(-rc)) : 0;
}

static bool is_empty_dir(struct xb_store *store, const char *path)
{
	unsigned int nr;
	char **names = xs_directory(store->xs, store->txn, path, &nr);

	free(names);
	return names && nr == 0;
}

int xb_remove_up_to(struct xb_store *store, const char *path, const char *stop, struct errbuf *err)
{
	char parent[XB_PATH_MAX], *slash;
	size_t stop_len = strlen(stop);
	int rc;

	rc = xb_path(parent, sizeof(parent), err, "%s", path);
	if (rc == 0)
		rc = xb_remove(store, path, err);
	while (rc == 0 && (slash = strrchr(parent, '/'))) {
		*slash = '\0';
		if (strncmp(parent, stop, stop_len) != 0 || parent[stop_len] != '/' || !is_empty_dir(store, parent))
			break;
		rc = xb_remove(store, parent, err);
	}
	return rc;
}

int xb_list(struct xb_store *store, const char *path, char ***names, unsigned int *nr_names, struct errbuf *err)
{
	*names = xs_directory(store->xs, store->txn, path, nr_names);
	if (!*names) {
		int rc = xb_errno();

		*nr_names = 0;
		return cannot_read(path, rc, "a directory", err);
	}
	return 0;
}

int xb_set_perms(struct xb_store *store, const char *path, uint32_t owner, uint32_t reader, struct errbuf *err)
{
	struct xs_permissions perms[] = {
		{ .id = owner, .perms = XS_PERM_NONE },
		{ .id = reader, .perms = XS_PERM_READ },
	};
	int rc = xs_set_permissions(store->xs, store->txn, path, perms, 2) ? 0 : xb_errno();

	return rc ? errbuf_set(err, rc, "%s: cannot be made domain %u's and readable by domain %u: %s", path, owner,
			       reader, strerror(-rc)) : 0;
}
