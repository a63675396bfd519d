// SPDX-License-Identifier: MIT
#include "ctl/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errbuf.h"
#include "common/base/version.h"
#include "common/base/options.h"
#include "ctl/commands.h"

/* What the daemon may be ahead of us. Packets of 64 KiB fill what a socket has by default in a moment. */
#define SOCKET_BYTES (16 << 20)

struct capture {
	const struct capture_class *class;
	const char *device, *where; /* what is written, for a message */
	FILE *file;
	int socket, lost;
	uint32_t max_packets;
	uint64_t start_ns, nr_packets, nr_lost;
	void *record;
};

static struct capture capture = { .socket = -1, .lost = -1 };
static volatile sig_atomic_t was_told_to_end;

/* ---- the two ends of it ---------------------------------------------------------------------------------------- */

/* From here on the daemon cannot send, and what it has sent is still ours to read: its end is that of the file. */
static void told_to_end(int signal)
{
	was_told_to_end = true;
	shutdown(capture.socket, SHUT_RD);
}

static void listen_to_signals(void)
{
	struct sigaction action = { .sa_handler = told_to_end, .sa_flags = SA_RESTART };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int make_sockets(int *daemons, struct errbuf *err)
{
	const int bytes = SOCKET_BYTES;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return errbuf_set(err, -errno, "socketpair: %s", strerror(errno));
	capture.socket = pair[0];
	*daemons = pair[1];
	capture.lost = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (capture.lost < 0)
		return errbuf_set(err, -errno, "eventfd: %s", strerror(errno));
	/* It is the sender's. Without the privilege it is what the system's limit leaves of it. */
	if (setsockopt(*daemons, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(*daemons, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return 0;
}

static int ask_daemon(const char *socket, struct errbuf *err)
{
	json_t *request = json_pack("{s:s, s:s, s:I}", "cmd", "capture", "device", capture.device, "format",
				    (json_int_t)capture.class->format);
	int fds[2] = { -1, -1 }, rc;
	json_t *reply;

	rc = request ? make_sockets(&fds[0], err)
		     : errbuf_set(err, -EINVAL, "'%.40s' is no device's name", capture.device);
	if (rc == 0) {
		fds[1] = capture.lost;
		rc = client_ask_with(socket, request, fds, 2, &reply, err);
	}
	if (rc == 0)
		json_decref(reply);
	json_decref(request);
	if (fds[0] >= 0)
		close(fds[0]); /* when the daemon's own goes, we see the end */
	return rc;
}

static int say_where(int rc, struct errbuf *err)
{
	return errbuf_set(err, rc, "%s: %s", capture.where, strerror(-rc));
}

/* What passes between a guest and its devices is nobody else's business. */
static int open_file(const char *path, struct errbuf *err)
{
	char application[64], description[80];
	struct pcapng_interface interface;
	int fd = STDOUT_FILENO, rc;

	capture.where = strcmp(path, "-") == 0 ? "standard output" : path;
	if (strcmp(path, "-") != 0)
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	capture.file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!capture.file)
		return say_where(-errno, err);
	snprintf(description, sizeof(description), "%s, at the rings of its guest", capture.device);
	snprintf(application, sizeof(application), "pvring %s", pvring_version);
	interface = (struct pcapng_interface){ capture.class->link_type, capture.device, description };
	rc = pcapng_begin(capture.file, application, &interface);
	return rc ? say_where(rc, err) : 0;
}

/* ---- packets --------------------------------------------------------------------------------------------------- */

static int take_record(size_t len, struct errbuf *err)
{
	struct pcapng_packet packet;
	int rc;

	if (!capture.class->read_record(capture.record, len, &packet))
		return errbuf_set(err, -EPROTO, "%s: what the daemon sends is no %s", capture.device,
				  capture.class->packet);
	capture.nr_packets++;
	rc = pcapng_packet(capture.file, &packet);
	return rc ? say_where(rc, err) : 0;
}

/* Bytes of the next datagram, 0: there will be none. While there is none everything is in the file: somebody looks. */
static ssize_t next_datagram(struct errbuf *err)
{
	ssize_t r = recv(capture.socket, capture.record, capture.class->record_bytes, MSG_DONTWAIT);

	if (r < 0 && errno == EAGAIN) {
		if (fflush(capture.file))
			return say_where(-errno, err);
		r = recv(capture.socket, capture.record, capture.class->record_bytes, 0);
	}
	return r < 0 ? errbuf_set(err, -errno, "%s: %s", capture.device, strerror(errno)) : r;
}

static int take_all(struct errbuf *err)
{
	while (capture.max_packets == 0 || capture.nr_packets < capture.max_packets) {
		ssize_t r = next_datagram(err);

		if (r <= 0)
			return r;
		r = take_record(r, err);
		if (r)
			return r;
	}
	was_told_to_end = true;
	return 0;
}

static int finish(struct errbuf *err)
{
	int rc = 0;

	eventfd_read(capture.lost, &capture.nr_lost); /* fails where it is 0 */
	rc = pcapng_statistics(capture.file, &(struct pcapng_statistics){
						     .start_ns = capture.start_ns,
						     .end_ns = clock_date_ns(),
						     .nr_received = capture.nr_packets + capture.nr_lost,
						     .nr_lost = capture.nr_lost,
					     });
	if (rc == 0 && fflush(capture.file))
		rc = -errno;
	return rc ? say_where(rc, err) : 0;
}

static int run(const struct capture_config *config, struct errbuf *err)
{
	int rc;

	capture.record = malloc(capture.class->record_bytes);
	if (!capture.record)
		return errbuf_set(err, -ENOMEM, "no memory");
	capture.start_ns = clock_date_ns();
	rc = ask_daemon(config->socket.path, err);
	if (rc == 0)
		rc = open_file(config->path, err);
	if (rc)
		return rc;
	listen_to_signals();
	fprintf(stderr, "%s: capturing to %s\n", capture.device, capture.where);
	rc = take_all(err);
	if (rc == 0)
		rc = finish(err);
	if (rc)
		return rc;
	if (!was_told_to_end)
		fprintf(stderr, "%s: it is not served any more, and so the capture has ended\n", capture.device);
	fprintf(stderr, "%s: %llu %s(s) captured, %llu lost\n", capture.device,
		(unsigned long long)capture.nr_packets, capture.class->packet, (unsigned long long)capture.nr_lost);
	return 0;
}

int capture_run(const struct capture_class *class, const struct capture_config *config, const char *device)
{
	struct errbuf err;

	if (!config->path) {
		fprintf(stderr, "%s: where to? Expected --write FILE\n", class->program);
		return EXIT_USAGE;
	}
	capture.class = class;
	capture.device = device;
	capture.max_packets = config->max_packets;
	if (run(config, &err) == 0)
		return EXIT_OK;
	fprintf(stderr, "%s: %s\n", class->program, err.text);
	return EXIT_FAILED;
}

/* ---- the command line ------------------------------------------------------------------------------------------ */

int capture_set_path(void *config, const char *value, struct errbuf *err)
{
	((struct capture_config *)config)->path = value;
	return *value ? 0 : errbuf_set(err, -EINVAL, "expected a file, or - for standard output");
}

int capture_set_count(void *config, const char *value, struct errbuf *err)
{
	return option_u32("number", value, 1, UINT32_MAX, &((struct capture_config *)config)->max_packets, err);
}
