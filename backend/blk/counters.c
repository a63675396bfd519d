// SPDX-License-Identifier: MIT
#include "backend/blk/counters.h"

const char *const blk_io_kind_names[BLK_NR_IO_KINDS] = { "read", "write", "flush", "barrier", "discard" };

void blk_counters_add(struct blk_counters *sum, const struct blk_counters *counters)
{
	/* Answered before taken: a reader never sees more answers than requests. */
	counter_add(&sum->nr_answered, counter_read(&counters->nr_answered));
	counter_add(&sum->nr_taken, counter_read(&counters->nr_taken));
	for (unsigned int i = 0; i < BLK_NR_IO_KINDS; i++) {
		counter_add(&sum->requests[i], counter_read(&counters->requests[i]));
		counter_add(&sum->bytes[i], counter_read(&counters->bytes[i]));
	}
	counter_add(&sum->nr_zeroed_writes, counter_read(&counters->nr_zeroed_writes));
	reasons_add(&sum->errors, &counters->errors);
	histogram_merge(&sum->latency, &counters->latency);
}

void blk_counters_close(struct blk_counters *sum)
{
	sum->nr_taken = sum->nr_answered;
}

static json_t *kinds_json(const uint64_t *value)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < BLK_NR_IO_KINDS; i++)
		json_object_set_new(object, blk_io_kind_names[i], json_integer(value[i]));
	return object;
}

void blk_counters_status(const struct blk_counters *counters, json_t *object)
{
	json_object_set_new(object, "in_flight", json_integer(counters->nr_taken - counters->nr_answered));
	json_object_set_new(object, "requests", kinds_json(counters->requests));
	json_object_set_new(object, "bytes", kinds_json(counters->bytes));
	json_object_set_new(object, "zeroed_writes", json_integer(counters->nr_zeroed_writes));
	json_object_set_new(object, "errors", reasons_json(&counters->errors));
	json_object_set_new(object, "latency_ns", histogram_json(&counters->latency));
	json_object_set_new(object, "spurious_events", json_integer(counters->nr_spurious_events));
	json_object_set_new(object, "persistent_pages", json_integer(counters->nr_persistent_pages));
	json_object_set_new(object, "pages_without_room", json_integer(counters->nr_pages_without_room));
}
