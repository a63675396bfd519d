// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/core/metrics.h"

#define LAST (HISTOGRAM_BUCKETS - 1)

static const struct {
	const char *name;
	uint64_t duration_ns;
	unsigned int bucket;
} rows[] = {
	{ "no time at all", 0, 0 },
	{ "below the first limit", 4095, 0 },
	{ "the first limit", 4096, 1 },
	{ "below the second limit", 8191, 1 },
	{ "the second limit", 8192, 2 },
	{ "below the last limit but one", (1ULL << 34) - 1, LAST - 1 },
	{ "the last limit but one", 1ULL << 34, LAST },
	{ "beyond the last limit", 1ULL << 35, LAST },
	{ "for ever", UINT64_MAX, LAST },
};

static void a_duration_is_in_the_bucket_below_whose_limit_it_lies(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct histogram histogram = { .sum_ns = 0 };

		print_message("# %s\n", rows[i].name);
		histogram_add(&histogram, rows[i].duration_ns);
		for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++)
			assert_int_equal(histogram.bucket[b], b == rows[i].bucket);
		assert_int_equal(histogram.sum_ns, rows[i].duration_ns);
	}
}

static void a_quantile_is_the_limit_of_its_bucket(void **state)
{
	struct histogram histogram = { .sum_ns = 0 };

	assert_int_equal(histogram_quantile_ns(&histogram, 0.5), 0);
	assert_int_equal(histogram_quantile_ns(&histogram, 1), 0);
	for (int i = 0; i < 98; i++)
		histogram_add(&histogram, 1000);
	histogram_add(&histogram, 10000);
	histogram_add(&histogram, 100000);
	assert_int_equal(histogram_quantile_ns(&histogram, 0.5), 4096);
	assert_int_equal(histogram_quantile_ns(&histogram, 0.98), 4096);
	assert_int_equal(histogram_quantile_ns(&histogram, 0.99), 16384);
	assert_int_equal(histogram_quantile_ns(&histogram, 1), 131072);
}

static void merging_adds_bucket_by_bucket(void **state)
{
	struct histogram sum = { .sum_ns = 0 }, part = { .sum_ns = 0 };

	histogram_add(&sum, 1);
	histogram_add(&part, 2);
	histogram_add(&part, UINT64_C(1) << 40);
	histogram_merge(&sum, &part);
	assert_int_equal(sum.bucket[0], 2);
	assert_int_equal(sum.bucket[LAST], 1);
	assert_int_equal(sum.sum_ns, 3 + (UINT64_C(1) << 40));
}

static void the_status_has_counts_and_quantiles(void **state)
{
	struct histogram histogram = { .sum_ns = 0 };
	json_t *object;

	histogram_add(&histogram, 5000);
	histogram_add(&histogram, 6000);
	object = histogram_json(&histogram);
	assert_int_equal(json_integer_value(json_object_get(object, "count")), 2);
	assert_int_equal(json_integer_value(json_object_get(object, "sum_ns")), 11000);
	assert_int_equal(json_integer_value(json_object_get(object, "p50")), 8192);
	assert_int_equal(json_integer_value(json_object_get(object, "max")), 8192);
	assert_int_equal(json_array_size(json_object_get(object, "buckets")), HISTOGRAM_BUCKETS);
	json_decref(object);
}

/* ---- one writes, another reads --------------------------------------------------------------------------------- */

#define NR_ADDED 200000

static void *add_durations(void *arg)
{
	for (unsigned int i = 0; i < NR_ADDED; i++)
		histogram_add(arg, i * 100);
	return NULL;
}

static uint64_t count_of(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += counter_read(&histogram->bucket[i]);
	return count;
}

static void a_reader_sees_counters_that_only_grow(void **state)
{
	struct histogram histogram = { .sum_ns = 0 };
	uint64_t seen = 0, seen_ns = 0, now, now_ns;
	pthread_t writer;

	assert_int_equal(pthread_create(&writer, NULL, add_durations, &histogram), 0);
	while (seen < NR_ADDED) {
		now = count_of(&histogram);
		now_ns = counter_read(&histogram.sum_ns);
		assert_true(now >= seen && now_ns >= seen_ns);
		histogram_quantile_ns(&histogram, 0.99);
		seen = now;
		seen_ns = now_ns;
	}
	pthread_join(writer, NULL);
	assert_int_equal(count_of(&histogram), NR_ADDED);
	assert_int_equal(histogram.sum_ns, 100ULL * NR_ADDED * (NR_ADDED - 1) / 2);
}

/* ---- Prometheus ------------------------------------------------------------------------------------------------ */

static json_t *one_device(const char *label)
{
	struct histogram histogram = { .sum_ns = 0 };

	histogram_add(&histogram, 5000);
	histogram_add(&histogram, UINT64_C(1) << 50);
	return json_pack("[{s:s, s:i, s:{s:i, s:i}, s:{s:i, s:i}, s:{s:i}, s:i, s:i, s:o}]", "device", label, "domid",
			 5, "requests", "read", 7, "write", 8, "bytes", "read", 4096, "write", 0, "errors",
			 "beyond the end of the disk", 3, "in_flight", 2, "spurious_events", 1, "latency_ns",
			 histogram_json(&histogram));
}

/* HELP and TYPE once before their samples, every sample NAME{...} NUMBER, the whole text of whole lines. */
static void check_text(const char *text)
{
	char family[64] = "", kind[16], name[64];
	const char *line, *end;
	char *number_end;

	for (line = text; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		if (strncmp(line, "# HELP ", 7) == 0) {
			assert_int_equal(sscanf(line, "# HELP %63s", family), 1);
			continue;
		}
		if (line[0] == '#') {
			assert_int_equal(sscanf(line, "# TYPE %63s %15s", name, kind), 2);
			assert_string_equal(name, family);
			continue;
		}
		assert_int_equal(strncmp(line, family, strlen(family)), 0);
		assert_int_equal(sscanf(line, "%63[a-z_]{device=\"", name), 1);
		while (*end != '}')
			end--;
		assert_int_equal(end[1], ' ');
		strtod(end + 2, &number_end);
		assert_int_equal(*number_end, '\n');
		end = number_end;
	}
}

static void assert_has_line(const char *text, const char *line)
{
	char *found = strstr(text, line);

	print_message("# %s\n", line);
	assert_non_null(found);
	assert_true(found == text || found[-1] == '\n');
	assert_int_equal(found[strlen(line)], '\n');
}

static void monitoring_reads_every_counter(void **state)
{
	json_t *devices = one_device("vbd 5/51712");
	char *text = metrics_prometheus(devices);

	check_text(text);
	assert_has_line(text, "# TYPE pvring_requests_total counter");
	assert_has_line(text, "pvring_requests_total{device=\"vbd 5/51712\",domid=\"5\",operation=\"read\"} 7");
	assert_has_line(text, "pvring_bytes_total{device=\"vbd 5/51712\",domid=\"5\",operation=\"write\"} 0");
	assert_has_line(
		text,
		"pvring_errors_total{device=\"vbd 5/51712\",domid=\"5\",reason=\"beyond the end of the disk\"} 3");
	assert_has_line(text, "# TYPE pvring_in_flight gauge");
	assert_has_line(text, "pvring_in_flight{device=\"vbd 5/51712\",domid=\"5\"} 2");
	assert_has_line(text, "pvring_spurious_events_total{device=\"vbd 5/51712\",domid=\"5\"} 1");
	free(text);
	json_decref(devices);
}

static void a_network_device_has_its_own(void **state)
{
	json_t *devices = json_pack("[{s:s, s:i, s:{s:i, s:i, s:{s:i}}}]", "device", "vif 5/0", "domid", 5, "tx",
				    "frames", 9, "bytes", 900, "drops", "of too many slots", 2);
	char *text = metrics_prometheus(devices);

	check_text(text);
	assert_has_line(text, "pvring_net_sent_frames_total{device=\"vif 5/0\",domid=\"5\"} 9");
	assert_has_line(text, "pvring_net_sent_bytes_total{device=\"vif 5/0\",domid=\"5\"} 900");
	assert_has_line(
		text,
		"pvring_net_sent_drops_total{device=\"vif 5/0\",domid=\"5\",reason=\"of too many slots\"} 2");
	assert_null(strstr(text, "pvring_net_received_frames_total{"));
	assert_null(strstr(text, "pvring_requests_total{"));
	free(text);
	json_decref(devices);
}

static void a_histograms_buckets_count_up_to_infinity(void **state)
{
	json_t *devices = one_device("d");
	char *text = metrics_prometheus(devices);

	assert_has_line(text, "# TYPE pvring_request_seconds histogram");
	assert_has_line(text, "pvring_request_seconds_bucket{device=\"d\",domid=\"5\",le=\"4.096e-06\"} 0");
	assert_has_line(text, "pvring_request_seconds_bucket{device=\"d\",domid=\"5\",le=\"8.192e-06\"} 1");
	assert_has_line(text, "pvring_request_seconds_bucket{device=\"d\",domid=\"5\",le=\"+Inf\"} 2");
	assert_has_line(text, "pvring_request_seconds_count{device=\"d\",domid=\"5\"} 2");
	assert_has_line(text, "pvring_request_seconds_sum{device=\"d\",domid=\"5\"} 1125899.906847624");
	free(text);
	json_decref(devices);
}

static void a_label_is_escaped(void **state)
{
	json_t *devices = one_device("a\"b\\c\nd}");
	char *text = metrics_prometheus(devices);

	assert_has_line(text, "pvring_in_flight{device=\"a\\\"b\\\\c\\nd}\",domid=\"5\"} 2");
	check_text(text);
	free(text);
	json_decref(devices);
}

static void without_devices_there_are_only_headings(void **state)
{
	json_t *devices = json_array(), *bare = json_pack("[{s:s, s:i}]", "device", "vbd 1/1", "domid", 1);
	char *text = metrics_prometheus(devices), *bare_text = metrics_prometheus(bare);

	check_text(text);
	assert_null(strchr(text, '{'));
	assert_string_equal(text, bare_text); /* of a class that counts nothing */
	free(text);
	free(bare_text);
	json_decref(devices);
	json_decref(bare);
}

static void text_of_any_bytes_is_json(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "/srv/a b", "/srv/a b" },
		{ "/k\xc3\xa4se", "/k\xc3\xa4se" },
		{ "/k\xe4se", "/k?se" },
		{ "cut \xc3", "cut ?" },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *json = text_json(rows[i].text);

		print_message("# '%s'\n", rows[i].text);
		assert_string_equal(json_string_value(json), rows[i].want);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_any_bytes_is_json),
		cmocka_unit_test(a_duration_is_in_the_bucket_below_whose_limit_it_lies),
		cmocka_unit_test(a_quantile_is_the_limit_of_its_bucket),
		cmocka_unit_test(merging_adds_bucket_by_bucket),
		cmocka_unit_test(the_status_has_counts_and_quantiles),
		cmocka_unit_test(a_reader_sees_counters_that_only_grow),
		cmocka_unit_test(monitoring_reads_every_counter),
		cmocka_unit_test(a_network_device_has_its_own),
		cmocka_unit_test(a_histograms_buckets_count_up_to_infinity),
		cmocka_unit_test(a_label_is_escaped),
		cmocka_unit_test(without_devices_there_are_only_headings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
