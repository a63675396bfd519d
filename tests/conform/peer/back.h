/* SPDX-License-Identifier: MIT */
/*
 * A block backend by hand, the mirror image of front.h: every node, index and slot can be made wrong. What it does of
 * its own it does by the book, but for the clause that violate.h tells it to break.
 *
 * Use: back_begin(), back_offer(), back_await_frontend(), back_connect(), and then back_take() and back_answer(); or
 * the steps that those are made of. What goes wrong in the environment ends the process as an ERROR. What a guest may
 * have done, or the toolstack may do at any moment, does not: such a step returns false, or does nothing where the
 * device is gone.
 * Thread: the main thread. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_BACK_H
#define TESTS_CONFORM_PEER_BACK_H

#include <stdbool.h>
#include <stdint.h>

#include <xenevtchn.h>
#include <xengnttab.h>

#include "common/base/errbuf.h"
#include "common/ring/layout.h"
#include "common/wire/blk.h"
#include "common/wire/xen_blkif.h"
#include "xenbus/device.h"
#include "xenbus/node.h"

#define BACK_PAGE_BYTES   4096U
#define BACK_SECTOR_BYTES 512U /* the unit of sector numbers, whatever the disk's sectors are */
#define BACK_MAX_ORDER    4  /* that it offers */
#define BACK_MAX_PAGES    32 /* of any ring */
#define BACK_FOR_EVER     (-1)

struct back {
	struct xb_store *store;
	struct xb_device dev;
	/* What it offers; set before back_offer(). */
	uint64_t nr_sectors;
	uint32_t sector_bytes;
	bool is_read_only, is_cdrom;
	bool has_flush, has_barrier, is_persistent, has_discard;
	unsigned int max_order;
	unsigned int max_queues;
	unsigned int max_indirect_segments; /* 0: INDIRECT is not offered */
	/* What the frontend has published. */
	unsigned int order;
	uint32_t nr_queues;
	enum blk_abi abi;
	bool frontend_is_persistent;
	uint32_t refs[BACK_MAX_PAGES];
	uint32_t remote_port;
	/* Held until back_release(). */
	int32_t port;             /* -1: none */
	struct ring_shared *ring; /* NULL: none */
	struct ring_layout layout;
	ring_idx req_cons, rsp_prod; /* ours: what the page says is written by back_push() */
	ring_idx rsp_pushed;         /* what that has last written there */
	/* Ends a sleep when it is readable, if the caller has set it; -1: none. */
	int wake_fd;
	/* Held until back_end(). */
	xengnttab_handle *gnttab;
	xenevtchn_handle *evtchn;
};

/* ---- the device ---- */
/* false: its directory is not complete, or gone. */
bool back_begin(struct back *back, struct xb_store *store, const char *kind, uint32_t domid, uint32_t devid);
void back_end(struct back *back); /* releases everything; the nodes stay as they are */
/* XB_NR_STATES: what is written there is no state. The toolstack writes our own, too. */
enum xb_state back_own_state(struct back *back);
enum xb_state back_frontend_state(struct back *back);
/*
 * Has it written its state since back_sleep() last took notice? In a transaction that holds until its end, so that what
 * is written there answers the state that was read. The next back_sleep() takes notice at once.
 */
bool back_frontend_has_moved(struct back *back);
void back_switch(struct back *back, enum xb_state state);
bool back_await_frontend(struct back *back, enum xb_state state, unsigned int ms);

/* All that writes() writes, at once; false: nothing, for the device is gone. Only there back_write() is safe. */
bool back_transaction(struct back *back, void (*writes)(struct back *back));
void back_write(struct back *back, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void back_remove(struct back *back, const char *name);

/* ---- offering ---- */
void back_write_size(struct back *back);     /* sectors, sector-size, physical-sector-size */
void back_write_limits(struct back *back);   /* what decides how a ring may look */
void back_write_features(struct back *back); /* info, feature-... */
void back_offer(struct back *back);          /* all of them, and InitWait, in one transaction */

/* ---- connecting; the state is the caller's to write ---- */
/* Each: false, and why; a guest may write anything. */
bool back_read_options(struct back *back, struct errbuf *why); /* the nodes that may be missing */
bool back_read_ring(struct back *back, struct errbuf *why);    /* those that may not */
bool back_read_queue(struct back *back, unsigned int queue, struct errbuf *why); /* those in queue-N/ */
bool back_map_ring(struct back *back, struct errbuf *why);
/* A ring of any class: of 1 << order pages, with such slots. */
bool back_map_slots(struct back *back, uint32_t request_bytes, uint32_t response_bytes, struct errbuf *why);
bool back_bind(struct back *back, struct errbuf *why);
/* Of another ring of the same device, which has none of its own to map pages and ports by. */
void back_share_handles(struct back *ring, const struct back *with);
bool back_connect(struct back *back, struct errbuf *why); /* these four */
void back_release(struct back *back);                     /* ring and port; twice is fine */

/* ---- several rings of one device, one at a time ---- */
/* What a ring has of its own, while `back` is at another. One that was not gone to yet has port -1. */
struct back_place {
	int32_t port;
	struct ring_shared *ring;
	ring_idx req_cons, rsp_prod, rsp_pushed;
};
void back_go_to(struct back *back, struct back_place *from, const struct back_place *to);

/* ---- sleeping ---- */
#define BACK_SAW_STORE 1U /* something has changed in xenstore */
#define BACK_SAW_EVENT 2U
#define BACK_WOKEN     4U /* wake_fd is readable */
#define BACK_SAW_OTHER 8U /* an event by another port of the same handle */
/* What came, and is taken; 0: nothing in that time. */
unsigned int back_sleep(struct back *back, int ms);

void back_drop_events(struct back *back);

/* ---- requests ---- */
/* How many there are by the frontend's index, possible or not, and how many there can be. */
ring_idx back_nr_requests(const struct back *back);
ring_idx back_max_requests(const struct back *back);
ring_idx back_req_prod(const struct back *back);
void back_take_raw(struct back *back, void *bytes); /* a whole slot */
void back_take(struct back *back, struct blk_request *request);
void back_ask_for_event(struct back *back, ring_idx req_event);
/* Nothing is there, and an event is asked for when something is. */
bool back_may_sleep(struct back *back);

/* ---- pages ---- */
uint32_t back_segment_bytes(const struct blk_segment *segment);
/* Some octets of a page. false: a grant that cannot be used. */
bool back_read_page(struct back *back, uint32_t gref, uint16_t offset, uint16_t len, void *local);
bool back_write_page(struct back *back, uint32_t gref, uint16_t offset, uint16_t len, const void *local);
/* All of a segment's bytes. false: a grant that cannot be used. */
bool back_copy_from(struct back *back, const struct blk_segment *segment, void *local);
bool back_copy_to(struct back *back, const struct blk_segment *segment, const void *local);
/* Until back_unmap() or back_end(). NULL: a grant that cannot be used. */
uint8_t *back_map(struct back *back, uint32_t gref, bool is_writable);
void back_unmap(struct back *back, uint8_t *page);

/* ---- responses ---- */
void back_put_raw(struct back *back, const void *bytes); /* as many as a response has */
void back_put(struct back *back, const struct blk_response *response);
void back_set_rsp_prod(struct back *back, ring_idx rsp_prod);
void back_push(struct back *back); /* publishes, and notifies if asked */
/* What is the frontend's to write, or nobody's. */
void back_overwrite_rsp_event(struct back *back, ring_idx rsp_event);
void back_overwrite_padding(struct back *back);
/* A slot as it is now, and a response over it. */
const uint8_t *back_slot(const struct back *back, ring_idx index);
void back_overwrite_slot(struct back *back, ring_idx index, const void *bytes);
void back_notify(struct back *back);
void back_answer(struct back *back, const struct blk_request *request, int16_t status); /* put and pushed */

#endif
