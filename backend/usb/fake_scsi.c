// SPDX-License-Identifier: MIT
#include "backend/usb/fake_scsi.h"

#include <string.h>

enum {
	TEST_UNIT_READY = 0x00,
	REQUEST_SENSE = 0x03,
	INQUIRY = 0x12,
	MODE_SENSE_6 = 0x1a,
	START_STOP_UNIT = 0x1b,
	PREVENT_ALLOW_REMOVAL = 0x1e,
	READ_CAPACITY_10 = 0x25,
	READ_10 = 0x28,
	WRITE_10 = 0x2a,
	SYNCHRONIZE_CACHE_10 = 0x35,
};

/* Sense keys, and what is additional to them. */
enum { MEDIUM_ERROR = 3, ILLEGAL_REQUEST = 5, DATA_PROTECT = 7 };
enum { WRITE_ERROR = 0x0c, READ_ERROR = 0x11, INVALID_COMMAND = 0x20, OUT_OF_RANGE = 0x21, INVALID_FIELD = 0x24,
       WRITE_PROTECTED = 0x27 };

static uint32_t get_be32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | from[1] << 16 | from[2] << 8 | from[3];
}

static void put_be32(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 24);
	to[1] = (uint8_t)(value >> 16);
	to[2] = (uint8_t)(value >> 8);
	to[3] = (uint8_t)value;
}

static void fail(struct scsi_disk *disk, struct scsi_action *action, uint8_t key, uint8_t code)
{
	disk->sense_key = key;
	disk->sense_code = code;
	action->what = SCSI_FAILED;
}

/* Not more than the command has room for. */
static void reply(struct scsi_action *action, const void *bytes, uint32_t len_bytes, uint32_t room_bytes)
{
	memcpy(action->reply, bytes, len_bytes);
	action->len_bytes = len_bytes < room_bytes ? len_bytes : room_bytes;
}

static void request_sense(struct scsi_disk *disk, const uint8_t *command, struct scsi_action *action)
{
	const uint8_t sense[18] = { 0x70, 0, disk->sense_key, 0, 0, 0, 0, 10, 0, 0, 0, 0, disk->sense_code };

	reply(action, sense, sizeof(sense), command[4]);
	disk->sense_key = disk->sense_code = 0;
}

static void inquiry(struct scsi_disk *disk, const uint8_t *command, struct scsi_action *action)
{
	static const uint8_t standard[36] = "\x00\x80\x04\x02\x1f\x00\x00\x00pvring  stick           1.00";

	if (command[1] & 1) /* a page of vital product data */
		fail(disk, action, ILLEGAL_REQUEST, INVALID_FIELD);
	else
		reply(action, standard, sizeof(standard), (uint32_t)(command[3] << 8 | command[4]));
}

static void mode_sense(struct scsi_disk *disk, const uint8_t *command, struct scsi_action *action)
{
	const uint8_t header[4] = { 3, 0, disk->is_read_only ? 0x80 : 0, 0 };

	reply(action, header, sizeof(header), command[4]);
}

static void read_capacity(struct scsi_disk *disk, const uint8_t *command, struct scsi_action *action)
{
	uint8_t capacity[8];

	put_be32(capacity, (uint32_t)(disk->nr_blocks - 1));
	put_be32(capacity + 4, SCSI_BLOCK_BYTES);
	reply(action, capacity, sizeof(capacity), sizeof(capacity));
}

static void transfer(struct scsi_disk *disk, const uint8_t *command, struct scsi_action *action)
{
	uint64_t first = get_be32(command + 2);
	uint32_t nr = (uint32_t)(command[7] << 8 | command[8]);

	if (first + nr > disk->nr_blocks) {
		fail(disk, action, ILLEGAL_REQUEST, OUT_OF_RANGE);
	} else if (command[0] == WRITE_10 && disk->is_read_only) {
		fail(disk, action, DATA_PROTECT, WRITE_PROTECTED);
	} else {
		action->what = command[0] == READ_10 ? SCSI_READ : SCSI_WRITE;
		action->offset_bytes = first * SCSI_BLOCK_BYTES;
		action->len_bytes = nr * SCSI_BLOCK_BYTES;
	}
}

void scsi_command(struct scsi_disk *disk, const uint8_t command[16], struct scsi_action *action)
{
	memset(action, 0, sizeof(*action));
	if (command[0] != REQUEST_SENSE)
		disk->sense_key = disk->sense_code = 0;
	switch (command[0]) {
	case TEST_UNIT_READY:
	case START_STOP_UNIT:
	case PREVENT_ALLOW_REMOVAL:
		break;
	case REQUEST_SENSE:
		request_sense(disk, command, action);
		break;
	case INQUIRY:
		inquiry(disk, command, action);
		break;
	case MODE_SENSE_6:
		mode_sense(disk, command, action);
		break;
	case READ_CAPACITY_10:
		read_capacity(disk, command, action);
		break;
	case READ_10:
	case WRITE_10:
		transfer(disk, command, action);
		break;
	case SYNCHRONIZE_CACHE_10:
		action->what = SCSI_FLUSH;
		break;
	default:
		fail(disk, action, ILLEGAL_REQUEST, INVALID_COMMAND);
	}
}

void scsi_failed(struct scsi_disk *disk, enum scsi_what what)
{
	disk->sense_key = MEDIUM_ERROR;
	disk->sense_code = what == SCSI_READ ? READ_ERROR : WRITE_ERROR;
}
