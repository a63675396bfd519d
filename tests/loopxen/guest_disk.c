// SPDX-License-Identifier: MIT
/* The least that a block frontend can be: connects to device/vbd/51712, reads sector 0, prints it in hex, closes. */
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

/* ring.h has barriers only if these exist when it is read. */
#define mb()  atomic_thread_fence(memory_order_seq_cst)
#define rmb() mb()
#define wmb() mb()
#include <xen/io/ring.h>
#include <xen/io/blkif.h>

static struct xs_handle *xs;

static void put(const char *name, const char *fmt, unsigned int value)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "device/vbd/51712/%s", name);
	snprintf(text, sizeof(text), fmt, value);
	if (!xs_write(xs, XBT_NULL, path, text, strlen(text))) {
		perror(path);
		exit(1);
	}
}

/* Waits, by a watch, for the backend to reach one of two states. */
static void wait_for(char a, char b)
{
	char *path = xs_read(xs, XBT_NULL, "device/vbd/51712/backend", NULL), *state = NULL;
	char node[128];
	unsigned int n;

	snprintf(node, sizeof(node), "%s/state", path);
	xs_watch(xs, node, "state");
	do {
		free(state);
		free(xs_read_watch(xs, &n));
		state = xs_read(xs, XBT_NULL, node, NULL);
	} while (!state || (*state != a && *state != b));
	xs_unwatch(xs, node, "state");
	free(state);
	free(path);
}

int main(void)
{
	xengntshr_handle *xgs = xengntshr_open(NULL, 0);
	xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
	uint32_t ring_ref, data_ref;
	struct blkif_sring *sring = xengntshr_share_pages(xgs, 0, 1, &ring_ref, 1);
	uint8_t *data = xengntshr_share_pages(xgs, 0, 1, &data_ref, 1);
	struct blkif_front_ring ring;
	struct blkif_request *req;
	int port = xenevtchn_bind_unbound_port(xce, 0);

	xs = xs_open(0);
	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&ring, sring, 4096);
	put("ring-ref", "%u", ring_ref);
	put("event-channel", "%u", port);
	put("protocol", "x86_64-abi", 0);
	put("state", "%u", 3);
	wait_for('4', '4');
	put("state", "%u", 4);

	req = RING_GET_REQUEST(&ring, ring.req_prod_pvt++);
	*req = (struct blkif_request){ .operation = BLKIF_OP_READ, .nr_segments = 1, .handle = 51712 };
	req->seg[0] = (struct blkif_request_segment){ .gref = data_ref, .first_sect = 0, .last_sect = 0 };
	RING_PUSH_REQUESTS(&ring);
	xenevtchn_notify(xce, port);
	while (!RING_HAS_UNCONSUMED_RESPONSES(&ring))
		xenevtchn_unmask(xce, xenevtchn_pending(xce));
	if (RING_GET_RESPONSE(&ring, ring.rsp_cons)->status != BLKIF_RSP_OKAY)
		return 1;
	for (int i = 0; i < 512; i++)
		printf("%02x", data[i]);
	put("state", "%u", 5);
	wait_for('5', '6');
	put("state", "%u", 6);
	wait_for('6', '6');
	return 0;
}
