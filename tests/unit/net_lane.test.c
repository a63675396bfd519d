// SPDX-License-Identifier: MIT
/* A lane between two loops, each on a thread of its own. */
#include "tests/unit/cm.h"

#include <pthread.h>
#include <string.h>

#include "backend/net/lane.h"
#include "common/base/container.h"

static struct net_lane lane;
static struct loop loops[2];
static unsigned int nr_arrived, nr_closed;

static void note_arrived(struct net_lane *which)
{
	assert_ptr_equal(which, &lane);
	nr_arrived++;
}

static void note_closed(struct net_lane *which)
{
	nr_closed++;
}

/* ---- alone ----------------------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	net_lane_init(&lane, &loops[0], &loops[0]); /* one worker: nothing is posted */
	lane.arrived = note_arrived;
	lane.closed = note_closed;
	nr_arrived = nr_closed = 0;
	return 0;
}

static int teardown(void **state)
{
	net_lane_fini(&lane);
	net_lane_fini(&lane);
	return 0;
}

/* Its number stands at both ends of it. */
static bool put_long(uint32_t number, uint32_t len_bytes)
{
	struct net_rx_frame *frame = net_lane_room(&lane, len_bytes);

	if (!frame)
		return false;
	frame->len_bytes = len_bytes;
	memcpy(net_rx_frame_bytes(frame) + len_bytes - sizeof(number), &number, sizeof(number));
	memcpy(net_rx_frame_bytes(frame), &number, sizeof(number));
	net_lane_put(&lane);
	return true;
}

static bool put(uint32_t number)
{
	return put_long(number, 60);
}

static uint32_t number_of(const struct net_rx_frame *frame)
{
	uint32_t first, last;

	memcpy(&first, net_rx_frame_bytes(frame), sizeof(first));
	memcpy(&last, net_rx_frame_bytes(frame) + frame->len_bytes - sizeof(last), sizeof(last));
	assert_int_equal(first, last);
	return first;
}

static void frames_come_in_order_and_stay_until_taken(void **state)
{
	assert_null(net_lane_frame(&lane, 0));
	assert_true(put(1));
	assert_true(put(2));
	assert_int_equal(number_of(net_lane_frame(&lane, 0)), 1);
	assert_int_equal(number_of(net_lane_frame(&lane, 1)), 2);
	assert_null(net_lane_frame(&lane, 2));
	net_lane_took(&lane, 1);
	assert_int_equal(number_of(net_lane_frame(&lane, 0)), 2);
	assert_null(net_lane_frame(&lane, 1));
}

static void it_holds_so_many_and_no_more(void **state)
{
	for (uint32_t i = 0; i < 3 * NET_LANE_FRAMES; i++) {
		assert_true(put(i));
		if (i + 1 >= NET_LANE_FRAMES) {
			assert_false(put(999));
			assert_int_equal(number_of(net_lane_frame(&lane, 0)), i + 1 - NET_LANE_FRAMES);
			net_lane_took(&lane, 1);
		}
	}
}

static void a_burst_rings_once_and_nothing_does_not(void **state)
{
	net_lane_ring(&lane);
	assert_int_equal(nr_arrived, 0);
	put(1);
	put(2);
	net_lane_ring(&lane);
	net_lane_ring(&lane);
	assert_int_equal(nr_arrived, 1);
}

static void large_ones_have_a_budget_in_bytes(void **state)
{
	unsigned int nr = 0;

	while (put_long(nr, NET_RX_MAX_BYTES))
		nr++;
	assert_in_range(nr, 4, NET_LANE_BYTES / NET_RX_MAX_BYTES);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(number_of(net_lane_frame(&lane, 0)), i);
		net_lane_took(&lane, 1);
		if (!put_long(nr + i, NET_RX_MAX_BYTES)) /* where they wrap around there is room for one less */
			nr--;
	}
}

static void large_ones_leave_their_room_to_small_ones(void **state)
{
	uint32_t nr = 0;

	while (put_long(nr, NET_RX_MAX_BYTES))
		nr++;
	net_lane_took(&lane, nr);
	for (uint32_t i = 0; i < NET_LANE_FRAMES; i++)
		assert_true(put_long(i, 1514));
}

/* Whatever sizes follow each other: none lies over another, none is larger than what was asked for. */
static void frames_of_all_sizes_stay_whole(void **state)
{
	uint32_t sent = 0, received = 0, size = 14;

	for (unsigned int i = 0; i < 100000; i++) {
		size = (size * 1103515245 + 12345) % NET_RX_MAX_BYTES;
		if (put_long(sent, 14 + size % (i % 3 ? 2000 : NET_RX_MAX_BYTES - 14)))
			sent++;
		if (size % 5 < 2 || i % 1000 == 0)
			continue;
		if (net_lane_frame(&lane, 0)) {
			assert_int_equal(number_of(net_lane_frame(&lane, 0)), received);
			net_lane_took(&lane, 1);
			received++;
		}
	}
	assert_true(received > 10000);
}

static void frames_lie_as_grants_want_them(void **state)
{
	static const uint32_t sizes[] = { 60, 4096, 1514, 1514, 1514, 9000, 60, 4000 };

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct net_rx_frame *frame = net_lane_room(&lane, sizes[i]);
		size_t begin = (uintptr_t)net_rx_frame_bytes(frame) % 4096;

		assert_true(begin == 0 || begin + sizes[i] <= 4096);
		net_lane_put(&lane);
	}
}

static void what_is_in_it_is_not_trimmed(void **state)
{
	net_lane_trim(&lane);
	put(7);
	net_lane_trim(&lane);
	assert_int_equal(number_of(net_lane_frame(&lane, 0)), 7);
	net_lane_took(&lane, 1);
	net_lane_trim(&lane);
	assert_true(put(8));
	assert_int_equal(number_of(net_lane_frame(&lane, 0)), 8);
}

static void one_that_was_not_used_is_closed_at_once(void **state)
{
	net_lane_close(&lane);
	assert_int_equal(nr_closed, 1);
}

/* ---- two threads ----------------------------------------------------------------------------------------------- */

#define NR_FRAMES 20000

static pthread_barrier_t ready;
static struct loop_task send_task;
static uint32_t nr_sent, nr_received, nr_full;

static void receive(struct net_lane *which)
{
	struct net_rx_frame *frame;
	uint32_t nr = 0;

	while ((frame = net_lane_frame(which, nr))) {
		assert_int_equal(number_of(frame), nr_received + 1);
		nr_received++;
		nr++;
	}
	net_lane_took(which, nr);
}

/* As long as there is room; then what is there is announced, and the next try comes with the next turn. */
static void send_some(struct loop_task *task)
{
	while (nr_sent < NR_FRAMES && put(nr_sent + 1))
		nr_sent++;
	net_lane_ring(&lane);
	nr_full += nr_sent < NR_FRAMES;
	if (nr_sent < NR_FRAMES)
		loop_defer(&loops[0], task);
	else
		net_lane_close(&lane);
}

static void end(struct net_lane *which)
{
	loop_stop(&loops[1]);
	loop_stop(&loops[0]);
}

static void *run(void *loop)
{
	assert_int_equal(loop_init(loop, 8), 0);
	pthread_barrier_wait(&ready);
	if (loop == &loops[0])
		loop_defer(loop, &send_task);
	loop_run(loop);
	pthread_barrier_wait(&ready); /* who posts to the other is through */
	loop_fini(loop);
	return NULL;
}

static void all_of_them_come_over_and_closing_waits_for_them(void **state)
{
	pthread_t threads[2];

	net_lane_init(&lane, &loops[0], &loops[1]);
	lane.arrived = receive;
	lane.closed = end;
	send_task.run = send_some;
	pthread_barrier_init(&ready, NULL, 2);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run, &loops[i]), 0);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&ready);
	assert_int_equal(nr_received, NR_FRAMES);
	assert_true(nr_full > 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_come_in_order_and_stay_until_taken),
		T(it_holds_so_many_and_no_more),
		T(a_burst_rings_once_and_nothing_does_not),
		T(large_ones_have_a_budget_in_bytes),
		T(large_ones_leave_their_room_to_small_ones),
		T(frames_of_all_sizes_stay_whole),
		T(frames_lie_as_grants_want_them),
		T(what_is_in_it_is_not_trimmed),
		T(one_that_was_not_used_is_closed_at_once),
		T(all_of_them_come_over_and_closing_waits_for_them),
	};

	return cmocka_run_group_tests_name("net_lane", tests, NULL, NULL);
}
