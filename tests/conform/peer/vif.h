/* SPDX-License-Identifier: MIT */
/*
 * What front.h is of a vif. Two of them stand at one bridge in the backend's domain, and the suite plays the guest of
 * both: what is sent on one has to arrive at the other, whoever the backend is. What others send there is passed over.
 *
 * Use: vif_connect(), vif_send() or vif_put() and vif_push(), vif_receive(); or must_pass() and the like, which are
 * all of it. Slots by hand: vif_slot() and vif_put_slot().
 * How a frame is put into slots, and how slots are answered, every backend is held to whatever the case is about:
 * VIF_CLAUSES.
 * Thread: the main thread. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_VIF_H
#define TESTS_CONFORM_PEER_VIF_H

#include "common/wire/xen_netif.h"
#include "tests/conform/peer/frame.h"
#include "tests/conform/peer/front.h"

#define VIF_SLOTS   256 /* of either ring */
#define VIF_PAGES   64  /* to send from, and as many to receive into */
#define VIF_MAX_SLOTS 18 /* of a frame, that every backend takes */
#define VIF_CLAUSES "BUS-21 NET-18 NET-19 NET-27 NET-28 NET-29 NET-30 NET-31 NET-39 NET-45 NET-66"

/* A slot that was sent. */
struct vif_sent {
	bool is_out, is_extra;
	int16_t status; /* once it is not out any more */
};

struct vif {
	struct front front; /* the device, and the ring of what it sends */
	struct front rx;    /* the ring of what it receives, with its buffers */
	struct front control; /* the control ring, if it has one */
	struct vif *far;    /* the other one */
	uint8_t mac[6];
	/* How it connects; set before vif_connect(). */
	bool has_sg, has_gso_tcpv4, has_gso_tcpv6, refuses_csum_ipv4, has_csum_ipv6;
	bool has_two_ports;
	bool omits_rx_notify, filters_multicast, has_control_ring;
	unsigned int nr_buffers; /* that it posts, and posts again */
	uint16_t headroom;       /* that there is in front of each part */
	uint16_t old_headroom;   /* of frames that were on their way when it changed; the same: there are none left */
	bool takes_hash;         /* a frame may come with its hash */
	bool takes_any_offset;   /* a part may begin anywhere, headroom or not */
	/* What is going on. */
	bool is_connected, has_link; /* frames have come through */
	uint32_t nr_frames;          /* the seed of the next one */
	unsigned int next_page, nr_out, nr_extras_out;
	struct vif_sent sent[VIF_SLOTS]; /* by the slot */
	struct {
		uint16_t page, id;
	} posted[VIF_SLOTS]; /* by the slot */
};

void vif_init(struct vif *vif, uint32_t devid, struct vif *far);
/* A case's front is that of a vif. */
struct vif *vif_of(struct front *front);
extern const struct front_class front_vif_class;

/* Where its rings and ports are, in that folder of the device's directory: "", or "queue-N/". */
void vif_write_rings(struct front *front, const char *folder, const struct vif *of);
/* Both of them, until frames come through. */
void vif_connect(struct vif *vif, const char *clause);
/* A case's own, both connected: one that does not come along fails BUS-21. */
struct vif *vif_connected(struct front *front);
/* Takes what of the features the backend has to offer: of a vif that has them all. */
void vif_take_all(struct vif *vif);
/* The same of one direction: ends.to is the other vif. */
struct frame_ends vif_ends(const struct vif *vif);

/* ---- sending ---- */
/* A slot, its page being the next one, with that many octets of the frame. */
netif_tx_request_t vif_slot(struct vif *vif, const void *bytes, uint32_t len);
void vif_put_slot(struct vif *vif, const netif_tx_request_t *request);
void vif_put_extra(struct vif *vif, const netif_extra_info_t *extra);
void vif_put_gso(struct vif *vif, uint8_t type, uint16_t size, uint8_t flags);
/* Cut into so many parts, the first nr - 1 of these sizes; not published yet. */
void vif_put(struct vif *vif, const struct frame *frame, const uint16_t *sizes, unsigned int nr);
/* Page by page. */
void vif_put_whole(struct vif *vif, const struct frame *frame);
void vif_push(struct vif *vif);
void vif_send(struct vif *vif, const struct frame *frame);
/* One answer, or false: none in that time. */
bool vif_take_answer(struct vif *vif, unsigned int ms);
/* Of the slot that was put as number i, counted from req_prod. */
const struct vif_sent *vif_sent(const struct vif *vif, ring_idx i);

/* A message, of a vif with a control ring, and its answer. */
struct xen_netif_ctrl_response vif_ask(struct vif *vif, uint16_t type, uint32_t a, uint32_t b, uint32_t c);

/* ---- receiving ---- */
void vif_post(struct vif *vif, uint16_t page); /* not published yet */
/* The next frame that the other vif has sent. false: none in that time. */
bool vif_receive(struct vif *vif, struct frame *frame, unsigned int ms);

#endif
