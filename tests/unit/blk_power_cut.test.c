// SPDX-License-Identifier: MIT
/*
 * Order and durability through the whole data path: a frontend on a ring in plain memory, a disk that does all that a
 * disk may do (blk_lossy.h), and a judge (blk_promises.h). At every step it is asked what a power cut would leave. Half
 * of the disks have sectors of 4096 bytes, of which requests are any parts.
 * One run is a seed (seeds.h).
 */
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/blk/blk_queue.h"
#include "backend/blk/growth.h"
#include "backend/blk/unaligned.h"
#include "backend/core/device_rings.h"
#include "common/ring/front.h"
#include "tests/unit/blk_lossy_cut.h"
#include "tests/unit/blk_promises.h"
#include "tests/unit/seeds.h"

#define NR_SLOTS   32 /* what fits a page, of either ABI */
#define LOCAL_PORT 3
#ifdef __SANITIZE_ADDRESS__
#define NR_RUNS 300 /* what it looks for is found in a few */
#else
#define NR_RUNS 1000
#endif

/* ---- the guest's memory and the hypervisor: a reference is the number of a page -------------------------------- */

#define PAGE_BYTES  4096
#define SECTORS_PER_PAGE 8
#define RING_GREF	 1
#define MAX_SEGMENTS     32 /* of an INDIRECT */
#define PAGES_OF_REQUEST (MAX_SEGMENTS + 1) /* the last one is for the segments of an INDIRECT */
#define NR_GUEST_PAGES	 (2 + NR_SLOTS * PAGES_OF_REQUEST)

static struct {
	int fd;
	uint8_t *base;
} memory;

static bool is_masked;

static uint8_t *guest_page(uint32_t gref)
{
	assert_true(gref > 0 && gref < NR_GUEST_PAGES);
	return memory.base + (size_t)gref * PAGE_BYTES;
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int flags)
{
	return (xengnttab_handle *)&memory;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	return 0;
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid, uint32_t *refs, int prot)
{
	uint8_t *area = mmap(NULL, (size_t)count * PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(area, MAP_FAILED);
	for (uint32_t i = 0; i < count; i++)
		assert_ptr_not_equal(mmap(area + (size_t)i * PAGE_BYTES, PAGE_BYTES, prot, MAP_SHARED | MAP_FIXED,
					  memory.fd, (off_t)refs[i] * PAGE_BYTES),
				     MAP_FAILED);
	return area;
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	return munmap(start_address, (size_t)count * PAGE_BYTES);
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	for (uint32_t i = 0; i < count; i++) {
		xengnttab_grant_copy_segment_t *seg = &segs[i];

		if (seg->flags & GNTCOPY_source_gref)
			memcpy(seg->dest.virt, guest_page(seg->source.foreign.ref) + seg->source.foreign.offset,
			       seg->len);
		else
			memcpy(guest_page(seg->dest.foreign.ref) + seg->dest.foreign.offset, seg->source.virt,
			       seg->len);
		seg->status = GNTST_okay;
	}
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid, evtchn_port_t remote_port)
{
	is_masked = false;
	return LOCAL_PORT;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	return 0;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	is_masked = false;
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	return 0;
}

/* ---- the daemon's side ----------------------------------------------------------------------------------------- */

static struct lossy disk;
static struct blk_engine *engine; /* it, or if it has large sectors what stands before it */
static struct image image;
static struct guest_limits log_limits;
static struct persistent_budget budget;
static struct worker worker;
static struct blk_growth growth;
static struct device_ring ring;
static struct blk_queue *queue;
static enum blk_abi abi;
static bool has_started, is_released;
static uint64_t dice; /* the frontend's; the disk has its own */

static void on_started(void *owner, int rc, const struct errbuf *err)
{
	assert_int_equal(rc, 0);
	has_started = true;
}

static void on_failed(void *owner, const char *reason)
{
	fail_msg("the queue failed: %s", reason);
}

static void on_stopped(void *owner, uint32_t nr_orphans)
{
	assert_int_equal(nr_orphans, 0);
}

static void on_released(void *owner)
{
	is_released = true;
}

static struct {
	struct loop_task task;
	const bool *is_over;
	unsigned int nr_batches;
} run;

static void look(struct loop_task *task)
{
	if (run.is_over ? *run.is_over : run.nr_batches-- == 0)
		loop_stop(&worker.loop);
	else
		loop_defer(&worker.loop, task);
}

static void run_loop(const bool *until, unsigned int nr_batches)
{
	run.task.run = look;
	run.is_over = until;
	run.nr_batches = nr_batches;
	worker.loop.is_stopping = false;
	loop_defer(&worker.loop, &run.task);
	loop_run(&worker.loop);
}

static void send_event(void)
{
	assert_false(is_masked);
	is_masked = true;
	worker.by_port[LOCAL_PORT]->event(worker.by_port[LOCAL_PORT]);
}

static void start_queue(void)
{
	struct blk_queue_params params = {
		.label = "vbd 5/51712",
		.log_limits = &log_limits,
		.image = &image,
		.growth = &growth,
		.ring = &ring,
		.abi = abi,
		.nr_queues = 1,
		.limits = { .has_discard = true, .max_indirect_segments = MAX_SEGMENTS },
		.maps_data = random_below(&dice, 3) == 0,
		.max_persistent_pages = random_below(&dice, 2) ? 1056 : 0,
		.zeros = random_below(&dice, BLK_NR_ZEROS),
		.budget = &budget,
	};
	const struct blk_queue_events events = {
		.loop = &worker.loop,
		.started = on_started,
		.failed = on_failed,
		.stopped = on_stopped,
		.released = on_released,
	};

	image = (struct image){ .engine = engine };
	growth = (struct blk_growth){ .image = &image };
	blk_growth_init(&growth, LOSSY_NR_SECTORS);
	ring.identity = (struct journal_identity){
		.kind = "vbd",
		.domid = 5,
		.remote_port = 9,
		.nr_refs = 1,
		.ref = { RING_GREF },
		.nr_slots = NR_SLOTS,
		.request_bytes = blk_request_bytes(abi),
		.response_bytes = blk_response_bytes(abi),
	};
	queue = blk_queue_new(&params, &events);
	blk_queue_start(queue, &worker);
	run_loop(&has_started, 0);
	send_event(); /* a port is pending when it is bound */
	run_loop(NULL, 8);
}

/* ---- the frontend ---------------------------------------------------------------------------------------------- */

static struct ring_front front;
static struct promises promises;
static unsigned int number_of[NR_SLOTS]; /* of the request that has this id */
static struct blk_request sent[NR_SLOTS];
static struct blk_segment segments_of[NR_SLOTS][MAX_SEGMENTS]; /* a copy of a direct one's */
static unsigned int free_ids[NR_SLOTS], nr_free_ids;

static uint32_t page_of(unsigned int id, unsigned int segment)
{
	return 2 + id * PAGES_OF_REQUEST + segment;
}

static unsigned int max_segments(uint8_t operation)
{
	return operation == BLKIF_OP_READ || operation == BLKIF_OP_WRITE ? MAX_SEGMENTS : BLK_MAX_SEGMENTS;
}

/* So many sectors, anywhere in their pages; as many pages as it happens, if what is left still fits. */
static void choose_segments(struct blk_request *req, unsigned int id, unsigned int nr_sectors)
{
	while (nr_sectors > 0) {
		unsigned int fits_later = (max_segments(req->operation) - req->nr_segments - 1) * SECTORS_PER_PAGE;
		unsigned int least = nr_sectors > fits_later ? nr_sectors - fits_later : 1;
		unsigned int most = nr_sectors < SECTORS_PER_PAGE ? nr_sectors : SECTORS_PER_PAGE;
		unsigned int n = least + random_below(&dice, most - least + 1);
		unsigned int first = random_below(&dice, SECTORS_PER_PAGE - n + 1);

		segments_of[id][req->nr_segments] = (struct blk_segment){
			.gref = page_of(id, req->nr_segments),
			.first_sect = first,
			.last_sect = first + n - 1,
		};
		req->nr_segments++;
		nr_sectors -= n;
	}
}

static uint8_t *sector_at(const struct blk_segment *segment, unsigned int number)
{
	return guest_page(segment->gref) + number * LOSSY_SECTOR_BYTES;
}

static void fill_data(unsigned int id, uint64_t tag)
{
	for (unsigned int i = 0; i < sent[id].nr_segments; i++) {
		const struct blk_segment *segment = &segments_of[id][i];

		for (unsigned int s = segment->first_sect; s <= segment->last_sect; s++)
			lossy_fill(sector_at(segment, s), tag);
	}
}

static void check_data(unsigned int id, unsigned int number)
{
	uint64_t sector = sent[id].sector;

	for (unsigned int i = 0; i < sent[id].nr_segments; i++) {
		const struct blk_segment *segment = &segments_of[id][i];

		for (unsigned int s = segment->first_sect; s <= segment->last_sect; s++)
			promises_check_read(&promises, number, sector++, lossy_tag(sector_at(segment, s)));
	}
}

static uint8_t choose_operation(void)
{
	static const uint8_t operations[] = {
		BLKIF_OP_READ,	  BLKIF_OP_READ,  BLKIF_OP_WRITE,	    BLKIF_OP_WRITE,
		BLKIF_OP_WRITE,	  BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_WRITE_BARRIER,
		BLKIF_OP_DISCARD,
	};

	return operations[random_below(&dice, sizeof(operations))];
}

/* Most are small and in one place, so that they meet. */
static struct promised choose_request(void)
{
	struct promised next = { .operation = choose_operation() };
	bool is_empty_one = next.operation == BLKIF_OP_FLUSH_DISKCACHE || next.operation == BLKIF_OP_WRITE_BARRIER;
	unsigned int most = random_below(&dice, 8) ? 12 : 64;
	unsigned int room = random_below(&dice, 4) ? 32 : PROMISES_NR_SECTORS;

	if (is_empty_one && random_below(&dice, 2))
		return next;
	if (most > room)
		most = room;
	next.writes_zeros = random_below(&dice, 6) == 0;
	next.nr_sectors = 1 + random_below(&dice, most);
	next.sector = random_below(&dice, room - next.nr_sectors + 1);
	return next;
}

static void make_request(const struct promised *next, unsigned int id, uint64_t tag)
{
	struct blk_request *req = &sent[id];

	*req = (struct blk_request){ .operation = next->operation, .id = id, .sector = next->sector };
	if (next->operation == BLKIF_OP_DISCARD) {
		req->nr_sectors = next->nr_sectors;
		return;
	}
	choose_segments(req, id, next->nr_sectors);
	fill_data(id, next->operation == BLKIF_OP_READ ? UINT64_MAX : tag);
	if (max_segments(next->operation) > BLK_MAX_SEGMENTS)
		req->is_indirect = req->nr_segments > BLK_MAX_SEGMENTS || random_below(&dice, 4) == 0;
	req->segments_gref[0] = page_of(id, PAGES_OF_REQUEST - 1);
	if (req->is_indirect)
		blk_segments_encode(segments_of[id], req->nr_segments, guest_page(req->segments_gref[0]));
	else
		memcpy(req->segment, segments_of[id], req->nr_segments * sizeof(*req->segment));
}

static void put_requests(unsigned int n, unsigned int depth)
{
	uint8_t slot[BLK_MAX_REQUEST_BYTES];

	while (n-- > 0 && promises.nr_out < depth) {
		struct promised next = choose_request();
		unsigned int id;

		if (!promises_may_publish(&promises, &next))
			continue;
		id = free_ids[--nr_free_ids];
		number_of[id] = promises_publish(&promises, &next);
		make_request(&next, id, promises_tag(&promises, number_of[id]));
		blk_request_encode(abi, &sent[id], slot);
		assert_true(ring_front_put(&front, slot));
	}
	if (ring_front_push(&front))
		send_event();
}

static void take_responses(void)
{
	uint8_t slot[BLK_MAX_RESPONSE_BYTES];
	struct blk_response response;

	do {
		while (ring_front_pop(&front, slot) == RING_GOT) {
			blk_response_decode(abi, slot, &response);
			assert_int_equal(response.status, BLKIF_RSP_OKAY);
			if (response.operation == BLKIF_OP_READ)
				check_data(response.id, number_of[response.id]);
			promises_answer(&promises, number_of[response.id]);
			free_ids[nr_free_ids++] = response.id;
		}
	} while (ring_front_final_check(&front));
}

/* ---- a run ----------------------------------------------------------------------------------------------------- */

static void set_up_run(uint64_t seed)
{
	char path[] = "/tmp/pvring-power-XXXXXX";
	struct ring_layout layout = { 0 };
	struct errbuf err;

	dice = seed;
	abi = random_below(&dice, BLK_NR_ABIS);
	lossy_init(&disk, random_below(&dice, 2) ? 512 : 4096, random_next(&dice));
	engine = &disk.engine;
	assert_int_equal(unaligned_open(&engine, "lossy", &err), 0);
	memset(&promises, 0, sizeof(promises));
	for (nr_free_ids = 0; nr_free_ids < NR_SLOTS; nr_free_ids++)
		free_ids[nr_free_ids] = nr_free_ids;
	assert_true(ring_layout_init(&layout, PAGE_BYTES, blk_request_bytes(abi), blk_response_bytes(abi)));
	assert_int_equal(layout.nr_slots, NR_SLOTS);
	ring_front_init(&front, guest_page(RING_GREF), &layout);
	close(mkstemp(path));
	journal_init(&ring.journal);
	assert_int_equal(journal_open(&ring.journal, path, &err), 0);
	budget = (struct persistent_budget){ 0 };
	has_started = is_released = false;
}

static void tear_down_run(void)
{
	blk_queue_stop(queue, QUEUE_CLOSE);
	run_loop(&is_released, 0);
	journal_remove(&ring.journal);
	blk_queue_free(queue);
	engine->ops->close(engine);
}

static void cut_power(void)
{
	uint64_t left[PROMISES_NR_SECTORS];

	lossy_cut(&disk, left);
	promises_check_left(&promises, left);
}

static void do_run(uint64_t seed)
{
	unsigned int depth, nr_requests, most_at_once;

	set_up_run(seed);
	start_queue();
	depth = 1 + random_below(&dice, NR_SLOTS);
	nr_requests = 20 + random_below(&dice, PROMISES_MAX_REQUESTS - 20);
	most_at_once = 1 + random_below(&dice, 8);
	while (promises.nr_requests < nr_requests || promises.nr_out > 0) {
		if (promises.nr_requests < nr_requests && random_below(&dice, 3) == 0)
			put_requests(1 + random_below(&dice, most_at_once), depth);
		else if (random_below(&dice, 3))
			lossy_do_one(&disk, &worker.loop);
		else
			run_loop(NULL, 1 + random_below(&dice, 3));
		take_responses();
		cut_power();
	}
	tear_down_run();
}

static void what_was_promised_is_there_after_a_power_cut(void **state)
{
	run_seeds(state, NR_RUNS, do_run);
}

/* ---- all runs --------------------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	worker.xce = (xenevtchn_handle *)&worker;
	memory.fd = memfd_create("guest", MFD_CLOEXEC);
	if (memory.fd < 0 || ftruncate(memory.fd, NR_GUEST_PAGES * PAGE_BYTES))
		return -1;
	memory.base = mmap(NULL, NR_GUEST_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory.fd, 0);
	return memory.base == MAP_FAILED || loop_init(&worker.loop, 64);
}

/* Also of a run that failed. */
static int teardown(void **state)
{
	say_last_seed(state);
	loop_fini(&worker.loop);
	free(worker.by_port);
	munmap(memory.base, NR_GUEST_PAGES * PAGE_BYTES);
	close(memory.fd);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_promised_is_there_after_a_power_cut, setup, teardown),
	};

	return cmocka_run_group_tests_name("backend/blk/io, order", tests, NULL, NULL);
}
