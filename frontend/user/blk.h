/* SPDX-License-Identifier: MIT */
/*
 * A block frontend as a library: the disk that a backend offers this domain, read and written without a kernel driver.
 *
 * Use: blkfront_new(), blkfront_connect(); then, as often as wanted,
 *	while ((io = blkfront_get(front)))		a request with its buffer; NULL: all are out
 *		fill io->data, blkfront_submit(front, io, BLKIF_OP_WRITE, sector, nr_sectors);
 *	blkfront_push(front);				publishes what was submitted, notifies once
 *	while ((nr = blkfront_poll(front, done, N)) > 0)
 *		look at io->rc and io->data, then blkfront_put(front, io)
 *	blkfront_wait(front, timeout_ms);		or poll(2) on blkfront_fd()
 * and blkfront_disconnect(), blkfront_free(). After a disconnect the same front can be connected again.
 *
 * Nothing is copied: a buffer is memory granted to the backend for as long as the front is connected. The backend can
 * change it at any moment, so data read that must stay what it is is copied out before it is judged.
 *
 * Thread: one owner. Trust: the backend may be hostile. An answer no correct backend gives (an id that is not out, the
 * wrong operation, an index out of bounds) makes the front BROKEN: it never completes another request, says why once
 * (blkfront_why()), and can be disconnected. Errors: -errno, the reason in err where there is one; never logs.
 */
#ifndef FRONTEND_USER_BLK_H
#define FRONTEND_USER_BLK_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h> /* BLKIF_OP_* */

#include "common/base/errbuf.h"
#include "common/wire/blk.h"
#include "frontend/user/disk.h"

#define BLKFRONT_MAX_BUFFER_PAGES BLK_MAX_INDIRECT_SEGMENTS
#define BLKFRONT_MAX_QUEUES       16 /* FRONT_MAX_QUEUES at most */

struct blkfront;

struct blkfront_config {
	uint32_t devid;		 /* common/wire/vdev.h */
	unsigned int ring_order; /* 2^order pages; no more than the backend offers */
	uint32_t nr_queues;      /* 0: 1; no more than the backend offers. Requests are spread over them. */
	uint32_t nr_buffers;	 /* requests out at most; 0: as many as the rings have slots, which is also the most */
	uint32_t buffer_pages;	 /* 1 to 4096; 0: 11. More than that takes a backend with indirect segments. */
	uint32_t timeout_ms;	 /* for connect and disconnect */
	bool is_not_persistent;	 /* tell the backend not to keep our pages mapped between requests */
	enum blk_abi abi;	 /* how requests are laid out */
	bool omits_protocol;	 /* leave the node `protocol` out, as some frontends do */
	bool has_small_sectors;	 /* take the disk's for ones of 512 bytes, as some frontends do */
};

enum blkfront_state {
	BLKFRONT_CLOSED,
	BLKFRONT_CONNECTED,
	BLKFRONT_CLOSING, /* the backend or the toolstack wants the disk back: disconnect soon */
	BLKFRONT_BROKEN,
};

/* One request and its buffer. */
struct blkfront_io {
	uint8_t *data;	/* buffer_pages pages, page aligned */
	uint32_t index; /* from 0, below blkfront_nr_buffers(): for what the caller keeps beside it */
	uint32_t queue; /* the ring that its requests go through, from 0 */
	/* As submitted. */
	uint8_t operation;
	uint64_t sector;
	uint32_t nr_sectors;
	uint32_t first_sector; /* where in data the request's first sector is; 0 unless submitted by _at() */
	/* Of a completion: 0, -EIO or -EOPNOTSUPP. */
	int rc;
	void *user; /* the caller's */
};

/* NULL: out of memory. Touches nothing outside the process. */
struct blkfront *blkfront_new(const struct blkfront_config *config);
/* Of a front that is still connected the backend sees a process that went away. NULL is fine. */
void blkfront_free(struct blkfront *front);

/*
 * -ETIMEDOUT: no backend, or it does not get on; -ENOENT: no such device; -ENOSPC: too many pages to grant; -EPROTO:
 * what it published is no disk; -EOPNOTSUPP: requests cannot be as large as the buffers. The front is CLOSED after any
 * error.
 */
int blkfront_connect(struct blkfront *front, struct errbuf *err);
/*
 * Closes with the backend, then takes the pages back. Requests that are out are dropped: wait for them first if
 * they matter. -ETIMEDOUT: the backend did not let go in time; the front is CLOSED all the same.
 */
int blkfront_disconnect(struct blkfront *front, struct errbuf *err);

enum blkfront_state blkfront_state(const struct blkfront *front);
/* Why it is CLOSING or BROKEN; "" otherwise. */
const char *blkfront_why(const struct blkfront *front);
/* As the backend last said; it may grow while connected, and what it answers -EOPNOTSUPP to it can do no more. */
const struct blk_disk *blkfront_disk(const struct blkfront *front);
uint32_t blkfront_nr_buffers(const struct blkfront *front);
uint32_t blkfront_buffer_sectors(const struct blkfront *front);
uint32_t blkfront_nr_out(const struct blkfront *front);
/* The grant of one page of an io's buffer, for requests made by hand. */
uint32_t blkfront_gref(const struct blkfront *front, const struct blkfront_io *io, uint32_t page);

struct blkfront_io *blkfront_get(struct blkfront *front);
void blkfront_put(struct blkfront *front, struct blkfront_io *io);

/*
 * Puts the request on the ring, not yet visible. -EINVAL: it does not fit the buffer, is beyond the disk, or is not
 * whole sectors of the disk; -EOPNOTSUPP: a flush, barrier or discard the backend does not offer; -EROFS; -ESHUTDOWN:
 * not connected. Then the io is still the caller's. A flush has sector 0 and no sectors; a discard has no data, and may
 * be of more sectors than a buffer has.
 */
int blkfront_submit(struct blkfront *front, struct blkfront_io *io, uint8_t operation, uint64_t sector,
		    uint32_t nr_sectors);
/* The same with the data first_sector sectors into the buffer. */
int blkfront_submit_at(struct blkfront *front, struct blkfront_io *io, uint8_t operation, uint64_t sector,
		       uint32_t nr_sectors, uint32_t first_sector);
/* Puts *request as it is, but for its id: for tests of backends. io gives the id, and completes. */
int blkfront_submit_raw(struct blkfront *front, struct blkfront_io *io, const struct blk_request *request);
void blkfront_push(struct blkfront *front);

/*
 * Up to max completions. 0: there is none, and the next one makes the fd readable. -EPROTO: BROKEN; -ESHUTDOWN: not
 * connected.
 */
int blkfront_poll(struct blkfront *front, struct blkfront_io **done, unsigned int max);

/* The same from connect to disconnect. */
int blkfront_fd(const struct blkfront *front);
/* When the fd is readable: takes in events and changes of the backend's state. 0, or -EPROTO: BROKEN. */
int blkfront_take_events(struct blkfront *front);
/*
 * poll(2) on the fd, then blkfront_take_events(). Returns 0 also when time is up, a signal came, or for no reason.
 * Call it only after blkfront_poll() returned 0.
 */
int blkfront_wait(struct blkfront *front, int timeout_ms);

/* For callers with one thing to do: submits, waits, returns the io's rc. Only while nothing else is out. */
int blkfront_do(struct blkfront *front, struct blkfront_io *io, uint8_t operation, uint64_t sector, uint32_t nr_sectors,
		int timeout_ms);

#endif
