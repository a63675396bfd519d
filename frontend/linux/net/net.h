/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network frontend: what its files share. docs/protocol.md has the rules, chapter 12 those of networks.
 *
 * A vif lives from probe to remove, with its net_device and all its queues; what a connection needs (rings, ports,
 * grants, pages) lives from vif_connect() to vif_release(). One connection follows the other: after a resume, when the
 * backend comes back, when the number of queues changes.
 *
 * Who runs when:
 *	xenwatch, ethtool, open and stop	hold the RTNL: everything that makes, starts and ends connections
 *	transmission				holds the lock of the kernel's transmit queue, which is all the lock
 *						there is for a TX ring: whoever takes answers from it takes that, too
 *	a queue's NAPI				owns its RX ring
 *
 * The backend may be hostile. What no correct one says makes the vif broken (vif_break()): it is said once, nothing is
 * believed any more, and the device closes, so that it can be unplugged.
 */
#ifndef FRONTEND_LINUX_NET_NET_H
#define FRONTEND_LINUX_NET_NET_H

#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>
#include <net/xdp.h>
#include <xen/grant_table.h>
#include <xen/interface/io/netif.h>
#include <xen/xenbus.h>

#include "common/ring/front.h"
#include "frontend/linux/net/compat.h"

#define VIF_MAX_QUEUES	   8
#define VIF_RING_SLOTS	   256
#define VIF_MAX_DATA_SLOTS XEN_NETIF_NR_SLOTS_MIN /* of a frame that we send: what every backend takes */
#define VIF_MAX_SLOTS	   (VIF_MAX_DATA_SLOTS + 1) /* and the extra of a large packet */
#define VIF_MIN_RING	   64 /* what ethtool may make of 256 */
#define VIF_MAX_PIECES	   64 /* of a frame that we receive: 64 KiB are in 17 pages, if they are used well */
#define VIF_MAX_RECEIVED   (17 * XEN_PAGE_SIZE)
#define VIF_MAX_GROUPS	   64
#define VIF_HASH_KEY	   40
#define VIF_HASH_MAPPING   128
#define VIF_WAIT	   (5 * HZ) /* for whatever the backend has to do */

struct vif;

/* A page and the grant by which the backend reaches it. */
struct vif_page {
	struct page *page;
	grant_ref_t ref;
};

/*
 * page.c. A page that holds nothing, or is closed already: closing it is fine, too. Closed while the backend still uses
 * it, it is freed when it does not any more.
 */
int vif_page_open(struct vif *vif, struct vif_page *page, int readonly);
void vif_page_close(struct vif_page *page);

/* ---- sending: tx.c --------------------------------------------------------------------------------------------- */

/*
 * Each id has a page of its own, which the backend may read from connect to disconnect: what is copied there leaves
 * without an operation on grants. Or it has a part of a frame lent to it, from the request to the answer.
 */
struct vif_tx_slot {
	struct vif_page own;
	struct vif_page lent; /* page: NULL when nothing is lent; the ref is there from connect to disconnect */
	bool is_out;
	u8 first; /* the id of its frame's first slot */
	/* Of the first one: */
	u8 nr_out;
	s8 status; /* the worst answer so far */
	bool is_message; /* it asks for something, and carries no frame */
	u32 len_bytes;
	struct sk_buff *skb; /* NULL: all of it was copied, and nobody waits for it */
};

struct vif_tx {
	struct ring_front ring;
	void *shared;
	grant_ref_t ring_ref;
	evtchn_port_t port; /* of both rings, if there is no other */
	unsigned int irq;
	struct vif_tx_slot slot[VIF_RING_SLOTS];
	u8 free[VIF_RING_SLOTS]; /* a stack of ids */
	u16 nr_free;
	u16 nr_extras_out;
};

/* ---- receiving: rx.c ------------------------------------------------------------------------------------------- */

struct vif_rx_piece {
	u8 slot; /* whose buffer it is in */
	u16 offset;
	u16 len_bytes;
};

/* A frame, as far as its responses have come. */
struct vif_rx_frame {
	struct vif_rx_piece piece[VIF_MAX_PIECES];
	unsigned int nr_pieces;
	unsigned int nr_slots;
	u32 len_bytes;
	u16 flags; /* XEN_NETRXF_..., of its first slot */
	bool wants_data, wants_extra; /* what the next slot is; neither: the first one of a frame */
	bool is_bad; /* the backend could not fill one of its slots */
	u8 extras_seen; /* a bit for each type */
	u8 gso_type, hash_type;
	u16 gso_size;
	u32 hash;
};

/* Each slot has a buffer of its own, from connect to disconnect. */
struct vif_rx {
	struct ring_front ring;
	void *shared;
	grant_ref_t ring_ref;
	evtchn_port_t port; /* 0: the TX ring's is of both */
	unsigned int irq;
	struct vif_page buffer[VIF_RING_SLOTS];
	ring_idx nr_taken; /* what the buffers before this index held has been copied */
	struct vif_rx_frame frame;
	struct page_pool *pool; /* where it is copied to */
	struct xdp_rxq_info xdp_rxq;
};

/* ---- a queue --------------------------------------------------------------------------------------------------- */

enum vif_queue_bit {
	VIF_TX_EOI, /* an event of that ring has not been ended: its port stays masked */
	VIF_RX_EOI,
	VIF_WORKED, /* something was found since then, in whichever ring */
};

struct vif_stats {
	struct u64_stats_sync rx_sync; /* by the NAPI */
	u64 rx_packets, rx_bytes, rx_errors, rx_dropped, rx_slots;
	u64 xdp_drop, xdp_pass, xdp_tx, xdp_redirect, xdp_generic;
	struct u64_stats_sync tx_sync; /* under the lock of the transmit queue */
	u64 tx_packets, tx_bytes, tx_errors, tx_dropped, tx_copied, tx_slots, tx_stops, xdp_xmit;
};

struct vif_queue {
	struct vif *vif;
	unsigned int number;
	struct napi_struct napi;
	unsigned long bits; /* enum vif_queue_bit */
	char tx_name[IFNAMSIZ + 8], rx_name[IFNAMSIZ + 8]; /* of the interrupts */
	struct vif_tx tx;
	struct vif_rx rx;
	struct vif_stats stats;
};

/* ---- the device ------------------------------------------------------------------------------------------------ */

/* What the backend offers, read once for each connection and within its bounds: terms.c. */
struct vif_terms {
	unsigned int max_queues;
	bool takes_sg, takes_tcpv4, takes_tcpv6, takes_csum_ipv4, takes_csum_ipv6;
	bool splits_ports;
	bool has_control;
	bool filters_multicast; /* and lets us change our mind */
};

/* Messages to the backend and its answers, one at a time: ctrl.c. */
struct vif_control {
	struct ring_front ring;
	void *shared;
	grant_ref_t ring_ref;
	evtchn_port_t port;
	unsigned int irq;
	unsigned long eoi; /* bit 0 */
	wait_queue_head_t wait;
	struct vif_page page; /* what a message refers to */
	u16 next_id;
	bool is_dead; /* a message had no answer, or a wrong one */
};

struct vif {
	struct net_device *dev;
	struct xenbus_device *xdev;
	struct vif_queue *queue; /* [max_queues], from probe to remove */
	unsigned int max_queues;
	unsigned int wanted_queues; /* by ethtool */
	unsigned int nr_queues;	    /* of the connection */
	u16 tx_slots, rx_buffers;   /* by ethtool */
	struct vif_terms terms;
	struct vif_control control;
	bool is_connected; /* there are rings, and they are announced */
	bool is_up;	   /* the backend is Connected, too */
	bool is_started;   /* NAPI runs */
	bool is_trusted;
	bool is_static; /* the backend keeps our pages mapped */
	bool copies;	/* lends it no other page */
	bool comes_back; /* begin again when the backend has let go */
	unsigned long is_broken; /* bit 0 */
	const char *why;	 /* it is broken */
	struct work_struct break_work;
	struct bpf_prog __rcu *xdp;
	/* By ethtool, told to every backend that listens: */
	u8 hash_key[VIF_HASH_KEY];
	u32 hash_mapping[VIF_HASH_MAPPING];
	bool hash_is_set; /* the mapping, by somebody */
	bool hash_is_on;  /* the backend goes by it */
	/* Multicast: what the backend knows. */
	struct work_struct groups_work;
	u8 group[VIF_MAX_GROUPS][ETH_ALEN];
	unsigned int nr_groups;
	bool gets_all_groups;
};

extern unsigned int vif_param_max_queues;
extern bool vif_param_trusted;
extern bool vif_param_static_grants;
extern bool vif_param_multicast;

/* main.c. Any context; why: a constant. The first of several is said. */
void vif_break(struct vif *vif, const char *why);
static inline bool vif_is_broken(const struct vif *vif)
{
	return READ_ONCE(vif->is_broken);
}

/* netdev.c. The net_device, and its queues without a connection; free_netdev() ends it. */
struct net_device *vif_make_netdev(struct xenbus_device *xdev);
void vif_free_netdev(struct net_device *dev);
void vif_start(struct vif *vif);
void vif_stop(struct vif *vif);

/* terms.c. -errno, and which node was wrong. */
int vif_read_terms(struct vif *vif, const char **what);
int vif_read_identity(struct vif *vif, const char **what);

/*
 * connect.c. All hold the RTNL. vif_connect() leaves nothing behind when it fails; vif_up() when the backend is
 * Connected; vif_down() ends all traffic; vif_release() gives everything back, when the backend should have let go.
 */
int vif_connect(struct vif *vif, const char **what);
void vif_up(struct vif *vif);
void vif_down(struct vif *vif);
void vif_release(struct vif *vif);
/* Ends this connection, for another one with other terms. */
void vif_reconnect(struct vif *vif);

/* publish.c */
int vif_publish(struct vif *vif, const char **what);
void vif_unpublish(struct vif *vif);

/* queue.c */
int vif_queue_open(struct vif_queue *q, const char **what);
void vif_queue_close(struct vif_queue *q);
int vif_poll(struct napi_struct *napi, int budget);

/* tx.c */
int vif_tx_open(struct vif_queue *q);
void vif_tx_close(struct vif_queue *q);
netdev_tx_t vif_tx_start(struct sk_buff *skb, struct net_device *dev);
/* Takes answers. true: there are more, or come at once. */
bool vif_tx_clean(struct vif_queue *q, int budget);
/* Publishes what was put. Under the lock of the transmit queue, as all of tx_put.c. */
void vif_tx_push(struct vif_queue *q);

/*
 * tx_put.c. What is put needs up to VIF_MAX_SLOTS slots of the room there is. false: a frame that cannot be read, or
 * there was no room. An skb is kept until it is answered.
 */
u32 vif_tx_room(const struct vif_queue *q);
void vif_tx_give_id(struct vif_tx *tx, u8 id);
bool vif_tx_put_skb(struct vif_queue *q, struct sk_buff *skb);
bool vif_tx_put_copy(struct vif_queue *q, const void *data, u32 len);
bool vif_tx_put_group(struct vif_queue *q, bool is_added, const u8 *address);

/* rx.c */
int vif_rx_open(struct vif_queue *q);
void vif_rx_close(struct vif_queue *q);
int vif_rx_poll(struct vif_queue *q, int budget);
void vif_rx_post(struct vif_queue *q);

/* rx_frame.c. slot: a copy of what stands in the ring. What is wrong, in words, or NULL. */
const char *vif_rx_add_slot(struct vif_rx_frame *frame, const void *slot, u8 number);
static inline bool vif_rx_is_whole(const struct vif_rx_frame *frame)
{
	return !frame->wants_data && !frame->wants_extra;
}

/* rx_skb.c. NULL: dropped, and counted. */
struct sk_buff *vif_rx_make_skb(struct vif_queue *q, const struct vif_rx_frame *frame);
/* What is said of a frame beside its octets. false: it cannot be true. */
bool vif_rx_describe(struct vif_queue *q, const struct vif_rx_frame *frame, struct sk_buff *skb);
static inline const void *vif_rx_bytes(const struct vif_queue *q, const struct vif_rx_piece *piece)
{
	return page_address(q->rx.buffer[piece->slot].page) + piece->offset;
}

/* xdp.c */
int vif_xdp_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int vif_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags);
/* Runs the program. The skb that is left to be received, or NULL. needs_flush: see xdp_do_flush(). */
struct sk_buff *vif_xdp_run(struct vif_queue *q, struct bpf_prog *prog, const struct vif_rx_frame *frame,
			    bool *needs_flush);

/* ctrl.c */
int vif_control_open(struct vif *vif);
void vif_control_close(struct vif *vif);
/* Holds the RTNL, sleeps. 0, -EOPNOTSUPP: the backend refuses; -EIO: there is no use in asking again. */
int vif_control_ask(struct vif *vif, u16 type, u32 data0, u32 data1, u32 data2, u32 *answer);

/* rss.c: -errno as vif_control_ask(). */
void vif_rss_init(struct vif *vif);
int vif_rss_apply(struct vif *vif);

/* static_grants.c */
void vif_static_register(struct vif *vif);

/* multicast.c */
void vif_groups_work(struct work_struct *work);
void vif_set_rx_mode(struct net_device *dev);

/* ethtool.c */
extern const struct ethtool_ops vif_ethtool_ops;

#endif
