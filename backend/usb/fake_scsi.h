/* SPDX-License-Identifier: MIT */
/*
 * What a disk of blocks says to the commands of SCSI that a mass storage device gets. Pure.
 *
 * Thread: any. Never logs. Trust: commands are a guest's; what is beyond the disk is refused.
 * Source: SPC-3 and SBC-2, as far as a stick of memory has it.
 */
#ifndef BACKEND_USB_FAKE_SCSI_H
#define BACKEND_USB_FAKE_SCSI_H

#include <stdbool.h>
#include <stdint.h>

#define SCSI_BLOCK_BYTES     512
#define SCSI_MAX_REPLY_BYTES 64

struct scsi_disk {
	uint64_t nr_blocks;
	bool is_read_only;
	uint8_t sense_key, sense_code; /* of the command before; 0: it was well */
};

enum scsi_what {
	SCSI_REPLY,  /* len_bytes of reply are the data */
	SCSI_READ,   /* len_bytes at offset_bytes */
	SCSI_WRITE,
	SCSI_FLUSH,  /* and no data */
	SCSI_FAILED, /* and no data; the sense says why */
};

struct scsi_action {
	enum scsi_what what;
	uint64_t offset_bytes;
	uint32_t len_bytes;
	uint8_t reply[SCSI_MAX_REPLY_BYTES];
};

void scsi_command(struct scsi_disk *disk, const uint8_t command[16], struct scsi_action *action);
/* One that was begun could not be done. */
void scsi_failed(struct scsi_disk *disk, enum scsi_what what);

#endif
