// SPDX-License-Identifier: MIT
/*
 * LOOPXEN_FAIL=memory:K, preloaded by `loopxen run`: all ways by which a program and its libraries take memory. What
 * libc takes for a caller (fopen, asprintf, ...) goes through malloc() there. Under ASan strdup() and the like do not,
 * so they are here as well. What happens before main() is not counted.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "loopxen/fault.h"
#include "loopxen/lib.h"

struct io_uring;

static bool is_counting;
static _Atomic unsigned long nr;
static __thread bool is_exempt __attribute__((tls_model("initial-exec"))); /* the other models may allocate */

__attribute__((constructor)) static void begin(void)
{
	is_counting = fault_is_planned(FAULT_MEMORY);
}

static bool fails(void)
{
	return is_counting && !is_exempt && fault_hits(FAULT_MEMORY, atomic_fetch_add(&nr, 1) + 1);
}

/* Every new thread under ASan begins with this, and may not be refused. */
LIB_EXPORT int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
	int (*real)(pthread_t, pthread_attr_t *) = dlsym(RTLD_NEXT, "pthread_getattr_np");
	int r;

	is_exempt = true;
	r = real(thread, attr);
	is_exempt = false;
	return r;
}

#define FAILING(type, name, parameters, arguments, failure)                    \
	type name parameters;                                                  \
	LIB_EXPORT type name parameters                                        \
	{                                                                      \
		static _Atomic(void *) found;                                  \
		void *real = found;                                            \
									       \
		if (!real)                                                     \
			found = real = dlsym(RTLD_NEXT, #name);                \
		return fails() ? failure : ((type (*) parameters)real)arguments; \
	}
#define NONE(value) (errno = ENOMEM, (value))

FAILING(void *, malloc, (size_t size), (size), NONE(NULL))
FAILING(void *, calloc, (size_t n, size_t size), (n, size), NONE(NULL))
FAILING(void *, realloc, (void *old, size_t size), (old, size), NONE(NULL))
FAILING(void *, reallocarray, (void *old, size_t n, size_t size), (old, n, size), NONE(NULL))
FAILING(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size), NONE(NULL))
FAILING(void *, memalign, (size_t alignment, size_t size), (alignment, size), NONE(NULL))
FAILING(int, posix_memalign, (void **out, size_t alignment, size_t size), (out, alignment, size), ENOMEM)
FAILING(char *, strdup, (const char *text), (text), NONE(NULL))
FAILING(char *, strndup, (const char *text, size_t max), (text, max), NONE(NULL))
FAILING(void *, mmap, (void *at, size_t size, int prot, int flags, int fd, off_t offset),
	(at, size, prot, flags, fd, offset), NONE(MAP_FAILED))
FAILING(void *, mmap64, (void *at, size_t size, int prot, int flags, int fd, off_t offset),
	(at, size, prot, flags, fd, offset), NONE(MAP_FAILED))
FAILING(int, pthread_create, (pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg),
	(thread, attr, run, arg), EAGAIN)
FAILING(int, io_uring_queue_init, (unsigned int entries, struct io_uring *ring, unsigned int flags),
	(entries, ring, flags), -ENOMEM)
FAILING(int, io_uring_register_buffers_sparse, (struct io_uring *ring, unsigned int n), (ring, n), -ENOMEM)
FAILING(int, io_uring_register_buffers_update_tag,
	(struct io_uring *ring, unsigned int off, const void *iovecs, const void *tags, unsigned int n),
	(ring, off, iovecs, tags, n), -ENOMEM)
