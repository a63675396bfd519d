// SPDX-License-Identifier: MIT
/*
 * What frames on a tap device cost by themselves: the limit of whoever carries them between a tap and something else.
 *
 *	tap_cost write|read|feed INTERFACE FRAME-BYTES SECONDS
 *
 * write and read open the tap; feed sends by the interface, so that there is something to read. Frames are those of
 * pvring-netload, of more than 1514 bytes as large TCP packets. They are as many as fit a guest's ring, so that no more
 * of them is in the CPU's caches than could be of a guest's. Prints "SECONDS FRAMES BYTES CPU-SECONDS".
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/parse.h"
#include "common/wire/vnet.h"
#include "frontend/user/cpu_times.h"
#include "frontend/user/netload/tap.h"
#include "frontend/user/netload/traffic.h"

#define WIRE_BYTES   1514 /* of a frame, at most */
#define SEGMENT_BYTES 1448
#define BATCH	     64
#define TICK_MS	     100
#define PAGE_BYTES   4096U
#define RING_PAGES   256U

struct job {
	const char *interface;
	uint32_t len_bytes, size_bytes; /* of a frame, and with its struct virtio_net_hdr */
	uint64_t begun_ns, end_ns, nr_frames, nr_bytes;
	uint8_t *frames;
	uint32_t nr_slots, stride_bytes;
};

static const struct net_takes all = { true, true, true, true };

static int fail(const char *what)
{
	fprintf(stderr, "tap_cost: %s: %s\n", what, strerror(errno));
	return -1;
}

static uint8_t *next_frame(const struct job *job)
{
	return job->frames + job->nr_frames % job->nr_slots * job->stride_bytes;
}

static void make_frame(const struct job *job, uint8_t *memory)
{
	const struct traffic traffic = {
		.seed = 1,
		.to = { 2, 0, 0, 0, 0, 2 }, /* nobody's, so that the kernel drops it at once */
		.from = { 2, 0, 0, 0, 0, 1 },
		.gso_size = job->len_bytes > WIRE_BYTES ? SEGMENT_BYTES : 0,
	};
	struct virtio_net_hdr hdr;
	struct net_meta meta;

	traffic_make(&traffic, 0, false, memory + sizeof(hdr), job->len_bytes, &meta);
	(void)vnet_from_netif(&meta, memory + sizeof(hdr), job->len_bytes, &hdr); /* it can be said of what we made */
	memcpy(memory, &hdr, sizeof(hdr));
}

static int make_frames(struct job *job)
{
	uint32_t nr_pages;

	job->size_bytes = sizeof(struct virtio_net_hdr) + job->len_bytes;
	nr_pages = (job->size_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	job->stride_bytes = nr_pages * PAGE_BYTES;
	job->nr_slots = RING_PAGES / nr_pages;
	job->frames = malloc((size_t)job->nr_slots * job->stride_bytes);
	if (!job->frames)
		return fail("frames");
	for (uint32_t i = 0; i < job->nr_slots; i++)
		make_frame(job, job->frames + i * job->stride_bytes);
	return 0;
}

/* Asked once for many frames, so as to cost nothing. */
static bool goes_on(const struct job *job)
{
	return clock_now_ns() < job->end_ns;
}

static void count(struct job *job, uint64_t nr_bytes)
{
	job->nr_frames++;
	job->nr_bytes += nr_bytes;
}

static int open_tap(const struct job *job)
{
	const struct net_identity identity = { .mtu = WIRE_BYTES - ETH_HLEN };
	struct errbuf err;
	int fd = netload_tap_open(job->interface, false, vnet_tap_offloads(&all), &identity, &err);

	if (fd < 0)
		fprintf(stderr, "tap_cost: %s\n", err.text);
	return fd;
}

static int run_write(struct job *job)
{
	int fd = open_tap(job);

	if (fd < 0)
		return -1;
	while (goes_on(job)) {
		for (unsigned int i = 0; i < BATCH; i++) {
			if (write(fd, next_frame(job), job->size_bytes) != (ssize_t)job->size_bytes)
				return fail("write");
			count(job, job->len_bytes);
		}
	}
	return 0;
}

static int run_read(struct job *job)
{
	int fd = open_tap(job);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t size = 1;

	if (fd < 0)
		return -1;
	while (goes_on(job)) {
		if (poll(&pfd, 1, TICK_MS) < 0)
			return fail("poll");
		for (unsigned int i = 0; i < BATCH; i++) {
			size = read(fd, next_frame(job), job->stride_bytes);
			if (size < (ssize_t)sizeof(struct virtio_net_hdr))
				break;
			count(job, size - sizeof(struct virtio_net_hdr));
		}
		if (size < 0 && errno != EAGAIN)
			return fail("read");
	}
	return 0;
}

static int open_interface(const struct job *job)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(job->interface) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fail(job->interface);
	return fd;
}

/* Whoever reads is to be what limits it: where there is no room, it is theirs to run. */
static int run_feed(struct job *job)
{
	int fd = open_interface(job);

	if (fd < 0)
		return -1;
	while (goes_on(job)) {
		if (write(fd, next_frame(job), job->size_bytes) == (ssize_t)job->size_bytes)
			count(job, job->len_bytes);
		else if (errno == ENOBUFS)
			sched_yield();
		else
			return fail("send");
	}
	return 0;
}

static double cpu_seconds(void)
{
	struct cpu_times now = cpu_times_now();

	return now.user_s + now.system_s;
}

static const struct {
	const char *name;
	int (*run)(struct job *job);
} modes[] = { { "write", run_write }, { "read", run_read }, { "feed", run_feed } };

static int run(struct job *job, const char *mode)
{
	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, mode) == 0)
			return modes[i].run(job);
	}
	fprintf(stderr, "tap_cost: '%s': expected write, read or feed\n", mode);
	return -1;
}

int main(int argc, char **argv)
{
	struct job job = { .interface = argc > 2 ? argv[2] : NULL };
	uint64_t len_bytes, nr_seconds;
	double cpu_before;

	if (argc != 5 || parse_u64(argv[3], 64, NET_MAX_SENT_BYTES, &len_bytes) ||
	    parse_u64(argv[4], 1, 3600, &nr_seconds)) {
		fprintf(stderr, "usage: tap_cost write|read|feed INTERFACE FRAME-BYTES SECONDS\n");
		return 2;
	}
	job.len_bytes = len_bytes;
	if (make_frames(&job))
		return 1;
	cpu_before = cpu_seconds();
	job.begun_ns = clock_now_ns();
	job.end_ns = job.begun_ns + nr_seconds * NSEC_PER_SEC;
	if (run(&job, argv[1]))
		return 1;
	printf("%.3f %llu %llu %.6f\n", (double)(clock_now_ns() - job.begun_ns) / NSEC_PER_SEC,
	       (unsigned long long)job.nr_frames, (unsigned long long)job.nr_bytes, cpu_seconds() - cpu_before);
	return 0;
}
