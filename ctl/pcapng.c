// SPDX-License-Identifier: MIT
#include "ctl/pcapng.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#define ALIGNMENT 4

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_STATISTICS = 5, BLOCK_PACKET = 6 };

#define SECTION_MAGIC     0x1a2b3c4dU
#define IN_NANOSECONDS    9 /* if_tsresol: of 10^-9 s */

/* What an option means depends on the block that it stands in. */
enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	SECTION_OS = 3,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_DESCRIPTION = 3,
	INTERFACE_TIME_RESOLUTION = 9,
	PACKET_FLAGS = 2,
	PACKET_QUEUE = 6,
	STATISTICS_START = 2,
	STATISTICS_END = 3,
	STATISTICS_RECEIVED = 4,
	STATISTICS_OS_DROP = 7,
	STATISTICS_DELIVERED = 8,
};

#define MAX_OPTIONS 6 /* in a block, the last of which ends them */

struct options {
	size_t len;
	uint8_t bytes[PCAPNG_MAX_TEXT_BYTES * 2 + MAX_OPTIONS * 16];
};

static size_t padding(size_t len)
{
	return -len % ALIGNMENT;
}

static void add_option(struct options *options, uint16_t type, const void *value, size_t len)
{
	const uint16_t head[] = { type, len };
	uint8_t *to = options->bytes + options->len;

	memset(to, 0, sizeof(head) + len + padding(len));
	memcpy(to, head, sizeof(head));
	memcpy(to + sizeof(head), value, len);
	options->len += sizeof(head) + len + padding(len);
}

static void add_text(struct options *options, uint16_t type, const char *text)
{
	size_t len = strlen(text);

	add_option(options, type, text, len < PCAPNG_MAX_TEXT_BYTES ? len : PCAPNG_MAX_TEXT_BYTES);
}

/* Two words, the upper one first, whatever the order of bytes is. */
struct time {
	uint32_t upper, lower;
};

static struct time time_of(uint64_t ns)
{
	return (struct time){ ns >> 32, ns };
}

static void add_time(struct options *options, uint16_t type, uint64_t ns)
{
	const struct time time = time_of(ns);

	add_option(options, type, &time, sizeof(time));
}

/* The block's fixed part, its data, and the options, which end here. */
static int write_block(FILE *file, uint32_t type, const void *fixed, size_t fixed_bytes, const void *data,
		       size_t data_bytes, struct options *options)
{
	static const uint8_t zeroes[ALIGNMENT];
	uint32_t head[] = { type, 0 };

	add_option(options, OPT_END, "", 0);
	head[1] = sizeof(head) + fixed_bytes + data_bytes + padding(data_bytes) + options->len + sizeof(head[1]);
	fwrite(head, sizeof(head), 1, file);
	fwrite(fixed, fixed_bytes, 1, file);
	fwrite(data, 1, data_bytes, file);
	fwrite(zeroes, 1, padding(data_bytes), file);
	fwrite(options->bytes, options->len, 1, file);
	fwrite(&head[1], sizeof(head[1]), 1, file);
	return ferror(file) ? -errno : 0;
}

static int write_section(FILE *file, const char *application)
{
	static const struct {
		uint32_t magic;
		uint16_t major, minor;
		int32_t len[2]; /* -1: not known, as it is all that comes */
	} fixed = { SECTION_MAGIC, 1, 0, { -1, -1 } };
	struct options options = { .len = 0 };
	char os[sizeof(struct utsname)];
	struct utsname name;

	uname(&name);
	snprintf(os, sizeof(os), "%s %s", name.sysname, name.release);
	add_text(&options, SECTION_OS, os);
	add_text(&options, SECTION_APPLICATION, application);
	return write_block(file, BLOCK_SECTION, &fixed, sizeof(fixed), "", 0, &options);
}

int pcapng_begin(FILE *file, const char *application, const struct pcapng_interface *interface)
{
	const struct {
		uint16_t link_type, reserved;
		uint32_t snap_bytes; /* 0: nothing is cut off */
	} fixed = { .link_type = interface->link_type };
	const uint8_t resolution = IN_NANOSECONDS;
	struct options options = { .len = 0 };
	int rc = write_section(file, application);

	if (rc)
		return rc;
	add_text(&options, INTERFACE_NAME, interface->name);
	add_text(&options, INTERFACE_DESCRIPTION, interface->description);
	add_option(&options, INTERFACE_TIME_RESOLUTION, &resolution, sizeof(resolution));
	return write_block(file, BLOCK_INTERFACE, &fixed, sizeof(fixed), "", 0, &options);
}

int pcapng_packet(FILE *file, const struct pcapng_packet *packet)
{
	const struct {
		uint32_t interface;
		struct time time;
		uint32_t captured_bytes, original_bytes;
	} fixed = { 0, time_of(packet->time_ns), packet->captured_bytes, packet->original_bytes };
	struct options options = { .len = 0 };

	add_option(&options, PACKET_FLAGS, &packet->flags, sizeof(packet->flags));
	add_option(&options, PACKET_QUEUE, &packet->queue, sizeof(packet->queue));
	add_text(&options, OPT_COMMENT, packet->comment);
	return write_block(file, BLOCK_PACKET, &fixed, sizeof(fixed), packet->bytes, packet->captured_bytes, &options);
}

int pcapng_statistics(FILE *file, const struct pcapng_statistics *statistics)
{
	const struct {
		uint32_t interface;
		struct time time;
	} fixed = { 0, time_of(statistics->end_ns) };
	const uint64_t nr_delivered = statistics->nr_received - statistics->nr_lost;
	struct options options = { .len = 0 };

	add_time(&options, STATISTICS_START, statistics->start_ns);
	add_time(&options, STATISTICS_END, statistics->end_ns);
	add_option(&options, STATISTICS_RECEIVED, &statistics->nr_received, sizeof(uint64_t));
	add_option(&options, STATISTICS_OS_DROP, &statistics->nr_lost, sizeof(uint64_t));
	add_option(&options, STATISTICS_DELIVERED, &nr_delivered, sizeof(uint64_t));
	return write_block(file, BLOCK_STATISTICS, &fixed, sizeof(fixed), "", 0, &options);
}
