// SPDX-License-Identifier: MIT
#include "backend/core/helper.h"

#include <signal.h>
#include <stdlib.h>

#include "common/base/container.h"

struct helper {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* under `lock` */
	struct helper_job *jobs, **jobs_tail;
	unsigned int nr_threads, nr_idle, nr_waiting_jobs;
	unsigned int nr_jobs; /* waiting, or at work */
	bool is_stopping;
	pthread_t thread[HELPER_MAX_THREADS];
};

static void reply(struct loop_msg *msg)
{
	struct helper_job *job = container_of(msg, struct helper_job, reply);

	job->done(job);
}

static struct helper_job *next_job(struct helper *helper)
{
	struct helper_job *job = helper->jobs;

	helper->jobs = job->next;
	if (!helper->jobs)
		helper->jobs_tail = &helper->jobs;
	helper->nr_waiting_jobs--;
	return job;
}

static void *helper_main(void *arg)
{
	struct helper *helper = arg;
	struct helper_job *job;

	pthread_mutex_lock(&helper->lock);
	while (!helper->is_stopping || helper->jobs) {
		if (!helper->jobs) {
			helper->nr_idle++;
			pthread_cond_wait(&helper->wake, &helper->lock);
			helper->nr_idle--;
			continue;
		}
		job = next_job(helper);
		pthread_mutex_unlock(&helper->lock);
		job->run(job);
		job->reply.run = reply;
		pthread_mutex_lock(&helper->lock);
		loop_post(job->reply_to, &job->reply); /* under the lock: see helper_is_busy() */
		helper->nr_jobs--;
	}
	pthread_mutex_unlock(&helper->lock);
	return NULL;
}

static void add_thread(struct helper *helper)
{
	pthread_attr_t attr;
	sigset_t all, before;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&helper->thread[helper->nr_threads], &attr, helper_main, helper) == 0)
		helper->nr_threads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
}

struct helper *helper_start(void)
{
	struct helper *helper = calloc(1, sizeof(*helper));

	if (!helper)
		return NULL;
	pthread_mutex_init(&helper->lock, NULL);
	pthread_cond_init(&helper->wake, NULL);
	helper->jobs_tail = &helper->jobs;
	add_thread(helper);
	if (!helper->nr_threads) {
		helper_stop(helper);
		return NULL;
	}
	return helper;
}

void helper_stop(struct helper *helper)
{
	pthread_mutex_lock(&helper->lock);
	helper->is_stopping = true;
	pthread_cond_broadcast(&helper->wake);
	pthread_mutex_unlock(&helper->lock);
	for (unsigned int i = 0; i < helper->nr_threads; i++)
		pthread_join(helper->thread[i], NULL);
	pthread_cond_destroy(&helper->wake);
	pthread_mutex_destroy(&helper->lock);
	free(helper);
}

void helper_post(struct helper *helper, struct loop *reply_to, struct helper_job *job)
{
	job->reply_to = reply_to;
	job->next = NULL;
	pthread_mutex_lock(&helper->lock);
	*helper->jobs_tail = job;
	helper->jobs_tail = &job->next;
	helper->nr_waiting_jobs++;
	helper->nr_jobs++;
	if (helper->nr_waiting_jobs > helper->nr_idle && helper->nr_threads < HELPER_MAX_THREADS)
		add_thread(helper);
	pthread_cond_signal(&helper->wake);
	pthread_mutex_unlock(&helper->lock);
}

bool helper_is_busy(struct helper *helper)
{
	bool is_busy;

	pthread_mutex_lock(&helper->lock);
	is_busy = helper->nr_jobs > 0;
	pthread_mutex_unlock(&helper->lock);
	return is_busy;
}
