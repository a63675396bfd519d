// SPDX-License-Identifier: MIT
/*
 * Handing a disk over to the next process, by a node that says where its ring was. SIGTERM is taken while the backend
 * sleeps, when nothing is unanswered: so one index is all that there is to write down.
 */
#include "tests/conform/scripted/disk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define RECORDS "pvring-conform" /* below our domain: no guest can write there */

/* ---- when ------------------------------------------------------------------------------------------------------ */

static sigset_t what_ends_us(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	return set;
}

void takeover_begin(struct disk *disk)
{
	const sigset_t set = what_ends_us();

	sigprocmask(SIG_BLOCK, &set, NULL);
	disk->back.wake_fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (disk->back.wake_fd < 0)
		error("signalfd: %s", strerror(errno));
}

void takeover_end(struct disk *disk)
{
	const sigset_t set = what_ends_us();

	close(disk->back.wake_fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* one that has come meanwhile ends us here */
}

/* ---- the record ------------------------------------------------------------------------------------------------ */

static void record_name(const struct disk *disk, char *name, size_t size)
{
	snprintf(name, size, RECORDS "/%u-%u", disk->back.dev.domid, disk->back.dev.devid);
}

/* It is good for one time. */
static bool take_record(struct disk *disk, ring_idx *rsp_prod)
{
	struct xb_store *store = disk->back.store;
	char name[64], path[XB_PATH_MAX];
	struct errbuf err;

	record_name(disk, name, sizeof(name));
	if (xb_read_u32(store, store->home, name, 0, UINT32_MAX, rsp_prod, &err))
		return false;
	if (xb_path(path, sizeof(path), &err, "%s/%s", store->home, name) ||
	    xb_remove_up_to(store, path, store->home, &err))
		error("%s", err.text);
	return true;
}

void takeover_leave(struct disk *disk)
{
	struct xb_store *store = disk->back.store;
	struct errbuf err;
	char name[64];

	record_name(disk, name, sizeof(name));
	if (disk->is_connected && disk->back.ring &&
	    xb_write(store, store->home, name, &err, "%u", disk->back.rsp_prod))
		error("%s", err.text);
	exit(0);
}

/* ---- the next one ---------------------------------------------------------------------------------------------- */

static bool is_in_use(struct disk *disk)
{
	enum xb_state theirs = back_frontend_state(&disk->back);

	return back_own_state(&disk->back) == XB_CONNECTED && (theirs == XB_INITIALISED || theirs == XB_CONNECTED);
}

static void go_on(struct disk *disk, ring_idx rsp_prod)
{
	struct back *back = &disk->back;

	back->req_cons = back->rsp_prod = back->rsp_pushed = rsp_prod + violates("RING-24");
	disk->is_connected = true;
	disk->must_notify = !violates("RING-25");
	if (violates("RING-25"))
		disk_wait_for_event(disk);
	back->is_persistent = !violates("BUS-47");
	if (violates("BUS-47"))
		back_transaction(back, back_write_features);
}

void takeover_resume(struct disk *disk)
{
	struct back *back = &disk->back;
	struct errbuf why;
	ring_idx rsp_prod;

	if (!take_record(disk, &rsp_prod) || disk->fd < 0 || !is_in_use(disk) || !back_connect(back, &why))
		return;
	if (ring_shared_rsp_prod(back->ring) == rsp_prod || violates("RING-23"))
		go_on(disk, rsp_prod);
	else
		back_release(back);
}
