// SPDX-License-Identifier: MIT
/* How much a guest may send: what `rate` does not let go stays in the ring. */
#include "tests/conform/scripted_net/hub.h"

#include <stdio.h>

#include "common/base/clock.h"
#include "tests/conform/violate.h"

#define BURST_BYTES 131072

void hub_read_rate(struct hub_vif *vif)
{
	unsigned int bytes = 0, usecs = 0;
	struct errbuf ignored;
	char text[64];

	if (xb_read_string_or(vif->dev.store, vif->dev.dev.dir, "rate", "", text, sizeof(text), &ignored) ||
	    sscanf(text, "%u,%u", &bytes, &usecs) != 2 || bytes == 0)
		usecs = 0;
	if (bytes == vif->rate_bytes && usecs == vif->rate_usecs)
		return;
	vif->rate_bytes = bytes;
	vif->rate_usecs = usecs;
	vif->credit_bytes = bytes;
	vif->credit_since_ns = clock_now_ns();
}

bool hub_may_send(struct hub_vif *vif)
{
	uint64_t window_ns = vif->rate_usecs * NSEC_PER_USEC, nr_windows;

	if (window_ns == 0 || violates("NET-68"))
		return true;
	nr_windows = (clock_now_ns() - vif->credit_since_ns) / window_ns;
	vif->credit_since_ns += nr_windows * window_ns;
	vif->credit_bytes += nr_windows * vif->rate_bytes;
	if (vif->credit_bytes > BURST_BYTES && vif->credit_bytes > vif->rate_bytes)
		vif->credit_bytes = vif->rate_bytes > BURST_BYTES ? vif->rate_bytes : BURST_BYTES;
	return vif->credit_bytes > 0;
}
