// SPDX-License-Identifier: MIT
#include "backend/usb/fake.h"
#include "common/base/container.h"
#include "common/wire/xen_usbif.h"

void fake_pace_init(struct fake_pace *pace, struct fake *fake)
{
	pace->fake = fake;
	TAILQ_INIT(&pace->waiting);
	TAILQ_INIT(&pace->cancelled);
}

static void expired(struct loop_timer *timer);

static void start(struct fake_pace *pace)
{
	struct usb_transfer *first = TAILQ_FIRST(&pace->waiting);

	if (first)
		loop_timer_start(pace->fake->loop, &pace->timer, pace->duration_ns(pace->fake, first), expired);
}

static void expired(struct loop_timer *timer)
{
	struct fake_pace *pace = container_of(timer, struct fake_pace, timer);
	struct usb_transfer *transfer = fake_take(&pace->waiting);

	start(pace);
	pace->finish(pace->fake, transfer);
}

/* The timer goes with the last transfer that needs it, and that one only after it. */
static void gone(struct loop_timer *timer)
{
	struct fake_pace *pace = container_of(timer, struct fake_pace, timer);
	struct fake_transfers cancelled;

	TAILQ_INIT(&cancelled);
	TAILQ_CONCAT(&cancelled, &pace->cancelled, entry);
	start(pace);
	fake_done_all(&cancelled, USBIF_STATUS_IOERROR);
}

void fake_pace_add(struct fake_pace *pace, struct usb_transfer *transfer)
{
	TAILQ_INSERT_TAIL(&pace->waiting, transfer, entry);
	if (!pace->timer.is_armed)
		start(pace);
}

void fake_pace_cancel(struct fake_pace *pace, struct usb_transfer *transfer)
{
	TAILQ_REMOVE(&pace->waiting, transfer, entry);
	if (!TAILQ_EMPTY(&pace->waiting)) {
		fake_done(transfer, USBIF_STATUS_IOERROR);
		return;
	}
	TAILQ_INSERT_TAIL(&pace->cancelled, transfer, entry);
	if (!pace->timer.is_cancelled)
		loop_timer_cancel(pace->fake->loop, &pace->timer, gone);
}
