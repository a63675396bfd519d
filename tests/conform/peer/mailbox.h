/* SPDX-License-Identifier: MIT */
/*
 * A directory of the guest's in xenstore by which it asks the backend's domain for something: a line of text, and one
 * in answer. Whoever asks waits for the answer, so there is one question at a time.
 *
 * In the guest: mailbox_ask(). In the backend's domain: mailbox_open(), mailbox_take() and mailbox_answer() again and
 * again, mailbox_close().
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef TESTS_CONFORM_PEER_MAILBOX_H
#define TESTS_CONFORM_PEER_MAILBOX_H

#include <stdbool.h>

#include "xenbus/store.h"

#define MAILBOX_TEXT 600 /* the longest question, and the longest answer, with its NUL */

/* -EACCES: there is no such directory. */
int mailbox_ask(struct xb_store *store, const char *question, char answer[MAILBOX_TEXT], struct errbuf *err);

struct mailbox {
	struct xb_store *store;
	char dir[64];   /* "": closed */
	char asker[16]; /* of the question that was taken */
};

int mailbox_open(struct mailbox *mailbox, struct xb_store *store, uint32_t domid, struct errbuf *err);
/* false: nobody has asked. */
bool mailbox_take(struct mailbox *mailbox, char question[MAILBOX_TEXT]);
void mailbox_answer(struct mailbox *mailbox, const char *answer);
void mailbox_close(struct mailbox *mailbox);

#endif
