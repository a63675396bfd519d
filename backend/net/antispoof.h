/* SPDX-License-Identifier: MIT */
/*
 * Is what a guest sends its own? A frame has to come from the vif's MAC address, and where its IP addresses are known
 * from one of these: as the source of IPv4 and IPv6, as the sender of ARP, as the target of a neighbour advertisement.
 *
 * What an address is first asked for with is let through: DHCP from 0.0.0.0; router solicitations and multicast
 * listener reports from ::; and, for an address of its own, ARP probes and duplicate address detection. A vif always
 * has the link-local IPv6 address that is made of its MAC address. Another one, as a guest may make up, would have to
 * be among those given: with all of fe80::/10 a guest could be the router.
 *
 * Pure; never reads outside of the frame. Thread: any. Never logs.
 * Trust: the frame may be anything; it must be a private copy, as it is looked at more than once.
 */
#ifndef BACKEND_NET_ANTISPOOF_H
#define BACKEND_NET_ANTISPOOF_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/ip_prefix.h"

struct net_antispoof {
	uint8_t mac[6];
	struct ip_prefixes ip; /* none: only the MAC address is looked at */
};

/* NULL, or a constant that says why the frame has to be dropped. At least an Ethernet header is there. */
const char *net_antispoof_check(const struct net_antispoof *own, const void *frame, size_t len_bytes);

#endif
