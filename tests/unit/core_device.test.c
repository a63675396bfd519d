// SPDX-License-Identifier: MIT
/*
 * A device with a class that does nothing, a store in memory, and helper jobs that run when the test says so: every
 * phase can be held for as long as a test likes.
 */
#include "tests/unit/cm.h"

#include <unistd.h>

#include "backend/core/device.h"
#include "common/base/container.h"
#include "tests/unit/xenbus_fake.h"
#include "xenbus/node.h"

#define DIR   "/local/domain/0/backend/vbd/5/51712"
#define FRONT "/local/domain/5/device/vbd/51712"

static bool is_introduced;
static int introduced_errno; /* not 0: that cannot be told */

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	if (introduced_errno)
		errno = introduced_errno;
	return is_introduced;
}

/* ---- helper jobs ----------------------------------------------------------------------------------------------- */

static struct helper_job *job; /* one device has one at most */

void helper_post(struct helper *helper, struct loop *reply_to, struct helper_job *posted)
{
	assert_null(job);
	job = posted;
}

/* ---- the class ------------------------------------------------------------------------------------------------- */

static struct {
	bool was_resuming;
	int parse_rc, open_rc, accept_rc, lock_rc, connect_rc, reconfigure_rc;
	unsigned int nr_looks; /* for what open() has asked */
	unsigned int nr_opened, nr_closed, nr_connected, nr_disconnected, nr_locked, nr_reconfigured;
	unsigned int nr_changed, nr_looked;
	enum xb_state state_at_leave;
	struct device *connecting, *disconnecting; /* what the test has to end */
	enum queue_stop how;
} class;

static int class_rc(int rc, struct errbuf *err, const char *reason)
{
	return rc ? errbuf_set(err, rc, "%s", reason) : 0;
}

static int class_parse(struct device *dev, struct errbuf *err)
{
	if (class.open_rc == -EAGAIN && class.nr_looks++ > 0)
		class.open_rc = 0;
	return class_rc(class.parse_rc, err, "no parse");
}

static const char *class_target(const struct device *dev)
{
	return "/the/target";
}

static int class_open(struct device *dev, struct errbuf *err)
{
	class.nr_opened += !class.open_rc;
	return class_rc(class.open_rc, err, "no open");
}

static int class_offer(struct device *dev, struct errbuf *err)
{
	return xb_write(dev->host->store, DIR, "feature", err, "1");
}

static int class_accept(struct device *dev, struct errbuf *err)
{
	dev->rings.ring[0].identity.nr_slots = 32;
	return class_rc(class.accept_rc, err, "no accept");
}

static int class_lock(struct device *dev, struct errbuf *err)
{
	class.nr_locked++;
	return class_rc(class.lock_rc, err, "no lock");
}

static void class_connect(struct device *dev)
{
	class.was_resuming = dev->is_resuming;
	class.connecting = dev;
}

static int class_publish(struct device *dev, struct errbuf *err)
{
	return xb_write(dev->host->store, DIR, "sectors", err, "8");
}

static void class_changed(struct device *dev)
{
	assert_int_equal(dev->phase, DEVICE_CONNECTED);
	class.nr_changed++;
}

static void class_look(struct device *dev)
{
	assert_true(dev->phase == DEVICE_CONNECTED || dev->phase == DEVICE_READY || dev->phase == DEVICE_PARKED);
	class.nr_looked++;
}

static void class_disconnect(struct device *dev, enum queue_stop how)
{
	assert_null(class.disconnecting);
	class.disconnecting = dev;
	class.how = how;
}

static void class_leave(struct device *dev)
{
	const char *state = fake_get(DIR "/state");

	class.state_at_leave = state ? state[0] - '0' : XB_UNKNOWN;
}

static void class_close(struct device *dev)
{
	class.nr_closed++;
}

static void class_status(struct device *dev, json_t *object)
{
}

static const struct device_class test_class = {
	.kind = "vbd",
	.device_bytes = sizeof(struct device),
	.peer_node = "request-something",
	.parse = class_parse,
	.target = class_target,
	.open = class_open,
	.offer = class_offer,
	.accept = class_accept,
	.lock = class_lock,
	.connect = class_connect,
	.publish = class_publish,
	.changed = class_changed,
	.look = class_look,
	.disconnect = class_disconnect,
	.leave = class_leave,
	.close = class_close,
	.status = class_status,
};

static int class_reconfigure(struct device *dev, struct errbuf *err)
{
	class.nr_reconfigured++;
	return class_rc(class.reconfigure_rc, err, "no reconfigure");
}

static bool end_connect(void)
{
	struct device *dev = class.connecting;
	struct errbuf err;

	class.connecting = NULL;
	if (dev) {
		if (class.connect_rc) {
			errbuf_set(&err, class.connect_rc, "no connect");
			device_connected(dev, class.connect_rc, &err);
			return dev;
		}
		class.nr_connected++;
		assert_int_equal(journal_begin(&dev->rings.ring[0].journal, &dev->rings.ring[0].identity, 0, &err), 0);
		device_connected(dev, 0, NULL);
	}
	return dev;
}

static bool end_disconnect(void)
{
	struct device *dev = class.disconnecting;

	class.disconnecting = NULL;
	if (dev) {
		class.nr_disconnected++;
		if (class.how == QUEUE_HAND_OVER)
			journal_hand_over(&dev->rings.ring[0].journal, 0, 0);
		else
			journal_end(&dev->rings.ring[0].journal);
		device_disconnected(dev, 0);
	}
	return dev;
}

/* ---- the daemon ------------------------------------------------------------------------------------------------ */

static struct xb_store store;
static struct loop loop;
static struct device_host host;
static struct errbuf err;
static char dir[64];
static unsigned int nr_idle;

static struct device *the_device(void)
{
	return TAILQ_FIRST(&host.devices);
}

static void look_again(struct device_host *h)
{
	if (!the_device() && fake_get(DIR "/state"))
		device_add(&host, 5, 51712);
}

static void count_idle(struct device_host *h)
{
	nr_idle++;
}

static void look(void)
{
	the_device()->must_look = true;
	device_advance(the_device());
}

/* What a change in our directory leads to. */
static void changed(void)
{
	if (!the_device())
		look_again(&host);
	else if (!fake_get(DIR "/frontend-id"))
		device_forget(the_device());
	else
		look();
}

#define HASTENED_NS 1

/* One that was begun anew meanwhile is another one. */
static void stop_loop(struct loop_task *task)
{
	struct device *dev = the_device();

	if (dev && dev->timer.is_armed && (dev->timer.is_cancelled || dev->timer.ts.tv_nsec == HASTENED_NS))
		loop_defer(&loop, task);
	else
		loop_stop(&loop);
}

static void run_until_timer_is_gone(void)
{
	struct loop_task task = { .run = stop_loop };

	loop.is_stopping = false;
	loop_defer(&loop, &task);
	loop_run(&loop);
}

/* Timers are in the kernel only when the loop runs: until then they can be brought forward. */
static void run_timer(void)
{
	assert_true(the_device()->timer.is_armed);
	the_device()->timer.ts = (struct __kernel_timespec){ .tv_nsec = HASTENED_NS };
	run_until_timer_is_gone();
}

static bool run_job(void)
{
	struct helper_job *running = job;

	job = NULL;
	if (running) {
		running->run(running);
		running->done(running);
	}
	if (the_device() && the_device()->timer.is_armed && the_device()->timer.is_cancelled)
		run_until_timer_is_gone();
	return running;
}

static void finish_all(void)
{
	do {
		if (!host.is_stopping)
			changed();
	} while (run_job() || end_connect() || end_disconnect());
}

/* ---- the toolstack and the guest ------------------------------------------------------------------------------- */

static void make_nodes(void)
{
	fake_set(DIR "/frontend", FRONT);
	fake_set(DIR "/frontend-id", "5");
	fake_set(DIR "/online", "1");
	fake_set(DIR "/state", "1");
	fake_set(FRONT "/state", "1");
	fake_set("/local/domain/5/vm", "/vm/11111111-1111-1111-1111-111111111111");
}

static void remove_nodes(void)
{
	xs_rm(store.xs, 0, DIR);
	xs_rm(store.xs, 0, FRONT);
}

static void set_state(const char *path, enum xb_state state)
{
	fake_set(path, (char[]){ '0' + state, '\0' });
}

static void guest(enum xb_state state)
{
	set_state(FRONT "/state", state);
	finish_all();
}

static enum xb_state ours(void)
{
	return fake_get(DIR "/state")[0] - '0';
}

static int setup(void **state)
{
	memset(&class, 0, sizeof(class));
	job = NULL;
	nr_idle = 0;
	is_introduced = true;
	introduced_errno = 0;
	strcpy(dir, "/tmp/pvring-device-XXXXXX");
	if (!mkdtemp(dir) || loop_init(&loop, 16))
		return -1;
	fake_reset();
	xb_store_init(&store);
	host = (struct device_host){
		.class = &test_class,
		.store = &store,
		.loop = &loop,
		.journal_dir = dir,
		.idle = count_idle,
		.look_again = look_again,
	};
	TAILQ_INIT(&host.devices);
	make_nodes();
	return xb_store_open(&store, &err);
}

static int teardown(void **state)
{
	char path[128];

	device_host_fini(&host);
	xb_store_fini(&store);
	loop_fini(&loop);
	fake_reset();
	snprintf(path, sizeof(path), "%s/vbd-5-51712", dir);
	unlink(path);
	return rmdir(dir);
}

static void add_and_offer(void)
{
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_READY);
	assert_int_equal(ours(), XB_INIT_WAIT);
}

static void connect_it(void)
{
	add_and_offer();
	guest(XB_INITIALISED);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_int_equal(ours(), XB_CONNECTED);
}

static void assert_gone(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/vbd-5-51712", dir);
	assert_null(the_device());
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(class.nr_connected, class.nr_disconnected);
	assert_true(class.nr_closed >= 1);
}

/* ---- a device's way -------------------------------------------------------------------------------------------- */

static void one_that_is_written_while_we_look_is_no_fault(void **state)
{
	remove_nodes();
	fake.missed = make_nodes;
	device_add(&host, 5, 51712);
	assert_null(the_device());
	assert_int_equal(host.nr_left_alone, 0);
	add_and_offer();
}

static void a_device_is_opened_and_offered(void **state)
{
	changed();
	assert_int_equal(the_device()->phase, DEVICE_OPENING);
	assert_int_equal(ours(), XB_INITIALISING);
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_READY);
	assert_int_equal(ours(), XB_INIT_WAIT);
	assert_string_equal(fake_get(DIR "/feature"), "1");
}

static void it_connects_when_the_guest_has_published(void **state)
{
	connect_it();
	assert_string_equal(fake_get(DIR "/sectors"), "8");
	guest(XB_CONNECTED);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_int_equal(class.nr_connected, 1);
}

static void lose_store(bool is_lost)
{
	fake.fail_errno = is_lost ? EBADF : 0;
	is_introduced = !is_lost; /* libxenstore does not tell "no" from "I do not know" */
}

static void what_changes_while_connected_is_looked_at(void **state)
{
	add_and_offer();
	assert_string_equal(the_device()->xb.node_watch.path, FRONT "/request-something");
	changed();
	assert_int_equal(class.nr_changed, 0);
	guest(XB_INITIALISED);
	class.nr_changed = 0;
	changed();
	assert_int_equal(class.nr_changed, 1);
	lose_store(true);
	changed();
	lose_store(false);
	assert_int_equal(class.nr_changed, 1);
	guest(XB_CLOSING);
	class.nr_changed = 0;
	changed();
	assert_int_equal(class.nr_changed, 0);
}

static void our_own_nodes_are_looked_at_connected_or_not(void **state)
{
	add_and_offer();
	class.nr_looked = 0;
	changed();
	assert_int_equal(class.nr_looked, 1);
	guest(XB_INITIALISED);
	class.nr_looked = 0;
	changed();
	assert_int_equal(class.nr_looked, 1);
	lose_store(true);
	changed();
	lose_store(false);
	assert_int_equal(class.nr_looked, 1);
}

static void they_are_not_looked_at_for_what_the_guest_does(void **state)
{
	add_and_offer();
	guest(XB_INITIALISED);
	class.nr_looked = 0;
	for (int i = 0; i < 10; i++)
		device_advance(the_device());
	assert_int_equal(class.nr_looked, 0);
}

static void a_guest_that_is_faster_than_us_is_served(void **state)
{
	set_state(FRONT "/state", XB_CONNECTED);
	finish_all();
	assert_int_equal(ours(), XB_CONNECTED);
}

static void a_guest_closes_and_comes_back(void **state)
{
	connect_it();
	for (int i = 0; i < 3; i++) {
		guest(XB_CONNECTED);
		guest(XB_CLOSING);
		assert_int_equal(ours(), XB_CLOSING);
		guest(XB_CLOSED);
		assert_int_equal(ours(), XB_CLOSED);
		assert_int_equal(class.how, QUEUE_CLOSE);
		guest(XB_INITIALISING);
		assert_int_equal(ours(), XB_INIT_WAIT);
		guest(XB_INITIALISED);
		assert_int_equal(ours(), XB_CONNECTED);
	}
	assert_int_equal(class.nr_opened, 1);
	assert_int_equal(class.nr_disconnected, 3);
}

/* As Mini-OS does: it does not wait for our offer. */
static void a_guest_comes_back_before_we_have_let_go(void **state)
{
	for (enum xb_state back = XB_INITIALISED; back <= XB_CONNECTED; back++) {
		unsigned int nr_connected = class.nr_connected;

		make_nodes();
		connect_it();
		guest(XB_CONNECTED);
		set_state(FRONT "/state", XB_CLOSED);
		changed();
		assert_int_equal(the_device()->phase, DEVICE_DISCONNECTING);
		set_state(FRONT "/state", XB_INITIALISING);
		changed();
		guest(back);
		assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
		assert_int_equal(class.nr_connected, nr_connected + 2);
		remove_nodes();
		finish_all();
	}
}

static void a_detached_device_is_forgotten(void **state)
{
	connect_it();
	guest(XB_CONNECTED);
	fake_set(DIR "/online", "0");
	set_state(DIR "/state", XB_CLOSING);
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED); /* until the guest lets go */
	guest(XB_CLOSING);
	guest(XB_CLOSED);
	assert_gone();
	assert_int_equal(ours(), XB_CLOSED);
	/* What it named was free before the toolstack was told. */
	assert_int_equal(class.state_at_leave, XB_CLOSING);
}

static void a_domain_that_died_is_let_go(void **state)
{
	connect_it();
	is_introduced = false;
	finish_all();
	assert_int_equal(class.nr_disconnected, 1);
	assert_int_equal(ours(), XB_CLOSED);
	remove_nodes();
	finish_all();
	assert_gone();
}

/* ---- what goes wrong ------------------------------------------------------------------------------------------- */

static void what_cannot_be_opened_is_said_to_the_toolstack(void **state)
{
	int *rcs[] = { &class.open_rc, &class.parse_rc };
	const char *reasons[] = { "no open", "no parse" };

	for (int i = 0; i < 2; i++) {
		*rcs[i] = -ENOENT;
		finish_all();
		assert_int_equal(ours(), XB_INIT_WAIT);
		assert_string_equal(fake_get(DIR "/hotplug-status"), "error");
		assert_string_equal(fake_get(DIR "/hotplug-error"), reasons[i]);
		guest(XB_INITIALISED);
		assert_int_equal(class.nr_connected, 0);
		*rcs[i] = 0;
		remove_nodes();
		finish_all();
		assert_null(the_device());
		make_nodes();
	}
}

static void what_open_asks_of_the_store_is_looked_for(void **state)
{
	class.open_rc = -EAGAIN;
	finish_all();
	assert_int_equal(class.nr_looks, 2);
	assert_int_equal(class.nr_opened, 1);
	assert_int_equal(ours(), XB_INIT_WAIT);
	assert_null(fake_get(DIR "/hotplug-error"));
}

static void it_is_there_until_it_is_given_up(void **state)
{
	fake_set(DIR, ""); /* as a real store has it */
	assert_true(device_is_there(&host, 5, 51712));
	assert_false(device_is_there(&host, 5, 51728));
	finish_all();
	remove_nodes();
	assert_true(device_is_there(&host, 5, 51712));
	finish_all();
	assert_null(the_device());
	assert_false(device_is_there(&host, 5, 51712));
}

/* The script is run once: its success is not written over, nor is it waited for again. */
static void a_fault_leaves_the_scripts_word(void **state)
{
	fake_set(DIR "/script", "/etc/xen/scripts/block-pvring");
	fake_set(DIR "/hotplug-status", "connected");
	class.open_rc = -ENOENT;
	finish_all();
	assert_int_equal(ours(), XB_INIT_WAIT);
	assert_string_equal(fake_get(DIR "/hotplug-status"), "connected");
	assert_string_equal(fake_get(DIR "/hotplug-error"), "no open");
	class.open_rc = 0;
	guest(XB_INITIALISED);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_string_equal(fake_get(DIR "/hotplug-status"), "connected");
	assert_null(fake_get(DIR "/hotplug-error"));
}

static void what_opens_slowly_is_said_and_then_served(void **state)
{
	changed();
	assert_int_equal(the_device()->phase, DEVICE_OPENING);
	run_timer();
	assert_int_equal(the_device()->phase, DEVICE_OPENING);
	assert_int_equal(ours(), XB_INIT_WAIT);
	assert_string_equal(fake_get(DIR "/hotplug-status"), "error");
	assert_non_null(strstr(fake_get(DIR "/hotplug-error"), "/the/target does not open"));
	guest(XB_INITIALISED);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_null(fake_get(DIR "/hotplug-error"));
}

/* Both happen before we look: what was opened is the old one's image. */
static void what_opens_slowly_is_not_offered_to_another(void **state)
{
	changed();
	run_timer();
	assert_int_equal(ours(), XB_INIT_WAIT);
	remove_nodes();
	make_nodes();
	run_job();
	finish_all();
	assert_int_equal(class.nr_closed, 1);
	assert_int_equal(class.nr_opened, 2);
	assert_int_equal(ours(), XB_INIT_WAIT);
}

static void an_error_goes_with_its_device(void **state)
{
	add_and_offer();
	class.accept_rc = -EINVAL;
	guest(XB_INITIALISED);
	assert_non_null(fake_get("/local/domain/0/error/backend/vbd/5/51712/error"));
	remove_nodes();
	finish_all();
	assert_null(fake_get("/local/domain/0/error/backend/vbd/5/51712/error"));
}

static void to_connecting(void);

static void what_the_guest_published_wrongly_is_refused(void **state)
{
	add_and_offer();
	class.accept_rc = -EINVAL;
	guest(XB_INITIALISED);
	assert_int_equal(ours(), XB_CLOSING);
	assert_string_equal(fake_get("/local/domain/0/error/backend/vbd/5/51712/error"), "22 connect: no accept");
	class.accept_rc = 0;
	guest(XB_CLOSED);
	guest(XB_INITIALISING);
	guest(XB_INITIALISED);
	assert_int_equal(ours(), XB_CONNECTED);
	assert_null(fake_get("/local/domain/0/error/backend/vbd/5/51712/error"));
}

/* It has taken its ring along: that it could not be mapped is no fault of its next one. */
static void a_guest_that_leaves_while_it_is_connected_to_is_not_refused(void **state)
{
	struct errbuf why;

	to_connecting();
	set_state(FRONT "/state", XB_CLOSED);
	set_state(FRONT "/state", XB_INITIALISING);
	class.connecting = NULL;
	errbuf_set(&why, -EINVAL, "no ring");
	device_connected(the_device(), -EINVAL, &why);
	finish_all();
	assert_int_equal(ours(), XB_INIT_WAIT);
	assert_null(fake_get("/local/domain/0/error/backend/vbd/5/51712/error"));
	guest(XB_INITIALISED);
	assert_int_equal(ours(), XB_CONNECTED);
}

/* Ours, the guest's, or whether it lives: trouble with the store is not the guest's. */
static void what_cannot_be_read_takes_no_disk_away(void **state)
{
	static const int errors[] = { ENOMEM, EBADF, EINVAL, EIO, EAGAIN };

	connect_it();
	for (unsigned int i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		host.must_look_again = false;
		fake.fail_errno = errors[i];
		device_advance(the_device());
		fake.fail_errno = 0;
		assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
		assert_true(host.must_look_again);
	}
	is_introduced = false;
	introduced_errno = ENOMEM;
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	is_introduced = true;
	finish_all();
	assert_int_equal(class.nr_disconnected, 0);
	assert_int_equal(ours(), XB_CONNECTED);
}

static void a_lock_that_will_be_free_is_waited_for(void **state)
{
	add_and_offer();
	class.lock_rc = -EAGAIN;
	guest(XB_INITIALISED);
	for (unsigned int i = 1; i <= 3; i++) {
		assert_int_equal(the_device()->phase, DEVICE_LOCKING);
		assert_int_equal(class.nr_locked, i);
		run_timer();
		finish_all();
	}
	class.lock_rc = 0;
	run_timer();
	finish_all();
	assert_int_equal(ours(), XB_CONNECTED);
}

static void each_attempt_says_that_it_waits(void **state)
{
	add_and_offer();
	class.lock_rc = -EAGAIN;
	guest(XB_INITIALISED);
	assert_true(the_device()->said_wait);
	set_state(FRONT "/state", XB_CLOSING);
	run_timer();
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_READY);
	assert_false(the_device()->said_wait);
}

static void a_lock_that_another_keeps_is_refused(void **state)
{
	add_and_offer();
	class.lock_rc = -EBUSY;
	guest(XB_INITIALISED);
	assert_int_equal(ours(), XB_CLOSING);
	assert_string_equal(fake_get("/local/domain/0/error/backend/vbd/5/51712/error"), "16 lock: no lock");
}

static struct device_class reconfigurable_class;

static void connect_reconfigurable(void)
{
	reconfigurable_class = test_class;
	reconfigurable_class.reconfigure = class_reconfigure;
	host.class = &reconfigurable_class;
	connect_it();
	guest(XB_CONNECTED);
}

static void a_connection_is_reconfigured(void **state)
{
	connect_reconfigurable();
	for (unsigned int i = 1; i <= 3; i++) {
		guest(XB_RECONFIGURING);
		assert_int_equal(ours(), XB_RECONFIGURED);
		assert_int_equal(class.nr_reconfigured, i);
		finish_all();
		assert_int_equal(class.nr_reconfigured, i);
		guest(XB_CONNECTED);
		assert_int_equal(ours(), XB_CONNECTED);
	}
	assert_int_equal(class.nr_connected, 1);
	assert_int_equal(class.nr_disconnected, 0);
}

static void a_class_that_knows_no_reconfiguring_takes_it_for_an_error(void **state)
{
	connect_it();
	guest(XB_RECONFIGURING);
	assert_int_equal(ours(), XB_CLOSING);
	assert_int_equal(class.nr_disconnected, 1);
}

static void what_cannot_be_reconfigured_is_stopped(void **state)
{
	connect_reconfigurable();
	class.reconfigure_rc = -EINVAL;
	guest(XB_RECONFIGURING);
	assert_int_equal(ours(), XB_CLOSING);
	assert_int_equal(class.nr_disconnected, 1);
}

/* The guest asks, or waits for us to see it Connected, while no daemon runs. */
static void a_daemon_may_end_before_and_while_it_is_reconfigured(void **state)
{
	static const enum xb_state peers[] = { XB_RECONFIGURING, XB_CONNECTED };

	connect_reconfigurable();
	for (unsigned int i = 0; i < 4; i++) {
		if (i % 2)
			guest(XB_RECONFIGURING);
		device_host_stop(&host);
		while (end_disconnect() || run_job())
			;
		device_host_fini(&host);
		host.is_stopping = false;
		set_state(FRONT "/state", peers[i / 2]);
		finish_all();
		assert_int_equal(class.nr_connected, 2 + i);
		assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
		assert_int_equal(ours(), i / 2 ? XB_CONNECTED : XB_RECONFIGURED);
		guest(XB_CONNECTED);
		assert_int_equal(ours(), XB_CONNECTED);
	}
}

static void a_guest_that_breaks_the_protocol_is_stopped(void **state)
{
	connect_it();
	device_fail(the_device(), "for a reason");
	assert_int_equal(ours(), XB_CLOSING);
	device_fail(the_device(), "again"); /* too late to matter */
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_READY);
	assert_string_equal(fake_get("/local/domain/0/error/backend/vbd/5/51712/error"), "71 stopped: for a reason");
	guest(XB_CLOSED);
	assert_int_equal(ours(), XB_CLOSED);
}

/* ---- taken up again -------------------------------------------------------------------------------------------- */

static void restart_daemon(void)
{
	device_host_stop(&host);
	finish_all();
	assert_true(nr_idle > 0);
	device_host_fini(&host);
	host.is_stopping = false;
	nr_idle = 0;
}

static void a_connection_handed_over_is_taken_up(void **state)
{
	connect_it();
	guest(XB_CONNECTED);
	restart_daemon();
	assert_int_equal(class.how, QUEUE_HAND_OVER);
	assert_int_equal(ours(), XB_CONNECTED);
	fake_set(DIR "/sectors", "untouched");
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_string_equal(fake_get(DIR "/sectors"), "untouched");
	guest(XB_CLOSING);
	guest(XB_CLOSED);
	assert_int_equal(ours(), XB_CLOSED);
}

/* Every call of the store that a take-over makes, one at a time: it is only late. */
static void a_store_that_fails_once_parks_nothing(void **state)
{
	unsigned int at = 0;

	connect_it();
	guest(XB_CONNECTED);
	do {
		restart_daemon();
		host.must_look_again = false;
		fake.has_failed_once = false;
		fake.fail_at = ++at;
		changed();
		for (int i = 0; i < 20 && !(the_device() && the_device()->phase == DEVICE_CONNECTED); i++) {
			finish_all();
			if (the_device() && the_device()->timer.is_armed)
				run_timer();
		}
		fake.fail_at = 0;
		print_message("# the %u. call of the store\n", at);
		assert_non_null(the_device());
		assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
		assert_int_equal(ours(), XB_CONNECTED);
	} while (fake.has_failed_once);
	assert_true(at > 10);
}

/* A guest may take the right to read its state away: that is no reason to ask for ever. */
static void a_state_that_we_may_not_read_is_a_protocol_error(void **state)
{
	connect_it();
	fake.refused = FRONT "/state";
	changed();
	assert_true(end_disconnect());
	assert_false(host.must_look_again);
	assert_int_equal(ours(), XB_CLOSING);
	fake.refused = NULL;
}

static void a_guest_that_has_not_seen_us_connected_is_taken_up(void **state)
{
	connect_it(); /* and the guest is in Initialised */
	restart_daemon();
	fake_set(DIR "/sectors", "untouched");
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_string_equal(fake_get(DIR "/sectors"), "untouched");
	assert_int_equal(class.nr_connected, 2);
	guest(XB_CONNECTED);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
}

static void a_disk_that_its_guest_does_not_let_go_is_taken_up(void **state)
{
	connect_it();
	guest(XB_CONNECTED);
	fake_set(DIR "/online", "0");
	set_state(DIR "/state", XB_CLOSING);
	finish_all();
	restart_daemon();
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_int_equal(ours(), XB_CLOSING);
	guest(XB_CLOSING);
	guest(XB_CLOSED);
	assert_gone();
}

static void a_disk_that_we_have_stopped_is_not_taken_up(void **state)
{
	connect_it();
	guest(XB_CONNECTED);
	device_fail(the_device(), "for a reason");
	finish_all();
	restart_daemon();
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_READY);
	assert_int_equal(ours(), XB_CLOSING);
	assert_int_equal(class.nr_connected, 1);
}

static void a_hand_over_without_some_requests_is_none(void **state)
{
	connect_it();
	guest(XB_CONNECTED);
	device_host_stop(&host);
	class.disconnecting = NULL;
	device_disconnected(the_device(), 3);
	assert_true(nr_idle > 0);
	assert_true(host.has_lost_one);
}

static void park_it(void)
{
	set_state(DIR "/state", XB_CONNECTED); /* and no journal */
	set_state(FRONT "/state", XB_CONNECTED);
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_PARKED);
	assert_int_equal(ours(), XB_CONNECTED);
}

static void a_connection_that_cannot_be_taken_up_is_parked(void **state)
{
	park_it();
	assert_null(fake_get(DIR "/hotplug-status"));
	guest(XB_CLOSING);
	guest(XB_CLOSED);
	guest(XB_INITIALISING);
	guest(XB_INITIALISED);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
}

/* Like Mini-OS: it does not wait for InitWait. */
static void what_is_parked_is_not_reconfigured(void **state)
{
	park_it();
	reconfigurable_class = test_class;
	reconfigurable_class.reconfigure = class_reconfigure;
	host.class = &reconfigurable_class;
	guest(XB_RECONFIGURING);
	guest(XB_CONNECTED);
	assert_int_equal(the_device()->phase, DEVICE_PARKED);
	assert_int_equal(class.nr_reconfigured, 0);
}

static void a_guest_starts_over_on_a_parked_disk_before_we_look(void **state)
{
	char path[128];

	connect_it();
	guest(XB_CONNECTED);
	device_host_fini(&host);
	snprintf(path, sizeof(path), "%s/vbd-5-51712", dir);
	assert_int_equal(truncate(path, 0), 0);
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_PARKED);
	set_state(FRONT "/state", XB_INITIALISING);
	changed();
	assert_int_equal(the_device()->phase, DEVICE_OPENING);
	guest(XB_INITIALISED);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	class.nr_disconnected++; /* the one that crashed */
}

/* As a crash: nothing is handed over. */
static void crash_daemon(void)
{
	connect_it();
	guest(XB_CONNECTED);
	device_host_fini(&host);
	class.nr_disconnected++;
}

static void what_a_daemon_died_with_is_taken_up(void **state)
{
	crash_daemon();
	fake_set(DIR "/sectors", "untouched");
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_string_equal(fake_get(DIR "/sectors"), "untouched");
}

/* It has answered, and the guest has seen that. */
static void one_that_died_before_it_said_connected_is_followed_as_any(void **state)
{
	connect_it();
	set_state(DIR "/state", XB_INIT_WAIT);
	device_host_fini(&host);
	class.nr_disconnected++;
	finish_all();
	assert_true(class.was_resuming);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_int_equal(ours(), XB_CONNECTED);
}

static void one_that_died_before_the_guest_began_is_not(void **state)
{
	connect_it();
	set_state(DIR "/state", XB_INIT_WAIT);
	device_host_fini(&host);
	class.nr_disconnected++;
	set_state(FRONT "/state", XB_INITIALISING);
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_READY);
	guest(XB_INITIALISED);
	assert_false(class.was_resuming);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
}

/* It is torn down piece by piece; but not for ever. */
static void what_a_dead_daemon_still_holds_is_waited_for(void **state)
{
	crash_daemon();
	class.connect_rc = -EAGAIN;
	for (int i = 0; i < 3; i++) {
		finish_all();
		assert_int_equal(the_device()->phase, DEVICE_CONNECTING);
		assert_int_equal(ours(), XB_CONNECTED);
		if (i == 2)
			class.connect_rc = 0;
		run_timer();
	}
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	restart_daemon();
	class.connect_rc = -EAGAIN;
	finish_all();
	the_device()->resuming_since_ns = 1;
	run_timer();
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_PARKED);
	class.connect_rc = 0;
}

static void a_ring_in_use_is_claimed_when_that_can_be(void **state)
{
	connect_it();
	guest(XB_CONNECTED);
	restart_daemon();
	host.journal_dir = "/nonexistent";
	changed();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(the_device()->phase, DEVICE_CLAIMING);
		assert_non_null(strstr(the_device()->fault.text, "/nonexistent/vbd-5-51712"));
		assert_int_equal(ours(), XB_CONNECTED);
		if (i == 2)
			host.journal_dir = dir;
		run_timer();
	}
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_string_equal(the_device()->fault.text, "");
}

static void a_connection_whose_disk_cannot_be_opened_is_parked_and_untouched(void **state)
{
	int *rcs[] = { &class.open_rc, &class.parse_rc };

	for (int i = 0; i < 2; i++) {
		print_message("# %s\n", i ? "parse" : "open");
		*rcs[i] = -ENOENT;
		park_it();
		assert_null(fake_get(DIR "/hotplug-status"));
		*rcs[i] = 0;
		remove_nodes();
		finish_all();
		make_nodes();
	}
}

/* ---- a store that does not answer ------------------------------------------------------------------------------ */

static void a_store_that_does_not_answer_ends_nothing(void **state)
{
	connect_it();
	lose_store(true);
	device_advance(the_device());
	assert_false(run_job() || end_disconnect());
	lose_store(false);
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_int_equal(class.nr_disconnected, 0);
}

static void what_could_not_be_offered_is_when_it_answers(void **state)
{
	changed();
	lose_store(true);
	assert_true(run_job());
	lose_store(false);
	assert_int_equal(ours(), XB_INITIALISING);
	add_and_offer();
}

static void what_could_not_be_published_is_when_it_answers(void **state)
{
	add_and_offer();
	set_state(FRONT "/state", XB_INITIALISED);
	changed();
	assert_true(run_job());
	lose_store(true);
	assert_true(end_connect());
	lose_store(false);
	assert_int_equal(ours(), XB_INIT_WAIT);
	finish_all();
	assert_int_equal(ours(), XB_CONNECTED);
	assert_int_equal(class.nr_connected, 1);
}

static void nothing_is_begun_while_the_store_is_lost(void **state)
{
	connect_it();
	host.has_lost_store = true;
	guest(XB_CLOSING);
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	host.has_lost_store = false;
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_READY);
}

static void another_store_is_told_by_what_it_does_not_know(void **state)
{
	assert_true(device_host_check_store(&host) == 0);
	add_and_offer();
	connect_it();
	assert_true(device_host_check_store(&host) == 0);
	remove_nodes();
	assert_false(device_host_check_store(&host) == 0);
}

/* ---- in every phase -------------------------------------------------------------------------------------------- */

static struct journal other_claim;

static void to_claiming(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/vbd-5-51712", dir);
	journal_init(&other_claim);
	assert_int_equal(journal_open(&other_claim, path, &err), 0);
	changed();
}

static void to_opening(void)
{
	changed();
}

static void to_locking(void)
{
	add_and_offer();
	set_state(FRONT "/state", XB_INITIALISED);
	changed();
}

static void to_connecting(void)
{
	to_locking();
	run_job();
}

static void to_disconnecting(void)
{
	connect_it();
	set_state(FRONT "/state", XB_CLOSING);
	changed();
}

static void to_waiting_for_the_lock(void)
{
	class.lock_rc = -EAGAIN;
	to_locking();
	run_job();
	class.lock_rc = 0;
}

static const struct {
	const char *name;
	void (*go)(void);
	enum device_phase phase;
} phases[] = {
	{ "claiming", to_claiming, DEVICE_CLAIMING },
	{ "opening", to_opening, DEVICE_OPENING },
	{ "ready", add_and_offer, DEVICE_READY },
	{ "locking", to_locking, DEVICE_LOCKING },
	{ "waiting for the lock", to_waiting_for_the_lock, DEVICE_LOCKING },
	{ "connecting", to_connecting, DEVICE_CONNECTING },
	{ "connected", connect_it, DEVICE_CONNECTED },
	{ "disconnecting", to_disconnecting, DEVICE_DISCONNECTING },
	{ "parked", park_it, DEVICE_PARKED },
};

#define NR_PHASES (sizeof(phases) / sizeof(phases[0]))

static void go_to_phase(size_t i)
{
	print_message("# %s\n", phases[i].name);
	other_claim.fd = -1;
	other_claim.file = NULL;
	make_nodes();
	phases[i].go();
	assert_int_equal(the_device()->phase, phases[i].phase);
}

static void let_go_of_claim(void)
{
	journal_close(&other_claim);
	if (the_device() && the_device()->timer.is_armed && the_device()->phase != DEVICE_OPENING)
		run_timer();
}

static void nodes_may_go_in_every_phase(void **state)
{
	for (size_t i = 0; i < NR_PHASES; i++) {
		go_to_phase(i);
		remove_nodes();
		changed();
		changed();
		let_go_of_claim();
		finish_all();
		assert_null(the_device());
		assert_int_equal(class.nr_connected, class.nr_disconnected);
	}
}

static void another_device_may_take_its_place_in_every_phase(void **state)
{
	for (size_t i = 0; i < NR_PHASES; i++) {
		unsigned int nr_closed = class.nr_closed;

		if (phases[i].phase == DEVICE_CLAIMING || phases[i].phase == DEVICE_OPENING)
			continue; /* nothing was offered yet: what is offered then is read then */
		go_to_phase(i);
		remove_nodes();
		make_nodes(); /* before we looked */
		changed();
		let_go_of_claim();
		finish_all();
		assert_int_equal(class.nr_closed, nr_closed + 1);
		assert_int_equal(the_device()->phase, DEVICE_READY);
		assert_int_equal(ours(), XB_INIT_WAIT);
		remove_nodes();
		finish_all();
		assert_null(the_device());
	}
}

static void another_device_may_take_the_place_of_one_taken_up(void **state)
{
	connect_it();
	guest(XB_CONNECTED);
	restart_daemon();
	finish_all();
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	remove_nodes();
	make_nodes();
	finish_all();
	assert_int_equal(class.nr_connected, class.nr_disconnected);
	assert_int_equal(ours(), XB_INIT_WAIT);
}

static void the_daemon_may_stop_in_every_phase(void **state)
{
	for (size_t i = 0; i < NR_PHASES; i++) {
		go_to_phase(i);
		nr_idle = 0;
		device_host_stop(&host);
		let_go_of_claim();
		while (end_connect() || end_disconnect()) /* a job that hangs is not waited for */
			;
		assert_true(nr_idle > 0);
		assert_int_equal(device_host_has_jobs(&host), job != NULL);
		while (run_job())
			;
		assert_int_equal(class.nr_connected, class.nr_disconnected);
		device_host_fini(&host);
		host.is_stopping = false;
		remove_nodes();
	}
}

/* A guest as it should be goes on from wherever it is; a daemon may have to wait for a lock meanwhile. */
static void guest_goes_on(void)
{
	for (int i = 0; i < 10; i++) {
		enum xb_state front = fake_get(FRONT "/state")[0] - '0';

		if (the_device() && the_device()->timer.is_armed)
			run_timer();
		if (front == XB_INITIALISING && ours() == XB_INIT_WAIT)
			guest(XB_INITIALISED);
		else if (front == XB_INITIALISED && ours() == XB_CONNECTED)
			guest(XB_CONNECTED);
		else if (front == XB_CLOSING)
			guest(XB_CLOSED);
		else if (front == XB_CLOSED)
			guest(XB_INITIALISING);
		else
			finish_all();
	}
	assert_int_equal(the_device()->phase, DEVICE_CONNECTED);
	assert_int_equal(ours(), XB_CONNECTED);
	assert_string_equal(fake_get(FRONT "/state"), "4");
}

static void the_guest_is_served_after_a_restart_in_every_phase(void **state)
{
	for (size_t i = 0; i < NR_PHASES; i++) {
		if (phases[i].phase == DEVICE_PARKED)
			continue; /* it stays so */
		go_to_phase(i);
		journal_close(&other_claim);
		device_host_stop(&host);
		while (end_connect() || end_disconnect() || run_job())
			;
		if (the_device()->timer.is_armed)
			run_timer(); /* the loop of a process that ends would not run again; this one does */
		device_host_fini(&host);
		host.is_stopping = false;
		guest_goes_on();
		remove_nodes();
		finish_all();
		assert_int_equal(class.nr_connected, class.nr_disconnected);
	}
}

/* Whatever both ends write, in whatever order, with jobs ending early or late. */
static void states_may_be_anything_at_any_time(void **state)
{
	uint32_t random = 1;

	for (int i = 0; i < 5000; i++) {
		random = random * 1103515245 + 12345;
		if (!fake_get(DIR "/state"))
			make_nodes();
		if (random >> 30 == 0)
			set_state(DIR "/state", (random >> 16) % XB_NR_STATES);
		else
			set_state(FRONT "/state", (random >> 16) % XB_NR_STATES);
		if ((random >> 20) % 16 == 0)
			fake_set(DIR "/online", (random >> 24) & 1 ? "1" : "0");
		if ((random >> 20) % 64 == 1)
			remove_nodes();
		class.lock_rc = (random >> 8) % 16 == 0 ? -EBUSY : 0;
		class.open_rc = (random >> 12) % 16 == 0 ? -ENOENT : 0;
		changed();
		if (random >> 31)
			run_job();
		if ((random >> 29) & 1)
			end_connect();
		if ((random >> 28) & 1)
			end_disconnect();
	}
	remove_nodes();
	finish_all();
	assert_gone();
	class.open_rc = class.lock_rc = 0;
	make_nodes();
	guest_goes_on();
}

/* From xenstore, and cut where a buffer ended: not always UTF-8. */
static void a_reason_of_any_bytes_is_shown(void **state)
{
	json_t *status;

	add_and_offer();
	strcpy(the_device()->fault.text, "no k\xe4se");
	status = device_status(the_device());
	assert_string_equal(json_string_value(json_object_get(status, "reason")), "no k?se");
	json_decref(status);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_device_is_opened_and_offered),
		TEST(one_that_is_written_while_we_look_is_no_fault),
		TEST(a_store_that_does_not_answer_ends_nothing),
		TEST(what_could_not_be_offered_is_when_it_answers),
		TEST(what_could_not_be_published_is_when_it_answers),
		TEST(nothing_is_begun_while_the_store_is_lost),
		TEST(another_store_is_told_by_what_it_does_not_know),
		TEST(it_connects_when_the_guest_has_published),
		TEST(what_changes_while_connected_is_looked_at),
		TEST(our_own_nodes_are_looked_at_connected_or_not),
		TEST(they_are_not_looked_at_for_what_the_guest_does),
		TEST(a_guest_that_is_faster_than_us_is_served),
		TEST(a_guest_closes_and_comes_back),
		TEST(a_guest_comes_back_before_we_have_let_go),
		TEST(a_detached_device_is_forgotten),
		TEST(a_domain_that_died_is_let_go),
		TEST(what_cannot_be_opened_is_said_to_the_toolstack),
		TEST(what_open_asks_of_the_store_is_looked_for),
		TEST(it_is_there_until_it_is_given_up),
		TEST(a_fault_leaves_the_scripts_word),
		TEST(what_opens_slowly_is_said_and_then_served),
		TEST(what_opens_slowly_is_not_offered_to_another),
		TEST(an_error_goes_with_its_device),
		TEST(what_the_guest_published_wrongly_is_refused),
		TEST(a_guest_that_leaves_while_it_is_connected_to_is_not_refused),
		TEST(what_cannot_be_read_takes_no_disk_away),
		TEST(a_lock_that_will_be_free_is_waited_for),
		TEST(each_attempt_says_that_it_waits),
		TEST(a_lock_that_another_keeps_is_refused),
		TEST(a_guest_that_breaks_the_protocol_is_stopped),
		TEST(a_connection_is_reconfigured),
		TEST(a_class_that_knows_no_reconfiguring_takes_it_for_an_error),
		TEST(what_cannot_be_reconfigured_is_stopped),
		TEST(a_daemon_may_end_before_and_while_it_is_reconfigured),
		TEST(a_connection_handed_over_is_taken_up),
		TEST(a_store_that_fails_once_parks_nothing),
		TEST(a_state_that_we_may_not_read_is_a_protocol_error),
		TEST(a_guest_that_has_not_seen_us_connected_is_taken_up),
		TEST(a_disk_that_its_guest_does_not_let_go_is_taken_up),
		TEST(a_disk_that_we_have_stopped_is_not_taken_up),
		TEST(a_hand_over_without_some_requests_is_none),
		TEST(a_connection_that_cannot_be_taken_up_is_parked),
		TEST(what_is_parked_is_not_reconfigured),
		TEST(a_guest_starts_over_on_a_parked_disk_before_we_look),
		TEST(what_a_daemon_died_with_is_taken_up),
		TEST(one_that_died_before_it_said_connected_is_followed_as_any),
		TEST(one_that_died_before_the_guest_began_is_not),
		TEST(what_a_dead_daemon_still_holds_is_waited_for),
		TEST(a_ring_in_use_is_claimed_when_that_can_be),
		TEST(a_connection_whose_disk_cannot_be_opened_is_parked_and_untouched),
		TEST(a_reason_of_any_bytes_is_shown),
		TEST(nodes_may_go_in_every_phase),
		TEST(another_device_may_take_its_place_in_every_phase),
		TEST(another_device_may_take_the_place_of_one_taken_up),
		TEST(the_daemon_may_stop_in_every_phase),
		TEST(the_guest_is_served_after_a_restart_in_every_phase),
		TEST(states_may_be_anything_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
