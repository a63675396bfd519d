// SPDX-License-Identifier: MIT
/* pvring-blkload: uses a PV disk of this domain from userspace, for tests, measurements and the demo. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "frontend/user/blkload/blkload.h"
#include "frontend/user/blkload/options.h"
#include "frontend/user/blkload/progress.h"
#include "frontend/user/grants.h"
#include "frontend/user/segments.h"

volatile int blkload_stop;

static void stop(int number)
{
	blkload_stop = 1;
}

void blkload_error(const char *fmt, ...)
{
	va_list args;

	progress_end();
	fputs("pvring-blkload: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

bool blkload_range(const struct blkload *bl, uint64_t *first, uint64_t *nr)
{
	uint64_t unit = bl->disk->sector_bytes, all = bl->disk->nr_sectors * BLK_SECTOR_BYTES;
	uint64_t offset = bl->config->offset_bytes, length = bl->config->length_bytes;

	if (offset % unit || length % unit) {
		blkload_error("--offset and --length must be whole sectors of %llu bytes", (unsigned long long)unit);
		return false;
	}
	if (offset >= all || length > all - offset) {
		blkload_error("beyond the end of the disk, which has %llu bytes", (unsigned long long)all);
		return false;
	}
	*first = offset / BLK_SECTOR_BYTES;
	*nr = (length ? length : all - offset) / BLK_SECTOR_BYTES;
	return true;
}

/* Pages are a scarce thing in a guest: ask for what this command can use. */
static struct blkfront *new_front(const struct blkload_config *config, const struct blkload_command *command)
{
	struct blkfront_config front_config = {
		.devid = config->devid,
		.ring_order = config->ring_order,
		.nr_queues = config->nr_queues,
		.nr_buffers = config->depth ? config->depth * config->requests_per_block : 1,
		.buffer_pages = config->nr_segments,
		.timeout_ms = config->timeout_s * 1000,
		.is_not_persistent = config->is_not_persistent,
		.abi = config->abi,
		.omits_protocol = config->omits_protocol,
		.has_small_sectors = config->has_small_sectors,
	};

	if (command->run == blkload_bench && config->requests_per_block == 1)
		front_config.buffer_pages = (config->bs_bytes + GRANT_PAGE_BYTES - 1) / GRANT_PAGE_BYTES;
	if (command->run == blkload_info || command->run == blkload_hold || command->run == blkload_discard)
		front_config.buffer_pages = 1;
	return blkfront_new(&front_config);
}

/* What is reported as the depth must be the depth. */
static bool has_room(const struct blkload *bl)
{
	const struct blkload_config *config = bl->config;
	uint32_t most = blkfront_nr_buffers(bl->front);

	if (config->depth * config->requests_per_block <= most)
		return true;
	blkload_error("--depth %u: the rings of --ring-order %u hold %u requests, and a block takes %u", config->depth,
		      config->ring_order, most, config->requests_per_block);
	return false;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop }; /* no SA_RESTART: a wait must end */

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	const struct blkload_command *command;
	struct blkload_config config;
	struct blkload bl = { .config = &config };
	struct errbuf err;
	int exit_code;

	switch (blkload_parse(argc, argv, &config, &command)) {
	case OPTIONS_DONE:
		return EXIT_OK;
	case OPTIONS_BAD:
		return EXIT_USAGE;
	case OPTIONS_RUN:
		break;
	}
	catch_signals();
	progress_start(config.wants_progress);
	bl.front = new_front(&config, command);
	if (!bl.front) {
		blkload_error("out of memory");
		return EXIT_CONNECT;
	}
	if (blkfront_connect(bl.front, &err)) {
		blkload_error("cannot connect: %s", err.text);
		blkfront_free(bl.front);
		return EXIT_CONNECT;
	}
	bl.disk = blkfront_disk(bl.front);
	exit_code = has_room(&bl) ? command->run(&bl) : EXIT_USAGE;
	progress_end();
	if (blkfront_disconnect(bl.front, &err)) {
		blkload_error("closing: %s", err.text);
		if (exit_code == EXIT_OK)
			exit_code = EXIT_IO;
	}
	blkfront_free(bl.front);
	return exit_code;
}
