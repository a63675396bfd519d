/* SPDX-License-Identifier: MIT */
/*
 * What a vif's guest has set on this connection, and nothing but we know: neither xenstore nor the rings say it. It is
 * in a file on tmpfs beside the device's journals, for the daemon that goes on with the connection.
 *
 * The file has room for it twice. A change is made in the place that does not hold, and holds when the generation has
 * been raised; so whenever its writer dies there is the state before the change or the one after it.
 *
 * Use: net_state_open() once the device is claimed; net_state_begin() or net_state_resume(); then who sets something
 * net_state_edit() ... net_state_commit(), who goes by it net_state_look() now and then, and its own copy meanwhile.
 * Thread: edit, commit and look any; the others the device's, while no queue runs.
 * Errors: -errno with a reason; never logs.
 */
#ifndef BACKEND_NET_STATE_H
#define BACKEND_NET_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/core/journal.h"
#include "backend/net/multicast.h"

#define NET_STATE_MAGIC       "PVRINGN"
#define NET_STATE_VERSION     1
#define NET_HASH_KEY_BYTES    40
#define NET_HASH_MAX_MAPPING  128

struct errbuf;

/* All zero: a guest that has set nothing. */
struct net_settings {
	uint32_t hash_algorithm; /* XEN_NETIF_CTRL_HASH_ALGORITHM_... */
	uint32_t hash_types;     /* XEN_NETIF_CTRL_HASH_TYPE_..., or-ed */
	uint8_t hash_key[NET_HASH_KEY_BYTES];
	uint32_t nr_mapping;                    /* 0: the hash modulo the number of queues */
	uint32_t mapping[NET_HASH_MAX_MAPPING]; /* numbers of queues */
	struct net_multicast multicast;
	uint32_t xdp_headroom_bytes;
};

#define NET_STATE_ENDING "state" /* of the file's name, beside the journals */

struct net_state_file {
	char magic[8];
	uint32_t version;
	uint32_t settings_bytes;
	struct journal_identity whose;   /* of the connection's first ring */
	uint64_t generation;             /* settings[generation % 2] holds */
	struct net_settings settings[2];
};

struct net_state {
	char path[256];
	struct net_state_file *file; /* NULL: not open */
	pthread_mutex_t lock;        /* of the file's settings and generation */
};

/* A reader's own copy. All zero: it has not looked yet. */
struct net_state_view {
	uint64_t generation;
	struct net_settings settings;
};

/* Opens or creates it. -ENOSPC: no room for it. */
int net_state_open(struct net_state *state, const char *path, struct errbuf *err);
/* Leaves the file as it is. */
void net_state_close(struct net_state *state);
/* The connection is over: there is nothing to go on with. */
void net_state_remove(struct net_state *state);

/* A new connection: nothing is set. */
void net_state_begin(struct net_state *state, const struct journal_identity *whose);
/*
 * Goes on with what the daemon before us left. One that knew of no such file has left nothing, or what an earlier
 * connection had set: then nothing is set. -EPROTONOSUPPORT: it is of a version that we do not know; -EINVAL: it holds
 * what no guest can have set.
 */
int net_state_resume(struct net_state *state, const struct journal_identity *whose, unsigned int nr_queues,
		     struct errbuf *err);

/* What holds, to be changed; nobody else can change or look before net_state_commit(). Must not take long. */
struct net_settings *net_state_edit(struct net_state *state);
void net_state_commit(struct net_state *state);
/* Brings the copy up to date. true: something was changed since. Costs next to nothing if not. */
bool net_state_look(struct net_state *state, struct net_state_view *view);

#endif
