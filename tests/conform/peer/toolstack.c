// SPDX-License-Identifier: MIT
#include "tests/conform/peer/toolstack.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/peer/mailbox.h"
#include "tests/conform/verdict.h"

/* What it has read for us, or "". */
static const char *ask(struct front *front, const char *fmt, ...)
{
	static char answer[MAILBOX_TEXT];
	char question[MAILBOX_TEXT];
	struct errbuf err;
	va_list args;
	int rc;

	va_start(args, fmt);
	vsnprintf(question, sizeof(question), fmt, args);
	va_end(args);
	rc = mailbox_ask(&front->store, question, answer, &err);
	if (rc)
		error("%s%s", err.text, rc == -EACCES ? " (a case that asks the toolstack says so in its row)" : "");
	if (strcmp(answer, TOOLSTACK_CANNOT) == 0)
		skip("%s", answer);
	if (strncmp(answer, "BUS-18 ", 7) == 0) /* what attach says in host.h */
		fail("BUS-18", "%s", answer + 7);
	if (answer[0] != '=')
		error("the toolstack's part: %s: %s", question, answer);
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

unsigned int toolstack_backend_rss_kib(struct front *front)
{
	return strtoul(ask(front, "rss"), NULL, 10);
}

void toolstack_write_digits(struct front *front, const char *name, unsigned int nr)
{
	ask(front, "write-digits %s %u", name, nr);
}

uint32_t toolstack_attach_neighbour(struct front *front)
{
	return strtoul(ask(front, "neighbour"), NULL, 10);
}

void toolstack_plug(struct front *front, unsigned int port, const char *device)
{
	ask(front, "plug %u %s", port, device);
}

uint64_t toolstack_image_bytes(struct front *front)
{
	return strtoull(ask(front, "measure"), NULL, 10);
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
