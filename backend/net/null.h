/* SPDX-License-Identifier: MIT */
/*
 * What a vif without anything behind it has in place of a tap: it takes whatever is written, and gives frames of zeros
 * when it is read, so that rings and grants are measured and no network stack is. All queues share it.
 *
 * Thread: net_null_open() and net_null_close() on any, one at a time. Errors: -errno with the reason; never logs.
 */
#ifndef BACKEND_NET_NULL_H
#define BACKEND_NET_NULL_H

#include <stdbool.h>
#include <stdint.h>

struct errbuf;

struct net_null {
	bool is_wanted, is_open;
	uint32_t frame_bytes; /* of those that it gives; 0: it gives none */
	int fd;
};

int net_null_open(struct net_null *null, struct errbuf *err);
void net_null_close(struct net_null *null);

#endif
