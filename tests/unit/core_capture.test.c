// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/core/capture.h"

static struct capture *capture;
static int reader, lost;

static int setup(void **state)
{
	int pair[2], event = eventfd(0, EFD_NONBLOCK);

	if (event < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		return -1;
	reader = pair[0];
	lost = dup(event);
	capture = capture_new(pair[1], event);
	return !capture;
}

static int teardown(void **state)
{
	capture_put(&capture);
	close(reader);
	close(lost);
	return 0;
}

static void send_one(const void *bytes, size_t len_bytes)
{
	const struct iovec iov[] = { { (void *)"head", 4 }, { (void *)bytes, len_bytes } };

	capture_send(&capture, iov, 2);
}

static char got[20000];

static ssize_t receive(void)
{
	return recv(reader, got, sizeof(got), MSG_DONTWAIT);
}

static void what_is_sent_at_once_is_one_datagram(void **state)
{
	send_one("one", 3);
	send_one("other", 5);
	assert_int_equal(receive(), 7);
	assert_memory_equal(got, "headone", 7);
	assert_int_equal(receive(), 9);
	assert_memory_equal(got, "headother", 9);
}

static void nobody_waits_for_a_reader_and_what_it_misses_is_counted(void **state)
{
	static const char bytes[10000];
	const unsigned int nr = 1000;
	eventfd_t nr_lost = 0;
	unsigned int nr_got = 0;

	for (unsigned int i = 0; i < nr; i++)
		send_one(bytes, sizeof(bytes));
	assert_non_null(capture);
	assert_true(capture_has_reader(capture));
	while (receive() > 0)
		nr_got++;
	assert_int_equal(eventfd_read(lost, &nr_lost), 0);
	assert_true(nr_got > 0 && nr_lost > 0);
	assert_int_equal(nr_got + nr_lost, nr);
}

static void it_ends_with_its_reader(void **state)
{
	struct capture *other = capture_get(capture);
	int fds[2];

	send_one("before", 6);
	assert_int_equal(shutdown(reader, SHUT_RD), 0);
	send_one("after", 5);
	assert_null(capture);
	assert_true(receive() > 0); /* what was sent before is still to be had */
	assert_int_equal(receive(), 0);
	close(reader);
	reader = -1;
	assert_false(capture_has_reader(other));
	/* The last reference closes both descriptors: the next ones get their numbers. */
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	close(fds[1]);
	capture_put(&other);
	assert_null(other);
	assert_true(open("/dev/null", O_RDONLY | O_CLOEXEC) < fds[0]);
}

static void a_reader_sees_the_end(void **state)
{
	send_one("x", 1);
	capture_put(&capture);
	capture_put(&capture); /* there is none any more */
	assert_true(receive() > 0);
	assert_int_equal(receive(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_sent_at_once_is_one_datagram),
		TEST(nobody_waits_for_a_reader_and_what_it_misses_is_counted),
		TEST(it_ends_with_its_reader),
		TEST(a_reader_sees_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
