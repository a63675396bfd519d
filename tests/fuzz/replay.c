// SPDX-License-Identifier: MIT
/*
 * A fuzz target's main() without libFuzzer: gives it each file of its corpus, or those that are named. One that does
 * not hold ends the program, and its name is the last that was said.
 *
 *	build/asan/tests/fuzz/TARGET [FILE...]
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "tests/fuzz/fuzz.h"

#define MAX_BYTES (1U << 20)

/* Of exactly its length, as libFuzzer gives it. */
static void replay(const char *path)
{
	uint8_t *all = malloc(MAX_BYTES), *bytes;
	FILE *file = fopen(path, "r");
	size_t len_bytes;

	printf("# %s\n", path);
	if (!file || !all) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
	len_bytes = fread(all, 1, MAX_BYTES, file);
	fclose(file);
	bytes = fuzz_copy(all, len_bytes);
	free(all);
	LLVMFuzzerTestOneInput(bytes, len_bytes);
	free(bytes);
}

static int replay_corpus(const char *target)
{
	struct dirent **entries;
	char path[512];
	int nr, nr_replayed = 0;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", target);
	nr = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < nr; i++) {
		if (entries[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "tests/fuzz/corpus/%s/%s", target, entries[i]->d_name);
			replay(path);
			nr_replayed++;
		}
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
	return nr_replayed;
}

int main(int argc, char **argv)
{
	int nr = argc - 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1)
		nr = replay_corpus(program_invocation_short_name);
	printf("%s 1 - all that holds of %s holds of the %d inputs of its corpus\n1..1\n", nr > 0 ? "ok" : "not ok",
	       program_invocation_short_name, nr);
	return nr > 0 ? 0 : 1;
}
