// SPDX-License-Identifier: MIT
#include "loopxen/late.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loopxen/host.h"

struct late {
	uint32_t nr, proc;
	uint32_t map[];
};

static void *end_later(void *arg)
{
	struct late *late = arg;

	usleep(LATE_UNMAP_MS * 1000);
	host_lock();
	for (uint32_t i = 0; i < late->nr; i++) {
		if (host->map[late->map[i]].proc == late->proc) /* else this process is just ending: not its any more */
			host_map_end(late->map[i]);
	}
	host_unlock();
	free(late);
	return NULL;
}

bool late_unmap(const struct region *r)
{
	struct late *late = malloc(sizeof(*late) + r->nr * sizeof(late->map[0]));
	sigset_t all, before;
	pthread_t thread;
	int rc;

	if (!late)
		return false;
	late->nr = r->nr;
	late->proc = host->map[r->id[0]].proc;
	memcpy(late->map, r->id, r->nr * sizeof(late->map[0]));
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the program's */
	rc = pthread_create(&thread, NULL, end_later, late);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		free(late);
	else
		pthread_detach(thread);
	return rc == 0;
}
