// SPDX-License-Identifier: MIT
/* Taking requests and publishing responses. */
#include "tests/conform/scripted/disk.h"

#include <string.h>
#include <unistd.h>

#include "tests/conform/violate.h"

#define FREE_EMPTY_EVENTS  4 /* in a row */
#define FATAL_EMPTY_EVENTS 3 /* EVT-3 */
#define MAX_TAKEN_AT_ONCE  8 /* RING-17 */
#define FIRST_UNMASK_US    20U
#define MAX_UNMASK_US      10000U
#define EARLY_US           2000 /* RING-11 */
#define CHECKED_US         50   /* RING-13, BLK-64 */

/* ---- responses ------------------------------------------------------------------------------------------------- */

static void put(struct disk *disk, const uint8_t *slot)
{
	struct back *back = &disk->back;

	back_put_raw(back, slot);
	if (violates("RING-10"))
		back_put_raw(back, slot);
}

static void fill_padding(uint8_t slot[BLK_MAX_RESPONSE_BYTES])
{
	slot[9] = 0xff;
	memset(slot + 12, 0xff, BLK_MAX_RESPONSE_BYTES - 12); /* of a 64-bit guest's */
}

static void answer(struct disk *disk, const struct task *task, int16_t status)
{
	uint8_t slot[BLK_MAX_RESPONSE_BYTES];

	blk_response_encode(disk->back.abi,
			    &(struct blk_response){
				    .id = violates("BLK-13") ? (uint32_t)task->id : task->id,
				    .operation = violates("BLK-13") ? 0 : task->operation,
				    .status = status,
			    },
			    slot);
	if (violates("BLK-14"))
		fill_padding(slot);
	put(disk, slot);
}

/* Ours are rsp_prod and req_event. */
static void write_others_fields(struct back *back)
{
	back_overwrite_rsp_event(back, back->rsp_prod + 1);
	back_overwrite_padding(back);
}

/* What was put last, and what the slot holds until then. */
static void publish_before_it_is_there(struct back *back)
{
	static const uint8_t none[BLK_MAX_RESPONSE_BYTES];
	uint8_t response[BLK_MAX_RESPONSE_BYTES];
	ring_idx newest = back->rsp_prod - 1;

	peer_copy(response, back_slot(back, newest), back->layout.response_bytes);
	back_overwrite_slot(back, newest, none);
	back_push(back);
	usleep(EARLY_US);
	back_overwrite_slot(back, newest, response);
}

static void publish(struct disk *disk)
{
	struct back *back = &disk->back;

	if (violates("RING-11"))
		publish_before_it_is_there(back);
	else if (violates("RING-19"))
		back_set_rsp_prod(back, back->rsp_prod);
	else
		back_push(back);
	if (violates("RING-4"))
		write_others_fields(back);
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static void take(struct disk *disk, struct task *task)
{
	back_take_raw(&disk->back, task->slot);
	if (violates("RING-12"))
		memcpy(task->slot, disk->early, sizeof(task->slot));
	task_decode(disk, task);
}

/* As those do who read it in the page, and so late that whoever changes it meanwhile is in time. */
static void take_again(struct disk *disk, struct task *task)
{
	if (violates("RING-13") || violates("BLK-64.twice"))
		usleep(CHECKED_US);
	if (violates("RING-13")) {
		disk->back.req_cons--;
		take(disk, task);
	} else if (violates("BLK-64.twice") && task->is_indirect) {
		task_copy_segments(disk, task);
	}
}

static int16_t serve_one(struct disk *disk, struct task *task)
{
	int16_t status;

	take(disk, task);
	status = task_judge(disk, task);
	if (status == BLKIF_RSP_OKAY)
		take_again(disk, task);
	if (status == BLKIF_RSP_OKAY)
		status = task_carry_out(disk, task);
	answer(disk, task, status);
	return status;
}

static void serve_batch(struct disk *disk, ring_idx nr)
{
	bool must_skip = violates("RING-3") && disk->back.req_cons == 0;
	int16_t status = BLKIF_RSP_ERROR;
	struct task task;

	disk->is_spoilt = false;
	if (violates("RING-6"))
		disk->back.rsp_prod = disk->back.rsp_pushed = ring_shared_rsp_prod(disk->back.ring);
	disk->back.req_cons += must_skip;
	for (ring_idx i = must_skip; i < nr; i++)
		status = serve_one(disk, &task);
	publish(disk);
	if (violates("GNT-11") && status == BLKIF_RSP_OKAY && task.operation == BLKIF_OP_READ) {
		usleep(50000);
		disk_store_again(disk, &task, false);
	}
}

/* Other nodes, perhaps, and the same indexes. */
static bool connect_again(struct back *back)
{
	ring_idx req_cons = back->req_cons, rsp_prod = back->rsp_prod;
	struct errbuf why;

	back_release(back);
	if (!back_connect(back, &why))
		return false;
	back->req_cons = req_cons;
	back->rsp_prod = back->rsp_pushed = rsp_prod;
	return true;
}

/* Whether the frontend has its port still is only seen by who binds it. */
static bool has_port(struct back *back)
{
	struct errbuf why;

	xenevtchn_unbind(back->evtchn, back->port);
	return back_bind(back, &why);
}

/* ---- a look into the ring -------------------------------------------------------------------------------------- */

static bool is_possible(const struct back *back)
{
	ring_idx ahead = peer_load(&back->ring->rsp_event) - back->rsp_pushed;
	ring_idx nr_slots = back->layout.nr_slots;

	if (violates("RING-22") && ahead > nr_slots && (ring_idx)-ahead > nr_slots)
		return false;
	return back_nr_requests(back) <= back_max_requests(back) || violates("RING-7");
}

/* Requests that are answered at once leave room for all that there can be. */
static ring_idx nr_to_take(const struct back *back, bool has_event)
{
	ring_idx nr = back_nr_requests(back), max = back->layout.nr_slots;

	if (violates("RING-17"))
		max = MAX_TAKEN_AT_ONCE;
	if (violates("EVT-3"))
		max = has_event;
	if (violates("RING-12"))
		max = 1;
	return nr < max ? nr : max;
}

/* A guest that only sends events waits longer and longer for us. false: we wait no more. */
static bool bears_event(struct disk *disk, bool has_event, ring_idx nr_taken)
{
	unsigned int nr_too_many;

	if (nr_taken > 0)
		disk->nr_empty_events = 0;
	else if (has_event)
		disk->nr_empty_events++;
	if (violates("EVT-3") && disk->nr_empty_events >= FATAL_EMPTY_EVENTS)
		return false;
	if (!has_event || disk->nr_empty_events <= FREE_EMPTY_EVENTS || violates("EVT-5"))
		return true;
	nr_too_many = disk->nr_empty_events - FREE_EMPTY_EVENTS;
	usleep(nr_too_many < 10 ? FIRST_UNMASK_US << (nr_too_many - 1) : MAX_UNMASK_US);
	return true;
}

static enum ring_look may_sleep(struct back *back)
{
	if (violates("RING-20"))
		return RING_SLEEPS;
	if (violates("RING-17") || violates("EVT-3")) {
		back_ask_for_event(back, back->req_cons + 1);
		return RING_SLEEPS;
	}
	return back_may_sleep(back) ? RING_SLEEPS : RING_HAS_MORE;
}

static void cut_indexes(struct back *back)
{
	back->req_cons = (uint16_t)back->req_cons;
	back->rsp_prod = back->rsp_pushed = (uint16_t)back->rsp_prod;
}

/* What is in the next slot, published or not. */
static void look_ahead(struct disk *disk)
{
	struct back *back = &disk->back;

	back_take_raw(back, disk->early);
	back->req_cons--;
}

/* Not one that the bind has made, or that came just then. */
void disk_wait_for_event(struct disk *disk)
{
	usleep(10000);
	back_drop_events(&disk->back);
	disk->must_be_woken = true;
}

/* Whatever rsp_event says: the process before us may have ended before it did. */
static void notify_after_takeover(struct disk *disk)
{
	if (disk->must_notify)
		back_notify(&disk->back);
	disk->must_notify = false;
}

enum ring_look disk_look_into_ring(struct disk *disk, bool has_event)
{
	struct back *back = &disk->back;
	ring_idx nr;

	disk->must_be_woken &= !has_event;
	if (disk->must_be_woken)
		return RING_SLEEPS;
	if (violates("RING-5"))
		cut_indexes(back);
	if (!is_possible(back))
		return RING_IS_BROKEN;
	nr = nr_to_take(back, has_event);
	if (nr > 0 && violates("BUS-13") && !connect_again(back))
		return RING_IS_BROKEN;
	if (nr > 0)
		serve_batch(disk, nr);
	if (nr > 0 && violates("EVT-7") && !has_port(back))
		return RING_IS_BROKEN;
	notify_after_takeover(disk);
	if (!bears_event(disk, has_event, nr))
		return RING_IS_BROKEN;
	if (violates("RING-12"))
		look_ahead(disk);
	return may_sleep(back);
}
