/* SPDX-License-Identifier: MIT */
/*
 * The control socket: one JSON object per line in each direction, mode 0600. Every answer has "ok"; where it is false
 * "error" says why.
 *
 * A request may come with descriptors (SCM_RIGHTS). They are for the line that is answered next, so who sends some
 * waits for the answer before it says anything else.
 *
 * Thread: the main thread. Errors: -errno with a reason; logs nothing but a client that breaks the rules (debug).
 */
#ifndef BACKEND_CORE_CONTROL_H
#define BACKEND_CORE_CONTROL_H

#include <jansson.h>

#include "backend/core/loop.h"

#define CONTROL_MAX_CLIENTS    16
#define CONTROL_MAX_LINE_BYTES 4096
#define CONTROL_MAX_FDS        2
#define CONTROL_ANSWER_MS      3000 /* a daemon that does not answer for so long is dead */

struct errbuf;
struct control;

/* What came with a request. Who keeps them sets nr to 0; what is left is closed after the answer. */
struct control_fds {
	unsigned int nr;
	int fd[CONTROL_MAX_FDS];
};

/* Answers one request: returns a new object without "ok", or NULL with the reason in err. */
typedef json_t *control_handler(void *context, const char *command, const json_t *request, struct control_fds *fds,
				struct errbuf *err);

/*
 * Takes over a socket that a dead daemon left; -EADDRINUSE: one that is alive answers there. With a listener_fd that is
 * not -1: that socket, which another daemon gave us, and which is ours from here on. Nobody is answered yet.
 */
int control_open(struct control **control, struct loop *loop, const char *path, int listener_fd,
		 control_handler *handler, void *context, struct errbuf *err);
/* From here on who connects is answered. */
void control_listen(struct control *control);
/* For the process that is to go on with it. */
int control_listener_fd(const struct control *control);
/* It does: who connects from here on is that one's, and the socket stays. */
void control_hand_over(struct control *control);
/*
 * Closes the socket, and removes it: but not one that was given to us and that we have not listened on, or that we have
 * given away. The loop must not run any more.
 */
void control_close(struct control *control);

#endif
