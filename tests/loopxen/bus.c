// SPDX-License-Identifier: MIT
/* A guest's view of xenstore through its own ring; run in a guest domain. Exits 1 with a line for what is wrong. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xenstore.h>
#include <xen/io/xs_wire.h>

#define EXPECT(what, cond)                                                        \
	do {                                                                      \
		errno = 0;                                                        \
		if (!(cond)) {                                                    \
			printf("%s: %s (%s)\n", what, #cond, strerror(errno));    \
			return 1;                                                 \
		}                                                                 \
	} while (0)

static struct xs_handle *open_store(void)
{
	struct xs_handle *xs = xs_open(0);

	if (!xs) {
		printf("xs_open: %s\n", strerror(errno));
		exit(1);
	}
	return xs;
}

static bool put(struct xs_handle *xs, xs_transaction_t t, const char *path, const char *value)
{
	return xs_write(xs, t, path, value, strlen(value));
}

static bool holds(struct xs_handle *xs, xs_transaction_t t, const char *path, const char *value)
{
	char *got = xs_read(xs, t, path, NULL);
	bool same = got && strcmp(got, value) == 0;

	free(got);
	return same;
}

static int errors(struct xs_handle *xs)
{
	EXPECT("domain 0's tree", !put(xs, XBT_NULL, "/local/domain/0/x", "1") && errno == EACCES);
	EXPECT("own name", !put(xs, XBT_NULL, "name", "1") && errno == EACCES);
	EXPECT("read domain 0", !xs_read(xs, XBT_NULL, "/local/domain/0/name", NULL) && errno == EACCES);
	EXPECT("introduce", !xs_introduce_domain(xs, 9, 1, 1) && errno);
	EXPECT("nothing there", !xs_read(xs, XBT_NULL, "data/nothing", NULL) && errno == ENOENT);
	return 0;
}

static int transactions(struct xs_handle *a, struct xs_handle *b)
{
	xs_transaction_t ta = xs_transaction_start(a), tb = xs_transaction_start(b);

	EXPECT("start", ta && tb && ta != tb);
	EXPECT("write in a", put(a, ta, "data/t", "a"));
	EXPECT("not seen outside", !holds(b, XBT_NULL, "data/t", "a"));
	EXPECT("read in b", !holds(b, tb, "data/t", "a"));
	EXPECT("commit a", xs_transaction_end(a, ta, false));
	EXPECT("seen now", holds(b, XBT_NULL, "data/t", "a"));
	EXPECT("write in b", put(b, tb, "data/t", "b"));
	EXPECT("b conflicts", !xs_transaction_end(b, tb, false) && errno == EAGAIN);
	tb = xs_transaction_start(b);
	EXPECT("write again", put(b, tb, "data/t", "b"));
	EXPECT("abort", xs_transaction_end(b, tb, true));
	EXPECT("aborted", holds(a, XBT_NULL, "data/t", "a"));
	return 0;
}

static bool next_event(struct xs_handle *xs, const char *path, const char *token)
{
	unsigned int nr;
	char **event = xs_read_watch(xs, &nr);
	bool same = event && strcmp(event[XS_WATCH_PATH], path) == 0 && strcmp(event[XS_WATCH_TOKEN], token) == 0;

	if (event && !same)
		printf("event %s, %s; want %s, %s\n", event[XS_WATCH_PATH], event[XS_WATCH_TOKEN], path, token);
	free(event);
	return same;
}

static int watches(struct xs_handle *a, struct xs_handle *b)
{
	EXPECT("watch a", xs_watch(a, "data/w", "same token"));
	EXPECT("first event a", next_event(a, "data/w", "same token"));
	EXPECT("watch b", xs_watch(b, "data/w", "same token"));
	EXPECT("first event b", next_event(b, "data/w", "same token"));
	EXPECT("write", put(a, XBT_NULL, "data/w/x", "1"));
	EXPECT("event a", next_event(a, "data/w/x", "same token"));
	EXPECT("event b", next_event(b, "data/w/x", "same token"));
	EXPECT("unwatch a", xs_unwatch(a, "data/w", "same token"));
	EXPECT("write", put(a, XBT_NULL, "data/w/y", "1"));
	EXPECT("event b alone", next_event(b, "data/w/y", "same token"));
	return 0;
}

/* As Linux has it, other than xenstored's own socket: the same watch twice is two, and ending none is no error. */
static int same_watch(struct xs_handle *a)
{
	char path[5000] = "data/";

	EXPECT("watch", xs_watch(a, "data/s", "token"));
	EXPECT("first event", next_event(a, "data/s", "token"));
	EXPECT("again", xs_watch(a, "data/s", "token"));
	EXPECT("its first event", next_event(a, "data/s", "token"));
	EXPECT("write", put(a, XBT_NULL, "data/s/x", "1"));
	EXPECT("one event", next_event(a, "data/s/x", "token"));
	EXPECT("the other", next_event(a, "data/s/x", "token"));
	EXPECT("unwatch one", xs_unwatch(a, "data/s", "token"));
	EXPECT("write", put(a, XBT_NULL, "data/s/y", "1"));
	EXPECT("one event", next_event(a, "data/s/y", "token"));
	EXPECT("unwatch the other", xs_unwatch(a, "data/s", "token"));
	EXPECT("unwatch what is not watched", xs_unwatch(a, "data/s", "token"));
	EXPECT("write", put(a, XBT_NULL, "data/s/z", "1"));
	EXPECT("an answer, behind which there is no event", holds(a, XBT_NULL, "data/s/z", "1"));
	EXPECT("no event", !xs_check_watch(a) && errno == EAGAIN);
	EXPECT("a path that may not be", !xs_watch(a, "data/\\", "token") && errno == EINVAL);
	memset(path + 5, 'x', 3500);
	EXPECT("a path that is too long", !xs_watch(a, path, "token") && errno == EINVAL);
	return 0;
}

/* A client that leaves before it is told which transaction it has got. */
static int in_flight(void)
{
	static const struct {
		struct xsd_sockmsg hdr;
		char body;
	} start = { { .type = XS_TRANSACTION_START, .len = 1 }, 0 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", getenv("XENSTORED_PATH"));
	for (int i = 0; i < 20; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		EXPECT("connect", connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0);
		EXPECT("start", write(fd, &start, sizeof(start.hdr) + 1) == sizeof(start.hdr) + 1);
		close(fd);
	}
	return 0;
}

/* A guest may have 10 transactions, and the bus learns from xenstored's answers only which ones it has to end. */
static int all_come_back(struct xs_handle *xs)
{
	xs_transaction_t t[10];
	int nr = 0;

	for (int i = 0; i < 1000 && nr < 10; i++) {
		for (nr = 0; nr < 10 && (t[nr] = xs_transaction_start(xs)); nr++)
			;
		for (int k = 0; k < nr; k++)
			EXPECT("abort", xs_transaction_end(xs, t[k], true));
		if (nr < 10)
			usleep(10000);
	}
	EXPECT("transactions of those who left have ended", nr == 10);
	return 0;
}

/* A guest may have 10 transactions and 128 watches: what a client leaves open must not eat them up. */
static int leftovers(void)
{
	char token[16];

	for (int i = 0; i < 10; i++) {
		struct xs_handle *xs = open_store();

		for (int k = 0; k < 8; k++)
			EXPECT("transaction", xs_transaction_start(xs));
		for (int k = 0; k < 100; k++) {
			snprintf(token, sizeof(token), "%d", k);
			EXPECT("watch", xs_watch(xs, "data/left", token));
		}
		xs_close(xs);
	}
	return 0;
}

static int big(struct xs_handle *xs)
{
	char value[2001];

	memset(value, 'x', 2000);
	value[2000] = '\0';
	EXPECT("2000 bytes", put(xs, XBT_NULL, "data/big", value));
	EXPECT("2000 bytes back", holds(xs, XBT_NULL, "data/big", value));
	return 0;
}

int main(void)
{
	struct xs_handle *a = open_store(), *b = open_store();

	return errors(a) || in_flight() || all_come_back(a) || transactions(a, b) || watches(a, b) || same_watch(a) ||
	       leftovers() || in_flight() || big(a) || all_come_back(a) || leftovers();
}
