/* SPDX-License-Identifier: MIT */
/*
 * The nodes of a directory as they are at one moment, to be compared with what they are later.
 *
 * Thread: the main thread. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_NODES_H
#define TESTS_CONFORM_PEER_NODES_H

#include "tests/conform/peer/front.h"

#define NODES_MAX   64
/* Writes, for a second: a backend that takes milliseconds for each is late by far. Fewer where a write takes long. */
#define NODES_FLOOD    10000
#define NODES_FLOOD_MS 10000

struct nodes {
	unsigned int nr;
	struct {
		char name[64];
		char value[256];
	} node[NODES_MAX];
};

/* The numbers that a backend may offer, as docs/protocol.md, 2.3, names them. */
extern const char *const nodes_offered[];
extern const unsigned int nodes_nr_offered;

/* In one transaction. Those below a directory of the directory are not looked at. */
void nodes_read_from(struct nodes *nodes, struct xb_store *store, const char *dir);
void nodes_read(struct nodes *nodes, struct front *front, const char *dir);
/* "" if there is no such node. */
const char *nodes_get(const struct nodes *nodes, const char *name);
/* The name of one that is different, in either of them; `but` is not looked at. NULL: there is none. */
const char *nodes_compare(const struct nodes *a, const struct nodes *b, const char *but);

#endif
