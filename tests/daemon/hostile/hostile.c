// SPDX-License-Identifier: MIT
/*
 * A frontend that misbehaves: one CASE per run, on a device that a backend serves. What comes of it is printed, not
 * judged; the test that runs it knows what it wants:
 *
 *	response operation=N status=N		each answer
 *	answered N				so many were, where the answers cannot be relied on
 *	backend NAME				its state at the end
 *	afterwards STATUS			what an ordinary read gives then: 0, -1 or -2; "none": no answer
 *
 * "afterwards" is left out when the ring cannot be used any more. Exit status: 0 done, 2 usage, 3 could not connect.
 */
#include "tests/daemon/hostile/hostile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/wire/vdev.h"

struct blkfront *front;
static const struct hostile_case *const tables[] = { request_cases, ring_cases, state_cases };

const char *backend_state(void)
{
	enum xb_state state;
	struct errbuf err;

	if (xb_device_peer_state(&front->device.xb, &state, &err))
		return "unreadable";
	return xb_state_name(state);
}

int settle(int wanted, int ms)
{
	uint64_t deadline = clock_now_ns() + ms * 1000000ULL;
	struct blkfront_io *done[1];
	int nr = 0, got;

	while (nr < wanted && clock_now_ns() < deadline) {
		got = blkfront_poll(front, done, 1);
		if (got < 0) {
			printf("front %s\n", blkfront_why(front));
			break;
		}
		if (got > 0) {
			printf("response operation=%u status=%d\n", done[0]->operation,
			       done[0]->rc == 0 ? 0 : done[0]->rc == -EOPNOTSUPP ? -2 : -1);
			blkfront_put(front, done[0]);
			nr++;
			continue;
		}
		if (strcmp(backend_state(), "Connected") != 0)
			break;
		blkfront_wait(front, 20);
	}
	return nr;
}

struct blk_request good_request(const struct blkfront_io *io)
{
	struct blk_request req = { .operation = BLKIF_OP_READ, .nr_segments = 1 };

	for (uint32_t i = 0; i < BLK_MAX_SEGMENTS; i++)
		req.segment[i] = (struct blk_segment){ blkfront_gref(front, io, i), 0, 7 };
	return req;
}

void send_raw(struct blkfront_io *io, const struct blk_request *req)
{
	blkfront_submit_raw(front, io, req);
	blkfront_push(front);
}

/* ---- the command line -------------------------------------------------------------------------------------------- */

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static int list(void)
{
	for (unsigned int i = 0; i < NR(tables); i++)
		for (const struct hostile_case *c = tables[i]; c->name; c++)
			printf("%s\n", c->name);
	return 0;
}

static const struct hostile_case *find_case(const char *name)
{
	for (unsigned int i = 0; i < NR(tables); i++)
		for (const struct hostile_case *c = tables[i]; c->name; c++)
			if (strcmp(name, c->name) == 0)
				return c;
	return NULL;
}

static void send_spoilt(void (*spoil)(struct blk_request *req))
{
	struct blkfront_io *io = blkfront_get(front);
	struct blk_request req = good_request(io);

	spoil(&req);
	send_raw(io, &req);
	settle(1, SETTLE_MS);
}

static void try_ordinary_read(void)
{
	struct blkfront_io *io = blkfront_get(front);
	int rc = io ? blkfront_do(front, io, BLKIF_OP_READ, 0, 8, SETTLE_MS) : -EBUSY;

	if (rc == 0 || rc == -EIO || rc == -EOPNOTSUPP)
		printf("afterwards %d\n", rc == 0 ? 0 : rc == -EIO ? -1 : -2);
	else
		printf("afterwards none (%s)\n", strerror(-rc));
}

static int run_connected(uint32_t devid, const struct hostile_case *c)
{
	struct blkfront_config config = { .devid = devid, .timeout_ms = TIMEOUT_MS };
	struct errbuf err;

	front = blkfront_new(&config);
	if (!front || blkfront_connect(front, &err)) {
		fprintf(stderr, "hostile: %s\n", front ? err.text : "out of memory");
		return 3;
	}
	if (c->spoil)
		send_spoilt(c->spoil);
	else
		c->run();
	printf("backend %s\n", backend_state());
	if (c->spoil || c->is_usable)
		try_ordinary_read();
	if (blkfront_disconnect(front, &err))
		printf("close %s\n", err.text);
	blkfront_free(front);
	return 0;
}

int main(int argc, char **argv)
{
	const struct hostile_case *c;
	struct errbuf err;
	uint32_t devid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	if (argc != 4 || strcmp(argv[1], "--vdev") != 0 || blk_vdev_parse(argv[2], &devid, &err)) {
		fprintf(stderr, "Usage: hostile --vdev NAME CASE | hostile --list\n");
		return 2;
	}
	c = find_case(argv[3]);
	if (!c) {
		fprintf(stderr, "hostile: there is no case '%s': see --list\n", argv[3]);
		return 2;
	}
	return run_connected(devid, c);
}
