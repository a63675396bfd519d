// SPDX-License-Identifier: MIT
#include "frontend/user/blkload/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "frontend/user/queue.h"
#include "frontend/user/segments.h"
#include "common/wire/vdev.h"

#define ROW(NAME) static int set_##NAME(void *config, const char *value, struct errbuf *err)
#define C	  ((struct blkload_config *)config)

#define MAX_BS_BYTES (16ULL << 20)

static int size_option(const char *value, uint64_t min, uint64_t *out, struct errbuf *err)
{
	int rc = parse_size(value, min, INT64_MAX, out);

	if (rc == 0 && *out % BLK_SECTOR_BYTES)
		rc = -EINVAL;
	return rc ? errbuf_set(err, rc, "'%s' is not a size: expected whole sectors of %u bytes, as in 4K or 1G", value,
			       BLK_SECTOR_BYTES)
		  : 0;
}

ROW(devid)
{
	C->has_devid = true;
	return option_u32("device number", value, 0, UINT32_MAX, &C->devid, err);
}

ROW(vdev)
{
	C->has_devid = true;
	return blk_vdev_parse(value, &C->devid, err);
}

ROW(ring_order)
{
	return option_u32("ring order", value, 0, FRONT_MAX_RING_ORDER, &C->ring_order, err);
}

ROW(queues)
{
	return option_u32("number of queues", value, 1, BLKFRONT_MAX_QUEUES, &C->nr_queues, err);
}

ROW(timeout)
{
	return option_u32("number of seconds", value, 1, 86400, &C->timeout_s, err);
}

ROW(io_timeout)
{
	return option_u32("number of seconds", value, 1, 86400, &C->io_timeout_s, err);
}

ROW(no_persistent)
{
	C->is_not_persistent = true;
	return 0;
}

ROW(protocol)
{
	return blk_abi_parse(value, &C->abi, err);
}

ROW(omit_protocol)
{
	C->omits_protocol = true;
	return 0;
}

ROW(small_sectors)
{
	C->has_small_sectors = true;
	return 0;
}

ROW(progress)
{
	C->wants_progress = true;
	return 0;
}

ROW(json)
{
	C->wants_json = true;
	return 0;
}

ROW(keep_going)
{
	C->keeps_going = true;
	return 0;
}

ROW(depth)
{
	return option_u32("depth", value, 1, 1024, &C->depth, err);
}

ROW(seconds)
{
	return option_u32("number of seconds", value, 1, 1000000, &C->seconds, err);
}

ROW(requests)
{
	return option_u32("number of requests", value, 1, UINT32_MAX, &C->nr_requests, err);
}

ROW(bs)
{
	return size_option(value, BLK_SECTOR_BYTES, &C->bs_bytes, err);
}

ROW(bs_min)
{
	return size_option(value, BLK_SECTOR_BYTES, &C->bs_min_bytes, err);
}

ROW(bs_max)
{
	return size_option(value, BLK_SECTOR_BYTES, &C->bs_max_bytes, err);
}

ROW(offset)
{
	return size_option(value, 0, &C->offset_bytes, err);
}

ROW(length)
{
	return size_option(value, BLK_SECTOR_BYTES, &C->length_bytes, err);
}

ROW(seed)
{
	int rc = parse_u64(value, 0, UINT64_MAX, &C->seed);

	return rc ? errbuf_set(err, rc, "'%s' is not a number", value) : 0;
}

ROW(rw)
{
	static const char *const words[] = { "read", "write", "randread", "randwrite" };

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) == 0) {
			C->rw = words[i];
			return 0;
		}
	}
	return errbuf_set(err, -EINVAL, "'%s': expected read, write, randread or randwrite", value);
}

ROW(segments)
{
	return option_u32("number of segments", value, 1, BLK_MAX_INDIRECT_SEGMENTS, &C->nr_segments, err);
}

static const struct option_row rows[] = {
	{ "vdev", "NAME", "the disk, as the guest knows it: xvda", set_vdev },
	{ "devid", "N", "the disk, by its virtual device number", set_devid },
	{ "ring-order", "N", "2^N pages of ring, as far as the backend offers them (default 0)", set_ring_order },
	{ "queues", "N", "rings of that size, no more than the backend offers (default 1)", set_queues },
	{ "no-persistent", NULL, "tell the backend not to keep our pages mapped", set_no_persistent },
	{ "segments", "N", "pages of a request; above 11 its segments are indirect (default 11)", set_segments },
	{ "protocol", "NAME", "the ABI of our requests: x86_64-abi (default) or x86_32-abi", set_protocol },
	{ "omit-protocol", NULL, "do not say which it is, as some frontends do not", set_omit_protocol },
	{ "small-sectors", NULL, "take every sector for one of 512 bytes, as some frontends do", set_small_sectors },
	{ "timeout", "S", "how long connecting and closing may take (default 10)", set_timeout },
	{ "io-timeout", "S", "how long the backend may answer nothing (default 60)", set_io_timeout },
	{ "offset", "SIZE", "leave alone what is before (default 0)", set_offset },
	{ "length", "SIZE", "leave alone what is after (default: to the end)", set_length },
	{ "depth", "N", "requests (bench: blocks) out at once (default 32; hold: 0)", set_depth },
	{ "seconds", "S", "bench, verify: how long (default 10)", set_seconds },
	{ "rw", "KIND", "bench: read, write, randread or randwrite (default randread)", set_rw },
	{ "bs", "SIZE", "bench: bytes per block; cut into requests that carry it (default 4K)", set_bs },
	{ "json", NULL, "bench: print JSON", set_json },
	{ "requests", "N", "verify: stop after so many requests, not by time", set_requests },
	{ "bs-min", "SIZE", "verify: the smallest request (default: a sector)", set_bs_min },
	{ "bs-max", "SIZE", "verify: the largest request (default: what one can carry)", set_bs_max },
	{ "seed", "N", "verify: makes the same choices again (default 1)", set_seed },
	{ "keep-going", NULL, "verify: go on after an error", set_keep_going },
	{ "progress", NULL, "a line per second even if stderr is no terminal", set_progress },
};

static const struct options_spec spec = {
	.program = "pvring-blkload",
	.synopsis = "[OPTION...] info | hold | read FILE | write FILE | bench | verify | discard",
	.summary = "Uses a Xen PV disk of this domain without a kernel driver.\n\n"
		   "  info        connect, print what the disk is\n"
		   "  hold        stay connected until SIGTERM; with --depth keep reads out all the time\n"
		   "  read FILE   copy the disk to FILE (\"-\": stdout)\n"
		   "  write FILE  copy FILE (\"-\": stdin) to the disk, then flush\n"
		   "  bench       one kind of load; throughput and latency\n"
		   "  verify      random writes, reads and flushes; every byte read is checked\n"
		   "  discard     tell the backend that the disk holds nothing of use\n\n"
		   "bench --rw write or randwrite, write, verify and discard destroy what is on the disk.\n"
		   "Exit status: 0 fine, 1 an I/O error or wrong data, 2 usage, 3 could not connect.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static const struct blkload_command commands[] = {
	{ "info", blkload_info, false, 1 },    { "hold", blkload_hold, false, 0 },
	{ "read", blkload_read, true, 32 },    { "write", blkload_write, true, 32 },
	{ "bench", blkload_bench, false, 32 }, { "verify", blkload_verify, false, 32 },
	{ "discard", blkload_discard, false, 1 },
};

static enum options_result bad(const char *what, const char *word)
{
	fprintf(stderr, "%s: %s%s\nTry '%s --help'.\n", spec.program, what, word, spec.program);
	return OPTIONS_BAD;
}

static enum options_result complete(struct blkload_config *config, const struct blkload_command *command)
{
	uint64_t most_bytes = (uint64_t)config->nr_segments * GRANT_PAGE_BYTES;

	if (!config->has_devid)
		return bad("which disk? --vdev or --devid", "");
	if (!config->depth)
		config->depth = command->default_depth;
	config->requests_per_block = 1;
	if (command->run == blkload_bench)
		config->requests_per_block = (config->bs_bytes + most_bytes - 1) / most_bytes;
	if (config->bs_bytes > MAX_BS_BYTES)
		return bad("--bs: 16M at most", "");
	if (!config->bs_max_bytes)
		config->bs_max_bytes = most_bytes;
	if (config->bs_max_bytes > most_bytes)
		return bad("--bs-max: a request carries a page for each of --segments", "");
	if (config->bs_max_bytes < config->bs_min_bytes)
		return bad("--bs-max is less than --bs-min", "");
	return OPTIONS_RUN;
}

enum options_result blkload_parse(int argc, char **argv, struct blkload_config *config,
				  const struct blkload_command **command)
{
	enum options_result result;
	int next, first;

	*config = (struct blkload_config){
		.timeout_s = 10,
		.io_timeout_s = 60,
		.seconds = 10,
		.bs_bytes = 4096,
		.nr_segments = BLK_MAX_SEGMENTS,
		.seed = 1,
		.rw = "randread",
	};
	result = options_parse(&spec, argc, argv, config, &first);
	if (result != OPTIONS_RUN)
		return result;
	if (first >= argc)
		return bad("what to do? info, hold, read, write, bench, verify or discard", "");
	*command = NULL;
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[first], commands[i].name) == 0)
			*command = &commands[i];
	}
	if (!*command)
		return bad("no such subcommand: ", argv[first]);
	result = options_parse(&spec, argc - first, argv + first, config, &next);
	if (result != OPTIONS_RUN)
		return result;
	next += first;
	if ((*command)->takes_file && next < argc)
		config->file = argv[next++];
	if ((*command)->takes_file && !config->file)
		return bad("which file? ", "\"-\" for a pipe");
	if (next < argc) { /* options may also follow the file */
		result = options_parse(&spec, argc - next + 1, argv + next - 1, config, &first);
		if (result != OPTIONS_RUN)
			return result;
		if (next - 1 + first < argc)
			return bad("one argument too many: ", argv[next - 1 + first]);
	}
	return complete(config, *command);
}
