// SPDX-License-Identifier: MIT
/*
 * Parts of a disk's larger sectors from several threads at once, of which each has sectors of its own, as many in one
 * unit as it happens (seeds.h).
 */
#include "tests/unit/blk_unaligned.h"
#include "tests/unit/seeds.h"

#define NR_RUNS      100
#define NR_THREADS   3
#define NR_AT_ONCE   12
#define NR_TO_DO     150
#define MEMORY_BYTES (LOSSY_NR_SECTORS * LOSSY_SECTOR_BYTES)

struct thread {
	pthread_t id;
	struct loop loop;
	struct loop_task task;
	uint64_t dice;
	unsigned int nr_to_do, nr_out, nr_wrong;
	uint64_t last_tag;
	uint64_t tag[LOSSY_NR_SECTORS]; /* of its sectors; UNKNOWN: they were forgotten */
	bool is_busy[LOSSY_NR_SECTORS];
	struct action {
		struct blk_op op;
		struct iovec iov[2];
		struct thread *thread;
		uint8_t *memory;
		uint64_t tag;
		bool is_out;
	} action[NR_AT_ONCE];
};

#define UNKNOWN UINT64_MAX

static struct thread threads[NR_THREADS];
static unsigned int owner[LOSSY_NR_SECTORS];

/* Small runs, so that a unit has several owners, and some that are of whole units. */
static void share_out(uint64_t *dice)
{
	unsigned int sector = 0, nr;

	while (sector < LOSSY_NR_SECTORS) {
		unsigned int who = random_below(dice, NR_THREADS);

		for (nr = 1 + random_below(dice, random_below(dice, 4) ? 6 : 40); nr > 0 && sector < LOSSY_NR_SECTORS;
		     nr--)
			owner[sector++] = who;
	}
}

static uint64_t sector_of(const struct action *action, unsigned int i)
{
	return action->op.offset_bytes / LOSSY_SECTOR_BYTES + i;
}

static void action_done(struct blk_op *op, int rc)
{
	struct action *action = container_of(op, struct action, op);
	struct thread *thread = action->thread;

	thread->nr_wrong += rc != 0 || !pthread_equal(pthread_self(), thread->id);
	for (unsigned int i = 0; i < op->len_bytes / LOSSY_SECTOR_BYTES; i++) {
		uint64_t sector = sector_of(action, i), *tag = &thread->tag[sector];

		thread->is_busy[sector] = false;
		if (op->kind == BLK_OP_WRITE)
			*tag = action->tag;
		else if (op->kind == BLK_OP_DISCARD)
			*tag = UNKNOWN;
		else
			thread->nr_wrong += *tag != UNKNOWN && lossy_tag(lossy_memory(op, i)) != *tag;
	}
	action->is_out = false;
	thread->nr_out--;
}

/* How many of its sectors from there on nothing of its own is about. */
static unsigned int room_at(const struct thread *thread, unsigned int sector)
{
	unsigned int nr = 0;

	while (sector + nr < LOSSY_NR_SECTORS && &threads[owner[sector + nr]] == thread &&
	       !thread->is_busy[sector + nr])
		nr++;
	return nr;
}

static void act(struct action *action, unsigned int sector, unsigned int nr)
{
	static const enum blk_op_kind kinds[] = { BLK_OP_READ, BLK_OP_WRITE, BLK_OP_WRITE, BLK_OP_WRITE,
						  BLK_OP_DISCARD };
	struct thread *thread = action->thread;
	size_t first_bytes = random_below(&thread->dice, nr) * LOSSY_SECTOR_BYTES; /* maybe none */
	uint8_t *at = action->memory + random_below(&thread->dice, 2) * LOSSY_SECTOR_BYTES;

	action->tag = ++thread->last_tag * NR_THREADS + (thread - threads);
	action->is_out = true;
	action->iov[0] = (struct iovec){ at, first_bytes };
	action->iov[1] = (struct iovec){ at + first_bytes, nr * LOSSY_SECTOR_BYTES - first_bytes };
	action->op = (struct blk_op){
		.kind = kinds[random_below(&thread->dice, 5)],
		.offset_bytes = sector * LOSSY_SECTOR_BYTES,
		.len_bytes = nr * LOSSY_SECTOR_BYTES,
		.iov = first_bytes ? action->iov : action->iov + 1,
		.nr_iov = first_bytes ? 2 : 1,
		.buffer_index = -1,
		.done = action_done,
	};
	for (unsigned int i = 0; i < nr; i++) {
		thread->is_busy[sector + i] = true;
		lossy_fill(at + i * LOSSY_SECTOR_BYTES, action->tag);
	}
	thread->nr_to_do--;
	thread->nr_out++;
	engine->ops->submit(engine, &thread->loop, &action->op);
}

static void try_to_act(struct thread *thread)
{
	struct action *action = &thread->action[random_below(&thread->dice, NR_AT_ONCE)];
	unsigned int sector = random_below(&thread->dice, LOSSY_NR_SECTORS), room = room_at(thread, sector);

	if (!action->is_out && room)
		act(action, sector, 1 + random_below(&thread->dice, room));
}

static void step(struct loop_task *task)
{
	struct thread *thread = container_of(task, struct thread, task);

	if (thread->nr_to_do && random_below(&thread->dice, 2))
		try_to_act(thread);
	else
		lossy_do_one(&disk, &thread->loop);
	if (thread->nr_to_do || thread->nr_out)
		loop_defer(&thread->loop, task);
	else
		loop_stop(&thread->loop);
}

static void *run_thread(void *arg)
{
	struct thread *thread = arg;

	if (loop_init(&thread->loop, 16)) {
		thread->nr_wrong++;
		return NULL;
	}
	thread->task.run = step;
	loop_defer(&thread->loop, &thread->task);
	loop_run(&thread->loop);
	return NULL;
}

static void start_thread(struct thread *thread, uint64_t seed)
{
	memset(thread, 0, sizeof(*thread));
	thread->dice = seed;
	thread->nr_to_do = NR_TO_DO;
	for (unsigned int i = 0; i < NR_AT_ONCE; i++) {
		thread->action[i].thread = thread;
		thread->action[i].memory = aligned_alloc(UNIT_BYTES, MEMORY_BYTES + UNIT_BYTES);
	}
	assert_int_equal(pthread_create(&thread->id, NULL, run_thread, thread), 0);
}

/* Its loop goes last: until then another thread may be about to wake it. */
static void end_threads(void)
{
	for (unsigned int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i].id, NULL);
	for (unsigned int i = 0; i < NR_THREADS; i++) {
		loop_fini(&threads[i].loop);
		for (unsigned int k = 0; k < NR_AT_ONCE; k++)
			free(threads[i].action[k].memory);
	}
}

static void do_run(uint64_t seed)
{
	uint64_t dice = seed;

	open_disk(random_next(&dice));
	share_out(&dice);
	for (unsigned int i = 0; i < NR_THREADS; i++)
		start_thread(&threads[i], random_next(&dice));
	end_threads();
	for (unsigned int i = 0; i < NR_THREADS; i++)
		assert_int_equal(threads[i].nr_wrong, 0);
	for (unsigned int s = 0; s < LOSSY_NR_SECTORS; s++) {
		uint64_t tag = threads[owner[s]].tag[s];

		if (tag != UNKNOWN)
			assert_int_equal(tag_of(s), tag);
	}
	close_disk();
}

static void each_thread_finds_what_it_wrote_whoever_writes_beside_it(void **state)
{
	run_seeds(state, NR_RUNS, do_run);
}

static int say_seed(void **state)
{
	say_last_seed(state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(each_thread_finds_what_it_wrote_whoever_writes_beside_it, say_seed),
	};

	return cmocka_run_group_tests_name("backend/blk/unaligned, from threads", tests, NULL, NULL);
}
