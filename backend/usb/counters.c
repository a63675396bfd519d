// SPDX-License-Identifier: MIT
#include "backend/usb/counters.h"

#include "common/wire/usb.h"

static const char *const type_names[USB_NR_TYPES] = {
	[USB_ISOC] = "isochronous",
	[USB_INTERRUPT] = "interrupt",
	[USB_CONTROL] = "control",
	[USB_BULK] = "bulk",
};

void usb_counters_add(struct usb_counters *sum, const struct usb_counters *counters)
{
	/* Answered before taken: a reader never sees more answers than requests. */
	counter_add(&sum->nr_answered, counter_read(&counters->nr_answered));
	counter_add(&sum->nr_taken, counter_read(&counters->nr_taken));
	counter_add(&sum->nr_unlinks, counter_read(&counters->nr_unlinks));
	for (unsigned int i = 0; i < USB_NR_TYPES; i++) {
		counter_add(&sum->urbs[i], counter_read(&counters->urbs[i]));
		counter_add(&sum->bytes[i], counter_read(&counters->bytes[i]));
	}
	reasons_add(&sum->errors, &counters->errors);
	histogram_merge(&sum->latency, &counters->latency);
}

void usb_counters_close(struct usb_counters *sum)
{
	sum->nr_taken = sum->nr_answered;
}

static json_t *types_json(const uint64_t *value)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < USB_NR_TYPES; i++)
		json_object_set_new(object, type_names[i], json_integer(value[i]));
	return object;
}

void usb_counters_status(const struct usb_counters *counters, json_t *object)
{
	json_object_set_new(object, "in_flight", json_integer(counters->nr_taken - counters->nr_answered));
	json_object_set_new(object, "urbs", types_json(counters->urbs));
	json_object_set_new(object, "bytes", types_json(counters->bytes));
	json_object_set_new(object, "unlinks", json_integer(counters->nr_unlinks));
	json_object_set_new(object, "errors", reasons_json(&counters->errors));
	json_object_set_new(object, "latency_ns", histogram_json(&counters->latency));
	json_object_set_new(object, "spurious_events", json_integer(counters->nr_spurious_events));
}
