// SPDX-License-Identifier: MIT
/*
 * bench: how many round trips a loopback makes, and how long each takes. One is a transfer out and the transfer in that
 * brings it back, both asked for at once.
 */
#include <stdio.h>

#include "common/base/clock.h"
#include "common/wire/xen_usbif.h"
#include "frontend/user/cpu_times.h"
#include "frontend/user/latencies.h"
#include "frontend/user/usbload/usbload.h"

struct trip {
	uint64_t begun_ns;
	unsigned int nr_out; /* of its two transfers */
};

struct bench {
	struct usbload *ul;
	enum usb_type type;
	uint8_t endpoint;
	struct trip trips[USBLOAD_MAX_DEPTH];
	unsigned int nr_trips; /* under way */
	uint64_t begun_ns, end_ns, nr_begun;
	struct latencies latency;
};

static bool has_to_begin(const struct bench *bench, uint64_t now_ns)
{
	const struct usbload_config *config = bench->ul->config;

	if (config->nr_requests)
		return bench->nr_begun < config->nr_requests;
	return !usbload_stop && now_ns < bench->end_ns;
}

static void submit(struct bench *bench, struct trip *trip, bool is_in)
{
	struct usb_urb urb = usbload_urb(bench->ul, bench->type, bench->endpoint, is_in, bench->ul->config->max_bytes);
	struct usbfront_io *io = usbfront_get(bench->ul->front);

	io->user = trip;
	usbfront_submit(bench->ul->front, io, &urb);
	trip->nr_out++;
}

static void begin(struct bench *bench, struct trip *trip)
{
	trip->begun_ns = clock_now_ns();
	if (!has_to_begin(bench, trip->begun_ns))
		return;
	bench->nr_begun++;
	bench->nr_trips++;
	submit(bench, trip, false);
	submit(bench, trip, true);
	usbfront_push(bench->ul->front);
}

static bool take_one(struct bench *bench)
{
	struct usbfront_io *io = usbload_await(bench->ul);
	struct trip *trip;

	if (!io)
		return false;
	if (io->status != USBIF_STATUS_OK || io->actual_bytes != bench->ul->config->max_bytes) {
		usbload_error("a transfer of %u bytes: %s, %u bytes", bench->ul->config->max_bytes,
			      usbload_status_name(io->status), io->actual_bytes);
		return false;
	}
	trip = io->user;
	usbfront_put(bench->ul->front, io);
	if (--trip->nr_out)
		return true;
	bench->nr_trips--;
	latencies_add(&bench->latency, clock_now_ns() - trip->begun_ns);
	begin(bench, trip);
	return true;
}

static bool run(struct bench *bench)
{
	bench->begun_ns = clock_now_ns();
	bench->end_ns = bench->begun_ns + bench->ul->config->seconds * NSEC_PER_SEC;
	for (uint32_t i = 0; i < bench->ul->config->depth; i++)
		begin(bench, &bench->trips[i]);
	while (bench->nr_trips > 0) {
		if (!take_one(bench))
			return false;
	}
	bench->end_ns = clock_now_ns();
	return true;
}

static const char *type_name(const struct bench *bench)
{
	return bench->type == USB_INTERRUPT ? "interrupt" : "bulk";
}

static void print_json(const struct bench *bench, double seconds, const struct cpu_times *cpu)
{
	const struct usbload_config *config = bench->ul->config;
	double rate = bench->latency.nr / seconds;

	printf("{\"type\": \"%s\", \"bytes\": %u, \"depth\": %u, \"seconds\": %.3f, \"round_trips\": %llu, "
	       "\"per_s\": %.0f, \"mib_per_s\": %.1f, ",
	       type_name(bench), config->max_bytes, config->depth, seconds, (unsigned long long)bench->latency.nr,
	       rate, rate * config->max_bytes / 1048576);
	latencies_print_json(&bench->latency);
	printf(", ");
	cpu_times_print_json(cpu);
	printf("}\n");
}

static void print_text(const struct bench *bench, double seconds, const struct cpu_times *cpu)
{
	const struct usbload_config *config = bench->ul->config;
	const struct latencies *lat = &bench->latency;
	double rate = lat->nr / seconds;

	printf("%s, %u bytes, depth %u: %.0f round trips/s, %.1f MiB/s each way, latency p50 %.0f us, p99 %.0f us, "
	       "max %.0f us; %.2f s of CPU in %.1f s\n",
	       type_name(bench), config->max_bytes, config->depth, rate, rate * config->max_bytes / 1048576,
	       latencies_percentile(lat, 0.5) / 1e3, latencies_percentile(lat, 0.99) / 1e3, lat->max_ns / 1e3,
	       cpu->user_s + cpu->system_s, seconds);
}

int usbload_bench(struct usbload *ul)
{
	struct bench bench = {
		.ul = ul,
		.type = ul->config->is_interrupt ? USB_INTERRUPT : USB_BULK,
		.endpoint = ul->config->is_interrupt ? 2 : 1,
	};
	int exit_code = usbload_find_product(ul, USBLOAD_LOOPBACK, "the loopback");
	struct cpu_times before, cpu;

	if (exit_code)
		return exit_code;
	before = cpu_times_now();
	if (!run(&bench))
		return EXIT_IO;
	cpu = cpu_times_since(&before);
	(ul->config->wants_json ? print_json : print_text)(
		&bench, (double)(bench.end_ns - bench.begun_ns) / NSEC_PER_SEC, &cpu);
	return EXIT_OK;
}
