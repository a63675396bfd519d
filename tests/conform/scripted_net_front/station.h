/* SPDX-License-Identifier: MIT */
/*
 * The scripted frontend of a vif: a station that sends packets and looks at what comes back. How frames are put into
 * slots, and what is made of those of the backend, is vif.h's; a backend that breaks a rule there ends the process. Its
 * parts: life.c (states), publish.c (what we take up, and say), work.c (the workloads), statics.c (static grants).
 *
 * Thread: the main thread. It ends with the exit status of the workload; what the environment does is an ERROR.
 */
#ifndef TESTS_CONFORM_SCRIPTED_NET_FRONT_STATION_H
#define TESTS_CONFORM_SCRIPTED_NET_FRONT_STATION_H

#include "tests/conform/peer/vif.h"

#define STATION_FAILED  1 /* exit status: a frame is lost, or wrong */
#define STATION_REFUSED 3 /* there is no vif */

struct station {
	struct vif vif, far; /* far: the other end of the wire, of which only the address is used */
	/* What the backend has published, read once for a connection. */
	bool can_sg, can_gso, can_csum;
	bool is_static; /* the workload needs a control ring, and pages that are registered there */
	/* What is going on. */
	bool is_ending; /* the backend wants the vif back, or is gone */
	bool is_broken; /* nothing is believed any more */
};

/* ---- life.c ---- */
void station_init(struct station *station, uint32_t devid);
/* Until the workload is done: its exit status. */
int station_live(struct station *station, const char *work);
/* Takes notice of the backend's state. */
void station_look(struct station *station);

/* ---- publish.c ---- */
/* false: it cannot be used. */
bool station_read_offer(struct station *station);
extern const struct front_class station_class;

/* ---- statics.c ---- */
/* All pages of frames are registered. false: the backend refuses. */
bool station_register(struct station *station);

/* ---- work.c ---- */
int station_work(struct station *station, const char *work);

#endif
