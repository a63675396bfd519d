/* SPDX-License-Identifier: MIT */
/*
 * A backend's part in a case about a frontend: a disk in memory, or the far end of a vif's wire (play_vif.h), served by
 * the book as far as the case does not do it otherwise, and the guest's workload, by which the frontend does something.
 *
 * Use: set what play->back is to offer; play_drive() and must_come_up(), or their parts; play_take_next() and
 * play_finish(), or play_serve(), which is both until the workload has ended; must_go_down(). must_do() is a case in
 * which nothing is wrong. Whatever is taken, a disk's request or a vif's frame, is held against what may be asked for.
 * Each must_ fails the peer for the clause that it is given; a frontend that crashes fails the case's first one.
 * Thread: the main thread. Never logs. Trust: the guest may write anything anywhere.
 */
#ifndef TESTS_CONFORM_PEER_PLAY_H
#define TESTS_CONFORM_PEER_PLAY_H

#include <sys/types.h>

#include "tests/conform/peer/back.h"

#define PLAY_PATIENCE_MS 10000 /* for what must come */
#define PLAY_EVENT_MS    2000  /* for a notification that must come, with the request there */
#define PLAY_SILENCE_MS  200   /* for what must not: too short misses a fault, and never invents one */
#define PLAY_LATE_US     5000  /* an entry that comes after its index has come by then */
#define PLAY_SECTORS     2048  /* of the disk, at first */
#define PLAY_MAX_SECTORS 4096
#define PLAY_MAX_HELD    512
#define PLAY_MAX_SEGMENTS 4096 /* of an INDIRECT */
/* What every frontend is held against here, whatever the case is about: its nodes, its ring, each request. */
#define PLAY_CLAUSES "BUS-10 BUS-31 GNT-1 EVT-1 RING-8 RING-18 RING-21"
#define PLAY_DISK_CLAUSES PLAY_CLAUSES " BLK-1 BLK-9 BLK-28 BLK-42 BLK-67"

struct play;

/* What is different from one class of devices to the next. */
struct play_class {
	const char *kind;                                 /* of the directories: "vbd" */
	const char *load;                                 /* the workload that asks for much at once */
	void (*begin)(struct play *play);                 /* what it is, and what it is to offer */
	void (*write_limits)(struct back *back);          /* the nodes that decide how a frontend connects */
	void (*write_rest)(struct back *back);            /* those that may be as late as Connected */
	void (*set_environment)(const struct play *play); /* of the workload, beside what all have */
	void (*attach)(struct play *play);                /* must_attach() */
	void (*release)(struct play *play);
	void (*look)(struct play *play);                  /* beside each sleep: at what no case waits for; NULL */
	void (*take)(struct play *play);                  /* what is next in the ring; it is there */
	void (*finish)(struct play *play);                /* what was taken last is done, and answered */
	bool (*hold)(struct play *play);                  /* play_hold_load() */
};

struct play {
	struct back back; /* the first, so that what writes its nodes finds the rest */
	const struct play_class *class;
	struct xb_store store;
	const char *clause; /* the case's first */
	const void *how;    /* the case's row's */
	/* What the case does otherwise. */
	bool is_manual;  /* the frontend's states are for the case to follow */
	bool is_polling; /* looks by itself; req_event is the case's */
	const char *stall_clause; /* is broken by a frontend that does not go on, if a case knows better */
	/* The workload. */
	pid_t drive;  /* 0: none runs */
	int status;   /* of the last one that has ended */
	uint64_t nr_taken; /* requests, or frames, so far */
	/* A disk. */
	uint8_t *disk;
	const char *offer_clause, *unit_clause; /* as stall_clause, by what is asked for */
	uint64_t nr_of[BLKIF_OP_INDIRECT + 1];
	unsigned int most_segments;
	uint64_t end_sector; /* of all that was asked for */
	uint8_t slot[BLK_MAX_REQUEST_BYTES]; /* the last one's octets */
	struct blk_request request;          /* that play_take_next() has taken */
	/* If the last one was an INDIRECT: its segments. */
	unsigned int nr_segments;
	struct blk_segment segment[PLAY_MAX_SEGMENTS];
};

extern const struct play_class play_disk_class;

void play_begin(struct play *play, const struct play_class *class, uint32_t domid, uint32_t devid, const char *clauses);

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
void play_offer(struct play *play);        /* all nodes and InitWait, in one transaction */
void play_offer_limits(struct play *play); /* the same without those that may be late */
void play_offer_rest(struct play *play);   /* and those */
/*
 * That workload, and all nodes with play->how, which is one of these, in place of what is right; `what` gets how to
 * call it. A frontend may take that for the absent node or refuse the device, soon. false: it has, before there is a
 * ring.
 */
struct play_wrong {
	const char *node, *value;
};
#define PLAY_WHAT_BYTES 64
bool play_offer_wrong(struct play *play, const char *work, char what[PLAY_WHAT_BYTES]);
void play_release(struct play *play);      /* rings and ports; twice is fine */
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
void must_map_and_bind(struct play *play); /* of a disk its last two steps, once the ring's nodes are read */
/* We are, and so is the frontend. */
void must_be_connected(struct play *play, const char *clause);
/* The offer and these three. */
void must_come_up(struct play *play, const char *clause);

/* ---- what is asked for, whatever the class ---- */
/* As back_sleep(), for two seconds at most; what it sees in xenstore is followed. */
unsigned int play_sleep(struct play *play, unsigned int ms);
bool play_has_request(const struct play *play);
/* false: the workload has ended. One that neither goes on nor ends fails RING-21. */
bool play_await_request(struct play *play);
bool play_await_request_for(struct play *play, unsigned int ms); /* false: there is none, whether it has ended or not */
bool play_take_next(struct play *play);
bool play_take_next_within(struct play *play, unsigned int ms);
void play_finish(struct play *play);
void must_ask_next(struct play *play);
/* Takes what the workload has out at once, once it is under way, and answers nothing. false: it ends before. */
bool play_hold_load(struct play *play);

/* ---- a ring, whatever it is for ---- */
/* No more requests than there can be. */
void must_be_possible(const struct back *ring);
/* Requests may be there already; the slots behind them have never been used. Of one page; name: for a message. */
void must_be_new(const struct back *ring, const char *name);
/* Of the header, whose req_event was set to that, it has written nothing but what is its own. */
void must_leave_our_fields(const struct back *ring, ring_idx req_event);
/* The newest request is the same after that time as it was as soon as req_prod told of it. */
void must_fill_before_index(const struct back *ring, unsigned int late_us);
/* So with each of a workload's that is served meanwhile. */
void must_fill_each_before_index(struct play *play);
/* The nodes of several queues are in their directories, and none of these in the frontend's own. */
void must_keep_to_folders(struct play *play, const char *clause, const char *const names[], unsigned int nr);

/* ---- a disk's requests ---- */
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
/* Skips the case if the workload has never asked for that operation. */
void play_needs(const struct play *play, uint8_t operation);
/* Takes up to nr of what comes until nothing has come for that long, and answers nothing; how many there are. */
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
/* A workload, until the frontend closes by itself or has nothing more to do; then the case follows its states. */
void must_leave(struct play *play, const char *work);
/* It is Closed while we are in Closing, and hold on to what there is. */
void must_close_before_us(struct play *play);
/* In Closing or Closed, or gone. */
bool play_await_refusal(struct play *play, unsigned int ms);
/* It takes the disk that was just offered, true, or it does not. */
bool must_decide(struct play *play, const char *clause, const char *what);
/* It does not. */
void must_refuse_disk(struct play *play, const char *clause, const char *what);
/* Nothing is published any more, and the workload has no success, whatever it is waiting for. */
void must_stop(struct play *play, const char *clause, const char *why);
/* The same for a ring whose req_prod was this before somebody could believe what is wrong. */
void must_stop_at(struct play *play, ring_idx req_prod, const char *clause, const char *why);

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
