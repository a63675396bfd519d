// SPDX-License-Identifier: MIT
/*
 * Several programs on one ring. On the ring, request ids and watch tokens are ours. What a client leaves open when it
 * goes (transactions, watches) is ended for it. All as Linux does it for the programs of a real guest: a watch may be
 * there twice, and to end one that is not there is no error.
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
	uint32_t id;	    /* its token on the ring */
	char *path, *token; /* the client's */
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
	uint32_t ring_id, client_id, client_req, type;
	uint32_t watch; /* the id of a new one, else 0 */
};

static struct client *clients;
static struct pending *pendings;
static uint32_t next_client = 1, next_ring_id = 1, next_watch = 1;

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
static void forward(uint32_t client_id, struct bus_message *m, uint32_t watch)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	*p = (struct pending){ pendings, next_ring_id++, client_id, m->hdr.req_id, m->hdr.type, watch };
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
	forward(0, &m, 0);
}

/* ---- towards the clients ---- */

static void free_watch(struct watch **at)
{
	struct watch *w = *at;

	*at = w->next;
	free(w->path);
	free(w->token);
	free(w);
}

/* The client is gone: what it left open is ended. Freed by the next bus_client_poll(). */
static void drop(struct client *c)
{
	char id[16];

	close(c->fd);
	c->fd = -1;
	for (unsigned int i = 0; i < sizeof(c->tx) / sizeof(c->tx[0]); i++) {
		if (c->tx[i])
			send_own(XS_TRANSACTION_END, c->tx[i], "F", NULL);
	}
	while (c->watches) {
		snprintf(id, sizeof(id), "%u", c->watches->id);
		send_own(XS_UNWATCH, 0, c->watches->path, id);
		free_watch(&c->watches);
	}
	for (struct pending *p = pendings; p; p = p->next) {
		if (p->client_id == c->id)
			p->client_id = 0;
	}
}

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

/* ---- watches ---- */

/* Of "path\0token\0"; NULL if it is not that. */
static const char *token_of(const struct bus_message *m)
{
	size_t path_len = strnlen(m->body, m->hdr.len) + 1;

	if (path_len >= m->hdr.len || m->body[m->hdr.len - 1] || path_len > XENSTORE_ABS_PATH_MAX)
		return NULL;
	return m->body + path_len;
}

static void set_token(struct bus_message *m, uint32_t id)
{
	size_t path_len = strlen(m->body) + 1;

	m->hdr.len = path_len + sprintf(m->body + path_len, "%u", id) + 1;
}

static void on_watch(struct client *c, struct bus_message *m, const char *token)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w || !(w->path = strdup(m->body)) || !(w->token = strdup(token)))
		abort();
	w->id = next_watch++;
	w->next = c->watches;
	c->watches = w;
	set_token(m, w->id);
	forward(c->id, m, w->id);
}

static void on_unwatch(struct client *c, struct bus_message *m, const char *token)
{
	struct bus_message ok = { .hdr = { .type = XS_UNWATCH, .req_id = m->hdr.req_id, .len = 3 }, .body = "OK" };
	struct watch **at = &c->watches;

	while (*at && (strcmp((*at)->path, m->body) || strcmp((*at)->token, token)))
		at = &(*at)->next;
	if (!*at) {
		to_client(c, &ok);
		return;
	}
	set_token(m, (*at)->id);
	free_watch(at);
	forward(c->id, m, 0);
}

static void forget_watch(struct client *c, uint32_t id)
{
	for (struct watch **at = &c->watches; *at; at = &(*at)->next) {
		if ((*at)->id == id) {
			free_watch(at);
			return;
		}
	}
}

/* "path\0ID\0" goes to the client of that watch as "path\0token\0". */
static void deliver_watch(const struct bus_message *msg)
{
	struct bus_message m = { .hdr = msg->hdr };
	const char *token = token_of(msg);
	uint32_t id = token ? strtoul(token, NULL, 10) : 0;

	for (struct client *c = clients; token && c; c = c->next) {
		for (struct watch *w = c->watches; w; w = w->next) {
			if (w->id != id)
				continue;
			m.hdr.len = snprintf(m.body, sizeof(m.body), "%s%c%s", msg->body, '\0', w->token) + 1;
			if (m.hdr.len <= sizeof(m.body))
				to_client(c, &m);
			return;
		}
	}
}

/* ---- requests ---- */

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
	bool is_watch = m->hdr.type == XS_WATCH || m->hdr.type == XS_UNWATCH;
	const char *token = is_watch ? token_of(m) : NULL;

	if (m->hdr.type == XS_TRANSACTION_END)
		set_tx(c, m->hdr.tx_id, 0);
	if (!token) /* rubbish, too: xenstored refuses it */
		forward(c->id, m, 0);
	else if (m->hdr.type == XS_WATCH)
		on_watch(c, m, token);
	else
		on_unwatch(c, m, token);
}

static void read_client(struct client *c)
{
	size_t want = sizeof(c->in.hdr);
	ssize_t n;

	while (c->fd >= 0 && !bus_is_full()) {
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

/* ---- answers ---- */

static void answer(struct client *c, const struct pending *p, const struct bus_message *msg)
{
	struct bus_message m = *msg;

	if (p->type == XS_TRANSACTION_START && m.hdr.type == XS_TRANSACTION_START)
		set_tx(c, 0, strtoul(m.body, NULL, 10));
	if (p->watch && m.hdr.type == XS_ERROR)
		forget_watch(c, p->watch);
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
