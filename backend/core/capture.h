/* SPDX-License-Identifier: MIT */
/*
 * A capture of one device: all that its queues take from the guest or give to it is also sent to a reader, a datagram
 * for each, as common/wire/CLASS_capture.h has it. Nobody ever waits for the reader: what its socket has no room for is
 * counted as lost. The count is an eventfd, which the reader can look at whatever becomes of us.
 *
 * Shared by the queues and the device, each of which has a reference and lets go of it when it finds that nobody reads
 * any more.
 * Thread: any. Never logs.
 */
#ifndef BACKEND_CORE_CAPTURE_H
#define BACKEND_CORE_CAPTURE_H

#include <stdbool.h>
#include <sys/uio.h>

struct capture;
struct loop;

/* Takes over both: one end of a socket that keeps datagrams apart, and an eventfd. NULL: no memory, they are closed. */
struct capture *capture_new(int socket, int lost);
struct capture *capture_get(struct capture *capture);
/* The last one ends the capture. *capture is NULL afterwards, and may be before. */
void capture_put(struct capture **capture);
bool capture_has_reader(const struct capture *capture);

/* Has that loop's thread put it in the place of another, which is to stay there until then. -ENOMEM */
int capture_give(struct capture *capture, struct loop *loop, struct capture **place);

/* All of these are one datagram. Puts a capture that has lost its reader. */
void capture_send(struct capture **capture, const struct iovec *iov, unsigned int nr_iov);

#endif
