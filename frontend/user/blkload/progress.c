// SPDX-License-Identifier: MIT
#include "frontend/user/blkload/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static struct {
	bool is_wanted, is_terminal, is_open;
	double next_line;
} progress;

void progress_start(bool is_wanted)
{
	progress.is_terminal = isatty(STDERR_FILENO);
	progress.is_wanted = is_wanted || progress.is_terminal;
	progress.next_line = 1;
}

void progress_show(double seconds, const char *fmt, ...)
{
	char text[160];
	va_list args;

	if (!progress.is_wanted || (!progress.is_terminal && seconds < progress.next_line))
		return;
	progress.next_line = seconds + 1;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (progress.is_terminal)
		fprintf(stderr, "\r  %5.1f s  %s\033[K", seconds, text);
	else
		fprintf(stderr, "  %5.1f s  %s\n", seconds, text);
	progress.is_open = progress.is_terminal;
}

void progress_end(void)
{
	if (progress.is_open)
		fputc('\n', stderr);
	progress.is_open = false;
}
