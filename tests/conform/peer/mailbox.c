// SPDX-License-Identifier: MIT
#include "tests/conform/peer/mailbox.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "xenbus/node.h"
#include "xenbus/watch.h"

/* A disk is made, its script run: libxl's deadlines for both, and some more. */
#define PATIENCE_MS 60000

/* ---- in the guest ---------------------------------------------------------------------------------------------- */

/* Each text begins with who asks, as one who has given up may get an answer after all. */
static bool is_for(const char *text, const char *asker)
{
	size_t len = strlen(asker);

	return strncmp(text, asker, len) == 0 && text[len] == ' ';
}

static int await_answer(struct xb_store *store, const char *dir, const char *asker, char *text, size_t size,
			struct errbuf *err)
{
	uint64_t deadline_ns = clock_in_ms(PATIENCE_MS);
	int rc;

	for (;;) {
		rc = xb_read_string_or(store, dir, "answer", "", text, size, err);
		if (rc || is_for(text, asker))
			return rc;
		rc = xb_watch_wait(store, deadline_ns, err);
		if (rc)
			return rc;
		while (xb_watch_next_dirty(store))
			;
	}
}

int mailbox_ask(struct xb_store *store, const char *question, char answer[MAILBOX_TEXT], struct errbuf *err)
{
	char dir[64], path[XB_PATH_MAX], asker[16], text[MAILBOX_TEXT + sizeof(asker)];
	struct xb_watch watch;
	int rc;

	xb_watch_init(&watch);
	snprintf(asker, sizeof(asker), "%d", getpid());
	snprintf(dir, sizeof(dir), "%s/conform", store->home);
	rc = xb_path(path, sizeof(path), err, "%s/answer", dir);
	if (rc == 0)
		rc = xb_remove(store, path, err);
	if (rc == 0)
		rc = xb_write(store, dir, "ask", err, "%s %s", asker, question);
	if (rc == 0)
		rc = xb_watch_add(store, &watch, path, err);
	if (rc == 0)
		rc = await_answer(store, dir, asker, text, sizeof(text), err);
	if (rc == 0)
		snprintf(answer, MAILBOX_TEXT, "%s", text + strlen(asker) + 1);
	xb_watch_remove(&watch);
	return rc;
}

/* ---- in the backend's domain ----------------------------------------------------------------------------------- */

int mailbox_open(struct mailbox *mailbox, struct xb_store *store, uint32_t domid, struct errbuf *err)
{
	int rc;

	*mailbox = (struct mailbox){ .store = store };
	snprintf(mailbox->dir, sizeof(mailbox->dir), "/local/domain/%u/conform", domid);
	rc = xb_remove(store, mailbox->dir, err); /* what an earlier run left */
	if (rc == 0)
		rc = xb_mkdir(store, mailbox->dir, err);
	return rc ?: xb_set_perms(store, mailbox->dir, domid, store->domid, err);
}

/* Is removed before it is done: what comes meanwhile is a question of its own. */
bool mailbox_take(struct mailbox *mailbox, char question[MAILBOX_TEXT])
{
	char text[MAILBOX_TEXT + sizeof(mailbox->asker)], path[XB_PATH_MAX];
	struct errbuf ignored;
	size_t len;

	if (xb_read_string(mailbox->store, mailbox->dir, "ask", text, sizeof(text), &ignored) ||
	    xb_path(path, sizeof(path), &ignored, "%s/ask", mailbox->dir))
		return false;
	xb_remove(mailbox->store, path, &ignored);
	len = strcspn(text, " ");
	snprintf(mailbox->asker, sizeof(mailbox->asker), "%.*s", (int)len, text);
	snprintf(question, MAILBOX_TEXT, "%s", text[len] ? text + len + 1 : "");
	return true;
}

/* A command, or what a script has said, may have several lines; a node that is read as text has none. */
void mailbox_answer(struct mailbox *mailbox, const char *answer)
{
	struct errbuf ignored;
	char line[MAILBOX_TEXT];

	snprintf(line, sizeof(line), "%s", answer);
	for (char *c = line; *c; c++) {
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	}
	xb_write(mailbox->store, mailbox->dir, "answer", &ignored, "%s %s", mailbox->asker, line);
}

void mailbox_close(struct mailbox *mailbox)
{
	struct errbuf ignored;

	if (*mailbox->dir)
		xb_remove(mailbox->store, mailbox->dir, &ignored);
	mailbox->dir[0] = '\0';
}
