// SPDX-License-Identifier: MIT
/*
 * A source and a sink of isochronous packets, a millisecond each. The source numbers its octets, modulo 256, from the
 * first on; of each packet it fills as much as there is room for. The sink expects the same of what it is sent. Both
 * begin anew with SET_INTERFACE; the vendor's request 1 tells what the sink has seen.
 */
#include <string.h>

#include "backend/usb/fake.h"
#include "common/base/clock.h"
#include "common/base/container.h"
#include "common/wire/xen_usbif.h"

#define PACKET_BYTES 1024

enum { CLASS_VENDOR = 0xff };

#define CONFIGURATION_BYTES (9 + 9 + 9 + 7 + 7)
static const uint8_t configuration[] = {
	FAKE_CONFIGURATION(CONFIGURATION_BYTES, 1),
	FAKE_INTERFACE(0, 0, 0, CLASS_VENDOR, 0, 0),
	FAKE_INTERFACE(0, 1, 2, CLASS_VENDOR, 0, 0),
	FAKE_ENDPOINT(0x81, 1, PACKET_BYTES, 4), /* every millisecond */
	FAKE_ENDPOINT(0x02, 1, PACKET_BYTES, 4),
};
_Static_assert(sizeof(configuration) == CONFIGURATION_BYTES, "its length");

struct iso {
	struct fake fake;
	struct fake_pace source, sink;
	uint8_t next_given, next_expected;
	uint32_t nr_packets, nr_bytes, nr_wrong; /* of the sink */
};

static struct iso *to_iso(struct fake *fake)
{
	return container_of(fake, struct iso, fake);
}

static uint64_t duration_ns(struct fake *fake, const struct usb_transfer *transfer)
{
	return transfer->nr_packets * NSEC_PER_MSEC;
}

static void give(struct iso *iso, uint8_t *data, uint32_t len_bytes)
{
	for (uint32_t i = 0; i < len_bytes; i++)
		data[i] = iso->next_given++;
}

static void finish_source(struct fake *fake, struct usb_transfer *transfer)
{
	for (unsigned int i = 0; i < transfer->nr_packets; i++) {
		struct usb_packet *packet = &transfer->packets[i];

		packet->actual_bytes = packet->len_bytes < PACKET_BYTES ? packet->len_bytes : PACKET_BYTES;
		give(to_iso(fake), transfer->data + packet->offset_bytes, packet->actual_bytes);
		transfer->actual_bytes += packet->actual_bytes;
	}
	fake_done(transfer, USBIF_STATUS_OK);
}

static void take(struct iso *iso, const uint8_t *data, uint32_t len_bytes)
{
	iso->nr_packets++;
	iso->nr_bytes += len_bytes;
	for (uint32_t i = 0; i < len_bytes; i++) {
		iso->nr_wrong += data[i] != iso->next_expected;
		iso->next_expected = (uint8_t)(data[i] + 1);
	}
}

static void finish_sink(struct fake *fake, struct usb_transfer *transfer)
{
	for (unsigned int i = 0; i < transfer->nr_packets; i++) {
		struct usb_packet *packet = &transfer->packets[i];

		if (packet->len_bytes > PACKET_BYTES) {
			packet->status = USBIF_STATUS_INVAL;
			continue;
		}
		packet->actual_bytes = packet->len_bytes;
		take(to_iso(fake), transfer->data + packet->offset_bytes, packet->len_bytes);
		transfer->actual_bytes += packet->len_bytes;
	}
	fake_done(transfer, USBIF_STATUS_OK);
}

static void begin(struct fake *fake)
{
	struct iso *iso = to_iso(fake);

	iso->next_given = iso->next_expected = 0;
	iso->nr_packets = iso->nr_bytes = iso->nr_wrong = 0;
}

static int init(struct fake *fake, const char *rest, struct errbuf *err)
{
	struct iso *iso = to_iso(fake);

	fake_pace_init(&iso->source, fake);
	iso->source.finish = finish_source;
	fake_pace_init(&iso->sink, fake);
	iso->sink.finish = finish_sink;
	iso->source.duration_ns = iso->sink.duration_ns = duration_ns;
	return 0;
}

static int control(struct fake *fake, const struct usb_setup *setup, uint8_t *data)
{
	const struct iso *iso = to_iso(fake);
	const uint32_t seen[] = { iso->nr_packets, iso->nr_bytes, iso->nr_wrong };

	if (setup->request_type != 0xc0 || setup->request != 1)
		return -1;
	memcpy(data, seen, sizeof(seen));
	return sizeof(seen);
}

static struct fake_pace *pace_of(struct fake *fake, const struct usb_transfer *transfer)
{
	return transfer->is_in ? &to_iso(fake)->source : &to_iso(fake)->sink;
}

static void submit(struct fake *fake, struct usb_transfer *transfer)
{
	fake_pace_add(pace_of(fake, transfer), transfer);
}

static void cancel(struct fake *fake, struct usb_transfer *transfer)
{
	fake_pace_cancel(pace_of(fake, transfer), transfer);
}

const struct fake_kind fake_iso = {
	.name = "iso",
	.takes = "",
	.speed = USB_SPEED_HIGH,
	.device = FAKE_DEVICE(4),
	.configuration = configuration,
	.configuration_bytes = sizeof(configuration),
	.product = "pvring isochronous source and sink",
	.bytes = sizeof(struct iso),
	.init = init,
	.configured = begin,
	.control = control,
	.submit = submit,
	.cancel = cancel,
};
