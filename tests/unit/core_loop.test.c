// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/core/loop.h"
#include "common/base/container.h"

static struct loop loop;

static int setup(void **state)
{
	return loop_init(&loop, 8); /* fewer than some tests use at once */
}

static int teardown(void **state)
{
	loop_fini(&loop);
	return 0;
}

/* The loop is used several times in a test. */
static void run_loop(void)
{
	loop.is_stopping = false;
	loop_run(&loop);
}

/* ---- tasks ----------------------------------------------------------------------------------------------------- */

struct counted_task {
	struct loop_task task;
	unsigned int nr_runs, stop_at; /* 0: never */
	bool is_again;                 /* defers itself each time */
};

static void count_task(struct loop_task *task)
{
	struct counted_task *counted = container_of(task, struct counted_task, task);

	if (++counted->nr_runs == counted->stop_at)
		loop_stop(&loop);
	else if (counted->is_again)
		loop_defer(&loop, task);
}

static void a_task_deferred_twice_runs_once(void **state)
{
	struct counted_task once = { .task.run = count_task }, end = { .task.run = count_task, .stop_at = 1 };

	loop_defer(&loop, &once.task);
	loop_defer(&loop, &once.task);
	loop_defer(&loop, &end.task);
	run_loop();
	assert_int_equal(once.nr_runs, 1);
	end.nr_runs = 0;
	loop_defer(&loop, &once.task); /* and again later */
	loop_defer(&loop, &end.task);
	run_loop();
	assert_int_equal(once.nr_runs, 2);
}

static struct counted_task *order[3];
static unsigned int nr_in_order;

static void note_order(struct loop_task *task)
{
	order[nr_in_order++] = container_of(task, struct counted_task, task);
	if (nr_in_order == 3)
		loop_stop(&loop);
}

static void tasks_run_in_the_order_they_were_deferred(void **state)
{
	struct counted_task tasks[3];

	nr_in_order = 0;
	memset(tasks, 0, sizeof(tasks));
	for (int i = 0; i < 3; i++) {
		tasks[i].task.run = note_order;
		loop_defer(&loop, &tasks[i].task);
	}
	run_loop();
	for (int i = 0; i < 3; i++)
		assert_ptr_equal(order[i], &tasks[i]);
}

struct counted_msg {
	struct loop_msg msg;
	unsigned int nr_runs;
};

static void stop_by_msg(struct loop_msg *msg)
{
	container_of(msg, struct counted_msg, msg)->nr_runs++;
	loop_stop(&loop);
}

static void a_task_that_defers_itself_starves_nobody(void **state)
{
	struct counted_task busy = { .task.run = count_task, .is_again = true };
	struct counted_task other = { .task.run = count_task, .is_again = true };
	struct counted_msg end = { .msg.run = stop_by_msg };

	loop_defer(&loop, &busy.task);
	loop_defer(&loop, &other.task);
	loop_post(&loop, &end.msg); /* which the kernel must deliver */
	run_loop();
	assert_int_equal(end.nr_runs, 1);
	assert_in_range(busy.nr_runs, other.nr_runs, other.nr_runs + 1);
}

/* In the place of liburing's: every system call that the loop makes while it is kept awake. */
static unsigned int nr_calls;

int io_uring_submit_and_get_events(struct io_uring *ring)
{
	nr_calls++;
	return io_uring_submit_and_wait(ring, 0);
}

static void a_loop_kept_awake_makes_no_system_calls(void **state)
{
	struct counted_task busy = { .task.run = count_task, .is_again = true, .stop_at = 100000 };

	assert_true(loop.can_spin);
	nr_calls = 0;
	loop_defer(&loop, &busy.task);
	run_loop();
	assert_int_equal(busy.nr_runs, 100000);
	assert_in_range(nr_calls, 1, 100); /* one submits what loop_init() has prepared */
}

/* ---- timers ---------------------------------------------------------------------------------------------------- */

struct counted_timer {
	struct loop_timer timer;
	unsigned int nr_expired, nr_gone;
};

static unsigned int nr_pending; /* timers, the loop ends with the last one */

static void end_one(void)
{
	if (--nr_pending == 0)
		loop_stop(&loop);
}

static void count_expired(struct loop_timer *timer)
{
	container_of(timer, struct counted_timer, timer)->nr_expired++;
	assert_false(timer->is_armed);
	end_one();
}

static void count_gone(struct loop_timer *timer)
{
	container_of(timer, struct counted_timer, timer)->nr_gone++;
	assert_false(timer->is_armed);
	end_one();
}

static void a_timer_expires(void **state)
{
	struct counted_timer timer = { .nr_expired = 0 };

	for (unsigned int i = 1; i <= 3; i++) { /* and can be armed again */
		nr_pending = 1;
		loop_timer_start(&loop, &timer.timer, 1000, count_expired);
		assert_true(timer.timer.is_armed);
		run_loop();
		assert_int_equal(timer.nr_expired, i);
	}
	assert_int_equal(timer.nr_gone, 0);
}

static void a_cancelled_timer_is_gone_and_never_expires(void **state)
{
	struct counted_timer timer = { .nr_expired = 0 };

	nr_pending = 1;
	loop_timer_start(&loop, &timer.timer, 1000000000000, count_expired);
	loop_timer_cancel(&loop, &timer.timer, count_gone);
	loop_timer_cancel(&loop, &timer.timer, count_gone); /* no second time */
	run_loop();
	assert_int_equal(timer.nr_gone, 1);
	assert_int_equal(timer.nr_expired, 0);
}

#define NR_TIMERS 200

struct race {
	struct loop_task task;
	struct counted_timer timers[NR_TIMERS];
};

static void cancel_half(struct loop_task *task)
{
	struct race *race = container_of(task, struct race, task);

	for (int i = 0; i < NR_TIMERS; i += 2) {
		if (race->timers[i].timer.is_armed)
			loop_timer_cancel(&loop, &race->timers[i].timer, count_gone);
	}
}

static void a_timer_ends_once_whether_it_expires_or_is_cancelled(void **state)
{
	struct race *race = calloc(1, sizeof(*race));

	for (int round = 0; round < 20; round++) {
		memset(race, 0, sizeof(*race));
		race->task.run = cancel_half;
		nr_pending = NR_TIMERS;
		for (int i = 0; i < NR_TIMERS; i++)
			loop_timer_start(&loop, &race->timers[i].timer, i * 100, count_expired);
		loop_defer(&loop, &race->task);
		run_loop();
		for (int i = 0; i < NR_TIMERS; i++) {
			assert_int_equal(race->timers[i].nr_expired + race->timers[i].nr_gone, 1);
			assert_true(i % 2 == 0 || race->timers[i].nr_expired == 1);
		}
	}
	free(race);
}

/* ---- descriptors ----------------------------------------------------------------------------------------------- */

struct counted_fd {
	struct loop_fd lfd;
	unsigned int nr_readable, nr_removed;
};

static void read_and_stop(struct loop_fd *lfd)
{
	uint64_t value;

	assert_int_equal(read(lfd->fd, &value, sizeof(value)), sizeof(value));
	container_of(lfd, struct counted_fd, lfd)->nr_readable++;
	loop_stop(&loop);
}

static void count_removed(struct loop_fd *lfd)
{
	container_of(lfd, struct counted_fd, lfd)->nr_removed++;
	loop_stop(&loop);
}

static void signal_fd(int fd)
{
	const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static void a_descriptor_is_watched_until_it_is_removed(void **state)
{
	struct counted_fd counted = { .nr_readable = 0 };
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	loop_fd_add(&loop, &counted.lfd, fd, read_and_stop);
	for (unsigned int i = 1; i <= 1000; i++) {
		signal_fd(fd);
		run_loop();
		assert_int_equal(counted.nr_readable, i);
	}
	signal_fd(fd); /* too late */
	loop_fd_remove(&counted.lfd, count_removed);
	loop_fd_remove(&counted.lfd, count_removed);
	run_loop();
	assert_int_equal(counted.nr_readable, 1000);
	assert_int_equal(counted.nr_removed, 1);
	assert_false(counted.lfd.is_armed);
	close(fd);
}

static void remove_itself(struct loop_fd *lfd)
{
	container_of(lfd, struct counted_fd, lfd)->nr_readable++;
	loop_fd_remove(lfd, count_removed);
}

static void a_descriptor_may_be_removed_while_it_is_served(void **state)
{
	struct counted_fd counted = { .nr_readable = 0 };
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	loop_fd_add(&loop, &counted.lfd, fd, remove_itself);
	signal_fd(fd);
	run_loop();
	assert_int_equal(counted.nr_readable, 1);
	assert_int_equal(counted.nr_removed, 1);
	close(fd);
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

#define NR_SENDERS     4
#define NR_MSGS_EACH   25000

struct sender;

struct numbered_msg {
	struct loop_msg msg;
	struct sender *sender;
	unsigned int number;
};

struct sender {
	pthread_t thread;
	unsigned int nr_seen;
	struct numbered_msg msgs[NR_MSGS_EACH];
};

static unsigned int nr_msgs;

static void take_msg(struct loop_msg *msg)
{
	struct numbered_msg *numbered = container_of(msg, struct numbered_msg, msg);

	assert_int_equal(numbered->number, numbered->sender->nr_seen++);
	if (++nr_msgs == NR_SENDERS * NR_MSGS_EACH)
		loop_stop(&loop);
}

static void *send_msgs(void *arg)
{
	struct sender *sender = arg;

	for (unsigned int i = 0; i < NR_MSGS_EACH; i++) {
		sender->msgs[i] = (struct numbered_msg){ .msg.run = take_msg, .sender = sender, .number = i };
		loop_post(&loop, &sender->msgs[i].msg);
	}
	return NULL;
}

static void messages_of_each_thread_arrive_in_order(void **state)
{
	struct sender *senders = calloc(NR_SENDERS, sizeof(*senders));

	nr_msgs = 0;
	for (int i = 0; i < NR_SENDERS; i++)
		assert_int_equal(pthread_create(&senders[i].thread, NULL, send_msgs, &senders[i]), 0);
	run_loop();
	for (int i = 0; i < NR_SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		assert_int_equal(senders[i].nr_seen, NR_MSGS_EACH);
	}
	free(senders);
}

static void run_and_free(struct loop_msg *msg)
{
	nr_msgs++;
	free(msg);
}

static void what_was_posted_too_late_is_left_for_the_end(void **state)
{
	struct loop_msg *msg;

	nr_msgs = 0;
	for (int i = 0; i < 3; i++) {
		msg = calloc(1, sizeof(*msg));
		msg->run = run_and_free;
		loop_post(&loop, msg);
	}
	loop_stop(&loop);
	loop_run(&loop); /* returns at once */
	loop_run_inbox(&loop);
	assert_int_equal(nr_msgs, 3);
	loop_run_inbox(&loop);
	assert_int_equal(nr_msgs, 3);
}

/* ---- stop ------------------------------------------------------------------------------------------------------ */

static void *stop_loop(void *arg)
{
	loop_stop(arg);
	return NULL;
}

static void another_thread_may_stop_it(void **state)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, stop_loop, &loop), 0);
	loop_run(&loop);
	pthread_join(thread, NULL);
	loop_fini(&loop);
	loop_fini(&loop); /* may be called twice */
}

/* ---- operations that block ------------------------------------------------------------------------------------- */

#define NR_HANGING 512 /* as many as the largest ring of one disk can hold */

struct awaited_op {
	struct loop_op op;
	int result;
	unsigned int *nr_out; /* the loop ends with the last one */
};

static void note_result(struct loop_op *op, int result, uint32_t flags)
{
	struct awaited_op *awaited = container_of(op, struct awaited_op, op);

	awaited->result = result;
	if (--*awaited->nr_out == 0)
		loop_stop(&loop);
}

/* On one of the kernel's threads, as is all I/O that a file system cannot do without waiting. */
static void send_to_thread(struct awaited_op *awaited, struct io_uring_sqe *sqe, unsigned int *nr_out)
{
	awaited->op.done = note_result;
	awaited->nr_out = nr_out;
	(*nr_out)++;
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	io_uring_sqe_set_data(sqe, &awaited->op);
}

/* To open a FIFO for reading waits for a writer, and counts as an operation on a file: reading from it would not. */
static void operations_that_hang_leave_threads_for_others(void **state)
{
	static struct awaited_op hanging[NR_HANGING], flush;
	char fifo[] = "/tmp/pvring-loop-XXXXXX";
	unsigned int nr_hanging = 0, nr_flushing = 0;
	FILE *file = tmpfile();
	int fd;

	assert_non_null(file);
	assert_non_null(mkdtemp(fifo)); /* a name of our own */
	assert_int_equal(rmdir(fifo), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (int i = 0; i < NR_HANGING; i++) {
		struct io_uring_sqe *sqe = loop_sqe(&loop);

		io_uring_prep_openat(sqe, AT_FDCWD, fifo, O_RDONLY | O_CLOEXEC, 0);
		send_to_thread(&hanging[i], sqe, &nr_hanging);
	}
	for (int i = 0; i < 2; i++) { /* the second one is sent when the first ones hang already */
		struct io_uring_sqe *sqe = loop_sqe(&loop);

		io_uring_prep_fsync(sqe, fileno(file), 0);
		send_to_thread(&flush, sqe, &nr_flushing);
		run_loop();
		assert_int_equal(flush.result, 0);
	}
	assert_int_equal(nr_hanging, NR_HANGING);
	fd = open(fifo, O_RDWR | O_CLOEXEC);
	run_loop();
	for (int i = 0; i < NR_HANGING; i++) {
		assert_true(hanging[i].result >= 0);
		close(hanging[i].result);
	}
	close(fd);
	unlink(fifo);
	fclose(file);
}

/* ---- registered buffers ---------------------------------------------------------------------------------------- */

static void buffer_numbers_are_used_again(void **state)
{
	static char memory[3][4096] __attribute__((aligned(4096)));
	int a, b;

	a = loop_buffer_register(&loop, memory[0], 4096);
	if (a < 0)
		skip(); /* too little memory may be locked here */
	b = loop_buffer_register(&loop, memory[1], 4096);
	assert_int_equal(a, 0);
	assert_int_equal(b, 1);
	loop_buffer_unregister(&loop, a);
	assert_int_equal(loop_buffer_register(&loop, memory[2], 4096), 0);
	loop_buffer_unregister(&loop, 0);
	loop_buffer_unregister(&loop, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_task_deferred_twice_runs_once),
		TEST(tasks_run_in_the_order_they_were_deferred),
		TEST(a_task_that_defers_itself_starves_nobody),
		TEST(a_loop_kept_awake_makes_no_system_calls),
		TEST(a_timer_expires),
		TEST(a_cancelled_timer_is_gone_and_never_expires),
		TEST(a_timer_ends_once_whether_it_expires_or_is_cancelled),
		TEST(a_descriptor_is_watched_until_it_is_removed),
		TEST(a_descriptor_may_be_removed_while_it_is_served),
		TEST(messages_of_each_thread_arrive_in_order),
		TEST(what_was_posted_too_late_is_left_for_the_end),
		TEST(another_thread_may_stop_it),
		TEST(operations_that_hang_leave_threads_for_others),
		TEST(buffer_numbers_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
