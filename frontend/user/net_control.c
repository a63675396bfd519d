// SPDX-License-Identifier: MIT
#include "frontend/user/net_control.h"

#include <errno.h>
#include <poll.h>

#include "common/base/clock.h"
#include "common/base/errbuf.h"

void net_control_init(struct net_control *control)
{
	*control = (struct net_control){ 0 };
	front_queue_init(&control->queue);
	grant_pool_init(&control->page);
}

int net_control_open(struct net_control *control, xengntshr_handle *gntshr, uint32_t domid, struct errbuf *err)
{
	int rc;

	net_control_init(control);
	rc = front_queue_open(&control->queue, gntshr, domid, 0, sizeof(struct xen_netif_ctrl_request),
			      sizeof(struct xen_netif_ctrl_response), err);
	if (rc == 0)
		rc = grant_pool_share(&control->page, gntshr, domid, 1, err);
	if (rc)
		net_control_fini(control);
	return rc;
}

void net_control_fini(struct net_control *control)
{
	grant_pool_fini(&control->page);
	front_queue_fini(&control->queue);
	net_control_init(control);
}

/* RING_EMPTY: not by then. */
static enum ring_pop await_answer(struct net_control *control, uint64_t deadline_ns,
				  struct xen_netif_ctrl_response *answer)
{
	struct pollfd fd = { .fd = front_queue_fd(&control->queue), .events = POLLIN };
	enum ring_pop got;

	while ((got = ring_front_pop(&control->queue.ring, answer)) == RING_EMPTY) {
		uint64_t now_ns = clock_now_ns();

		if (ring_front_final_check(&control->queue.ring))
			continue;
		if (now_ns >= deadline_ns)
			break;
		if (poll(&fd, 1, (int)((deadline_ns - now_ns) / NSEC_PER_MSEC) + 1) > 0)
			front_queue_take_event(&control->queue);
	}
	return got;
}

int net_control_ask(struct net_control *control, const struct xen_netif_ctrl_request *message, uint32_t timeout_ms,
		    struct xen_netif_ctrl_response *answer, struct errbuf *err)
{
	struct xen_netif_ctrl_request request = *message;
	enum ring_pop got;

	request.id = control->next_id++;
	if (!ring_front_put(&control->queue.ring, &request))
		return errbuf_set(err, -EPROTO, "the control ring is full of messages without an answer");
	if (ring_front_push(&control->queue.ring))
		front_queue_notify(&control->queue);
	got = await_answer(control, clock_in_ms(timeout_ms), answer);
	if (got == RING_EMPTY)
		return errbuf_set(err, -ETIMEDOUT, "no answer to control message %u in %u ms", request.type,
				  timeout_ms);
	if (got == RING_BROKEN || answer->id != request.id || answer->type != request.type)
		return errbuf_set(err, -EPROTO, "the backend gave an answer to no control message");
	return 0;
}
