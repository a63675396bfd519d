// SPDX-License-Identifier: MIT
#include "backend/net/counters.h"

static void add_direction(struct net_direction *sum, const struct net_direction *direction)
{
	counter_add(&sum->nr_frames, counter_read(&direction->nr_frames));
	counter_add(&sum->nr_bytes, counter_read(&direction->nr_bytes));
	reasons_add(&sum->drops, &direction->drops);
}

void net_counters_add(struct net_counters *sum, const struct net_counters *counters)
{
	add_direction(&sum->tx, &counters->tx);
	add_direction(&sum->rx, &counters->rx);
	counter_add(&sum->nr_spurious_events, counter_read(&counters->nr_spurious_events));
	counter_add(&sum->nr_grant_copies, counter_read(&counters->nr_grant_copies));
	counter_add(&sum->nr_static_grants, counter_read(&counters->nr_static_grants));
}

static json_t *direction_json(const struct net_direction *direction)
{
	return json_pack("{s:I, s:I, s:o}", "frames", (json_int_t)direction->nr_frames, "bytes",
			 (json_int_t)direction->nr_bytes, "drops", reasons_json(&direction->drops));
}

void net_counters_status(const struct net_counters *counters, json_t *object)
{
	json_object_set_new(object, "tx", direction_json(&counters->tx));
	json_object_set_new(object, "rx", direction_json(&counters->rx));
	json_object_set_new(object, "spurious_events", json_integer(counters->nr_spurious_events));
	json_object_set_new(object, "grant_copies", json_integer(counters->nr_grant_copies));
	json_object_set_new(object, "static_grants", json_integer(counters->nr_static_grants));
}
