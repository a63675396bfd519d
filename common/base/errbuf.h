/* SPDX-License-Identifier: MIT */
/*
 * Why something failed, in words for a person: filled where the most is known (the path, the value, what was
 * expected), printed where the failure is handled. The code that goes with it is the function's -errno.
 */
#ifndef COMMON_BASE_ERRBUF_H
#define COMMON_BASE_ERRBUF_H

struct errbuf {
	char text[512];
};

/* Writes the reason and returns rc, so that `return errbuf_set(err, -EINVAL, "...")` is one step. Never logs. */
int errbuf_set(struct errbuf *err, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
