// SPDX-License-Identifier: MIT
/* pvring net capture: what passes a vif's rings. */
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/capture.h"
#include "ctl/commands.h"
#include "ctl/net_record.h"

#define DEFAULT_DAEMON "pvring-netd"

/* A record, and what there is of its frame: which stands behind the slots that are used. */
static bool read_record(const void *bytes, size_t len_bytes, struct pcapng_packet *packet)
{
	static char comment[NET_RECORD_TEXT_BYTES];
	const struct net_capture_record *record = bytes;
	size_t frame_bytes;

	if (len_bytes < offsetof(struct net_capture_record, slots) || record->nr_slots > NET_CAPTURE_MAX_SLOTS ||
	    len_bytes < net_capture_record_bytes(record))
		return false;
	net_record_describe(record, comment, sizeof(comment));
	frame_bytes = len_bytes - net_capture_record_bytes(record);
	*packet = (struct pcapng_packet){
		.time_ns = record->time_ns,
		.flags = net_record_flags(record),
		.queue = record->queue,
		.bytes = (const uint8_t *)bytes + net_capture_record_bytes(record),
		.captured_bytes = frame_bytes,
		.original_bytes = record->frame_bytes > frame_bytes ? record->frame_bytes : frame_bytes,
		.comment = comment,
	};
	return true;
}

static const struct capture_class net_class = {
	.program = "pvring net",
	.packet = "frame",
	.format = NET_CAPTURE_FORMAT,
	.link_type = PCAPNG_ETHERNET,
	.record_bytes = sizeof(struct net_capture_record) + NET_CAPTURE_MAX_FRAME,
	.read_record = read_record,
};

static const struct option_row rows[] = { CAPTURE_ROWS("frames", DEFAULT_DAEMON) };

int command_net(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "pvring net",
		.synopsis = "capture INTERFACE --write FILE [--count N] [--name NAME | --control PATH]",
		.summary = "Writes what passes the rings of a network device, and how, to a pcapng file.",
		.rows = rows,
		.nr_rows = sizeof(rows) / sizeof(rows[0]),
		.letters = CAPTURE_LETTERS,
	};
	struct capture_config config = { .max_packets = 0 };
	struct args args = { .min = 2, .max = 2 };
	struct errbuf ignored;
	int status;

	client_set_name(&config, DEFAULT_DAEMON, &ignored);
	if (!args_parse(&spec, argc, argv, &config, &args, &status))
		return status;
	if (strcmp(args.positional[0], "capture") == 0)
		return capture_run(&net_class, &config, args.positional[1]);
	fprintf(stderr, "pvring net: '%s' is unknown: expected capture\n", args.positional[0]);
	return EXIT_USAGE;
}
