// SPDX-License-Identifier: MIT
/* A backend's device: its states, and what it writes into its directory. */
#include "tests/conform/peer/back.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define PHYSICAL_SECTOR_BYTES 4096

/* For what others can make impossible: only a store that does not answer is the environment's fault. */
static bool is_done(int rc, const struct errbuf *err)
{
	if (xb_is_unknown(rc))
		error("%s", err->text);
	return rc == 0;
}

/* ---- the device ------------------------------------------------------------------------------------------------ */

bool back_begin(struct back *back, struct xb_store *store, const char *kind, uint32_t domid, uint32_t devid)
{
	struct errbuf err;

	*back = (struct back){ .store = store, .sector_bytes = 512, .max_order = BACK_MAX_ORDER, .max_queues = 1 };
	back->port = back->wake_fd = -1;
	back->has_flush = back->has_barrier = back->is_persistent = true;
	if (!is_done(xb_device_open_backend(&back->dev, store, kind, domid, devid, &err), &err))
		return false;
	need(xb_device_watch(&back->dev, &err), &err);
	return true;
}

void back_end(struct back *back)
{
	back_release(back);
	if (back->gnttab)
		xengnttab_close(back->gnttab);
	if (back->evtchn)
		xenevtchn_close(back->evtchn);
	back->gnttab = NULL;
	back->evtchn = NULL;
	xb_device_fini(&back->dev);
}

enum xb_state back_own_state(struct back *back)
{
	enum xb_state state;
	struct errbuf err;

	return is_done(xb_device_own_state(&back->dev, &state, &err), &err) ? state : XB_NR_STATES;
}

enum xb_state back_frontend_state(struct back *back)
{
	struct xb_device *dev = &back->dev;
	enum xb_state state;
	struct errbuf err;

	if (violates("BUS-1"))
		xb_read_string(dev->store, dev->dir, "frontend", dev->otherend, sizeof(dev->otherend), &err);
	return is_done(xb_device_peer_state(dev, &state, &err), &err) ? state : XB_NR_STATES;
}

static void drain(struct back *back)
{
	struct errbuf err;

	need(xb_watch_drain(back->store, &err), &err);
}

bool back_frontend_has_moved(struct back *back)
{
	back_frontend_state(back); /* makes a transaction begin anew when that changes */
	drain(back);
	return back->dev.peer_watch.is_dirty;
}

void back_switch(struct back *back, enum xb_state state)
{
	struct errbuf err;

	is_done(xb_device_switch(&back->dev, state, &err), &err);
}

bool back_await_frontend(struct back *back, enum xb_state state, unsigned int ms)
{
	uint64_t deadline_ns = clock_in_ms(ms);
	uint64_t now_ns;

	while (back_frontend_state(back) != state) {
		now_ns = clock_now_ns();
		if (now_ns >= deadline_ns)
			return false;
		back_sleep(back, (deadline_ns - now_ns) / 1000000 + 1);
	}
	return true;
}

/* ---- nodes ----------------------------------------------------------------------------------------------------- */

struct body {
	struct back *back;
	void (*writes)(struct back *back);
};

static int run_body(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct body *body = arg;

	if (!xb_exists(store, body->back->dev.dir, "state"))
		return errbuf_set(err, -ENOENT, "%s is gone", body->back->dev.dir);
	body->writes(body->back);
	return 0;
}

bool back_transaction(struct back *back, void (*writes)(struct back *back))
{
	struct errbuf err;

	return is_done(xb_transaction(back->store, run_body, &(struct body){ back, writes }, &err), &err);
}

void back_write(struct back *back, const char *name, const char *fmt, ...)
{
	struct errbuf err;
	char value[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	need(xb_write(back->store, back->dev.dir, name, &err, "%s", value), &err);
}

void back_remove(struct back *back, const char *name)
{
	char path[XB_PATH_MAX];
	struct errbuf err;

	need(xb_path(path, sizeof(path), &err, "%s/%s", back->dev.dir, name), &err);
	need(xb_remove(back->store, path, &err), &err);
}

/* ---- offering -------------------------------------------------------------------------------------------------- */

void back_write_size(struct back *back)
{
	uint32_t unit_sectors = violates("BLK-33") ? back->sector_bytes / BACK_SECTOR_BYTES : 1;

	back_write(back, "sectors", violates("BUS-5") ? "0x%llx" : "%llu",
		   (unsigned long long)back->nr_sectors / unit_sectors);
	back_write(back, "sector-size", "%u", violates("BLK-34") ? 520 : back->sector_bytes);
	back_write(back, "physical-sector-size", "%u", PHYSICAL_SECTOR_BYTES);
}

void back_write_limits(struct back *back)
{
	back_write(back, "max-ring-page-order", "%u", back->max_order);
	if (!violates("BLK-7"))
		back_write(back, "multi-queue-max-queues", "%u", back->max_queues);
}

static unsigned int info(const struct back *back)
{
	unsigned int info = 0;

	if ((back->is_read_only || back->is_cdrom) && !violates("BLK-40"))
		info |= VDISK_READONLY;
	if (back->is_cdrom && !violates("BLK-41"))
		info |= VDISK_CDROM;
	return info;
}

void back_write_features(struct back *back)
{
	back_write(back, "info", "%u", info(back));
	back_write(back, "feature-flush-cache", "%d", back->has_flush);
	back_write(back, "feature-barrier", "%d", back->has_barrier);
	back_write(back, "feature-persistent", "%d", back->is_persistent);
	back_write(back, "feature-discard", "%d", back->has_discard);
	if (back->has_discard) {
		back_write(back, "discard-granularity", "%u", back->sector_bytes);
		back_write(back, "discard-alignment", "0");
	}
	if (back->max_indirect_segments)
		back_write(back, "feature-max-indirect-segments", "%u",
			   violates("BLK-61") ? 8192 : back->max_indirect_segments);
}

static void write_offer(struct back *back)
{
	back_write_size(back);
	back_write_limits(back);
	back_write_features(back);
	back_switch(back, XB_INIT_WAIT);
}

void back_offer(struct back *back)
{
	back_transaction(back, write_offer);
}

/* ---- sleeping -------------------------------------------------------------------------------------------------- */

/* Each event by itself, and after a while. */
static bool take_changes_slowly(struct back *back)
{
	bool has_one = false;
	char **event;

	while ((event = xs_check_watch(back->store->xs))) {
		usleep(20000);
		free(event);
		has_one = true;
	}
	return has_one;
}

static bool take_changes(struct back *back)
{
	bool has_one = violates("BUS-16") && take_changes_slowly(back);

	drain(back);
	while (xb_watch_next_dirty(back->store))
		has_one = true;
	return has_one;
}

static unsigned int take_event(struct back *back)
{
	int port = xenevtchn_pending(back->evtchn);

	if (port < 0)
		return 0;
	xenevtchn_unmask(back->evtchn, port);
	return port == back->port ? BACK_SAW_EVENT : BACK_SAW_OTHER;
}

void back_drop_events(struct back *back)
{
	struct pollfd pollfd = { .fd = xenevtchn_fd(back->evtchn), .events = POLLIN };

	while (poll(&pollfd, 1, 0) == 1)
		take_event(back);
}

unsigned int back_sleep(struct back *back, int ms)
{
	struct pollfd fds[3] = { { .events = POLLIN }, { .fd = -1, .events = POLLIN }, { back->wake_fd, POLLIN, 0 } };
	unsigned int seen = 0;
	struct errbuf err;

	fds[0].fd = xb_watch_fd(back->store, &err);
	if (fds[0].fd < 0)
		error("%s", err.text);
	if (back->port >= 0)
		fds[1].fd = xenevtchn_fd(back->evtchn);
	if (poll(fds, 3, TAILQ_EMPTY(&back->store->dirty) ? ms : 0) < 0)
		return 0;
	if (take_changes(back))
		seen |= BACK_SAW_STORE;
	if (fds[1].revents)
		seen |= take_event(back);
	if (fds[2].revents)
		seen |= BACK_WOKEN;
	return seen;
}
