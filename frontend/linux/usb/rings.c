// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/usb/rings.h"

#include <linux/interrupt.h>
#include <linux/slab.h>
#include <xen/events.h>

#include "frontend/linux/usb/usb.h"

static_assert(sizeof(struct xenusb_urb_request) == 148);
static_assert(sizeof(struct xenusb_urb_response) == 16);
static_assert(sizeof(struct xenusb_conn_response) == 4);

/* Slots that an URB leaves free: unlinks never want for one, and drivers rule their devices by control transfers. */
#define LEFT_BY_CONTROL 1
#define LEFT_BY_OTHERS	3

/* Parts of one endpoint that are out: those in time want some in advance, others no more than keeps a device busy. */
#define MAX_OUT_ISOC   8
#define MAX_OUT_OTHERS 4

/* ---- what an URB is through with --------------------------------------------------------------------------------- */

/* Nothing more of it is sent. Its endpoint is the next one's. */
static void end_sending(struct usb_transfer *transfer)
{
	transfer->is_sent = true;
	list_del_init(&transfer->node);
	if (transfer->urb->ep->hcpriv == transfer)
		transfer->urb->ep->hcpriv = NULL;
}

static void end_if_done(struct usb_rings *rings, struct usb_transfer *transfer, struct list_head *done)
{
	if (!transfer->is_sent || transfer->nr_out > 0)
		return;
	usb_hcd_unlink_urb_from_ep(rings->front->hcd, transfer->urb);
	transfer->urb->hcpriv = NULL;
	list_add_tail(&transfer->node, done);
}

void rings_give_back(struct usb_front *front, struct list_head *done)
{
	struct usb_transfer *transfer, *next;

	list_for_each_entry_safe(transfer, next, done, node) {
		usb_hcd_giveback_urb(front->hcd, transfer->urb, transfer->status);
		kfree(transfer);
	}
}

/* ---- into the ring ----------------------------------------------------------------------------------------------- */

static struct usb_slot *take_slot(struct usb_rings *rings)
{
	unsigned int number = find_first_bit(rings->free, USB_NR_SLOTS);
	struct usb_slot *slot = &rings->slot[number];

	__clear_bit(number, rings->free);
	slot->id += USB_NR_SLOTS;
	return slot;
}

static void put_part(struct usb_rings *rings, struct usb_transfer *transfer)
{
	struct usb_slot *slot = take_slot(rings);
	struct xenusb_urb_request request = { .id = slot->id };
	unsigned int number = slot - rings->slot;

	transfer_put(transfer, buffers_data(&rings->buffers, number), buffers_refs(&rings->buffers, number),
		     &slot->part, &request);
	transfer->nr_out++;
	slot->transfer = transfer;
	ring_front_put(&rings->urb, &request);
	transfer->urb->ep->hcpriv = transfer;
	if (transfer->is_sent)
		end_sending(transfer);
}

static void put_unlink(struct usb_rings *rings, struct usb_slot *target)
{
	struct xenusb_urb_request request = { .id = take_slot(rings)->id };

	target->must_unlink = false;
	request.pipe = transfer_pipe(target->transfer->urb) | XENUSB_PIPE_UNLINK;
	request.u.unlink.unlink_id = target->id;
	ring_front_put(&rings->urb, &request);
}

static unsigned int nr_out_of(const struct usb_rings *rings, const struct usb_host_endpoint *endpoint)
{
	unsigned int i, nr = 0;

	for (i = 0; i < USB_NR_SLOTS; i++)
		nr += rings->slot[i].transfer && rings->slot[i].transfer->urb->ep == endpoint;
	return nr;
}

/* An endpoint's hcpriv is the URB of which a part was sent, and one is left. */
static bool may_put(const struct usb_rings *rings, const struct usb_transfer *transfer)
{
	const struct usb_host_endpoint *endpoint = transfer->urb->ep;
	bool is_isoc = usb_endpoint_xfer_isoc(&endpoint->desc);
	unsigned int nr_left = usb_endpoint_xfer_control(&endpoint->desc) ? LEFT_BY_CONTROL : LEFT_BY_OTHERS;

	if (endpoint->hcpriv && endpoint->hcpriv != transfer)
		return false;
	if (transfer->nr_out > 0 && !is_isoc)
		return false;
	return bitmap_weight(rings->free, USB_NR_SLOTS) > nr_left &&
	       nr_out_of(rings, endpoint) < (is_isoc ? MAX_OUT_ISOC : MAX_OUT_OTHERS);
}

static void send(struct usb_rings *rings)
{
	struct usb_transfer *transfer, *next;
	unsigned int i;

	if (!rings->is_up)
		return;
	for (i = 0; i < USB_NR_SLOTS && !bitmap_empty(rings->free, USB_NR_SLOTS); i++)
		if (rings->slot[i].must_unlink)
			put_unlink(rings, &rings->slot[i]);
	list_for_each_entry_safe(transfer, next, &rings->waiting, node)
		while (!transfer->is_sent && may_put(rings, transfer))
			put_part(rings, transfer);
	if (ring_front_push(&rings->urb))
		notify_remote_via_irq(rings->irq);
}

void rings_add(struct usb_rings *rings, struct usb_transfer *transfer)
{
	list_add_tail(&transfer->node, &rings->waiting);
	send(rings);
}

void rings_unlink(struct usb_rings *rings, struct usb_transfer *transfer, struct list_head *done)
{
	unsigned int i;

	end_sending(transfer);
	end_if_done(rings, transfer, done);
	for (i = 0; i < USB_NR_SLOTS; i++)
		if (rings->slot[i].transfer == transfer)
			rings->slot[i].must_unlink = true;
	send(rings);
}

static void ask_for_events(struct usb_rings *rings)
{
	struct xenusb_conn_request request;
	unsigned int id;

	for_each_clear_bit(id, rings->events, USB_NR_EVENTS) {
		__set_bit(id, rings->events);
		request.id = id;
		ring_front_put(&rings->conn, &request);
	}
	if (ring_front_push(&rings->conn))
		notify_remote_via_irq(rings->irq);
}

/* ---- out of the ring: NULL, or what is wrong --------------------------------------------------------------------- */

static const char *take_response(struct usb_rings *rings, const void *octets, struct list_head *done)
{
	const struct xenusb_urb_response *response = octets;
	unsigned int number = response->id % USB_NR_SLOTS;
	struct usb_slot *slot = &rings->slot[number];
	struct usb_transfer *transfer = slot->transfer;
	const char *why = NULL;

	if (test_bit(number, rings->free) || slot->id != response->id)
		return "a response has the id of nothing that waits for one";
	if (transfer) {
		why = transfer_answered(transfer, buffers_data(&rings->buffers, number), &slot->part, response);
		if (why)
			return why;
		slot->transfer = NULL;
		slot->must_unlink = false;
		transfer->nr_out--;
		if (transfer->is_sent)
			end_sending(transfer);
		end_if_done(rings, transfer, done);
	}
	__set_bit(number, rings->free);
	return NULL;
}

static const char *take_event(struct usb_rings *rings, const void *octets, struct list_head *done)
{
	const struct xenusb_conn_response *event = octets;

	if (event->id >= USB_NR_EVENTS || !__test_and_clear_bit(event->id, rings->events))
		return "an event has the id of nothing that waits for one";
	if (event->portnum == 0 || event->portnum > rings->front->terms.nr_ports)
		return "an event is of a port that there is not";
	return hub_event(rings->front, event->portnum, event->speed);
}

/* All that are there. Ends: no more are answered than were put. */
static unsigned int take_all(struct usb_rings *rings, struct ring_front *ring, struct list_head *done,
			     const char *(*take)(struct usb_rings *rings, const void *octets, struct list_head *done))
{
	struct xenusb_urb_response octets; /* the larger one */
	const char *why = NULL;
	enum ring_pop got;
	unsigned int nr = 0;

	do {
		while (!why && (got = ring_front_pop(ring, &octets)) == RING_GOT) {
			nr++;
			why = take(rings, &octets, done);
		}
	} while (!why && got == RING_EMPTY && ring_front_final_check(ring));
	if (!why && got == RING_BROKEN)
		why = "a ring's index of responses is impossible";
	if (why) {
		ring->broken = true;
		life_break(&rings->front->life, why);
	}
	return nr;
}

/* Without an end of the interrupt there is never another one: that is for a ring that is broken. */
static irqreturn_t rings_interrupt(int irq, void *data)
{
	struct usb_rings *rings = data;
	struct usb_front *front = rings->front;
	unsigned int nr_responses, nr_events;
	bool is_broken;
	unsigned long flags;
	LIST_HEAD(done);

	spin_lock_irqsave(&front->lock, flags);
	nr_responses = take_all(rings, &rings->urb, &done, take_response);
	nr_events = take_all(rings, &rings->conn, &done, take_event);
	is_broken = rings->urb.broken || rings->conn.broken;
	if (!is_broken) {
		send(rings);
		ask_for_events(rings);
	}
	spin_unlock_irqrestore(&front->lock, flags);
	rings_give_back(front, &done);
	if (nr_events > 0)
		hub_tell(front);
	if (!is_broken)
		xen_irq_lateeoi(irq, nr_responses + nr_events > 0 ? 0 : XEN_EOI_FLAG_SPURIOUS);
	return IRQ_HANDLED;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static int make_ring(struct xenbus_device *dev, struct ring_front *ring, u32 request_bytes, u32 response_bytes,
		     grant_ref_t *ref)
{
	struct ring_layout layout;
	void *shared;
	int rc;

	rc = xenbus_setup_ring(dev, GFP_KERNEL, &shared, 1, ref);
	if (rc)
		return rc;
	ring_layout_init(&layout, XEN_PAGE_SIZE, request_bytes, response_bytes);
	ring_front_init(ring, shared, &layout);
	return 0;
}

static int make_port(struct usb_rings *rings, struct xenbus_device *dev)
{
	int rc;

	rc = xenbus_alloc_evtchn(dev, &rings->port);
	if (rc)
		return rc;
	rc = bind_evtchn_to_irqhandler_lateeoi(rings->port, rings_interrupt, 0, dev_name(&dev->dev), rings);
	if (rc < 0) {
		xenbus_free_evtchn(dev, rings->port);
		xenbus_dev_error(dev, rc, "binding the event channel");
		return rc;
	}
	rings->irq = rc;
	return 0;
}

int rings_open(struct usb_rings *rings, struct usb_front *front)
{
	struct xenbus_device *dev = front->life.dev;
	unsigned int i;
	int rc;

	memset(rings, 0, sizeof(*rings));
	rings->front = front;
	INIT_LIST_HEAD(&rings->waiting);
	bitmap_fill(rings->free, USB_NR_SLOTS);
	for (i = 0; i < USB_NR_SLOTS; i++)
		rings->slot[i].id = i;
	rc = buffers_open(&rings->buffers, dev->otherend_id);
	if (rc) {
		xenbus_dev_error(dev, rc, "pages for transfers");
		return rc;
	}
	rc = make_ring(dev, &rings->urb, sizeof(struct xenusb_urb_request), sizeof(struct xenusb_urb_response),
		       &rings->urb_ref);
	if (rc)
		return rc;
	rc = make_ring(dev, &rings->conn, sizeof(struct xenusb_conn_request), sizeof(struct xenusb_conn_response),
		       &rings->conn_ref);
	if (rc)
		return rc;
	rc = make_port(rings, dev);
	if (rc)
		return rc;
	spin_lock_irq(&front->lock);
	ask_for_events(rings);
	rings->is_up = true;
	spin_unlock_irq(&front->lock);
	return 0;
}

/* What is not answered has failed. The backend may be at work on it still, but that is on pages of ours alone. */
static void take_back(struct usb_rings *rings, struct list_head *done)
{
	struct usb_transfer *transfer, *next;
	unsigned int i;

	for (i = 0; i < USB_NR_SLOTS; i++) {
		transfer = rings->slot[i].transfer;
		rings->slot[i].transfer = NULL;
		if (!transfer)
			continue;
		transfer->nr_out--;
		transfer->status = -ESHUTDOWN;
		end_sending(transfer);
		end_if_done(rings, transfer, done);
	}
	list_for_each_entry_safe(transfer, next, &rings->waiting, node) {
		transfer->status = -ESHUTDOWN;
		end_sending(transfer);
		end_if_done(rings, transfer, done);
	}
}

void rings_stop(struct usb_rings *rings)
{
	struct usb_front *front = rings->front;
	LIST_HEAD(done);

	if (!front)
		return;
	spin_lock_irq(&front->lock);
	rings->is_up = false;
	spin_unlock_irq(&front->lock);
	if (rings->irq)
		unbind_from_irqhandler(rings->irq, rings);
	rings->irq = 0;
	spin_lock_irq(&front->lock);
	take_back(rings, &done);
	spin_unlock_irq(&front->lock);
	rings_give_back(front, &done);
}

void rings_fini(struct usb_rings *rings)
{
	void *urb = rings->urb.shared, *conn = rings->conn.shared;

	rings_stop(rings);
	if (urb)
		xenbus_teardown_ring(&urb, 1, &rings->urb_ref);
	if (conn)
		xenbus_teardown_ring(&conn, 1, &rings->conn_ref);
	rings->urb.shared = NULL;
	rings->conn.shared = NULL;
	buffers_fini(&rings->buffers);
	rings->front = NULL;
}
