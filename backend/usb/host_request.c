// SPDX-License-Identifier: MIT
#include "backend/usb/host_request.h"

static struct usb_host_request bad(const char *why)
{
	return (struct usb_host_request){ .kind = USB_BAD_REQUEST, .why = why };
}

static struct usb_host_request chore(struct usb_chore chore)
{
	return (struct usb_host_request){ .kind = USB_DO_CHORE, .chore = chore };
}

static struct usb_host_request set_address(uint16_t address)
{
	if (address > USB_MAX_ADDRESS)
		return bad("no such address");
	return (struct usb_host_request){ .kind = USB_SET_ADDRESS, .address = (uint8_t)address };
}

static struct usb_host_request without_data(const struct usb_setup *setup)
{
	switch (setup->request_type << 8 | setup->request) {
	case 0x0005:
		return set_address(setup->value);
	case 0x0009:
		return chore((struct usb_chore){ USB_SET_CONFIGURATION, .configuration = (uint8_t)setup->value });
	case 0x010b:
		return chore((struct usb_chore){ USB_SET_INTERFACE, .interface = (uint8_t)setup->index,
						 .alternate = (uint8_t)setup->value });
	case 0x0201: /* CLEAR_FEATURE of an endpoint: 0 is ENDPOINT_HALT */
		if (setup->value == 0)
			return chore((struct usb_chore){ USB_CLEAR_HALT, .endpoint = (uint8_t)setup->index });
		break;
	}
	return (struct usb_host_request){ .kind = USB_NOT_THE_HOSTS };
}

/* With data it is none that there is; the device would take it for the one without. */
struct usb_host_request usb_host_request(const struct usb_urb *urb)
{
	struct usb_host_request request;
	struct usb_setup setup;

	usb_setup_decode(urb->setup, &setup);
	request = without_data(&setup);
	if (request.kind != USB_NOT_THE_HOSTS && urb->len_bytes > 0)
		return bad("data with a request that has none");
	return request;
}
