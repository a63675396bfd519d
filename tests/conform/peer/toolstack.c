// SPDX-License-Identifier: MIT
#include "tests/conform/peer/toolstack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "tests/conform/verdict.h"

#define PATIENCE_MS 20000

static void await_answer(struct front *front, const char *dir, char *answer, size_t size)
{
	uint64_t deadline_ns = clock_in_ms(PATIENCE_MS);
	struct xb_watch watch;
	char path[XB_PATH_MAX];
	struct errbuf err;
	int rc;

	xb_watch_init(&watch);
	rc = xb_path(path, sizeof(path), &err, "%s/answer", dir);
	if (rc == 0)
		rc = xb_watch_add(&front->store, &watch, path, &err);
	while (rc == 0 && !xb_exists(&front->store, dir, "answer")) {
		rc = xb_watch_wait(&front->store, deadline_ns, &err);
		while (xb_watch_next_dirty(&front->store))
			;
	}
	if (rc == 0)
		rc = xb_read_string(&front->store, dir, "answer", answer, size, &err);
	if (rc)
		error("the suite does not do the toolstack's part: %s", err.text);
	xb_watch_remove(&watch);
	xb_remove(&front->store, path, &err);
}

/* What was read; NULL: it was not to read. */
static const char *ask(struct front *front, const char *fmt, ...)
{
	static char answer[TOOLSTACK_TEXT];
	char dir[64], text[TOOLSTACK_TEXT];
	struct errbuf err;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(dir, sizeof(dir), "%s/conform", front->store.home);
	if (xb_write(&front->store, dir, "ask", &err, "%s", text))
		error("%s (a case that asks the toolstack says so in its row)", err.text);
	await_answer(front, dir, answer, sizeof(answer));
	if (strcmp(answer, TOOLSTACK_CANNOT) == 0)
		skip("%s", answer);
	if (answer[0] != '=')
		error("the toolstack's part: %s: %s", text, answer);
	return answer + 1;
}

void toolstack_write(struct front *front, const char *name, const char *value)
{
	ask(front, "write %s %s", name, value);
}

const char *toolstack_read(struct front *front, const char *path)
{
	return ask(front, "read %s", path);
}

void toolstack_close(struct front *front)
{
	ask(front, "close");
}

void toolstack_remove(struct front *front)
{
	ask(front, "remove");
}

bool toolstack_sees_backend(struct front *front)
{
	return *ask(front, "look") != '\0';
}

void toolstack_create_frontend(struct front *front)
{
	ask(front, "create-frontend");
}

void toolstack_create(struct front *front, const char *name, const char *value)
{
	ask(front, "create %s %s", name ?: "-", value ?: "");
}

void toolstack_hotplug(struct front *front)
{
	ask(front, "hotplug");
}

void toolstack_stop_backend(struct front *front)
{
	ask(front, "stop");
}

void toolstack_start_backend(struct front *front)
{
	ask(front, "start");
}

unsigned int toolstack_backend_cpu_ms(struct front *front)
{
	return strtoul(ask(front, "cpu"), NULL, 10);
}

void toolstack_resize_image(struct front *front, uint64_t size_bytes)
{
	ask(front, "resize %llu", (unsigned long long)size_bytes);
}

const char *toolstack_make_storage(struct front *front)
{
	return ask(front, "make-storage");
}

void toolstack_fail_storage(struct front *front)
{
	ask(front, "fail-storage");
}

void toolstack_mirror(struct front *front, const char *dir)
{
	ask(front, "mirror %s", dir);
}
