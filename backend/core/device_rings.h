/* SPDX-License-Identifier: MIT */
/*
 * The rings of a device, with a journal and an identity each. The lock of the first one's journal is the claim on the
 * device; whatever becomes of the device becomes of all.
 *
 * Thread: the main thread, while no worker uses them. Errors: -errno with the reason; never logs.
 */
#ifndef BACKEND_CORE_DEVICE_RINGS_H
#define BACKEND_CORE_DEVICE_RINGS_H

#include "backend/core/journal.h"

#define DEVICE_MAX_RINGS 2

struct device_rings {
	unsigned int nr;
	struct device_ring {
		struct journal journal;
		struct journal_identity identity;
	} ring[DEVICE_MAX_RINGS];
};

void device_rings_init(struct device_rings *rings, unsigned int nr);
/* path: of the first one's journal; the others' end in a number. -EBUSY: the device is another process's. */
int device_rings_claim(struct device_rings *rings, const char *path, struct errbuf *err);
bool device_rings_are_claimed(const struct device_rings *rings);
/* Gives the claim up and leaves the journals as they are. */
void device_rings_let_go(struct device_rings *rings);
void device_rings_remove(struct device_rings *rings);

/* Whose they are; the rest of each identity is cleared. */
void device_rings_identify(struct device_rings *rings, const struct journal_identity *whose);
/* 0: each was handed over, and is about this very connection. */
int device_rings_check_clean(const struct device_rings *rings, struct errbuf *err);
bool device_rings_have_connection(const struct device_rings *rings);
void device_rings_end_connection(struct device_rings *rings);

#endif
