// SPDX-License-Identifier: MIT
/* The guest's end of a Xen console: says hello, then repeats each line it is sent, until that line is "quit". */
#define __XEN_TOOLS__ 1 /* today's hypercall numbers */

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xencall.h>
#include <xenforeignmemory.h>
#include <xenstore.h>
#include <xen/event_channel.h>
#include <xen/io/console.h>

static struct xencons_interface *ring;
static xencall_handle *xcall;
static struct evtchn_send *event;

static void notify(void)
{
	atomic_thread_fence(memory_order_seq_cst);
	xencall2(xcall, __HYPERVISOR_event_channel_op, EVTCHNOP_send, (uintptr_t)event);
}

static void say(const char *text)
{
	while (*text) {
		volatile XENCONS_RING_IDX *cons = &ring->out_cons;

		if (ring->out_prod - *cons < sizeof(ring->out))
			ring->out[MASK_XENCONS_IDX(ring->out_prod++, ring->out)] = *text++;
	}
	notify();
}

static int hear(void)
{
	volatile XENCONS_RING_IDX *prod = &ring->in_prod;
	char c;

	while (*prod == ring->in_cons)
		usleep(1000); /* the port is the domain's own: nothing in userspace can wait on it */
	atomic_thread_fence(memory_order_seq_cst);
	c = ring->in[MASK_XENCONS_IDX(ring->in_cons, ring->in)];
	ring->in_cons++;
	notify();
	return c;
}

static unsigned long read_number(struct xs_handle *xs, const char *path)
{
	char *text = xs_read(xs, XBT_NULL, path, NULL);
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	return n;
}

int main(void)
{
	struct xs_handle *xs = xs_open(0);
	xen_pfn_t gfn = read_number(xs, "console/ring-ref");
	char line[128] = "";
	size_t len = 0;

	xcall = xencall_open(NULL, 0);
	ring = xenforeignmemory_map(xenforeignmemory_open(NULL, 0), DOMID_SELF, PROT_READ | PROT_WRITE, 1, &gfn, NULL);
	event = xencall_alloc_buffer(xcall, sizeof(*event));
	if (!ring || !event) {
		perror("console");
		return 1;
	}
	event->port = read_number(xs, "console/port");
	say("hello from the guest\r\n");
	while (strcmp(line, "quit")) {
		int c = hear();

		if (c != '\r' && c != '\n') {
			line[len++ % (sizeof(line) - 1)] = c;
			continue;
		}
		line[len % (sizeof(line) - 1)] = '\0';
		len = 0;
		say("heard: ");
		say(line);
		say("\r\n");
	}
	return 0;
}
