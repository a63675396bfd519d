/* SPDX-License-Identifier: MIT */
/*
 * A backend's part in a case about a frontend: a disk in memory, served by the book as far as the case does not do it
 * otherwise, and the guest's workload, which makes the frontend do something.
 *
 * Use: set what play->back is to offer; play_drive() and must_come_up(), or their parts; play_take(), play_carry_out()
 * and play_answer(), or play_serve(), which is all three until the workload has ended; must_go_down(). must_do() is a
 * case in which nothing is wrong. Every request that is taken is held against what may be asked for. Each must_ fails
 * the peer for the clause that it is given; a frontend that crashes fails the case's first one.
 * Thread: the main thread. Never logs. Trust: the guest may write anything anywhere.
 */
#ifndef TESTS_CONFORM_PEER_PLAY_H
#define TESTS_CONFORM_PEER_PLAY_H

#include <sys/types.h>

#include "tests/conform/peer/back.h"

#define PLAY_PATIENCE_MS 10000 /* for what must come */
#define PLAY_SILENCE_MS  200   /* for what must not: too short misses a fault, and never invents one */
#define PLAY_SECTORS     2048  /* of the disk, at first */
#define PLAY_MAX_SECTORS 4096
#define PLAY_MAX_HELD    512
#define PLAY_MAX_SEGMENTS 4096 /* of an INDIRECT */
/* What every frontend is held against here, whatever the case is about: its nodes, its ring, each request. */
#define PLAY_CLAUSES "BUS-10 BUS-31 BLK-1 GNT-1 EVT-1 RING-8 RING-18 RING-21 BLK-9 BLK-28 BLK-42 BLK-67"

struct play {
	struct back back; /* the first, so that what writes its nodes finds the rest */
	struct xb_store store;
	const char *clause; /* the case's first */
	const void *how;    /* the case's row's */
	uint8_t *disk;
	/* What the case does otherwise. */
	bool is_manual;  /* the frontend's states are for the case to follow */
	bool is_polling; /* looks by itself; req_event is the case's */
	/* Which clause is broken by what is asked for, if a case knows better. */
	const char *offer_clause, *unit_clause, *stall_clause;
	/* The workload. */
	pid_t drive;  /* 0: none runs */
	int status;   /* of the last one that has ended */
	/* What was taken so far. */
	uint64_t nr_taken, nr_of[BLKIF_OP_INDIRECT + 1];
	unsigned int most_segments;
	uint64_t end_sector; /* of all that was asked for */
	uint8_t slot[BLK_MAX_REQUEST_BYTES]; /* the last one's octets */
	/* If the last one was an INDIRECT: its segments. */
	unsigned int nr_segments;
	struct blk_segment segment[PLAY_MAX_SEGMENTS];
};

void play_begin(struct play *play, uint32_t domid, uint32_t devid, const char *clauses);

/* ---- the workload ---- */
/* What the guest is to do: a word of pvring-conform(1). It goes on beside us. */
void play_drive(struct play *play, const char *work);
void play_kill_drive(struct play *play);
bool play_is_driven(struct play *play); /* it has not ended yet */
/* Serves it until it has ended: its exit status. */
int play_serve(struct play *play);
/* What is in the ring now, whether a workload runs or not. */
void play_serve_what_is_there(struct play *play);
/* Answers nothing; -ETIMEDOUT: it goes on. */
int play_await_drive(struct play *play, unsigned int ms);

/* ---- connecting ---- */
/* A node of our directory, as the case likes; NULL: there is none. */
void play_write_offer(struct play *play, const char *name, const char *value);
void play_write_state(struct play *play, const char *text);
/* To PLAY_MAX_SECTORS, and the state is written again. */
void play_grow(struct play *play);
/* Its ring is announced. */
bool play_await_announcement(struct play *play, unsigned int ms);
void must_announce(struct play *play, const char *clause);
/* The ring can be mapped, the port bound. */
void must_attach(struct play *play);
void must_map_and_bind(struct play *play); /* its last two steps, once the ring's nodes are read */
/* We are, and so is the frontend. */
void must_be_connected(struct play *play, const char *clause);
/* The offer and these three. */
void must_come_up(struct play *play, const char *clause);

/* ---- requests ---- */
/* false: the workload has ended. One that neither goes on nor ends fails RING-21. */
bool play_await_request(struct play *play);
bool play_take(struct play *play, struct blk_request *request);
bool play_take_within(struct play *play, struct blk_request *request, unsigned int ms); /* false: there is none */
struct blk_request must_ask(struct play *play);
/*
 * What is in play->slot; whatever may not be asked for fails the frontend. An INDIRECT is from then on what it does,
 * and has no segments but those of `play`: a case that offers it answers each before it takes the next.
 */
void play_read_request(struct play *play, struct blk_request *request);
/* Both do nothing once the frontend has closed, which it may at any time. */
int16_t play_carry_out(struct play *play, const struct blk_request *request);
void play_answer(struct play *play, const struct blk_request *request, int16_t status);
/* Takes up to nr of what comes until nothing has come for that long, and answers nothing; how many there are. */
/* Skips the case if the workload has never asked for that operation. */
void play_needs(const struct play *play, uint8_t operation);
unsigned int play_hold(struct play *play, struct blk_request *held, unsigned int nr, unsigned int ms);
/*
 * The same once several are out: Linux looks for partitions first, one request at a time, and whoever stops it there
 * stops its xenbus thread. A frontend that never has several holds one. 0: its workload ends before.
 */
unsigned int play_hold_several(struct play *play, struct blk_request *held, unsigned int nr);

/* ---- ending ---- */
/* Ours is Closing at the toolstack's wish; the frontend goes to Closed, and so do we. */
void must_go_down(struct play *play, const char *clause);
bool play_await_closed(struct play *play, unsigned int ms);
/* In Closing or Closed, or gone. */
bool play_await_refusal(struct play *play, unsigned int ms);
/* It takes the disk that was just offered, true, or it does not. */
bool must_decide(struct play *play, const char *clause, const char *what);
/* It does not. */
void must_refuse_disk(struct play *play, const char *clause, const char *what);
/* Nothing is published any more, and the workload has no success, whatever it is waiting for. */
void must_stop(struct play *play, const char *clause, const char *why);

/* As the toolstack does, whatever state the frontend is in; and where the guest might make the directory again. */
void play_remove_frontend(struct play *play);
void must_stay_removed(struct play *play, const char *clause);
/* It is in Initialising, with the workload that has begun. */
bool play_comes_back(struct play *play, unsigned int ms);

/* ---- all of it ---- */
/* From the offer on, until the workload has ended with success. */
void must_work(struct play *play, const char *clause, const char *work);
/* The same, and then the disk is closed. */
void must_do(struct play *play, const char *clause, const char *work);

#endif
