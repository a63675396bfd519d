// SPDX-License-Identifier: MIT
/* The workloads: packets to the far end of the wire, and whether they come back. */
#include "tests/conform/scripted_net_front/station.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/wire/inet.h"
#include "tests/conform/peer/front_states.h"
#include "tests/conform/peer/mirror.h"
#include "tests/conform/violate.h"

#define NR_FRAMES    200
#define NR_AT_ONCE   6
#define PATIENCE_MS  8000
#define LOOK_MS      5
#define GSO_BYTES    1400
#define LARGE_BYTES  30000 /* of payload */
#define HEADER_BYTES 42    /* of UDP over IPv4 */
#define SPLIT_BYTES  90    /* as much as all packets of several slots have in the first of them at least */
#define HALF_US      20000

/* ---- sending --------------------------------------------------------------------------------------------------- */

static void make_packet(struct station *station, unsigned int number, struct frame *frame)
{
	bool is_blank = station->can_csum || violates("NET-7.blank");

	frame_ip(frame, vif_ends(&station->vif), 4, INET_UDP, 60 + number * 131 % 1400, number);
	if (is_blank && number % 2)
		frame_blank(frame);
}

static void make_large(struct station *station, unsigned int number, struct frame *frame)
{
	frame_ip(frame, vif_ends(&station->vif), 4, INET_TCP, LARGE_BYTES, number);
	frame_make_large(frame, GSO_BYTES);
	if (violates("NET-46"))
		frame_finish(frame);
}

static void split(struct station *station, const struct frame *frame)
{
	uint16_t sizes[2 * VIF_MAX_SLOTS];
	unsigned int nr = violates("NET-11") ? VIF_MAX_SLOTS + 1 : 3;

	for (unsigned int i = 0; i < nr; i++)
		sizes[i] = 1;
	sizes[0] = violates("NET-26") ? FRAME_MIN_BYTES : SPLIT_BYTES;
	vif_put(&station->vif, frame, sizes, nr);
}

/* A slot whose part ends beyond its page. */
static void put_beyond_page(struct station *station, const struct frame *frame)
{
	netif_tx_request_t slot = vif_slot(&station->vif, frame->bytes, frame->len);

	slot.offset = GRANT_PAGE_BYTES - 20;
	vif_put_slot(&station->vif, &slot);
}

static void put(struct station *station, const struct frame *frame)
{
	bool in_slots = (station->can_sg || violates("NET-7.slots")) && frame->len < GRANT_PAGE_BYTES;

	if (violates("NET-69"))
		put_beyond_page(station, frame);
	else if (in_slots)
		split(station, frame);
	else
		vif_put_whole(&station->vif, frame);
}

static void publish(struct station *station)
{
	struct front *front = &station->vif.front;

	if (violates("NET-13")) {
		front->req_prod--;
		vif_push(&station->vif);
		usleep(HALF_US);
		front->req_prod++;
	}
	vif_push(&station->vif);
}

/* ---- waiting --------------------------------------------------------------------------------------------------- */

/* What is expected, in whatever order. */
struct expected {
	struct frame frame[NR_AT_ONCE];
	bool has_come[NR_AT_ONCE];
	uint32_t done_bytes; /* of the first one, if that is large and comes in parts */
	unsigned int nr, nr_come;
};

static bool is_one_of(struct expected *expected, const struct frame *got)
{
	if (expected->frame[0].gso_type && !got->gso_type && frame_is_next_of(got, &expected->frame[0],
									      &expected->done_bytes)) {
		expected->nr_come += expected->done_bytes == frame_payload_bytes(&expected->frame[0]);
		return frame_has_right_checksum(got);
	}
	for (unsigned int i = 0; i < expected->nr; i++) {
		if (expected->has_come[i] || !frame_is_packet(got, &expected->frame[i]))
			continue;
		expected->has_come[i] = true;
		expected->nr_come++;
		return true;
	}
	return false;
}

static bool is_possible(const struct station *station)
{
	return front_is_possible(&station->vif.front) && front_is_possible(&station->vif.rx);
}

/* Of what there is now. false: it is wrong. */
static bool take_what_is_there(struct station *station, struct expected *expected)
{
	static struct frame got;

	while (is_possible(station) && vif_take_answer(&station->vif, 0))
		;
	while (is_possible(station) && vif_receive(&station->vif, &got, 0)) {
		if (!got.has_failed && !is_one_of(expected, &got))
			return false;
	}
	station->is_broken |= !is_possible(station);
	return !station->is_broken;
}

static bool await_all(struct station *station, struct expected *expected)
{
	uint64_t deadline_ns = clock_in_ms(PATIENCE_MS);

	while (take_what_is_there(station, expected)) {
		if (station->vif.nr_out == 0 && expected->nr_come == expected->nr)
			return true;
		station_look(station);
		if (station->is_ending || station->is_broken || clock_now_ns() >= deadline_ns)
			return false;
		front_await_event(&station->vif.front, LOOK_MS);
	}
	return false;
}

static bool exchange(struct station *station, struct expected *expected)
{
	publish(station);
	for (unsigned int i = 0; i < expected->nr; i++)
		mirror_turn(&expected->frame[i]);
	return await_all(station, expected);
}

/* ---- works ----------------------------------------------------------------------------------------------------- */

static bool work_idle(struct station *station)
{
	while (!station->is_ending && !station->is_broken) {
		front_take_changes(&station->vif.front, clock_in_ms(PATIENCE_MS));
		station_look(station);
	}
	return !station->is_broken;
}

static bool work_verify(struct station *station)
{
	static struct expected expected;

	for (unsigned int number = 0; number < NR_FRAMES;) {
		expected = (struct expected){ .nr = NR_AT_ONCE };
		for (unsigned int i = 0; i < NR_AT_ONCE; i++) {
			make_packet(station, number++, &expected.frame[i]);
			put(station, &expected.frame[i]);
		}
		if (!exchange(station, &expected))
			return false;
	}
	return true;
}

static bool work_big(struct station *station)
{
	static struct expected expected;

	if (!station->can_gso && !violates("NET-7.gso"))
		return work_verify(station);
	for (unsigned int number = 0; number < NR_AT_ONCE; number++) {
		expected = (struct expected){ .nr = 1 };
		make_large(station, number, &expected.frame[0]);
		put(station, &expected.frame[0]);
		if (!exchange(station, &expected))
			return false;
	}
	return work_verify(station);
}

static bool work_static(struct station *station)
{
	return station_register(station) && work_verify(station);
}

static const struct {
	const char *name;
	bool (*run)(struct station *station);
} works[] = {
	{ "idle", work_idle }, { "verify", work_verify }, { "big", work_big }, { "rebind", work_verify },
	{ "static", work_static }, { "hash", work_verify }, { "group", work_verify }, /* for which it asks nobody */
};

int station_work(struct station *station, const char *work)
{
	for (unsigned int i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(works[i].name, work) == 0)
			return works[i].run(station) ? EXIT_SUCCESS : STATION_FAILED;
	}
	return STATION_FAILED;
}
