/* SPDX-License-Identifier: MIT */
/*
 * What a vif's guest has registered (static_grants.h) in a file on tmpfs beside the device's journals, for the daemon
 * that goes on with the connection. Each queue has a place of its own in it, which takes memory from the queue's first
 * page on. Like that of state.h it has room for the list twice: whenever its writer dies there is the list before the
 * change or the one after it.
 *
 * Use: net_static_file_begin() or net_static_file_resume(); net_static_file_next(), fill it, net_static_file_commit();
 * net_static_file_close(). The file is removed by who owns the device, with the connection.
 * Thread: the queue's worker. Errors: -errno; never logs.
 */
#ifndef BACKEND_NET_STATIC_FILE_H
#define BACKEND_NET_STATIC_FILE_H

#include "backend/core/journal.h"
#include "common/wire/xen_netif.h"

#define NET_STATIC_ENDING "static" /* of the file's name, beside the journals */

/* For each queue: the pages of two full rings. A guest's message has as many entries at most. */
#define NET_STATIC_MAX_PAGES 512

struct net_static_list {
	uint32_t nr;
	struct xen_netif_gref entry[NET_STATIC_MAX_PAGES]; /* their status is nothing */
};

struct net_static_file {
	char magic[8];
	uint32_t version;
	uint32_t list_bytes;
	struct journal_identity whose; /* of the queue's first ring */
	uint64_t generation;           /* list[generation % 2] holds */
	struct net_static_list list[2];
};

/* The place of this queue, with nothing in it; path: of the vif's file. -ENOSPC: no room for it. */
int net_static_file_begin(struct net_static_file **file, const char *path, unsigned int queue,
			  const struct journal_identity *whose);
/* What the daemon before us left. -ENOENT: nothing, or nothing that we know. */
int net_static_file_resume(struct net_static_file **file, const char *path, unsigned int queue,
			   const struct journal_identity *whose);
/* NULL: nothing happens. */
void net_static_file_close(struct net_static_file *file);

const struct net_static_list *net_static_file_list(const struct net_static_file *file);
/* Empty, to be filled. */
struct net_static_list *net_static_file_next(struct net_static_file *file);
void net_static_file_commit(struct net_static_file *file);

#endif
