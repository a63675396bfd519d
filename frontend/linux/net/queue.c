// SPDX-License-Identifier: GPL-2.0-only
/*
 * A queue: its two rings, their ports, and the one NAPI that serves both.
 *
 * An event's port stays masked until the NAPI has found nothing more to do: so while there is work there are no
 * interrupts, and an event that brought no work is ended as such, which the kernel answers by making the next one wait.
 */
#include <xen/events.h>

#include "frontend/linux/net/net.h"

/* ---- events ---------------------------------------------------------------------------------------------------- */

static irqreturn_t tx_event(int irq, void *arg)
{
	struct vif_queue *q = arg;

	set_bit(VIF_TX_EOI, &q->bits);
	napi_schedule(&q->napi);
	return IRQ_HANDLED;
}

static irqreturn_t rx_event(int irq, void *arg)
{
	struct vif_queue *q = arg;

	set_bit(VIF_RX_EOI, &q->bits);
	napi_schedule(&q->napi);
	return IRQ_HANDLED;
}

static void end_events(struct vif_queue *q)
{
	unsigned int flags = test_and_clear_bit(VIF_WORKED, &q->bits) ? 0 : XEN_EOI_FLAG_SPURIOUS;

	if (test_and_clear_bit(VIF_TX_EOI, &q->bits))
		xen_irq_lateeoi(q->tx.irq, flags);
	if (test_and_clear_bit(VIF_RX_EOI, &q->bits))
		xen_irq_lateeoi(q->rx.irq, flags);
}

int vif_poll(struct napi_struct *napi, int budget)
{
	struct vif_queue *q = container_of(napi, struct vif_queue, napi);
	bool has_more;
	int nr = 0;

	has_more = vif_tx_clean(q, budget);
	if (!budget)
		return 0;
	nr = vif_rx_poll(q, budget);
	/* Of one that is broken no event is ended: its ports stay masked. */
	if (unlikely(vif_is_broken(q->vif))) {
		napi_complete_done(napi, 0);
		return 0;
	}
	if (nr == budget || has_more || ring_front_final_check(&q->rx.ring))
		return budget;
	if (napi_complete_done(napi, nr))
		end_events(q);
	return nr;
}

/* ---- ports ----------------------------------------------------------------------------------------------------- */

static int open_port(struct vif_queue *q, evtchn_port_t *port, unsigned int *irq, irq_handler_t handler, char *name)
{
	int rc = xenbus_alloc_evtchn(q->vif->xdev, port);

	if (rc)
		return rc;
	rc = bind_evtchn_to_irqhandler_lateeoi(*port, handler, 0, name, q);
	if (rc < 0) {
		xenbus_free_evtchn(q->vif->xdev, *port);
		*port = 0;
		return rc;
	}
	*irq = rc;
	return 0;
}

static void close_port(struct vif_queue *q, evtchn_port_t *port, unsigned int *irq)
{
	if (*port)
		unbind_from_irqhandler(*irq, q); /* which closes the port, too */
	*port = 0;
}

static int open_ports(struct vif_queue *q)
{
	const char *name = q->vif->dev->name;
	int rc;

	if (!q->vif->terms.splits_ports) {
		snprintf(q->tx_name, sizeof(q->tx_name), "%s-q%u", name, q->number);
		return open_port(q, &q->tx.port, &q->tx.irq, tx_event, q->tx_name);
	}
	snprintf(q->tx_name, sizeof(q->tx_name), "%s-q%u-tx", name, q->number);
	snprintf(q->rx_name, sizeof(q->rx_name), "%s-q%u-rx", name, q->number);
	rc = open_port(q, &q->tx.port, &q->tx.irq, tx_event, q->tx_name);
	return rc ? rc : open_port(q, &q->rx.port, &q->rx.irq, rx_event, q->rx_name);
}

/* ---- rings ----------------------------------------------------------------------------------------------------- */

static int open_ring(struct vif_queue *q, void **shared, grant_ref_t *ref, struct ring_front *ring, u32 request_bytes,
		     u32 response_bytes)
{
	struct ring_layout layout;
	int rc = xenbus_setup_ring(q->vif->xdev, GFP_KERNEL, shared, 1, ref);

	if (rc)
		return rc;
	ring_layout_init(&layout, XEN_PAGE_SIZE, request_bytes, response_bytes);
	ring_front_init(ring, *shared, &layout);
	return 0;
}

static int open_rings(struct vif_queue *q)
{
	int rc;

	rc = open_ring(q, &q->tx.shared, &q->tx.ring_ref, &q->tx.ring, sizeof(struct xen_netif_tx_request),
		       sizeof(struct xen_netif_tx_response));
	return rc ? rc : open_ring(q, &q->rx.shared, &q->rx.ring_ref, &q->rx.ring, sizeof(struct xen_netif_rx_request),
				   sizeof(struct xen_netif_rx_response));
}

int vif_queue_open(struct vif_queue *q, const char **what)
{
	int rc;

	q->bits = 0;
	*what = "granting the rings";
	rc = open_rings(q);
	if (rc)
		return rc;
	*what = "pages to send by";
	rc = vif_tx_open(q);
	if (rc)
		return rc;
	*what = "pages to receive in";
	rc = vif_rx_open(q);
	if (rc)
		return rc;
	*what = "event channels";
	rc = open_ports(q);
	if (!rc)
		vif_rx_post(q); /* so that the backend finds buffers as soon as it looks */
	return rc;
}

void vif_queue_close(struct vif_queue *q)
{
	close_port(q, &q->rx.port, &q->rx.irq);
	close_port(q, &q->tx.port, &q->tx.irq);
	vif_rx_close(q);
	vif_tx_close(q);
	if (q->rx.shared)
		xenbus_teardown_ring(&q->rx.shared, 1, &q->rx.ring_ref);
	if (q->tx.shared)
		xenbus_teardown_ring(&q->tx.shared, 1, &q->tx.ring_ref);
}
