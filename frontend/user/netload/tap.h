/* SPDX-License-Identifier: MIT */
/*
 * A tap device in the network namespace that we run in: what the kernel's stack of that namespace sends and receives
 * by it, read and written as frames. It goes away with its fd.
 *
 * Errors: -errno with the reason; never logs.
 */
#ifndef NETLOAD_TAP_H
#define NETLOAD_TAP_H

#include <stdint.h>
#include <sys/types.h>

#include <linux/virtio_net.h>

#include "common/base/errbuf.h"
#include "frontend/user/net_terms.h"

/*
 * The fd, which does not block; of the next queue, if the tap is open already. offloads: TUN_F_*, what may be left out
 * of the frames that are read from it.
 */
int netload_tap_open(const char *name, bool has_several_queues, unsigned int offloads,
		     const struct net_identity *identity, struct errbuf *err);

/* Bytes of the frame; -EAGAIN: there is none. */
ssize_t netload_tap_read(int fd, struct virtio_net_hdr *hdr, void *frame, size_t size);
/* -EIO: the interface is down. */
int netload_tap_write(int fd, const struct virtio_net_hdr *hdr, const void *frame, size_t len);

#endif
