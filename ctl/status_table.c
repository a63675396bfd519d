// SPDX-License-Identifier: MIT
#include "ctl/status_table.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "backend/core/metrics.h"

/* ---- what there is to see of a device, by class ---------------------------------------------------------------- */

enum format {
	TEXT,
	STATE, /* no member: what the device does, or that something is wrong with it */
	NUMBER,
	MICROSECONDS, /* of nanoseconds */
	FAILURES,     /* no member: the sum of all that the class counts by reason */
};

struct column {
	const char *title;
	int width; /* negative: to the left; 0: as wide as it is */
	enum format format;
	const char *member; /* of the device's status; "latency_ns.p50": of a member of it */
};

/* An object with a number for each reason. */
struct failures {
	const char *member, *what;
};

/* Of either kind of controller. */
static const struct column usb_columns[] = {
	{ "DEVICE", -14, TEXT, "device" },
	{ "STATE", -12, STATE, NULL },
	{ "PORTS", 5, NUMBER, "nr_ports" },
	{ "CONTROL", 9, NUMBER, "urbs.control" },
	{ "BULK", 9, NUMBER, "urbs.bulk" },
	{ "INTERRUPT", 9, NUMBER, "urbs.interrupt" },
	{ "ISOC", 9, NUMBER, "urbs.isochronous" },
	{ "IN FLIGHT", 9, NUMBER, "in_flight" },
	{ "ERRORS", 7, FAILURES, NULL },
	{ "P50 us", 9, MICROSECONDS, "latency_ns.p50" },
	{ "P99 us", 9, MICROSECONDS, "latency_ns.p99" },
	{ NULL, 0, TEXT, NULL },
};

static const struct failures usb_failures[] = {
	{ "errors", "URB(s) refused" },
	{ NULL, NULL },
};

static const struct view {
	const char *kind; /* the device's name begins with it; "": any other */
	const struct column *columns; /* up to one without a title */
	const struct failures *failures; /* up to one without a member */
} views[] = {
	{
		.kind = "vbd ",
		.columns = (const struct column[]){
			{ "DEVICE", -14, TEXT, "device" },
			{ "VDEV", -7, TEXT, "vdev" },
			{ "STATE", -12, STATE, NULL },
			{ "MODE", -5, TEXT, "mode" },
			{ "GRANTS", -6, TEXT, "grants" },
			{ "QUEUES", 6, NUMBER, "queues" },
			{ "READS", 9, NUMBER, "requests.read" },
			{ "WRITES", 9, NUMBER, "requests.write" },
			{ "IN FLIGHT", 9, NUMBER, "in_flight" },
			{ "ERRORS", 7, FAILURES, NULL },
			{ "P50 us", 9, MICROSECONDS, "latency_ns.p50" },
			{ "P99 us", 9, MICROSECONDS, "latency_ns.p99" },
			{ "IMAGE", 0, TEXT, "image" },
			{ NULL, 0, TEXT, NULL },
		},
		.failures = (const struct failures[]){
			{ "errors", "request(s) failed" },
			{ NULL, NULL },
		},
	},
	{
		.kind = "vif ",
		.columns = (const struct column[]){
			{ "DEVICE", -14, TEXT, "device" },
			{ "INTERFACE", -15, TEXT, "interface" },
			{ "STATE", -12, STATE, NULL },
			{ "BRIDGE", -15, TEXT, "bridge" },
			{ "MAC", -17, TEXT, "mac" },
			{ "QUEUES", 6, NUMBER, "queues" },
			{ "TX FRAMES", 11, NUMBER, "tx.frames" },
			{ "TX BYTES", 14, NUMBER, "tx.bytes" },
			{ "RX FRAMES", 11, NUMBER, "rx.frames" },
			{ "RX BYTES", 14, NUMBER, "rx.bytes" },
			{ "DROPS", 9, FAILURES, NULL },
			{ NULL, 0, TEXT, NULL },
		},
		.failures = (const struct failures[]){
			{ "tx.drops", "frame(s) from the guest dropped" },
			{ "rx.drops", "frame(s) to the guest dropped" },
			{ NULL, NULL },
		},
	},
	{ .kind = "vusb ", .columns = usb_columns, .failures = usb_failures },
	{ .kind = "qusb ", .columns = usb_columns, .failures = usb_failures },
	{
		.kind = "",
		.columns = (const struct column[]){
			{ "DEVICE", -14, TEXT, "device" },
			{ "STATE", 0, STATE, NULL },
			{ NULL, 0, TEXT, NULL },
		},
		.failures = (const struct failures[]){
			{ NULL, NULL },
		},
	},
};

/* ---- reading it ------------------------------------------------------------------------------------------------ */

static const char *text_of(const json_t *object, const char *path)
{
	return json_string_value(member_json(object, path)) ?: "";
}

static const struct view *view_of(const json_t *device)
{
	const struct view *view = views;

	while (strncmp(text_of(device, "device"), view->kind, strlen(view->kind)) != 0)
		view++;
	return view;
}

static json_int_t nr_failures(const struct view *view, const json_t *device)
{
	json_int_t sum = 0;
	const char *why;
	json_t *count;

	for (const struct failures *f = view->failures; f->member; f++) {
		json_object_foreach((json_t *)member_json(device, f->member), why, count)
			sum += json_integer_value(count);
	}
	return sum;
}

static bool is_parked(const json_t *device)
{
	return strcmp(text_of(device, "phase"), "parked") == 0;
}

static const char *state_of(const json_t *device)
{
	return *text_of(device, "reason") && !is_parked(device) ? "faulty" : text_of(device, "phase");
}

/* ---- printing it ----------------------------------------------------------------------------------------------- */

static void print_cell(const struct view *view, const struct column *column, const json_t *device)
{
	const json_t *value = column->member ? member_json(device, column->member) : NULL;
	char number[32] = "";
	const char *text = number;

	switch (column->format) {
	case TEXT:
		text = text_of(device, column->member);
		break;
	case STATE:
		text = state_of(device);
		break;
	case NUMBER:
		if (json_is_integer(value))
			snprintf(number, sizeof(number), "%lld", json_integer_value(value));
		break;
	case MICROSECONDS:
		if (json_is_integer(value))
			snprintf(number, sizeof(number), "%.1f", json_integer_value(value) / 1e3);
		break;
	case FAILURES:
		snprintf(number, sizeof(number), "%lld", nr_failures(view, device));
		break;
	}
	printf("%*s", column->width, text);
}

static void print_titles(const struct view *view)
{
	for (const struct column *column = view->columns; column->title; column++)
		printf("%*s%c", column->width, column->title, column[1].title ? ' ' : '\n');
}

static void print_device(const struct view *view, const json_t *device)
{
	const char *reason = text_of(device, "reason"), *why;
	json_t *count, *port;
	size_t i;

	for (const struct column *column = view->columns; column->title; column++) {
		print_cell(view, column, device);
		printf("%c", column[1].title ? ' ' : '\n');
	}
	if (*reason)
		printf("    %s\n", reason);
	if (is_parked(device))
		printf("    mend that, then 'pvring recover %s'; or the same with --replay-nothing or --close\n",
		       text_of(device, "device"));
	if (json_object_get(device, "abandoned"))
		printf("    %lld request(s) are never answered: it was recovered without its journal\n",
		       json_integer_value(json_object_get(device, "abandoned")));
	json_array_foreach(json_object_get(device, "ports"), i, port)
		printf("    port %lld: %s: %s\n", json_integer_value(json_object_get(port, "port")),
		       text_of(port, "device"), text_of(port, "status"));
	for (const struct failures *f = view->failures; f->member; f++) {
		json_object_foreach((json_t *)member_json(device, f->member), why, count)
			printf("    %lld %s: %s\n", json_integer_value(count), f->what, why);
	}
}

void status_table_print(const json_t *reply)
{
	const json_t *devices = json_object_get(reply, "devices"), *device;
	const struct view *last = NULL;
	size_t i;

	printf("%s (pid %lld, version %s, %lld threads): %zu device(s)\n", text_of(reply, "name"),
	       json_integer_value(json_object_get(reply, "pid")), text_of(reply, "version"),
	       json_integer_value(json_object_get(reply, "threads")), json_array_size(devices));
	if (strcmp(text_of(reply, "xenstore"), "lost") == 0)
		printf("xenstore: the connection is lost, states are not known: see its log\n");
	json_array_foreach(devices, i, device) {
		const struct view *view = view_of(device);

		if (view != last)
			print_titles(view);
		last = view;
		print_device(view, device);
	}
}
