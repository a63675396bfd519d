// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "backend/core/helper.h"
#include "common/base/container.h"

#define NR_JOBS 200

static struct loop loop;
static struct helper *helper;
static sem_t gate, begun; /* what a blocked job waits for; what it says first */
static unsigned int nr_done, done_target;
static unsigned int nr_run; /* atomic */

struct job {
	struct helper_job job;
	pthread_t ran_on, done_on;
	bool is_done;
};

static int setup(void **state)
{
	nr_done = nr_run = 0;
	sem_init(&gate, 0, 0);
	sem_init(&begun, 0, 0);
	helper = helper_start();
	return !helper || loop_init(&loop, 64);
}

static int teardown(void **state)
{
	loop_fini(&loop);
	sem_destroy(&gate);
	sem_destroy(&begun);
	return 0;
}

static void run_quickly(struct helper_job *helper_job)
{
	container_of(helper_job, struct job, job)->ran_on = pthread_self();
	__atomic_add_fetch(&nr_run, 1, __ATOMIC_RELAXED);
}

static void run_blocked(struct helper_job *helper_job)
{
	sem_post(&begun);
	while (sem_wait(&gate))
		;
	run_quickly(helper_job);
}

static void on_done(struct helper_job *helper_job)
{
	struct job *job = container_of(helper_job, struct job, job);

	assert_false(job->is_done);
	job->is_done = true;
	job->done_on = pthread_self();
	if (++nr_done == done_target)
		loop_stop(&loop);
}

static void post(struct job *job, void (*run)(struct helper_job *))
{
	memset(job, 0, sizeof(*job));
	job->job.run = run;
	job->job.done = on_done;
	helper_post(helper, &loop, &job->job);
}

static void run_until_done(unsigned int n)
{
	done_target = n;
	loop.is_stopping = false;
	if (nr_done < n)
		loop_run(&loop);
}

static void a_job_runs_elsewhere_and_ends_on_the_loop_that_asked(void **state)
{
	struct job job;

	post(&job, run_quickly);
	run_until_done(1);
	assert_true(job.is_done);
	assert_false(pthread_equal(job.ran_on, pthread_self()));
	assert_true(pthread_equal(job.done_on, pthread_self()));
	helper_stop(helper);
}

static void a_job_that_blocks_keeps_nobody_waiting(void **state)
{
	struct job blocked[3], quick;

	for (int i = 0; i < 3; i++) {
		post(&blocked[i], run_blocked);
		while (sem_wait(&begun))
			;
	}
	post(&quick, run_quickly);
	run_until_done(1);
	assert_true(quick.is_done);
	for (int i = 0; i < 3; i++) {
		assert_false(blocked[i].is_done);
		assert_true(helper_is_busy(helper));
		sem_post(&gate);
	}
	run_until_done(4);
	assert_false(helper_is_busy(helper));
	helper_stop(helper);
}

static void every_job_ends_once(void **state)
{
	static struct job jobs[NR_JOBS];

	for (int i = 0; i < NR_JOBS; i++)
		post(&jobs[i], run_quickly);
	run_until_done(NR_JOBS);
	for (int i = 0; i < NR_JOBS; i++)
		assert_true(jobs[i].is_done);
	helper_stop(helper);
}

static void more_jobs_block_than_there_can_be_threads(void **state)
{
	static struct job jobs[NR_JOBS];

	for (int i = 0; i < NR_JOBS; i++)
		post(&jobs[i], run_blocked);
	for (int i = 0; i < HELPER_MAX_THREADS; i++) {
		while (sem_wait(&begun))
			;
	}
	assert_int_equal(sem_trywait(&begun), -1); /* all threads are busy now */
	for (int i = 0; i < NR_JOBS; i++)
		sem_post(&gate);
	run_until_done(NR_JOBS);
	helper_stop(helper);
}

static void *open_gate(void *arg)
{
	sem_post(&gate);
	return NULL;
}

static void stopping_waits_for_what_runs(void **state)
{
	pthread_t thread;
	struct job job;

	post(&job, run_blocked);
	while (sem_wait(&begun))
		;
	assert_int_equal(pthread_create(&thread, NULL, open_gate, NULL), 0);
	helper_stop(helper);
	assert_int_equal(__atomic_load_n(&nr_run, __ATOMIC_RELAXED), 1);
	pthread_join(thread, NULL);
	loop_run_inbox(&loop); /* its end was posted */
	assert_true(job.is_done);
}

/* More than there are threads: most have not begun when it is told to stop. */
static void stopping_runs_what_was_posted(void **state)
{
	static struct job jobs[NR_JOBS];

	for (int i = 0; i < NR_JOBS; i++)
		post(&jobs[i], run_quickly);
	helper_stop(helper);
	loop_run_inbox(&loop);
	for (int i = 0; i < NR_JOBS; i++)
		assert_true(jobs[i].is_done);
}

static void a_helper_that_did_nothing_stops(void **state)
{
	helper_stop(helper);
	loop_run_inbox(&loop);
	assert_int_equal(nr_done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_runs_elsewhere_and_ends_on_the_loop_that_asked),
		TEST(a_job_that_blocks_keeps_nobody_waiting),
		TEST(every_job_ends_once),
		TEST(more_jobs_block_than_there_can_be_threads),
		TEST(stopping_waits_for_what_runs),
		TEST(stopping_runs_what_was_posted),
		TEST(a_helper_that_did_nothing_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
