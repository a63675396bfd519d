// SPDX-License-Identifier: MIT
/* What a frontend should do: nobody is harmed by one that does not, but for its own guest, a little. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"

#define LATEST_MS 2000 /* what it says may follow its state */

/* A disk without a size. */
static void says_why(struct play *play)
{
	const struct xb_device *dev = &play->back.dev;
	char path[XB_PATH_MAX], text[256], *end;
	uint64_t deadline_ns;
	struct errbuf err;

	snprintf(path, sizeof(path), "/local/domain/%u/error/device/vbd/%u", dev->domid, dev->devid);
	need(xb_remove(&play->store, path, &err), &err); /* what an earlier disk of that number has left */
	play_drive(play, "idle");
	play_offer(play);
	must_announce(play, "BUS-10");
	must_attach(play);
	play_write_offer(play, "sectors", NULL);
	back_switch(&play->back, XB_CONNECTED);
	must_refuse_disk(play, "BUS-6", "no sectors");
	deadline_ns = clock_in_ms(LATEST_MS);
	while (!xb_exists(&play->store, path, "error") && clock_now_ns() < deadline_ns)
		back_sleep(&play->back, 20);
	need(xb_read_string_or(&play->store, path, "error", "", text, sizeof(text), &err), &err);
	MUST("BUS-17", strtoul(text, &end, 10) > 0 && end > text && *end == ' ' && end[1],
	     "%s/error is '%s', not an errno and a text", path, text);
}

const struct frontend_case front_manner_cases[] = {
	CASE("bus-says-why", "BUS-17 BUS-6 BUS-10", "the error node says why a connection failed", says_why),
	{ .head.name = NULL },
};
