/* SPDX-License-Identifier: MIT */
/*
 * Typed nodes: reading is parsing and checking at once, so that a value that is returned is a value in range.
 *
 * A node is named by its directory and its name ("" or NULL: the directory itself).
 * Errors (the same words everywhere, see store.h): -ENOENT missing; -EINVAL not of that type, or with control
 * characters; -ERANGE a number, but not from min to max; -E2BIG too long; -ENAMETOOLONG the path; else libxenstore's.
 */
#ifndef XENBUS_NODE_H
#define XENBUS_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenbus/store.h"

/* Writes a path (or anything else) that must fit: -ENAMETOOLONG otherwise. */
int xb_path(char *buf, size_t size, struct errbuf *err, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Control characters, and so embedded NULs, are refused; an empty string is fine. buf is "" on every error. */
int xb_read_string(struct xb_store *store, const char *dir, const char *name, char *buf, size_t size,
		   struct errbuf *err);
/* The same, a missing node giving def. */
int xb_read_string_or(struct xb_store *store, const char *dir, const char *name, const char *def, char *buf,
		      size_t size, struct errbuf *err);
/* Decimal digits only. *out is written on success only. */
int xb_read_u32(struct xb_store *store, const char *dir, const char *name, uint32_t min, uint32_t max, uint32_t *out,
		struct errbuf *err);
/* The same, a missing node giving def (which need not be from min to max). */
int xb_read_u32_or(struct xb_store *store, const char *dir, const char *name, uint32_t def, uint32_t min, uint32_t max,
		   uint32_t *out, struct errbuf *err);
int xb_read_u64(struct xb_store *store, const char *dir, const char *name, uint64_t min, uint64_t max, uint64_t *out,
		struct errbuf *err);

/* What a frontend offers to map or to bind: a grant reference, which 0 is none of, and an event channel. */
int xb_read_gref(struct xb_store *store, const char *dir, const char *name, uint32_t *gref, struct errbuf *err);
int xb_read_port(struct xb_store *store, const char *dir, const char *name, uint32_t *port, struct errbuf *err);

/* What a peer may write, as a row: absent gives def; offset is where the uint32_t stands in the reader's struct. */
struct xb_node_u32 {
	const char *name;
	uint32_t def, min, max;
	size_t offset;
};

/* Reads every row into base; stops at the first that is wrong. */
int xb_read_nodes(struct xb_store *store, const char *dir, const struct xb_node_u32 *rows, size_t nr_rows, void *base,
		  struct errbuf *err);

/* false also when that cannot be found out. */
bool xb_exists(struct xb_store *store, const char *dir, const char *name);

/* A new node gets its parent's permissions; parents are created. */
int xb_write(struct xb_store *store, const char *dir, const char *name, struct errbuf *err, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
int xb_mkdir(struct xb_store *store, const char *path, struct errbuf *err);
/* With everything below it. A node that is not there is fine. */
int xb_remove(struct xb_store *store, const char *path, struct errbuf *err);
/* Removes path, then its parents as long as they are empty; stops at `stop`, which stays. */
int xb_remove_up_to(struct xb_store *store, const char *path, const char *stop, struct errbuf *err);

/* The children's names: one free(*names) releases all. -ENOENT: there is no such directory. */
int xb_list(struct xb_store *store, const char *path, char ***names, unsigned int *nr_names, struct errbuf *err);

/* owner may do everything, reader may read, nobody else anything (domain 0 always may). */
int xb_set_perms(struct xb_store *store, const char *path, uint32_t owner, uint32_t reader, struct errbuf *err);

#endif
