/* SPDX-License-Identifier: MIT */
/*
 * The journal: every request that was taken from a ring and not yet answered, in a file on tmpfs that outlives the
 * process. One file per queue; its lock is also the claim on the device: two daemons never serve one.
 *
 * The order of the steps, so that a reader can tell what happened wherever the writer died:
 *	entry written, req_cons advanced, ... served ..., response index noted, response in the ring, rsp_prod pushed,
 *	entry freed, frontend notified.
 * An entry was answered if and only if its response index is noted and lies before the ring's rsp_prod.
 * The writer dies alone, memory survives: no barrier beyond the compiler's is needed.
 *
 * docs/restart.md argues what follows from that for each step at which it may have died.
 *
 * Thread: journal_open(), _close(), _remove(), _check() and _has_connection() while no worker uses the queue; the
 * others on the worker's.
 * Errors: -errno with a reason; never logs.
 */
#ifndef BACKEND_CORE_JOURNAL_H
#define BACKEND_CORE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#define JOURNAL_MAGIC         "PVRINGJ"
#define JOURNAL_VERSION       1
#define JOURNAL_REQUEST_BYTES 160 /* the largest request slot of any class: a USB one is 148 */
#define JOURNAL_MAX_ENTRIES   1024
#define JOURNAL_MAX_REFS      16

struct errbuf;

enum journal_state {
	JOURNAL_UNUSED = 0, /* no connection: nothing to take up */
	JOURNAL_LIVE = 1,   /* a process serves the ring, or died doing so */
	JOURNAL_CLEAN = 2,  /* handed over: everything taken was answered, go on at rsp_prod */
};

/* Which connection this is about. All of it must agree with xenstore before a ring is taken up again. */
struct journal_identity {
	char kind[16];
	char domain_uuid[40];
	char protocol[16];
	uint32_t domid, devid, queue;
	uint32_t remote_port;
	uint32_t nr_refs;
	uint32_t ref[JOURNAL_MAX_REFS];
	uint32_t nr_slots, request_bytes, response_bytes;
	uint64_t features; /* what was agreed, by class */
};

enum journal_entry_state {
	JOURNAL_ENTRY_FREE = 0,
	JOURNAL_ENTRY_TAKEN = 1,
	JOURNAL_ENTRY_ANSWERING = 2, /* response_index is valid */
	JOURNAL_ENTRY_ABANDONED = 3, /* for a request that nobody will answer; which one, nobody knows */
};

struct journal_entry {
	uint32_t state;
	uint32_t request_index; /* the ring index it was taken from */
	uint32_t response_index;
	uint32_t nr_replays; /* how many daemons in a row have begun to serve it again, and died soon */
	uint8_t request[JOURNAL_REQUEST_BYTES];
};

struct journal_file {
	char magic[8];
	uint32_t version;
	uint32_t entry_bytes;
	uint32_t nr_entries; /* as many as the ring has slots */
	uint32_t state;
	uint32_t req_cons;
	uint32_t rsp_prod; /* valid when clean */
	uint32_t writer_pid; /* who wrote what is above and below */
	uint32_t holder_pid; /* who has the claim: not the writer, as long as it only looks */
	struct journal_identity identity;
	struct journal_entry entry[];
};

struct journal {
	char path[256];
	int fd;
	struct journal_file *file;
	uint32_t nr_resumed;   /* requests that another process left unanswered when this one went on with it */
	uint32_t nr_abandoned; /* requests that nobody will answer for as long as the connection lasts */
	bool is_given_up;      /* the operator has said so: its ring is taken up without it, once (queue_recover.h) */
};

void journal_init(struct journal *journal);
/*
 * Opens or creates the file and claims it. -EBUSY: another process holds the claim (its pid is in the reason) or has
 * just given it up: try again. -ENOSPC: no room for it.
 */
int journal_open(struct journal *journal, const char *path, struct errbuf *err);
/* By somebody, of this process or another. */
bool journal_is_claimed(const char *path);
/* Gives the claim up and leaves the file as it is. */
void journal_close(struct journal *journal);
/* Removes the file: the device is gone for good. */
void journal_remove(struct journal *journal);

/* A new connection: all entries free. */
int journal_begin(struct journal *journal, const struct journal_identity *identity, uint32_t req_cons,
		  struct errbuf *err);
void journal_end(struct journal *journal);
/* A connection was begun that did not end: it was handed over, or its daemon died. */
bool journal_has_connection(const struct journal *journal);
/*
 * 0: about this very connection. Else the reason why it cannot be used. What only the ring can tell is
 * journal_find_unanswered()'s.
 */
int journal_check(const struct journal *journal, const struct journal_identity *identity, struct errbuf *err);

/* What another process left in a ring, as its journal and the ring have it together. */
struct journal_unanswered {
	uint32_t req_cons, rsp_prod;
	uint32_t nr_abandoned;
	uint32_t nr; /* of the others */
	uint32_t *slots; /* the oldest first; the caller's, room for as many as the ring has */
};
/* -EUCLEAN: the two do not agree. Changes nothing. */
int journal_find_unanswered(const struct journal *journal, uint32_t ring_rsp_prod, struct journal_unanswered *found,
			    struct errbuf *err);
/* Goes on with it: those are taken, all others are free. May be cut short and done again. */
int journal_resume(struct journal *journal, const struct journal_unanswered *found, struct errbuf *err);

/* So many of those that a new connection begins with are nobody's. All entries are free. */
void journal_abandon(struct journal *journal, uint32_t nr);
/* Whoever began to serve it did not die of it. */
void journal_cleared(struct journal *journal, uint32_t slot);
/* Is served once more. */
void journal_replayed(struct journal *journal, uint32_t slot);
void journal_taken(struct journal *journal, uint32_t slot, uint32_t request_index);
/* The newest that was taken is in the ring again. */
void journal_given_back(struct journal *journal, uint32_t slot);
void journal_answering(struct journal *journal, uint32_t slot, uint32_t response_index);
void journal_freed(struct journal *journal, uint32_t slot);
void journal_hand_over(struct journal *journal, uint32_t req_cons, uint32_t rsp_prod);

/* Checks what a file claims about itself before anything in it is used. size_bytes is the file's. */
int journal_file_check(const struct journal_file *file, uint64_t size_bytes, struct errbuf *err);
/* In a live file that was checked: it was taken, and by the rule above not answered. */
bool journal_is_unanswered(const struct journal_file *file, uint32_t slot, uint32_t ring_rsp_prod);
/* The rule above. */
bool journal_entry_is_unanswered(const struct journal_entry *entry, uint32_t ring_rsp_prod);

#endif
