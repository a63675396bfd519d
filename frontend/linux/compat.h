/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels differ, from 6.1 on. A name of ours stands for what a newer kernel has; nothing else in the modules
 * looks at a version.
 */
#ifndef FRONTEND_LINUX_COMPAT_H
#define FRONTEND_LINUX_COMPAT_H

#include <linux/version.h>

/* remove() of a xenbus driver returns nothing since 6.3; before, an int that nobody looked at. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define XENBUS_REMOVE_TYPE void
#define XENBUS_REMOVE_DONE
#else
#define XENBUS_REMOVE_TYPE int
#define XENBUS_REMOVE_DONE 0
#endif

#endif
