/* SPDX-License-Identifier: MIT */
/*
 * A network interface's place among the others, by netlink: address, MTU, bridge, and whose it is.
 *
 * Thread: a helper; each call may wait for the kernel. Errors: -errno with the reason; never logs.
 */
#ifndef BACKEND_NET_LINK_H
#define BACKEND_NET_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct errbuf;

#define LINK_MAX_OWNER 64

struct link_config {
	const char *owner; /* kept as the interface's alias */
	uint8_t mac[6];
	uint32_t mtu_bytes; /* 0: the bridge's */
	const char *bridge; /* "": none */
};

/* 1: the owner's; 0: there is none of that name; -EEXIST: it is somebody else's: `other`, or "": nobody's. */
int link_is_there(const char *name, const char *owner, char other[LINK_MAX_OWNER], struct errbuf *err);
/* The taps with an owner; each is told of before the next one is looked for. */
int link_list_taps(void (*found)(void *context, const char *name, const char *owner), void *context,
		   struct errbuf *err);
/* If it is still the owner's. */
int link_remove(const char *name, const char *owner, struct errbuf *err);
/* All of it, and up; it takes no part in ARP or multicast: it is a port, and the address at its end is the guest's. */
int link_configure(const char *name, const struct link_config *config, struct errbuf *err);

#endif
