// SPDX-License-Identifier: MIT
#include "backend/net/state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/errbuf.h"
#include "common/wire/xen_netif.h"

static_assert(sizeof(struct net_settings) == 956, "the file's layout: a change needs a new NET_STATE_VERSION");
static_assert(sizeof(struct net_state_file) == 16 + 176 + 8 + 2 * 956, "as above");

/* All of it has its place before it is mapped: on a full file system a store would be a SIGBUS. */
static int map_file(struct net_state *state, int fd, struct errbuf *err)
{
	int r = posix_fallocate(fd, 0, sizeof(struct net_state_file));
	void *area;

	if (r)
		return errbuf_set(err, -r, "%s: no room for %zu bytes: %s", state->path, sizeof(struct net_state_file),
				  strerror(r));
	area = mmap(NULL, sizeof(struct net_state_file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		return errbuf_set(err, -errno, "%s: cannot map: %s", state->path, strerror(errno));
	state->file = area;
	return 0;
}

/* No lock: whoever has the device's claim has this, too. */
int net_state_open(struct net_state *state, const char *path, struct errbuf *err)
{
	int fd, rc;

	memset(state, 0, sizeof(*state));
	pthread_mutex_init(&state->lock, NULL);
	snprintf(state->path, sizeof(state->path), "%s", path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errbuf_set(err, -errno, "%s: cannot open: %s", path, strerror(errno));
	rc = map_file(state, fd, err);
	close(fd);
	return rc;
}

void net_state_close(struct net_state *state)
{
	if (state->file)
		munmap(state->file, sizeof(*state->file));
	state->file = NULL;
}

void net_state_remove(struct net_state *state)
{
	if (state->file)
		unlink(state->path);
	net_state_close(state);
}

/* ---- a connection ---------------------------------------------------------------------------------------------- */

void net_state_begin(struct net_state *state, const struct journal_identity *whose)
{
	struct net_state_file *file = state->file;

	memset(file, 0, sizeof(*file));
	memcpy(file->magic, NET_STATE_MAGIC, sizeof(file->magic));
	file->version = NET_STATE_VERSION;
	file->settings_bytes = sizeof(struct net_settings);
	file->whose = *whose;
	file->generation = 1; /* a view that has not looked yet has 0 */
}

/* The first field that holds what no guest can have set, in words; NULL: none. */
static const char *find_wrong_field(const struct net_settings *settings, unsigned int nr_queues)
{
	if (settings->hash_algorithm > XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		return "algorithm";
	if (settings->nr_mapping > NET_HASH_MAX_MAPPING)
		return "mapping's size";
	for (unsigned int i = 0; i < settings->nr_mapping; i++) {
		if (settings->mapping[i] >= nr_queues)
			return "mapping";
	}
	return settings->multicast.nr > NET_MAX_MULTICAST ? "number of multicast addresses" : NULL;
}

int net_state_resume(struct net_state *state, const struct journal_identity *whose, unsigned int nr_queues,
		     struct errbuf *err)
{
	const struct net_state_file *file = state->file;
	const char *wrong;

	if (memcmp(file->magic, NET_STATE_MAGIC, sizeof(file->magic)) != 0) {
		net_state_begin(state, whose);
		return 0;
	}
	if (file->version != NET_STATE_VERSION || file->settings_bytes != sizeof(struct net_settings))
		return errbuf_set(err, -EPROTONOSUPPORT, "%s: version %u: expected %u", state->path, file->version,
				  NET_STATE_VERSION);
	if (memcmp(&file->whose, whose, sizeof(*whose)) != 0) {
		net_state_begin(state, whose);
		return 0;
	}
	wrong = find_wrong_field(&file->settings[file->generation % 2], nr_queues);
	if (wrong || file->generation == 0)
		return errbuf_set(err, -EINVAL, "%s: no guest can have set this %s", state->path,
				  wrong ? wrong : "generation");
	return 0;
}

/* ---- while it lasts -------------------------------------------------------------------------------------------- */

struct net_settings *net_state_edit(struct net_state *state)
{
	struct net_state_file *file = state->file;
	struct net_settings *next;

	pthread_mutex_lock(&state->lock);
	next = &file->settings[(file->generation + 1) % 2];
	*next = file->settings[file->generation % 2];
	return next;
}

void net_state_commit(struct net_state *state)
{
	struct net_state_file *file = state->file;

	/* Release: a daemon that finds it after our death finds what belongs to it. */
	__atomic_store_n(&file->generation, file->generation + 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&state->lock);
}

bool net_state_look(struct net_state *state, struct net_state_view *view)
{
	struct net_state_file *file = state->file;

	if (__atomic_load_n(&file->generation, __ATOMIC_RELAXED) == view->generation)
		return false;
	pthread_mutex_lock(&state->lock);
	view->generation = file->generation;
	view->settings = file->settings[file->generation % 2];
	pthread_mutex_unlock(&state->lock);
	return true;
}
