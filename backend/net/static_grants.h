/* SPDX-License-Identifier: MIT */
/*
 * The pages that a guest has registered for a queue of its vif (netif.h: static grants): they stay mapped until it says
 * otherwise, and what goes to and from them is copied by us, not by Xen. Frames are copied as they come, so no page is
 * in use between two frames: one can be given back at any moment.
 *
 * A list is mapped or unmapped bit by bit, as the worker serves others meanwhile; one list at a time.
 *
 * net_static_init() -> net_static_start() -> net_static_change() -> done(), ... -> net_static_stop() -> stopped().
 * Thread: the queue's worker; init, and the number of pages: any. Never logs.
 */
#ifndef BACKEND_NET_STATIC_GRANTS_H
#define BACKEND_NET_STATIC_GRANTS_H

#include "backend/core/loop.h"
#include "backend/core/persistent.h"
#include "backend/net/static_file.h"

struct net_queue;
struct net_static;

/* What a guest wants of its list. From another thread it goes as a message there and back. */
struct net_static_job {
	struct loop_msg msg;
	struct net_queue *queue; /* while it is a message to it */
	void (*done)(struct net_static_job *job);
	void *asker;
	bool is_removal;
	bool is_replay; /* a daemon that died may have done it, or a part of it: that counts as done by us */
	bool has_failed; /* to add: nothing was added */
	uint32_t nr, nr_done;
	struct xen_netif_gref list[NET_STATIC_MAX_PAGES]; /* of a removal each gets its status */
};

struct net_static_params {
	const char *path; /* of the vif's file */
	unsigned int number; /* of this queue of the vif */
	const struct journal_identity *whose; /* of its first ring */
	struct persistent_budget *budget;
};

struct net_static {
	struct net_static_params params;
	struct loop *loop;
	struct persistent pages;
	xengnttab_handle *xgt; /* of its own: gntdev searches a handle's maps one by one; NULL: nothing is registered */
	struct net_static_file *file; /* NULL: nothing was ever */
	struct loop_task task;
	struct net_static_job *job; /* NULL: none */
	bool is_running, is_stopping;
	void (*stopped)(struct net_static *statics);
};

void net_static_init(struct net_static *statics, const struct net_static_params *params);
/* What cannot be mapped again is as if it had never been registered: it is copied by Xen. */
void net_static_start(struct net_static *statics, struct loop *loop, bool is_resumed);
/* done() follows, maybe at once. */
void net_static_change(struct net_static *statics, struct net_static_job *job);
/* The pages go back; the list stays for who takes the connection up. Only after a start. */
void net_static_stop(struct net_static *statics, void (*stopped)(struct net_static *statics));

#endif
