/* SPDX-License-Identifier: MIT */
/*
 * What all devices of one guest share: the bounds on what it can make us say, and on its pages that we keep mapped. One
 * that is given more devices, or that connects anew, is not given more.
 *
 * Use: guest_get() for each device, guest_put() when the device goes; the last one takes the guest along, so that
 * whoever has its number next starts with none of this.
 * Thread: the main thread; the limits any. Never logs.
 */
#ifndef BACKEND_CORE_GUEST_H
#define BACKEND_CORE_GUEST_H

#include <stdint.h>
#include <sys/queue.h>

#include "backend/core/persistent.h"
#include "common/base/log.h"

/* Apart, so that none of them hides another: a guest that floods one is still heard of in the others. */
struct guest_limits {
	struct log_limit life;     /* its coming and going */
	struct log_limit trouble;  /* what its devices are refused for */
	struct log_limit requests; /* what its requests are refused for */
	struct log_limit storage;  /* what its requests fail with */
};

struct guest {
	LIST_ENTRY(guest) entry;
	uint32_t domid;
	unsigned int nr_devices;
	struct guest_limits limits;
	struct persistent_budget persistent;
};

LIST_HEAD(guest_list, guest);

/* NULL: no memory. */
struct guest *guest_get(struct guest_list *guests, uint32_t domid);
void guest_put(struct guest *guest); /* NULL: nothing happens */

#endif
