// SPDX-License-Identifier: MIT
#include "backend/usb/hub.h"

#include "common/wire/usb.h"

void usb_hub_init(struct usb_hub *hub, struct queue *queue, unsigned int nr_ports, bool is_resumed,
		  void (*returned)(struct usb_hub *, unsigned int))
{
	*hub = (struct usb_hub){ .queue = queue, .nr_ports = nr_ports, .returned = returned };
	for (unsigned int i = 1; is_resumed && i <= nr_ports; i++) {
		hub->port[i].told_speed = USB_SPEED_HIGH;
		hub->port[i].plug = 1;
	}
}

void usb_hub_plug(struct usb_hub *hub, unsigned int number, struct usb_device *device)
{
	struct usb_hub_port *port = &hub->port[number];

	port->device = device;
	port->endpoints = device->endpoints;
	port->address = 0;
	port->is_leaving = false;
	port->plug++;
	queue_kick(hub->queue);
}

static void give_back_if_idle(struct usb_hub *hub, unsigned int number)
{
	struct usb_hub_port *port = &hub->port[number];

	if (!port->is_leaving || port->nr_out > 0)
		return;
	port->device = NULL;
	port->is_leaving = false;
	hub->returned(hub, number);
}

void usb_hub_unplug(struct usb_hub *hub, unsigned int number)
{
	struct usb_hub_port *port = &hub->port[number];

	port->is_leaving = true;
	port->plug++;
	queue_kick(hub->queue);
	give_back_if_idle(hub, number);
}

struct usb_device *usb_hub_device(const struct usb_hub *hub, unsigned int number)
{
	const struct usb_hub_port *port = &hub->port[number];

	return port->is_leaving ? NULL : port->device;
}

void usb_hub_began(struct usb_hub *hub, unsigned int number)
{
	hub->port[number].nr_out++;
}

void usb_hub_ended(struct usb_hub *hub, unsigned int number)
{
	hub->port[number].nr_out--;
	give_back_if_idle(hub, number);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

/* What the guest is to be told next of this port. false: it knows. */
static bool next_event(const struct usb_hub *hub, unsigned int number, enum usb_speed *speed)
{
	const struct usb_hub_port *port = &hub->port[number];
	const struct usb_device *device = usb_hub_device(hub, number);

	*speed = USB_SPEED_NONE;
	if (port->told_speed != USB_SPEED_NONE && port->told_plug != port->plug)
		return true;
	*speed = device ? device->speed : USB_SPEED_NONE;
	return *speed != port->told_speed;
}

/* false: there is no request for it. The queue runs again when there is. */
static bool tell(struct usb_hub *hub, unsigned int number, enum usb_speed speed)
{
	struct usb_conn_event event = { .port = (uint8_t)number, .speed = (uint8_t)speed };
	uint8_t octets[USB_CONN_RESPONSE_BYTES];
	const void *request;
	uint32_t slot;

	if (!queue_has_requests(hub->queue, 1))
		return false;
	request = queue_take(hub->queue, &slot);
	if (!request)
		return false;
	event.id = usb_conn_request_decode(request);
	usb_conn_event_encode(&event, octets);
	queue_respond(hub->queue, slot, octets);
	hub->port[number].told_speed = speed;
	hub->port[number].told_plug = hub->port[number].plug;
	return true;
}

void usb_hub_flush(struct usb_hub *hub)
{
	enum usb_speed speed;

	for (unsigned int number = 1; number <= hub->nr_ports; number++) {
		while (next_event(hub, number, &speed)) {
			if (!tell(hub, number, speed))
				return;
		}
	}
}
