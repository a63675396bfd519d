/* SPDX-License-Identifier: MIT */
/*
 * What pvring CLASS capture does for a device of any class: a pcapng file of what passes its rings. The daemon is given
 * one end of a socket and sends a datagram, a record, for each packet (common/wire/CLASS_capture.h); an eventfd counts
 * those that the socket had no room for.
 *
 * Thread: the main thread, once. Prints what is wrong and what it has done to stderr.
 */
#ifndef CTL_CAPTURE_H
#define CTL_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/client.h"
#include "ctl/pcapng.h"

struct capture_class {
	const char *program;  /* "pvring net" */
	const char *packet;   /* what is counted: "frame" */
	int64_t format;	      /* of the records */
	uint16_t link_type;
	size_t record_bytes;  /* at most, with what follows it */
	/* What lies in it is the record's, or the class's until the next one. false: that is no record. */
	bool (*read_record)(const void *record, size_t len_bytes, struct pcapng_packet *packet);
};

/* Of the command line. */
struct capture_config {
	struct client_socket socket;
	const char *path;
	uint32_t max_packets; /* 0: without end */
};

int capture_set_path(void *config, const char *value, struct errbuf *err);
int capture_set_count(void *config, const char *value, struct errbuf *err);

/* Option rows; packets: what is counted. */
#define CAPTURE_ROWS(packets, or_else)                                                             \
	{ "write", "FILE", "the file to write; -: standard output", capture_set_path },        \
	{ "count", "N", "end after so many " packets, capture_set_count }, CLIENT_ROWS(or_else)
#define CAPTURE_LETTERS "wc"

/* device: as the daemon knows it. The command's exit status. */
int capture_run(const struct capture_class *class, const struct capture_config *config, const char *device);

#endif
