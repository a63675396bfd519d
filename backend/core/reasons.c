// SPDX-License-Identifier: MIT
#include "backend/core/reasons.h"

#include "backend/core/metrics.h"

void reasons_count(struct reasons *reasons, const char *why, uint64_t n)
{
	for (unsigned int i = 0; i < REASONS_MAX; i++) {
		if (!reasons->reason[i].why)
			__atomic_store_n(&reasons->reason[i].why, why, __ATOMIC_RELEASE);
		if (reasons->reason[i].why == why) {
			counter_add(&reasons->reason[i].count, n);
			return;
		}
	}
}

void reasons_add(struct reasons *sum, const struct reasons *reasons)
{
	for (unsigned int i = 0; i < REASONS_MAX; i++) {
		const char *why = __atomic_load_n(&reasons->reason[i].why, __ATOMIC_ACQUIRE);

		if (why)
			reasons_count(sum, why, counter_read(&reasons->reason[i].count));
	}
}

json_t *reasons_json(const struct reasons *reasons)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < REASONS_MAX && reasons->reason[i].why; i++)
		json_object_set_new(object, reasons->reason[i].why, json_integer(reasons->reason[i].count));
	return object;
}
