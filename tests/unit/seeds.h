/* SPDX-License-Identifier: MIT */
/* The runs of a test that is one by seed. In the environment, SEEDS=N: so many of them; SEED=N: only that one. */
#ifndef TESTS_UNIT_SEEDS_H
#define TESTS_UNIT_SEEDS_H

#include <stdint.h>
#include <stdlib.h>

static unsigned int seed_from_environment(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

/* *state is the seed of the run that is under way, or was last. */
static void run_seeds(void **state, unsigned int nr_runs, void (*run)(uint64_t seed))
{
	unsigned int only = seed_from_environment("SEED", 0);
	unsigned int last = only ? only : seed_from_environment("SEEDS", nr_runs);

	for (unsigned int seed = only ? only : 1; seed <= last; seed++) {
		*state = (void *)(uintptr_t)seed;
		run(seed);
	}
}

static void say_last_seed(void **state)
{
	unsigned int seed = (uintptr_t)*state;

	print_message("# the last seed was %u: SEED=%u is that run alone\n", seed, seed);
}

#endif
