// SPDX-License-Identifier: MIT
#include "backend/net/credit.h"

#include "common/base/clock.h"
#include "common/base/container.h"

/* Of a rate that is set only now the time 0 begins no window, and the wait is the longest that there is. */
uint64_t net_credit_now_ns(const struct net_credit *credit)
{
	return net_rate_limits(credit->rate) ? clock_now_ns() : 0;
}

bool net_credit_take(struct net_credit *credit, uint32_t bytes, uint64_t now_ns)
{
	return net_rate_take(credit->rate, &credit->share, bytes, now_ns);
}

static void came(struct loop_timer *timer)
{
	queue_kick(container_of(timer, struct net_credit, timer)->queue);
}

void net_credit_wait(struct net_credit *credit, uint64_t now_ns)
{
	if (!credit->timer.is_armed)
		loop_timer_start(&credit->queue->worker->loop, &credit->timer, net_rate_wait_ns(credit->rate, now_ns),
				 came);
}

void net_credit_done(struct net_credit *credit)
{
	net_rate_done(credit->rate, &credit->share);
}

static void gone(struct loop_timer *timer)
{
	struct net_credit *credit = container_of(timer, struct net_credit, timer);

	credit->stopped(credit);
}

void net_credit_stop(struct net_credit *credit, void (*stopped)(struct net_credit *credit))
{
	net_credit_done(credit); /* the rate outlives the connection */
	credit->stopped = stopped;
	if (credit->timer.is_armed)
		loop_timer_cancel(&credit->queue->worker->loop, &credit->timer, gone);
	else
		stopped(credit);
}
