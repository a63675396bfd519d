/* SPDX-License-Identifier: MIT */
/*
 * Writes captured packets as a pcapng file of one interface: pcapng_begin(), then packets, then the statistics. Numbers
 * are as this machine has them, times in nanoseconds of CLOCK_REALTIME.
 *
 * Thread: any, one at a time. Errors: -errno of the file, which may come late, as it is buffered; never logs.
 * Source: draft-ietf-opsawg-pcapng; link types: tcpdump.org/linktypes.html.
 */
#ifndef CTL_PCAPNG_H
#define CTL_PCAPNG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PCAPNG_MAX_TEXT_BYTES 1500 /* of a name or comment; the rest is cut off */

enum {
	PCAPNG_INBOUND = 1U << 0,
	PCAPNG_OUTBOUND = 1U << 1,
	PCAPNG_CHECKSUM_NOT_READY = 1U << 9,
	PCAPNG_CHECKSUM_VALID = 1U << 10,
	PCAPNG_TCP_SEGMENTS = 1U << 11,
};

enum { PCAPNG_ETHERNET = 1, PCAPNG_USB_LINUX_MMAPPED = 220 }; /* link types */

struct pcapng_interface {
	uint16_t link_type;
	const char *name, *description;
};

struct pcapng_packet {
	uint64_t time_ns;
	uint32_t flags; /* PCAPNG_... */
	uint32_t queue;
	const void *bytes;
	uint32_t captured_bytes, original_bytes;
	const char *comment;
};

struct pcapng_statistics {
	uint64_t start_ns, end_ns;
	uint64_t nr_received, nr_lost; /* nr_received has both kinds */
};

int pcapng_begin(FILE *file, const char *application, const struct pcapng_interface *interface);
int pcapng_packet(FILE *file, const struct pcapng_packet *packet);
int pcapng_statistics(FILE *file, const struct pcapng_statistics *statistics);

#endif
