/* SPDX-License-Identifier: MIT */
/*
 * The event loop of every thread: one io_uring in which data I/O, file descriptors, timers and messages from other
 * threads all complete.
 *
 * Use: embed a struct loop_op in what waits for a completion, take an SQE for it with loop_sqe() and fill it with
 * io_uring_prep_*(). The owner must outlive the completion. After each batch of completions the deferred tasks run, so
 * that work gathered from many completions costs one system call.
 * Thread: the one that called loop_init(); only loop_post() and loop_stop() may be called from another.
 * Errors: -errno; never logs.
 */
#ifndef BACKEND_CORE_LOOP_H
#define BACKEND_CORE_LOOP_H

#include <liburing.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define LOOP_MAX_BUFFERS 1024

struct loop_op {
	/* result: what the operation returned, or -errno. With IORING_CQE_F_MORE in flags another one follows. */
	void (*done)(struct loop_op *op, int result, uint32_t flags);
};

/*
 * Work for the end of the current batch. Deferred twice, it runs once. One that defers itself as it runs keeps the loop
 * awake; where can_spin is set, no system call is made for that.
 */
struct loop_task {
	void (*run)(struct loop_task *task);
	struct loop_task *next;
	bool is_deferred;
};

/* A message from another thread. The sender owns it until run() begins, then the receiver. */
struct loop_msg {
	void (*run)(struct loop_msg *msg);
	struct loop_msg *next;
};

struct loop_timer {
	struct loop_op op;
	struct __kernel_timespec ts;
	void (*expired)(struct loop_timer *timer);
	void (*gone)(struct loop_timer *timer);
	bool is_armed; /* in the kernel: its owner must not be freed */
	bool is_cancelled;
};

/* A descriptor watched for input for the life of the loop. */
struct loop_fd {
	struct loop_op op;
	struct loop *loop;
	int fd;
	void (*readable)(struct loop_fd *lfd);
	bool is_armed; /* as above */
	bool is_removed;
	void (*removed)(struct loop_fd *lfd); /* after loop_fd_remove(): may be freed now */
};

struct loop {
	/* owner: the loop's thread */
	struct io_uring uring;
	bool is_open;
	bool can_spin; /* the kernel says in shared memory when it has something for us */
	struct loop_task *tasks, **tasks_tail;
	struct loop_fd wakeup;
	bool has_buffer_table;
	bool buffer_used[LOOP_MAX_BUFFERS];
	uint32_t nr_fixed_out; /* operations that use one of them */
	/* any thread, under `lock` */
	pthread_mutex_t lock;
	struct loop_msg *inbox, **inbox_tail;
	/* any thread */
	int wakeup_fd;
	bool is_stopping;
};

int loop_init(struct loop *loop, unsigned int nr_entries);
void loop_fini(struct loop *loop);

void loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);
/* What was posted and not yet run; for the end, when loop_run() has returned and nobody posts any more. */
void loop_run_inbox(struct loop *loop);

/* Never NULL. io_uring_prep_*() may clear the user data: call io_uring_sqe_set_data(sqe, op) after it. */
struct io_uring_sqe *loop_sqe(struct loop *loop);
void loop_defer(struct loop *loop, struct loop_task *task);
void loop_post(struct loop *loop, struct loop_msg *msg);

void loop_fd_add(struct loop *loop, struct loop_fd *lfd, int fd, void (*readable)(struct loop_fd *));
/* readable() is not called again; removed(), if not NULL, runs when the kernel holds it no more (maybe at once). */
void loop_fd_remove(struct loop_fd *lfd, void (*removed)(struct loop_fd *));

/* Arms a timer that is not armed. */
void loop_timer_start(struct loop *loop, struct loop_timer *timer, uint64_t after_ns,
		      void (*expired)(struct loop_timer *));
/* expired() is not called any more; gone() is, once the kernel holds the timer no more. Only for an armed timer. */
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer, void (*gone)(struct loop_timer *));

/*
 * A buffer that the kernel pins once instead of at every request. The index for io_uring_prep_read_fixed() and the
 * like, or -errno (no more room, or too much locked memory): do without.
 */
int loop_buffer_register(struct loop *loop, void *base, size_t len_bytes);
void loop_buffer_unregister(struct loop *loop, int index);

#endif
