// SPDX-License-Identifier: MIT
/* From Initialising to Closed. */
#include "tests/conform/scripted_net_front/station.h"

#include <string.h>

#include "tests/conform/peer/front_states.h"
#include "tests/conform/peer/mirror.h"
#include "tests/conform/violate.h"

void station_init(struct station *station, uint32_t devid)
{
	vif_init(&station->vif, devid, &station->far);
	memcpy(station->far.mac, mirror_mac, sizeof(mirror_mac));
	station->vif.front.class = &station_class;
	station->vif.takes_any_offset = true;
	station->vif.omits_rx_notify = violates("NET-5");
	if (violates("NET-6"))
		station->vif.front.state = XB_INITIALISED;
}

void station_look(struct station *station)
{
	struct front *front = &station->vif.front;
	unsigned int state;

	front_take_changes(front, 0);
	state = front_state_of_backend(front);
	station->is_ending |= (IN(state) & IS_CLOSING) != 0;
	station->is_broken |= state == NO_STATE;
}

static bool come_up(struct station *station)
{
	struct front *front = &station->vif.front;

	front_begin(front);
	front_start_over(front);
	if (!(IN(front_await_states(front, HAS_OFFERED, HAS_OFFERED | HAS_LET_GO | IN(XB_CLOSING))) & HAS_OFFERED) ||
	    !station_read_offer(station))
		return false;
	front_make(front);
	front_publish(front);
	if (front_await_states(front, IN(XB_CONNECTED), HAS_OFFERED | IN(XB_INITIALISING)) != XB_CONNECTED)
		return false;
	if (front->state != XB_CONNECTED)
		front_go_to(front, XB_CONNECTED);
	front_notify(&station->vif.rx); /* of the buffers that were posted when there was nobody to be told */
	return true;
}

static void go_down(struct station *station)
{
	struct front *front = &station->vif.front;

	front_close_states(front);
	if (front->ring)
		front_await_states(front, HAS_LET_GO, ~0U);
}

int station_live(struct station *station, const char *work)
{
	int status = STATION_REFUSED;

	station->is_static = strcmp(work, "static") == 0;
	if (come_up(station))
		status = station_work(station, work);
	go_down(station);
	return status;
}
