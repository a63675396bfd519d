// SPDX-License-Identifier: MIT
#include "common/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

static enum log_level max_level = LOG_INFO;

static const struct {
	const char *name;
	char priority; /* as syslog(3) numbers them; the journal reads "<N>" */
} levels[] = {
	[LOG_ERROR] = { "error", '3' },
	[LOG_WARN] = { "warn", '4' },
	[LOG_INFO] = { "info", '6' },
	[LOG_DEBUG] = { "debug", '7' },
};

bool log_set_level(const char *name)
{
	for (unsigned int i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(name, levels[i].name) == 0) {
			max_level = i;
			return true;
		}
	}
	return false;
}

bool log_enabled(enum log_level level)
{
	return level <= max_level;
}

static void write_line(enum log_level level, const char *text, const char *suffix)
{
	char line[1200];
	int len;
	ssize_t r;

	if (getenv("JOURNAL_STREAM"))
		len = snprintf(line, sizeof(line), "<%c>%s%s\n", levels[level].priority, text, suffix);
	else
		len = snprintf(line, sizeof(line), "%s: %s%s\n", levels[level].name, text, suffix);
	if (len >= (int)sizeof(line)) {
		len = sizeof(line) - 1;
		line[len - 1] = '\n';
	}
	r = write(STDERR_FILENO, line, len);
	(void)r; /* there is nowhere left to say that stderr is gone */
}

static void log_text(enum log_level level, const char *suffix, const char *fmt, va_list args)
{
	int saved_errno = errno;
	char text[1024];

	if (log_enabled(level)) {
		vsnprintf(text, sizeof(text), fmt, args);
		write_line(level, text, suffix);
	}
	errno = saved_errno;
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_text(level, "", fmt, args);
	va_end(args);
}

bool log_limit_allows(struct log_limit *limit, uint64_t now_ns, uint32_t *nr_suppressed)
{
	uint64_t start = __atomic_load_n(&limit->window_start_ns, __ATOMIC_RELAXED);

	*nr_suppressed = 0;
	if (start == 0 || now_ns - start >= LOG_LIMIT_WINDOW_NS) {
		__atomic_store_n(&limit->window_start_ns, now_ns, __ATOMIC_RELAXED);
		__atomic_store_n(&limit->nr_in_window, 0, __ATOMIC_RELAXED);
	}
	if (__atomic_fetch_add(&limit->nr_in_window, 1, __ATOMIC_RELAXED) < LOG_LIMIT_BURST) {
		*nr_suppressed = __atomic_exchange_n(&limit->nr_suppressed, 0, __ATOMIC_RELAXED);
		return true;
	}
	__atomic_fetch_add(&limit->nr_suppressed, 1, __ATOMIC_RELAXED);
	return false;
}

void log_limited(struct log_limit *limit, enum log_level level, const char *fmt, ...)
{
	char suffix[64] = "";
	uint32_t nr_suppressed;
	va_list args;

	if (!log_enabled(level) || !log_limit_allows(limit, clock_now_ns(), &nr_suppressed))
		return;
	if (nr_suppressed)
		snprintf(suffix, sizeof(suffix), " (%u more not shown)", nr_suppressed);
	va_start(args, fmt);
	log_text(level, suffix, fmt, args);
	va_end(args);
}
