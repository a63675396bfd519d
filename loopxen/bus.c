// SPDX-License-Identifier: MIT
#include "loopxen/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <xenevtchn.h>

#include "common/base/log.h"
#include "loopxen/host.h"
#include "loopxen/place.h"

#define MAX_CLIENTS    512
#define QUEUE_HIGH     (64 * 1024)

static struct xenstore_domain_interface *ring;
static xenevtchn_handle *xce;
static uint32_t port;

/* Bytes for xenstored that the ring has no room for yet. */
static struct {
	char *bytes;
	size_t len, room;
} queue;

/* The message that is arriving. */
static struct {
	struct bus_message msg;
	size_t have;
} incoming;

void bus_send(const struct bus_message *msg)
{
	size_t len = sizeof(msg->hdr) + msg->hdr.len;

	if (queue.len + len > queue.room) {
		queue.room = (queue.len + len) * 2;
		queue.bytes = realloc(queue.bytes, queue.room);
		if (!queue.bytes)
			abort();
	}
	memcpy(queue.bytes + queue.len, &msg->hdr, sizeof(msg->hdr));
	memcpy(queue.bytes + queue.len + sizeof(msg->hdr), msg->body, msg->hdr.len);
	queue.len += len;
}

bool bus_is_full(void)
{
	return queue.len > QUEUE_HIGH;
}

static bool push_requests(void)
{
	uint32_t cons = *(volatile uint32_t *)&ring->req_cons, prod = ring->req_prod;
	size_t n = 0;

	atomic_thread_fence(memory_order_seq_cst); /* pairs with xenstored's: a slot is free only once it was read */
	while (n < queue.len && prod - cons < XENSTORE_RING_SIZE)
		ring->req[MASK_XENSTORE_IDX(prod++)] = queue.bytes[n++];
	atomic_thread_fence(memory_order_seq_cst);
	*(volatile uint32_t *)&ring->req_prod = prod;
	if (!n)
		return false;
	queue.len -= n;
	memmove(queue.bytes, queue.bytes + n, queue.len);
	return true;
}

/* The next N bytes of the message that arrives, as far as they are there. */
static bool take(char *to, size_t from, size_t size, uint32_t *cons, uint32_t prod)
{
	while (incoming.have < from + size && *cons != prod)
		to[incoming.have++ - from] = ring->rsp[MASK_XENSTORE_IDX((*cons)++)];
	return incoming.have >= from + size;
}

static bool pull_responses(void)
{
	uint32_t cons = ring->rsp_cons, start = cons, prod = *(volatile uint32_t *)&ring->rsp_prod;
	struct bus_message *m = &incoming.msg;

	atomic_thread_fence(memory_order_seq_cst); /* pairs with xenstored's: the bytes are there before the index */
	while (take((char *)&m->hdr, 0, sizeof(m->hdr), &cons, prod)) {
		if (m->hdr.len > sizeof(m->body)) {
			log_error("xenstored sent a message of %u bytes: giving up", m->hdr.len);
			exit(1);
		}
		if (!take(m->body, sizeof(m->hdr), m->hdr.len, &cons, prod))
			break;
		incoming.have = 0;
		bus_client_deliver(m);
	}
	atomic_thread_fence(memory_order_seq_cst);
	*(volatile uint32_t *)&ring->rsp_cons = cons;
	return cons != start;
}

static void pump(void)
{
	bool moved = pull_responses();

	if (push_requests() || moved)
		xenevtchn_notify(xce, port);
}

static int set_up(uint32_t domid)
{
	int proc, slot, rc;

	prctl(PR_SET_NAME, "loopxen-bus");
	host_join_as_infra();
	proc = host_join();
	if (proc < 0)
		return proc;
	slot = host_dom_find(domid);
	xce = xenevtchn_open(NULL, 0);
	if (slot < 0 || !xce || !host_ram(slot))
		return slot < 0 ? slot : -errno;
	rc = xenevtchn_bind_unbound_port(xce, 0);
	if (rc < 0)
		return -errno;
	port = rc;
	ring = (void *)(host_ram(slot) + HOST_GREF_XENSTORE * HOST_PAGE);
	host_lock();
	host_grant_reserved(slot, HOST_GREF_XENSTORE, 0, proc + 1);
	host->dom[slot].xenstore_port = port;
	host_unlock();
	return fcntl(xenevtchn_fd(xce), F_SETFL, O_NONBLOCK) ? -errno : 0;
}

void bus_main(uint32_t domid, int ready_fd)
{
	enum { LISTENER, EVENTS, REAPER, NR_OWN };
	struct pollfd fds[NR_OWN + MAX_CLIENTS];
	char path[256];
	int rc, p;

	rc = set_up(domid);
	place_store_socket(path, sizeof(path), domid);
	fds[LISTENER] = (struct pollfd){ .fd = rc ? -1 : bus_client_listen(path), .events = POLLIN };
	if (rc || fds[LISTENER].fd < 0 || write(ready_fd, "", 1) != 1) {
		log_error("domain %u: its xenstore bus does not start: %s", domid,
			  strerror(rc ? -rc : -fds[LISTENER].fd));
		exit(1);
	}
	close(ready_fd);
	fds[EVENTS] = (struct pollfd){ .fd = xenevtchn_fd(xce), .events = POLLIN };
	fds[REAPER] = (struct pollfd){ .fd = host_reaper_fd() };
	for (;;) {
		unsigned int nr = bus_client_poll(fds + NR_OWN, MAX_CLIENTS);

		if (poll(fds, NR_OWN + nr, -1) < 0)
			continue;
		if (fds[REAPER].revents)
			_exit(0); /* without undoing anything: the next instance may be here already */
		while ((p = xenevtchn_pending(xce)) >= 0)
			xenevtchn_unmask(xce, p);
		bus_client_serve(fds + NR_OWN, nr);
		if (fds[LISTENER].revents)
			bus_client_accept(fds[LISTENER].fd);
		pump();
	}
}
