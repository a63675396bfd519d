// SPDX-License-Identifier: MIT
#include "loopxen/region.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loopxen/lib.h"

struct xengntdev_handle *handle_open(void)
{
	struct xengntdev_handle *h = calloc(1, sizeof(*h));
	int rc = h ? lib_join(&h->proc, &h->slot) : -ENOMEM;

	if (rc) {
		free(h);
		errno = -rc;
		return NULL;
	}
	h->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	h->pid = getpid();
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

int handle_close(struct xengntdev_handle *h, void (*release)(struct region *))
{
	struct region *r;

	if (!h)
		return 0;
	for (uint32_t i = 0; i < HANDLE_BUCKETS; i++) {
		while ((r = h->bucket[i])) {
			h->bucket[i] = r->next;
			if (h->pid == getpid()) {
				release(r);
				r->addr = NULL;
			}
			region_free(r);
		}
	}
	if (h->fd >= 0)
		close(h->fd);
	pthread_mutex_destroy(&h->lock);
	free(h);
	return 0;
}

static struct region **bucket_of(struct xengntdev_handle *h, void *addr)
{
	return &h->bucket[(uintptr_t)addr / HOST_PAGE % HANDLE_BUCKETS];
}

void handle_add(struct xengntdev_handle *h, struct region *r)
{
	struct region **bucket = bucket_of(h, r->addr);

	pthread_mutex_lock(&h->lock);
	r->next = *bucket;
	*bucket = r;
	pthread_mutex_unlock(&h->lock);
}

struct region *handle_take(struct xengntdev_handle *h, void *addr, uint32_t nr)
{
	struct region **at, *r;

	pthread_mutex_lock(&h->lock);
	for (at = bucket_of(h, addr); *at && (*at)->addr != addr; at = &(*at)->next)
		;
	r = *at && (*at)->nr == nr ? *at : NULL;
	if (r)
		*at = r->next;
	pthread_mutex_unlock(&h->lock);
	return r;
}

struct region *region_new(uint32_t nr)
{
	struct region *r = calloc(1, sizeof(*r) + nr * sizeof(r->id[0]));

	if (!r)
		return NULL;
	r->nr = nr;
	r->addr = mmap(NULL, (size_t)nr * HOST_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->addr == MAP_FAILED) {
		free(r);
		return NULL;
	}
	return r;
}

void region_free(struct region *r)
{
	if (r->addr)
		munmap(r->addr, (size_t)r->nr * HOST_PAGE);
	free(r);
}
