// SPDX-License-Identifier: MIT
/*
 * Exhaustive search over everything that two sides of a ring can do to each other.
 *
 * back.h and front.h themselves are compiled here, with 8-bit indexes and with every access to the shared page
 * replaced by a scheduling point. A state is the page, both sides' private indexes, what each has stored that is not
 * yet visible, and who sleeps; all states that can be reached are visited, once each.
 *
 * A side's place inside a ring function is the list of what its accesses returned so far: taking it one access further
 * runs the function again from its beginning, answers from that list, and leaves at the next access. So a state holds
 * no stack, and two ways to the same place are the same state.
 *
 * The memory (enum memory): on x86 a store waits in a first-in first-out buffer that only its own side sees. The weak
 * one adds what weaker machines do: stores leave the buffer in any order, except that a release store waits for those
 * before it and two to one address keep theirs; and a load may return what was there when this side last looked,
 * until an acquire load or a fence. Not modelled: a store that overtakes an earlier load.
 *
 * Against an honest peer: each request arrives once, whole and in order, so does each response, no verdict of
 * RING_BROKEN, and when nothing can move any more nothing is left to do (else a wake-up was lost).
 * Against a hostile one, whose index is any of the 256 values at every single load: no access outside the slots and
 * the own indexes, never more than nr_slots requests without a published response, a final check that says "go on" is
 * followed by a message or RING_BROKEN, and RING_BROKEN stays.
 *
 * Visited states are kept as 64-bit hashes: two of 10^7 states share one with a probability of about 10^-6.
 */
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING_TEST
#define RING_IDX_BITS 8
static uint8_t peer_load_acquire(const uint8_t *p);
static void peer_store_release(uint8_t *p, uint8_t value);
static uint8_t peer_load(const uint8_t *p);
static void peer_store(uint8_t *p, uint8_t value);
static void peer_fence(void);
static void peer_copy(void *dst, const void *peer_src, size_t len);
static void peer_write(void *peer_dst, const void *src, size_t len);

#include "common/ring/back.h"
#include "common/ring/front.h"

#define MAX_SLOTS      4
#define SLOT_BYTES     2
#define REQUEST_BYTES  2
#define RESPONSE_BYTES 1
#define NR_CELLS       (4 + MAX_SLOTS * SLOT_BYTES) /* the indexes, then the slots */
#define MAX_LOG        8  /* accesses in one step of a program */
#define MAX_BUFFER     10 /* stores not yet visible; a full buffer has to drain */

enum { FRONT, BACK };
enum memory { MEMORY_X86, MEMORY_WEAK };
enum peer { PEER_HONEST, PEER_HOSTILE_FRONT, PEER_HOSTILE_BACK };

static const struct config {
	const char *name;
	enum peer peer;
	enum memory memory;
	uint8_t nr_slots;
	uint8_t start;       /* the index everything begins at */
	uint8_t nr_requests; /* the frontend stops after these */
	bool any_event;      /* begin also with either event index at any of the 256 values */
} configs[] = {
	{ "x86, 1 slot, 6 requests across the wrap", PEER_HONEST, MEMORY_X86, 1, 253, 6, false },
	{ "x86, 2 slots, 6 requests across the wrap", PEER_HONEST, MEMORY_X86, 2, 253, 6, false },
	{ "x86, 2 slots, 6 requests across the sign bit", PEER_HONEST, MEMORY_X86, 2, 124, 6, false },
	{ "x86, 4 slots, 5 requests across the wrap", PEER_HONEST, MEMORY_X86, 4, 254, 5, false },
	{ "x86, 1 slot, whatever event indexes were left behind", PEER_HONEST, MEMORY_X86, 1, 255, 2, true },
	{ "weak, 1 slot, 4 requests across the wrap", PEER_HONEST, MEMORY_WEAK, 1, 254, 4, false },
	{ "weak, 2 slots, 4 requests across the wrap", PEER_HONEST, MEMORY_WEAK, 2, 254, 4, false },
	{ "weak, 4 slots, 3 requests across the wrap", PEER_HONEST, MEMORY_WEAK, 4, 254, 3, false },
	{ "hostile frontend, 2 slots, the whole circle", PEER_HOSTILE_FRONT, MEMORY_X86, 2, 0, 1, false },
	{ "hostile backend, 2 slots, the whole circle", PEER_HOSTILE_BACK, MEMORY_X86, 2, 0, 1, false },
};
static const struct config *config;
static struct ring_layout layout;

/* ---- a state ---------------------------------------------------------------------------------------------- */

/* What the next step of a side's program is. */
enum step { STEP_PUT, STEP_PUSH, STEP_POP, STEP_FINAL, STEP_SLEEP, STEP_BROKEN };

struct store {
	uint8_t cell;
	uint8_t value;
	uint8_t release;
};

struct side {
	uint8_t step;
	uint8_t nr_log;
	uint8_t log[MAX_LOG]; /* what the accesses of this step have returned so far */
	uint8_t cons, seen, prod, pushed, broken; /* the ring's private part */
	uint8_t left;     /* frontend: requests still to send */
	uint8_t promised; /* a final check said "go on" */
	uint8_t event;    /* notified */
	uint8_t nr_stores;
	struct store stores[MAX_BUFFER];
};

/* Bytes only, so that equal states are equal memory. */
struct state {
	struct side side[2];
	uint8_t memory[NR_CELLS];
	uint8_t view[2][NR_CELLS]; /* what each side saw there last (MEMORY_WEAK) */
	uint8_t zero[2];           /* whole words, for hash_of() */
};

/* ---- accesses: where a side stops ---------------------------------------------------------------------------- */

enum kind { LOAD, LOAD_ACQUIRE, STORE, STORE_RELEASE, FENCE, CHOOSE, NOTIFY, SLEEP };

struct access {
	enum kind kind;
	uint8_t cell;
	uint8_t value; /* to store; for CHOOSE: the number of choices; for SLEEP: may also wake by itself */
};

static unsigned char page[RING_HEADER_BYTES + MAX_SLOTS * SLOT_BYTES]; /* its addresses are used, never its bytes */
static struct {
	struct side side; /* a working copy, for the step that is being run */
	unsigned int who;
	unsigned int at; /* in its log */
	struct access access;
	const char *violation;
	jmp_buf stop;
} run;

static void violation(const char *what) __attribute__((noreturn));
static void violation(const char *what)
{
	run.violation = what;
	_longjmp(run.stop, 1);
}

static uint8_t reach(enum kind kind, uint8_t cell, uint8_t value)
{
	if (run.at < run.side.nr_log)
		return run.side.log[run.at++];
	if (run.at == MAX_LOG)
		violation("a step without end");
	run.access = (struct access){ kind, cell, value };
	_longjmp(run.stop, 1);
}

/* The cell at an address of the page, if this side has any business there. */
static uint8_t cell_of(const void *p, bool store)
{
	size_t at = (const unsigned char *)p - page;
	/* req_prod, req_event, rsp_prod, rsp_event */
	static const bool is_mine[2][4] = { [FRONT] = { 1, 0, 0, 1 }, [BACK] = { 0, 1, 1, 0 } };

	if (at < 4) {
		if (is_mine[run.who][at] != store)
			violation(store ? "stores to the peer's index" : "loads its own index from the page");
		return at;
	}
	if (at < RING_HEADER_BYTES || at >= RING_HEADER_BYTES + (size_t)config->nr_slots * SLOT_BYTES)
		violation("an access outside the ring");
	return at - RING_HEADER_BYTES + 4;
}

static uint8_t peer_load_acquire(const uint8_t *p)
{
	return reach(LOAD_ACQUIRE, cell_of(p, false), 0);
}

static void peer_store_release(uint8_t *p, uint8_t value)
{
	reach(STORE_RELEASE, cell_of(p, true), value);
}

static uint8_t peer_load(const uint8_t *p)
{
	return reach(LOAD, cell_of(p, false), 0);
}

static void peer_store(uint8_t *p, uint8_t value)
{
	reach(STORE, cell_of(p, true), value);
}

static void peer_fence(void)
{
	reach(FENCE, 0, 0);
}

static void peer_copy(void *dst, const void *peer_src, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)dst)[i] = reach(LOAD, cell_of((const uint8_t *)peer_src + i, false), 0);
}

static void peer_write(void *peer_dst, const void *src, size_t len)
{
	for (size_t i = 0; i < len; i++)
		reach(STORE, cell_of((uint8_t *)peer_dst + i, true), ((const uint8_t *)src)[i]);
}

static unsigned int choose(unsigned int nr)
{
	return nr == 1 ? 0 : reach(CHOOSE, 0, nr);
}

/* ---- the two programs: users of the ring that may do anything a user may -------------------------------------- */

static bool is_honest(void)
{
	return config->peer == PEER_HONEST;
}

static uint8_t response_to(uint8_t id)
{
	return id ^ 0x5a;
}

static void check_pop(enum ring_pop got, struct side *s)
{
	if (s->promised && got == RING_EMPTY)
		violation("a final check said there is something, and there is nothing");
	s->promised = 0;
	if (got == RING_BROKEN && is_honest())
		violation("an honest peer is called broken");
}

static void step_broken(bool is_broken)
{
	if (!is_broken)
		violation("a broken ring is used again");
	reach(SLEEP, 0, 0); /* for ever */
}

/* What a frontend may go on with. It sleeps only when it has published everything and waits for a response. */
static enum step front_goes_on(struct ring_front *r, struct side *s, enum step other)
{
	enum step may[3];
	unsigned int nr = 0;

	if (s->left && ring_front_free_slots(r))
		may[nr++] = STEP_PUT;
	if (r->req_prod != r->req_pushed)
		may[nr++] = STEP_PUSH;
	else if (nr == 0 || r->req_prod != r->rsp_cons)
		may[nr++] = other;
	if (other == STEP_POP)
		may[nr++] = other;
	return may[choose(nr)];
}

static void front_pop(struct ring_front *r, struct side *s)
{
	uint8_t response, want = response_to(r->rsp_cons);
	enum ring_pop got = ring_front_pop(r, &response);

	check_pop(got, s);
	if (got == RING_GOT && is_honest() && response != want)
		violation("a response lost, doubled or corrupted");
	if (got == RING_BROKEN)
		s->step = STEP_BROKEN;
	else
		s->step = got == RING_GOT ? STEP_POP : front_goes_on(r, s, STEP_FINAL);
}

static void front_step(struct ring_front *r, struct side *s)
{
	uint8_t request[REQUEST_BYTES] = { r->req_prod, r->req_prod ^ 0xff };

	switch (s->step) {
	case STEP_PUT:
		if (!ring_front_put(r, request))
			violation("a ring that had room is full");
		s->left -= is_honest(); /* against a hostile peer there is no end to them */
		s->step = front_goes_on(r, s, STEP_POP);
		break;
	case STEP_PUSH:
		if (ring_front_push(r))
			reach(NOTIFY, 0, 0);
		s->step = STEP_POP;
		break;
	case STEP_POP:
		front_pop(r, s);
		break;
	case STEP_FINAL:
		s->promised = ring_front_final_check(r);
		s->step = s->promised ? STEP_POP : STEP_SLEEP;
		break;
	case STEP_SLEEP:
		reach(SLEEP, 0, 0);
		s->step = STEP_POP;
		break;
	default:
		step_broken(ring_front_pop(r, request) == RING_BROKEN && ring_front_final_check(r));
	}
}

/* What a backend may go on with when it holds requests, or responses that are not published. */
static enum step back_goes_on(struct ring_back *r, enum step other)
{
	enum step may[3];
	unsigned int nr = 0;

	if (ring_back_unanswered(r))
		may[nr++] = STEP_PUT;
	if (r->rsp_prod != r->rsp_pushed)
		may[nr++] = STEP_PUSH;
	if (other == STEP_POP || r->rsp_prod == r->rsp_pushed)
		may[nr++] = other;
	return may[choose(nr)];
}

static void back_pop(struct ring_back *r, struct side *s)
{
	uint8_t request[REQUEST_BYTES], want = r->req_cons;
	enum ring_pop got = ring_back_pop(r, request);

	check_pop(got, s);
	if (got == RING_GOT && is_honest() && (request[0] != want || (request[0] ^ request[1]) != 0xff))
		violation("a request lost, doubled or corrupted");
	s->step = got == RING_BROKEN ? STEP_BROKEN : back_goes_on(r, got == RING_GOT ? STEP_POP : STEP_FINAL);
}

static void back_step(struct ring_back *r, struct side *s)
{
	uint8_t response = response_to(ring_back_response_index(r)), request[REQUEST_BYTES];

	switch (s->step) {
	case STEP_PUT:
		ring_back_put(r, &response);
		s->step = back_goes_on(r, STEP_POP);
		break;
	case STEP_PUSH:
		if (ring_back_push(r))
			reach(NOTIFY, 0, 0);
		s->step = STEP_POP;
		break;
	case STEP_POP:
		back_pop(r, s);
		break;
	case STEP_FINAL:
		s->promised = ring_back_final_check(r);
		s->step = s->promised ? STEP_POP : STEP_SLEEP;
		break;
	case STEP_SLEEP:
		reach(SLEEP, 0, ring_back_unanswered(r) > 0); /* an I/O that completes wakes it too */
		s->step = ring_back_unanswered(r) && choose(2) ? STEP_PUT : STEP_POP;
		break;
	default:
		step_broken(ring_back_pop(r, request) == RING_BROKEN && ring_back_final_check(r));
	}
}

static void check_bounds(const struct side *s)
{
	/* frontend: requests without a popped response; backend: without a published one */
	uint8_t nr = run.who == FRONT ? s->prod - s->cons : s->cons - s->pushed;
	/* frontend: responses to what was published; backend: requests where nothing is unanswered */
	uint8_t nr_seen = run.who == FRONT ? s->seen - s->cons : s->seen - s->pushed;
	uint8_t max_seen = run.who == FRONT ? s->pushed - s->cons : config->nr_slots;

	if (nr > config->nr_slots)
		violation("more requests than slots");
	if (nr_seen > max_seen)
		violation("believes in more messages than there can be");
}

static void run_step(struct side *s)
{
	if (run.who == FRONT) {
		struct ring_front r = { (void *)page, layout, s->prod, s->pushed, s->cons, s->seen, s->broken };

		front_step(&r, s);
		s->prod = r.req_prod;
		s->pushed = r.req_pushed;
		s->cons = r.rsp_cons;
		s->seen = r.rsp_seen;
		s->broken = r.broken;
	} else {
		struct ring_back r = { (void *)page, layout, s->cons, s->seen, s->prod, s->pushed, s->broken };

		back_step(&r, s);
		s->prod = r.rsp_prod;
		s->pushed = r.rsp_pushed;
		s->cons = r.req_cons;
		s->seen = r.req_seen;
		s->broken = r.broken;
	}
	check_bounds(s);
}

/* Runs a side up to its next access, which is left in run.access. false: a violation. */
static bool advance(struct state *st, unsigned int who)
{
	run.who = who;
	run.violation = NULL;
	for (;;) {
		run.side = st->side[who];
		run.at = 0;
		if (_setjmp(run.stop))
			return !run.violation;
		run_step(&run.side);
		run.side.nr_log = 0;
		memset(run.side.log, 0, sizeof(run.side.log));
		st->side[run.who] = run.side;
	}
}

/* ---- the search ---------------------------------------------------------------------------------------------- */

static struct {
	uint64_t *hash; /* open addressing; 0 is free */
	size_t nr_buckets, nr;
	size_t nr_moves, nr_ends;
	struct state *stack;
	size_t depth, nr_stack;
} search;

static uint64_t hash_of(const struct state *st)
{
	const unsigned char *p = (const unsigned char *)st;
	uint64_t h = 0x9e3779b97f4a7c15, word;

	_Static_assert(sizeof(*st) % sizeof(word) == 0, "whole words");
	for (size_t i = 0; i < sizeof(*st); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	h *= 0xc4ceb9fe1a85ec53;
	h ^= h >> 29;
	return h ? h : 1;
}

static bool insert(uint64_t h)
{
	size_t at = h & (search.nr_buckets - 1);

	while (search.hash[at]) {
		if (search.hash[at] == h)
			return false;
		at = (at + 1) & (search.nr_buckets - 1);
	}
	search.hash[at] = h;
	search.nr++;
	return true;
}

static void *allocate(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);

	if (!p) {
		printf("Bail out! out of memory\n");
		exit(1);
	}
	return p;
}

static void grow(void)
{
	uint64_t *old = search.hash;
	size_t nr_old = search.nr_buckets;

	search.nr_buckets = nr_old ? nr_old * 2 : 1 << 16;
	search.hash = allocate(NULL, search.nr_buckets * sizeof(*search.hash));
	memset(search.hash, 0, search.nr_buckets * sizeof(*search.hash));
	search.nr = 0;
	for (size_t i = 0; i < nr_old; i++) {
		if (old[i])
			insert(old[i]);
	}
	free(old);
}

static void push_state(const struct state *st)
{
	search.nr_moves++;
	if (search.nr * 4 >= search.nr_buckets * 3)
		grow();
	if (!insert(hash_of(st)))
		return;
	if (search.depth == search.nr_stack) {
		search.nr_stack = search.nr_stack ? search.nr_stack * 2 : 1024;
		search.stack = allocate(search.stack, search.nr_stack * sizeof(*search.stack));
	}
	search.stack[search.depth++] = *st;
}

static void refresh(struct state *st, unsigned int who)
{
	memcpy(st->view[who], st->memory, sizeof(st->memory));
}

/* The successor in which the pending access returned a value. */
static void go(const struct state *st, unsigned int who, const struct state *changed, uint8_t value)
{
	struct state next = changed ? *changed : *st;

	next.side[who].log[next.side[who].nr_log++] = value;
	push_state(&next);
}

static bool own_store(const struct side *s, uint8_t cell, uint8_t *value)
{
	for (unsigned int i = s->nr_stores; i-- > 0;) {
		if (s->stores[i].cell == cell) {
			*value = s->stores[i].value;
			return true;
		}
	}
	return false;
}

static void go_load(const struct state *st, unsigned int who, const struct access *a)
{
	struct state next = *st;
	uint8_t value;

	if (!is_honest()) {
		if (a->cell >= 4)
			go(st, who, NULL, 0); /* what a slot holds decides nothing */
		for (unsigned int v = 0; a->cell < 4 && v < 256; v++)
			go(st, who, NULL, v);
		return;
	}
	if (own_store(&st->side[who], a->cell, &value)) {
		go(st, who, NULL, value);
		return;
	}
	next.view[who][a->cell] = st->memory[a->cell];
	if (a->kind == LOAD_ACQUIRE)
		refresh(&next, who);
	go(st, who, &next, st->memory[a->cell]);
	if (st->view[who][a->cell] != st->memory[a->cell]) {
		next.view[who][a->cell] = a->kind == LOAD_ACQUIRE ? st->memory[a->cell] : st->view[who][a->cell];
		go(st, who, &next, st->view[who][a->cell]);
	}
}

static void go_store(const struct state *st, unsigned int who, const struct access *a)
{
	struct state next = *st;
	struct side *s = &next.side[who];

	if (is_honest()) {
		if (s->nr_stores == MAX_BUFFER)
			return;
		s->stores[s->nr_stores++] = (struct store){ a->cell, a->value, a->kind == STORE_RELEASE };
	}
	go(st, who, &next, 0);
}

static void go_fence(const struct state *st, unsigned int who)
{
	struct state next = *st;

	if (st->side[who].nr_stores)
		return;
	refresh(&next, who);
	go(st, who, &next, 0);
}

static void go_sleep(const struct state *st, unsigned int who, bool wakes_by_itself)
{
	struct state next = *st;

	if (st->side[who].step == STEP_BROKEN)
		return;
	if (st->side[who].event || !is_honest()) {
		next.side[who].event = 0;
		go(st, who, &next, 0);
	} else if (wakes_by_itself) {
		go(st, who, NULL, 0);
	}
}

static void go_access(const struct state *st, unsigned int who, const struct access *a)
{
	struct state next = *st;

	switch (a->kind) {
	case LOAD:
	case LOAD_ACQUIRE:
		go_load(st, who, a);
		break;
	case STORE:
	case STORE_RELEASE:
		go_store(st, who, a);
		break;
	case FENCE:
		go_fence(st, who);
		break;
	case CHOOSE:
		for (unsigned int v = 0; v < a->value; v++)
			go(st, who, NULL, v);
		break;
	case NOTIFY:
		next.side[!who].event = is_honest();
		go(st, who, &next, 0);
		break;
	case SLEEP:
		go_sleep(st, who, a->value);
		break;
	}
}

static bool may_become_visible(const struct side *s, unsigned int at)
{
	if (config->memory == MEMORY_X86 || s->stores[at].release)
		return at == 0;
	for (unsigned int i = 0; i < at; i++) {
		if (s->stores[i].cell == s->stores[at].cell)
			return false;
	}
	return true;
}

static void go_drain(const struct state *st, unsigned int who)
{
	for (unsigned int i = 0; i < st->side[who].nr_stores; i++) {
		struct state next = *st;
		struct side *s = &next.side[who];
		struct store store = s->stores[i];

		if (!may_become_visible(s, i))
			continue;
		memmove(&s->stores[i], &s->stores[i + 1], (s->nr_stores - i - 1) * sizeof(store));
		memset(&s->stores[--s->nr_stores], 0, sizeof(store));
		next.memory[store.cell] = store.value;
		next.view[who][store.cell] = store.value;
		if (config->memory == MEMORY_X86)
			refresh(&next, !who);
		push_state(&next);
	}
}

/* Nothing can move any more. */
static const char *judge_end(const struct state *st)
{
	const struct side *front = &st->side[FRONT], *back = &st->side[BACK];

	search.nr_ends++;
	if (!is_honest())
		return NULL;
	if (front->left || front->prod != front->cons)
		return "a wake-up lost: both sleep, and the frontend waits for a response";
	if (back->cons != front->prod || back->prod != front->prod)
		return "a request or response left behind";
	return NULL;
}

static bool takes_part(unsigned int who)
{
	return is_honest() || who == (config->peer == PEER_HOSTILE_FRONT ? BACK : FRONT);
}

static const char *expand(struct state *st)
{
	size_t before = search.nr_moves;

	for (unsigned int who = FRONT; who <= BACK; who++) {
		if (!takes_part(who))
			continue;
		if (!advance(st, who))
			return run.violation;
		go_access(st, who, &(struct access){ run.access.kind, run.access.cell, run.access.value });
		go_drain(st, who);
	}
	return search.nr_moves == before ? judge_end(st) : NULL;
}

static void initial_state(struct state *st)
{
	memset(st, 0, sizeof(*st));
	for (unsigned int who = FRONT; who <= BACK; who++) {
		struct side *s = &st->side[who];

		s->cons = s->seen = s->prod = s->pushed = config->start;
		s->step = who == FRONT ? STEP_PUT : STEP_FINAL;
		s->left = config->nr_requests;
	}
	st->memory[0] = st->memory[2] = config->start;
	st->memory[1] = st->memory[3] = config->start + 1;
	refresh(st, FRONT);
	refresh(st, BACK);
}

static void push_initial_states(void)
{
	struct state st, stale;

	initial_state(&st);
	push_state(&st);
	for (unsigned int event = 0; config->any_event && event < 256; event++) {
		for (unsigned int cell = 1; cell <= 3; cell += 2) { /* req_event, rsp_event */
			stale = st;
			stale.memory[cell] = stale.view[FRONT][cell] = stale.view[BACK][cell] = event;
			push_state(&stale);
		}
	}
}

static const char *explore(const struct config *c)
{
	struct state st;
	const char *why = NULL;

	config = c;
	if (!ring_layout_init(&layout, RING_HEADER_BYTES + (size_t)c->nr_slots * SLOT_BYTES, REQUEST_BYTES,
			      RESPONSE_BYTES) ||
	    layout.nr_slots != c->nr_slots)
		return "no such layout";
	free(search.hash);
	search.hash = NULL;
	search.nr_buckets = search.nr = search.nr_moves = search.nr_ends = search.depth = 0;
	push_initial_states();
	while (search.depth && !why) {
		st = search.stack[--search.depth];
		why = expand(&st);
	}
	return why;
}

/*
 * With an argument: only the searches whose name holds it, up to the first violation (tests/ring/mutants.sh has no use
 * for the rest).
 */
int main(int argc, char **argv)
{
	unsigned int nr = 0;
	bool failed = false;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (const struct config *c = configs; c < configs + sizeof(configs) / sizeof(configs[0]); c++) {
		const char *why;

		if (argc > 1 && (failed || !strstr(c->name, argv[1])))
			continue;
		why = explore(c);
		printf("%sok %u - %s\n", why ? "not " : "", ++nr, c->name);
		if (why)
			printf("# %s\n", why);
		printf("# %zu states, %zu moves, %zu ends\n", search.nr, search.nr_moves, search.nr_ends);
		failed |= !!why;
	}
	printf("1..%u\n", nr);
	return failed;
}
