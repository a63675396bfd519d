// SPDX-License-Identifier: MIT
#include "tests/conform/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/conform/case_disk.h"
#include "tests/conform/loop.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/script.h"
#include "tests/conform/process.h"

/* ---- the peer -------------------------------------------------------------------------------------------------- */

static bool run_peer(void *arg, bool runs)
{
	struct host *host = arg;

	if (!host->options->peer)
		return false;
	if (runs)
		host->peer = process_start_shell(host->options->peer);
	else
		process_end(host->peer);
	return true;
}

static pid_t peer_pid(void *arg)
{
	return ((struct host *)arg)->peer;
}

static bool peer_has_died(struct host *host)
{
	return host->options->peer && process_has_ended(host->peer);
}

static void restart(struct host *host, const char *unused, char *answer)
{
	if (run_peer(host, false))
		run_peer(host, true);
}

static void name_peer(struct host *host, const char *unused, char *answer)
{
	snprintf(answer, MAILBOX_TEXT, "=%s", host->options->peer ?: host->options->kind);
}

/* ---- the disk -------------------------------------------------------------------------------------------------- */

static int make_image(const struct host_disk *disk, struct errbuf *err)
{
	static uint8_t bytes[DISK_SECTORS * 512];
	FILE *file = fopen(disk->image, "we");

	pattern_fill(bytes, 0, DISK_SECTORS);
	if (!file || fwrite(bytes, sizeof(bytes), 1, file) != 1 || fclose(file))
		return errbuf_set(err, -EIO, "%s: %s", disk->image, strerror(errno));
	return 0;
}

static int make_loop(struct host_disk *disk, struct errbuf *err)
{
	disk->loop_fd = loop_attach(disk->image, 4096, disk->loop, sizeof(disk->loop), err);
	return disk->loop_fd < 0 ? disk->loop_fd : 0;
}

static int make_disk(struct host *host, struct host_disk *disk, char type, struct errbuf *err)
{
	const struct conform_options *options = host->options;
	struct vbd_request request = {
		.target = type == 'l' ? disk->loop : disk->image,
		.is_writable = type == 'w' || type == 'l',
		.is_cdrom = type == 'c',
		.script = options->script,
	};
	struct ts_device *vbd = &disk->vbd;
	int rc = case_disk_create(vbd, host->store, options->kind, options->domid, host->nr_disks++, &request, err);

	if (rc == 0)
		rc = ts_device_wait_for_backend(vbd, host->store, err);
	return rc ?: script_add(options->script, vbd, host->store, err);
}

static void drop_disk(struct host *host, struct host_disk *disk)
{
	struct errbuf ignored;

	(void)ts_device_remove(&disk->vbd, host->store, &ignored);
	if (disk->loop_fd >= 0)
		close(disk->loop_fd);
	disk->loop_fd = -1;
	disk->is_there = false;
}

/* One that we started and that lives has had libxl's 10 s for the offer. */
static bool backend_is_silent(struct host *host, const struct host_disk *disk)
{
	enum xb_state state;
	struct errbuf ignored;

	return host->peer && !peer_has_died(host) &&
	       xb_read_state(host->store, disk->vbd.backend, &state, &ignored) == 0 && state == XB_INITIALISING;
}

/* A case leaves the frontend as it is; here the guest is through with it. */
static bool close_disk(struct host *host, const struct host_disk *disk)
{
	struct errbuf err;

	(void)xb_switch_state(host->store, disk->vbd.frontend, XB_CLOSED, &err);
	return ts_device_close(&disk->vbd, host->store, &err) == 0;
}

static void detach_one(struct host *host, struct host_disk *disk, char *answer)
{
	if (peer_has_died(host))
		strcpy(answer, "=died"); /* the next one is not to take the disk up again */
	else if (!close_disk(host, disk))
		strcpy(answer, "=held");
	script_remove(host->options->script, &disk->vbd);
	drop_disk(host, disk);
}

static void detach(struct host *host, const char *unused, char *answer)
{
	if (host->neighbour.is_there)
		detach_one(host, &host->neighbour, answer);
	detach_one(host, &host->disk, answer);
	toolstack_end(&host->toolstack);
}

static void attach_one(struct host *host, struct host_disk *disk, char type, char *answer)
{
	struct errbuf err;

	if (make_image(disk, &err)) {
		snprintf(answer, MAILBOX_TEXT, "- %s", err.text);
	} else if (type == 'l' && make_loop(disk, &err)) {
		snprintf(answer, MAILBOX_TEXT, "? %s", err.text);
	} else if (make_disk(host, disk, type, &err)) {
		snprintf(answer, MAILBOX_TEXT, "%s %s", backend_is_silent(host, disk) ? "BUS-18" : "-", err.text);
		drop_disk(host, disk);
	} else {
		disk->is_there = true;
		snprintf(answer, MAILBOX_TEXT, "=%u", disk->vbd.devid);
	}
}

static void attach(struct host *host, const char *type, char *answer)
{
	if (host->disk.is_there)
		detach(host, "", answer); /* of a case that nobody is interested in any more */
	attach_one(host, &host->disk, *type, answer);
}

static void attach_neighbour(struct host *host, const char *unused, char *answer)
{
	attach_one(host, &host->neighbour, 'w', answer);
}

/* ---- what is asked for ----------------------------------------------------------------------------------------- */

static const struct {
	const char *verb;
	void (*run)(struct host *host, const char *what, char *answer);
	bool needs_no_disk;
} wishes[] = {
	{ "attach", attach, true },
	{ "neighbour", attach_neighbour, false },
	{ "detach", detach, false },
	{ "restart", restart, true },
	{ "peer", name_peer, true },
};

void host_do(struct host *host, const char *question, char answer[MAILBOX_TEXT])
{
	size_t len = strcspn(question, " ");
	const char *what = question[len] ? question + len + 1 : "";

	strcpy(answer, "=");
	for (unsigned int i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		if (strlen(wishes[i].verb) != len || strncmp(wishes[i].verb, question, len) != 0)
			continue;
		if (host->disk.is_there || wishes[i].needs_no_disk)
			wishes[i].run(host, what, answer);
		return;
	}
	if (host->disk.is_there)
		toolstack_run(&host->toolstack, question, answer);
	else
		strcpy(answer, "there is no disk");
}

int host_listen(struct host *host, struct errbuf *err)
{
	return mailbox_open(&host->mailbox, host->store, host->options->domid, err);
}

void host_serve(void *arg)
{
	char question[MAILBOX_TEXT], answer[MAILBOX_TEXT];
	struct host *host = arg;

	if (!mailbox_take(&host->mailbox, question))
		return;
	host_do(host, question, answer);
	mailbox_answer(&host->mailbox, answer);
}

/* ---- its life -------------------------------------------------------------------------------------------------- */

static int name_image(struct host_disk *disk, struct errbuf *err)
{
	int fd;

	disk->loop_fd = -1;
	strcpy(disk->image, "/tmp/pvring-conform.XXXXXX");
	fd = mkstemp(disk->image);
	if (fd < 0)
		return errbuf_set(err, -errno, "%s: %s", disk->image, strerror(errno));
	close(fd);
	return 0;
}

int host_begin(struct host *host, struct xb_store *store, const struct conform_options *options, struct errbuf *err)
{
	int rc;

	*host = (struct host){ .store = store, .options = options };
	host->toolstack = (struct toolstack){
		.store = store,
		.vbd = &host->disk.vbd,
		.script = options->script,
		.run_backend = run_peer,
		.backend_pid = peer_pid,
		.arg = host,
	};
	rc = name_image(&host->disk, err);
	if (rc)
		return rc;
	rc = name_image(&host->neighbour, err);
	if (rc == 0)
		run_peer(host, true);
	return rc;
}

void host_end(struct host *host)
{
	run_peer(host, false);
	mailbox_close(&host->mailbox);
	unlink(host->disk.image);
	unlink(host->neighbour.image);
}
