// SPDX-License-Identifier: MIT
/*
 * A stick whose memory is a file: USB mass storage, bulk-only (its specification, revision 1.0), with the commands of
 * fake_scsi.h. What the file system takes time for, the loop's io_uring does.
 *
 * A command goes through its stages by transfers: a wrapper comes in, data goes one way, a status goes out. Each stage
 * takes the oldest transfer of its direction; while the file is at work nothing is taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/usb/fake.h"
#include "backend/usb/fake_scsi.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/wire/xen_usbif.h"

enum { CLASS_STORAGE = 8, ENDPOINT_IN = 0x81, ENDPOINT_OUT = 0x02, BULK_BYTES = 512 };

#define CONFIGURATION_BYTES (9 + 9 + 7 + 7)
static const uint8_t configuration[] = {
	FAKE_CONFIGURATION(CONFIGURATION_BYTES, 1),
	FAKE_INTERFACE(0, 0, 2, CLASS_STORAGE, 6, 0x50), /* SCSI, bulk-only */
	FAKE_ENDPOINT(ENDPOINT_IN, 2, BULK_BYTES, 0),
	FAKE_ENDPOINT(ENDPOINT_OUT, 2, BULK_BYTES, 0),
};
_Static_assert(sizeof(configuration) == CONFIGURATION_BYTES, "its length");

#define WRAPPER_BYTES	  31
#define STATUS_BYTES	  13
#define WRAPPER_SIGNATURE 0x43425355U
#define STATUS_SIGNATURE  0x53425355U

struct storage {
	struct fake fake;
	int fd;
	struct scsi_disk disk;
	struct fake_transfers out, in; /* that wait */
	enum stage { STAGE_COMMAND, STAGE_DATA_OUT, STAGE_DATA_IN, STAGE_STATUS } stage;
	struct scsi_action action;
	uint32_t tag;
	uint32_t room_bytes; /* of data that the host has announced and not transferred yet */
	uint32_t done_bytes; /* of the action's */
	bool has_failed, is_aborted;
	struct usb_transfer *at_work; /* that the file works for; NULL */
	struct loop_op op;
};

static struct storage *to_storage(struct fake *fake)
{
	return container_of(fake, struct storage, fake);
}

static uint32_t get_le32(const uint8_t *from)
{
	return (uint32_t)from[3] << 24 | from[2] << 16 | from[1] << 8 | from[0];
}

static void put_le32(uint8_t *to, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

static void pump(struct storage *storage);

/* What one transfer moves: not beyond what the command is about. */
static uint32_t part_bytes(const struct storage *storage, const struct usb_transfer *transfer)
{
	uint32_t left = storage->action.len_bytes - storage->done_bytes;

	return transfer->len_bytes < left ? transfer->len_bytes : left;
}

static void account(struct storage *storage, uint32_t bytes)
{
	storage->done_bytes += bytes;
	storage->room_bytes -= bytes;
}

static void end_data_if_done(struct storage *storage, uint8_t endpoint)
{
	if (storage->done_bytes < storage->action.len_bytes)
		return;
	storage->stage = STAGE_STATUS;
	/* The host has announced more than the command is about, and would send it. */
	if (endpoint == ENDPOINT_OUT && storage->room_bytes > 0)
		fake_halt(&storage->fake, ENDPOINT_OUT, true);
}

/* With the last of its transfers the device may go. */
static void finish_and_pump(struct storage *storage, struct usb_transfer *transfer)
{
	bool is_last = TAILQ_EMPTY(&storage->out) && TAILQ_EMPTY(&storage->in);

	fake_done(transfer, USBIF_STATUS_OK);
	if (!is_last)
		pump(storage);
}

/* A guest that reads what there is not gets zeros, and learns it by the command's status. */
static void file_done(struct loop_op *op, int result, uint32_t flags)
{
	struct storage *storage = container_of(op, struct storage, op);
	struct usb_transfer *transfer = storage->at_work;
	bool is_flush = storage->action.what == SCSI_FLUSH;
	uint32_t want = is_flush ? 0 : part_bytes(storage, transfer);

	storage->at_work = NULL;
	if (storage->is_aborted) {
		storage->is_aborted = false;
		finish_and_pump(storage, transfer);
		return;
	}
	if (result < 0 || (uint32_t)result != want) {
		storage->has_failed = true;
		scsi_failed(&storage->disk, storage->action.what);
		if (transfer->is_in)
			memset(transfer->data, 0, want);
	}
	if (!is_flush) {
		transfer->actual_bytes = want;
		account(storage, want);
		end_data_if_done(storage, transfer->is_in ? ENDPOINT_IN : ENDPOINT_OUT);
	}
	finish_and_pump(storage, transfer);
}

static void start_file(struct storage *storage, struct usb_transfer *transfer)
{
	struct io_uring_sqe *sqe = loop_sqe(storage->fake.loop);
	uint64_t offset = storage->action.offset_bytes + storage->done_bytes;

	storage->at_work = transfer;
	if (storage->action.what == SCSI_FLUSH)
		io_uring_prep_fsync(sqe, storage->fd, IORING_FSYNC_DATASYNC);
	else if (transfer->is_in)
		io_uring_prep_read(sqe, storage->fd, transfer->data, part_bytes(storage, transfer), offset);
	else
		io_uring_prep_write(sqe, storage->fd, transfer->data, part_bytes(storage, transfer), offset);
	storage->op.done = file_done;
	io_uring_sqe_set_data(sqe, &storage->op);
}

/* ---- stages ---------------------------------------------------------------------------------------------------- */

static void finish(struct usb_transfer *transfer, uint32_t actual_bytes)
{
	transfer->actual_bytes = actual_bytes;
	fake_done(transfer, USBIF_STATUS_OK);
}

/* Which way data goes is the host's to say; what it has announced and does not get is cut by a stall. */
static void begin_data(struct storage *storage, bool is_in)
{
	bool moves_in = storage->action.what == SCSI_REPLY || storage->action.what == SCSI_READ;

	if (moves_in != is_in)
		storage->action.len_bytes = 0;
	if (storage->action.len_bytes > storage->room_bytes)
		storage->action.len_bytes = storage->room_bytes;
	if (storage->action.len_bytes > 0)
		storage->stage = is_in ? STAGE_DATA_IN : STAGE_DATA_OUT;
	else if (storage->room_bytes > 0)
		fake_halt(&storage->fake, is_in ? ENDPOINT_IN : ENDPOINT_OUT, true);
}

static void begin_command(struct storage *storage, const uint8_t *wrapper)
{
	storage->tag = get_le32(wrapper + 4);
	storage->room_bytes = get_le32(wrapper + 8);
	storage->done_bytes = 0;
	scsi_command(&storage->disk, wrapper + 15, &storage->action);
	storage->has_failed = storage->action.what == SCSI_FAILED;
	storage->stage = STAGE_STATUS;
	begin_data(storage, wrapper[12] & 0x80);
}

/* One that is none leaves both endpoints halted until the host resets the whole (6.6.1 there). */
static void take_command(struct storage *storage, struct usb_transfer *transfer)
{
	uint8_t wrapper[WRAPPER_BYTES];

	if (transfer->len_bytes != WRAPPER_BYTES || get_le32(transfer->data) != WRAPPER_SIGNATURE) {
		fake_halt(&storage->fake, ENDPOINT_IN, true);
		fake_halt(&storage->fake, ENDPOINT_OUT, true);
		fake_done(transfer, USBIF_STATUS_STALL);
		return;
	}
	memcpy(wrapper, transfer->data, sizeof(wrapper));
	transfer->actual_bytes = WRAPPER_BYTES;
	begin_command(storage, wrapper);
	if (storage->action.what == SCSI_FLUSH)
		start_file(storage, transfer);
	else
		fake_done(transfer, USBIF_STATUS_OK);
}

static void give_reply(struct storage *storage, struct usb_transfer *transfer)
{
	uint32_t part = part_bytes(storage, transfer);

	memcpy(transfer->data, storage->action.reply + storage->done_bytes, part);
	account(storage, part);
	end_data_if_done(storage, ENDPOINT_IN);
	finish(transfer, part);
}

static void give_status(struct storage *storage, struct usb_transfer *transfer)
{
	uint8_t status[STATUS_BYTES];

	put_le32(status, STATUS_SIGNATURE);
	put_le32(status + 4, storage->tag);
	put_le32(status + 8, storage->room_bytes);
	status[12] = storage->has_failed;
	if (transfer->len_bytes < sizeof(status)) {
		fake_done(transfer, USBIF_STATUS_BABBLE);
		return;
	}
	storage->stage = STAGE_COMMAND;
	memcpy(transfer->data, status, sizeof(status));
	finish(transfer, sizeof(status));
}

/* Of a transfer that has come to its stage. */
static void serve(struct storage *storage, struct usb_transfer *transfer)
{
	switch (storage->stage) {
	case STAGE_COMMAND:
		take_command(storage, transfer);
		break;
	case STAGE_DATA_IN:
		if (storage->action.what == SCSI_REPLY) {
			give_reply(storage, transfer);
			break;
		}
		/* fall through */
	case STAGE_DATA_OUT:
		start_file(storage, transfer);
		break;
	case STAGE_STATUS:
		give_status(storage, transfer);
		break;
	}
}

static void pump(struct storage *storage)
{
	struct usb_transfer *transfer;
	bool takes_out, is_last = false;

	while (!is_last && !storage->at_work) {
		takes_out = storage->stage == STAGE_COMMAND || storage->stage == STAGE_DATA_OUT;
		transfer = fake_take(takes_out ? &storage->out : &storage->in);
		if (!transfer)
			return;
		is_last = TAILQ_EMPTY(&storage->out) && TAILQ_EMPTY(&storage->in);
		serve(storage, transfer);
	}
}

static void submit(struct fake *fake, struct usb_transfer *transfer)
{
	struct storage *storage = to_storage(fake);

	if (transfer->is_in)
		TAILQ_INSERT_TAIL(&storage->in, transfer, entry);
	else
		TAILQ_INSERT_TAIL(&storage->out, transfer, entry);
	pump(storage);
}

/* What the file is at work for ends by itself. */
static void cancel(struct fake *fake, struct usb_transfer *transfer)
{
	struct storage *storage = to_storage(fake);

	if (transfer == storage->at_work)
		return;
	if (transfer->is_in)
		TAILQ_REMOVE(&storage->in, transfer, entry);
	else
		TAILQ_REMOVE(&storage->out, transfer, entry);
	fake_done(transfer, USBIF_STATUS_IOERROR);
}

static void halted(struct fake *fake, uint8_t endpoint, bool is_halted)
{
	struct storage *storage = to_storage(fake);
	struct fake_transfers stalled, *waiting = endpoint & 0x80 ? &storage->in : &storage->out;

	if (!is_halted)
		return;
	TAILQ_INIT(&stalled);
	TAILQ_CONCAT(&stalled, waiting, entry);
	fake_done_all(&stalled, USBIF_STATUS_STALL);
}

/* What the file is at work for ends as if it had not been. */
static void begin_anew(struct fake *fake)
{
	to_storage(fake)->stage = STAGE_COMMAND;
	to_storage(fake)->is_aborted = to_storage(fake)->at_work;
}

static int control(struct fake *fake, const struct usb_setup *setup, uint8_t *data)
{
	switch (setup->request_type << 8 | setup->request) {
	case 0xa1fe: /* Get Max LUN */
		data[0] = 0;
		return 1;
	case 0x21ff: /* Bulk-Only Mass Storage Reset */
		begin_anew(fake);
		return 0;
	default:
		return -1;
	}
}

/* ---- open ------------------------------------------------------------------------------------------------------ */

static int find_size(struct storage *storage, const char *path, struct errbuf *err)
{
	off_t size = lseek(storage->fd, 0, SEEK_END);

	if (size < 0)
		return errbuf_set(err, -errno, "%.200s: %s", path, strerror(errno));
	storage->disk.nr_blocks = (uint64_t)size / SCSI_BLOCK_BYTES;
	if (storage->disk.nr_blocks == 0 || storage->disk.nr_blocks > UINT32_MAX)
		return errbuf_set(err, -EINVAL, "%.200s: %lld bytes are no stick: expected 512 to 2 TiB", path,
				  (long long)size);
	return 0;
}

/* Who had it may be about to let go: a daemon that ends, or a controller that a device has just left. */
#define LOCK_WAIT_MS 2000
#define LOCK_LOOK_MS 20

/*
 * The byte that pvring-blkd locks of a disk's image, so that it is no disk meanwhile, either. Who only reads shares it.
 */
static int lock(struct storage *storage, const char *path, struct errbuf *err)
{
	const struct timespec look = { .tv_nsec = LOCK_LOOK_MS * 1000000L };
	struct flock byte = {
		.l_type = storage->disk.is_read_only ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = 1LL << 62,
		.l_len = 1,
	};

	for (unsigned int ms = 0; fcntl(storage->fd, F_OFD_SETLK, &byte); ms += LOCK_LOOK_MS) {
		if (errno != EAGAIN && errno != EACCES)
			return errbuf_set(err, -errno, "%.200s: cannot be locked: %s", path, strerror(errno));
		if (ms >= LOCK_WAIT_MS)
			return errbuf_set(err, -EBUSY, "%.200s: another guest or program has it", path);
		nanosleep(&look, NULL);
	}
	return 0;
}

static int init(struct fake *fake, const char *path, struct errbuf *err)
{
	struct storage *storage = to_storage(fake);
	int rc;

	TAILQ_INIT(&storage->out);
	TAILQ_INIT(&storage->in);
	if (*path != '/')
		return errbuf_set(err, -EINVAL, "fake:storage: '%.200s' is not an absolute path", path);
	storage->fd = open(path, O_RDWR | O_CLOEXEC);
	if (storage->fd < 0 && (errno == EACCES || errno == EROFS)) {
		storage->disk.is_read_only = true;
		storage->fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (storage->fd < 0)
		return errbuf_set(err, -errno, "%.200s: %s", path, strerror(errno));
	rc = find_size(storage, path, err);
	if (rc == 0)
		rc = lock(storage, path, err);
	if (rc)
		close(storage->fd);
	return rc;
}

static void fini(struct fake *fake)
{
	close(to_storage(fake)->fd);
}

const struct fake_kind fake_storage = {
	.name = "storage",
	.takes = "the path of its file",
	.speed = USB_SPEED_HIGH,
	.device = FAKE_DEVICE(2),
	.configuration = configuration,
	.configuration_bytes = sizeof(configuration),
	.product = "pvring stick",
	.bytes = sizeof(struct storage),
	.init = init,
	.fini = fini,
	.configured = begin_anew,
	.control = control,
	.submit = submit,
	.cancel = cancel,
	.halted = halted,
};
