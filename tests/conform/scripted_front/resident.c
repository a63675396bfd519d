// SPDX-License-Identifier: MIT
/*
 * As a kernel's driver: it connects by itself to every disk of this guest, looks for partitions, and stays connected
 * until the backend closes the disk. What is asked of it stands in nodes of the guest's own.
 */
#include "tests/conform/scripted_front/guest.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/conform/verdict.h"

#define MAX_DISKS   16
#define AN_HOUR_NS  (3600 * NSEC_PER_SEC)

/* ---- what is asked --------------------------------------------------------------------------------------------- */

static void nodes_of(const struct xb_store *store, uint32_t devid, char dir[XB_DIR_MAX])
{
	snprintf(dir, XB_DIR_MAX, "%s/data/conform/%u", store->home, devid);
}

static void wait_for_change(struct xb_store *store)
{
	struct errbuf err;

	xb_watch_wait(store, clock_now_ns() + AN_HOUR_NS, &err);
	while (xb_watch_next_dirty(store))
		;
}

static void watch(struct xb_store *store, struct xb_watch *watch, const char *path)
{
	struct errbuf err;

	xb_watch_init(watch);
	need(xb_watch_add(store, watch, path, &err), &err);
}

static void remove_node(struct xb_store *store, const char *dir, const char *name)
{
	char path[XB_PATH_MAX];
	struct errbuf err;

	need(xb_path(path, sizeof(path), &err, "%s/%s", dir, name), &err);
	need(xb_remove(store, path, &err), &err);
}

int guest_ask(uint32_t devid, const char *work)
{
	struct xb_store store;
	struct xb_watch answers;
	char dir[XB_DIR_MAX];
	uint32_t answer;
	struct errbuf err;

	xb_store_init(&store);
	need(xb_store_open(&store, &err), &err);
	nodes_of(&store, devid, dir);
	watch(&store, &answers, dir);
	remove_node(&store, dir, "answer");
	need(xb_write(&store, dir, "ask", &err, "%s", work), &err);
	while (xb_read_u32(&store, dir, "answer", 0, 255, &answer, &err))
		wait_for_change(&store);
	return answer;
}

/* ---- one disk -------------------------------------------------------------------------------------------------- */

/* Whether there is something there is no concern of ours. */
static void look_for_partitions(struct guest *guest)
{
	guest_put(guest, BLKIF_OP_READ, 0, 0, 1);
	guest_do_all(guest);
	guest->nr_failed = 0;
}

static void do_what_is_asked(struct guest *guest, const char *dir)
{
	struct xb_store *store = &guest->front.store;
	struct errbuf err;
	char work[32];

	if (xb_read_string(store, dir, "ask", work, sizeof(work), &err))
		return;
	remove_node(store, dir, "ask");
	guest->nr_failed = 0;
	need(xb_write(store, dir, "answer", &err, "%d", guest_work(guest, work)), &err);
}

__attribute__((noreturn)) static void live_with(uint32_t devid)
{
	static struct guest guest;
	struct xb_watch asks;
	char dir[XB_DIR_MAX];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	front_init(&guest.front, &front_disk_class, devid);
	if (guest_come_up(&guest)) {
		nodes_of(&guest.front.store, devid, dir);
		watch(&guest.front.store, &asks, dir);
		look_for_partitions(&guest);
		while (!guest.is_ending && !guest.is_broken) {
			do_what_is_asked(&guest, dir);
			if (!guest.is_ending && !guest.is_broken)
				guest_sleep(&guest);
		}
	}
	guest_go_down(&guest);
	exit(0);
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static void look_at_disk(struct xb_store *store, uint32_t devid, bool *is_known)
{
	char dir[XB_DIR_MAX], asked[XB_DIR_MAX];
	bool is_there;

	snprintf(dir, sizeof(dir), "%s/device/vbd/%u", store->home, devid);
	is_there = xb_exists(store, dir, "state");
	if (is_there && !*is_known && fork() == 0)
		live_with(devid);
	if (!is_there && *is_known) { /* what it was asked for last is not for the next one */
		nodes_of(store, devid, asked);
		remove_node(store, asked, "ask");
	}
	*is_known = is_there;
}

int guest_reside(void)
{
	bool is_known[MAX_DISKS] = { false };
	struct xb_store store;
	struct xb_watch disks;
	char dir[XB_DIR_MAX];
	struct errbuf err;

	signal(SIGCHLD, SIG_IGN);
	xb_store_init(&store);
	need(xb_store_open(&store, &err), &err);
	snprintf(dir, sizeof(dir), "%s/device", store.home);
	watch(&store, &disks, dir);
	for (;;) {
		for (uint32_t i = 0; i < MAX_DISKS; i++)
			look_at_disk(&store, (202 << 8) + i * 16, &is_known[i]);
		wait_for_change(&store);
	}
}
