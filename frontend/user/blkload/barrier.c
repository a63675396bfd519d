// SPDX-License-Identifier: MIT
#include "frontend/user/blkload/barrier.h"

#include <stdlib.h>

bool barrier_watch_init(struct barrier_watch *watch, uint32_t nr_ios)
{
	*watch = (struct barrier_watch){ .write = calloc(nr_ios, sizeof(*watch->write)), .nr = nr_ios };
	return watch->write != NULL;
}

void barrier_watch_fini(struct barrier_watch *watch)
{
	free(watch->write);
	*watch = (struct barrier_watch){ 0 };
}

void barrier_watch_submitted(struct barrier_watch *watch, uint32_t index, bool is_barrier)
{
	watch->write[index] = (struct barrier_write){ watch->nr_submitted++, true, is_barrier };
	watch->nr_barriers_out += is_barrier;
}

const char *barrier_watch_answered(struct barrier_watch *watch, uint32_t index)
{
	struct barrier_write *write = &watch->write[index];
	const char *why = NULL;

	if (!write->is_out)
		return NULL;
	/* Whatever was submitted before a barrier, or before it if it is one, is answered first. */
	for (uint32_t i = 0; watch->nr_barriers_out && i < watch->nr; i++) {
		const struct barrier_write *other = &watch->write[i];

		if (!other->is_out || other->number >= write->number)
			continue;
		if (other->is_barrier)
			why = "answered before a barrier that was asked for earlier";
		else if (write->is_barrier)
			why = "a barrier was answered before a write that was asked for earlier";
	}
	watch->nr_barriers_out -= write->is_barrier;
	write->is_out = false;
	return why;
}
