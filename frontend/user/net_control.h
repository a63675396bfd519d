/* SPDX-License-Identifier: MIT */
/*
 * The control ring of a vif: one message at a time, and its answer. What a message refers to (a key, a mapping) stands
 * in the one page that is granted for that.
 *
 * Use: net_control_open(), publish; net_control_ask() while connected; net_control_fini() when the backend has let go.
 * Thread: one owner. Trust: the answer is the backend's; one that is not to this message breaks the ring.
 * Errors: -errno with the reason; never logs.
 */
#ifndef FRONTEND_USER_NET_CONTROL_H
#define FRONTEND_USER_NET_CONTROL_H

#include "common/wire/xen_netif.h"
#include "frontend/user/queue.h"

struct net_control {
	struct front_queue queue;
	struct grant_pool page;
	uint16_t next_id;
};

void net_control_init(struct net_control *control);
int net_control_open(struct net_control *control, xengntshr_handle *gntshr, uint32_t domid, struct errbuf *err);
void net_control_fini(struct net_control *control);

/*
 * The message's id is filled in. Blocks until there is an answer. -ETIMEDOUT: there is none; -EPROTO: none that a
 * correct backend gives. After either there is nothing more to be asked.
 */
int net_control_ask(struct net_control *control, const struct xen_netif_ctrl_request *message, uint32_t timeout_ms,
		    struct xen_netif_ctrl_response *answer, struct errbuf *err);

#endif
