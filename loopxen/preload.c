// SPDX-License-Identifier: MIT
/*
 * For xenstored alone, which finds its own domain's ring through two files that only Xen's kernel has. Both are in the
 * instance's directory instead; every other path goes through untouched.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "loopxen/lib.h"

typedef int open_fn(const char *, int, ...);

static const char *redirect(const char *path, char *buf, size_t size)
{
	const char *name = strncmp(path, "/proc/xen/", 10) ? NULL : path + 10;

	if (!name || (strcmp(name, "xsd_port") && strcmp(name, "xsd_kva")) || host_path(buf, size, "%s", name))
		return path;
	return buf;
}

/* glibc's headers may turn open() into open64(): both are here. */
#define REDIRECTED(name)                                                    \
	int name(const char *path, int flags, ...);                         \
	LIB_EXPORT int name(const char *path, int flags, ...)               \
	{                                                                   \
		open_fn *real = (open_fn *)dlsym(RTLD_NEXT, #name);         \
		char buf[256];                                              \
		va_list args;                                               \
		int mode;                                                   \
									    \
		va_start(args, flags);                                      \
		mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, int) : 0; \
		va_end(args);                                               \
		return real(redirect(path, buf, sizeof(buf)), flags, mode); \
	}

#undef open
#undef open64
REDIRECTED(open)
REDIRECTED(open64)
