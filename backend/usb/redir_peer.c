// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "backend/usb/hotplug.h"
#include "backend/usb/redir.h"
#include "common/base/clock.h"
#include "common/base/version.h"

#define MAX_READ_BYTES 65536	  /* of one transfer's data: no packet has more */
#define TURN_BYTES     (128U << 10) /* after which others of this worker have theirs */

/* ---- the end of it --------------------------------------------------------------------------------------------- */

void redir_break(struct redir *redir, const char *fmt, ...)
{
	va_list args;
	int len;

	if (redir_is_broken(redir))
		return;
	len = snprintf(redir->why.text, sizeof(redir->why.text), "usbredir:%s: ", redir->address);
	va_start(args, fmt);
	vsnprintf(redir->why.text + len, sizeof(redir->why.text) - (size_t)len, fmt, args);
	va_end(args);
	__atomic_store_n(&redir->is_broken, true, __ATOMIC_RELEASE);
	shutdown(redir->fd, SHUT_RDWR);
	if (!redir->watch)
		return; /* a helper sees it */
	(void)epoll_ctl(redir->watch->epoll_fd, EPOLL_CTL_DEL, redir->fd, NULL);
	redir_give_all_back(redir);
	usb_hotplug_gone();
}

/* ---- for the parser -------------------------------------------------------------------------------------------- */

/* Its errors are about what the peer has sent. */
static void parser_says(void *arg, int level, const char *text)
{
	static const char prefix[] = "usbredirparser: error ";

	if (strncmp(text, prefix, strlen(prefix)) == 0)
		text += strlen(prefix);
	if (level == usbredirparser_error)
		redir_break(arg, "it breaks the protocol: %.120s", text);
}

static int parser_reads(void *arg, uint8_t *data, int nr)
{
	struct redir *redir = arg;
	ssize_t r;

	if (nr > MAX_READ_BYTES)
		redir_break(redir, "it breaks the protocol: a packet of more than %d bytes", MAX_READ_BYTES);
	if (redir_is_broken(redir))
		return -1;
	if (redir->turn_bytes == 0)
		return 0;
	if ((uint32_t)nr > redir->turn_bytes)
		nr = (int)redir->turn_bytes;
	r = recv(redir->fd, data, (size_t)nr, MSG_DONTWAIT);
	if (r > 0) {
		redir->turn_bytes -= (uint32_t)r;
		return (int)r;
	}
	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	redir_break(redir, "%s", r == 0 ? "it has closed the connection" : strerror(errno));
	return -1;
}

static int parser_writes(void *arg, uint8_t *data, int nr)
{
	struct redir *redir = arg;
	ssize_t r = send(redir->fd, data, (size_t)nr, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (r >= 0)
		return (int)r;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	redir_break(redir, "%s", strerror(errno));
	return -1;
}

static void hello(void *arg, struct usb_redir_hello_header *header)
{
	((struct redir *)arg)->has_hello = true;
}

static void device_connect(void *arg, struct usb_redir_device_connect_header *header)
{
	struct redir *redir = arg;

	if (redir->is_connected)
		redir_break(redir, "it breaks the protocol: another device while there is one");
	redir->info = *header;
	redir->is_connected = true;
}

static void device_disconnect(void *arg)
{
	redir_break(arg, "its device was unplugged");
}

/* No more of them than it has room for: the parser has seen to that. */
static void interface_info(void *arg, struct usb_redir_interface_info_header *header)
{
	((struct redir *)arg)->interfaces = *header;
}

static void ep_info(void *arg, struct usb_redir_ep_info_header *header)
{
	((struct redir *)arg)->endpoints = *header;
}

static void configuration_status(void *arg, uint64_t id, struct usb_redir_configuration_status_header *header)
{
	struct redir *redir = arg;

	redir->configuration = header->configuration;
	redir_answered(redir, id, header->status);
}

static void alt_setting_status(void *arg, uint64_t id, struct usb_redir_alt_setting_status_header *header)
{
	struct redir *redir = arg;

	if (header->interface < USB_MAX_INTERFACES)
		redir->alternate[header->interface] = header->alt;
	redir_answered(redir, id, header->status);
}

static void iso_stream_status(void *arg, uint64_t id, struct usb_redir_iso_stream_status_header *header)
{
	redir_stream_status(arg, header->endpoint, header->status);
}

static void interrupt_receiving_status(void *arg, uint64_t id,
				       struct usb_redir_interrupt_receiving_status_header *header)
{
	redir_stream_status(arg, header->endpoint, header->status);
}

static void control_packet(void *arg, uint64_t id, struct usb_redir_control_packet_header *header, uint8_t *data,
			   int data_bytes)
{
	struct redir *redir = arg;

	if (redir->question.is_out && id == redir->question.id)
		redir_answered(redir, id, header->status);
	else
		redir_ended(redir, id, header->endpoint & 0x0f, header->status, header->length, data, data_bytes);
	usbredirparser_free_packet_data(redir->parser, data);
}

static void bulk_packet(void *arg, uint64_t id, struct usb_redir_bulk_packet_header *header, uint8_t *data,
			int data_bytes)
{
	struct redir *redir = arg;

	redir_ended(redir, id, header->endpoint, header->status,
		    header->length | (uint32_t)header->length_high << 16, data, data_bytes);
	usbredirparser_free_packet_data(redir->parser, data);
}

static void iso_packet(void *arg, uint64_t id, struct usb_redir_iso_packet_header *header, uint8_t *data,
		       int data_bytes)
{
	redir_stream_come(arg, header->endpoint, header->status, data, data_bytes);
}

static void interrupt_packet(void *arg, uint64_t id, struct usb_redir_interrupt_packet_header *header, uint8_t *data,
			     int data_bytes)
{
	struct redir *redir = arg;

	if (header->endpoint & 0x80) {
		redir_stream_come(redir, header->endpoint, header->status, data, data_bytes);
		return;
	}
	redir_ended(redir, id, header->endpoint, header->status, header->length, data, data_bytes);
	usbredirparser_free_packet_data(redir->parser, data);
}

/* What we have not said that we know, and what only the other side may send, must not come. */
static void filter_reject(void *arg)
{
	redir_break(arg, "it breaks the protocol: a filter");
}

static void filter_filter(void *arg, struct usbredirfilter_rule *rules, int nr)
{
	free(rules);
	filter_reject(arg);
}

static void bulk_streams_status(void *arg, uint64_t id, struct usb_redir_bulk_streams_status_header *header)
{
	redir_break(arg, "it breaks the protocol: bulk streams");
}

static void bulk_receiving_status(void *arg, uint64_t id, struct usb_redir_bulk_receiving_status_header *header)
{
	redir_break(arg, "it breaks the protocol: bulk receiving");
}

static void buffered_bulk_packet(void *arg, uint64_t id, struct usb_redir_buffered_bulk_packet_header *header,
				 uint8_t *data, int data_bytes)
{
	struct redir *redir = arg;

	usbredirparser_free_packet_data(redir->parser, data);
	redir_break(redir, "it breaks the protocol: bulk receiving");
}

static void set_callbacks(struct usbredirparser *parser)
{
	parser->log_func = parser_says;
	parser->read_func = parser_reads;
	parser->write_func = parser_writes;
	parser->hello_func = hello;
	parser->device_connect_func = device_connect;
	parser->device_disconnect_func = device_disconnect;
	parser->interface_info_func = interface_info;
	parser->ep_info_func = ep_info;
	parser->configuration_status_func = configuration_status;
	parser->alt_setting_status_func = alt_setting_status;
	parser->iso_stream_status_func = iso_stream_status;
	parser->interrupt_receiving_status_func = interrupt_receiving_status;
	parser->control_packet_func = control_packet;
	parser->bulk_packet_func = bulk_packet;
	parser->iso_packet_func = iso_packet;
	parser->interrupt_packet_func = interrupt_packet;
	parser->filter_reject_func = filter_reject;
	parser->filter_filter_func = filter_filter;
	parser->bulk_streams_status_func = bulk_streams_status;
	parser->bulk_receiving_status_func = bulk_receiving_status;
	parser->buffered_bulk_packet_func = buffered_bulk_packet;
}

/* ---- reading and writing --------------------------------------------------------------------------------------- */

int redir_peer_init(struct redir *redir, struct errbuf *err)
{
	static const int caps[] = {
		usb_redir_cap_connect_device_version, usb_redir_cap_device_disconnect_ack,
		usb_redir_cap_ep_info_max_packet_size, usb_redir_cap_64bits_ids, usb_redir_cap_32bits_bulk_length,
	};
	uint32_t set[USB_REDIR_CAPS_SIZE] = { 0 };
	char version[64];

	redir->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	redir->parser = redir->timer_fd < 0 ? NULL : usbredirparser_create();
	if (!redir->parser)
		return errbuf_set(err, -ENOMEM, "usbredir:%s: no memory", redir->address);
	redir->parser->priv = redir;
	set_callbacks(redir->parser);
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		usbredirparser_caps_set_cap(set, caps[i]);
	snprintf(version, sizeof(version), "pvring-usbd %s", pvring_version);
	usbredirparser_init(redir->parser, version, set, USB_REDIR_CAPS_SIZE, 0);
	return 0;
}

void redir_peer_fini(struct redir *redir)
{
	if (redir->parser)
		usbredirparser_destroy(redir->parser);
	if (redir->timer_fd >= 0)
		close(redir->timer_fd);
	if (redir->fd >= 0)
		close(redir->fd);
}

static void read_turn(struct redir *redir)
{
	redir->turn_bytes = TURN_BYTES;
	if (!redir_is_broken(redir) && usbredirparser_do_read(redir->parser) == usbredirparser_read_parse_error)
		redir_break(redir, "it breaks the protocol");
}

/* Of one that has nothing to write any more, the socket is always ready for it. */
void redir_peer_flush(struct redir *redir)
{
	struct epoll_event event = { .events = EPOLLIN };
	bool is_writing;

	if (redir_is_broken(redir) || usbredirparser_do_write(redir->parser) || !redir->watch)
		return;
	is_writing = usbredirparser_has_data_to_write(redir->parser);
	if (is_writing == redir->is_writing)
		return;
	redir->is_writing = is_writing;
	event.events |= is_writing ? EPOLLOUT : 0;
	(void)epoll_ctl(redir->watch->epoll_fd, EPOLL_CTL_MOD, redir->fd, &event);
}

int redir_peer_wait(struct redir *redir, bool (*done)(const struct redir *), const char *what, struct errbuf *err)
{
	uint64_t end_ns = clock_in_ms(REDIR_ANSWER_MS);

	redir_peer_flush(redir);
	while (!redir_is_broken(redir) && !done(redir)) {
		struct pollfd pollfd = { .fd = redir->fd, .events = POLLIN };
		uint64_t now_ns = clock_now_ns();

		if (usbredirparser_has_data_to_write(redir->parser))
			pollfd.events |= POLLOUT;
		if (now_ns >= end_ns)
			redir_break(redir, "%s in %d ms", what, REDIR_ANSWER_MS);
		else if (poll(&pollfd, 1, (int)((end_ns - now_ns) / NSEC_PER_MSEC) + 1) > 0)
			read_turn(redir);
		redir_peer_flush(redir);
	}
	if (!redir_is_broken(redir))
		return 0;
	*err = redir->why;
	return -ENODEV;
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

uint64_t redir_ask(struct redir *redir, struct usb_chore *chore)
{
	redir->question = (struct redir_question){
		.id = ++redir->last_id,
		.is_out = true,
		.chore = chore,
		.due_ns = clock_in_ms(REDIR_ANSWER_MS),
	};
	redir_set_timer(redir);
	return redir->question.id;
}

void redir_answered(struct redir *redir, uint64_t id, uint8_t status)
{
	struct usb_chore *chore = redir->question.chore;

	if (!redir->question.is_out || id != redir->question.id) {
		redir_break(redir, "it breaks the protocol: an answer that was not asked for");
		return;
	}
	redir->question.is_out = false;
	redir->question.status = status;
	redir->question.chore = NULL;
	if (chore)
		redir_chore_answered(redir, chore, status);
}

/* ---- on the worker --------------------------------------------------------------------------------------------- */

/* When the first of the answers that there must be is late; UINT64_MAX: there is none. */
static uint64_t answer_due_ns(const struct redir *redir)
{
	uint64_t due_ns = redir->question.is_out ? redir->question.due_ns : UINT64_MAX;

	for (unsigned int i = 0; i < REDIR_NR_FLIGHTS; i++) {
		const struct redir_flight *flight = &redir->flight[i];

		if (flight->transfer && flight->is_cancelled && flight->due_ns < due_ns)
			due_ns = flight->due_ns;
	}
	return due_ns;
}

void redir_set_timer(struct redir *redir)
{
	uint64_t next_ns = redir_stream_due_ns(redir), answer_ns = answer_due_ns(redir);
	struct itimerspec at = { .it_value.tv_sec = 0 };

	if (answer_ns < next_ns)
		next_ns = answer_ns;
	if (next_ns != UINT64_MAX) {
		at.it_value.tv_sec = (time_t)(next_ns / NSEC_PER_SEC);
		at.it_value.tv_nsec = (long)(next_ns % NSEC_PER_SEC);
	}
	(void)timerfd_settime(redir->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void handle_timer(struct redir *redir)
{
	uint64_t nr, now_ns;

	if (read(redir->timer_fd, &nr, sizeof(nr)) != sizeof(nr))
		return;
	now_ns = clock_now_ns();
	redir_stream_tick(redir, now_ns);
	if (now_ns >= answer_due_ns(redir))
		redir_break(redir, "no answer in %d ms", REDIR_ANSWER_MS);
	redir_set_timer(redir);
}

static void handle(void *arg)
{
	struct redir *redir = arg;

	handle_timer(redir);
	read_turn(redir);
	redir_peer_flush(redir);
}

int redir_peer_watch(struct redir *redir, struct errbuf *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	int rc;

	redir->is_writing = false;
	rc = usb_watch_take(redir->loop, handle, redir, &redir->watch, err);
	if (rc)
		return rc;
	if (epoll_ctl(redir->watch->epoll_fd, EPOLL_CTL_ADD, redir->timer_fd, &event) ||
	    epoll_ctl(redir->watch->epoll_fd, EPOLL_CTL_ADD, redir->fd, &event)) {
		rc = errbuf_set(err, -errno, "usbredir:%s: epoll: %s", redir->address, strerror(errno));
		redir_peer_unwatch(redir);
	}
	return rc;
}

void redir_peer_unwatch(struct redir *redir)
{
	struct usb_watch *watch = redir->watch;

	if (!watch)
		return;
	usb_watch_give_back(watch);
	(void)epoll_ctl(watch->epoll_fd, EPOLL_CTL_DEL, redir->timer_fd, NULL);
	(void)epoll_ctl(watch->epoll_fd, EPOLL_CTL_DEL, redir->fd, NULL);
	redir->watch = NULL;
}
