// SPDX-License-Identifier: MIT
#include "backend/core/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/container.h"

/* Completions nobody waits for (cancellations) carry no op. */
static struct loop_op *const NO_OP;

/*
 * Completions are reaped only when the loop asks for them (no interruptions in between), and the kernel tells by a flag
 * when there is something to ask for, where it knows how: 6.1 for all of it. An older one gets a plain ring.
 */
static int open_uring(struct loop *loop, unsigned int nr_entries)
{
	int rc;

	rc = io_uring_queue_init(nr_entries, &loop->uring,
				 IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN |
					 IORING_SETUP_TASKRUN_FLAG);
	loop->can_spin = rc == 0;
	if (rc == -EINVAL)
		rc = io_uring_queue_init(nr_entries, &loop->uring, 0);
	return rc;
}

/*
 * What a file system cannot do without waiting (all of NFS and FUSE, every fsync) runs on threads of the kernel's, made
 * on demand; by default there are only 4 per CPU, so one disk that hangs would stop every other of its worker. This is
 * room for two disks whose largest rings, of 512 requests, hang in full, and small enough that the default number of
 * workers stays below systemd's usual limit of 4915 tasks. A kernel older than 5.15 keeps its own limit.
 */
#define MAX_BLOCKED_OPS 1024

static void allow_blocked_ops(struct io_uring *uring)
{
	unsigned int nr_max[2] = { MAX_BLOCKED_OPS, 0 }; /* 0: as it is, for what is no file or disk */

	(void)io_uring_register_iowq_max_workers(uring, nr_max);
}

void loop_run_inbox(struct loop *loop)
{
	struct loop_msg *msg, *next;

	pthread_mutex_lock(&loop->lock);
	msg = loop->inbox;
	loop->inbox = NULL;
	loop->inbox_tail = &loop->inbox;
	pthread_mutex_unlock(&loop->lock);
	for (; msg; msg = next) {
		next = msg->next;
		msg->run(msg);
	}
}

static void woken(struct loop_fd *lfd)
{
	uint64_t count;

	if (read(lfd->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		abort();
	loop_run_inbox(lfd->loop);
}

int loop_init(struct loop *loop, unsigned int nr_entries)
{
	int rc;

	memset(loop, 0, sizeof(*loop));
	loop->tasks_tail = &loop->tasks;
	loop->inbox_tail = &loop->inbox;
	pthread_mutex_init(&loop->lock, NULL);
	loop->wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wakeup_fd < 0)
		return -errno;
	rc = open_uring(loop, nr_entries);
	if (rc) {
		close(loop->wakeup_fd);
		return rc;
	}
	allow_blocked_ops(&loop->uring);
	loop->is_open = true;
	loop_fd_add(loop, &loop->wakeup, loop->wakeup_fd, woken);
	return 0;
}

void loop_fini(struct loop *loop)
{
	if (!loop->is_open)
		return;
	io_uring_queue_exit(&loop->uring);
	close(loop->wakeup_fd);
	loop->wakeup_fd = -1; /* who posts too late must not write to what has that number next: an image, maybe */
	pthread_mutex_destroy(&loop->lock);
	loop->is_open = false;
}

struct io_uring_sqe *loop_sqe(struct loop *loop)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&loop->uring)))
		io_uring_submit(&loop->uring);
	return sqe;
}

void loop_defer(struct loop *loop, struct loop_task *task)
{
	if (task->is_deferred)
		return;
	task->is_deferred = true;
	task->next = NULL;
	*loop->tasks_tail = task;
	loop->tasks_tail = &task->next;
}

/* Only what is deferred now: a task that defers itself again waits for the next batch, so that nobody is starved. */
static void run_tasks(struct loop *loop)
{
	struct loop_task *task = loop->tasks, *next;

	loop->tasks = NULL;
	loop->tasks_tail = &loop->tasks;
	for (; task; task = next) {
		next = task->next;
		task->is_deferred = false;
		task->run(task);
	}
}

static void reap(struct loop *loop)
{
	struct io_uring_cqe *cqe;
	struct loop_op *op;
	uint32_t flags;
	unsigned int head;
	int result;

	/* What is visible: io_uring_peek_cqe() would ask the kernel for more, and a batch might never end. */
	io_uring_for_each_cqe(&loop->uring, head, cqe) {
		op = io_uring_cqe_get_data(cqe);
		result = cqe->res;
		flags = cqe->flags;
		io_uring_cqe_seen(&loop->uring, cqe);
		if (op != NO_OP)
			op->done(op, result, flags);
	}
}

static bool has_work_for_kernel(const struct loop *loop)
{
	return !loop->can_spin || io_uring_sq_ready(&loop->uring) > 0 ||
	       (IO_URING_READ_ONCE(*loop->uring.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW));
}

/* Tells the CPU, and the hypervisor below it, that this is a loop that waits. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

void loop_run(struct loop *loop)
{
	while (!__atomic_load_n(&loop->is_stopping, __ATOMIC_ACQUIRE)) {
		run_tasks(loop);
		if (!loop->tasks)
			io_uring_submit_and_wait(&loop->uring, 1);
		else if (has_work_for_kernel(loop))
			io_uring_submit_and_get_events(&loop->uring);
		else
			cpu_relax();
		reap(loop);
	}
}

static void wake(struct loop *loop)
{
	const uint64_t one = 1;
	ssize_t r = write(loop->wakeup_fd, &one, sizeof(one));

	(void)r; /* EAGAIN: the counter is full, so it is awake */
}

void loop_stop(struct loop *loop)
{
	__atomic_store_n(&loop->is_stopping, true, __ATOMIC_RELEASE);
	wake(loop);
}

void loop_post(struct loop *loop, struct loop_msg *msg)
{
	msg->next = NULL;
	pthread_mutex_lock(&loop->lock);
	*loop->inbox_tail = msg;
	loop->inbox_tail = &msg->next;
	pthread_mutex_unlock(&loop->lock);
	wake(loop);
}

static void arm_fd(struct loop_fd *lfd)
{
	struct io_uring_sqe *sqe = loop_sqe(lfd->loop);

	io_uring_prep_poll_multishot(sqe, lfd->fd, POLLIN);
	io_uring_sqe_set_data(sqe, &lfd->op);
	lfd->is_armed = true;
}

/* A multishot poll ends by itself when the kernel could not queue a completion: then it is armed again. */
static void fd_done(struct loop_op *op, int result, uint32_t flags)
{
	struct loop_fd *lfd = container_of(op, struct loop_fd, op);

	if (!(flags & IORING_CQE_F_MORE))
		lfd->is_armed = false;
	if (lfd->is_removed) {
		if (!lfd->is_armed && lfd->removed)
			lfd->removed(lfd);
		return;
	}
	if (!lfd->is_armed)
		arm_fd(lfd);
	if (result >= 0)
		lfd->readable(lfd);
}

void loop_fd_add(struct loop *loop, struct loop_fd *lfd, int fd, void (*readable)(struct loop_fd *))
{
	memset(lfd, 0, sizeof(*lfd));
	lfd->op.done = fd_done;
	lfd->loop = loop;
	lfd->fd = fd;
	lfd->readable = readable;
	arm_fd(lfd);
}

static void cancel(struct loop *loop, struct loop_op *op)
{
	struct io_uring_sqe *sqe = loop_sqe(loop);

	io_uring_prep_cancel(sqe, op, 0);
	io_uring_sqe_set_data(sqe, NO_OP);
}

void loop_fd_remove(struct loop_fd *lfd, void (*removed)(struct loop_fd *))
{
	if (lfd->is_removed)
		return;
	lfd->is_removed = true;
	lfd->removed = removed;
	if (lfd->is_armed)
		cancel(lfd->loop, &lfd->op);
	else if (removed)
		removed(lfd);
}

static void timer_done(struct loop_op *op, int result, uint32_t flags)
{
	struct loop_timer *timer = container_of(op, struct loop_timer, op);

	timer->is_armed = false;
	if (timer->is_cancelled)
		timer->gone(timer);
	else
		timer->expired(timer);
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer, uint64_t after_ns,
		      void (*expired)(struct loop_timer *))
{
	struct io_uring_sqe *sqe;

	timer->op.done = timer_done;
	timer->expired = expired;
	timer->ts.tv_sec = after_ns / NSEC_PER_SEC;
	timer->ts.tv_nsec = after_ns % NSEC_PER_SEC;
	timer->is_cancelled = false;
	timer->is_armed = true;
	sqe = loop_sqe(loop);
	io_uring_prep_timeout(sqe, &timer->ts, 0, 0);
	io_uring_sqe_set_data(sqe, &timer->op);
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer, void (*gone)(struct loop_timer *))
{
	timer->gone = gone;
	if (timer->is_cancelled)
		return;
	timer->is_cancelled = true;
	cancel(loop, &timer->op);
}

static int set_buffer(struct loop *loop, unsigned int index, void *base, size_t len_bytes)
{
	struct iovec iov = { base, len_bytes };
	__u64 tag = 0;
	int r = io_uring_register_buffers_update_tag(&loop->uring, index, &iov, &tag, 1);

	return r < 0 ? r : 0;
}

int loop_buffer_register(struct loop *loop, void *base, size_t len_bytes)
{
	int rc;

	if (!loop->has_buffer_table) {
		rc = io_uring_register_buffers_sparse(&loop->uring, LOOP_MAX_BUFFERS);
		if (rc)
			return rc;
		loop->has_buffer_table = true;
	}
	for (unsigned int i = 0; i < LOOP_MAX_BUFFERS; i++) {
		if (loop->buffer_used[i])
			continue;
		rc = set_buffer(loop, i, base, len_bytes);
		if (rc)
			return rc;
		loop->buffer_used[i] = true;
		return i;
	}
	return -ENOSPC;
}

void loop_buffer_unregister(struct loop *loop, int index)
{
	set_buffer(loop, index, NULL, 0);
	loop->buffer_used[index] = false;
}
