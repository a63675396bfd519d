/* SPDX-License-Identifier: MIT */
/*
 * A network frontend as a library: the vif that a backend offers this domain, sent to and received from without a
 * kernel driver. Of each queue, a ring for each direction.
 *
 * Use: netfront_new(), netfront_connect(); then, as often as wanted,
 *	netfront_send(front, queue, &frame, NULL, 0)	-EAGAIN: later, after a poll
 *	netfront_push(front);				publishes what was sent, notifies once
 *	while (netfront_poll(front, max) > 0)		calls received() and sent()
 *		;
 *	netfront_wait(front, timeout_ms);		or poll(2) on netfront_fd()
 * and netfront_disconnect(), netfront_free(). After a disconnect the same front can be connected again.
 *
 * Frames are copied to and from pages that are granted from connect to disconnect: what is received is private.
 *
 * Thread: one owner. Trust: the backend may be hostile. An answer no correct backend gives (an id that is not out, data
 * beyond a page, an index out of bounds, what was not agreed to) makes the front BROKEN: it says why once
 * (netfront_why()), and can be disconnected. Errors: -errno, the reason in err where there is one; never logs.
 */
#ifndef FRONTEND_USER_NET_H
#define FRONTEND_USER_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/errbuf.h"
#include "frontend/user/net_control.h"
#include "frontend/user/net_frame.h"
#include "frontend/user/net_terms.h"
#include "frontend/user/net_tx.h"

#define NETFRONT_MAX_QUEUES 8

struct netfront;

struct netfront_config {
	uint32_t devid;
	uint32_t timeout_ms;		       /* for connect and disconnect */
	uint32_t nr_queues;		       /* at most, up to NETFRONT_MAX_QUEUES; 0: one */
	uint32_t nr_tx_buffers, nr_rx_buffers; /* pages of each queue; powers of two up to 256; 0: 256 */
	struct net_features features;	       /* what we take, and use if the backend takes it */
	bool shares_event_channel;	       /* one for both rings, also where the backend offers two */
	bool has_control;		       /* a control ring; a backend that offers none is an error */
	bool filters_multicast;		       /* of multicast groups only those of netfront_change_group() */

	/* The bytes are the callback's until it returns. It may send, not poll. */
	void (*received)(void *arg, unsigned int queue, uint8_t *bytes, uint32_t len_bytes,
			 const struct net_meta *meta);
	void (*sent)(void *arg, const struct net_sent *sent); /* may be NULL */
	void *arg;
};

enum netfront_state {
	NETFRONT_CLOSED,
	NETFRONT_CONNECTED,
	NETFRONT_CLOSING, /* the backend or the toolstack wants the vif back: disconnect soon */
	NETFRONT_BROKEN,
};

struct netfront_counters {
	uint64_t tx_frames, tx_bytes, tx_slots; /* frames and bytes: those the backend answered to be fine */
	uint64_t tx_errors, tx_dropped;		/* frames it answered otherwise */
	uint64_t refused_groups;
	uint64_t rx_frames, rx_bytes, rx_slots;
	uint64_t rx_errors; /* frames it gave up, or too short for Ethernet */
};

/* NULL: out of memory. Touches nothing outside the process. */
struct netfront *netfront_new(const struct netfront_config *config);
/* Of a front that is still connected the backend sees a process that went away. NULL is fine. */
void netfront_free(struct netfront *front);

/*
 * -ETIMEDOUT: no backend, or it does not get on; -ENOENT: no such device; -ENOSPC: too many pages to grant;
 * -EOPNOTSUPP: the backend has no way to receive by. The front is CLOSED after any error.
 */
int netfront_connect(struct netfront *front, struct errbuf *err);
/*
 * Closes with the backend, then takes the pages back. Frames that are out are dropped. -ETIMEDOUT: the backend did not
 * let go in time; the front is CLOSED all the same.
 */
int netfront_disconnect(struct netfront *front, struct errbuf *err);

enum netfront_state netfront_state(const struct netfront *front);
/* Why it is CLOSING or BROKEN; "" otherwise. */
const char *netfront_why(const struct netfront *front);
/* While connected: as many as we wanted, or fewer, if the backend has no more. */
unsigned int netfront_nr_queues(const struct netfront *front);
/* While connected. */
const struct net_identity *netfront_identity(const struct netfront *front);
/* What we may send: what the backend takes and our config has. */
const struct net_features *netfront_sends(const struct netfront *front);
uint32_t netfront_nr_out(const struct netfront *front); /* frames without an answer */
/* Since the last connect. */
struct netfront_counters netfront_counters(const struct netfront *front);

/* front_tx_send(), or -ESHUTDOWN: not connected. Without pieces the frame is cut page by page. */
int netfront_send(struct netfront *front, unsigned int queue, const struct net_outgoing *frame,
		  const struct net_piece *pieces, unsigned int nr_pieces);
void netfront_push(struct netfront *front);
/* front_tx_change_group(), or -ESHUTDOWN; -EOPNOTSUPP: the backend has no such list, or was not asked to go by it. */
int netfront_change_group(struct netfront *front, bool is_added, const uint8_t address[6]);

/*
 * Takes all answers, and up to max received frames of each queue: how many of either. 0: there are none, and the next
 * one makes the fd readable. -EPROTO: BROKEN; -ESHUTDOWN: not connected.
 */
int netfront_poll(struct netfront *front, unsigned int max);

/* The page that messages of the control ring refer to. */
uint8_t *netfront_control_page(struct netfront *front, uint32_t *gref);
/* net_control_ask() with the timeout of config, or -ESHUTDOWN: not connected. For a front that has a control ring. */
int netfront_control(struct netfront *front, const struct xen_netif_ctrl_request *message,
		     struct xen_netif_ctrl_response *answer, struct errbuf *err);

/*
 * Has the backend keep our pages mapped until the disconnect, so that it copies from and to them by itself. For a front
 * that has a control ring. -EOPNOTSUPP: it does not, or not so many: frames go on as without.
 */
int netfront_register_buffers(struct netfront *front, struct errbuf *err);

/* The same from connect to disconnect. */
int netfront_fd(const struct netfront *front);
/* When the fd is readable: takes in events and changes of the backend's state. 0, or -EPROTO: BROKEN. */
int netfront_take_events(struct netfront *front);
/* poll(2) on the fd, then netfront_take_events(). Call it only after netfront_poll() returned 0. */
int netfront_wait(struct netfront *front, int timeout_ms);

#endif
