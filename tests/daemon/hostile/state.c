// SPDX-License-Identifier: MIT
/* The frontend's state, with requests out or none. */
#include "tests/daemon/hostile/hostile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

/* A backend also passes through a state in a step that it began before our last word: it is to stay there. */
static void await_backend(enum xb_state wanted)
{
	uint64_t deadline = clock_now_ns() + TIMEOUT_MS * 1000000ULL;

	for (unsigned int nr_seen = 0; nr_seen < 300 && clock_now_ns() < deadline; usleep(1000))
		nr_seen = strcmp(backend_state(), xb_state_name(wanted)) == 0 ? nr_seen + 1 : 0;
}

/* Straight from Connected to state N, with requests out, and where that is to lead. */
static void jump_to_state(enum xb_state state, enum xb_state wanted)
{
	struct blkfront_io *io;
	struct errbuf err;

	while ((io = blkfront_get(front)))
		blkfront_submit(front, io, BLKIF_OP_READ, (uint64_t)io->index * 88, 88);
	blkfront_push(front);
	xb_device_switch(&front->device.xb, state, &err);
	await_backend(wanted);
}

static void run_closed(void)
{
	jump_to_state(XB_CLOSED, XB_CLOSED);
}

static void run_restart(void)
{
	jump_to_state(XB_INITIALISING, XB_INIT_WAIT);
}

static void run_unknown_state(void)
{
	jump_to_state(XB_RECONFIGURED, XB_CLOSING);
}

static void flap(unsigned int times)
{
	struct errbuf err;

	while (times--) {
		xb_device_switch(&front->device.xb, XB_CLOSING, &err);
		xb_device_switch(&front->device.xb, XB_CLOSED, &err);
		xb_device_switch(&front->device.xb, XB_INITIALISING, &err);
		xb_device_switch(&front->device.xb, XB_CONNECTED, &err);
	}
	xb_device_switch(&front->device.xb, XB_CLOSED, &err);
	await_backend(XB_CLOSED);
}

static void run_flap(void)
{
	flap(200);
}

static void run_flap_10000(void)
{
	flap(10000);
}

/* From anywhere to anywhere, to states that there are not, too. */
static void run_jump(void)
{
	unsigned int seed = 1;
	struct errbuf err;

	for (unsigned int i = 0; i < 300; i++)
		xb_device_switch(&front->device.xb, rand_r(&seed) % (XB_NR_STATES + 2), &err);
	xb_device_switch(&front->device.xb, XB_CLOSED, &err);
	await_backend(XB_CLOSED);
}

const struct hostile_case state_cases[] = {
	{ "closed-with-requests-out", .run = run_closed },
	{ "restart-with-requests-out", .run = run_restart },
	{ "unknown-state", .run = run_unknown_state },
	{ "flap", .run = run_flap },
	{ "flap-10000", .run = run_flap_10000 },
	{ "jump", .run = run_jump },
	{ 0 },
};
