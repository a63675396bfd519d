// SPDX-License-Identifier: MIT
/* What a guest asks, and when it is answered. */
#include "tests/conform/scripted_usb/controller.h"

#include <string.h>

#include "tests/conform/violate.h"

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void put(struct controller *controller, struct usb_urb_answer answer, uint16_t id)
{
	uint8_t octets[USB_URB_RESPONSE_BYTES];

	answer.id = id;
	usb_urb_answer_encode(&answer, octets);
	back_put_raw(&controller->back, octets);
}

static void put_status(struct controller *controller, uint16_t id, int32_t status)
{
	put(controller, (struct usb_urb_answer){ .status = status }, id);
}

static void drop(struct controller *controller, unsigned int i)
{
	controller->nr_with_device -= i < controller->nr_with_device;
	controller->nr_waiting--;
	memmove(&controller->waiting[i], &controller->waiting[i + 1],
		(controller->nr_waiting - i) * sizeof(controller->waiting[0]));
}

void ring_answer_all(struct controller *controller, uint8_t port, int32_t status)
{
	for (unsigned int i = controller->nr_waiting; i-- > 0;) {
		if (controller->waiting[i].port != port)
			continue;
		if (!violates("USB-30"))
			put_status(controller, controller->waiting[i].id, status);
		drop(controller, i);
	}
	if (controller->is_connected)
		back_push(&controller->back);
}

/* ---- unlinks --------------------------------------------------------------------------------------------------- */

static unsigned int find(const struct controller *controller, const struct usb_urb *unlink)
{
	unsigned int i = 0;

	while (i < controller->nr_waiting && (controller->waiting[i].id != unlink->unlink_id ||
					      controller->waiting[i].port != unlink->port))
		i++;
	return i;
}

static void unlink_one(struct controller *controller, const struct usb_urb *unlink)
{
	unsigned int i = find(controller, unlink);
	bool is_out = i < controller->nr_waiting, is_late;

	if (!is_out) {
		put_status(controller, unlink->id, violates("USB-23") ? USBIF_STATUS_INVAL : USBIF_STATUS_OK);
		return;
	}
	is_late = violates(i < controller->nr_with_device ? "USB-22" : "USB-21");
	if (is_late)
		put_status(controller, unlink->id, USBIF_STATUS_OK);
	put_status(controller, unlink->unlink_id, USBIF_STATUS_IOERROR);
	drop(controller, i);
	if (!is_late)
		put_status(controller, unlink->id, USBIF_STATUS_OK);
}

/* ---- taking and serving ---------------------------------------------------------------------------------------- */

static void take(struct controller *controller)
{
	uint8_t octets[USB_URB_REQUEST_BYTES];
	struct usb_urb urb;
	int32_t status;

	back_take_raw(&controller->back, octets);
	usb_urb_decode(octets, &urb);
	status = urb_judge(controller, &urb);
	if (status != USBIF_STATUS_OK)
		put_status(controller, urb.id, status);
	else if (urb.is_unlink)
		unlink_one(controller, &urb);
	else
		controller->waiting[controller->nr_waiting++] = urb;
}

/* The first that is through now; what one says may be what an earlier one has waited for. */
static bool answer_one(struct controller *controller)
{
	struct usb_urb_answer answer;

	for (unsigned int k = 0; k < controller->nr_waiting; k++) {
		unsigned int i = violates("USB-14") ? controller->nr_waiting - 1 - k : k;

		if (!urb_carry_out(controller, &controller->waiting[i], &answer))
			continue;
		put(controller, answer, controller->waiting[i].id);
		drop(controller, i);
		return true;
	}
	return false;
}

bool ring_serve(struct controller *controller)
{
	struct back *back = &controller->back;

	if (back_nr_requests(back) > back_max_requests(back) ||
	    back_nr_requests(&controller->events) > back_max_requests(&controller->events))
		return false;
	while (back_nr_requests(back) > 0 && controller->nr_waiting < CONTROLLER_SLOTS)
		take(controller);
	while (answer_one(controller))
		;
	controller->nr_with_device = controller->nr_waiting;
	back_push(back);
	return true;
}

bool ring_may_sleep(struct controller *controller)
{
	return back_may_sleep(&controller->back);
}
