/* SPDX-License-Identifier: MIT */
/*
 * How the `bridge` of a vif says that there is nothing behind it: "null:" takes what the guest sends, and "null:1514"
 * gives it frames of so many bytes besides, as many as it has room for.
 *
 * Thread: any. Never logs.
 */
#ifndef COMMON_WIRE_NULL_FRAMES_H
#define COMMON_WIRE_NULL_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/errbuf.h"

#define NET_NULL_SCHEME "null:"

bool net_null_is(const char *bridge);
/* Of one that is. *frame_bytes: 0: it gives none. -EINVAL with the reason. */
int net_null_parse(const char *bridge, uint32_t *frame_bytes, struct errbuf *err);

#endif
