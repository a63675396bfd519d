/* SPDX-License-Identifier: MIT */
/*
 * What a capture's record (common/wire/net_capture.h) says, in words and in a capture file's terms. Pure.
 *
 * Thread: any. Never logs. Trust: the slots may hold anything, as the guest wrote them.
 */
#ifndef CTL_NET_RECORD_H
#define CTL_NET_RECORD_H

#include <stddef.h>

#include "common/wire/net_capture.h"

/* Room for what net_record_describe() says of any record. */
#define NET_RECORD_TEXT_BYTES 1500

/*
 * "queue 0, 2 slots: 2962@66 1514@0; gso tcpv4 1448; csum_blank data_validated": a slot is its size in bytes @ where
 * they begin in the page, both as they stand in the ring. (The first that a guest sends has the whole frame's size.)
 */
void net_record_describe(const struct net_capture_record *record, char *text, size_t size);

/* PCAPNG_..., as of the interface: what comes from the guest is inbound. */
uint32_t net_record_flags(const struct net_capture_record *record);

#endif
