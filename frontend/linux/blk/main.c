// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "frontend/linux/compat.h"

static int __init blkfront_init(void)
{
	if (!xen_domain()) {
		pr_err("this is no guest of Xen\n");
		return -ENODEV;
	}
	return 0;
}

static void __exit blkfront_exit(void)
{
}

module_init(blkfront_init);
module_exit(blkfront_exit);
MODULE_DESCRIPTION("Xen block device frontend of pvring");
MODULE_VERSION(PVRING_VERSION);
MODULE_LICENSE("GPL");
