// SPDX-License-Identifier: MIT
/* pvring-conform: holds an implementation of the protocol of docs/protocol.md against its clauses. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errbuf.h"
#include "common/base/options.h"
#include "common/base/parse.h"
#include "ctl/vif.h"
#include "tests/conform/agent.h"
#include "tests/conform/class.h"
#include "tests/conform/scripted.h"
#include "tests/conform/suite.h"
#include "tests/conform/suite_frontend.h"
#include "xenbus/store.h"

#define EXIT_USAGE 2

static int set_domid(void *config, const char *value, struct errbuf *err)
{
	struct conform_options *options = config;

	return option_u32("domain's number", value, 0, XB_DOMID_MAX, &options->domid, err);
}

static int set_timeout(void *config, const char *value, struct errbuf *err)
{
	struct conform_options *options = config;

	return option_u32("number of seconds", value, 1, 3600, &options->timeout_s, err);
}

static int set_seed(void *config, const char *value, struct errbuf *err)
{
	struct conform_options *options = config;

	return option_u32("number", value, 0, UINT32_MAX, &options->seed, err);
}

static int set_part(void *config, const char *value, struct errbuf *err)
{
	struct conform_options *options = config;
	const char *slash = strchr(value, '/');
	char part[16];

	snprintf(part, sizeof(part), "%.*s", slash ? (int)(slash - value) : 0, value);
	if (!slash || parse_u32(slash + 1, 1, 64, &options->nr_parts) ||
	    parse_u32(part, 1, options->nr_parts, &options->part))
		return errbuf_set(err, -EINVAL, "'%s': expected K/N, part K of N, which are 64 at most", value);
	options->part--;
	return 0;
}

static int set_list(void *config, const char *value, struct errbuf *err)
{
	((struct conform_options *)config)->only_lists = true;
	return 0;
}

static int set_shuffle(void *config, const char *value, struct errbuf *err)
{
	((struct conform_options *)config)->shuffles = true;
	return 0;
}

static int set_agent(void *config, const char *value, struct errbuf *err)
{
	((struct conform_options *)config)->asks_agent = true;
	return 0;
}

static int set_renews_each(void *config, const char *value, struct errbuf *err)
{
	((struct conform_options *)config)->renews_each = true;
	return 0;
}

#define STRING_SETTER(member) \
	static int set_##member(void *config, const char *value, struct errbuf *err) \
	{ \
		((struct conform_options *)config)->member = value; \
		return 0; \
	}
STRING_SETTER(kind)
STRING_SETTER(bridge)
STRING_SETTER(enter)
STRING_SETTER(peer)
STRING_SETTER(drive)
STRING_SETTER(renew)
STRING_SETTER(script)
STRING_SETTER(usb_device)
STRING_SETTER(usb_iso_device)
STRING_SETTER(cases)
STRING_SETTER(clause)
STRING_SETTER(expect)
STRING_SETTER(json)
STRING_SETTER(html)

/* What is known in the backend's domain. */
#define HOST_ROWS \
	{ "domid", "N", "the guest's domain (default 1)", set_domid }, \
	{ "peer", "CMD", "starts the backend, and again when it has failed (default: it runs)", set_peer }, \
	{ "kind", "KIND", "of the backend's directories: vbd, vif, vusb (default), or QEMU's qdisk, qnic, qusb", \
	  set_kind }, \
	{ "bridge", "NAME", "in the backend's domain, that vifs are put into (default " VIF_DEFAULT_BRIDGE ")", \
	  set_bridge }, \
	{ "usb-device", "NAME", "what the backend calls one that gives back what it is sent (default fake:loopback)", \
	  set_usb_device }, \
	{ "usb-iso-device", "NAME", "and one with isochronous endpoints (default fake:iso)", set_usb_iso_device }, \
	{ "script", "FILE", "its hotplug script (default: what pvring's does)", set_script }

#define SHARED_ROWS \
	{ "case", "GLOB", "only cases whose name matches; also @(GLOB|...) and !(GLOB|...)", set_cases }, \
	{ "clause", "ID", "only cases about this clause", set_clause }, \
	{ "part", "K/N", "only the cases of part K of N, which may run at the same time", set_part }, \
	{ "list", NULL, "names the cases, their clauses and what they are about", set_list }, \
	{ "expect", "FILE", "verdicts that are known; only others count", set_expect }, \
	{ "timeout", "S", "for each case (default 30)", set_timeout }, \
	{ "seed", "N", "of what is done at random, to have it again (default: another each time)", set_seed }, \
	{ "shuffle", NULL, "run the cases in an order that the seed gives", set_shuffle }, \
	{ "json", "FILE", "write the verdicts there, too", set_json }, \
	{ "html", "FILE", "write a page about them there", set_html }

static const struct option_row backend_rows[] = {
	HOST_ROWS,
	{ "enter", "CMD", "runs a command in the guest, as 'loopxen run --domid 1 --' does", set_enter },
	{ "agent", NULL, "we are in the guest; 'pvring-conform agent' serves in the backend's domain", set_agent },
	SHARED_ROWS,
};

static const struct option_row frontend_rows[] = {
	{ "domid", "N", "the guest's domain (default 1)", set_domid },
	{ "drive", "CMD", "makes the guest use the device: see pvring-conform(1)", set_drive },
	{ "renew", "CMD", "makes the guest anew when it has failed, and prints its number", set_renew },
	{ "renew-each", NULL, "for each case, as a boot loader uses its disks only once", set_renews_each },
	SHARED_ROWS,
};

static const struct options_spec backend_spec = {
	.program = "pvring-conform",
	.synopsis = "backend blk|net|usb [OPTION...]",
	.summary = "Plays the frontend of a device and judges its backend, clause by clause (docs/protocol.md).\n"
		   "Exit status: 0 nothing failed, 1 some failed, 2 the environment, 77 some were skipped.",
	.rows = backend_rows,
	.nr_rows = sizeof(backend_rows) / sizeof(backend_rows[0]),
};

static const struct options_spec frontend_spec = {
	.program = "pvring-conform",
	.synopsis = "frontend blk|net|usb --drive CMD [OPTION...]",
	.summary = "Plays the backend of a device and judges its frontend, clause by clause (docs/protocol.md).\n"
		   "Exit status: 0 nothing failed, 1 some failed, 2 the environment, 77 some were skipped.",
	.rows = frontend_rows,
	.nr_rows = sizeof(frontend_rows) / sizeof(frontend_rows[0]),
};

static const struct option_row agent_rows[] = { HOST_ROWS };

static const struct options_spec agent_spec = {
	.program = "pvring-conform agent",
	.synopsis = "[OPTION...]",
	.summary = "Makes devices, and starts their backend, for 'pvring-conform backend CLASS --agent' in a guest.",
	.rows = agent_rows,
	.nr_rows = sizeof(agent_rows) / sizeof(agent_rows[0]),
};

static int run_agent(int argc, char **argv)
{
	struct conform_options options = {
		.bridge = VIF_DEFAULT_BRIDGE,
		.usb_device = "fake:loopback",
		.usb_iso_device = "fake:iso",
		.domid = 1,
	};
	enum options_result result = options_parse_all(&agent_spec, argc, argv, &options);

	if (result != OPTIONS_RUN)
		return result == OPTIONS_DONE ? 0 : EXIT_USAGE;
	return agent_run(&options);
}

/* "case CLASS NAME DEVICES SEED": what the suite itself runs in the guest. */
static int run_case(char **arguments)
{
	suite_run_case(arguments[1], arguments[2], arguments[3], strtoul(arguments[4], NULL, 10));
	return VERDICT_PASS;
}

/* "frontend-case CLASS NAME DOMID DEVID": what it runs in the backend's place. */
static int run_frontend_case(char **arguments)
{
	suite_run_frontend_case(arguments[1], arguments[2], strtoul(arguments[3], NULL, 10),
				strtoul(arguments[4], NULL, 10));
	return VERDICT_PASS;
}

static int usage(const char *why)
{
	fprintf(stderr, "pvring-conform: %s\n", why);
	return EXIT_USAGE;
}

static int run_scripted(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*main)(int argc, char **argv);
	} peers[] = {
		{ "backend", scripted_backend_main },	      { "net-backend", scripted_net_backend_main },
		{ "usb-backend", scripted_usb_backend_main }, { "frontend", scripted_frontend_main },
		{ "net-frontend", scripted_net_frontend_main },	      { "usb-frontend", scripted_usb_frontend_main },
	};

	for (unsigned int i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		if (strcmp(peers[i].name, argv[0]) == 0)
			return peers[i].main(argc, argv);
	}
	return usage("no such scripted peer");
}

static int judge(bool is_backend, const struct conform_class *class, int argc, char **argv)
{
	static char program[4096];
	struct conform_options options = { .class = class, .domid = 1, .cases = "*", .nr_parts = 1, .timeout_s = 30 };
	enum options_result result;

	options.bridge = VIF_DEFAULT_BRIDGE;
	options.usb_device = "fake:loopback";
	options.usb_iso_device = "fake:iso";
	options.seed = clock_now_ns();
	result = options_parse_all(is_backend ? &backend_spec : &frontend_spec, argc, argv, &options);
	if (result != OPTIONS_RUN)
		return result == OPTIONS_DONE ? 0 : EXIT_USAGE;
	if (!is_backend && !options.drive && !options.only_lists)
		return usage("expected --drive CMD, which makes the guest use the device");
	if (options.renews_each && !options.renew)
		return usage("--renew-each: expected --renew CMD, too");
	if (options.asks_agent && (options.peer || options.enter))
		return usage("--peer and --enter are not for a suite that asks an agent");
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		return usage(strerror(errno));
	options.program = program;
	return is_backend ? suite_run_backend(&options) : suite_run_frontend(&options);
}

int main(int argc, char **argv)
{
	const char *side = argc > 1 ? argv[1] : "";
	const struct conform_class *class = argc > 2 ? conform_class_find(argv[2]) : NULL;

	if (argc == 6 && strcmp(side, "case") == 0)
		return run_case(argv + 1);
	if (argc == 6 && strcmp(side, "frontend-case") == 0)
		return run_frontend_case(argv + 1);
	if (argc > 2 && strcmp(side, "scripted") == 0)
		return run_scripted(argc - 2, argv + 2);
	if (strcmp(side, "agent") == 0)
		return run_agent(argc - 1, argv + 1);
	if (class && strcmp(side, "frontend") == 0)
		return judge(false, class, argc - 2, argv + 2);
	if (class && strcmp(side, "backend") == 0)
		return judge(true, class, argc - 2, argv + 2);
	if (*side == '-')
		return judge(true, conform_class_find("blk"), argc, argv);
	return usage("what to judge? Expected 'backend' or 'frontend', 'blk', 'net' or 'usb', and options");
}
