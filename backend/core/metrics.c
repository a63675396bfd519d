// SPDX-License-Identifier: MIT
#include "backend/core/metrics.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bucket_limit_ns(unsigned int i)
{
	return 1ULL << (i + HISTOGRAM_FIRST_LOG2);
}

void histogram_add(struct histogram *histogram, uint64_t duration_ns)
{
	unsigned int i = 0;

	if (duration_ns >= bucket_limit_ns(0))
		i = 63 - __builtin_clzll(duration_ns) - HISTOGRAM_FIRST_LOG2 + 1;
	if (i >= HISTOGRAM_BUCKETS)
		i = HISTOGRAM_BUCKETS - 1;
	counter_add(&histogram->bucket[i], 1);
	counter_add(&histogram->sum_ns, duration_ns);
}

void histogram_merge(struct histogram *sum, const struct histogram *histogram)
{
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		counter_add(&sum->bucket[i], counter_read(&histogram->bucket[i]));
	counter_add(&sum->sum_ns, counter_read(&histogram->sum_ns));
}

static uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += counter_read(&histogram->bucket[i]);
	return count;
}

uint64_t histogram_quantile_ns(const struct histogram *histogram, double share)
{
	uint64_t count = histogram_count(histogram), seen = 0;

	for (unsigned int i = 0; count && i < HISTOGRAM_BUCKETS; i++) {
		seen += counter_read(&histogram->bucket[i]);
		if (seen >= share * count)
			return bucket_limit_ns(i);
	}
	return 0;
}

json_t *text_json(const char *text)
{
	json_t *string = json_string(text);
	char *ascii;

	if (string)
		return string;
	ascii = strdup(text);
	for (char *p = ascii; p && *p; p++) {
		if (*p & 0x80)
			*p = '?';
	}
	string = json_string(ascii ? ascii : "?");
	free(ascii);
	return string;
}

const json_t *member_json(const json_t *object, const char *path)
{
	const char *dot = strchr(path, '.');
	char outer[32];

	if (!dot)
		return json_object_get(object, path);
	snprintf(outer, sizeof(outer), "%.*s", (int)(dot - path), path);
	return json_object_get(json_object_get(object, outer), dot + 1);
}

json_t *histogram_json(const struct histogram *histogram)
{
	json_t *buckets = json_array();

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		json_array_append_new(buckets, json_integer(counter_read(&histogram->bucket[i])));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "count", (json_int_t)histogram_count(histogram), "sum_ns",
			 (json_int_t)counter_read(&histogram->sum_ns), "p50",
			 (json_int_t)histogram_quantile_ns(histogram, 0.5), "p99",
			 (json_int_t)histogram_quantile_ns(histogram, 0.99), "max",
			 (json_int_t)histogram_quantile_ns(histogram, 1), "buckets", buckets);
}

/* ---- Prometheus ------------------------------------------------------------------------------------------------ */

/* What open_memstream() would do, but that hides a lack of memory in the middle of a text. */
struct text {
	char *bytes;
	size_t len, room;
	bool is_short;
};

static void make_room(struct text *out, size_t more)
{
	size_t room = 2 * (out->len + more);
	char *bigger;

	if (out->len + more <= out->room)
		return;
	bigger = realloc(out->bytes, room);
	if (bigger) {
		out->bytes = bigger;
		out->room = room;
	} else {
		out->is_short = true;
	}
}

__attribute__((format(printf, 2, 3))) static void put(struct text *out, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	make_room(out, len + 1);
	if (out->is_short)
		return;
	va_start(args, fmt);
	out->len += vsnprintf(out->bytes + out->len, len + 1, fmt, args);
	va_end(args);
}

/* A label value: backslash, quote and line feed are escaped. */
static void put_label_value(struct text *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			put(out, "\\n");
		else
			put(out, *text == '\\' || *text == '"' ? "\\%c" : "%c", *text);
	}
}

static void put_labels(struct text *out, const json_t *device, const char *key, const char *value)
{
	put(out, "{device=\"");
	put_label_value(out, json_string_value(json_object_get(device, "device")));
	put(out, "\",domid=\"%lld\"", json_integer_value(json_object_get(device, "domid")));
	if (key) {
		put(out, ",%s=\"", key);
		put_label_value(out, value);
		put(out, "\"");
	}
	put(out, "}");
}

/* One sample per device (a number in the status), or per member (an object in the status). */
static void put_samples(struct text *out, const char *metric, const json_t *device, const json_t *value,
			const char *label)
{
	const char *name;
	json_t *member;

	if (json_is_integer(value)) {
		put(out, "%s", metric);
		put_labels(out, device, NULL, NULL);
		put(out, " %lld\n", json_integer_value(value));
		return;
	}
	json_object_foreach((json_t *)value, name, member) {
		put(out, "%s", metric);
		put_labels(out, device, label, name);
		put(out, " %lld\n", json_integer_value(member));
	}
}

static void put_histogram(struct text *out, const char *metric, const json_t *device, const json_t *value)
{
	const json_t *buckets = json_object_get(value, "buckets");
	json_int_t below = 0;
	char limit[32];

	if (!buckets)
		return;
	for (unsigned int i = 0; i < json_array_size(buckets); i++) {
		below += json_integer_value(json_array_get(buckets, i));
		if (i + 1 < json_array_size(buckets))
			snprintf(limit, sizeof(limit), "%.9g", bucket_limit_ns(i) / 1e9);
		else
			strcpy(limit, "+Inf");
		put(out, "%s_bucket", metric);
		put_labels(out, device, "le", limit);
		put(out, " %lld\n", below);
	}
	put(out, "%s_sum", metric);
	put_labels(out, device, NULL, NULL);
	put(out, " %.9f\n%s_count", json_integer_value(json_object_get(value, "sum_ns")) / 1e9, metric);
	put_labels(out, device, NULL, NULL);
	put(out, " %lld\n", below);
}

static const struct {
	const char *metric, *type, *help;
	const char *member; /* of a device's status, "tx.frames" of one of it; a class that has none has no sample */
	const char *label;
} families[] = {
	{ "pvring_requests_total", "counter", "Requests answered without an error.", "requests", "operation" },
	{ "pvring_bytes_total", "counter", "Bytes of data moved for the guest.", "bytes", "operation" },
	{ "pvring_zeroed_writes_total", "counter", "Writes of zeros that moved none.", "zeroed_writes", NULL },
	{ "pvring_errors_total", "counter", "Requests answered with an error.", "errors", "reason" },
	{ "pvring_in_flight", "gauge", "Requests taken and not yet answered.", "in_flight", NULL },
	{ "pvring_spurious_events_total", "counter", "Events that brought no request.", "spurious_events", NULL },
	{ "pvring_persistent_pages", "gauge", "Pages of the guest that stay mapped.", "persistent_pages", NULL },
	{ "pvring_persistent_pages_without_room_total", "counter", "Copied, as no more pages may stay mapped.",
	  "pages_without_room", NULL },
	{ "pvring_request_seconds", "histogram", "From taking a request to answering it.", "latency_ns", NULL },
	{ "pvring_net_sent_frames_total", "counter", "Frames that the guest has sent.", "tx.frames", NULL },
	{ "pvring_net_sent_bytes_total", "counter", "Their bytes.", "tx.bytes", NULL },
	{ "pvring_net_sent_drops_total", "counter", "Frames of its that were dropped.", "tx.drops", "reason" },
	{ "pvring_net_received_frames_total", "counter", "Frames that the guest has received.", "rx.frames", NULL },
	{ "pvring_net_received_bytes_total", "counter", "Their bytes.", "rx.bytes", NULL },
	{ "pvring_net_received_drops_total", "counter", "Frames for it that were dropped.", "rx.drops", "reason" },
	{ "pvring_net_grant_copies_total", "counter", "Pieces of frames that Xen copied.", "grant_copies", NULL },
	{ "pvring_net_static_grants", "gauge", "Pages that the guest has registered.", "static_grants", NULL },
	{ "pvring_usb_urbs_total", "counter", "URBs that a device has answered.", "urbs", "type" },
	{ "pvring_usb_unlinks_total", "counter", "URBs that the guest has taken back.", "unlinks", NULL },
};

char *metrics_prometheus(const json_t *devices)
{
	struct text out = { .bytes = NULL };
	json_t *device;
	size_t i;

	for (unsigned int f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		put(&out, "# HELP %s %s\n# TYPE %s %s\n", families[f].metric, families[f].help, families[f].metric,
		    families[f].type);
		json_array_foreach(devices, i, device) {
			const json_t *value = member_json(device, families[f].member);

			if (strcmp(families[f].type, "histogram") == 0)
				put_histogram(&out, families[f].metric, device, value);
			else
				put_samples(&out, families[f].metric, device, value, families[f].label);
		}
	}
	if (out.is_short) {
		free(out.bytes);
		return NULL;
	}
	return out.bytes;
}
