// SPDX-License-Identifier: MIT
#include "tests/conform/peer/race.h"

#include "tests/conform/verdict.h"

static void *run_race(void *arg)
{
	struct race *race = arg;
	unsigned int seed = race->front->seed;

	while (!race->is_over)
		race->step(race->front, &seed);
	return NULL;
}

void race_begin(struct race *race, struct front *front, void (*step)(struct front *front, unsigned int *seed))
{
	*race = (struct race){ .front = front, .step = step };
	if (pthread_create(&race->thread, NULL, run_race, race))
		error("no thread");
}

void race_end(struct race *race)
{
	race->is_over = true;
	pthread_join(race->thread, NULL);
}
