/* SPDX-License-Identifier: MIT */
/*
 * Where TCP or UDP is in an Ethernet frame, and its checksum. What netif says about a checksum is two bits; whoever
 * has to do it, or hands the frame to a kernel that will, needs to know where it is.
 *
 * Pure; never reads outside of the frame. Thread: any. Never logs.
 * Trust: the frame may be anything; it must be a private copy, as it is looked at more than once.
 */
#ifndef COMMON_WIRE_INET_H
#define COMMON_WIRE_INET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INET_TCP 6
#define INET_UDP 17

struct inet_frame {
	uint16_t l3_offset, l4_offset;
	uint16_t csum_offset;	/* of the checksum, from l4_offset */
	uint16_t headers_bytes; /* of Ethernet, IP and TCP or UDP together: the payload begins there */
	uint8_t ip_version;	/* 4 or 6; 0: another */
	uint8_t protocol;	/* INET_*, or what else the IP header names */
};

/*
 * VLAN tags and IPv6's extension headers are walked over. len_bytes may end in the payload: only headers are looked at.
 * false: no TCP or UDP over IP whose headers lie within the frame. A fragment is none: its checksum is that of bytes in
 * other frames. *out then says how far it was understood: what l3_offset is behind is the type of what is there, and
 * protocol that of what is at l4_offset; an offset that is 0 was not reached.
 */
bool inet_parse(const void *frame, size_t len_bytes, struct inet_frame *out);

/*
 * The sum of the pseudo header, folded and not inverted: what stands in the field of a frame whose checksum is blank
 * (CHECKSUM_PARTIAL). A number; the field is big-endian. l4_len_bytes: header and payload. The destination is that of
 * the IP header, also where a routing header says that the packet goes on from there.
 */
uint16_t inet_pseudo_checksum(const void *frame, const struct inet_frame *parsed, uint32_t l4_len_bytes);

/* Puts it into the field, whatever stands there: from now on the checksum is blank. */
void inet_blank_checksum(void *frame, size_t len_bytes, const struct inet_frame *parsed);

/*
 * The field holds the sum of the pseudo header; afterwards the checksum. What the IP header says is behind the packet
 * (padding) is left out; where it says nothing useful, as of a packet beyond 64 KiB, all of the frame counts.
 */
void inet_finish_checksum(void *frame, size_t len_bytes, const struct inet_frame *parsed);

/* The same of any such sum over these bytes, one of which is the field that holds what is to be added. */
void inet_put_checksum(void *bytes, size_t len_bytes, size_t field_offset);

/* false also where the IP or UDP header names more than there is. UDP over IPv4 may do without: that is right. */
bool inet_checksum_is_right(const void *frame, size_t len_bytes, const struct inet_frame *parsed);

#endif
