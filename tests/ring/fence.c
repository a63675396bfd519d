// SPDX-License-Identifier: MIT
/*
 * Does peer_fence() keep a load behind the stores before it? Two threads store, and look at what the other has stored:
 * one of them has to see it, or both go to sleep for ever (docs/protocol.md, RING-20). Rounds without a fence alternate
 * with those that have it, and go on until they have shown often enough that both can miss it on this machine.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "common/ring/order.h"

#define ENOUGH     1000 /* rounds in which both saw nothing */
#define ROUNDS_MAX 200000000u
#define DEADLINE_S 120

/* What the two share; each line has one writer. */
static struct side {
	ring_idx stored __attribute__((aligned(64)));
	ring_idx round __attribute__((aligned(64))); /* the last one that it has begun */
	bool saw_nothing;
} sides[2];
static bool has_fence; /* of this round; changed while the other side waits for the next one */
static bool is_over;

static void play_round(struct side *mine, const struct side *other, ring_idx round)
{
	peer_store(&mine->stored, round);
	if (has_fence)
		peer_fence();
	else
		__atomic_signal_fence(__ATOMIC_SEQ_CST); /* the compiler keeps the order, the CPU need not */
	mine->saw_nothing = peer_load(&other->stored) != round;
}

/* false: there is none. */
static bool wait_for_round(const struct side *other, ring_idx round)
{
	while (peer_load_acquire(&other->round) != round) {
		if (__atomic_load_n(&is_over, __ATOMIC_ACQUIRE))
			return false;
	}
	return true;
}

static void *follow(void *unused)
{
	for (ring_idx round = 1; wait_for_round(&sides[0], round); round++) {
		play_round(&sides[1], &sides[0], round);
		peer_store_release(&sides[1].round, round);
	}
	return unused;
}

/* The other thread begins when it sees the round; so do we, a little later each time, to meet it. */
static bool both_saw_nothing(ring_idx round)
{
	peer_store_release(&sides[0].round, round);
	for (volatile ring_idx delay = round / 2 % 64; delay > 0; delay--)
		;
	play_round(&sides[0], &sides[1], round);
	while (peer_load_acquire(&sides[1].round) != round)
		;
	return sides[0].saw_nothing && sides[1].saw_nothing;
}

static unsigned int nr_cpus(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);
}

int main(void)
{
	unsigned int nr_missed[2] = { 0, 0 };
	ring_idx round;
	pthread_t thread;

	alarm(DEADLINE_S);
	if (nr_cpus() < 2 || pthread_create(&thread, NULL, follow, NULL)) {
		printf("ok 1 - of two that store and then look, one sees the other # SKIP it takes two CPUs\n1..1\n");
		return 0;
	}
	for (round = 1; nr_missed[0] < ENOUGH && round < ROUNDS_MAX; round++) {
		has_fence = round % 2;
		nr_missed[has_fence] += both_saw_nothing(round);
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	printf("%sok 1 - of two that store and then look, one sees the other\n", nr_missed[1] ? "not " : "");
	printf("%sok 2 - without the fence both miss it at times\n", nr_missed[0] < ENOUGH ? "not " : "");
	printf("# %u rounds: missed with the fence %u, without %u\n1..2\n", round, nr_missed[1], nr_missed[0]);
	return nr_missed[1] || nr_missed[0] < ENOUGH;
}
