// SPDX-License-Identifier: MIT
#include "backend/core/options.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/core/busy_poll.h"
#include "common/base/errbuf.h"
#include "common/base/log.h"
#include "xenbus/scan.h"

static int set_guest(void *config, const char *value, struct errbuf *err)
{
	return option_u32("domain number", value, 0, XB_DOMID_MAX, &((struct daemon_config *)config)->guest, err);
}

static int set_threads(void *config, const char *value, struct errbuf *err)
{
	return option_u32("number of threads", value, 1, DAEMON_MAX_THREADS,
			  &((struct daemon_config *)config)->nr_threads, err);
}

static int set_poll_us(void *config, const char *value, struct errbuf *err)
{
	uint32_t *poll_us = &((struct daemon_config *)config)->poll_us;

	return option_u32("number of microseconds", value, 0, BUSY_POLL_MAX_WINDOW_NS / 1000, poll_us, err);
}

static int set_name(void *config, const char *value, struct errbuf *err)
{
	if (!*value || strchr(value, '/') || strlen(value) > 64)
		return errbuf_set(err, -EINVAL, "'%s' is not a name: expected 1 to 64 characters without '/'", value);
	((struct daemon_config *)config)->name = value;
	return 0;
}

static int set_control(void *config, const char *value, struct errbuf *err)
{
	if (value[0] != '/')
		return errbuf_set(err, -EINVAL, "'%s' is not an absolute path", value);
	((struct daemon_config *)config)->control = value;
	return 0;
}

static int set_log(void *config, const char *value, struct errbuf *err)
{
	if (!log_set_level(value))
		return errbuf_set(err, -EINVAL, "'%s' is not a level: expected error, warn, info or debug", value);
	return 0;
}

static int set_ready_fd(void *config, const char *value, struct errbuf *err)
{
	return option_u32("file descriptor", value, 3, 1 << 20, &((struct daemon_config *)config)->ready_fd, err);
}

static const struct option_row common_rows[] = {
	{ "guest", "DOMID", "serve only this guest's devices", set_guest },
	{ "threads", "N", "worker threads (default: one per CPU, at most 4)", set_threads },
	{ "poll-us", "N", "how long a worker looks for a request before it sleeps (default: what suits)", set_poll_us },
	{ "name", "NAME", "what this daemon is called (default: the program's name)", set_name },
	{ "control", "PATH", "control socket (default: /run/pvring/NAME.sock); journals go beside it", set_control },
	{ "log", "LEVEL", "error, warn, info (default) or debug", set_log },
	{ "ready-fd", "FD", "write a line there once devices are served", set_ready_fd },
};

#define NR_COMMON_ROWS (sizeof(common_rows) / sizeof(common_rows[0]))
#define MAX_ROWS       32

static void set_defaults(struct daemon_config *config, const char *program)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*config = (struct daemon_config){
		.guest = XB_ANY_GUEST,
		.nr_threads = nr_cpus > 4 ? 4 : nr_cpus < 1 ? 1 : nr_cpus,
		.poll_us = DAEMON_POLL_DEFAULT,
		.name = program,
	};
}

enum options_result daemon_options_parse(const struct options_spec *class_options, int argc, char **argv,
					 struct daemon_config *config)
{
	struct option_row rows[MAX_ROWS];
	struct options_spec options = *class_options;

	memcpy(rows, common_rows, sizeof(common_rows));
	if (class_options->nr_rows > 0)
		memcpy(rows + NR_COMMON_ROWS, class_options->rows, class_options->nr_rows * sizeof(*rows));
	options.rows = rows;
	options.nr_rows += NR_COMMON_ROWS;
	set_defaults(config, options.program);
	return options_parse_all(&options, argc, argv, config);
}
