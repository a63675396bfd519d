// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root hub's ports. There is no wire at them: a reset, or a resume, is over when it has begun. The backend hears of
 * neither; a device answers to address 0 at any time.
 */
#include "frontend/linux/usb/usb.h"

static u16 speed_bits(u8 speed)
{
	switch (speed) {
	case XENUSB_SPEED_LOW:
		return USB_PORT_STAT_LOW_SPEED;
	case XENUSB_SPEED_HIGH:
		return USB_PORT_STAT_HIGH_SPEED;
	default:
		return 0;
	}
}

/* ---- what is at a port ------------------------------------------------------------------------------------------- */

/* Something else than before. Not enabled: that is for who has reset it. */
static void attach(struct root_port *port)
{
	if (!(port->status & USB_PORT_STAT_POWER))
		return;
	port->status = USB_PORT_STAT_POWER;
	if (port->speed != XENUSB_SPEED_NONE)
		port->status |= USB_PORT_STAT_CONNECTION | speed_bits(port->speed);
	port->change |= USB_PORT_STAT_C_CONNECTION;
}

const char *hub_event(struct usb_front *front, unsigned int number, u8 speed)
{
	u8 max_speed = front->terms.usb_ver == XENUSB_VER_USB11 ? XENUSB_SPEED_FULL : XENUSB_SPEED_HIGH;

	if (speed > max_speed)
		return "an event is of a speed that there is not";
	front->port[number - 1].speed = speed;
	attach(&front->port[number - 1]);
	return NULL;
}

void hub_tell(struct usb_front *front)
{
	if (READ_ONCE(front->hcd))
		usb_hcd_poll_rh_status(front->hcd);
}

void hub_clear(struct usb_front *front)
{
	unsigned int i;

	spin_lock_irq(&front->lock);
	for (i = 0; i < XENUSB_MAX_PORTNR; i++) {
		if (front->port[i].speed == XENUSB_SPEED_NONE)
			continue;
		front->port[i].speed = XENUSB_SPEED_NONE;
		attach(&front->port[i]);
	}
	spin_unlock_irq(&front->lock);
	hub_tell(front);
}

/* One bit for each port that has changed, after the hub's own. The number of octets; 0: none has. */
static unsigned int find_changes(const struct usb_front *front, char *changes)
{
	unsigned int i, nr_octets = 1 + front->terms.nr_ports / 8;
	bool has_any = false;

	memset(changes, 0, nr_octets);
	for (i = 0; i < front->terms.nr_ports; i++) {
		if (front->port[i].change) {
			changes[(i + 1) / 8] |= 1 << (i + 1) % 8;
			has_any = true;
		}
	}
	return has_any ? nr_octets : 0;
}

int hub_status_data(struct usb_hcd *hcd, char *changes)
{
	struct usb_front *front = front_of(hcd);
	unsigned int nr_octets;
	unsigned long flags;

	spin_lock_irqsave(&front->lock, flags);
	nr_octets = find_changes(front, changes);
	spin_unlock_irqrestore(&front->lock, flags);
	if (nr_octets > 0 && hcd->state == HC_STATE_SUSPENDED)
		usb_hcd_resume_root_hub(hcd);
	return nr_octets;
}

/* ---- what the hub's driver asks for: 0, or -EPIPE: there is no such thing ---------------------------------------- */

static int set_feature(struct root_port *port, u16 feature)
{
	switch (feature) {
	case USB_PORT_FEAT_POWER:
		if (port->status & USB_PORT_STAT_POWER)
			return 0;
		port->status |= USB_PORT_STAT_POWER;
		if (port->speed != XENUSB_SPEED_NONE)
			attach(port);
		return 0;
	case USB_PORT_FEAT_RESET:
		port->status &= ~USB_PORT_STAT_SUSPEND;
		if (port->status & USB_PORT_STAT_CONNECTION)
			port->status |= USB_PORT_STAT_ENABLE;
		port->change |= USB_PORT_STAT_C_RESET;
		return 0;
	case USB_PORT_FEAT_SUSPEND:
		if (port->status & USB_PORT_STAT_ENABLE)
			port->status |= USB_PORT_STAT_SUSPEND;
		return 0;
	default:
		return -EPIPE;
	}
}

static int clear_feature(struct root_port *port, u16 feature)
{
	switch (feature) {
	case USB_PORT_FEAT_POWER:
		port->status = 0;
		return 0;
	case USB_PORT_FEAT_ENABLE:
		port->status &= ~(USB_PORT_STAT_ENABLE | USB_PORT_STAT_SUSPEND);
		return 0;
	case USB_PORT_FEAT_SUSPEND:
		if (port->status & USB_PORT_STAT_SUSPEND)
			port->change |= USB_PORT_STAT_C_SUSPEND;
		port->status &= ~USB_PORT_STAT_SUSPEND;
		return 0;
	case USB_PORT_FEAT_C_CONNECTION:
	case USB_PORT_FEAT_C_ENABLE:
	case USB_PORT_FEAT_C_SUSPEND:
	case USB_PORT_FEAT_C_OVER_CURRENT:
	case USB_PORT_FEAT_C_RESET:
		port->change &= ~BIT(feature - USB_PORT_FEAT_C_CONNECTION);
		return 0;
	default:
		return -EPIPE;
	}
}

static void describe(const struct usb_front *front, struct usb_hub_descriptor *descriptor)
{
	unsigned int nr_octets = 1 + front->terms.nr_ports / 8;

	*descriptor = (struct usb_hub_descriptor){
		.bDescLength = USB_DT_HUB_NONVAR_SIZE + 2 * nr_octets,
		.bDescriptorType = USB_DT_HUB,
		.bNbrPorts = front->terms.nr_ports,
		.wHubCharacteristics = cpu_to_le16(HUB_CHAR_INDV_PORT_LPSM | HUB_CHAR_NO_OCPM),
	};
	memset(&descriptor->u.hs.DeviceRemovable[nr_octets], 0xff, nr_octets);
}

static int control_port(struct root_port *port, u16 type_and_request, u16 value, char *data)
{
	__le16 *status = (__le16 *)data;

	switch (type_and_request) {
	case GetPortStatus:
		status[0] = cpu_to_le16(port->status);
		status[1] = cpu_to_le16(port->change);
		return 0;
	case SetPortFeature:
		return set_feature(port, value);
	default:
		return clear_feature(port, value);
	}
}

int hub_control(struct usb_hcd *hcd, u16 type_and_request, u16 value, u16 index, char *data, u16 length)
{
	struct usb_front *front = front_of(hcd);
	unsigned long flags;
	int rc;

	switch (type_and_request) {
	case GetHubDescriptor:
		describe(front, (struct usb_hub_descriptor *)data);
		return 0;
	case GetHubStatus:
		memset(data, 0, 4); /* local power is good, and no current too high */
		return 0;
	case ClearHubFeature:
		return 0;
	case GetPortStatus:
	case SetPortFeature:
	case ClearPortFeature:
		break;
	default:
		return -EPIPE;
	}
	if (index == 0 || index > front->terms.nr_ports)
		return -EPIPE;
	spin_lock_irqsave(&front->lock, flags);
	rc = control_port(&front->port[index - 1], type_and_request, value, data);
	spin_unlock_irqrestore(&front->lock, flags);
	if (type_and_request != GetPortStatus)
		usb_hcd_poll_rh_status(hcd);
	return rc;
}
