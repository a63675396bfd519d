// SPDX-License-Identifier: MIT
#include "tests/conform/expect.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINES 512
#define MAX_DEPTH 8 /* of files that include others */

struct line {
	char name[64], verdict[8], clause[16];
};

struct expect {
	unsigned int nr, depth;
	struct line line[MAX_LINES];
};

static bool needs_clause(const char *verdict)
{
	return strcmp(verdict, "FAIL") == 0 || strcmp(verdict, "WARN") == 0 || strcmp(verdict, "RACE") == 0;
}

static int read_file(struct expect *expect, const char *path, struct errbuf *err);

/* Beside the file that says so. */
static int include(struct expect *expect, const char *path, const char *name, struct errbuf *err)
{
	const char *slash = strrchr(path, '/');
	char other[PATH_MAX];
	int rc;

	if (expect->depth == MAX_DEPTH)
		return errbuf_set(err, -ELOOP, "%s: it includes itself", path);
	snprintf(other, sizeof(other), "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, name);
	expect->depth++;
	rc = read_file(expect, other, err);
	expect->depth--;
	return rc;
}

/* That of a case which has one already is replaced. */
static int take(struct expect *expect, const struct line *new)
{
	struct line *line = expect->line;

	while (line < expect->line + expect->nr && strcmp(line->name, new->name) != 0)
		line++;
	if (line == expect->line + MAX_LINES)
		return -ENOSPC;
	*line = *new;
	if (line == expect->line + expect->nr)
		expect->nr++;
	return 0;
}

static int read_lines(struct expect *expect, FILE *file, const char *path, struct errbuf *err)
{
	char text[512], name[64];
	int rc = 0;

	for (unsigned int number = 1; rc == 0 && fgets(text, sizeof(text), file); number++) {
		struct line line = { .name = "" };
		int nr;

		text[strcspn(text, "#\n")] = '\0';
		if (sscanf(text, "include %63s", name) == 1) {
			rc = include(expect, path, name, err);
			continue;
		}
		nr = sscanf(text, "%63s %7s %15s", line.name, line.verdict, line.clause);
		if (nr <= 0)
			continue;
		if (nr == 1 || needs_clause(line.verdict) != (nr == 3) || take(expect, &line))
			rc = errbuf_set(err, -EINVAL,
					"%s:%u: expected 'CASE PASS|SKIP|ERROR' or 'CASE FAIL|WARN|RACE CLAUSE'", path,
					number);
	}
	return rc;
}

static int read_file(struct expect *expect, const char *path, struct errbuf *err)
{
	FILE *file = fopen(path, "re");
	int rc;

	if (!file)
		return errbuf_set(err, -errno, "%s: %s", path, strerror(errno));
	rc = read_lines(expect, file, path, err);
	fclose(file);
	return rc;
}

int expect_read(struct expect **out, const char *path, struct errbuf *err)
{
	struct expect *expect = calloc(1, sizeof(*expect));
	int rc = expect ? read_file(expect, path, err) : errbuf_set(err, -ENOMEM, "%s: no memory", path);

	if (rc)
		free(expect);
	else
		*out = expect;
	return rc;
}

void expect_free(struct expect *expect)
{
	free(expect);
}

static bool is_line(const struct line *line, const struct result *result)
{
	bool names_it = strcmp(line->verdict, verdict_name(result->verdict)) == 0;

	if (strcmp(line->verdict, "RACE") == 0)
		names_it = result->verdict != VERDICT_SKIP && result->verdict != VERDICT_ERROR;
	if (result->verdict == VERDICT_FAIL || result->verdict == VERDICT_WARN)
		return names_it && strcmp(line->clause, result->clause) == 0;
	return names_it;
}

bool expect_is(const struct expect *expect, const struct result *result)
{
	for (unsigned int i = 0; expect && i < expect->nr; i++) {
		const struct line *line = &expect->line[i];

		if (strcmp(line->name, result->name) != 0)
			continue;
		return is_line(line, result);
	}
	return result->verdict == VERDICT_PASS || (!expect && result->verdict == VERDICT_WARN);
}
