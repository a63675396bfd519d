/* SPDX-License-Identifier: MIT */
/*
 * The scripted backend of vifs: a hub, which gives what one of its vifs sends to all others, and keeps every clause of
 * docs/protocol.md. Its parts: life.c (states), terms.c (nodes and rings), send.c (what a guest sends), rate.c (how
 * much of it), judge.c (what of that is refused), multicast.c (whom a frame is for), give.c (what a guest receives),
 * control.c (the control ring), statics.c (pages that a guest registers).
 *
 * Thread: the main thread. Never logs.
 */
#ifndef TESTS_CONFORM_SCRIPTED_NET_HUB_H
#define TESTS_CONFORM_SCRIPTED_NET_HUB_H

#include "tests/conform/peer/back.h"
#include "tests/conform/peer/back_vif.h"
#include "tests/conform/peer/frame.h"

#define HUB_MAX_VIFS    4
#define HUB_MAX_QUEUES  4
#define HUB_MAX_WAITING 128 /* frames that a vif has no buffers for */
#define HUB_MAX_ADDRESSES 64 /* of multicast, in a list */
#define HUB_MAX_ENTRIES 128 /* of the mapping of hashes */
#define HUB_MAX_STATICS 256 /* pages that a guest registers */
#define HUB_PATIENCE_MS 10000 /* for how long they wait */

struct hub_waiting {
	struct frame frame;
	uint64_t since_ns;
};

struct hub_static {
	uint32_t queue, gref;
	bool is_writable;
	uint8_t *page;
};

/* Two rings; of their devices only the guest's number is used. */
struct hub_queue {
	struct back tx, rx;
	bool has_two_ports;
};

struct hub_vif {
	struct back dev; /* the first, so that what writes its nodes finds the rest; it has no ring of its own */
	bool is_there, was_offered, is_connected;
	/* What the frontend has published. */
	bool has_sg, has_gso[3], has_csum[7]; /* by the type, by the version of IP */
	bool filters_multicast;
	unsigned int nr_addresses;
	uint8_t addresses[HUB_MAX_ADDRESSES][6];
	unsigned int nr_queues, nr_given;
	struct hub_queue queues[HUB_MAX_QUEUES];
	struct back control; /* without a ring, where the frontend has none */
	uint32_t algorithm, flags, nr_entries, mapping[HUB_MAX_ENTRIES];
	uint8_t key[FRAME_KEY_BYTES];
	/* How much it may send: so many octets in so many microseconds, none being all. */
	unsigned int rate_bytes, rate_usecs;
	int64_t credit_bytes;
	uint64_t credit_since_ns;
	unsigned int nr_statics;
	struct hub_static statics[HUB_MAX_STATICS];
	uint32_t headroom; /* octets in front of each part */
	/* What it is to receive, from the oldest on, which is first_waiting modulo HUB_MAX_WAITING. */
	unsigned int first_waiting, nr_waiting;
	struct hub_waiting waiting[HUB_MAX_WAITING];
};

struct hub {
	struct xb_store store;
	uint32_t domid; /* the guest's */
	xengnttab_handle *gnttab;
	xenevtchn_handle *evtchn;
	struct hub_vif vifs[HUB_MAX_VIFS];
};

/* ---- life.c ---- */
void hub_find_vifs(struct hub *hub); /* those that are new */
void hub_follow(struct hub *hub, struct hub_vif *vif);
/* Its rings are broken. */
void hub_refuse(struct hub_vif *vif, int rc, const struct errbuf *why);

/* ---- terms.c ---- */
void hub_offer(struct hub_vif *vif);
/* All that the frontend has published is taken up, or why not. */
bool hub_take_up(struct hub *hub, struct hub_vif *vif, struct errbuf *why);
void hub_release(struct hub_vif *vif);

/* ---- send.c ---- */
/* Takes, answers and gives away what is there. false: the rings are broken. */
bool hub_serve_sender(struct hub *hub, struct hub_vif *vif);

/* ---- rate.c ---- */
void hub_read_rate(struct hub_vif *vif);
bool hub_may_send(struct hub_vif *vif); /* its next frame, now */

/* ---- judge.c ---- */
enum hub_verdict { HUB_FINE, HUB_REJECT, HUB_FATAL };

#define HUB_MAX_SLOTS 256

/* A frame as it stands in the ring. */
struct hub_slots {
	unsigned int nr, nr_data;
	netif_tx_request_t slot[HUB_MAX_SLOTS];
	bool is_extra[HUB_MAX_SLOTS], is_bad[HUB_MAX_SLOTS]; /* bad: its grant */
	const netif_tx_request_t *message; /* an extra about multicast, which makes it no frame; NULL: there is none */
};

/* What its slots say; only what is fine has a frame, without its octets. */
enum hub_verdict hub_judge_slots(struct hub_slots *slots, struct frame *frame);
/* The same once its octets are there. */
enum hub_verdict hub_judge_frame(const struct frame *frame);

/* What xdp-headroom says. false: it leaves no room for data. */
bool hub_read_headroom(struct hub_vif *vif);

/* ---- control.c ---- */
bool hub_serve_control(struct hub_vif *vif); /* false: the ring is broken */
/* false: it is to have none. */
bool hub_hash(const struct hub_vif *vif, const struct frame *frame, uint32_t *hash);

/* ---- statics.c ---- */
/* A message of types 8 to 10: its status. */
uint32_t hub_change_statics(struct hub_vif *vif, const struct xen_netif_ctrl_request *request, uint32_t *data);
void hub_drop_statics(struct hub_vif *vif);
/* Octets of a page, registered or not. false: a grant that cannot be used. */
bool hub_read_page(struct hub_vif *vif, struct back *ring, const netif_tx_request_t *slot, void *to);
bool hub_write_page(struct hub_vif *vif, struct back *ring, uint32_t gref, uint16_t offset, uint16_t len,
		    const void *from);

/* ---- multicast.c ---- */
/* false: there is no room. */
bool hub_change_list(struct hub_vif *vif, const netif_extra_info_t *extra);
void hub_read_wish(struct hub_vif *vif); /* request-multicast-control */
bool hub_wants(struct hub_vif *vif, const struct frame *frame);

/* ---- give.c ---- */
/* As the frontend takes it; it waits if there are no buffers for it. */
void hub_give(struct hub_vif *vif, const struct frame *frame);
/* What waits, as far as there are buffers by now. false: the ring is broken. */
bool hub_serve_receiver(struct hub_vif *vif);

#endif
