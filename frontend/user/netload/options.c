// SPDX-License-Identifier: MIT
#include "frontend/user/netload/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "frontend/user/netload/traffic.h"

#define ROW(NAME) static int set_##NAME(void *config, const char *value, struct errbuf *err)
#define C	  ((struct netload_config *)config)
#define FLAG(NAME, FIELD)                                                                                              \
	ROW(NAME)                                                                                                      \
	{                                                                                                              \
		C->FIELD = true;                                                                                       \
		return 0;                                                                                              \
	}

FLAG(no_sg, refuses_sg)
FLAG(no_gso, refuses_gso)
FLAG(no_csum, refuses_csum)
FLAG(no_split, shares_event_channel)
FLAG(json, wants_json)
FLAG(hash, wants_hash)
FLAG(static, is_static)
FLAG(receive, receives)
FLAG(ipv6, is_ipv6)
FLAG(blank, is_blank)
FLAG(cut, cuts_anywhere)

ROW(devid)
{
	return option_u32("device number", value, 0, INT32_MAX, &C->devid, err);
}

ROW(buffers)
{
	return option_u32("number of pages", value, 4, NET_TX_MAX_BUFFERS, &C->nr_buffers, err);
}

ROW(queues)
{
	return option_u32("number of queues", value, 1, NETFRONT_MAX_QUEUES, &C->nr_queues, err);
}

ROW(timeout)
{
	return option_u32("number of seconds", value, 1, 86400, &C->timeout_s, err);
}

ROW(io_timeout)
{
	return option_u32("number of seconds", value, 1, 86400, &C->io_timeout_s, err);
}

ROW(tap)
{
	C->tap = value;
	return 0;
}

int netload_next_group(const char **list, bool *is_added, uint8_t address[6])
{
	size_t len = strcspn(*list, ",");
	char text[sizeof("00:16:3e:01:02:03")];

	*is_added = **list != '-';
	*list += !*is_added;
	len -= !*is_added;
	if (len >= sizeof(text))
		return -EINVAL;
	snprintf(text, sizeof(text), "%.*s", (int)len, *list);
	*list += len + ((*list)[len] == ',');
	return parse_mac(text, address);
}

ROW(groups)
{
	const char *list = value;
	uint8_t address[6];
	bool is_added;

	do {
		if (netload_next_group(&list, &is_added, address))
			return errbuf_set(err, -EINVAL, "'%.300s': expected MAC addresses with commas between, as in "
					  "01:00:5e:00:00:fb,-01:00:5e:00:00:fb", value);
	} while (*list);
	C->groups = value;
	return 0;
}

ROW(generate)
{
	C->generates = true;
	return option_u32("number of frames", value, 1, UINT32_MAX, &C->nr_frames, err);
}

ROW(rate)
{
	return option_u32("number of frames per second", value, 1, 100000000, &C->frames_per_s, err);
}

ROW(tcp_gso)
{
	uint32_t size;
	int rc = option_u32("size of a packet's payload", value, 1, UINT16_MAX, &size, err);

	if (rc == 0)
		C->gso_size = size;
	return rc;
}

ROW(seed)
{
	int rc = parse_u64(value, 0, UINT64_MAX, &C->seed);

	return rc ? errbuf_set(err, rc, "'%s' is not a number", value) : 0;
}

ROW(sizes)
{
	uint32_t min, max;
	int end = 0;

	if (sscanf(value, "%5u-%5u%n", &min, &max, &end) != 2 || value[end] || min < NET_MIN_FRAME_BYTES || min > max ||
	    max > NET_MAX_SENT_BYTES)
		return errbuf_set(err, -EINVAL, "'%s': expected MIN-MAX, from %u to %u bytes", value,
				  NET_MIN_FRAME_BYTES, NET_MAX_SENT_BYTES);
	C->min_bytes = min;
	C->max_bytes = max;
	return 0;
}

ROW(to)
{
	uint8_t *to = C->to;
	int end = 0;

	if (sscanf(value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &to[0], &to[1], &to[2], &to[3], &to[4], &to[5],
		   &end) != 6 ||
	    value[end])
		return errbuf_set(err, -EINVAL, "'%s': expected six bytes, as in 00:16:3e:01:02:03", value);
	return 0;
}

static const struct option_row rows[] = {
	{ "devid", "N", "the vif, by its number (default 0)", set_devid },
	{ "tap", "NAME", "make this tap device and bridge the vif to it, until SIGTERM", set_tap },
	{ "generate", "N", "send so many frames of our own", set_generate },
	{ "receive", NULL, "wait for the last frame of another --generate; check all", set_receive },
	{ "sizes", "MIN-MAX", "generate: bytes per frame (default 100-1514)", set_sizes },
	{ "seed", "N", "the payload and every choice follow from it (default 1)", set_seed },
	{ "rate", "N", "generate: frames per second (default: as the ring takes them)", set_rate },
	{ "to", "MAC", "generate: for whom they are (default: broadcast)", set_to },
	{ "ipv6", NULL, "generate: IPv6, not IPv4", set_ipv6 },
	{ "tcp-gso", "SIZE", "generate: TCP, to be cut to packets of so much payload; not UDP", set_tcp_gso },
	{ "blank", NULL, "generate: leave checksums to the backend", set_blank },
	{ "cut", NULL, "generate: cut frames into slots anywhere, not by the page", set_cut },
	{ "no-sg", NULL, "neither send nor take frames of several slots", set_no_sg },
	{ "no-gso", NULL, "neither send nor take large TCP packets", set_no_gso },
	{ "no-csum", NULL, "neither send nor take blank checksums", set_no_csum },
	{ "no-split", NULL, "one event channel for both rings", set_no_split },
	{ "buffers", "N", "pages of each ring, down to a power of two (default 256)", set_buffers },
	{ "queues", "N", "queues, if the backend has so many (default 1)", set_queues },
	{ "hash", NULL, "have the backend choose the queue of what it sends us by a hash", set_hash },
	{ "static", NULL, "have the backend keep our pages mapped: static grants", set_static },
	{ "groups", "MAC,-MAC,...",
	  "have frames of these multicast groups alone: added, or with a '-' removed, in this order", set_groups },
	{ "timeout", "S", "how long connecting and closing may take (default 10)", set_timeout },
	{ "io-timeout", "S", "how long nothing may happen that is waited for (default 60)", set_io_timeout },
	{ "json", NULL, "print the totals as JSON", set_json },
};

static const struct options_spec spec = {
	.program = "pvring-netload",
	.synopsis = "[OPTION...] --tap NAME | --generate N | --receive",
	.summary = "Uses a Xen PV network interface of this domain without a kernel driver.\n\n"
		   "With --tap the network namespace that it runs in gets the vif as an interface, for any program.\n"
		   "--generate and --receive send and check frames whose every byte is known; both can be given.\n"
		   "At its end it prints what was sent and received.\n"
		   "Exit status: 0 fine, 1 frames lost, refused or wrong, 2 usage, 3 could not connect.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static enum options_result bad(const char *what)
{
	fprintf(stderr, "%s: %s\nTry '%s --help'.\n", spec.program, what, spec.program);
	return OPTIONS_BAD;
}

enum options_result netload_parse(int argc, char **argv, struct netload_config *config)
{
	struct traffic traffic = { 0 };
	enum options_result result;

	*config = (struct netload_config){
		.timeout_s = 10,
		.io_timeout_s = 60,
		.min_bytes = 100,
		.max_bytes = 1514,
		.seed = 1,
		.to = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};
	result = options_parse_all(&spec, argc, argv, config);
	if (result != OPTIONS_RUN)
		return result;
	if (!config->tap && !config->generates && !config->receives)
		return bad("what to do? --tap, --generate or --receive");
	if (config->tap && (config->generates || config->receives))
		return bad("--tap is for frames of other programs, not of ours");
	traffic.is_ipv6 = config->is_ipv6;
	traffic.gso_size = config->gso_size;
	if (config->min_bytes <= traffic_headers_bytes(&traffic))
		return bad("--sizes: the smallest frame has no room for headers and a byte");
	return OPTIONS_RUN;
}
