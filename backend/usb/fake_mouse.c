// SPDX-License-Identifier: MIT
/* A mouse that moves a step to the right, at an even pace, for as long as somebody asks. */
#include <errno.h>
#include <string.h>

#include "backend/usb/fake.h"
#include "common/base/clock.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/base/parse.h"
#include "common/wire/xen_usbif.h"

#define DEFAULT_PACE_MS 100

enum { CLASS_HID = 3, HID_DESCRIPTOR = 0x21, HID_REPORT_DESCRIPTOR = 0x22 };

/* Three buttons and two axes: the boot protocol's mouse (HID 1.11, appendix E.10). */
static const uint8_t report_descriptor[] = {
	0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, 0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x15,
	0x00, 0x25, 0x01, 0x95, 0x03, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x05, 0x81, 0x01, 0x05, 0x01,
	0x09, 0x30, 0x09, 0x31, 0x15, 0x81, 0x25, 0x7f, 0x75, 0x08, 0x95, 0x02, 0x81, 0x06, 0xc0, 0xc0,
};

#define CONFIGURATION_BYTES (9 + 9 + 9 + 7)
static const uint8_t configuration[] = {
	FAKE_CONFIGURATION(CONFIGURATION_BYTES, 1),
	FAKE_INTERFACE(0, 0, 1, CLASS_HID, 1, 2),
	9, HID_DESCRIPTOR, 0x11, 0x01, 0, 1, HID_REPORT_DESCRIPTOR, sizeof(report_descriptor), 0,
	FAKE_ENDPOINT(0x81, 3, 4, 7), /* every 8 ms */
};
_Static_assert(sizeof(configuration) == CONFIGURATION_BYTES, "its length");

struct mouse {
	struct fake fake;
	struct fake_pace pace;
	uint32_t pace_ms;
};

static struct mouse *to_mouse(struct fake *fake)
{
	return container_of(fake, struct mouse, fake);
}

static uint64_t duration_ns(struct fake *fake, const struct usb_transfer *transfer)
{
	return to_mouse(fake)->pace_ms * NSEC_PER_MSEC;
}

static void finish(struct fake *fake, struct usb_transfer *transfer)
{
	static const uint8_t report[] = { 0, 1, 0 };

	if (transfer->len_bytes < sizeof(report)) {
		fake_done(transfer, USBIF_STATUS_BABBLE);
		return;
	}
	memcpy(transfer->data, report, sizeof(report));
	transfer->actual_bytes = sizeof(report);
	fake_done(transfer, USBIF_STATUS_OK);
}

static int init(struct fake *fake, const char *rest, struct errbuf *err)
{
	struct mouse *mouse = to_mouse(fake);

	fake_pace_init(&mouse->pace, fake);
	mouse->pace.duration_ns = duration_ns;
	mouse->pace.finish = finish;
	mouse->pace_ms = DEFAULT_PACE_MS;
	if (*rest && parse_u32(rest, 1, 3600000, &mouse->pace_ms))
		return errbuf_set(err, -EINVAL, "fake:mouse: '%.40s' is not a number of milliseconds from 1 to 3600000",
				  rest);
	return 0;
}

static int control(struct fake *fake, const struct usb_setup *setup, uint8_t *data)
{
	switch (setup->request_type << 8 | setup->request) {
	case 0x8106: /* GET_DESCRIPTOR of the interface */
		if (setup->value != HID_REPORT_DESCRIPTOR << 8)
			return -1;
		memcpy(data, report_descriptor, sizeof(report_descriptor));
		return sizeof(report_descriptor);
	case 0x210a: /* SET_IDLE */
	case 0x210b: /* SET_PROTOCOL: reports are the same in both */
		return 0;
	default:
		return -1;
	}
}

static void submit(struct fake *fake, struct usb_transfer *transfer)
{
	fake_pace_add(&to_mouse(fake)->pace, transfer);
}

static void cancel(struct fake *fake, struct usb_transfer *transfer)
{
	fake_pace_cancel(&to_mouse(fake)->pace, transfer);
}

const struct fake_kind fake_mouse = {
	.name = "mouse",
	.takes = "the milliseconds between two of its reports",
	.speed = USB_SPEED_FULL,
	.device = FAKE_DEVICE(3),
	.configuration = configuration,
	.configuration_bytes = sizeof(configuration),
	.product = "pvring mouse",
	.bytes = sizeof(struct mouse),
	.init = init,
	.control = control,
	.submit = submit,
	.cancel = cancel,
};
