// SPDX-License-Identifier: MIT
#include "backend/blk/order.h"

#include "backend/blk/io.h"

void blk_order_init(struct blk_order *order)
{
	*order = (struct blk_order){ 0 };
	io_list_init(&order->held);
}

/* Only for the request that was taken first of those that have not started. */
static bool start(struct blk_order *order, struct blk_io *io)
{
	bool is_barrier = io->kind == BLK_IO_BARRIER;

	if (order->is_barrier_running || (is_barrier && order->nr_running > 0))
		return false;
	order->nr_running++;
	order->is_barrier_running = is_barrier;
	io->is_running = true;
	return true;
}

bool blk_order_take(struct blk_order *order, struct blk_io *io)
{
	if (!order->held.first && start(order, io))
		return true;
	io_list_add(&order->held, io);
	return false;
}

void blk_order_done(struct blk_order *order, struct blk_io *io)
{
	if (!io->is_running)
		return;
	io->is_running = false;
	order->nr_running--;
	order->is_barrier_running = false; /* if it was, nothing else ran */
}

struct blk_io *blk_order_next(struct blk_order *order)
{
	if (!order->held.first || !start(order, order->held.first))
		return NULL;
	return io_list_take(&order->held);
}
