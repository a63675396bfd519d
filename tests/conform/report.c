// SPDX-License-Identifier: MIT
#include "tests/conform/report.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/base/version.h"

void report_one(const struct result *result, unsigned int number, bool is_ok)
{
	printf("%s %u - %s", is_ok ? "ok" : "not ok", number, result->name);
	if (result->verdict == VERDICT_SKIP && is_ok)
		printf(" # SKIP %s", result->reason);
	else if (result->verdict == VERDICT_SKIP)
		printf(" # skipped, which was not expected: %s", result->reason);
	else if (result->verdict == VERDICT_FAIL || result->verdict == VERDICT_WARN)
		printf(" # %s %s%s: %s", verdict_name(result->verdict), result->clause,
		       result->is_expected && result->verdict == VERDICT_FAIL ? ", as expected" : "", result->reason);
	else if (result->verdict == VERDICT_ERROR)
		printf(" # ERROR %s", result->reason);
	else if (!result->is_expected)
		printf(" # PASS, which was not expected");
	printf("\n");
	fflush(stdout);
}

static unsigned int count(const struct result *results, unsigned int nr, enum verdict verdict)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr; i++)
		n += results[i].verdict == verdict;
	return n;
}

static void put_counts(FILE *file, const struct result *results, unsigned int nr)
{
	fprintf(file, "%u passed, %u failed, %u warnings, %u errors, %u skipped", count(results, nr, VERDICT_PASS),
		count(results, nr, VERDICT_FAIL), count(results, nr, VERDICT_WARN), count(results, nr, VERDICT_ERROR),
		count(results, nr, VERDICT_SKIP));
}

enum verdict report_totals(const struct result *results, unsigned int nr)
{
	enum verdict worst = VERDICT_PASS;
	unsigned int nr_unexpected = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (results[i].is_expected)
			continue;
		nr_unexpected++;
		if (results[i].verdict == VERDICT_ERROR && worst != VERDICT_FAIL)
			worst = VERDICT_ERROR;
		else if (results[i].verdict == VERDICT_SKIP && worst == VERDICT_PASS)
			worst = VERDICT_SKIP;
		else if (results[i].verdict != VERDICT_ERROR && results[i].verdict != VERDICT_SKIP)
			worst = VERDICT_FAIL;
	}
	printf("# ");
	put_counts(stdout, results, nr);
	printf("; %u not as expected\n", nr_unexpected);
	return worst;
}

int report_json(const char *path, const char *peer, uint32_t seed, const struct result *results, unsigned int nr)
{
	json_t *root = json_object(), *cases = json_array(), *one;
	int rc;

	for (unsigned int i = 0; i < nr; i++) {
		one = json_object();
		json_object_set_new(one, "case", json_string(results[i].name));
		json_object_set_new(one, "clauses", json_string(results[i].clauses));
		json_object_set_new(one, "verdict", json_string(verdict_name(results[i].verdict)));
		json_object_set_new(one, "clause", json_string(results[i].clause));
		json_object_set_new(one, "reason", json_string(results[i].reason));
		json_object_set_new(one, "ms", json_integer(results[i].ms));
		json_object_set_new(one, "expected", json_boolean(results[i].is_expected));
		json_array_append_new(cases, one);
	}
	json_object_set_new(root, "peer", json_string(peer));
	json_object_set_new(root, "suite", json_string(pvring_version));
	json_object_set_new(root, "seed", json_integer(seed));
	json_object_set_new(root, "cases", cases);
	rc = json_dump_file(root, path, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	json_decref(root);
	if (rc)
		fprintf(stderr, "pvring-conform: %s: cannot be written\n", path);
	return rc ? -EIO : 0;
}

static void put_escaped(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", file);
		else if (*text == '&')
			fputs("&amp;", file);
		else
			fputc(*text, file);
	}
}

static void put_cell(FILE *file, const char *text)
{
	fputs("<td>", file);
	put_escaped(file, text);
}

static void put_head(FILE *file, const char *peer, uint32_t seed, const struct result *results, unsigned int nr)
{
	fputs("<!doctype html><meta charset=utf-8><title>pvring-conform</title>"
	      "<style>body{font:15px sans-serif;margin:2em}td,th{padding:.2em .8em;text-align:left}"
	      ".FAIL,.ERROR{background:#fcc}.WARN{background:#fec}.SKIP{color:#777}.yes{background:none}</style><h1>",
	      file);
	put_escaped(file, peer);
	fputs("</h1><p>", file);
	put_counts(file, results, nr);
	fprintf(file, "; pvring-conform %s, seed %u</p>", pvring_version, seed);
}

static void put_row(FILE *file, const struct result *result)
{
	const char *is_expected = result->is_expected ? "yes" : "no";

	fprintf(file, "<tr class=\"%s %s\">", verdict_name(result->verdict), is_expected);
	put_cell(file, verdict_name(result->verdict));
	put_cell(file, is_expected);
	put_cell(file, result->name);
	put_cell(file, result->about);
	put_cell(file, result->clauses);
	put_cell(file, result->clause);
	put_cell(file, result->reason);
	fputs("</tr>\n", file);
}

int report_html(const char *path, const char *peer, uint32_t seed, const struct result *results, unsigned int nr)
{
	FILE *file = fopen(path, "we");

	if (!file) {
		fprintf(stderr, "pvring-conform: %s: %s\n", path, strerror(errno));
		return -errno;
	}
	put_head(file, peer, seed, results, nr);
	fputs("<table><tr><th>verdict<th>expected<th>case<th>what it is about<th>its clauses<th>broken"
	      "<th>what came of it</tr>\n",
	      file);
	for (unsigned int i = 0; i < nr; i++)
		put_row(file, &results[i]);
	fputs("</table>\n", file);
	return fclose(file) ? -EIO : 0;
}
