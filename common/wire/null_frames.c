// SPDX-License-Identifier: MIT
#include "common/wire/null_frames.h"

#include <errno.h>
#include <string.h>

#include "common/base/parse.h"

#define MIN_BYTES 14 /* an Ethernet header */
#define MAX_BYTES 65535

bool net_null_is(const char *bridge)
{
	return strncmp(bridge, NET_NULL_SCHEME, strlen(NET_NULL_SCHEME)) == 0;
}

int net_null_parse(const char *bridge, uint32_t *frame_bytes, struct errbuf *err)
{
	const char *number = bridge + strlen(NET_NULL_SCHEME);

	*frame_bytes = 0;
	if (!*number || parse_u32(number, MIN_BYTES, MAX_BYTES, frame_bytes) == 0)
		return 0;
	return errbuf_set(err, -EINVAL, "'%.80s': expected " NET_NULL_SCHEME ", or behind it a frame's bytes, %d to %d",
			  bridge, MIN_BYTES, MAX_BYTES);
}
