// SPDX-License-Identifier: MIT
#include "tests/conform/peer/front.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/errbuf.h"
#include "tests/conform/verdict.h"

void front_init(struct front *front, const struct front_class *class, uint32_t devid)
{
	*front = (struct front){ .class = class, .devid = devid, .port = -1, .state = XB_INITIALISED };
	xb_store_init(&front->store);
	xb_device_init(&front->dev);
	grant_pool_init(&front->ring_pages);
	grant_pool_init(&front->data);
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

void front_begin(struct front *front)
{
	struct errbuf err;

	need(xb_store_open(&front->store, &err), &err);
	need(xb_device_open_frontend(&front->dev, &front->store, front->class->kind, front->devid, &err), &err);
	need(xb_device_watch(&front->dev, &err), &err);
}

void front_make_ring(struct front *front, unsigned int order, uint32_t request_bytes, uint32_t response_bytes)
{
	uint32_t nr_pages = 1U << order;
	struct errbuf err;

	need(grant_pool_share(&front->ring_pages, front->gntshr, front->dev.domid, nr_pages, &err), &err);
	if (!ring_layout_init(&front->layout, nr_pages * 4096UL, request_bytes, response_bytes))
		error("a ring of order %u holds no request", order);
	front->ring = (void *)front->ring_pages.area;
	front->ring->req_event = front->ring->rsp_event = 1;
	front->req_prod = front->rsp_cons = 0;
}

void front_make_port(struct front *front)
{
	front->port = xenevtchn_bind_unbound_port(front->evtchn, front->dev.domid);
	if (front->port < 0)
		error("an event channel for domain %u: %s", front->dev.domid, strerror(errno));
}

void front_make_pages(struct front *front, unsigned int nr)
{
	struct errbuf err;

	if (!front->data.area)
		need(grant_pool_share(&front->data, front->gntshr, front->dev.domid, nr, &err), &err);
}

void front_make(struct front *front)
{
	if (!front->gntshr)
		front->gntshr = xengntshr_open(NULL, 0);
	if (!front->evtchn)
		front->evtchn = xenevtchn_open(NULL, 0);
	if (!front->gntshr || !front->evtchn)
		error("granting pages and event channels: %s", strerror(errno));
	front->class->make(front);
}

void front_write(struct front *front, const char *name, const char *fmt, ...)
{
	struct errbuf err;
	char value[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	need(xb_write(&front->store, front->dev.dir, name, &err, "%s", value), &err);
}

void front_remove(struct front *front, const char *name)
{
	char path[XB_PATH_MAX];
	struct errbuf err;

	need(xb_path(path, sizeof(path), &err, "%s/%s", front->dev.dir, name), &err);
	need(xb_remove(&front->store, path, &err), &err);
}

static int publish(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct front *front = arg;

	front->class->publish(front);
	front_switch(front, front->state);
	return 0;
}

void front_publish(struct front *front)
{
	struct errbuf err;

	need(xb_transaction(&front->store, publish, front, &err), &err);
}

void front_switch(struct front *front, enum xb_state state)
{
	struct errbuf err;

	need(xb_device_switch(&front->dev, state, &err), &err);
}

enum xb_state front_backend_state(struct front *front)
{
	enum xb_state state;
	struct errbuf err;

	/* A directory that was removed is, to a guest, one that it may not read. */
	return xb_device_peer_state(&front->dev, &state, &err) ? XB_UNKNOWN : state;
}

const char *front_backend_state_name(struct front *front)
{
	return xb_state_name(front_backend_state(front));
}

static bool await(struct front *front, unsigned int states, unsigned int ms)
{
	uint64_t deadline = clock_in_ms(ms);
	struct errbuf err;
	int rc = 0;

	for (;;) {
		if (states & 1U << front_backend_state(front))
			return true;
		if (rc)
			return false;
		rc = xb_watch_wait(&front->store, deadline, &err);
		if (rc && rc != -ETIMEDOUT)
			error("%s", err.text);
		while (xb_watch_next_dirty(&front->store))
			;
	}
}

bool front_await_backend(struct front *front, enum xb_state state, unsigned int ms)
{
	return await(front, 1U << state, ms);
}

bool front_await_word(struct front *front, unsigned int ms)
{
	uint64_t deadline = clock_in_ms(ms);
	struct xb_watch *watch;
	struct errbuf err;
	int rc = 0;

	while (rc == 0) {
		rc = xb_watch_wait(&front->store, deadline, &err);
		if (rc && rc != -ETIMEDOUT)
			error("%s", err.text);
		while ((watch = xb_watch_next_dirty(&front->store))) {
			if (watch == &front->dev.peer_watch)
				return true;
		}
	}
	return false;
}

bool front_await_refusal(struct front *front, unsigned int ms)
{
	return await(front, 1U << XB_CLOSING | 1U << XB_CLOSED | 1U << XB_UNKNOWN, ms);
}

void front_announce(struct front *front, const char *clause)
{
	front_publish(front);
	MUST(clause, await(front, 1U << XB_CONNECTED, FRONT_PATIENCE_MS), "the backend is %s, not Connected",
	     front_backend_state_name(front));
	if (front->needs && front_backend_number(front, front->needs, 0) == 0)
		skip("the backend does not offer %s", front->needs);
	if (front->state != XB_CONNECTED)
		front_switch(front, XB_CONNECTED);
}

void front_connect(struct front *front, const char *clause)
{
	front_begin(front);
	front_make(front);
	front_announce(front, clause);
}

void front_reconnect(struct front *front, const char *clause)
{
	front_switch(front, XB_INITIALISING);
	MUST(clause, await(front, 1U << XB_INIT_WAIT, FRONT_PATIENCE_MS), "the backend is %s, not in InitWait again",
	     front_backend_state_name(front));
	front_make(front);
	front_announce(front, clause);
}

void front_close(struct front *front)
{
	front_switch(front, XB_CLOSING);
	await(front, 1U << XB_CLOSING | 1U << XB_CLOSED | 1U << XB_UNKNOWN, FRONT_PATIENCE_MS);
	front_switch(front, XB_CLOSED);
	await(front, 1U << XB_CLOSED | 1U << XB_INIT_WAIT | 1U << XB_UNKNOWN, FRONT_PATIENCE_MS);
	front_drop_ring(front);
}

void front_drop_ring(struct front *front)
{
	for (struct front *ring = front; ring; ring = ring->next) {
		grant_pool_fini(&ring->ring_pages);
		ring->ring = NULL;
		if (ring->port >= 0 && !(ring->next && ring->next->port == ring->port))
			xenevtchn_unbind(front->evtchn, ring->port);
		ring->port = -1;
	}
}

void must_go_on(struct front *front, const char *clause)
{
	front->class->go_on(front, clause);
}

uint64_t front_backend_number(struct front *front, const char *name, uint64_t absent)
{
	struct errbuf err;
	uint64_t value;

	return xb_read_u64(&front->store, front->dev.otherend, name, 0, UINT64_MAX, &value, &err) ? absent : value;
}
