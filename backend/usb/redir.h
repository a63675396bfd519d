/* SPDX-License-Identifier: MIT */
/*
 * A device of another machine or program, by the usbredir protocol: what the files of its engine (redir_*.c) share. We
 * are its usb-guest, and connect to who has the device.
 *
 *	engine_redir -> redir_peer (the connection) -> redir_address
 *	             -> redir_transfer (what is asked, and answered)
 *	             -> redir_stream (interrupt packets in, isochronous ones: they come and go without being asked for)
 *
 * The peer is trusted with nothing: what it sends is bounded and checked. One that breaks the protocol, does not answer
 * in time, or is gone, breaks the connection for good: all that is out comes back, and redir->why says what was wrong.
 *
 * Thread: as struct usb_engine has it: a helper's while it is opened, reset or closed, else the worker's.
 * Source: docs/usb-redirection-protocol.md of usbredir 0.13; usbredirparser.h.
 */
#ifndef BACKEND_USB_REDIR_H
#define BACKEND_USB_REDIR_H

#include <usbredirparser.h>

#include "backend/usb/descriptors.h"
#include "backend/usb/engine.h"
#include "backend/usb/watch.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"

#define REDIR_NR_ENDPOINTS 32 /* IN ones from 16 on */
#define REDIR_NR_FLIGHTS   16 /* as many URBs as a ring has */
#define REDIR_NR_PACKETS   64 /* of a stream, that nobody has asked for yet */
#define REDIR_MAX_PACKET_BYTES 3072 /* of one that a stream has: what a microframe can */
#define REDIR_ANSWER_MS	       5000

#define REDIR_ALL_INTERFACES (-1)

TAILQ_HEAD(redir_transfers, usb_transfer);

struct redir_stream {
	bool is_started, is_isoc;
	struct redir_transfers waiting;
	uint16_t nr_filled; /* IN: packets of the first that waits */
	uint64_t due_ns;    /* isochronous OUT: when the first that waits is over */
	/* IN: what has come; free-running, below REDIR_NR_PACKETS apart */
	uint32_t nr_come, nr_taken;
	struct redir_packet {
		uint8_t *data; /* the parser's to free; NULL: none */
		uint32_t len_bytes;
		int32_t status; /* USBIF_STATUS_* */
	} packet[REDIR_NR_PACKETS];
};

struct redir {
	struct usb_device device;
	char address[200]; /* what follows "usbredir:" */
	struct loop *loop;
	int fd, timer_fd;
	struct usbredirparser *parser;
	struct usb_watch *watch; /* NULL: a helper's for the moment */
	bool is_broken;	  /* atomic; why: before it */
	struct errbuf why;
	uint32_t turn_bytes; /* that may still be read in this turn */
	bool is_writing;     /* waits for room */
	/* What the peer has said. */
	bool has_hello, is_connected;
	struct usb_redir_device_connect_header info;
	struct usb_redir_interface_info_header interfaces;
	struct usb_redir_ep_info_header endpoints;
	uint8_t configuration, first_configuration, alternate[USB_MAX_INTERFACES];
	/* What it was asked. */
	uint64_t last_id;
	struct redir_flight {
		struct usb_transfer *transfer; /* NULL: none */
		uint64_t id;
		bool is_cancelled;
		uint64_t due_ns; /* then: when it is to be back */
	} flight[REDIR_NR_FLIGHTS];
	struct redir_question {
		uint64_t id;
		bool is_out;
		uint8_t status; /* of the answer: usb_redir_... */
		struct usb_chore *chore; /* NULL: a helper waits for it */
		uint64_t due_ns;
	} question;
	struct redir_stream stream[REDIR_NR_ENDPOINTS];
};

static inline struct redir *to_redir(struct usb_device *device)
{
	return container_of(device, struct redir, device);
}

/* redir_address.c: a connected socket that does not block, within the time. -ENODEV: nobody is there; -EINVAL */
int redir_connect(const char *address, unsigned int timeout_ms, struct errbuf *err);

/* redir_peer.c */
int redir_peer_init(struct redir *redir, struct errbuf *err); /* redir->fd is connected */
void redir_peer_fini(struct redir *redir);
/* A helper's: until done() or the time is over, when the connection breaks. */
int redir_peer_wait(struct redir *redir, bool (*done)(const struct redir *), const char *what, struct errbuf *err);
/* The worker's from here on, and back. */
int redir_peer_watch(struct redir *redir, struct errbuf *err);
void redir_peer_unwatch(struct redir *redir);
void redir_peer_flush(struct redir *redir);
void redir_break(struct redir *redir, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline bool redir_is_broken(const struct redir *redir)
{
	return __atomic_load_n(&redir->is_broken, __ATOMIC_ACQUIRE);
}
/* A question, which one of the callbacks is the answer of. */
uint64_t redir_ask(struct redir *redir, struct usb_chore *chore);
void redir_answered(struct redir *redir, uint64_t id, uint8_t status);
/* The time for an answer, or for a stream's next end, has changed. */
void redir_set_timer(struct redir *redir);

/* engine_redir.c */
void redir_find_endpoints(const struct redir *redir, struct usb_endpoints *endpoints);

/* redir_transfer.c; the first three as struct usb_engine has them */
void redir_submit(struct usb_device *device, struct usb_transfer *transfer);
void redir_cancel(struct usb_device *device, struct usb_transfer *transfer);
void redir_chore(struct usb_device *device, struct usb_chore *chore);
void redir_done(struct usb_transfer *transfer, int32_t status);
void redir_ended(struct redir *redir, uint64_t id, uint8_t endpoint, uint8_t status, uint32_t len_bytes,
		 const uint8_t *data, int data_bytes);
/* All that is out comes back: it is broken. */
void redir_give_all_back(struct redir *redir);
int32_t redir_status(uint8_t status);
void redir_chore_answered(struct redir *redir, struct usb_chore *chore, uint8_t status);

/* redir_stream.c */
static inline unsigned int redir_index(uint8_t endpoint)
{
	return (endpoint & 0x0f) | (endpoint & 0x80 ? 0x10 : 0);
}
void redir_stream_submit(struct redir *redir, struct usb_transfer *transfer);
void redir_stream_cancel(struct redir *redir, struct usb_transfer *transfer);
void redir_stream_come(struct redir *redir, uint8_t endpoint, uint8_t status, uint8_t *data, int data_bytes);
/* The peer has begun it, or ended it. */
void redir_stream_status(struct redir *redir, uint8_t endpoint, uint8_t status);
/* Those of that interface or REDIR_ALL_INTERFACES, as their configuration or setting changes. */
void redir_stream_stop(struct redir *redir, int interface);
void redir_stream_give_back(struct redir *redir);
/* Those whose time is over. */
void redir_stream_tick(struct redir *redir, uint64_t now_ns);
/* When the next one's is; UINT64_MAX: there is none. */
uint64_t redir_stream_due_ns(const struct redir *redir);

#endif
