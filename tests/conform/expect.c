// SPDX-License-Identifier: MIT
#include "tests/conform/expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINES 512

struct line {
	char name[64], verdict[8], clause[16];
};

struct expect {
	unsigned int nr;
	struct line line[MAX_LINES];
};

static bool needs_clause(const char *verdict)
{
	return strcmp(verdict, "FAIL") == 0 || strcmp(verdict, "WARN") == 0 || strcmp(verdict, "RACE") == 0;
}

static int read_lines(struct expect *expect, FILE *file, const char *path, struct errbuf *err)
{
	char text[512];

	for (unsigned int number = 1; fgets(text, sizeof(text), file); number++) {
		struct line *line = &expect->line[expect->nr];
		int nr;

		text[strcspn(text, "#\n")] = '\0';
		nr = sscanf(text, "%63s %7s %15s", line->name, line->verdict, line->clause);
		if (nr <= 0)
			continue;
		if (nr == 1 || needs_clause(line->verdict) != (nr == 3) || expect->nr == MAX_LINES - 1)
			return errbuf_set(err, -EINVAL,
					  "%s:%u: expected 'CASE SKIP|ERROR' or 'CASE FAIL|WARN|RACE CLAUSE'", path,
					  number);
		expect->nr++;
	}
	return 0;
}

int expect_read(struct expect **out, const char *path, struct errbuf *err)
{
	struct expect *expect = calloc(1, sizeof(*expect));
	FILE *file = fopen(path, "re");
	int rc;

	if (!expect || !file) {
		rc = errbuf_set(err, -errno, "%s: %s", path, strerror(errno));
	} else {
		rc = read_lines(expect, file, path, err);
		fclose(file);
	}
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
