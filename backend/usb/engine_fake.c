// SPDX-License-Identifier: MIT
/* Devices in software: descriptors and the requests that every device knows; the rest is each kind's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/usb/fake.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/wire/xen_usbif.h"

enum { DESCRIPTOR_DEVICE = 1, DESCRIPTOR_CONFIGURATION = 2, DESCRIPTOR_STRING = 3, DESCRIPTOR_QUALIFIER = 6 };

static const struct fake_kind *const kinds[] = { &fake_loopback, &fake_storage, &fake_mouse, &fake_iso };

static struct fake *to_fake(struct usb_device *device)
{
	return container_of(device, struct fake, device);
}

/* ---- open ------------------------------------------------------------------------------------------------------ */

static const struct fake_kind *find_kind(const char *name, const char **rest)
{
	size_t len = strcspn(name, ",");

	*rest = name[len] ? name + len + 1 : "";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i]->name) == len && strncmp(kinds[i]->name, name, len) == 0)
			return kinds[i];
	}
	return NULL;
}

static void find_endpoints(const struct fake *fake, struct usb_endpoints *endpoints)
{
	size_t len = fake->configuration ? fake->kind->configuration_bytes : 0;

	usb_endpoints_find(endpoints, fake->kind->configuration, len, fake->alternate);
}

/* FNV-1a, of 64 bits. */
static uint64_t hash(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	return hash;
}

/* As a device is that its host's kernel has found: with its first configuration. */
static int fake_open(struct usb_device **device, const char *name, const struct usb_host *host, struct errbuf *err)
{
	const char *rest;
	const struct fake_kind *kind = find_kind(name, &rest);
	struct fake *fake;
	int rc;

	if (!kind)
		return errbuf_set(err, -EINVAL,
				  "'fake:%.100s': expected loopback, storage,FILE, mouse[,MILLISECONDS] or iso", name);
	if (*rest && !*kind->takes)
		return errbuf_set(err, -EINVAL, "'fake:%.100s': nothing may follow %s", name, kind->name);
	fake = calloc(1, kind->bytes);
	if (!fake)
		return errbuf_set(err, -ENOMEM, "fake:%s: no memory", kind->name);
	fake->device = (struct usb_device){ .engine = &usb_engine_fake, .speed = kind->speed };
	fake->kind = kind;
	fake->loop = host->loop;
	fake->configuration = 1;
	snprintf(fake->serial, sizeof(fake->serial), "%016" PRIx64, hash(name));
	find_endpoints(fake, &fake->device.endpoints);
	rc = kind->init(fake, rest, err);
	if (rc)
		free(fake);
	else
		*device = &fake->device;
	return rc;
}

static void fake_close(struct usb_device *device)
{
	struct fake *fake = to_fake(device);

	if (fake->kind->fini)
		fake->kind->fini(fake);
	free(fake);
}

/* ---- what kinds share ------------------------------------------------------------------------------------------ */

void fake_done(struct usb_transfer *transfer, int32_t status)
{
	transfer->status = status;
	transfer->done(transfer);
}

void fake_done_all(struct fake_transfers *transfers, int32_t status)
{
	struct usb_transfer *transfer;

	while ((transfer = fake_take(transfers)))
		fake_done(transfer, status);
}

struct usb_transfer *fake_take(struct fake_transfers *transfers)
{
	struct usb_transfer *transfer = TAILQ_FIRST(transfers);

	if (transfer)
		TAILQ_REMOVE(transfers, transfer, entry);
	return transfer;
}

static uint32_t bit_of(uint8_t endpoint)
{
	return 1U << ((endpoint & 0x0f) + (endpoint & 0x80 ? 16 : 0));
}

void fake_halt(struct fake *fake, uint8_t endpoint, bool is_halted)
{
	if (is_halted)
		fake->halted |= bit_of(endpoint);
	else
		fake->halted &= ~bit_of(endpoint);
	if (fake->kind->halted)
		fake->kind->halted(fake, endpoint, is_halted);
}

/* ---- control transfers ----------------------------------------------------------------------------------------- */

static int give(uint8_t *data, const void *from, size_t len_bytes)
{
	memcpy(data, from, len_bytes);
	return (int)len_bytes;
}

static int give_string(const struct fake *fake, uint8_t index, uint8_t *data)
{
	const char *text = index == FAKE_STRING_NAME ? fake->kind->product : fake->serial;
	size_t len = strlen(text);
	static const uint8_t languages[] = { 4, DESCRIPTOR_STRING, 0x09, 0x04 };

	if (index == 0)
		return give(data, languages, sizeof(languages));
	if (index > FAKE_STRING_SERIAL)
		return -1;
	data[0] = (uint8_t)(2 + 2 * len);
	data[1] = DESCRIPTOR_STRING;
	for (size_t i = 0; i < len; i++) {
		data[2 + 2 * i] = (uint8_t)text[i];
		data[3 + 2 * i] = 0;
	}
	return data[0];
}

static int get_descriptor(const struct fake *fake, uint16_t value, uint8_t *data)
{
	uint8_t qualifier[10] = { 10, DESCRIPTOR_QUALIFIER, 0x00, 0x02, 0, 0, 0, 64, 1, 0 };

	switch (value >> 8) {
	case DESCRIPTOR_DEVICE:
		return give(data, fake->kind->device, FAKE_DEVICE_BYTES);
	case DESCRIPTOR_CONFIGURATION:
		return value & 0xff ? -1 : give(data, fake->kind->configuration, fake->kind->configuration_bytes);
	case DESCRIPTOR_STRING:
		return give_string(fake, (uint8_t)value, data);
	case DESCRIPTOR_QUALIFIER:
		return fake->kind->speed == USB_SPEED_HIGH ? give(data, qualifier, sizeof(qualifier)) : -1;
	default:
		return -1;
	}
}

static int give_status(uint8_t *data, bool bit)
{
	data[0] = bit;
	data[1] = 0;
	return 2;
}

/* How many octets the device sends; -1: a stall. */
static int answer_standard(struct fake *fake, const struct usb_setup *setup, uint8_t *data)
{
	switch (setup->request_type << 8 | setup->request) {
	case 0x8000: /* GET_STATUS of the device, an interface, an endpoint */
	case 0x8100:
		return give_status(data, false);
	case 0x8200:
		return give_status(data, fake->halted & bit_of((uint8_t)setup->index));
	case 0x0203: /* SET_FEATURE of an endpoint */
		if (setup->value != 0 || (setup->index & 0x0f) == 0)
			return -1;
		fake_halt(fake, (uint8_t)setup->index, true);
		return 0;
	case 0x8006: /* GET_DESCRIPTOR */
		return get_descriptor(fake, setup->value, data);
	case 0x8008: /* GET_CONFIGURATION */
		return give(data, &fake->configuration, 1);
	case 0x810a: /* GET_INTERFACE */
		return setup->index < USB_MAX_INTERFACES ? give(data, &fake->alternate[setup->index], 1) : -1;
	default:
		return -1;
	}
}

/* An answer that is longer than was asked for is cut, as by a device. */
static void control(struct fake *fake, struct usb_transfer *transfer)
{
	uint8_t data[256];
	struct usb_setup setup;
	int len;

	usb_setup_decode(transfer->setup, &setup);
	if (!(setup.request_type & USB_SETUP_IN)) {
		if (transfer->len_bytes > sizeof(data)) {
			fake_done(transfer, USBIF_STATUS_STALL);
			return;
		}
		memcpy(data, transfer->data, transfer->len_bytes);
	}
	len = answer_standard(fake, &setup, data);
	if (len < 0 && fake->kind->control)
		len = fake->kind->control(fake, &setup, data);
	if (len < 0) {
		fake_done(transfer, USBIF_STATUS_STALL);
		return;
	}
	if (!(setup.request_type & USB_SETUP_IN)) {
		transfer->actual_bytes = transfer->len_bytes;
	} else {
		transfer->actual_bytes = (uint32_t)len < transfer->len_bytes ? (uint32_t)len : transfer->len_bytes;
		memcpy(transfer->data, data, transfer->actual_bytes);
	}
	fake_done(transfer, USBIF_STATUS_OK);
}

static void fake_submit(struct usb_device *device, struct usb_transfer *transfer)
{
	struct fake *fake = to_fake(device);
	uint8_t endpoint = usb_transfer_endpoint(transfer);

	if (transfer->type == USB_CONTROL)
		control(fake, transfer);
	else if (fake->halted & bit_of(endpoint))
		fake_done(transfer, USBIF_STATUS_STALL);
	else
		fake->kind->submit(fake, transfer);
}

static void fake_cancel(struct usb_device *device, struct usb_transfer *transfer)
{
	struct fake *fake = to_fake(device);

	fake->kind->cancel(fake, transfer);
}

/* ---- chores ---------------------------------------------------------------------------------------------------- */

static void reconfigure(struct fake *fake, uint8_t configuration)
{
	fake->configuration = configuration;
	fake->halted = 0;
	memset(fake->alternate, 0, sizeof(fake->alternate));
	if (fake->kind->configured)
		fake->kind->configured(fake);
}

static int fake_reset(struct usb_device *device, struct errbuf *err)
{
	reconfigure(to_fake(device), 1);
	return 0;
}

static int32_t do_chore(struct fake *fake, const struct usb_chore *chore)
{
	const struct fake_kind *kind = fake->kind;

	switch (chore->kind) {
	case USB_SET_CONFIGURATION:
		if (chore->configuration > 1)
			return USBIF_STATUS_STALL;
		reconfigure(fake, chore->configuration);
		return USBIF_STATUS_OK;
	case USB_SET_INTERFACE:
		if (!fake->configuration ||
		    !usb_has_setting(kind->configuration, kind->configuration_bytes, chore->interface,
				     chore->alternate))
			return USBIF_STATUS_STALL;
		fake->alternate[chore->interface] = chore->alternate;
		fake->halted = 0; /* of its endpoints, which are all that each kind has */
		if (kind->configured)
			kind->configured(fake);
		return USBIF_STATUS_OK;
	case USB_CLEAR_HALT:
		fake_halt(fake, chore->endpoint, false);
		return USBIF_STATUS_OK;
	}
	return USBIF_STATUS_STALL;
}

static void fake_chore(struct usb_device *device, struct usb_chore *chore)
{
	struct fake *fake = to_fake(device);

	chore->status = do_chore(fake, chore);
	find_endpoints(fake, &chore->endpoints);
	chore->done(chore);
}

const struct usb_engine usb_engine_fake = {
	.open = fake_open,
	.close = fake_close,
	.reset = fake_reset,
	.submit = fake_submit,
	.cancel = fake_cancel,
	.chore = fake_chore,
};
