// SPDX-License-Identifier: MIT
/* What was sent and received: one row for each number, for both ways to print them. */
#include <stdio.h>

#include "frontend/user/netload/netload.h"

struct row {
	const char *part, *name, *words; /* of JSON; of the text, which leaves out what is 0 */
	int64_t value;
};

static void print_json(const struct row *rows, unsigned int nr, double seconds)
{
	const char *part = "";

	printf("{\"seconds\": %.3f", seconds);
	for (unsigned int i = 0; i < nr; i++) {
		if (part != rows[i].part)
			printf("%s, \"%s\": {", i ? "}" : "", rows[i].part);
		printf("%s\"%s\": %lld", part == rows[i].part ? ", " : "", rows[i].name, (long long)rows[i].value);
		part = rows[i].part;
	}
	printf("}}\n");
}

static void print_text(const struct row *rows, unsigned int nr, double seconds)
{
	const char *part = "";

	for (unsigned int i = 0; i < nr; i++) {
		if (part == rows[i].part && rows[i].value == 0)
			continue;
		if (part != rows[i].part)
			printf("%s%s: ", i ? "\n" : "", rows[i].part);
		else
			printf(", ");
		printf("%lld %s", (long long)rows[i].value, rows[i].words);
		part = rows[i].part;
	}
	printf("\nin %.1f s\n", seconds);
}

void netload_report(const struct netload *nl)
{
	static const char sent[] = "sent", received[] = "received";
	struct netfront_counters counters = netfront_counters(nl->front);
	const struct netload_totals *totals = &nl->totals;
	const struct row rows[] = {
		{ sent, "frames", "frames", (int64_t)counters.tx_frames },
		{ sent, "bytes", "bytes", (int64_t)counters.tx_bytes },
		{ sent, "slots", "slots", (int64_t)counters.tx_slots },
		{ sent, "payload", "bytes of the stream", (int64_t)totals->sent_payload },
		{ sent, "errors", "answered by an error", (int64_t)counters.tx_errors },
		{ sent, "dropped", "dropped by the backend", (int64_t)counters.tx_dropped },
		{ sent, "refused_groups", "multicast groups refused", (int64_t)counters.refused_groups },
		{ sent, "unsent", "that could not be sent", (int64_t)totals->unsent },
		{ received, "frames", "frames", (int64_t)counters.rx_frames },
		{ received, "bytes", "bytes", (int64_t)counters.rx_bytes },
		{ received, "slots", "slots", (int64_t)counters.rx_slots },
		{ received, "good", "of them as they should be", (int64_t)totals->good_frames },
		{ received, "payload", "bytes of the stream", (int64_t)totals->good_payload },
		{ received, "other", "frames of others", (int64_t)totals->other_frames },
		{ received, "out_of_order", "out of order", (int64_t)totals->out_of_order },
		{ received, "wrong_bytes", "with wrong bytes", (int64_t)totals->wrong_bytes },
		{ received, "wrong_checksums", "with a wrong checksum", (int64_t)totals->wrong_checksums },
		{ received, "missing", "bytes of the stream missing", totals->missing_payload },
		{ received, "errors", "given up by the backend", (int64_t)counters.rx_errors },
		{ received, "undelivered", "that the tap did not take", (int64_t)totals->undelivered },
	};

	if (nl->config->wants_json)
		print_json(rows, sizeof(rows) / sizeof(rows[0]), totals->seconds);
	else
		print_text(rows, sizeof(rows) / sizeof(rows[0]), totals->seconds);
}
