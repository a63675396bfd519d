// SPDX-License-Identifier: MIT
/* libxencall: hypercalls as functions on the shared state. What is not here fails with ENOSYS, as an old Xen would. */
#define __XEN_TOOLS__ 1 /* today's hypercall numbers */

#include <errno.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xencall.h>
#include <xen/xen.h>

#include "loopxen/hypercall.h"
#include "loopxen/lib.h"

struct xencall_handle {
	int fd;
	uint32_t slot;
};

LIB_EXPORT xencall_handle *xencall_open(struct xentoollog_logger *logger, unsigned int flags)
{
	xencall_handle *xcall = calloc(1, sizeof(*xcall));
	int rc = xcall ? lib_join(NULL, &xcall->slot) : -ENOMEM;

	if (rc) {
		free(xcall);
		errno = -rc;
		return NULL;
	}
	xcall->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return xcall;
}

LIB_EXPORT int xencall_close(xencall_handle *xcall)
{
	if (!xcall)
		return 0;
	close(xcall->fd);
	free(xcall);
	return 0;
}

LIB_EXPORT int xencall_fd(xencall_handle *xcall)
{
	return xcall->fd;
}

static int call(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2)
{
	switch (op) {
	case __HYPERVISOR_xen_version:
		return lib_result(call_version(arg1, (void *)(uintptr_t)arg2));
	case __HYPERVISOR_sysctl:
		return lib_result(call_sysctl(xcall->slot, (void *)(uintptr_t)arg1));
	case __HYPERVISOR_domctl:
		return lib_result(call_domctl(xcall->slot, (void *)(uintptr_t)arg1));
	case __HYPERVISOR_event_channel_op:
		return lib_result(call_evtchn(xcall->slot, arg1, (void *)(uintptr_t)arg2));
	default:
		return lib_fail(ENOSYS);
	}
}

LIB_EXPORT int xencall0(xencall_handle *xcall, unsigned int op)
{
	return call(xcall, op, 0, 0);
}

LIB_EXPORT int xencall1(xencall_handle *xcall, unsigned int op, uint64_t arg1)
{
	return call(xcall, op, arg1, 0);
}

LIB_EXPORT int xencall2(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2)
{
	return call(xcall, op, arg1, arg2);
}

LIB_EXPORT long xencall2L(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2)
{
	return call(xcall, op, arg1, arg2);
}

LIB_EXPORT int xencall3(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2, uint64_t arg3)
{
	return call(xcall, op, arg1, arg2);
}

LIB_EXPORT int xencall4(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2, uint64_t arg3,
			uint64_t arg4)
{
	return call(xcall, op, arg1, arg2);
}

LIB_EXPORT int xencall5(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2, uint64_t arg3,
			uint64_t arg4, uint64_t arg5)
{
	return call(xcall, op, arg1, arg2);
}

LIB_EXPORT void *xencall_alloc_buffer_pages(xencall_handle *xcall, size_t nr_pages)
{
	void *p = aligned_alloc(HOST_PAGE, nr_pages * HOST_PAGE);

	if (p)
		memset(p, 0, nr_pages * HOST_PAGE);
	return p;
}

LIB_EXPORT void xencall_free_buffer_pages(xencall_handle *xcall, void *p, size_t nr_pages)
{
	free(p);
}

LIB_EXPORT void *xencall_alloc_buffer(xencall_handle *xcall, size_t size)
{
	return xencall_alloc_buffer_pages(xcall, (size + HOST_PAGE - 1) / HOST_PAGE);
}

LIB_EXPORT void xencall_free_buffer(xencall_handle *xcall, void *p)
{
	free(p);
}

LIB_EXPORT int xencall_buffers_never_fault(xencall_handle *xcall)
{
	return 1;
}
