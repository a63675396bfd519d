// SPDX-License-Identifier: MIT
/* pvring-netload: uses a PV network interface of this domain from userspace, for tests, measurements and programs. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "frontend/user/netload/netload.h"
#include "frontend/user/netload/options.h"

volatile int netload_stop;

static void stop(int number)
{
	netload_stop = 1;
}

void netload_error(const char *fmt, ...)
{
	va_list args;

	fputs("pvring-netload: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

bool netload_goes_on(const struct netload *nl)
{
	if (netfront_state(nl->front) == NETFRONT_CONNECTED)
		return true;
	netload_error("%s", netfront_why(nl->front));
	return false;
}

static struct netfront *new_front(struct netload *nl)
{
	const struct netload_config *config = nl->config;
	struct netfront_config front_config = {
		.devid = config->devid,
		.timeout_ms = config->timeout_s * 1000,
		.nr_queues = config->nr_queues,
		.nr_tx_buffers = config->nr_buffers,
		.nr_rx_buffers = config->nr_buffers,
		.features = {
			.sg = !config->refuses_sg,
			.gso_tcpv4 = !config->refuses_gso,
			.gso_tcpv6 = !config->refuses_gso,
			.csum_ipv4 = !config->refuses_csum,
			.csum_ipv6 = !config->refuses_csum,
		},
		.shares_event_channel = config->shares_event_channel,
		.has_control = config->wants_hash || config->is_static,
		.filters_multicast = config->groups,
		.received = config->tap ? netload_bridge_received : netload_exchange_received,
		.arg = nl,
	};

	return netfront_new(&front_config);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop }; /* no SA_RESTART: a wait must end */

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool register_buffers(struct netload *nl)
{
	struct errbuf err;

	if (netfront_register_buffers(nl->front, &err) == 0)
		return true;
	netload_error("static grants: %s", err.text);
	return false;
}

static int run(struct netload *nl)
{
	if (nl->config->is_static && !register_buffers(nl))
		return EXIT_CONNECT;
	if (nl->config->wants_hash && !netload_set_hash(nl))
		return EXIT_CONNECT;
	if (nl->config->groups && !netload_change_groups(nl))
		return EXIT_CONNECT;
	return nl->config->tap ? netload_bridge(nl) : netload_exchange(nl);
}

int main(int argc, char **argv)
{
	struct netload_config config;
	struct netload nl = { .config = &config };
	struct errbuf err;
	uint64_t begun_ns;
	int exit_code;

	switch (netload_parse(argc, argv, &config)) {
	case OPTIONS_DONE:
		return EXIT_OK;
	case OPTIONS_BAD:
		return EXIT_USAGE;
	case OPTIONS_RUN:
		break;
	}
	catch_signals();
	nl.front = new_front(&nl);
	if (!nl.front) {
		netload_error("out of memory");
		return EXIT_CONNECT;
	}
	if (netfront_connect(nl.front, &err)) {
		netload_error("cannot connect: %s", err.text);
		netfront_free(nl.front);
		return EXIT_CONNECT;
	}
	begun_ns = clock_now_ns();
	exit_code = run(&nl);
	nl.totals.seconds = (double)(clock_now_ns() - begun_ns) / NSEC_PER_SEC;
	if (exit_code == EXIT_OK || exit_code == EXIT_IO)
		netload_report(&nl);
	if (netfront_disconnect(nl.front, &err)) {
		netload_error("closing: %s", err.text);
		if (exit_code == EXIT_OK)
			exit_code = EXIT_IO;
	}
	netfront_free(nl.front);
	return exit_code;
}
