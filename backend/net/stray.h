/* SPDX-License-Identifier: MIT */
/*
 * What has outlived its device: a tap is persistent, so that the next daemon finds it, and so are journals; where the
 * device goes while no daemon runs, nobody takes them away. Whose a tap was stands in its owner (link.h), whose a
 * journal was in its name, and the store knows whether there still is such a device.
 *
 * Thread: the main thread, as the store is looked at.
 */
#ifndef BACKEND_NET_STRAY_H
#define BACKEND_NET_STRAY_H

#include "backend/core/device.h"

/* The owner of a device's tap. */
void stray_owner(char *owner, size_t size, const struct device *dev);
/* It was a device's, of which nothing is left. */
bool stray_is(struct device_host *host, const char *owner);
/* Removes what is kept beside a device's journals. They are ours. */
void stray_remove_beside(const struct device_rings *rings);
/* Removes all of one guest, or of XB_ANY_GUEST. May wait for the kernel. Logs each. */
void stray_remove_all(struct device_host *host, uint32_t only_guest);

#endif
