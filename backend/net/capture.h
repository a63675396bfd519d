/* SPDX-License-Identifier: MIT */
/*
 * A capture of one vif: everything that its queues take from the guest or give to it is also sent to a reader, as
 * common/wire/net_capture.h has it. Nobody ever waits for the reader: a frame that its socket has no room for is
 * counted as lost. The count is an eventfd, which the reader can look at whatever becomes of us.
 *
 * Shared by the queues and the device, each of which has a reference and lets go of it when it finds that nobody reads
 * any more.
 * Thread: any. Never logs.
 */
#ifndef BACKEND_NET_CAPTURE_H
#define BACKEND_NET_CAPTURE_H

#include <stdbool.h>

#include "common/wire/net_capture.h"

struct net_capture;

/* Takes over both: one end of a socket that keeps datagrams apart, and an eventfd. NULL: no memory, they are closed. */
struct net_capture *net_capture_new(int socket, int lost);
struct net_capture *net_capture_get(struct net_capture *capture);
/* The last one ends the capture. *capture is NULL afterwards, and may be before. */
void net_capture_put(struct net_capture **capture);
bool net_capture_has_reader(const struct net_capture *capture);

void net_capture_begin(struct net_capture_record *record, enum net_capture_direction direction, unsigned int queue,
		       uint32_t frame_bytes, const char *dropped);
/* slot: a request, response or extra, size bytes of it. */
void net_capture_add(struct net_capture_record *record, bool is_extra, const void *slot, size_t size);
/* frame: NULL where its bytes never came. Puts a capture that has lost its reader. */
void net_capture_send(struct net_capture **capture, struct net_capture_record *record, const void *frame,
		      size_t len_bytes);

#endif
