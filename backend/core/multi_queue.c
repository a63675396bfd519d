// SPDX-License-Identifier: MIT
#include "backend/core/multi_queue.h"

#include <errno.h>
#include <stdio.h>

#include "common/base/errbuf.h"
#include "xenbus/node.h"

int multi_queue_check(const struct xb_device *xb, uint32_t nr_queues, uint32_t most, struct errbuf *err)
{
	uint32_t offered;
	int rc = xb_read_u32_or(xb->store, xb->dir, "multi-queue-max-queues", 1, 1, most, &offered, err);

	if (rc == 0 && nr_queues > offered)
		rc = errbuf_set(err, -EINVAL, "%s/multi-queue-num-queues: %u: expected at most %u, as was offered",
				xb->otherend, nr_queues, offered);
	return rc;
}

void multi_queue_dir(const struct xb_device *xb, uint32_t nr_queues, unsigned int queue,
		     char dir[MULTI_QUEUE_DIR_MAX])
{
	char below[16] = "";

	if (nr_queues > 1)
		snprintf(below, sizeof(below), "/queue-%u", queue);
	snprintf(dir, MULTI_QUEUE_DIR_MAX, "%s%s", xb->otherend, below);
}
