// SPDX-License-Identifier: MIT
/*
 * Several programs on one ring. Request ids are ours while a request is under way; a watch's token carries its client's
 * number in front. What a client leaves open when it goes (transactions, watches) is ended for it, as a kernel does.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "loopxen/bus.h"

#define OUT_MAX (4 * 1024 * 1024) /* a client that reads nothing is let go beyond this */

struct watch {
	struct watch *next;
	char *path, *token; /* as the ring sees them */
};

struct client {
	struct client *next;
	int fd; /* -1: gone */
	uint32_t id;
	struct bus_message in;
	size_t in_have;
	char *out;
	size_t out_len;
	uint32_t tx[16]; /* open transactions; xenstored allows 10 */
	struct watch *watches;
};

/* A request that xenstored has not answered; client_id 0: nobody waits for it any more. */
struct pending {
	struct pending *next;
	uint32_t ring_id, client_id, client_req, type, tx;
};

static struct client *clients;
static struct pending *pendings;
static uint32_t next_client = 1, next_ring_id = 1;

static struct client *find_client(uint32_t id)
{
	struct client *c;

	for (c = clients; c && (c->id != id || c->fd < 0); c = c->next)
		;
	return c;
}

int bus_client_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	unlink(path);
	return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 128) ? -errno : fd;
}

void bus_client_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c = fd < 0 ? NULL : calloc(1, sizeof(*c));

	if (!c) {
		if (fd >= 0)
			close(fd);
		return;
	}
	c->fd = fd;
	c->id = next_client++;
	c->next = clients;
	clients = c;
}

/* ---- towards xenstored ---- */

/* Remembers who asked and sends it under an id of ours. */
static void forward(uint32_t client_id, struct bus_message *m)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	*p = (struct pending){ pendings, next_ring_id++, client_id, m->hdr.req_id, m->hdr.type, m->hdr.tx_id };
	pendings = p;
	m->hdr.req_id = p->ring_id;
	bus_send(m);
}

static void send_own(uint32_t type, uint32_t tx, const char *first, const char *second)
{
	struct bus_message m = { .hdr = { .type = type, .tx_id = tx } };
	size_t len = strlen(first) + 1;

	memcpy(m.body, first, len);
	if (second) {
		memcpy(m.body + len, second, strlen(second) + 1);
		len += strlen(second) + 1;
	}
	m.hdr.len = len;
	forward(0, &m);
}

/* "path\0token\0" becomes "path\0ID:token\0". Rubbish goes through as it is: xenstored refuses it. */
static const char *mark_token(const struct client *c, struct bus_message *m)
{
	size_t path_len = strnlen(m->body, m->hdr.len) + 1;
	char marked[XENSTORE_PAYLOAD_MAX];
	int n;

	if (path_len >= m->hdr.len || m->body[m->hdr.len - 1] || path_len > XENSTORE_ABS_PATH_MAX)
		return NULL;
	n = snprintf(marked, sizeof(marked), "%u:%s", c->id, m->body + path_len);
	if (path_len + n + 1 > XENSTORE_PAYLOAD_MAX)
		return NULL;
	memcpy(m->body + path_len, marked, n + 1);
	m->hdr.len = path_len + n + 1;
	return m->body + path_len;
}

static void add_watch(struct client *c, const char *path, const char *token)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w || !(w->path = strdup(path)) || !(w->token = strdup(token)))
		abort();
	w->next = c->watches;
	c->watches = w;
}

static void free_watch(struct watch *w)
{
	free(w->path);
	free(w->token);
	free(w);
}

static void remove_watch(struct client *c, const char *path, const char *token)
{
	for (struct watch **at = &c->watches; *at; at = &(*at)->next) {
		struct watch *w = *at;

		if (strcmp(w->path, path) || strcmp(w->token, token))
			continue;
		*at = w->next;
		free_watch(w);
		return;
	}
}

static void set_tx(struct client *c, uint32_t from, uint32_t to)
{
	for (unsigned int i = 0; i < sizeof(c->tx) / sizeof(c->tx[0]); i++) {
		if (c->tx[i] == from) {
			c->tx[i] = to;
			return;
		}
	}
}

static void on_request(struct client *c, struct bus_message *m)
{
	const char *token;

	if (m->hdr.type == XS_WATCH || m->hdr.type == XS_UNWATCH) {
		token = mark_token(c, m);
		if (token && m->hdr.type == XS_WATCH)
			add_watch(c, m->body, token);
		else if (token)
			remove_watch(c, m->body, token);
	} else if (m->hdr.type == XS_TRANSACTION_END) {
		set_tx(c, m->hdr.tx_id, 0);
	}
	forward(c->id, m);
}

/* The client is gone: what it left open is ended. Freed by the next bus_client_poll(). */
static void drop(struct client *c)
{
	struct watch *w;

	close(c->fd);
	c->fd = -1;
	for (unsigned int i = 0; i < sizeof(c->tx) / sizeof(c->tx[0]); i++) {
		if (c->tx[i])
			send_own(XS_TRANSACTION_END, c->tx[i], "F", NULL);
	}
	while ((w = c->watches)) {
		c->watches = w->next;
		send_own(XS_UNWATCH, 0, w->path, w->token);
		free_watch(w);
	}
	for (struct pending *p = pendings; p; p = p->next) {
		if (p->client_id == c->id)
			p->client_id = 0;
	}
}

static void read_client(struct client *c)
{
	size_t want = sizeof(c->in.hdr);
	ssize_t n;

	while (!bus_is_full()) {
		if (c->in_have >= sizeof(c->in.hdr))
			want = sizeof(c->in.hdr) + c->in.hdr.len;
		if (want > sizeof(c->in.hdr) + XENSTORE_PAYLOAD_MAX) {
			drop(c); /* a message that no xenstore takes */
			return;
		}
		if (c->in_have >= sizeof(c->in.hdr) && c->in_have == want) {
			c->in_have = 0;
			on_request(c, &c->in);
			want = sizeof(c->in.hdr);
			continue;
		}
		n = recv(c->fd, (char *)&c->in + c->in_have, want - c->in_have, 0);
		if (n <= 0) {
			if (n == 0 || (errno != EAGAIN && errno != EINTR))
				drop(c);
			return;
		}
		c->in_have += n;
	}
}

/* ---- towards the clients ---- */

static void flush_client(struct client *c)
{
	ssize_t n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);

	if (n > 0) {
		c->out_len -= n;
		memmove(c->out, c->out + n, c->out_len);
	} else if (errno != EAGAIN && errno != EINTR) {
		drop(c);
	}
}

static void to_client(struct client *c, const struct bus_message *m)
{
	size_t len = sizeof(m->hdr) + m->hdr.len;
	char *out = c->out_len + len > OUT_MAX ? NULL : realloc(c->out, c->out_len + len);

	if (!out) {
		drop(c);
		return;
	}
	c->out = out;
	memcpy(out + c->out_len, &m->hdr, sizeof(m->hdr));
	memcpy(out + c->out_len + sizeof(m->hdr), m->body, m->hdr.len);
	c->out_len += len;
	flush_client(c);
}

/* "path\0ID:token\0" goes to client ID as "path\0token\0". */
static void deliver_watch(const struct bus_message *msg)
{
	struct bus_message m = *msg;
	size_t path_len = strnlen(m.body, m.hdr.len) + 1;
	char *token = m.body + path_len, *rest;
	struct client *c;

	if (path_len >= m.hdr.len || m.body[m.hdr.len - 1])
		return;
	c = find_client(strtoul(token, &rest, 10));
	if (!c || *rest != ':')
		return;
	rest++;
	memmove(token, rest, strlen(rest) + 1);
	m.hdr.len = path_len + strlen(token) + 1;
	to_client(c, &m);
}

static void answer(struct client *c, const struct pending *p, const struct bus_message *msg)
{
	struct bus_message m = *msg;

	if (p->type == XS_TRANSACTION_START && m.hdr.type == XS_TRANSACTION_START)
		set_tx(c, 0, strtoul(m.body, NULL, 10));
	m.hdr.req_id = p->client_req;
	to_client(c, &m);
}

void bus_client_deliver(const struct bus_message *msg)
{
	struct pending **at, *p;
	struct client *c;

	if (msg->hdr.type == XS_WATCH_EVENT) {
		deliver_watch(msg);
		return;
	}
	for (at = &pendings; *at && (*at)->ring_id != msg->hdr.req_id; at = &(*at)->next)
		;
	p = *at;
	if (!p)
		return;
	*at = p->next;
	c = find_client(p->client_id);
	if (c)
		answer(c, p, msg);
	else if (p->type == XS_TRANSACTION_START && msg->hdr.type == XS_TRANSACTION_START)
		send_own(XS_TRANSACTION_END, strtoul(msg->body, NULL, 10), "F", NULL);
	free(p);
}

/* ---- poll ---- */

static void sweep(void)
{
	for (struct client **at = &clients; *at;) {
		struct client *c = *at;

		if (c->fd >= 0) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free(c->out);
		free(c);
	}
}

unsigned int bus_client_poll(struct pollfd *fds, unsigned int max)
{
	unsigned int nr = 0;

	sweep();
	for (struct client *c = clients; c && nr < max; c = c->next) {
		fds[nr].fd = c->fd;
		fds[nr].events = (bus_is_full() ? 0 : POLLIN) | (c->out_len ? POLLOUT : 0);
		fds[nr++].revents = 0;
	}
	return nr;
}

void bus_client_serve(const struct pollfd *fds, unsigned int nr)
{
	struct client *c = clients;

	for (unsigned int i = 0; i < nr && c; i++, c = c->next) {
		if (c->fd >= 0 && (fds[i].revents & POLLOUT))
			flush_client(c);
		if (c->fd >= 0 && (fds[i].revents & (POLLIN | POLLHUP | POLLERR)))
			read_client(c);
	}
}
