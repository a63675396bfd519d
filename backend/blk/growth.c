// SPDX-License-Identifier: MIT
#include "backend/blk/growth.h"

#include "backend/blk/image.h"
#include "common/base/container.h"

#define MEASURE_NS 1000000000ULL

/* Helper thread. */
static void run_measure(struct helper_job *job)
{
	struct blk_growth *growth = container_of(job, struct blk_growth, job);
	const struct blk_engine *engine = growth->image->engine;

	growth->size_bytes = engine->ops->measure(engine);
	image_put(growth->image);
}

static void measured(struct helper_job *job)
{
	struct blk_growth *growth = container_of(job, struct blk_growth, job);
	uint64_t size_bytes = growth->size_bytes;

	__atomic_store_n(&growth->is_measuring, false, __ATOMIC_RELEASE);
	growth->measured(growth, size_bytes);
}

void blk_growth_init(struct blk_growth *growth, uint64_t nr_sectors)
{
	growth->nr_sectors = nr_sectors;
	growth->job.run = run_measure;
	growth->job.done = measured;
}

/* With a reference of its own: the disk may give the image back meanwhile. */
bool blk_growth_look(struct blk_growth *growth)
{
	if (!growth->image->engine->ops->measure ||
	    __atomic_exchange_n(&growth->is_measuring, true, __ATOMIC_ACQUIRE))
		return false;
	image_get(growth->image);
	helper_post(growth->helper, growth->loop, &growth->job);
	return true;
}

void blk_growth_look_now_and_then(struct blk_growth *growth, uint64_t now_ns)
{
	uint64_t measured_ns = __atomic_load_n(&growth->measured_ns, __ATOMIC_RELAXED);

	/* Another worker's clock may have been read a little later. */
	if ((int64_t)(now_ns - measured_ns) < (int64_t)MEASURE_NS)
		return;
	__atomic_store_n(&growth->measured_ns, now_ns, __ATOMIC_RELAXED);
	blk_growth_look(growth);
}

uint64_t blk_growth_nr_sectors(const struct blk_growth *growth)
{
	return __atomic_load_n(&growth->nr_sectors, __ATOMIC_RELAXED);
}

void blk_growth_grow(struct blk_growth *growth, uint64_t nr_sectors)
{
	__atomic_store_n(&growth->nr_sectors, nr_sectors, __ATOMIC_RELAXED);
}

bool blk_growth_is_idle(const struct blk_growth *growth)
{
	return !__atomic_load_n(&growth->is_measuring, __ATOMIC_ACQUIRE);
}
