/* SPDX-License-Identifier: MIT */
/*
 * A case: what it is called, the clauses of docs/protocol.md it holds a peer against, and a function of a few lines.
 * HACKING.md has one to copy; a clause that no case names is found by tests/lint/clauses.sh.
 */
#ifndef TESTS_CONFORM_CASE_H
#define TESTS_CONFORM_CASE_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/conform/peer/front.h"
#include "tests/conform/peer/play.h"
#include "tests/conform/peer/play_vif.h"
#include "tests/conform/peer/play_vusb.h"
#include "tests/conform/verdict.h"

struct case_head {
	const char *name;
	const char *clauses; /* "RING-7 BUS-3": every clause that the function names */
	const char *about;   /* one line for --list and the reports */
};

struct backend_case {
	struct case_head head;
	void (*run)(struct front *front);
	const char *needs;   /* a node of the backend's that must be there in Connected and not 0; NULL: none */
	bool is_of_disk;     /* in a table that is not only about disks: this one is */
	bool is_read_only;   /* the disk it is given */
	bool is_cdrom;
	bool has_large_sectors; /* the disk is a block device with logical sectors of 4096 octets */
	bool asks_toolstack; /* see peer/toolstack.h */
};

struct frontend_case {
	struct case_head head;
	void (*run)(struct play *play);
	bool is_of_disk;   /* in a table that is not only about disks: this one is */
	bool is_read_only; /* the disk that the toolstack makes, and that the backend offers */
	bool is_cdrom;
	const void *how; /* what one function makes several cases of: play->how */
};

/* A row; what else it needs follows: CASE("name", "BLK-1", "what it is about", function, .is_read_only = true) */
#define CASE(case_name, case_clauses, case_about, function, ...) \
	{ .head = { case_name, case_clauses, case_about }, .run = function, ##__VA_ARGS__ }

/* Tables of rows that begin with their head; each ends with a row without a name. */
struct case_list {
	const void *const *tables;
	unsigned int nr;
	size_t row_bytes;
};

/* class.c lists them. */
extern const struct backend_case bus_cases[], state_cases[], close_cases[], removal_cases[], takeover_cases[],
	ring_cases[], ring_event_cases[], ring_index_cases[], ring_race_cases[], grant_cases[], grant_end_cases[],
	grant_error_cases[], grant_ring_cases[], persistent_cases[], event_cases[], value_cases[], node_cases[],
	queue_cases[], request_cases[], reject_cases[], disk_cases[], data_cases[], order_cases[], discard_cases[],
	indirect_cases[], combination_cases[], manner_cases[], neighbour_cases[];
extern const struct backend_case net_send_cases[], net_refuse_cases[], net_receive_cases[], net_offload_cases[],
	net_node_cases[], net_port_cases[], net_mix_cases[], net_queue_cases[],
	net_multicast_cases[], net_control_cases[], net_static_cases[],
	net_headroom_cases[], net_rate_cases[];
extern const struct backend_case usb_refuse_cases[], usb_transfer_cases[], usb_plug_cases[];

extern const struct frontend_case front_bus_cases[], front_state_cases[], front_close_cases[], front_ring_cases[],
	front_queue_cases[], front_event_cases[], front_response_cases[], front_request_cases[], front_grant_cases[],
	front_disk_cases[], front_offer_cases[], front_data_cases[], front_mix_cases[], front_manner_cases[];
extern const struct frontend_case front_net_node_cases[], front_net_queue_cases[], front_net_send_cases[],
	front_net_answer_cases[], front_net_receive_cases[], front_net_bad_cases[], front_net_ring_cases[],
	front_net_control_cases[];
extern const struct frontend_case front_usb_transfer_cases[], front_usb_port_cases[], front_usb_answer_cases[],
	front_usb_ring_cases[];

/* A case of play_offer_wrong(). */
#define WRONG(of_node, written) .how = &(const struct play_wrong){ .node = of_node, .value = written }

typedef void case_visit_fn(const struct case_head *c, void *arg);
/* All of them, in the order of the protocol text, or in one that the seed gives. */
void cases_visit(const struct case_list *list, const unsigned int *seed, case_visit_fn *visit, void *arg);
/* NULL: there is none. */
const struct case_head *cases_find(const struct case_list *list, const char *name);

#endif
