/* SPDX-License-Identifier: MIT */
/*
 * A libxenstore for unit tests: nodes in memory, transactions that conflict as often as told, watch events made up by
 * the test. Included by one test program each; its functions take the place of the library's.
 */
#ifndef TESTS_UNIT_XENBUS_FAKE_H
#define TESTS_UNIT_XENBUS_FAKE_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenbus/store.h"

#define FAKE_NODES   64
#define FAKE_WATCHES 64

struct xs_handle {
	int unused;
};

static struct xs_handle fake_handle;

static struct {
	struct {
		char *path, *value;
		unsigned int len;
	} nodes[FAKE_NODES];
	int fail_errno;             /* not 0: every read, write, list and watch fails with it */
	bool fails_silently;        /* they fail and set no errno, as without memory */
	unsigned int fail_at;       /* the so-many-th from now fails once, with EIO; 0: none */
	bool has_failed_once;
	const char *refused;        /* reading this one is EACCES */
	unsigned int nr_conflicts;  /* so many commits fail with EAGAIN */
	unsigned int nr_started, nr_committed, nr_aborted;
	xs_transaction_t txn_seen;  /* by the last read or write */
	char watches[FAKE_WATCHES][32]; /* the tokens registered; "": free */
	char last_token[32];
	unsigned int nr_events;     /* so many are pending, all of event_token */
	const char *event_token;
	int owner, reader;          /* what xs_set_permissions() was told last */
	const char *socket;         /* what xs_daemon_socket() says */
	void (*missed)(void);       /* called once, by the first read that finds nothing, after it */
} fake;

static int fake_find(const char *path)
{
	for (int i = 0; i < FAKE_NODES; i++) {
		if (fake.nodes[i].path && strcmp(fake.nodes[i].path, path) == 0)
			return i;
	}
	return -1;
}

static void fake_drop(int i)
{
	free(fake.nodes[i].path);
	free(fake.nodes[i].value);
	fake.nodes[i].path = fake.nodes[i].value = NULL;
}

static void fake_set_bytes(const char *path, const void *value, unsigned int len)
{
	int i = fake_find(path);

	if (i >= 0)
		fake_drop(i);
	for (i = 0; fake.nodes[i].path; i++)
		;
	fake.nodes[i].path = strdup(path);
	fake.nodes[i].value = calloc(1, len + 1);
	memcpy(fake.nodes[i].value, value, len);
	fake.nodes[i].len = len;
}

static __attribute__((unused)) void fake_set(const char *path, const char *value)
{
	fake_set_bytes(path, value, strlen(value));
}

static __attribute__((unused)) const char *fake_get(const char *path)
{
	int i = fake_find(path);

	return i >= 0 ? fake.nodes[i].value : NULL;
}

static void fake_reset(void)
{
	for (int i = 0; i < FAKE_NODES; i++)
		fake_drop(i);
	memset(&fake, 0, sizeof(fake));
	fake_set("domid", "0");
}

static bool fake_fails(void)
{
	if (fake.fail_at && --fake.fail_at == 0) {
		fake.has_failed_once = true;
		errno = EIO;
		return true;
	}
	if (fake.fail_errno || fake.fails_silently)
		errno = fake.fail_errno;
	return fake.fail_errno || fake.fails_silently;
}

static void fake_miss(void)
{
	void (*missed)(void) = fake.missed;

	fake.missed = NULL;
	if (missed)
		missed();
}

struct xs_handle *xs_open(unsigned long flags)
{
	return fake_fails() ? NULL : &fake_handle;
}

const char *xs_daemon_socket(void)
{
	return fake.socket ?: "/nonexistent/socket";
}

void xs_close(struct xs_handle *h)
{
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	int i = fake_find(path);
	char *copy;

	fake.txn_seen = t;
	if (fake_fails())
		return NULL;
	if (fake.refused && strcmp(path, fake.refused) == 0) {
		errno = EACCES;
		return NULL;
	}
	if (i < 0) {
		fake_miss();
		errno = ENOENT;
		return NULL;
	}
	*len = fake.nodes[i].len;
	copy = malloc(*len + 1);
	memcpy(copy, fake.nodes[i].value, *len + 1);
	return copy;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data, unsigned int len)
{
	fake.txn_seen = t;
	if (fake_fails())
		return false;
	fake_set_bytes(path, data, len);
	return true;
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	if (fake_find(path) < 0)
		fake_set(path, "");
	return !fake_fails();
}

/* path itself or anything below it; *below: what follows the '/', NULL for path itself */
static bool fake_is_below(const char *node, const char *path, const char **below)
{
	size_t len = strlen(path);

	if (strncmp(node, path, len) != 0 || (node[len] != '/' && node[len] != '\0'))
		return false;
	*below = node[len] ? node + len + 1 : NULL;
	return true;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	bool found = false;
	const char *below;

	for (int i = 0; i < FAKE_NODES; i++) {
		if (fake.nodes[i].path && fake_is_below(fake.nodes[i].path, path, &below)) {
			fake_drop(i);
			found = true;
		}
	}
	if (!found)
		errno = ENOENT;
	return found && !fake_fails();
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	const size_t name_max = 32;
	char **names = calloc(FAKE_NODES, sizeof(*names) + name_max);
	char *text = (char *)(names + FAKE_NODES);
	bool exists = false;
	const char *below;

	*num = 0;
	for (int i = 0; i < FAKE_NODES; i++) {
		unsigned int known = 0;

		if (!fake.nodes[i].path || !fake_is_below(fake.nodes[i].path, path, &below))
			continue;
		exists = true;
		if (!below)
			continue;
		snprintf(text, name_max, "%.*s", (int)strcspn(below, "/"), below);
		while (known < *num && strcmp(names[known], text) != 0)
			known++;
		if (known == *num) {
			names[(*num)++] = text;
			text += name_max;
		}
	}
	if (!fake_fails() && exists)
		return names;
	free(names);
	if (!exists)
		errno = ENOENT;
	return NULL;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path, struct xs_permissions *perms,
			unsigned int num_perms)
{
	fake.owner = perms[0].perms == XS_PERM_NONE ? (int)perms[0].id : -1;
	fake.reader = num_perms == 2 && perms[1].perms == XS_PERM_READ ? (int)perms[1].id : -1;
	return !fake_fails();
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	if (fake_fails())
		return XBT_NULL;
	return ++fake.nr_started;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
	if (abort) {
		fake.nr_aborted++;
		return true;
	}
	if (fake.nr_conflicts) {
		fake.nr_conflicts--;
		errno = EAGAIN;
		return false;
	}
	fake.nr_committed++;
	return true;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	int i = 0;

	if (fake_fails())
		return false;
	while (fake.watches[i][0])
		i++;
	snprintf(fake.watches[i], sizeof(fake.watches[i]), "%s", token);
	snprintf(fake.last_token, sizeof(fake.last_token), "%s", token);
	return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	for (int i = 0; i < FAKE_WATCHES; i++) {
		if (strcmp(fake.watches[i], token) == 0) {
			fake.watches[i][0] = '\0';
			return true;
		}
	}
	errno = ENOENT;
	return false;
}

int xs_fileno(struct xs_handle *h)
{
	return -1;
}

char **xs_check_watch(struct xs_handle *h)
{
	char **event;

	if (!fake.nr_events) {
		errno = fake.fail_errno ?: EAGAIN;
		return NULL;
	}
	fake.nr_events--;
	if (fake_fails())
		return NULL;
	event = malloc(2 * sizeof(*event) + 64);
	event[XS_WATCH_PATH] = (char *)(event + 2);
	event[XS_WATCH_TOKEN] = event[XS_WATCH_PATH] + 2;
	strcpy(event[XS_WATCH_PATH], "x");
	strcpy(event[XS_WATCH_TOKEN], fake.event_token);
	return event;
}

#endif
