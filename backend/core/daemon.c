// SPDX-License-Identifier: MIT
#include "backend/core/daemon.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/core/busy_poll.h"
#include "backend/core/control.h"
#include "backend/core/device_requests.h"
#include "backend/core/discovery.h"
#include "backend/core/machine.h"
#include "backend/core/metrics.h"
#include "backend/core/options.h"
#include "backend/core/upgrade.h"
#include "common/base/clock.h"
#include "common/base/container.h"
#include "common/base/version.h"

/* pvring-blkd.service names the last two: starting again does not help. */
enum { DAEMON_EXIT_OK, DAEMON_EXIT_FAILED, DAEMON_EXIT_OPTIONS, DAEMON_EXIT_KERNEL_OWNS };

struct daemon {
	const struct daemon_spec *spec;
	struct daemon_config config;
	char control_path[256];
	char journal_dir[272];
	struct xb_store store;
	struct loop loop;
	struct worker worker[DAEMON_MAX_THREADS];
	unsigned int nr_workers;
	struct device_host host;
	struct control *control;
	struct discovery discovery;
	struct loop_fd signal_fd;
	struct upgrade upgrade;
	struct upgrade_heir heir;
	bool is_serving; /* not yet: an heir whose daemon still answers on the control socket */
};

static int make_dirs(struct daemon *daemon, struct errbuf *err)
{
	const char *control = daemon->config.control;
	char dir[256];

	if (control)
		snprintf(daemon->control_path, sizeof(daemon->control_path), "%s", control);
	else
		snprintf(daemon->control_path, sizeof(daemon->control_path), "/run/pvring/%s.sock",
			 daemon->config.name);
	strcpy(dir, daemon->control_path);
	dirname(dir);
	if (mkdir(dir, 0755) && errno != EEXIST)
		return errbuf_set(err, -errno, "%s: cannot make it: %s", dir, strerror(errno));
	snprintf(daemon->journal_dir, sizeof(daemon->journal_dir), "%s/journal", dir);
	if (mkdir(daemon->journal_dir, 0700) && errno != EEXIST)
		return errbuf_set(err, -errno, "%s: cannot make it: %s", daemon->journal_dir, strerror(errno));
	return 0;
}

/* ---- readiness ------------------------------------------------------------------------------------------------- */

/* Of another process, which has started this one (upgrade.h). */
static bool is_heir(const struct daemon *daemon)
{
	return daemon->heir.listener_fd >= 0;
}

static void say_ready(struct daemon *daemon)
{
	daemon->is_serving = true;
	log_info("%s %s ready: serves backend/%s with %u thread(s), control socket %s", daemon->config.name,
		 pvring_version, daemon->spec->class->kind, daemon->nr_workers, daemon->control_path);
	machine_notify("READY=1");
	if (daemon->config.ready_fd && !is_heir(daemon)) { /* else that was for the first of us */
		if (write(daemon->config.ready_fd, "ready\n", 6) < 0)
			log_warn("--ready-fd %u: %s", daemon->config.ready_fd, strerror(errno));
		close(daemon->config.ready_fd);
	}
}

/* ---- the control socket ---------------------------------------------------------------------------------------- */

static json_t *status_of_all(struct daemon *daemon)
{
	json_t *list = json_array();
	struct device *dev;

	TAILQ_FOREACH(dev, &daemon->host.devices, entry)
		json_array_append_new(list, device_status(dev));
	return list;
}

static json_t *reply_status(struct daemon *daemon)
{
	return json_pack("{s:s, s:i, s:s, s:i, s:s, s:o, s:o}", "name", daemon->config.name, "pid", getpid(), "version",
			 pvring_version, "threads", daemon->nr_workers, "xenstore",
			 daemon->host.has_lost_store ? "lost" : "connected", "upgrade",
			 text_json(daemon->upgrade.pid ? "under way" : daemon->upgrade.failure.text), "devices",
			 status_of_all(daemon));
}

static json_t *reply_metrics(struct daemon *daemon)
{
	json_t *devices = status_of_all(daemon), *reply;
	char *text = metrics_prometheus(devices);

	reply = text ? json_pack("{s:s}", "text", text) : NULL;
	free(text);
	json_decref(devices);
	return reply;
}

static json_t *reply_drain(struct daemon *daemon, const json_t *request)
{
	bool close_them = json_is_true(json_object_get(request, "close"));
	struct device *dev;
	int nr_connected = 0;

	TAILQ_FOREACH(dev, &daemon->host.devices, entry) {
		nr_connected += dev->phase == DEVICE_CONNECTED;
		if (close_them)
			device_ask_to_close(dev);
	}
	if (!close_them)
		kill(getpid(), SIGTERM);
	return json_pack("{s:i}", "connected", nr_connected);
}

/* What becomes of it is seen in the status: it is another process's, or says why not. */
static json_t *reply_upgrade(struct daemon *daemon, struct errbuf *err)
{
	if (daemon->host.is_stopping) {
		errbuf_set(err, -ESHUTDOWN, "the daemon is ending");
		return NULL;
	}
	if (upgrade_start(&daemon->upgrade, control_listener_fd(daemon->control), err))
		return NULL;
	return json_pack("{s:i}", "pid", daemon->upgrade.pid);
}

static json_t *handle_command(void *context, const char *command, const json_t *request, struct control_fds *fds,
			      struct errbuf *err)
{
	struct daemon *daemon = context;

	if (strcmp(command, "status") == 0)
		return reply_status(daemon);
	if (strcmp(command, "metrics") == 0)
		return reply_metrics(daemon);
	if (strcmp(command, "drain") == 0)
		return reply_drain(daemon, request);
	if (strcmp(command, "recover") == 0)
		return device_request_recover(&daemon->host, request, err);
	if (strcmp(command, "resize") == 0 && daemon->spec->class->measure)
		return device_request_resize(&daemon->host, request, err);
	if (strcmp(command, "upgrade") == 0)
		return reply_upgrade(daemon, err);
	if (strcmp(command, "capture") == 0 && daemon->spec->class->capture)
		return device_request_capture(&daemon->host, request, fds, err);
	errbuf_set(err, -EINVAL, "unknown command '%.40s': expected status, metrics, recover, upgrade%s%s or drain",
		   command, daemon->spec->class->capture ? ", capture" : "",
		   daemon->spec->class->measure ? ", resize" : "");
	return NULL;
}

/* ---- upgrades -------------------------------------------------------------------------------------------------- */

static bool heir_is_ready(struct upgrade *upgrade)
{
	struct daemon *daemon = container_of(upgrade, struct daemon, upgrade);
	char main_pid[32];

	if (daemon->host.is_stopping) /* told to end meanwhile: then so is the heir, by our end */
		return false;
	log_info("%s: handing over to pid %d and leaving", daemon->config.name, upgrade->pid);
	snprintf(main_pid, sizeof(main_pid), "MAINPID=%d", upgrade->pid);
	machine_notify(main_pid);
	control_hand_over(daemon->control);
	upgrade_tell(upgrade);
	device_host_stop(&daemon->host);
	return true;
}

static void heir_failed(struct upgrade *upgrade)
{
	struct daemon *daemon = container_of(upgrade, struct daemon, upgrade);

	log_error("%s: no upgrade, this process goes on: %s", daemon->config.name, upgrade->failure.text);
}

static void has_let_go(struct device_host *host)
{
	upgrade_tell(&container_of(host, struct daemon, host)->upgrade);
}

/* By the daemon before us: the first time that it leaves, then for each device. */
static void heir_told(struct upgrade_heir *heir, bool is_over)
{
	struct daemon *daemon = container_of(heir, struct daemon, heir);

	if (is_over && !daemon->is_serving) {
		log_error("%s: the daemon that started this process has ended and not handed over",
			  daemon->config.name);
		device_host_stop(&daemon->host);
		return;
	}
	if (!daemon->is_serving) {
		control_listen(daemon->control);
		say_ready(daemon);
	}
	device_host_claim_now(&daemon->host);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void signalled(struct loop_fd *lfd)
{
	struct daemon *daemon = container_of(lfd, struct daemon, signal_fd);
	struct signalfd_siginfo info;

	while (read(lfd->fd, &info, sizeof(info)) == sizeof(info)) {
		if (daemon->host.is_stopping)
			continue;
		log_info("%s: handing over and leaving", strsignal(info.ssi_signo));
		machine_notify("STOPPING=1");
		device_host_stop(&daemon->host);
	}
}

static void all_idle(struct device_host *host)
{
	loop_stop(host->loop);
}

static int start_signals(struct daemon *daemon, struct errbuf *err)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return errbuf_set(err, -errno, "signalfd: %s", strerror(errno));
	loop_fd_add(&daemon->loop, &daemon->signal_fd, fd, signalled);
	return 0;
}

static uint64_t pick_busy_poll_ns(const struct daemon *daemon)
{
	if (!daemon->loop.can_spin)
		return 0; /* each look would be a system call */
	if (daemon->config.poll_us == DAEMON_POLL_DEFAULT)
		return daemon->spec->class->is_among_tasks ? 0 : busy_poll_measure_ns();
	return daemon->config.poll_us * NSEC_PER_USEC;
}

static uint32_t pages_of_scratch(const struct daemon *daemon)
{
	const struct scratch_pages *pages = &daemon->spec->class->worker_scratch;

	return pages->turn + pages->flight;
}

/* They share half of what this domain may grant by gntalloc: there are others who want some. */
static bool may_grant_scratch(const struct daemon *daemon, unsigned int worker)
{
	return (worker + 1) * (uint64_t)pages_of_scratch(daemon) <= machine_gntalloc_limit() / 2;
}

static void say_without_grants(const struct daemon *daemon)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < daemon->nr_workers; i++)
		nr += daemon->worker[i].scratch.memory && !daemon->worker[i].scratch.grefs;
	if (nr)
		log_info("%s: %u of %u workers have no pages that are granted to this domain, which costs the kernel "
			 "more work: is xen-gntalloc loaded, with a limit of %u at least?", daemon->config.name, nr,
			 daemon->nr_workers, 2 * daemon->nr_workers * pages_of_scratch(daemon));
}

static int start_workers(struct daemon *daemon, struct errbuf *err)
{
	struct worker_params params = {
		.busy_poll_ns = pick_busy_poll_ns(daemon),
		.is_among_tasks = daemon->spec->class->is_among_tasks,
		.own_domid = daemon->store.domid,
		.scratch = daemon->spec->class->worker_scratch,
	};
	int rc;

	log_info("%s: workers look %llu us for a request before they sleep", daemon->config.name,
		 (unsigned long long)(params.busy_poll_ns / NSEC_PER_USEC));
	while (daemon->nr_workers < daemon->config.nr_threads) {
		params.index = daemon->nr_workers;
		params.may_grant_scratch = may_grant_scratch(daemon, params.index);
		rc = worker_start(&daemon->worker[daemon->nr_workers], &params, err);
		if (rc)
			return rc;
		daemon->nr_workers++;
	}
	say_without_grants(daemon);
	return 0;
}

static void look_again(struct device_host *host)
{
	discovery_scan(&container_of(host, struct daemon, host)->discovery);
}

static void init_host(struct daemon *daemon)
{
	const struct discovery_spec discovery = {
		.only_guest = daemon->config.guest,
		.kernel_driver = daemon->spec->kernel_driver,
		.kernel_module = daemon->spec->kernel_module,
	};

	daemon->host = (struct device_host){
		.class = daemon->spec->class,
		.store = &daemon->store,
		.loop = &daemon->loop,
		.workers = daemon->worker,
		.journal_dir = daemon->journal_dir,
		.idle = all_idle,
		.look_again = look_again,
		.let_go = has_let_go,
	};
	TAILQ_INIT(&daemon->host.devices);
	LIST_INIT(&daemon->host.guests);
	discovery_init(&daemon->discovery, &daemon->host, &discovery);
}

static int start(struct daemon *daemon, struct errbuf *err)
{
	int rc;

	machine_raise_nofile();
	rc = make_dirs(daemon, err);
	if (rc == 0)
		rc = xb_store_open(&daemon->store, err);
	if (rc == 0)
		rc = start_signals(daemon, err);
	if (rc == 0)
		rc = start_workers(daemon, err);
	if (rc)
		return rc;
	daemon->host.nr_workers = daemon->nr_workers;
	daemon->host.helper = helper_start();
	if (!daemon->host.helper)
		return errbuf_set(err, -ENOMEM, "cannot start a helper thread: no memory");
	rc = control_open(&daemon->control, &daemon->loop, daemon->control_path, daemon->heir.listener_fd,
			  handle_command, daemon, err);
	if (rc == 0 && !is_heir(daemon))
		control_listen(daemon->control);
	return rc ? rc : discovery_start(&daemon->discovery, err);
}

/* Nothing is undone in xenstore: what is connected there stays so for whoever comes next. */
static void finish(struct daemon *daemon)
{
	for (unsigned int i = 0; i < daemon->nr_workers; i++)
		worker_stop(&daemon->worker[i]);
	loop_run_inbox(&daemon->loop);
	device_host_fini(&daemon->host);
	if (daemon->host.helper)
		helper_stop(daemon->host.helper);
	loop_run_inbox(&daemon->loop); /* what the helpers have done last */
	discovery_fini(&daemon->discovery);
	xb_store_fini(&daemon->store);
	if (daemon->signal_fd.fd > 0)
		close(daemon->signal_fd.fd);
	loop_fini(&daemon->loop);
}

/* Storage that does not answer, or a device, keeps a helper thread, and what that one uses, for ever. */
static void leave_at_once(struct daemon *daemon, int status)
{
	log_warn("%s: an image or a device is still being opened or closed: not waited for", daemon->config.name);
	_exit(status);
}

static int run(struct daemon *daemon)
{
	int rc, status = DAEMON_EXIT_OK;
	struct errbuf err;

	rc = loop_init(&daemon->loop, 64);
	if (rc) {
		log_error("io_uring: %s", strerror(-rc));
		return DAEMON_EXIT_FAILED;
	}
	rc = start(daemon, &err);
	if (rc == 0) {
		if (is_heir(daemon))
			upgrade_is_ready(&daemon->heir, &daemon->loop);
		else
			say_ready(daemon);
		loop_run(&daemon->loop);
		log_info("%s: done", daemon->config.name);
	} else {
		log_error("%s", err.text);
	}
	if (rc && daemon->discovery.said_kernel_driver)
		status = DAEMON_EXIT_KERNEL_OWNS;
	else if (rc || daemon->host.has_lost_one)
		status = DAEMON_EXIT_FAILED;
	/* From here on what does not answer may keep this process: nobody else is to wait for that. */
	if (daemon->control)
		control_close(daemon->control);
	device_host_let_go(&daemon->host);
	upgrade_tell(&daemon->upgrade);
	if (device_host_has_jobs(&daemon->host) || (daemon->host.helper && helper_is_busy(daemon->host.helper)))
		leave_at_once(daemon, status);
	finish(daemon);
	return status;
}

int daemon_main(const struct daemon_spec *spec, int argc, char **argv)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int status;

	if (!daemon) {
		log_error("no memory");
		return DAEMON_EXIT_FAILED;
	}
	daemon->spec = spec;
	daemon->heir.told = heir_told;
	upgrade_inherit(&daemon->heir);
	upgrade_init(&daemon->upgrade, &daemon->loop, argv);
	daemon->upgrade.ready = heir_is_ready;
	daemon->upgrade.failed = heir_failed;
	switch (daemon_options_parse(&spec->options, argc, argv, &daemon->config)) {
	case OPTIONS_DONE:
		status = DAEMON_EXIT_OK;
		break;
	case OPTIONS_BAD:
		status = DAEMON_EXIT_OPTIONS;
		break;
	default:
		xb_store_init(&daemon->store);
		init_host(daemon);
		status = run(daemon);
	}
	free(daemon);
	return status;
}
