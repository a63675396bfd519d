// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/usb/fake_scsi.h"

static const struct {
	const char *name;
	uint8_t command[16];
	bool is_read_only;
	enum scsi_what what;
	uint64_t offset_bytes;
	uint32_t len_bytes;
	uint8_t key, code; /* of a sense, when it failed */
} rows[] = {
	{ "TEST UNIT READY", { 0x00 }, false, SCSI_REPLY, 0, 0, 0, 0 },
	{ "INQUIRY", { 0x12, 0, 0, 0, 36 }, false, SCSI_REPLY, 0, 36, 0, 0 },
	{ "INQUIRY of five bytes", { 0x12, 0, 0, 0, 5 }, false, SCSI_REPLY, 0, 5, 0, 0 },
	{ "INQUIRY of more than there are", { 0x12, 0, 0, 1, 0 }, false, SCSI_REPLY, 0, 36, 0, 0 },
	{ "INQUIRY of a page of its own", { 0x12, 1, 0x80, 0, 36 }, false, SCSI_FAILED, 0, 0, 5, 0x24 },
	{ "READ CAPACITY", { 0x25 }, false, SCSI_REPLY, 0, 8, 0, 0 },
	{ "MODE SENSE", { 0x1a, 0, 0x3f, 0, 192 }, false, SCSI_REPLY, 0, 4, 0, 0 },
	{ "READ of the first block", { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 }, false, SCSI_READ, 0, 512, 0, 0 },
	{ "READ of the last block", { 0x28, 0, 0, 0, 0x03, 0xe7, 0, 0, 1 }, false, SCSI_READ, 999 * 512, 512, 0, 0 },
	{ "READ over the end", { 0x28, 0, 0, 0, 0x03, 0xe7, 0, 0, 2 }, false, SCSI_FAILED, 0, 0, 5, 0x21 },
	{ "READ far beyond", { 0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff }, false, SCSI_FAILED, 0, 0, 5, 0x21 },
	{ "READ of nothing", { 0x28, 0, 0, 0, 0, 5, 0, 0, 0 }, false, SCSI_READ, 5 * 512, 0, 0, 0 },
	{ "WRITE", { 0x2a, 0, 0, 0, 0, 2, 0, 0, 4 }, false, SCSI_WRITE, 1024, 2048, 0, 0 },
	{ "WRITE to one that can only be read", { 0x2a, 0, 0, 0, 0, 2, 0, 0, 4 }, true, SCSI_FAILED, 0, 0, 7, 0x27 },
	{ "SYNCHRONIZE CACHE", { 0x35 }, false, SCSI_FLUSH, 0, 0, 0, 0 },
	{ "what there is not", { 0xee }, false, SCSI_FAILED, 0, 0, 5, 0x20 },
};

static void commands_are_done_or_refused(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scsi_disk disk = { .nr_blocks = 1000, .is_read_only = rows[i].is_read_only };
		struct scsi_action action;

		scsi_command(&disk, rows[i].command, &action);
		if (action.what != rows[i].what || action.offset_bytes != rows[i].offset_bytes ||
		    action.len_bytes != rows[i].len_bytes || disk.sense_key != rows[i].key ||
		    disk.sense_code != rows[i].code)
			fail_msg("%s: %d, %u bytes at %llu, sense %u/%02x", rows[i].name, action.what, action.len_bytes,
				 (unsigned long long)action.offset_bytes, disk.sense_key, disk.sense_code);
	}
}

static void the_sense_is_of_the_command_before(void **state)
{
	static const uint8_t unknown[16] = { 0xee }, sense[16] = { 0x03, 0, 0, 0, 18 };
	struct scsi_disk disk = { .nr_blocks = 1000 };
	struct scsi_action action;

	scsi_command(&disk, unknown, &action);
	scsi_command(&disk, sense, &action);
	assert_int_equal(action.len_bytes, 18);
	assert_int_equal(action.reply[2], 5);
	assert_int_equal(action.reply[12], 0x20);
	scsi_command(&disk, sense, &action);
	assert_int_equal(action.reply[2], 0);
	scsi_failed(&disk, SCSI_WRITE);
	scsi_command(&disk, sense, &action);
	assert_int_equal(action.reply[2], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_done_or_refused),
		cmocka_unit_test(the_sense_is_of_the_command_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
