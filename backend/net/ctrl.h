/* SPDX-License-Identifier: MIT */
/*
 * What a guest says on a vif's control ring: one message in, one answer out, and what it sets goes to the vif's state.
 * Every message has an answer, whatever is wrong with it: none of them ends the device.
 *
 * What changes a queue's static grants is done by the queue's worker and answered later; meanwhile nothing else is.
 * Thread: the control ring's worker. Never logs.
 * Trust: the message is a private copy. What it refers to is fetched once.
 * Source: Xen's io/netif.h, which status is whose; where it leaves a choice, xen-netback.
 */
#ifndef BACKEND_NET_CTRL_H
#define BACKEND_NET_CTRL_H

#include "backend/net/state.h"
#include "backend/net/static_grants.h"
#include "common/wire/xen_netif.h"

struct net_ctrl {
	struct net_state *state;
	unsigned int nr_queues;
	/* Copies the beginning of a page of the guest's. false: it cannot be read. */
	bool (*fetch)(void *context, uint32_t gref, void *to, uint16_t len_bytes);
	/* The other way. */
	bool (*store)(void *context, uint32_t gref, const void *from, uint16_t len_bytes);
	/* Has a queue's worker do that. net_ctrl_finish() follows, with the same job, which is freed there. */
	void (*change)(void *context, unsigned int queue, struct net_static_job *job);
	void *context;
};

/* false: it is answered when ctrl->change() is done. */
bool net_ctrl_answer(const struct net_ctrl *ctrl, const struct xen_netif_ctrl_request *request,
		     struct xen_netif_ctrl_response *response);
void net_ctrl_finish(const struct net_ctrl *ctrl, const struct xen_netif_ctrl_request *request,
		     struct net_static_job *job, struct xen_netif_ctrl_response *response);

#endif
