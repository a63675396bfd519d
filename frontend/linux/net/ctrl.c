// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control ring: one message at a time, and its answer. Its event stays masked while nobody waits for one. A backend
 * that does not answer, or not what was asked, is not asked again; frames go on as without.
 */
#include <linux/rtnetlink.h>
#include <xen/events.h>

#include "frontend/linux/net/net.h"

static irqreturn_t control_event(int irq, void *arg)
{
	struct vif_control *control = arg;

	set_bit(0, &control->eoi);
	wake_up(&control->wait);
	return IRQ_HANDLED;
}

static int open_port(struct vif *vif)
{
	struct vif_control *control = &vif->control;
	int rc = xenbus_alloc_evtchn(vif->xdev, &control->port);

	if (rc)
		return rc;
	rc = bind_evtchn_to_irqhandler_lateeoi(control->port, control_event, 0, "vif-control", control);
	if (rc < 0) {
		xenbus_free_evtchn(vif->xdev, control->port);
		control->port = 0;
		return rc;
	}
	control->irq = rc;
	return 0;
}

int vif_control_open(struct vif *vif)
{
	struct vif_control *control = &vif->control;
	struct ring_layout layout;
	int rc;

	init_waitqueue_head(&control->wait);
	control->eoi = 0;
	control->is_dead = false;
	rc = xenbus_setup_ring(vif->xdev, GFP_KERNEL, &control->shared, 1, &control->ring_ref);
	if (rc)
		return rc;
	ring_layout_init(&layout, XEN_PAGE_SIZE, sizeof(struct xen_netif_ctrl_request),
			 sizeof(struct xen_netif_ctrl_response));
	ring_front_init(&control->ring, control->shared, &layout);
	rc = vif_page_open(vif, &control->page, 0);
	return rc ? rc : open_port(vif);
}

void vif_control_close(struct vif *vif)
{
	struct vif_control *control = &vif->control;

	if (control->port)
		unbind_from_irqhandler(control->irq, control);
	control->port = 0;
	vif_page_close(&control->page);
	if (control->shared)
		xenbus_teardown_ring(&control->shared, 1, &control->ring_ref);
}

/* RING_EMPTY: an event will say when there is one. */
static enum ring_pop pop_answer(struct vif_control *control, struct xen_netif_ctrl_response *answer)
{
	enum ring_pop got;

	if (test_and_clear_bit(0, &control->eoi))
		xen_irq_lateeoi(control->irq, 0);
	do {
		got = ring_front_pop(&control->ring, answer);
	} while (got == RING_EMPTY && ring_front_final_check(&control->ring));
	return got;
}

int vif_control_ask(struct vif *vif, u16 type, u32 data0, u32 data1, u32 data2, u32 *data)
{
	struct vif_control *control = &vif->control;
	struct xen_netif_ctrl_request request = {
		.id = control->next_id++, .type = type, .data = { data0, data1, data2 },
	};
	struct xen_netif_ctrl_response answer;
	enum ring_pop got = RING_EMPTY;

	ASSERT_RTNL();
	if (!vif->is_up || !control->port || control->is_dead)
		return -EIO;
	ring_front_put(&control->ring, &request);
	if (ring_front_push(&control->ring))
		notify_remote_via_irq(control->irq);
	wait_event_timeout(control->wait, (got = pop_answer(control, &answer)) != RING_EMPTY, VIF_WAIT);
	if (got != RING_GOT || answer.id != request.id || answer.type != type) {
		control->is_dead = true;
		return -EIO;
	}
	*data = answer.data;
	return answer.status == XEN_NETIF_CTRL_STATUS_SUCCESS ? 0 : -EOPNOTSUPP;
}
