// SPDX-License-Identifier: MIT
/*
 * What a guest says on a vif's control ring, message by message. What holds:
 *
 * - each has one answer, with its id and type, at once or when a queue is done with a list of grants, of which there is
 *   never more than one, for a queue that there is, and not longer than any;
 * - one that is refused has changed nothing;
 * - no frame ever goes to a queue that there is not;
 * - what is set is what the next daemon would go on with.
 */
#include <stdio.h>
#include <unistd.h>

#include "backend/net/ctrl.h"
#include "backend/net/steer.h"
#include "common/base/errbuf.h"
#include "tests/fuzz/fuzz.h"

static struct net_state state;
static const struct journal_identity whose = { .kind = "vif" };
static struct net_static_job *job; /* that a queue is at */

/* ---- the guest's pages, and its queues ------------------------------------------------------------------------- */

/* Of grants that there are, the next bytes. */
static bool fetch(void *context, uint32_t gref, void *to, uint16_t len_bytes)
{
	assert(len_bytes > 0 && len_bytes <= 4096);
	if (gref % 8 == 7)
		return false;
	fuzz_take(context, to, len_bytes);
	return true;
}

static bool store(void *context, uint32_t gref, const void *from, uint16_t len_bytes)
{
	fuzz_read(from, len_bytes);
	return gref % 8 != 7;
}

static unsigned int nr_queues;

static void change(void *context, unsigned int queue, struct net_static_job *asked)
{
	assert(!job && queue < nr_queues && asked->nr > 0 && asked->nr <= NET_STATIC_MAX_PAGES);
	job = asked;
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

static struct net_settings settings(void)
{
	struct net_state_view view = { .generation = 0 };

	(void)net_state_look(&state, &view);
	return view.settings;
}

/* Most are of a type that there is, and about as much as there may be. */
static struct xen_netif_ctrl_request take_message(struct fuzz_input *input)
{
	struct xen_netif_ctrl_request message;

	fuzz_take(input, &message, sizeof(message));
	if (message.type & 0x8000)
		return message;
	message.type %= 16;
	for (unsigned int i = 0; i < 3; i++)
		message.data[i] = message.data[i] & 1U << 31 ? message.data[i] : message.data[i] % 600;
	return message;
}

static void take_turn(struct fuzz_input *input, const struct net_ctrl *ctrl)
{
	struct xen_netif_ctrl_request message = take_message(input);
	struct net_settings before = settings(), after;
	struct xen_netif_ctrl_response response;

	memset(&response, 0xa5, sizeof(response));
	if (!net_ctrl_answer(ctrl, &message, &response)) {
		assert(job);
		job->has_failed = fuzz_u8(input) & 1;
		net_ctrl_finish(ctrl, &message, job, &response);
		job = NULL;
	}
	assert(!job && response.id == message.id && response.type == message.type);
	assert(response.status <= XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW);
	after = settings();
	if (response.status != XEN_NETIF_CTRL_STATUS_SUCCESS)
		assert(memcmp(&before, &after, sizeof(before)) == 0);
	else if (message.type == XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING)
		assert((uint64_t)message.data[1] + message.data[2] <= before.nr_mapping);
}

static void check_frame(struct fuzz_input *input)
{
	uint8_t *memory = calloc(1, sizeof(struct virtio_net_hdr) + input->left_bytes);
	struct net_rx_frame frame = { .memory = memory, .len_bytes = (uint32_t)input->left_bytes };
	struct net_steer steer;

	net_steer_init(&steer, &state, 0, nr_queues);
	net_steer_refresh(&steer);
	fuzz_take(input, net_rx_frame_bytes(&frame), frame.len_bytes);
	if (frame.len_bytes > 0)
		assert(net_steer_frame(&steer, &frame) < nr_queues);
	free(memory);
}

static void begin(void)
{
	char path[64];
	struct errbuf err;

	if (!state.file) {
		snprintf(path, sizeof(path), "/dev/shm/fuzz.net_ctrl.%d", (int)getpid());
		assert(net_state_open(&state, path, &err) == 0);
		unlink(path);
	}
	net_state_begin(&state, &whose);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input input = { bytes, len_bytes };
	struct net_ctrl ctrl = { .state = &state, .fetch = fetch, .store = store, .change = change, .context = &input };
	struct errbuf err;

	begin();
	ctrl.nr_queues = nr_queues = 1 + fuzz_u8(&input) % 8;
	for (unsigned int nr = fuzz_u8(&input) % 32; nr > 0 && input.left_bytes > 0; nr--)
		take_turn(&input, &ctrl);
	assert(net_state_resume(&state, &whose, nr_queues, &err) == 0);
	check_frame(&input);
	return 0;
}
