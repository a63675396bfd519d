/* SPDX-License-Identifier: MIT */
/*
 * Log lines on stderr: one line per message, the level first, no time stamp (the service manager adds one).
 *
 * error = the operator must act; warn = a peer misbehaved; info = lifecycle, one line per transition;
 * debug = everything else. Under systemd each line begins with the "<N>" priority that the journal understands.
 *
 * Thread: any. One write() per line, so lines of several threads do not mix. Preserves errno.
 */
#ifndef COMMON_BASE_LOG_H
#define COMMON_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* false: NAME is none of error, warn, info, debug. Never logs. */
bool log_set_level(const char *name);
bool log_enabled(enum log_level level);

void log_msg(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_msg(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_msg(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_msg(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                            \
	do {                                      \
		if (log_enabled(LOG_DEBUG))       \
			log_msg(LOG_DEBUG, __VA_ARGS__); \
	} while (0)

/*
 * Bounds what one peer can make us log: at most LOG_LIMIT_BURST lines in LOG_LIMIT_WINDOW_NS; the next line after
 * that says how many were left out. Zero-initialised. Any thread may use one at the same time: the count of what was
 * left out may then be off by a few, the bound on lines by one per thread.
 */
#define LOG_LIMIT_BURST     5
#define LOG_LIMIT_WINDOW_NS (10ULL * 1000 * 1000 * 1000)

struct log_limit {
	uint64_t window_start_ns;
	uint32_t nr_in_window;
	uint32_t nr_suppressed;
};

/* true: log now; *nr_suppressed is what was left out since the last line that was logged. */
bool log_limit_allows(struct log_limit *limit, uint64_t now_ns, uint32_t *nr_suppressed);

void log_limited(struct log_limit *limit, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
