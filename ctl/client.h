/* SPDX-License-Identifier: MIT */
/*
 * The other end of a daemon's control socket: one JSON object a line each way.
 *
 * Thread: the main thread. Errors: -errno with a reason that names the socket; never logs.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>

#define CLIENT_DIR     "/run/pvring"
#define CLIENT_SECONDS 10

struct errbuf;

/*
 * Sends the request and waits for the answer, which the caller releases. -ECONNREFUSED or -ENOENT: nobody answers
 * there; -EPROTO: what came is no answer; -EINVAL: the daemon refused, with its own words.
 */
int client_ask(const char *path, const json_t *request, json_t **reply, struct errbuf *err);

#endif
