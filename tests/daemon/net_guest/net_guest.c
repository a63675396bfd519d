// SPDX-License-Identifier: MIT
/*
 * A guest that says on a vif's control ring whatever it is told, and prints every frame it receives: what the test that
 * runs it knows of flows, keys and mappings is the test's own.
 *
 *	net_guest --devid N --queues N
 *
 * It says "connected QUEUES", then does what it is told, a line each:
 *
 *	page HEX...			these bytes at the beginning of the page that messages refer to
 *	grefs REF/FLAGS/NR ...		in the page: so many entries of static grants each, from this reference on
 *	show NR				the entries that are there now
 *	grant w|r NR			pages of its own, to be written or only read
 *	ask TYPE DATA0 DATA1 DATA2	a message; "gref" in place of a number is that page's
 *	leave
 * and answers "page", "page REF/FLAGS/STATUS ...", "page REF ..." or "answer TYPE STATUS DATA". Of a frame it prints
 *	frame QUEUE ALGORITHM TYPE HASH HEX...	the last its first bytes
 *
 * Exit status: 0 fine, 1 the backend misbehaves or is gone, 2 usage, 3 could not connect.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/parse.h"
#include "frontend/user/net.h"

#define TIMEOUT_MS  20000
#define BATCH       64
#define SHOWN_BYTES 80 /* the headers, of whatever there is */
#define MAX_GRANTS  64
#define STATUS_BEFORE 99 /* that no backend gives */

static struct netfront *front;

static void received(void *arg, unsigned int queue, uint8_t *bytes, uint32_t len_bytes, const struct net_meta *meta)
{
	printf("frame %u %u %u %08" PRIx32 " ", queue, meta->hash_algorithm, meta->hash_type, meta->hash);
	for (uint32_t i = 0; i < len_bytes && i < SHOWN_BYTES; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

/* ---- what it is told ------------------------------------------------------------------------------------------- */

static bool fill_page(const char *hex)
{
	uint32_t gref;
	uint8_t *page = netfront_control_page(front, &gref);
	unsigned int nr = 0;

	for (; nr < 4096 && sscanf(hex, " %2hhx", &page[nr]) == 1; nr++) {
		hex += strspn(hex, " ");
		hex += 2;
	}
	printf("page\n");
	return true;
}

static bool fill_list(const char *words)
{
	uint32_t gref, first, flags, nr;
	struct xen_netif_gref *list = (struct xen_netif_gref *)netfront_control_page(front, &gref);
	int len;

	for (; sscanf(words, " %" SCNu32 "/%" SCNu32 "/%" SCNu32 "%n", &first, &flags, &nr, &len) == 3; words += len) {
		for (uint32_t i = 0; i < nr; i++)
			*list++ = (struct xen_netif_gref){ first + i, flags, STATUS_BEFORE };
	}
	printf("page\n");
	return true;
}

static bool show_list(const char *words)
{
	uint32_t gref, nr = strtoul(words, NULL, 0);
	const struct xen_netif_gref *list = (struct xen_netif_gref *)netfront_control_page(front, &gref);

	printf("page");
	for (uint32_t i = 0; i < nr; i++)
		printf(" %" PRIu32 "/%u/%u", list[i].ref, list[i].flags, list[i].status);
	printf("\n");
	return true;
}

/* They stay until it ends. */
static bool grant(const char *words)
{
	uint32_t refs[MAX_GRANTS], nr = strtoul(words + 1, NULL, 0);
	xengntshr_handle *gntshr = xengntshr_open(NULL, 0);

	if (nr == 0 || nr > MAX_GRANTS || !gntshr || !xengntshr_share_pages(gntshr, 0, nr, refs, words[0] == 'w'))
		return false;
	printf("page");
	for (uint32_t i = 0; i < nr; i++)
		printf(" %" PRIu32, refs[i]);
	printf("\n");
	return true;
}

static uint32_t number(const char *word)
{
	uint32_t gref;

	if (strcmp(word, "gref") != 0)
		return strtoul(word, NULL, 0);
	netfront_control_page(front, &gref);
	return gref;
}

static bool ask(const char *words)
{
	struct xen_netif_ctrl_request message = { 0 };
	struct xen_netif_ctrl_response answer;
	char word[4][16];
	struct errbuf err;

	if (sscanf(words, "%15s %15s %15s %15s", word[0], word[1], word[2], word[3]) != 4)
		return false;
	message.type = number(word[0]);
	for (unsigned int i = 0; i < 3; i++)
		message.data[i] = number(word[1 + i]);
	if (netfront_control(front, &message, &answer, &err)) {
		printf("no answer: %s\n", err.text);
		return false;
	}
	printf("answer %u %" PRIu32 " %" PRIu32 "\n", answer.type, answer.status, answer.data);
	return true;
}

static bool obey(const char *line)
{
	if (strncmp(line, "page ", 5) == 0)
		return fill_page(line + 5);
	if (strncmp(line, "grefs ", 6) == 0)
		return fill_list(line + 6);
	if (strncmp(line, "show ", 5) == 0)
		return show_list(line + 5);
	if (strncmp(line, "grant ", 6) == 0)
		return grant(line + 6);
	return strncmp(line, "ask ", 4) == 0 && ask(line + 4);
}

/* Reads what there is of it; true: go on. */
static bool take_input(void)
{
	static char buffer[16384];
	static size_t nr;
	ssize_t r = read(STDIN_FILENO, buffer + nr, sizeof(buffer) - nr - 1);
	char *end;

	if (r <= 0)
		return false;
	nr += r;
	buffer[nr] = '\0';
	while ((end = strchr(buffer, '\n'))) {
		*end = '\0';
		if (strcmp(buffer, "leave") == 0)
			return false;
		if (!obey(buffer)) {
			printf("bad: %s\n", buffer);
			return false;
		}
		nr -= end + 1 - buffer;
		memmove(buffer, end + 1, nr + 1);
	}
	return true;
}

static int run(void)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = netfront_fd(front), .events = POLLIN } };

	for (;;) {
		while (netfront_poll(front, BATCH) > 0)
			;
		if (netfront_state(front) != NETFRONT_CONNECTED) {
			printf("over: %s\n", netfront_why(front));
			return 1;
		}
		if (poll(fds, 2, -1) < 0)
			return 1;
		if (fds[1].revents)
			netfront_take_events(front);
		if (fds[0].revents && !take_input())
			return 0;
	}
}

int main(int argc, char **argv)
{
	struct netfront_config config = { .timeout_ms = TIMEOUT_MS, .has_control = true, .received = received };
	struct errbuf err;
	int exit_code;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 5 || strcmp(argv[1], "--devid") != 0 || strcmp(argv[3], "--queues") != 0 ||
	    parse_u32(argv[2], 0, UINT32_MAX, &config.devid) ||
	    parse_u32(argv[4], 1, NETFRONT_MAX_QUEUES, &config.nr_queues)) {
		fprintf(stderr, "usage: net_guest --devid N --queues N\n");
		return 2;
	}
	front = netfront_new(&config);
	if (!front || netfront_connect(front, &err)) {
		fprintf(stderr, "net_guest: %s\n", front ? err.text : "out of memory");
		return 3;
	}
	printf("connected %u\n", netfront_nr_queues(front));
	exit_code = run();
	if (netfront_disconnect(front, &err))
		printf("close: %s\n", err.text);
	netfront_free(front);
	return exit_code;
}
