/* SPDX-License-Identifier: MIT */
/*
 * The multicast groups that a guest has asked for. Plain data, so that it can stand in a file.
 *
 * As in xen-netback a group that is asked for twice stands there twice, and an address need not be that of a group.
 * Pure. Thread: any, one at a time. Never logs.
 */
#ifndef BACKEND_NET_MULTICAST_H
#define BACKEND_NET_MULTICAST_H

#include <stdbool.h>
#include <stdint.h>

#define NET_MAX_MULTICAST 64 /* as many as xen-netback takes */

/* All zero: none. */
struct net_multicast {
	uint32_t nr;
	uint8_t address[NET_MAX_MULTICAST][6];
};

/* false: there is no more room. */
bool net_multicast_add(struct net_multicast *multicast, const uint8_t address[6]);
/* One that is not there is fine. */
void net_multicast_del(struct net_multicast *multicast, const uint8_t address[6]);
/* Does a frame to that address go to the guest? One that is no group's does in any case, and so does a broadcast. */
bool net_multicast_wants(const struct net_multicast *multicast, const uint8_t address[6]);

#endif
