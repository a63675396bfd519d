/* SPDX-License-Identifier: MIT */
/*
 * The rings of a device, with a journal and an identity each. The lock of the first one's journal is the claim on the
 * device; whatever becomes of the device becomes of all. How many there are is the guest's choice at each connection.
 *
 * Thread: the main thread, while no worker uses them. Errors: -errno with the reason; never logs.
 */
#ifndef BACKEND_CORE_DEVICE_RINGS_H
#define BACKEND_CORE_DEVICE_RINGS_H

#include "backend/core/journal.h"

#define DEVICE_MAX_RINGS 17 /* eight queues of a vif, and its control ring */

struct device_rings {
	unsigned int nr;       /* of this connection; 1 between two */
	unsigned int nr_named; /* that have a journal: of the first, and of what any connection has used */
	struct device_ring {
		struct journal journal;
		struct journal_identity identity;
	} ring[DEVICE_MAX_RINGS];
};

void device_rings_init(struct device_rings *rings);
/* path: of the first one's journal; the others' end in a number. -EBUSY: the device is another process's. */
int device_rings_claim(struct device_rings *rings, const char *path, struct errbuf *err);
bool device_rings_are_claimed(const struct device_rings *rings);
/* Of a file beside the journals that goes with them: "PATH-ENDING". Claimed. */
void device_rings_path_of(const struct device_rings *rings, const char *ending, char path[256]);
/* Gives the claim up and leaves the journals as they are. */
void device_rings_let_go(struct device_rings *rings);
void device_rings_remove(struct device_rings *rings);

/* Whose they are, and one until device_rings_use(); the rest of each identity is cleared. */
void device_rings_identify(struct device_rings *rings, const struct journal_identity *whose);
/* The guest wants so many, at most DEVICE_MAX_RINGS. */
int device_rings_use(struct device_rings *rings, unsigned int nr, struct errbuf *err);
/* Whether it is the connection that the other ones are of. */
bool device_rings_are_same(const struct device_rings *rings, const struct device_rings *others);
/* 0: each is about this very connection and can be gone on with (journal_check()). */
int device_rings_check(const struct device_rings *rings, struct errbuf *err);
/* In place of that: the journals are not believed, and begun anew when it is gone on with (queue_recover.h). */
void device_rings_give_up_journals(struct device_rings *rings);
/* Once it is gone on with: the requests that were left unanswered, and those that nobody will answer. */
uint32_t device_rings_nr_resumed(const struct device_rings *rings);
uint32_t device_rings_nr_abandoned(const struct device_rings *rings);
bool device_rings_have_connection(const struct device_rings *rings);
void device_rings_end_connection(struct device_rings *rings);

#endif
