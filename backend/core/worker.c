// SPDX-License-Identifier: MIT
#include "backend/core/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/base/log.h"

#define WORKER_URING_ENTRIES 512

/*
 * A port that was read stays masked until we unmask it, later: once as many were read as are bound there is nothing
 * left, and the read that would only say so is saved. A port that was unbound may have left its number in the queue, in
 * front of others.
 */
static void ports_readable(struct loop_fd *lfd)
{
	struct worker *worker = container_of(lfd, struct worker, xce_fd);
	uint32_t nr_left = worker->has_unbound ? UINT32_MAX : worker->nr_bound;
	xenevtchn_port_or_error_t port;

	for (; nr_left; nr_left--) {
		port = xenevtchn_pending(worker->xce);
		if (port < 0)
			break;
		if ((uint32_t)port < worker->nr_ports && worker->by_port[port])
			worker->by_port[port]->event(worker->by_port[port]);
	}
	if (nr_left)
		worker->has_unbound = false; /* the queue was seen empty */
}

static int open_scratch(struct worker *worker)
{
	const struct worker_params *params = &worker->params;
	int rc = scratch_open(&worker->scratch, params->own_domid, &params->scratch, params->may_grant_scratch);

	if (rc)
		return errbuf_set(worker->start_err, rc, "no memory for %zu bytes that a worker needs",
				  worker->scratch.size_bytes);
	return 0;
}

static int open_handles(struct worker *worker)
{
	int rc, fd;

	rc = loop_init(&worker->loop, WORKER_URING_ENTRIES);
	if (rc)
		return errbuf_set(worker->start_err, rc, "io_uring: %s", strerror(-rc));
	worker->xce = xenevtchn_open(NULL, 0);
	if (!worker->xce) {
		rc = -errno;
		loop_fini(&worker->loop);
		return errbuf_set(worker->start_err, rc,
				  "/dev/xen/evtchn: %s (is this a Xen domain with xen-evtchn loaded?)", strerror(-rc));
	}
	fd = xenevtchn_fd(worker->xce);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	loop_fd_add(&worker->loop, &worker->xce_fd, fd, ports_readable);
	return 0;
}

static void close_handles(struct worker *worker)
{
	loop_fini(&worker->loop);
	xenevtchn_close(worker->xce);
}

/* Of this thread alone: the scheduler knows no processes. */
static void go_among_tasks(const struct worker *worker)
{
	const struct sched_param none = { 0 };

	if (getpriority(PRIO_PROCESS, 0) != 0)
		return;
	if ((sched_setscheduler(0, SCHED_BATCH, &none) || setpriority(PRIO_PROCESS, 0, -10)) &&
	    worker->params.index == 0)
		log_warn("workers cannot get nice -10: %s; they are slower where other tasks want the CPU",
			 strerror(errno));
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	char name[16];
	int rc;

	snprintf(name, sizeof(name), "worker%u", worker->params.index);
	pthread_setname_np(pthread_self(), name);
	if (worker->params.is_among_tasks)
		go_among_tasks(worker);
	rc = open_handles(worker);
	if (rc == 0) {
		rc = open_scratch(worker);
		if (rc)
			close_handles(worker);
	}
	worker->start_rc = rc;
	pthread_barrier_wait(&worker->in_step);
	if (rc)
		return NULL;
	loop_run(&worker->loop);
	/* worker_stop() may be about to write to a descriptor that is closed here, and may be another file's then. */
	pthread_barrier_wait(&worker->in_step);
	close_handles(worker);
	scratch_close(&worker->scratch);
	free(worker->by_port);
	return NULL;
}

int worker_start(struct worker *worker, const struct worker_params *params, struct errbuf *err)
{
	sigset_t all, before;
	int r;

	memset(worker, 0, sizeof(*worker));
	worker->params = *params;
	worker->start_err = err;
	pthread_barrier_init(&worker->in_step, NULL, 2);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	r = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r)
		return errbuf_set(err, -r, "cannot start a thread: %s", strerror(r));
	pthread_barrier_wait(&worker->in_step);
	if (worker->start_rc)
		pthread_join(worker->thread, NULL);
	return worker->start_rc;
}

void worker_stop(struct worker *worker)
{
	loop_stop(&worker->loop);
	pthread_barrier_wait(&worker->in_step);
	pthread_join(worker->thread, NULL);
	pthread_barrier_destroy(&worker->in_step);
}

static int make_room(struct worker *worker, uint32_t port)
{
	uint32_t nr_ports = worker->nr_ports ? worker->nr_ports : 64;
	struct worker_port **by_port;

	while (nr_ports <= port)
		nr_ports *= 2;
	if (nr_ports == worker->nr_ports)
		return 0;
	by_port = reallocarray(worker->by_port, nr_ports, sizeof(*by_port));
	if (!by_port)
		return -ENOMEM;
	memset(by_port + worker->nr_ports, 0, (nr_ports - worker->nr_ports) * sizeof(*by_port));
	worker->by_port = by_port;
	worker->nr_ports = nr_ports;
	return 0;
}

int worker_bind(struct worker *worker, struct worker_port *port, uint32_t domid, evtchn_port_t remote,
		void (*event)(struct worker_port *))
{
	xenevtchn_port_or_error_t local = xenevtchn_bind_interdomain(worker->xce, domid, remote);
	int rc;

	if (local < 0)
		return -errno;
	rc = make_room(worker, local);
	if (rc) {
		worker->has_unbound = true; /* Xen leaves a port pending that it binds */
		xenevtchn_unbind(worker->xce, local);
		return rc;
	}
	port->event = event;
	port->local = local;
	worker->by_port[local] = port;
	worker->nr_bound++;
	return 0;
}

void worker_unbind(struct worker *worker, struct worker_port *port)
{
	if (!port->local)
		return;
	worker->by_port[port->local] = NULL;
	worker->nr_bound--;
	worker->has_unbound = true;
	xenevtchn_unbind(worker->xce, port->local);
	port->local = 0;
}

void worker_unmask(struct worker *worker, struct worker_port *port)
{
	if (port->local)
		xenevtchn_unmask(worker->xce, port->local);
}

void worker_notify(struct worker *worker, struct worker_port *port)
{
	if (port->local)
		xenevtchn_notify(worker->xce, port->local);
}
