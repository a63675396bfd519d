// SPDX-License-Identifier: MIT
/* A disk's states: whatever happens, both ends' are read, and one step is taken. */
#include "tests/conform/scripted/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/conform/violate.h"

#define A_WHILE_US 500000 /* a frontend that looks at once does not see what comes after */

static struct disk *to_disk(struct back *back)
{
	return (struct disk *)back;
}

/* ---- offering -------------------------------------------------------------------------------------------------- */

static void write_fault(struct back *back)
{
	back_write(back, "hotplug-error", "%s", to_disk(back)->fault.text);
	back_write(back, "hotplug-status", "error");
	back_switch(back, XB_INIT_WAIT);
}

static void write_half_an_offer(struct back *back)
{
	back_write_size(back);
	back_write_limits(back);
	back_switch(back, XB_INIT_WAIT);
}

/* A disk that cannot be served gets to InitWait all the same: it is what the toolstack waits for, to be told why. */
static void offer(struct disk *disk)
{
	struct back *back = &disk->back;

	disk->was_offered = true;
	if (disk->fd < 0 && !violates("BUS-18"))
		back_transaction(back, write_fault);
	else if (disk->fd >= 0 && violates("BUS-11"))
		back_transaction(back, write_half_an_offer);
	else if (disk->fd >= 0)
		back_offer(back);
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static void release(struct disk *disk)
{
	if (!violates("GNT-14"))
		disk_unmap_kept(disk);
	back_release(&disk->back);
	disk->is_connected = false;
}

/* A frontend that has gone on meanwhile, to a new ring perhaps, would never be looked at again. */
static void write_closing(struct back *back)
{
	if (!back_frontend_has_moved(back))
		back_switch(back, XB_CLOSING);
}

static void refuse(struct disk *disk, int rc, const struct errbuf *why)
{
	struct back *back = &disk->back;
	struct errbuf ignored;

	release(disk);
	xb_report_error(back->store, back->dev.dir, rc, why->text, &ignored);
	back_transaction(back, write_closing);
}

/* false, for take_up() to return. */
static bool give_up(struct disk *disk, bool says_so, const struct errbuf *why)
{
	if (says_so)
		refuse(disk, -EINVAL, why);
	else
		release(disk);
	return false;
}

static bool take_up(struct disk *disk)
{
	struct back *back = &disk->back;
	struct errbuf why;

	if (!back_read_options(back, &why))
		return give_up(disk, true, &why);
	if (back->nr_queues > 1 ? !back_read_queue(back, 0, &why) : !back_read_ring(back, &why))
		return give_up(disk, !violates("BUS-6"), &why);
	if (back_map_ring(back, &why) ? back_bind(back, &why) : violates("GNT-6"))
		return true;
	return give_up(disk, !violates("BUS-27"), &why);
}

static void write_connected(struct back *back)
{
	struct errbuf ignored;

	to_disk(back)->is_connected = !back_frontend_has_moved(back);
	if (!to_disk(back)->is_connected)
		return; /* it would take us to be connected with what it has by now */
	back_write_size(back);
	back_switch(back, XB_CONNECTED);
	if (violates("BUS-3"))
		xb_write(back->store, back->dev.otherend, "backend-state", &ignored, "4");
}

static void announce(struct disk *disk)
{
	struct back *back = &disk->back;
	struct errbuf ignored;

	if (!back_transaction(back, write_connected) || !disk->is_connected) {
		release(disk);
		return;
	}
	xb_clear_error(back->store, back->dev.dir, &ignored);
	if (violates("BUS-11")) {
		usleep(A_WHILE_US);
		back_transaction(back, back_write_features);
	}
}

/* Where there is a script, it has succeeded. */
static bool hotplug_is_done(struct back *back)
{
	struct errbuf ignored;
	char status[32];

	if (!xb_exists(back->store, back->dev.dir, "script"))
		return true;
	xb_read_string_or(back->store, back->dev.dir, "hotplug-status", "", status, sizeof(status), &ignored);
	return strcmp(status, "connected") == 0;
}

static void connect(struct disk *disk)
{
	if (disk->fd < 0 || !hotplug_is_done(&disk->back))
		return;
	disk->nr_empty_events = 0;
	disk->has_last_id = false;
	disk->nr_connections++;
	if (violates("BUS-25")) {
		announce(disk);
		usleep(A_WHILE_US);
	}
	if (take_up(disk) && !disk->is_connected)
		announce(disk);
	if (disk->back.ring && violates("EVT-2"))
		disk_wait_for_event(disk);
}

/* ---- closing --------------------------------------------------------------------------------------------------- */

/* Until back_end() nobody knows of them any more. */
static void lose(struct disk *disk)
{
	disk->back.ring = NULL;
	disk->back.port = -1;
	disk->is_connected = false;
}

/* false: for good. */
static bool disconnect(struct disk *disk)
{
	bool is_wanted = xb_device_is_online(&disk->back.dev);

	if (violates("BUS-35"))
		lose(disk);
	else
		release(disk);
	back_switch(&disk->back, XB_CLOSED);
	return is_wanted || violates("BUS-40");
}

/* The directory was removed, and perhaps made anew. */
static void leave(struct disk *disk)
{
	struct back *back = &disk->back;
	struct errbuf ignored;

	if (violates("BUS-4"))
		xb_write(back->store, back->dev.dir, "state", &ignored, "%d", XB_CLOSED);
	if (violates("BUS-42"))
		lose(disk);
	else
		release(disk);
}

/* ---- what next ------------------------------------------------------------------------------------------------- */

/* Both in order, or what goes on was begun by somebody else, who has ended. */
static void stay(struct disk *disk, enum xb_state ours, enum xb_state theirs)
{
	bool has_announced = theirs == XB_INITIALISED || theirs == XB_CONNECTED;

	if (ours == XB_INITIALISING)
		offer(disk);
	else if (ours == XB_CONNECTED && !disk->is_connected)
		back_switch(&disk->back, XB_CLOSING);
	else if (violates("BUS-19") && ours == XB_CONNECTED && has_announced && !disk->back.ring)
		connect(disk);
	else if (violates("BUS-19") && ours == XB_INIT_WAIT && hotplug_is_done(&disk->back))
		announce(disk);
}

static void begin_closing(struct disk *disk)
{
	disk->must_see_closed = violates("BUS-30");
	back_transaction(&disk->back, write_closing); /* and serve what comes, until the frontend is Closed */
}

static void forbid(struct disk *disk, enum xb_state ours)
{
	struct errbuf why;

	errbuf_set(&why, 0, "the frontend is in a state that does not go with %s", xb_state_name(ours));
	if (ours != XB_CLOSING && ours != XB_CLOSED && !violates("BUS-28"))
		refuse(disk, -EPROTO, &why);
}

/* false: the disk is no longer ours to serve. */
static bool act(struct disk *disk, enum xb_state ours, enum xb_state theirs)
{
	switch (xb_device_action(&disk->back.dev, ours, theirs)) {
	case XB_ACT_CONNECT:
		if (!disk->was_offered || ours == XB_CLOSED)
			offer(disk);
		if (!(violates("BUS-21") && theirs == XB_CONNECTED))
			connect(disk);
		return true;
	case XB_ACT_RESTART:
		release(disk);
		offer(disk);
		return true;
	case XB_ACT_OFFER:
		if (!violates("BUS-43"))
			offer(disk);
		return true;
	case XB_ACT_CLOSE:
		begin_closing(disk);
		return true;
	case XB_ACT_DISCONNECT:
		return (violates("BUS-34") && ours != XB_CLOSING) || disconnect(disk);
	case XB_ACT_GONE:
		return violates("BUS-41") || disconnect(disk);
	case XB_ACT_NONE:
		stay(disk, ours, theirs);
		return true;
	default:
		forbid(disk, ours);
		return true;
	}
}

static bool look(struct disk *disk)
{
	enum xb_state ours = back_own_state(&disk->back);
	enum xb_state theirs = back_frontend_state(&disk->back);

	if (ours == XB_UNKNOWN || (ours == XB_INITIALISING && disk->was_offered)) {
		leave(disk);
		return false;
	}
	if (disk->must_see_closed && theirs != XB_CLOSED)
		return true;
	disk->must_see_closed = false;
	return act(disk, ours, theirs);
}

/* ---- serving --------------------------------------------------------------------------------------------------- */

static void write_new_size(struct back *back)
{
	back_write_size(back);
	back_write(back, "state", "%d", XB_CONNECTED);
}

static void look_at_size(struct disk *disk)
{
	if (back_own_state(&disk->back) == XB_CONNECTED && image_has_grown(disk))
		back_transaction(&disk->back, write_new_size);
}

/* Until something has changed in xenstore. */
static void serve_ring(struct disk *disk)
{
	const struct errbuf why = { "the ring's indexes are impossible" };
	enum ring_look found;
	unsigned int seen = 0;

	while (!(seen & BACK_SAW_STORE)) {
		found = disk->back.ring ? disk_look_into_ring(disk, seen & BACK_SAW_EVENT) : RING_SLEEPS;
		if (found == RING_IS_BROKEN && violates("BUS-50"))
			exit(EXIT_FAILURE);
		if (found == RING_IS_BROKEN && violates("RING-14"))
			back_switch(&disk->back, XB_CLOSING);
		else if (found == RING_IS_BROKEN)
			refuse(disk, -EPROTO, &why);
		seen = back_sleep(&disk->back, found == RING_HAS_MORE ? 0 : BACK_FOR_EVER);
		if (seen & BACK_WOKEN)
			takeover_leave(disk);
		if (seen & BACK_SAW_EVENT)
			look_at_size(disk);
	}
}

static void end(struct disk *disk)
{
	struct errbuf ignored;

	image_close(disk);
	xb_clear_error(disk->back.store, disk->back.dev.dir, &ignored);
	if (violates("BUS-42"))
		xb_device_fini(&disk->back.dev);
	else
		back_end(&disk->back);
}

void disk_serve(struct disk *disk, uint32_t sector_bytes)
{
	struct back *back = &disk->back;

	disk->was_offered = back_own_state(back) != XB_INITIALISING;
	back->sector_bytes = sector_bytes;
	back->max_queues = violates("BLK-7.queues") ? 2 : 1;
	back->max_indirect_segments = DISK_MAX_SEGMENTS;
	back->is_persistent = !violates("GNT-12");
	takeover_begin(disk);
	image_open(disk);
	takeover_resume(disk);
	while (look(disk))
		serve_ring(disk);
	takeover_end(disk);
	end(disk);
}
