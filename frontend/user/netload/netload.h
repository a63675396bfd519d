/* SPDX-License-Identifier: MIT */
/* pvring-netload: what its files share. What it does with the vif has a file each: bridge.c and exchange.c. */
#ifndef NETLOAD_H
#define NETLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/errbuf.h"
#include "frontend/user/net.h"

enum exit_code { EXIT_OK = 0, EXIT_IO = 1, EXIT_USAGE = 2, EXIT_CONNECT = 3 };

struct netload_config {
	uint32_t devid;
	uint32_t timeout_s;    /* connect, disconnect */
	uint32_t io_timeout_s; /* nothing happens that is waited for */
	uint32_t nr_buffers;
	uint32_t nr_queues;
	bool refuses_sg, refuses_gso, refuses_csum, shares_event_channel;
	bool wants_json, wants_hash, is_static;
	const char *tap; /* NULL: frames of our own */
	const char *groups; /* "MAC,-MAC,...": to be added and removed; NULL: frames of all are wanted */
	bool generates, receives;
	uint32_t nr_frames; /* to generate */
	uint32_t min_bytes, max_bytes;
	uint32_t frames_per_s; /* 0: as the ring takes them */
	uint64_t seed;
	uint8_t to[6];
	uint16_t gso_size; /* 0: UDP */
	bool is_ipv6, is_blank, cuts_anywhere;
};

/* What the counters of the front do not say. */
struct netload_totals {
	double seconds;
	uint64_t unsent;       /* frames that could not be sent at all: of a tap */
	uint64_t undelivered;  /* frames that a tap did not take */
	uint64_t sent_payload; /* bytes, of frames of our own */
	uint64_t good_frames, good_payload, other_frames, wrong_bytes, wrong_checksums, out_of_order;
	int32_t missing_payload; /* bytes of the stream that had not come when its end did; below 0: came twice */
};

struct netload {
	const struct netload_config *config;
	struct netfront *front;
	struct netload_totals totals;
	void *job; /* of bridge.c or exchange.c, while it runs */
};

/* Set by SIGINT and SIGTERM. */
extern volatile int netload_stop;

/* Each returns an exit code and has said on stderr what was wrong; EXIT_USAGE: it did not begin. */
int netload_bridge(struct netload *nl);
int netload_exchange(struct netload *nl);
/* Before either, where config asks for it. false: said why not. */
bool netload_set_hash(struct netload *nl);
bool netload_change_groups(struct netload *nl);
/* The front's callbacks, for either. */
void netload_bridge_received(void *arg, unsigned int queue, uint8_t *bytes, uint32_t len_bytes,
				const struct net_meta *meta);
void netload_exchange_received(void *arg, unsigned int queue, uint8_t *bytes, uint32_t len_bytes,
				const struct net_meta *meta);

/* "pvring-netload: ..." on stderr. */
void netload_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Is there still something to do on this connection? false: said why not. */
bool netload_goes_on(const struct netload *nl);
/* What was sent and received, on stdout. */
void netload_report(const struct netload *nl);

#endif
