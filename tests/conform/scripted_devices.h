/* SPDX-License-Identifier: MIT */
/*
 * The devices of a guest that a scripted backend may serve: their directories, and what becomes of these.
 *
 * Thread: the main thread. What cannot be done is an error of the environment, and ends the process.
 */
#ifndef TESTS_CONFORM_SCRIPTED_DEVICES_H
#define TESTS_CONFORM_SCRIPTED_DEVICES_H

#include <stdint.h>

#include "xenbus/store.h"
#include "xenbus/watch.h"

/* Looks at the guest's devices of this kind from here on. */
void scripted_watch(struct xb_store *store, struct xb_watch *watch, const char *kind, uint32_t domid);
void scripted_await_change(struct xb_store *store);

#endif
