// SPDX-License-Identifier: MIT
#include "tests/conform/peer/front_states.h"

#include <errno.h>

#include "common/base/clock.h"
#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define PATIENCE_MS 20000

enum xb_state front_own_state(struct front *front)
{
	enum xb_state state;
	struct errbuf err;

	return xb_device_own_state(&front->dev, &state, &err) ? XB_UNKNOWN : state;
}

unsigned int front_state_of_backend(struct front *front)
{
	enum xb_state state;
	struct errbuf err;
	int rc = xb_device_peer_state(&front->dev, &state, &err);

	if (rc == -EPROTO || (rc == 0 && (state == XB_RECONFIGURING || state == XB_RECONFIGURED)))
		return NO_STATE;
	return rc ? XB_UNKNOWN : state;
}

void front_go_to(struct front *front, enum xb_state state)
{
	struct errbuf err;

	if (violates("BUS-4"))
		(void)xb_write(&front->store, front->dev.dir, "state", &err, "%u", state);
	else
		(void)xb_device_switch(&front->dev, state, &err);
}

void front_take_changes(struct front *front, uint64_t deadline_ns)
{
	struct errbuf err;
	int rc = xb_watch_wait(&front->store, deadline_ns, &err);

	if (rc && rc != -ETIMEDOUT)
		error("%s", err.text);
	while (xb_watch_next_dirty(&front->store))
		;
}

unsigned int front_await_states(struct front *front, unsigned int states, unsigned int before)
{
	uint64_t deadline_ns = clock_in_ms(PATIENCE_MS);
	unsigned int state;

	for (;;) {
		state = front_state_of_backend(front);
		if (state == NO_STATE && violates("BUS-29"))
			state = XB_INITIALISING;
		if (IN(state) & states || !(IN(state) & before) || clock_now_ns() >= deadline_ns)
			return state;
		front_take_changes(front, deadline_ns);
	}
}

void front_start_over(struct front *front)
{
	enum xb_state ours = front_own_state(front);

	if (ours == XB_INITIALISING)
		return;
	if (ours != XB_CLOSED)
		front_go_to(front, XB_CLOSED);
	if (!violates("BUS-44"))
		front_await_states(front, HAS_LET_GO, ~0U);
	front_go_to(front, XB_INITIALISING);
}

void front_close_states(struct front *front)
{
	if (front_own_state(front) == XB_CONNECTED) {
		front_go_to(front, XB_CLOSING);
		front_await_states(front, IS_CLOSING, ~0U);
	}
	front_go_to(front, XB_CLOSED);
}
