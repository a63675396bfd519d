// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/net/capture.h"

static struct capture *capture;
static int reader;

static int setup(void **state)
{
	int pair[2], event = eventfd(0, EFD_NONBLOCK);

	if (event < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		return -1;
	reader = pair[0];
	capture = capture_new(pair[1], event);
	return !capture;
}

static int teardown(void **state)
{
	capture_put(&capture);
	close(reader);
	return 0;
}

static void send_one(const void *frame, size_t len_bytes)
{
	static const netif_tx_request_t first = { .size = 1234, .offset = 56, .flags = NETTXF_extra_info };
	static const netif_extra_info_t extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };
	struct net_capture_record record;

	net_capture_begin(&record, NET_CAPTURE_FROM_GUEST, 3, 1234, "a reason");
	net_capture_add(&record, false, &first, sizeof(first));
	net_capture_add(&record, true, &extra, sizeof(extra));
	net_capture_send(&capture, &record, frame, len_bytes);
}

static struct {
	struct net_capture_record record;
	uint8_t rest[NET_CAPTURE_MAX_FRAME];
} got;

static ssize_t receive(void)
{
	memset(&got, 0xaa, sizeof(got));
	return recv(reader, &got, sizeof(got), MSG_DONTWAIT);
}

static void a_frame_is_one_datagram(void **state)
{
	static uint8_t frame[NET_CAPTURE_MAX_FRAME];
	const uint8_t *at = (const uint8_t *)&got;
	size_t head = offsetof(struct net_capture_record, slots[2]);

	memset(frame, 7, sizeof(frame));
	send_one(frame, sizeof(frame));
	assert_int_equal(receive(), head + sizeof(frame));
	assert_int_equal(net_capture_record_bytes(&got.record), head);
	assert_memory_equal(at + head, frame, sizeof(frame));
	assert_int_equal(got.record.direction, NET_CAPTURE_FROM_GUEST);
	assert_int_equal(got.record.queue, 3);
	assert_int_equal(got.record.frame_bytes, 1234);
	assert_string_equal(got.record.dropped, "a reason");
	assert_false(got.record.slots[0].is_extra);
	assert_int_equal(got.record.slots[0].request.offset, 56);
	assert_true(got.record.slots[1].is_extra);
	assert_int_equal(got.record.slots[1].extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
}

static void one_that_never_came_is_a_record_alone(void **state)
{
	send_one(NULL, 1234);
	assert_int_equal(receive(), offsetof(struct net_capture_record, slots[2]));
}

static void more_slots_than_any_frame_has_are_left_out(void **state)
{
	static const netif_rx_response_t response;
	struct net_capture_record record;

	net_capture_begin(&record, NET_CAPTURE_TO_GUEST, 0, 1, NULL);
	for (unsigned int i = 0; i < NET_CAPTURE_MAX_SLOTS + 5; i++)
		net_capture_add(&record, false, &response, sizeof(response));
	net_capture_send(&capture, &record, "x", 1);
	assert_int_equal(receive(), sizeof(record) + 1);
	assert_string_equal(got.record.dropped, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_frame_is_one_datagram),
		TEST(one_that_never_came_is_a_record_alone),
		TEST(more_slots_than_any_frame_has_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
