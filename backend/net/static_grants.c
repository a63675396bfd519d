// SPDX-License-Identifier: MIT
#include "backend/net/static_grants.h"

#include <errno.h>

#include "backend/core/grants.h"
#include "common/base/container.h"

/* Of one turn. */
#define PAGES_AT_ONCE 64

static void run(struct loop_task *task);

void net_static_init(struct net_static *statics, const struct net_static_params *params)
{
	*statics = (struct net_static){ .params = *params, .task.run = run };
}

/* ---- the table and the list ------------------------------------------------------------------------------------ */

/* A guest that has registered nothing takes no memory for it. */
static void close_table(struct net_static *statics)
{
	persistent_close(&statics->pages);
	if (statics->xgt)
		xengnttab_close(statics->xgt);
	statics->xgt = NULL;
}

static int open_table(struct net_static *statics)
{
	int rc;

	if (statics->xgt)
		return 0;
	statics->xgt = grants_open_handle();
	if (!statics->xgt)
		return -errno;
	rc = persistent_open(&statics->pages, statics->xgt, statics->params.whose->domid, NET_STATIC_MAX_PAGES,
			     statics->params.budget);
	if (rc)
		close_table(statics);
	return rc;
}

static int open_all(struct net_static *statics)
{
	int rc = open_table(statics);

	if (rc == 0 && !statics->file)
		rc = net_static_file_begin(&statics->file, statics->params.path, statics->params.number,
					   statics->params.whose);
	return rc;
}

static void save(struct net_static *statics)
{
	struct net_static_list *list;

	if (!statics->file)
		return;
	list = net_static_file_next(statics->file);
	for (uint32_t i = 0; statics->pages.table && i < statics->pages.nr_entries; i++) {
		const struct persistent_entry *entry = &statics->pages.table[i];

		if (entry->page)
			list->entry[list->nr++] = (struct xen_netif_gref){
				.ref = entry->gref,
				.flags = entry->is_writable ? 0 : XEN_NETIF_CTRLF_GREF_readonly,
			};
	}
	net_static_file_commit(statics->file);
}

static int add(struct net_static *statics, const struct xen_netif_gref *entry)
{
	return persistent_add(&statics->pages, entry->ref, !(entry->flags & XEN_NETIF_CTRLF_GREF_readonly));
}

/* ---- a job ----------------------------------------------------------------------------------------------------- */

static bool has_room(const struct net_static *statics, const struct net_static_job *job)
{
	return job->nr <= NET_STATIC_MAX_PAGES - statics->pages.nr_pages;
}

static void begin(struct net_static *statics, struct net_static_job *job)
{
	job->nr_done = 0;
	job->has_failed = !statics->is_running || statics->is_stopping ||
			  (!job->is_removal && ((!job->is_replay && !has_room(statics, job)) || open_all(statics)));
}

static bool is_added(struct net_static *statics, const struct net_static_job *job)
{
	int rc = add(statics, &job->list[job->nr_done]);

	return rc == 0 || (rc == -EEXIST && job->is_replay);
}

/* Each returns whether it is over. What fails takes back what was added before. */
static bool add_some(struct net_static *statics, struct net_static_job *job)
{
	for (uint32_t i = 0; i < PAGES_AT_ONCE; i++) {
		if (job->nr_done == (job->has_failed ? 0 : job->nr))
			return true;
		if (job->has_failed)
			persistent_remove(&statics->pages, job->list[--job->nr_done].ref);
		else if (is_added(statics, job))
			job->nr_done++;
		else
			job->has_failed = true;
	}
	return false;
}

static bool remove_some(struct net_static *statics, struct net_static_job *job)
{
	for (uint32_t i = 0; i < PAGES_AT_ONCE; i++) {
		struct xen_netif_gref *entry = &job->list[job->nr_done];

		if (job->nr_done == job->nr)
			return true;
		entry->status = persistent_remove(&statics->pages, entry->ref) || job->is_replay ?
					XEN_NETIF_CTRL_STATUS_SUCCESS :
					XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		job->nr_done++;
	}
	return false;
}

static void finish(struct net_static *statics, struct net_static_job *job)
{
	if (statics->pages.nr_pages == 0)
		close_table(statics);
	statics->job = NULL;
	job->done(job);
}

static void go_on(struct net_static *statics, struct net_static_job *job)
{
	if (!(job->is_removal ? remove_some(statics, job) : add_some(statics, job))) {
		loop_defer(statics->loop, &statics->task);
		return;
	}
	save(statics);
	finish(statics, job);
}

void net_static_change(struct net_static *statics, struct net_static_job *job)
{
	begin(statics, job);
	statics->job = job;
	if (job->has_failed)
		finish(statics, job);
	else
		go_on(statics, job);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void go_on_stopping(struct net_static *statics)
{
	if (statics->xgt && !persistent_trim(&statics->pages)) {
		loop_defer(statics->loop, &statics->task);
		return;
	}
	close_table(statics);
	net_static_file_close(statics->file);
	statics->file = NULL;
	statics->stopped(statics);
}

static void run(struct loop_task *task)
{
	struct net_static *statics = container_of(task, struct net_static, task);

	if (statics->job)
		go_on(statics, statics->job);
	if (statics->is_stopping && !statics->job)
		go_on_stopping(statics);
}

static void resume(struct net_static *statics)
{
	const struct net_static_list *list;

	if (net_static_file_resume(&statics->file, statics->params.path, statics->params.number,
				   statics->params.whose))
		return;
	list = net_static_file_list(statics->file);
	if (list->nr == 0 || open_table(statics) != 0)
		return;
	for (uint32_t i = 0; i < list->nr; i++)
		(void)add(statics, &list->entry[i]);
	save(statics);
}

void net_static_start(struct net_static *statics, struct loop *loop, bool is_resumed)
{
	statics->loop = loop;
	statics->is_running = true;
	if (is_resumed)
		resume(statics);
}

void net_static_stop(struct net_static *statics, void (*stopped)(struct net_static *statics))
{
	statics->is_stopping = true;
	statics->stopped = stopped;
	loop_defer(statics->loop, &statics->task);
}
