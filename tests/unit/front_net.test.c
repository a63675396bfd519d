// SPDX-License-Identifier: MIT
/* A network front whose backend is this test: it can write everything a backend can, and does. */
#include "tests/unit/cm.h"

#include <sys/eventfd.h>
#include <unistd.h>

#define xs_fileno fake_has_no_fileno /* epoll wants a real one */
#include "tests/unit/xenbus_fake.h"
#undef xs_fileno

#include "common/ring/back.h"
#include "frontend/user/net.h"
#include "frontend/user/port.h"

#define BACK  "/local/domain/0/backend/vif/5/0"
#define FRONT "/local/domain/5/device/vif/0"

#define FIRST_PORT 7
#define CONTROL_PORT (FIRST_PORT + 2)

/* In the order in which the front shares them. */
enum { TX_RING, TX_PAGES, RX_RING, RX_PAGES, NR_AREAS, CONTROL_RING = NR_AREAS, CONTROL_PAGE, MAX_AREAS };

static struct {
	int evtchn_fd[3], store_fd;
	struct ring_back tx, rx, control;
	bool has_control, is_silent;
	uint8_t *area[MAX_AREAS];
	int nr_areas, fail_share_at, nr_ports, nr_open, fail_bind_at;
	int nr_notified[3]; /* by port */
	struct xen_netif_ctrl_response answer; /* to the next message */
	struct xen_netif_ctrl_request message; /* the last one */
	bool has_statics, refuses_statics;
	uint32_t most_statics;
	struct xen_netif_gref list[512];
	const char *state_after_setup;
} peer;

int xs_fileno(struct xs_handle *h);
int xs_fileno(struct xs_handle *h)
{
	return peer.store_fd;
}

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned int flags)
{
	return (void *)&peer;
}

int xengntshr_close(xengntshr_handle *h)
{
	return 0;
}

/* Page i of area a has the grant 1000 * (a + 1) + i. */
void *xengntshr_share_pages(xengntshr_handle *h, uint32_t domid, int count, uint32_t *refs, int writable)
{
	if (peer.nr_areas == peer.fail_share_at) {
		errno = ENOSPC;
		return NULL;
	}
	for (int i = 0; i < count; i++)
		refs[i] = 1000 * (peer.nr_areas + 1) + i;
	return peer.area[peer.nr_areas++] = aligned_alloc(4096, (size_t)count * 4096);
}

int xengntshr_unshare(xengntshr_handle *h, void *start, uint32_t count)
{
	peer.nr_areas--;
	free(start);
	return 0;
}

/* A handle is its fd. */
xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	peer.nr_open++;
	return (void *)&peer.evtchn_fd[peer.nr_ports];
}

int xenevtchn_close(xenevtchn_handle *h)
{
	peer.nr_open--;
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
	return *(int *)h;
}

/* The backend connects as soon as there is something to connect to. */
xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *h, uint32_t domid)
{
	if (peer.nr_ports == peer.fail_bind_at) {
		errno = ENOMEM;
		return -1;
	}
	fake_set(BACK "/state", peer.state_after_setup);
	return FIRST_PORT + peer.nr_ports++;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
	eventfd_t value;

	eventfd_read(*(int *)h, &value);
	return FIRST_PORT;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	return 0;
}

static void serve_statics(void)
{
	bool is_question = peer.message.type == XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE;

	assert_false(ring_back_final_check(&peer.control)); /* and asks for an event */
	assert_int_equal(peer.message.data[0], 0);
	if (!is_question) {
		assert_int_equal(peer.message.type, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING);
		assert_int_equal(peer.message.data[1], 6000);
		memcpy(peer.list, peer.area[CONTROL_PAGE], sizeof(peer.list));
	}
	peer.answer = (struct xen_netif_ctrl_response){
		.type = peer.message.type,
		.status = is_question || !peer.refuses_statics ? XEN_NETIF_CTRL_STATUS_SUCCESS :
								 XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER,
		.data = is_question ? peer.most_statics : 0,
	};
}

static void answer_message(void)
{
	assert_int_equal(ring_back_pop(&peer.control, &peer.message), RING_GOT);
	if (peer.is_silent)
		return;
	if (peer.has_statics)
		serve_statics();
	peer.answer.id += peer.message.id;
	ring_back_put(&peer.control, &peer.answer);
	if (ring_back_push(&peer.control))
		eventfd_write(peer.evtchn_fd[CONTROL_PORT - FIRST_PORT], 1);
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
	assert_in_range(port, FIRST_PORT, FIRST_PORT + peer.nr_ports - 1);
	peer.nr_notified[port - FIRST_PORT]++;
	if (port == CONTROL_PORT && peer.has_control)
		answer_message();
	return 0;
}

static struct {
	unsigned int nr_received, nr_sent;
	uint8_t bytes[NET_MAX_RECEIVED_BYTES];
	uint32_t len;
	struct net_meta meta;
	struct net_sent sent[512];
} seen;

static void received(void *arg, unsigned int queue, uint8_t *bytes, uint32_t len, const struct net_meta *meta)
{
	memcpy(seen.bytes, bytes, len);
	seen.len = len;
	seen.meta = *meta;
	seen.nr_received++;
}

static void sent(void *arg, const struct net_sent *one)
{
	seen.sent[seen.nr_sent++] = *one;
}

static struct netfront_config config;
static struct netfront *front;
static struct errbuf err;

static int setup(void **state)
{
	static const char *const offers[] = { "feature-rx-copy",   "feature-split-event-channels",
					      "feature-sg",	   "feature-gso-tcpv4",
					      "feature-gso-tcpv6", "feature-ipv6-csum-offload" };
	char path[128];

	fake_reset();
	memset(&peer, 0, sizeof(peer));
	memset(&seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < 3; i++)
		peer.evtchn_fd[i] = eventfd(0, EFD_CLOEXEC);
	peer.store_fd = eventfd(0, EFD_CLOEXEC);
	peer.fail_share_at = peer.fail_bind_at = -1;
	peer.state_after_setup = "4";
	fake_set("domid", "5");
	fake_set(FRONT "/backend", BACK);
	fake_set(FRONT "/backend-id", "0");
	fake_set(FRONT "/state", "1");
	fake_set(FRONT "/mac", "00:16:3e:01:02:fE");
	fake_set(BACK "/state", "2");
	for (unsigned int i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		snprintf(path, sizeof(path), BACK "/%s", offers[i]);
		fake_set(path, "1");
	}
	config = (struct netfront_config){
		.timeout_ms = 50, .features = { true, true, true, true, true }, .received = received, .sent = sent
	};
	err.text[0] = '\0';
	front = NULL;
	return 0;
}

static int teardown(void **state)
{
	netfront_free(front);
	assert_int_equal(peer.nr_areas, 0);
	assert_int_equal(peer.nr_open, 0);
	close(peer.evtchn_fd[0]);
	close(peer.evtchn_fd[1]);
	close(peer.evtchn_fd[2]);
	close(peer.store_fd);
	fake_reset();
	return 0;
}

static int try_to_connect(void)
{
	netfront_free(front);
	front = netfront_new(&config);
	return netfront_connect(front, &err);
}

static void connect_front(void)
{
	struct ring_layout layout = { 0 };

	assert_int_equal(try_to_connect(), 0);
	assert_true(ring_layout_init(&layout, 4096, sizeof(struct netif_tx_request), sizeof(struct netif_tx_response)));
	ring_back_init(&peer.tx, peer.area[TX_RING], &layout);
	assert_true(ring_layout_init(&layout, 4096, sizeof(struct netif_rx_request), sizeof(struct netif_rx_response)));
	ring_back_init(&peer.rx, peer.area[RX_RING], &layout);
}

static void again(void **state)
{
	teardown(state);
	setup(state);
}

/* ---- what is said in xenstore ---- */

static void it_publishes_what_a_backend_needs(void **state)
{
	fake_set(FRONT "/ctrl-ring-ref", "9"); /* of an earlier life */
	fake_set(FRONT "/multi-queue-num-queues", "2");
	fake_set(FRONT "/event-channel", "9");
	connect_front();
	assert_string_equal(fake_get(FRONT "/tx-ring-ref"), "1000");
	assert_string_equal(fake_get(FRONT "/rx-ring-ref"), "3000");
	assert_string_equal(fake_get(FRONT "/event-channel-tx"), "7");
	assert_string_equal(fake_get(FRONT "/event-channel-rx"), "8");
	assert_string_equal(fake_get(FRONT "/request-rx-copy"), "1");
	assert_string_equal(fake_get(FRONT "/feature-rx-notify"), "1");
	assert_string_equal(fake_get(FRONT "/feature-sg"), "1");
	assert_string_equal(fake_get(FRONT "/feature-gso-tcpv4"), "1");
	assert_string_equal(fake_get(FRONT "/feature-gso-tcpv6"), "1");
	assert_string_equal(fake_get(FRONT "/feature-no-csum-offload"), "0");
	assert_string_equal(fake_get(FRONT "/feature-ipv6-csum-offload"), "1");
	assert_string_equal(fake_get(FRONT "/request-multicast-control"), "0");
	assert_string_equal(fake_get(FRONT "/state"), "4");
	assert_null(fake_get(FRONT "/event-channel"));
	assert_null(fake_get(FRONT "/ctrl-ring-ref"));
	assert_null(fake_get(FRONT "/multi-queue-num-queues"));
	assert_int_equal(peer.nr_notified[1], 1);
}

static void one_event_channel_serves_both_rings(void **state)
{
	for (unsigned int asked = 0; asked < 2; asked++) {
		again(state);
		config.shares_event_channel = asked;
		if (!asked)
			fake_set(BACK "/feature-split-event-channels", "0");
		connect_front();
		assert_string_equal(fake_get(FRONT "/event-channel"), "7");
		assert_null(fake_get(FRONT "/event-channel-tx"));
		assert_null(fake_get(FRONT "/event-channel-rx"));
		assert_int_equal(peer.nr_notified[0], 1);
	}
}

static const struct {
	const char *name, *node, *value;
	int rc;
	const char *text;
} offers[] = {
	{ "a backend that does not copy", BACK "/feature-rx-copy", "0", -EOPNOTSUPP, "feature-rx-copy is not 1" },
	{ "sg neither yes nor no", BACK "/feature-sg", "2", -ERANGE, "feature-sg" },
	{ "GSO that is no number", BACK "/feature-gso-tcpv4", "yes", -EINVAL, "feature-gso-tcpv4" },
	{ "a MAC of five bytes", FRONT "/mac", "00:16:3e:01:02", -EINVAL, "mac is '00:16:3e:01:02'" },
	{ "a MAC of seven bytes", FRONT "/mac", "00:16:3e:01:02:03:04", -EINVAL, "mac is" },
	{ "a MAC of other letters", FRONT "/mac", "00:16:3e:01:02:zz", -EINVAL, "mac is" },
	{ "a MAC that is too long", FRONT "/mac", "00:16:3e:01:02:03 and so on and so on", -E2BIG, "mac" },
	{ "an MTU of nothing", FRONT "/mtu", "0", -ERANGE, "mtu" },
	{ "an MTU of more than IP has", FRONT "/mtu", "65536", -ERANGE, "mtu" },
	{ "an MTU", FRONT "/mtu", "9000", 0, "" },
};

static void what_the_backend_offers_is_checked(void **state)
{
	for (unsigned int i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		print_message("# %s\n", offers[i].name);
		again(state);
		fake_set(offers[i].node, offers[i].value);
		assert_int_equal(try_to_connect(), offers[i].rc);
		assert_non_null(strstr(err.text, offers[i].text));
		assert_int_equal(netfront_state(front), offers[i].rc ? NETFRONT_CLOSED : NETFRONT_CONNECTED);
	}
	assert_int_equal(netfront_identity(front)->mtu, 9000);
}

static void who_we_are_is_read_from_our_own_directory_first(void **state)
{
	static const uint8_t ours[] = { 0, 0x16, 0x3e, 1, 2, 0xfe }, backends[] = { 2, 4, 6, 8, 10, 12 };

	fake_set(BACK "/mac", "02:04:06:08:0a:0c");
	connect_front();
	assert_true(netfront_identity(front)->has_mac);
	assert_memory_equal(netfront_identity(front)->mac, ours, 6);
	assert_int_equal(netfront_identity(front)->mtu, 1500);
	again(state);
	fake_set(BACK "/mac", "02:04:06:08:0a:0c");
	fake_set(FRONT "/mac", "");
	connect_front();
	assert_memory_equal(netfront_identity(front)->mac, backends, 6);
	again(state);
	fake_set(FRONT "/mac", "");
	connect_front();
	assert_false(netfront_identity(front)->has_mac);
}

static void what_goes_only_with_something_else_goes_with_it(void **state)
{
	fake_set(BACK "/feature-ipv6-csum-offload", "0");
	config.features.csum_ipv4 = false;
	connect_front();
	assert_string_equal(fake_get(FRONT "/feature-no-csum-offload"), "1");
	assert_string_equal(fake_get(FRONT "/feature-gso-tcpv4"), "0");
	assert_string_equal(fake_get(FRONT "/feature-gso-tcpv6"), "1");
	assert_true(netfront_sends(front)->sg);
	assert_false(netfront_sends(front)->csum_ipv4);
	assert_false(netfront_sends(front)->csum_ipv6);
	assert_false(netfront_sends(front)->gso_tcpv4);
	assert_false(netfront_sends(front)->gso_tcpv6);
	again(state);
	fake_set(BACK "/feature-sg", "0");
	fake_set(BACK "/feature-no-csum-offload", "1");
	connect_front();
	assert_string_equal(fake_get(FRONT "/feature-sg"), "1");
	assert_false(netfront_sends(front)->sg);
	assert_false(netfront_sends(front)->csum_ipv4);
	assert_true(netfront_sends(front)->csum_ipv6);
	assert_false(netfront_sends(front)->gso_tcpv6);
}

static void a_backend_that_waits_for_its_script_is_waited_for_in_connected(void **state)
{
	peer.state_after_setup = "2";
	assert_int_equal(try_to_connect(), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "stays in state InitWait"));
	assert_non_null(fake_get(FRONT "/tx-ring-ref"));
	assert_string_equal(fake_get(FRONT "/state"), "6");
}

static void a_backend_that_gives_up_is_named(void **state)
{
	peer.state_after_setup = "5";
	assert_int_equal(try_to_connect(), -ECONNREFUSED);
	assert_non_null(strstr(err.text, "Closing"));
	assert_string_equal(fake_get(FRONT "/state"), "6");
}

static void whatever_cannot_be_had_leaves_nothing(void **state)
{
	for (int i = 0; i < NR_AREAS; i++) {
		again(state);
		peer.fail_share_at = i;
		assert_int_equal(try_to_connect(), -ENOSPC);
		assert_string_equal(fake_get(FRONT "/state"), "1");
	}
	for (int i = 0; i < 2; i++) {
		again(state);
		peer.fail_bind_at = i;
		assert_int_equal(try_to_connect(), -ENOMEM);
		assert_int_equal(peer.nr_areas, 0);
	}
}

static void a_backend_that_wants_the_vif_back_is_heard(void **state)
{
	connect_front();
	fake_set(BACK "/state", "5");
	eventfd_write(peer.store_fd, 1);
	assert_int_equal(netfront_wait(front, 100), 0);
	assert_int_equal(netfront_state(front), NETFRONT_CLOSING);
	assert_non_null(strstr(netfront_why(front), "closes the vif"));
	assert_int_equal(netfront_send(front, 0, &(struct net_outgoing){ seen.bytes, 60, { 0 }, 0 }, NULL, 0),
			 -ESHUTDOWN);
	fake_set(BACK "/state", "6");
	assert_int_equal(netfront_disconnect(front, &err), 0);
	assert_string_equal(fake_get(FRONT "/state"), "6");
}

static void a_state_that_makes_no_sense_breaks_it(void **state)
{
	connect_front();
	fake_set(BACK "/state", "7");
	eventfd_write(peer.store_fd, 1);
	assert_int_equal(netfront_wait(front, 100), -EPROTO);
	assert_int_equal(netfront_poll(front, 1), -EPROTO);
}

/* ---- the control ring ---- */

static void connect_with_control(void)
{
	struct ring_layout layout = { 0 };

	fake_set(BACK "/feature-ctrl-ring", "1");
	config.has_control = true;
	connect_front();
	assert_true(ring_layout_init(&layout, 4096, sizeof(struct xen_netif_ctrl_request),
				     sizeof(struct xen_netif_ctrl_response)));
	ring_back_init(&peer.control, peer.area[CONTROL_RING], &layout);
	assert_false(ring_back_final_check(&peer.control)); /* and asks for an event */
	peer.has_control = true;
}

static int ask(uint16_t type, struct xen_netif_ctrl_response *answer)
{
	const struct xen_netif_ctrl_request message = { .type = type, .data = { 1, 2, 3 } };

	ring_back_final_check(&peer.control);
	peer.answer = (struct xen_netif_ctrl_response){ .type = type, .status = 2, .data = 77 };
	return netfront_control(front, &message, answer, &err);
}

static void a_control_ring_is_published_and_asked(void **state)
{
	struct xen_netif_ctrl_response answer;
	uint32_t gref;

	connect_with_control();
	assert_string_equal(fake_get(FRONT "/ctrl-ring-ref"), "5000");
	assert_string_equal(fake_get(FRONT "/event-channel-ctrl"), "9");
	assert_ptr_equal(netfront_control_page(front, &gref), peer.area[CONTROL_PAGE]);
	assert_int_equal(gref, 6000);
	for (unsigned int i = 0; i < 300; i++) { /* more than the ring has slots */
		assert_int_equal(ask(6, &answer), 0);
		assert_int_equal(peer.message.type, 6);
		assert_int_equal(peer.message.data[2], 3);
		assert_int_equal(answer.status, 2);
		assert_int_equal(answer.data, 77);
	}
}

static void a_backend_without_one_is_no_backend_for_who_wants_one(void **state)
{
	config.has_control = true;
	assert_int_equal(try_to_connect(), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "feature-ctrl-ring is not 1"));
}

static void what_is_no_answer_to_the_message_is_none(void **state)
{
	const struct xen_netif_ctrl_request message = { .type = 6 };
	struct xen_netif_ctrl_response answer;

	connect_with_control();
	peer.answer = (struct xen_netif_ctrl_response){ .type = 7 };
	assert_int_equal(netfront_control(front, &message, &answer, &err), -EPROTO);
	again(state);
	connect_with_control();
	peer.answer = (struct xen_netif_ctrl_response){ .type = 6, .id = 1 }; /* added to the right one */
	assert_int_equal(netfront_control(front, &message, &answer, &err), -EPROTO);
	again(state);
	connect_with_control();
	peer.is_silent = true;
	assert_int_equal(netfront_control(front, &message, &answer, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "control message 6"));
	assert_int_equal(netfront_disconnect(front, &err), -ETIMEDOUT); /* nobody closes */
	assert_int_equal(netfront_control(front, &message, &answer, &err), -ESHUTDOWN);
}

static int register_with(uint32_t most)
{
	peer.has_statics = true;
	peer.most_statics = most;
	ring_back_final_check(&peer.control);
	return netfront_register_buffers(front, &err);
}

static void all_pages_are_registered_and_those_to_send_from_only_to_be_read(void **state)
{
	connect_with_control();
	assert_int_equal(register_with(512), 0);
	assert_int_equal(peer.message.data[2], 512);
	for (unsigned int i = 0; i < 512; i++) {
		assert_int_equal(peer.list[i].ref, 1000 * (i < 256 ? TX_PAGES + 1 : RX_PAGES + 1) + i % 256);
		assert_int_equal(peer.list[i].flags, i < 256 ? XEN_NETIF_CTRLF_GREF_readonly : 0);
	}
}

static void a_backend_that_does_not_keep_so_many_is_asked_for_none(void **state)
{
	connect_with_control();
	assert_int_equal(register_with(511), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "keeps 511 pages of a queue mapped, and we have 512"));
	assert_int_equal(peer.message.type, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE);
	again(state);
	connect_with_control();
	peer.refuses_statics = true;
	assert_int_equal(register_with(512), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "control message 9, status 2"));
}

/* ---- sending ---- */

static uint8_t frame_bytes[65535];

static int send_frame(uint32_t len, struct net_meta meta, const struct net_piece *pieces, unsigned int nr)
{
	static uint64_t cookie;
	struct net_outgoing frame = { frame_bytes, len, meta, ++cookie };

	for (uint32_t i = 0; i < len; i++)
		frame_bytes[i] = i * 31 >> 3;
	return netfront_send(front, 0, &frame, pieces, nr);
}

static struct netif_tx_request next_request(void)
{
	struct netif_tx_request req;

	assert_int_equal(ring_back_pop(&peer.tx, &req), RING_GOT);
	return req;
}

static void answer(uint16_t id, int16_t status)
{
	struct netif_tx_response rsp = { id, status };

	ring_back_put(&peer.tx, &rsp);
	ring_back_push(&peer.tx);
}

static void expect_piece(const struct netif_tx_request *req, uint32_t size, uint32_t offset_in_frame)
{
	assert_in_range(req->gref, 2000, 2255);
	assert_memory_equal(peer.area[TX_PAGES] + (req->gref - 2000) * 4096 + req->offset,
			    frame_bytes + offset_in_frame, size);
}

static void a_frame_goes_out_page_by_page(void **state)
{
	struct netif_tx_request req[3];

	connect_front();
	assert_int_equal(
		send_frame(8193, (struct net_meta){ .is_csum_blank = true, .is_data_validated = true }, NULL, 0), 0);
	assert_int_equal(ring_back_pop(&peer.tx, req), RING_EMPTY);
	netfront_push(front);
	assert_int_equal(peer.nr_notified[0], 1);
	for (unsigned int i = 0; i < 3; i++)
		req[i] = next_request();
	assert_int_equal(req[0].size, 8193);
	assert_int_equal(req[0].flags, NETTXF_csum_blank | NETTXF_data_validated | NETTXF_more_data);
	assert_int_equal(req[1].size, 4096);
	assert_int_equal(req[1].flags, NETTXF_more_data);
	assert_int_equal(req[2].size, 1);
	assert_int_equal(req[2].flags, 0);
	for (unsigned int i = 0; i < 3; i++)
		expect_piece(&req[i], i < 2 ? 4096 : 1, i * 4096);
	answer(req[2].id, 0);
	answer(req[0].id, 0);
	assert_int_equal(netfront_poll(front, 1), 0);
	assert_int_equal(netfront_nr_out(front), 1);
	answer(req[1].id, 0);
	assert_int_equal(netfront_poll(front, 1), 1);
	assert_int_equal(netfront_nr_out(front), 0);
	assert_int_equal(seen.nr_sent, 1);
	assert_int_equal(seen.sent[0].rc, 0);
	assert_int_equal(netfront_counters(front).tx_bytes, 8193);
	assert_int_equal(netfront_counters(front).tx_slots, 3);
}

static void a_large_packet_has_its_extra_info_second(void **state)
{
	static const struct net_piece pieces[] = { { 100, 66 }, { 4000, 96 }, { 0, 2838 } };
	struct netif_extra_info extra;
	struct netif_tx_request req[3], slot;

	connect_front();
	assert_int_equal(send_frame(3000, (struct net_meta){ true, true, XEN_NETIF_GSO_TYPE_TCPV6, .gso_size = 1428 },
				    pieces, 3),
			 0);
	netfront_push(front);
	req[0] = next_request();
	slot = next_request();
	memcpy(&extra, &slot, sizeof(extra));
	req[1] = next_request();
	req[2] = next_request();
	assert_int_equal(req[0].flags,
			 NETTXF_csum_blank | NETTXF_data_validated | NETTXF_more_data | NETTXF_extra_info);
	assert_int_equal(req[0].size, 3000);
	assert_int_equal(req[0].offset, 100);
	assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
	assert_int_equal(extra.flags, 0);
	assert_int_equal(extra.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV6);
	assert_int_equal(extra.u.gso.size, 1428);
	assert_int_equal(extra.u.gso.features, 0);
	expect_piece(&req[0], 66, 0);
	expect_piece(&req[1], 96, 66);
	expect_piece(&req[2], 2838, 162);
	for (unsigned int i = 0; i < 3; i++)
		answer(req[i].id, i == 1 ? NETIF_RSP_ERROR : 0);
	assert_int_equal(netfront_poll(front, 1), 1);
	assert_int_equal(seen.sent[0].rc, -EIO);
	answer(12345, NETIF_RSP_NULL); /* whatever its id */
	assert_int_equal(netfront_poll(front, 1), 0);
	assert_int_equal(netfront_counters(front).tx_errors, 1);
}

static void a_group_is_changed_by_a_slot_and_its_extra_info(void **state)
{
	static const uint8_t mdns[6] = { 1, 0, 0x5e, 0, 0, 0xfb };
	struct netif_extra_info extra;
	struct netif_tx_request req, slot;

	connect_front();
	assert_int_equal(netfront_change_group(front, true, mdns), -EOPNOTSUPP);
	again(state);
	fake_set(BACK "/feature-multicast-control", "1");
	config.filters_multicast = true;
	connect_front();
	assert_string_equal(fake_get(FRONT "/request-multicast-control"), "1");
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(netfront_change_group(front, i == 0, mdns), 0);
		netfront_push(front);
		req = next_request();
		slot = next_request();
		memcpy(&extra, &slot, sizeof(extra));
		assert_int_equal(req.size, 0);
		assert_int_equal(req.flags, NETTXF_extra_info);
		assert_int_equal(extra.type, i == 0 ? XEN_NETIF_EXTRA_TYPE_MCAST_ADD : XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
		assert_int_equal(extra.flags, 0);
		assert_memory_equal(extra.u.mcast.addr, mdns, 6);
		answer(req.id, i == 0 ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
		answer(0, NETIF_RSP_NULL);
		assert_int_equal(netfront_poll(front, 1), 1);
		assert_int_equal(netfront_nr_out(front), 0);
		assert_int_equal(netfront_counters(front).refused_groups, i);
	}
	assert_int_equal(netfront_counters(front).tx_frames, 0);
	assert_int_equal(netfront_counters(front).tx_errors, 0);
}

static const struct {
	const char *name;
	uint32_t len;
	struct net_meta meta;
	unsigned int nr;
	struct net_piece pieces[2];
	int rc;
} refusals[] = {
	{ "less than a header", 13, { 0 }, 0, { { 0 } }, -EMSGSIZE },
	{ "more than a slot can say", 65536, { 0 }, 0, { { 0 } }, -EMSGSIZE },
	{ "pieces of less than the frame", 60, { 0 }, 2, { { 0, 14 }, { 0, 45 } }, -EINVAL },
	{ "pieces of more than the frame", 60, { 0 }, 2, { { 0, 14 }, { 0, 47 } }, -EINVAL },
	{ "a piece of nothing", 60, { 0 }, 2, { { 0, 60 }, { 0, 0 } }, -EINVAL },
	{ "a piece that leaves its page", 60, { 0 }, 2, { { 4095, 2 }, { 0, 58 } }, -EINVAL },
	{ "GSO of a type to come", 60, { true, true, 3, .gso_size = 9 }, 0, { { 0 } }, -EOPNOTSUPP },
};

static void what_is_no_frame_is_not_sent(void **state)
{
	struct netif_tx_request req;

	connect_front();
	for (unsigned int i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct net_outgoing frame = { frame_bytes, refusals[i].len, refusals[i].meta, 0 };

		print_message("# %s\n", refusals[i].name);
		assert_int_equal(
			netfront_send(front, 0, &frame, refusals[i].nr ? refusals[i].pieces : NULL, refusals[i].nr),
			refusals[i].rc);
	}
	netfront_push(front);
	assert_int_equal(ring_back_pop(&peer.tx, &req), RING_EMPTY);
}

static void what_the_backend_does_not_take_is_not_sent(void **state)
{
	fake_set(BACK "/feature-gso-tcpv6", "0");
	connect_front();
	assert_int_equal(send_frame(60, (struct net_meta){ true, true, XEN_NETIF_GSO_TYPE_TCPV6, .gso_size = 9 },
				    NULL, 0),
			 -EOPNOTSUPP);
	assert_int_equal(
		send_frame(60, (struct net_meta){ true, true, XEN_NETIF_GSO_TYPE_TCPV4, .gso_size = 9 }, NULL, 0), 0);
	again(state);
	fake_set(BACK "/feature-sg", "0");
	fake_set(BACK "/feature-no-csum-offload", "1");
	fake_set(BACK "/feature-ipv6-csum-offload", "0");
	connect_front();
	assert_int_equal(send_frame(4097, (struct net_meta){ 0 }, NULL, 0), -EMSGSIZE);
	assert_int_equal(send_frame(60, (struct net_meta){ .is_csum_blank = true }, NULL, 0), -EOPNOTSUPP);
	assert_int_equal(send_frame(60, (struct net_meta){ true, true, XEN_NETIF_GSO_TYPE_TCPV4, .gso_size = 9 },
				    NULL, 0),
			 -EOPNOTSUPP);
	assert_int_equal(send_frame(4096, (struct net_meta){ 0 }, NULL, 0), 0);
}

/* Frames of 1 to 18 pieces with and without extra info, until nothing fits; and all over again after the answers. */
static void a_full_ring_is_for_later(void **state)
{
	struct netif_tx_request req;
	unsigned int nr_slots, nr_sent = 0;
	int rc;

	connect_front();
	for (unsigned int lap = 0; lap < 40; lap++) {
		struct net_piece pieces[18];
		bool is_extra[256] = { false };

		for (nr_slots = 0;;) {
			unsigned int nr = 1 + (lap * 7 + nr_slots * 5) % 18;
			struct net_meta meta = { .gso_type = nr % 2 ? XEN_NETIF_GSO_TYPE_TCPV4 : 0, .gso_size = 9 };

			for (unsigned int i = 0; i < nr; i++)
				pieces[i] = (struct net_piece){ i, 20 };
			rc = send_frame(nr * 20, meta, pieces, nr);
			if (rc)
				break;
			if (nr % 2)
				is_extra[nr_slots + 1] = true;
			nr_slots += nr + nr % 2;
			nr_sent++;
		}
		assert_int_equal(rc, -EAGAIN);
		assert_in_range(nr_slots, 256 - 18, 256);
		netfront_push(front);
		for (unsigned int i = 0; i < nr_slots; i++) {
			req = next_request();
			answer(req.id, is_extra[i] ? NETIF_RSP_NULL : i % 5 ? NETIF_RSP_OKAY : NETIF_RSP_DROPPED);
		}
		seen.nr_sent = 0;
		while ((rc = netfront_poll(front, 1)) > 0)
			;
		assert_int_equal(rc, 0);
		assert_int_equal(netfront_nr_out(front), 0);
	}
	assert_int_equal(netfront_counters(front).tx_frames + netfront_counters(front).tx_dropped, nr_sent);
	assert_true(netfront_counters(front).tx_dropped > 0);
}

enum lie {
	UNKNOWN_ID,
	OLD_ID,
	TWICE,
	EXTRA_UNASKED,
	PROD_TOO_FAR,
	PROD_BACKWARDS,
	RX_PROD_TOO_FAR,
	RX_OTHER_ID,
	RX_BEYOND
};

static const struct {
	const char *name;
	enum lie lie;
	const char *why;
} lies[] = {
	{ "an id that was never used", UNKNOWN_ID, "never used" },
	{ "an id of another generation", OLD_ID, "not in use" },
	{ "one answer twice", TWICE, "second answer" },
	{ "an answer to extra info that was not sent", EXTRA_UNASKED, "extra info that was not sent" },
	{ "an index too far", PROD_TOO_FAR, "index of answers" },
	{ "an index that goes backwards", PROD_BACKWARDS, "index of answers" },
	{ "an index of more frames than pages", RX_PROD_TOO_FAR, "index of received frames" },
	{ "another page's id", RX_OTHER_ID, "slot of another request" },
	{ "a frame beyond its page", RX_BEYOND, "beyond the end of its page" },
};

static void give(uint16_t id, uint16_t offset, uint16_t flags, int16_t status)
{
	struct netif_rx_response rsp = { id, offset, flags, status };

	ring_back_put(&peer.rx, &rsp);
	ring_back_push(&peer.rx);
}

static struct netif_rx_request next_posted(void)
{
	struct netif_rx_request req;

	assert_int_equal(ring_back_pop(&peer.rx, &req), RING_GOT);
	return req;
}

static void tell(enum lie lie, uint16_t id)
{
	struct ring_shared *tx = (void *)peer.area[TX_RING], *rx = (void *)peer.area[RX_RING];
	struct netif_rx_request posted = next_posted();

	switch (lie) {
	case UNKNOWN_ID:
		answer(id | 0x40, 0);
		break;
	case OLD_ID:
		answer(id - 0x100, 0);
		break;
	case TWICE:
		answer(id, 0);
		answer(id, 0);
		break;
	case EXTRA_UNASKED:
		answer(id, NETIF_RSP_NULL);
		break;
	case PROD_TOO_FAR:
		tx->rsp_prod += 3; /* two are out */
		break;
	case PROD_BACKWARDS:
		tx->rsp_prod--;
		break;
	case RX_PROD_TOO_FAR:
		rx->rsp_prod += 65; /* of 64 */
		break;
	case RX_OTHER_ID:
		give(posted.id + 1, 0, 0, 60);
		break;
	case RX_BEYOND:
		give(posted.id, 4090, 0, 7);
		break;
	}
}

static void a_backend_that_lies_breaks_the_front_and_nothing_else(void **state)
{
	for (unsigned int i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint16_t id;
		int rc = 0;

		print_message("# %s\n", lies[i].name);
		again(state);
		config.nr_tx_buffers = config.nr_rx_buffers = 64;
		connect_front();
		assert_int_equal(send_frame(60, (struct net_meta){ 0 }, NULL, 0), 0);
		assert_int_equal(send_frame(60, (struct net_meta){ 0 }, NULL, 0), 0);
		netfront_push(front);
		id = next_request().id;
		next_request();
		tell(lies[i].lie, id);
		for (int k = 0; rc >= 0 && k < 10; k++)
			rc = netfront_poll(front, 1);
		assert_int_equal(rc, -EPROTO);
		assert_int_equal(netfront_state(front), NETFRONT_BROKEN);
		assert_non_null(strstr(netfront_why(front), lies[i].why));
		assert_int_equal(netfront_poll(front, 1), -EPROTO);
		assert_int_equal(send_frame(60, (struct net_meta){ 0 }, NULL, 0), -ESHUTDOWN);
		assert_int_equal(seen.nr_received, 0);
		fake_set(BACK "/state", "6");
		assert_int_equal(netfront_disconnect(front, &err), 0);
		assert_string_equal(fake_get(FRONT "/state"), "6");
	}
}

/* ---- receiving ---- */

static uint8_t *posted_page(const struct netif_rx_request *req)
{
	assert_in_range(req->gref, 4000, 4255);
	return peer.area[RX_PAGES] + (req->gref - 4000) * 4096;
}

static void every_page_is_posted_and_posted_again(void **state)
{
	struct netif_rx_request req;

	config.nr_rx_buffers = 16;
	connect_front();
	for (unsigned int i = 0; i < 1000; i++) {
		bool is_used[16] = { false };

		for (unsigned int k = 0; k < 16; k++) {
			req = next_posted();
			assert_false(is_used[(req.gref - 4000) % 16]);
			is_used[(req.gref - 4000) % 16] = true;
			memset(posted_page(&req), i + k, 60);
			give(req.id, 0, 0, 60);
		}
		assert_int_equal(ring_back_pop(&peer.rx, &req), RING_EMPTY);
		assert_int_equal(netfront_poll(front, 10), 10);
		assert_int_equal(netfront_poll(front, 10), 6);
		assert_int_equal(netfront_poll(front, 10), 0);
		assert_int_equal(seen.bytes[59], (i + 15) & 0xff);
	}
	assert_int_equal(seen.nr_received, 16000);
	assert_int_equal(netfront_counters(front).rx_bytes, 16000 * 60);
	assert_true(peer.nr_notified[1] > 0);
}

/* A frame of more slots than there are pages: those that are free again are posted before it is complete. */
static void a_frame_may_need_more_pages_than_there_are(void **state)
{
	struct netif_rx_request req;

	config.nr_rx_buffers = 4;
	connect_front();
	for (unsigned int i = 0; i < 16; i++) {
		req = next_posted();
		memset(posted_page(&req), i, 4096);
		give(req.id, 0, i < 15 ? NETRXF_more_data : 0, 4096);
		assert_int_equal(netfront_poll(front, 1), i == 15);
	}
	assert_int_equal(seen.len, 65536);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(seen.bytes[i * 4096 + i], i);
}

static void a_large_packet_comes_with_its_extra_info(void **state)
{
	struct netif_extra_info extra = { XEN_NETIF_EXTRA_TYPE_GSO,
					  0,
					  { .gso = { 1448, XEN_NETIF_GSO_TYPE_TCPV4, 0, 0 } } };
	struct netif_rx_request req;

	connect_front();
	req = next_posted();
	memset(posted_page(&req), 1, 4096);
	give(req.id, 2, NETRXF_extra_info | NETRXF_more_data | NETRXF_csum_blank | NETRXF_data_validated, 4000);
	next_posted();
	ring_back_put(&peer.rx, &extra);
	req = next_posted();
	memset(posted_page(&req), 3, 4096);
	give(req.id, 0, 0, 100);
	assert_int_equal(netfront_poll(front, 1), 1);
	assert_int_equal(seen.len, 4100);
	assert_int_equal(seen.bytes[3999], 1);
	assert_int_equal(seen.bytes[4000], 3);
	assert_int_equal(seen.meta.gso_type, XEN_NETIF_GSO_TYPE_TCPV4);
	assert_int_equal(seen.meta.gso_size, 1448);
	assert_true(seen.meta.is_csum_blank && seen.meta.is_data_validated);
}

static void a_frame_that_was_given_up_is_counted(void **state)
{
	connect_front();
	give(next_posted().id, 0, 0, NETIF_RSP_ERROR);
	give(next_posted().id, 0, 0, 60);
	assert_int_equal(netfront_poll(front, 8), 2);
	assert_int_equal(seen.nr_received, 1);
	assert_int_equal(netfront_counters(front).rx_errors, 1);
	assert_int_equal(netfront_counters(front).rx_frames, 1);
}

static void an_event_on_either_port_ends_the_wait(void **state)
{
	connect_front();
	for (unsigned int i = 0; i < 2; i++) {
		eventfd_t left = 0;

		assert_int_equal(netfront_poll(front, 1), 0);
		eventfd_write(peer.evtchn_fd[i], 1);
		assert_int_equal(netfront_wait(front, 10000), 0);
		eventfd_write(peer.evtchn_fd[i], 5); /* were it not taken in, this would be 6 */
		eventfd_read(peer.evtchn_fd[i], &left);
		assert_int_equal(left, 5);
	}
}

static void before_it_sleeps_it_asks_both_rings_for_an_event(void **state)
{
	struct ring_shared *tx, *rx;

	connect_front();
	tx = (void *)peer.area[TX_RING];
	rx = (void *)peer.area[RX_RING];
	assert_int_equal(send_frame(60, (struct net_meta){ 0 }, NULL, 0), 0);
	netfront_push(front);
	answer(next_request().id, 0);
	give(next_posted().id, 0, 0, 60);
	assert_int_equal(netfront_poll(front, 4), 2);
	assert_int_equal(netfront_poll(front, 4), 0);
	assert_int_equal(tx->rsp_event, 2);
	assert_int_equal(rx->rsp_event, 2);
}

static void it_connects_again(void **state)
{
	connect_front();
	give(next_posted().id, 0, NETRXF_more_data, 60);
	assert_int_equal(netfront_poll(front, 4), 0);
	fake_set(BACK "/state", "6");
	assert_int_equal(netfront_disconnect(front, &err), 0);
	assert_int_equal(peer.nr_areas, 0);
	fake_set(BACK "/state", "2");
	peer.nr_ports = 0;
	connect_front();
	give(next_posted().id, 0, 0, 60); /* a frame of its own, not the rest of that one */
	assert_int_equal(netfront_poll(front, 4), 1);
	assert_int_equal(seen.len, 60);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(it_publishes_what_a_backend_needs),
		T(one_event_channel_serves_both_rings),
		T(what_the_backend_offers_is_checked),
		T(who_we_are_is_read_from_our_own_directory_first),
		T(what_goes_only_with_something_else_goes_with_it),
		T(a_backend_that_waits_for_its_script_is_waited_for_in_connected),
		T(a_backend_that_gives_up_is_named),
		T(whatever_cannot_be_had_leaves_nothing),
		T(a_backend_that_wants_the_vif_back_is_heard),
		T(a_state_that_makes_no_sense_breaks_it),
		T(a_control_ring_is_published_and_asked),
		T(a_backend_without_one_is_no_backend_for_who_wants_one),
		T(what_is_no_answer_to_the_message_is_none),
		T(all_pages_are_registered_and_those_to_send_from_only_to_be_read),
		T(a_backend_that_does_not_keep_so_many_is_asked_for_none),
		T(a_frame_goes_out_page_by_page),
		T(a_large_packet_has_its_extra_info_second),
		T(a_group_is_changed_by_a_slot_and_its_extra_info),
		T(what_is_no_frame_is_not_sent),
		T(what_the_backend_does_not_take_is_not_sent),
		T(a_full_ring_is_for_later),
		T(a_backend_that_lies_breaks_the_front_and_nothing_else),
		T(every_page_is_posted_and_posted_again),
		T(a_frame_may_need_more_pages_than_there_are),
		T(a_large_packet_comes_with_its_extra_info),
		T(a_frame_that_was_given_up_is_counted),
		T(an_event_on_either_port_ends_the_wait),
		T(before_it_sleeps_it_asks_both_rings_for_an_event),
		T(it_connects_again),
	};

	return cmocka_run_group_tests_name("front_net", tests, NULL, NULL);
}
