/* SPDX-License-Identifier: MIT */
/*
 * A frontend by hand, of whatever class: every node, index and slot can be made wrong. This folder alone writes a ring
 * raw (tests/lint/peer-memory.sh); where a case does as a frontend should, frontend/user's parts are used. What is a
 * disk's alone is in front_disk.h, what a vif's in vif.h.
 *
 * Use: front_connect(), or the steps one by one: front_begin(), front_make(), front_publish(), front_await_backend().
 * What goes wrong in the environment ends the case as an ERROR, so nothing returns an error. The process ends with the
 * case, and with it whatever was granted or bound.
 */
#ifndef TESTS_CONFORM_PEER_FRONT_H
#define TESTS_CONFORM_PEER_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include <xenevtchn.h>
#include <xengnttab.h>

#include "common/ring/layout.h"
#include "common/wire/blk.h"
#include "frontend/user/grants.h"
#include "xenbus/device.h"
#include "xenbus/node.h"

#define FRONT_PATIENCE_MS 8000 /* for what must come */
#define FRONT_SILENCE_MS  150  /* for what must not: too short misses a fault, and never invents one */

struct front;

/* What is different from one class of devices to the next. */
struct front_class {
	const char *kind; /* of the directories: "vbd" */
	/* What its first ring and the port of that are called in the frontend's directory. */
	const char *ring_node, *port_node;
	void (*make)(struct front *front);    /* rings, ports, pages: what is announced later */
	void (*publish)(struct front *front); /* all nodes but the state; those of an earlier connection are removed */
	void (*put)(struct front *front);     /* a request that has to be answered, not published yet */
	void (*fill)(struct front *front);    /* as many as the ring takes, published */
	void (*go_on)(struct front *front, const char *clause); /* must_go_on() */
};

/* A device and its first ring. */
struct front {
	const struct front_class *class; /* NULL: another ring of a device */
	struct front *next;              /* the device's next ring; NULL: there is none */
	uint32_t devid;
	struct xb_store store;
	struct xb_device dev;
	/* How it connects; set before front_make() and front_publish(). */
	enum xb_state state;      /* written with the nodes: Initialised, or Connected */
	/* A disk. */
	unsigned int order;
	enum blk_abi abi;
	bool writes_order;        /* ring-page-order and ring-ref0, also for one page */
	bool omits_protocol;
	bool is_persistent;
	const char *needs;        /* see case.h; without it front_announce() skips the case */
	unsigned int seed;        /* for rand_r(): what a case does at random is done again with the same one */
	/* Made. */
	xengntshr_handle *gntshr;
	xenevtchn_handle *evtchn;
	int32_t port;
	struct grant_pool ring_pages, data;
	struct ring_layout layout;
	struct ring_shared *ring;
	ring_idx req_prod, rsp_cons; /* ours: what the page says is written by front_push() */
};

void front_init(struct front *front, const struct front_class *class, uint32_t devid);

/* ---- connecting ---- */
void front_begin(struct front *front); /* the device's directories; the backend waits for us */
void front_make(struct front *front);  /* rings, ports, pages */
/* Its parts, for a class's make(). */
void front_make_ring(struct front *front, unsigned int order, uint32_t request_bytes, uint32_t response_bytes);
void front_make_port(struct front *front);
void front_make_pages(struct front *front, unsigned int nr); /* once */
void front_publish(struct front *front); /* all nodes and the state, in one transaction */
void front_write(struct front *front, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void front_remove(struct front *front, const char *name);
void front_switch(struct front *front, enum xb_state state);
enum xb_state front_backend_state(struct front *front);
const char *front_backend_state_name(struct front *front);
/* false: it never was, or was only while nobody looked. */
bool front_await_backend(struct front *front, enum xb_state state, unsigned int ms);
/* It writes its state, be it the same as before; what it wrote earlier counts until somebody has awaited something. */
bool front_await_word(struct front *front, unsigned int ms);
/* The backend has given the device up: it is Closing, Closed or gone. */
bool front_await_refusal(struct front *front, unsigned int ms);
/* front_publish(), and on to Connected on both sides. */
void front_announce(struct front *front, const char *clause);
/* All of it, to Connected on both sides; the clause is what a backend that does not come along fails. */
void front_connect(struct front *front, const char *clause);
/* The same again after front_close(), with a new ring and port. */
void front_reconnect(struct front *front, const char *clause);
void front_close(struct front *front); /* to Closed, by the book; the rings and ports are taken back */
/* The rings and the ports, whatever the backend still has of them. */
void front_drop_ring(struct front *front);
uint64_t front_backend_number(struct front *front, const char *name, uint64_t absent);

/* ---- requests ---- */
uint8_t *front_page(struct front *front, unsigned int page);
uint32_t front_gref(struct front *front, unsigned int page);
/* As many as the ring takes: what the backend is at when something else happens. */
void front_fill(struct front *front);
void front_put_raw(struct front *front, const void *bytes); /* a whole slot */
bool front_push(struct front *front); /* publishes, and notifies if asked; whether it was */
void front_set_req_prod(struct front *front, ring_idx req_prod);
void front_ask_for_event(struct front *front, ring_idx rsp_event);
/* What is the backend's to write, or nobody's. */
void front_overwrite_req_event(struct front *front, ring_idx req_event);
void front_overwrite_rsp_prod(struct front *front, ring_idx rsp_prod);
void front_overwrite_padding(struct front *front);
/* Before it is announced: where the ring begins, for both sides. */
void front_begin_ring_at(struct front *front, ring_idx first);
/* A slot's octets, for who changes them while the backend looks at them. */
uint8_t *front_slot(struct front *front, ring_idx index);
void front_notify(struct front *front);
/* There are no more responses than requests that have none. */
bool front_is_possible(const struct front *front);
/* A response is there, and is taken: its slot, as the backend has left it. NULL: none in that time. */
const void *front_take_raw(struct front *front, unsigned int ms);
/* The backend's index gets there; looks by itself, and asks for no event. */
bool front_await_rsp_prod(struct front *front, ring_idx rsp_prod, unsigned int ms);
/* The bytes of the slot that was taken last. */
const uint8_t *front_last_slot(const struct front *front);
/* An event comes, and is taken. */
bool front_await_event(struct front *front, unsigned int ms);
/* By just this port; what comes by others is taken, too. */
bool front_await_event_of(struct front *front, int32_t port, unsigned int ms);
void front_drop_events(struct front *front);
/* Whatever it was asked before, a good request is served. */
void must_go_on(struct front *front, const char *clause);

/* What nobody else writes, to see what has been left alone. */
void mark_fill(uint8_t *bytes, size_t len);
bool mark_is(const uint8_t *bytes, size_t len);

#endif
