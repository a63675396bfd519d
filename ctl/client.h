/* SPDX-License-Identifier: MIT */
/*
 * The other end of a daemon's control socket: one JSON object a line each way.
 *
 * Thread: the main thread. Errors: -errno with a reason that names the socket; never logs.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#define CLIENT_DIR     "/run/pvring"
#define CLIENT_SECONDS 10
#define CLIENT_MAX_FDS 2

struct errbuf;

/* Which daemon; what CLIENT_ROWS set begins with it. */
struct client_socket {
	char path[256]; /* "": none was named */
};

int client_set_name(void *config, const char *value, struct errbuf *err);
int client_set_control(void *config, const char *value, struct errbuf *err);

/* Option rows, with what is asked by default. */
#define CLIENT_ROWS(or_else)                                                                       \
	{ "name", "NAME", "the daemon of this name (default: " or_else ")", client_set_name }, \
	{ "control", "PATH", "the daemon with this control socket", client_set_control }

/*
 * Sends the request and waits for the answer, which the caller releases. -ECONNREFUSED or -ENOENT: nobody answers
 * there; -EPROTO: what came is no answer; -EINVAL: the daemon refused, with its own words.
 */
int client_ask(const char *path, const json_t *request, json_t **reply, struct errbuf *err);
/* The same, and the daemon gets descriptors of its own of what these stand for: at most CLIENT_MAX_FDS. */
int client_ask_with(const char *path, const json_t *request, const int *fds, unsigned int nr_fds, json_t **reply,
		    struct errbuf *err);
/* A device's part of a daemon's status. NULL: there is none. */
const json_t *client_find(const json_t *status, const char *device);

/* Whether this status is what was waited for. */
typedef bool client_is_over_fn(const json_t *status, void *arg);
/*
 * Asks for the daemon's status until is_over(), or for so many seconds: the last one, which the caller releases. NULL:
 * nobody answers.
 */
json_t *client_wait(const char *path, unsigned int seconds, client_is_over_fn *is_over, void *arg, struct errbuf *err);

#endif
