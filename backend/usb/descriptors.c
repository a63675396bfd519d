// SPDX-License-Identifier: MIT
#include "backend/usb/descriptors.h"

#include <string.h>

enum { TYPE_INTERFACE = 4, TYPE_ENDPOINT = 5 };

/* The descriptor at *at, which moves to the next; NULL: there is no whole one. */
static const uint8_t *next_descriptor(const uint8_t *configuration, size_t len_bytes, size_t *at)
{
	const uint8_t *descriptor;

	if (len_bytes - *at < 2)
		return NULL;
	descriptor = configuration + *at;
	if (descriptor[0] < 2 || descriptor[0] > len_bytes - *at)
		return NULL;
	*at += descriptor[0];
	return descriptor;
}

static void add_endpoint(struct usb_endpoints *endpoints, const uint8_t *descriptor)
{
	/* As bmAttributes has them. */
	static const uint8_t types[] = { USB_CONTROL, USB_ISOC, USB_BULK, USB_INTERRUPT };
	unsigned int number = descriptor[2] & 0x0f;
	struct usb_endpoint *endpoint = descriptor[2] & 0x80 ? &endpoints->in[number] : &endpoints->out[number];

	endpoint->type = types[descriptor[3] & 3];
	endpoint->packet_bytes = (uint16_t)(descriptor[4] | (descriptor[5] & 0x07) << 8);
}

void usb_endpoints_find(struct usb_endpoints *endpoints, const uint8_t *configuration, size_t len_bytes,
			const uint8_t alternate[USB_MAX_INTERFACES])
{
	const uint8_t *descriptor;
	bool is_used = false;
	size_t at = 0;

	memset(endpoints, 0, sizeof(*endpoints));
	while ((descriptor = next_descriptor(configuration, len_bytes, &at))) {
		if (descriptor[1] == TYPE_INTERFACE && descriptor[0] >= 9)
			is_used = descriptor[2] < USB_MAX_INTERFACES && alternate[descriptor[2]] == descriptor[3];
		else if (descriptor[1] == TYPE_ENDPOINT && descriptor[0] >= 7 && is_used)
			add_endpoint(endpoints, descriptor);
	}
}

bool usb_has_class(const uint8_t *descriptors, size_t len_bytes, uint8_t class)
{
	const uint8_t *descriptor;
	size_t at = 0;

	while ((descriptor = next_descriptor(descriptors, len_bytes, &at))) {
		if (descriptor[1] == TYPE_INTERFACE && descriptor[0] >= 9 && descriptor[5] == class)
			return true;
	}
	return false;
}

bool usb_has_setting(const uint8_t *configuration, size_t len_bytes, uint8_t interface, uint8_t alternate)
{
	const uint8_t *descriptor;
	size_t at = 0;

	while ((descriptor = next_descriptor(configuration, len_bytes, &at))) {
		if (descriptor[1] == TYPE_INTERFACE && descriptor[0] >= 9 && descriptor[2] == interface &&
		    descriptor[3] == alternate)
			return interface < USB_MAX_INTERFACES;
	}
	return false;
}
