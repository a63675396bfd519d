// SPDX-License-Identifier: MIT
/*
 * pvring net capture: what passes a vif's rings, as a pcapng file. The daemon is given one end of a socket and sends a
 * datagram for each frame (common/wire/net_capture.h); an eventfd counts those that the socket had no room for.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errbuf.h"
#include "common/base/version.h"
#include "common/wire/net_capture.h"
#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/commands.h"
#include "ctl/net_record.h"
#include "ctl/pcapng.h"

/* What the daemon may be ahead of us. Frames of 64 KiB fill what a socket has by default in a moment. */
#define SOCKET_BYTES (16 << 20)

#define DEFAULT_DAEMON "pvring-netd"

struct capture_config {
	struct client_socket socket;
	const char *path;
	uint32_t max_frames; /* 0: without end */
};

struct capture {
	const char *interface, *where; /* what is written, for a message */
	FILE *file;
	int socket, lost;
	uint32_t max_frames;
	uint64_t start_ns, nr_frames, nr_lost;
	struct {
		struct net_capture_record record;
		uint8_t frame[NET_CAPTURE_MAX_FRAME];
	} in;
};

static struct capture capture = { .socket = -1, .lost = -1 };
static volatile sig_atomic_t was_told_to_end;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

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

static int ask_daemon(const char *socket, const char *interface, struct errbuf *err)
{
	json_t *request = json_pack("{s:s, s:s, s:i}", "cmd", "capture", "interface", interface, "format",
				    NET_CAPTURE_FORMAT);
	int fds[2] = { -1, -1 }, rc;
	json_t *reply;

	rc = request ? make_sockets(&fds[0], err)
		     : errbuf_set(err, -EINVAL, "'%.40s' is no interface's name", interface);
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

/* What guests send each other is nobody else's business. */
static int open_file(const char *path, struct errbuf *err)
{
	char application[64], description[64];
	int fd = STDOUT_FILENO, rc;

	capture.where = strcmp(path, "-") == 0 ? "standard output" : path;
	if (strcmp(path, "-") != 0)
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	capture.file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!capture.file)
		return say_where(-errno, err);
	snprintf(description, sizeof(description), "%s, at the rings of its guest", capture.interface);
	snprintf(application, sizeof(application), "pvring %s", pvring_version);
	rc = pcapng_begin(capture.file, application, capture.interface, description);
	return rc ? say_where(rc, err) : 0;
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

/* A record, and what there is of its frame: which stands behind the slots that are used. */
static int take_frame(size_t len, struct errbuf *err)
{
	struct net_capture_record *record = &capture.in.record;
	size_t head_bytes = net_capture_record_bytes(record);
	char comment[NET_RECORD_TEXT_BYTES];
	struct pcapng_packet packet;
	int rc;

	if (len < sizeof(*record) - sizeof(record->slots) || record->nr_slots > NET_CAPTURE_MAX_SLOTS ||
	    len < head_bytes)
		return errbuf_set(err, -EPROTO, "%s: what the daemon sends is no frame", capture.interface);
	net_record_describe(record, comment, sizeof(comment));
	packet = (struct pcapng_packet){
		.time_ns = record->time_ns,
		.flags = net_record_flags(record),
		.queue = record->queue,
		.bytes = (const uint8_t *)record + head_bytes,
		.captured_bytes = len - head_bytes,
		.original_bytes = record->frame_bytes > len - head_bytes ? record->frame_bytes : len - head_bytes,
		.comment = comment,
	};
	capture.nr_frames++;
	rc = pcapng_packet(capture.file, &packet);
	return rc ? say_where(rc, err) : 0;
}

/* Bytes of the next datagram, 0: there will be none. While there is none everything is in the file: somebody looks. */
static ssize_t next_datagram(struct errbuf *err)
{
	ssize_t r = recv(capture.socket, &capture.in, sizeof(capture.in), MSG_DONTWAIT);

	if (r < 0 && errno == EAGAIN) {
		if (fflush(capture.file))
			return say_where(-errno, err);
		r = recv(capture.socket, &capture.in, sizeof(capture.in), 0);
	}
	return r < 0 ? errbuf_set(err, -errno, "%s: %s", capture.interface, strerror(errno)) : r;
}

static int take_all(struct errbuf *err)
{
	while (capture.max_frames == 0 || capture.nr_frames < capture.max_frames) {
		ssize_t r = next_datagram(err);

		if (r <= 0)
			return r;
		r = take_frame(r, err);
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
						     .end_ns = now_ns(),
						     .nr_received = capture.nr_frames + capture.nr_lost,
						     .nr_lost = capture.nr_lost,
					     });
	if (rc == 0 && fflush(capture.file))
		rc = -errno;
	return rc ? say_where(rc, err) : 0;
}

static int run(const struct capture_config *config, struct errbuf *err)
{
	int rc;

	capture.start_ns = now_ns();
	rc = ask_daemon(config->socket.path, capture.interface, err);
	if (rc == 0)
		rc = open_file(config->path, err);
	if (rc)
		return rc;
	listen_to_signals();
	fprintf(stderr, "%s: capturing to %s\n", capture.interface, capture.where);
	rc = take_all(err);
	if (rc == 0)
		rc = finish(err);
	if (rc)
		return rc;
	if (!was_told_to_end)
		fprintf(stderr, "%s: it is not served any more, and so the capture has ended\n", capture.interface);
	fprintf(stderr, "%s: %llu frame(s) captured, %llu lost\n", capture.interface,
		(unsigned long long)capture.nr_frames, (unsigned long long)capture.nr_lost);
	return 0;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int set_path(void *config, const char *value, struct errbuf *err)
{
	((struct capture_config *)config)->path = value;
	return *value ? 0 : errbuf_set(err, -EINVAL, "expected a file, or - for standard output");
}

static int set_count(void *config, const char *value, struct errbuf *err)
{
	return option_u32("number of frames", value, 1, UINT32_MAX, &((struct capture_config *)config)->max_frames,
			  err);
}

static const struct option_row rows[] = {
	{ "write", "FILE", "the file to write; -: standard output", set_path },
	{ "count", "N", "end after so many frames", set_count },
	CLIENT_ROWS(DEFAULT_DAEMON),
};

int command_net(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "pvring net",
		.synopsis = "capture INTERFACE --write FILE [--count N] [--name NAME | --control PATH]",
		.summary = "Writes what passes the rings of a network device, and how, to a pcapng file.",
		.rows = rows,
		.nr_rows = sizeof(rows) / sizeof(rows[0]),
		.letters = "wc",
	};
	struct capture_config config = { .max_frames = 0 };
	struct args args = { .min = 2, .max = 2 };
	struct errbuf err;
	int status;

	client_set_name(&config, DEFAULT_DAEMON, &err);
	if (!args_parse(&spec, argc, argv, &config, &args, &status))
		return status;
	if (strcmp(args.positional[0], "capture") != 0) {
		fprintf(stderr, "pvring net: '%s' is unknown: expected capture\n", args.positional[0]);
		return EXIT_USAGE;
	}
	if (!config.path) {
		fprintf(stderr, "pvring net: where to? Expected --write FILE\n");
		return EXIT_USAGE;
	}
	capture.interface = args.positional[1];
	capture.max_frames = config.max_frames;
	if (run(&config, &err) == 0)
		return EXIT_OK;
	fprintf(stderr, "pvring net: %s\n", err.text);
	return EXIT_FAILED;
}
