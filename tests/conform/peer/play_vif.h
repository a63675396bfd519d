/* SPDX-License-Identifier: MIT */
/*
 * What play.h is of a vif: the far end of its wire. Each frame that the frontend sends comes back as mirror.h says, so
 * that a workload which looks at what it gets has both directions judged.
 *
 * Use: set what is offered; play_drive() and must_come_up(); then play_take_next(), which takes a whole frame, and
 * play_finish(), which answers its slots and gives it back, or their parts. Buffers by hand: play_vif_buffer() and
 * play_vif_put(). How a frame is put into slots every frontend is held to whatever the case is about: PLAY_VIF_CLAUSES.
 * Thread: the main thread. Never logs. Trust: the guest may write anything anywhere.
 */
#ifndef TESTS_CONFORM_PEER_PLAY_VIF_H
#define TESTS_CONFORM_PEER_PLAY_VIF_H

#include "common/wire/xen_netif.h"
#include "tests/conform/peer/frame.h"
#include "tests/conform/peer/play.h"

#define PLAY_VIF_CLAUSES PLAY_CLAUSES " NET-4 NET-7 NET-11 NET-13 NET-46 NET-49 NET-52 NET-69"
#define PLAY_VIF_SLOTS   256 /* of either ring */
#define PLAY_VIF_PARTS   18  /* of a frame, that every frontend takes */
#define PLAY_VIF_MAX_HELD 64
#define PLAY_VIF_MAX_STATIC (BACK_PAGE_BYTES / sizeof(struct xen_netif_gref))

/* A frame that was taken: its slots, and its octets. */
struct play_vif_frame {
	unsigned int nr_slots, nr_data;
	netif_tx_request_t slot[PLAY_VIF_SLOTS]; /* the first one's size being what is in it */
	bool is_extra[PLAY_VIF_SLOTS];
	bool is_message; /* to us: it has an extra about multicast, and is no frame */
	struct frame frame;
};

struct play_vif {
	struct play play; /* the first; its ring is that of what the frontend sends */
	struct back rx;   /* what it receives by; of its device only the guest's number is used */
	/* What it offers; set before play_offer(). */
	bool has_sg, has_gso_tcpv4, has_gso_tcpv6, has_csum_ipv4, has_csum_ipv6, has_two_ports;
	bool has_control, has_multicast;
	bool has_static; /* with a control ring: pages can be registered */
	/* What the frontend has published. */
	bool takes_sg, takes_gso[3], takes_csum[7]; /* by the type, by the version of IP */
	bool uses_two_ports;
	uint8_t mac[6]; /* that it is to use */
	/* How a frame is put into its buffers, unless that takes more than PLAY_VIF_PARTS. */
	uint32_t part_bytes; /* at most in each */
	uint16_t part_offset;
	bool relies_on_events; /* of buffers: NET-5 */
	/* The control ring, if it has one, and what it has said there. */
	struct back control;
	bool hashes;
	uint32_t hash_flags;
	uint8_t key[FRAME_KEY_BYTES];
	unsigned int nr_registered;
	uint32_t registered[PLAY_VIF_MAX_STATIC];
	/* The frame that was taken last, and what there was so far. */
	struct play_vif_frame taken;
	unsigned int nr_held;
	struct play_vif_frame held[PLAY_VIF_MAX_HELD];
	uint64_t nr_large, nr_in_slots, nr_messages, nr_asked;
};

extern const struct play_class play_vif_class;

struct play_vif *play_vif_of(struct play *play);
/* Nothing that is optional, but for blank checksums of IPv4, which are there if nobody says otherwise. */
void play_vif_offer_nothing(struct play_vif *vif);

/* ---- connecting ---- */
/* The nodes of a queue, in that folder of the frontend's directory: "", or "queue-N/". */
void must_publish_queue(struct play_vif *vif, const char *folder);
void must_map_queue(struct play_vif *vif);
void must_publish_terms(struct play_vif *vif);

/* What is in the control ring, if there is one. */
void play_vif_serve_control(struct play_vif *vif);
/* The messages about pages: the status of the answer, and its data. */
uint32_t play_vif_serve_static(struct play_vif *vif, const struct xen_netif_ctrl_request *request, uint32_t *data);
/* What is registered can be used. */
void must_keep_registered(struct play_vif *vif, const char *when);

/* ---- what was taken last ---- */
/* All that it has out, until nothing has come for a while; taken is the first one of what is held then. */
void play_vif_hold_all(struct play_vif *vif);
/* Those are given back, as far as there are buffers now, and answered, all but the first `nr_answered` slots. */
void play_vif_finish_held(struct play_vif *vif, unsigned int nr_answered);
void play_vif_answer(struct play_vif *vif, int16_t status); /* of its slots of data */
void play_vif_mirror(struct play_vif *vif);
/* Of a frame's slots and octets: all that may be wrong with them fails the frontend. */
void play_vif_judge(struct play_vif *vif);

/* ---- what it receives ---- */
/* As the frontend takes it; what does not fit is dropped. */
void play_vif_give(struct play_vif *vif, const struct frame *frame);
/* So many are there. false: there will not be, as it closes. One that posts no more fails play->stall_clause. */
bool play_vif_await_buffers(struct play_vif *vif, unsigned int nr);
netif_rx_request_t play_vif_buffer(struct play_vif *vif); /* it is there */
/* Writes the octets and puts the response, which is not published yet; its status is their number. */
void play_vif_fill(struct play_vif *vif, const netif_rx_request_t *buffer, const void *bytes, uint16_t len,
		   uint16_t offset, uint16_t flags);
void play_vif_put_extra(struct play_vif *vif, const netif_extra_info_t *extra); /* takes a buffer, too */
/* The extra with the frame's hash. false: it is to have none. */
bool play_vif_hash(const struct play_vif *vif, const struct frame *frame, netif_extra_info_t *extra);
void play_vif_push(struct play_vif *vif);
void play_vif_notify(struct play_vif *vif);

#endif
