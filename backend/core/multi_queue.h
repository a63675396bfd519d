/* SPDX-License-Identifier: MIT */
/*
 * Several queues of one device, as blkif.h and netif.h both have them: the backend says multi-queue-max-queues, the
 * frontend multi-queue-num-queues, and more than one queue's nodes stand in directories of their own.
 *
 * Thread: the main thread.  Errors: -errno with the node; never logs.
 */
#ifndef BACKEND_CORE_MULTI_QUEUE_H
#define BACKEND_CORE_MULTI_QUEUE_H

#include <stdint.h>

#include "xenbus/device.h"

#define MULTI_QUEUE_DIR_MAX (XB_DIR_MAX + 32)

/*
 * -EINVAL: the frontend wants more than was offered, which is asked of the store: the daemon that did so may have had
 * more workers. most: what any offers.
 */
int multi_queue_check(const struct xb_device *xb, uint32_t nr_queues, uint32_t most, struct errbuf *err);

/* Where the frontend's nodes of a queue are. A single one's are in its own directory, as they were ever before. */
void multi_queue_dir(const struct xb_device *xb, uint32_t nr_queues, unsigned int queue,
		     char dir[MULTI_QUEUE_DIR_MAX]);

#endif
