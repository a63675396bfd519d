/* SPDX-License-Identifier: MIT */
/* The classes of devices that pvring attaches, detaches and does the hotplug step for. */
#ifndef CTL_CLASSES_H
#define CTL_CLASSES_H

#include "ctl/toolstack_device.h"

/* -EINVAL, with those that there are in err. Never logs. */
int ts_class_find(const char *kind, const struct ts_class **class, struct errbuf *err);

#endif
