// SPDX-License-Identifier: MIT
/* How a frontend gets on with a backend by the book, and how it ends. */
#include "tests/conform/peer/play.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/conform/verdict.h"

/* ---- the workload ---------------------------------------------------------------------------------------------- */

/* In its process; what it prints is not the verdict. */
__attribute__((noreturn)) static void run_drive(const struct play *play, const char *work)
{
	const struct xb_device *dev = &play->back.dev;
	char number[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("CONFORM_WORK", work, 1);
	snprintf(number, sizeof(number), "%u", dev->devid);
	setenv("CONFORM_DEVID", number, 1);
	snprintf(number, sizeof(number), "%u", dev->domid);
	setenv("CONFORM_DOMID", number, 1);
	play->class->set_environment(play);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execl("/bin/sh", "sh", "-c", getenv("CONFORM_DRIVE"), NULL);
	_exit(127);
}

void play_drive(struct play *play, const char *work)
{
	fflush(stdout);
	play->drive = fork();
	if (play->drive == 0)
		run_drive(play, work);
	play->back.wake_fd = syscall(SYS_pidfd_open, play->drive, 0);
	if (play->drive < 0 || play->back.wake_fd < 0)
		error("the workload cannot be started");
}

bool play_is_driven(struct play *play)
{
	int status;

	if (play->drive == 0)
		return false;
	if (waitpid(play->drive, &status, WNOHANG) == 0)
		return true;
	play->drive = 0;
	close(play->back.wake_fd);
	play->back.wake_fd = -1;
	play->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	MUST(play->clause, play->status < 126, "its workload has crashed: status %d", play->status);
	return false;
}

void play_kill_drive(struct play *play)
{
	if (!play_is_driven(play))
		return;
	kill(play->drive, SIGKILL);
	waitpid(play->drive, &play->status, 0);
	play->drive = 0;
	close(play->back.wake_fd);
	play->back.wake_fd = -1;
}

int play_await_drive(struct play *play, unsigned int ms)
{
	uint64_t deadline_ns = clock_in_ms(ms), now_ns;

	while (play_is_driven(play)) {
		now_ns = clock_now_ns();
		if (now_ns >= deadline_ns)
			return -ETIMEDOUT;
		back_sleep(&play->back, (deadline_ns - now_ns) / 1000000 + 1);
	}
	return play->status;
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

void play_write_offer(struct play *play, const char *name, const char *value)
{
	if (value)
		back_write(&play->back, name, "%s", value);
	else
		back_remove(&play->back, name);
}

void play_write_state(struct play *play, const char *text)
{
	back_write(&play->back, "state", "%s", text);
}

static void write_limits_and_state(struct back *back)
{
	((struct play *)back)->class->write_limits(back);
	back_switch(back, XB_INIT_WAIT);
}

static void write_offer(struct back *back)
{
	((struct play *)back)->class->write_rest(back);
	write_limits_and_state(back);
}

void play_offer(struct play *play)
{
	back_transaction(&play->back, write_offer);
}

static void write_wrong_offer(struct back *back)
{
	const struct play_wrong *wrong = ((struct play *)back)->how;

	write_offer(back);
	back_write(back, wrong->node, "%s", wrong->value);
}

bool play_offer_wrong(struct play *play, const char *work, char what[PLAY_WHAT_BYTES])
{
	const struct play_wrong *wrong = play->how;
	bool is_announced;

	snprintf(what, PLAY_WHAT_BYTES, "a %s of '%s'", wrong->node, wrong->value);
	play_drive(play, work);
	back_transaction(&play->back, write_wrong_offer);
	is_announced = play_await_announcement(play, PLAY_PATIENCE_MS);
	MUST("BUS-49", is_announced || play_await_refusal(play, 0) || (!play_is_driven(play) && play->status),
	     "with %s it stays %s", what, xb_state_name(back_frontend_state(&play->back)));
	return is_announced;
}

void play_offer_limits(struct play *play)
{
	back_transaction(&play->back, write_limits_and_state);
}

void play_offer_rest(struct play *play)
{
	back_transaction(&play->back, play->class->write_rest);
}

#define IS_CLOSED   (1U << XB_CLOSED | 1U << XB_UNKNOWN)
#define HAS_REFUSED (1U << XB_CLOSING | IS_CLOSED)

/* BUS-22: one that stays in Initialised is connected when it asks for something. */
static bool is_in_any(struct play *play, unsigned int states)
{
	enum xb_state state = back_frontend_state(&play->back);

	if (1U << state & states)
		return true;
	return state == XB_INITIALISED && states & 1U << XB_CONNECTED && play_has_request(play);
}

static bool await_any(struct play *play, unsigned int states, unsigned int ms)
{
	uint64_t deadline_ns = clock_in_ms(ms), now_ns;

	for (;;) {
		if (is_in_any(play, states))
			return true;
		now_ns = clock_now_ns();
		if (now_ns >= deadline_ns)
			return false;
		if (!play_is_driven(play) && play->status && !(states & 1U << XB_CLOSED))
			return false;
		back_sleep(&play->back, (deadline_ns - now_ns) / 1000000 + 1);
	}
}

bool play_await_announcement(struct play *play, unsigned int ms)
{
	return await_any(play, 1U << XB_INITIALISED | 1U << XB_CONNECTED, ms);
}

void must_announce(struct play *play, const char *clause)
{
	bool is_announced = play_await_announcement(play, PLAY_PATIENCE_MS);

	MUST(clause, is_announced || play_is_driven(play),
	     "its workload has ended with status %d, and it is %s: it has announced no ring", play->status,
	     xb_state_name(back_frontend_state(&play->back)));
	MUST(clause, is_announced, "it is %s: it has announced no ring",
	     xb_state_name(back_frontend_state(&play->back)));
}

void must_attach(struct play *play)
{
	play->class->attach(play);
}

void must_be_connected(struct play *play, const char *clause)
{
	bool is_connected = await_any(play, 1U << XB_CONNECTED, PLAY_PATIENCE_MS);

	/* A workload may be that short. */
	MUST(clause, is_connected || (!play_is_driven(play) && play->status == 0), "it is %s, not Connected",
	     xb_state_name(back_frontend_state(&play->back)));
}

void must_come_up(struct play *play, const char *clause)
{
	play_offer(play);
	must_announce(play, clause);
	must_attach(play);
	back_switch(&play->back, XB_CONNECTED);
	must_be_connected(play, clause);
}

/* ---- ending ---------------------------------------------------------------------------------------------------- */

bool play_await_closed(struct play *play, unsigned int ms)
{
	return await_any(play, IS_CLOSED, ms);
}

bool play_await_refusal(struct play *play, unsigned int ms)
{
	return await_any(play, HAS_REFUSED, ms);
}

void must_leave(struct play *play, const char *work)
{
	play_drive(play, work);
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	while (back_frontend_state(&play->back) == XB_CONNECTED && play_is_driven(play)) {
		if (play_take_next_within(play, 10))
			play_finish(play);
	}
}

void must_close_before_us(struct play *play)
{
	struct back *back = &play->back;

	back_switch(back, XB_CLOSING);
	MUST("BUS-31", play_await_closed(play, PLAY_PATIENCE_MS), "it is %s, not Closed",
	     xb_state_name(back_frontend_state(back)));
}

bool must_decide(struct play *play, const char *clause, const char *what)
{
	MUST(clause, await_any(play, 1U << XB_CONNECTED | HAS_REFUSED, PLAY_PATIENCE_MS), "with %s it stays %s", what,
	     xb_state_name(back_frontend_state(&play->back)));
	return is_in_any(play, 1U << XB_CONNECTED);
}

void must_refuse_disk(struct play *play, const char *clause, const char *what)
{
	MUST(clause, !must_decide(play, clause, what), "with %s it goes to Connected", what);
}

/* BUS-32 */
static bool puts_off(struct play *play)
{
	const struct xb_device *dev = &play->back.dev;
	char path[XB_PATH_MAX];

	snprintf(path, sizeof(path), "/local/domain/%u/error/device/%s/%u", dev->domid, dev->kind, dev->devid);
	return back_frontend_state(&play->back) == XB_CONNECTED && xb_exists(&play->store, path, "error");
}

/* BUS-33: what it still asks for is served, unless the case answers nothing any more. */
static bool serve_until_closed(struct play *play)
{
	uint64_t deadline_ns = clock_in_ms(PLAY_PATIENCE_MS);

	while (!play_await_closed(play, 10)) {
		if (clock_now_ns() >= deadline_ns)
			return false;
		if (!play->is_manual)
			play_serve_what_is_there(play);
	}
	return true;
}

void must_go_down(struct play *play, const char *clause)
{
	struct back *back = &play->back;

	if (back_own_state(back) == XB_CONNECTED)
		back_switch(back, XB_CLOSING);
	if (!serve_until_closed(play)) {
		if (puts_off(play))
			skip("it keeps a device that is in use");
		fail(clause, "it is %s, not Closed, though the backend is Closing",
		     xb_state_name(back_frontend_state(back)));
	}
	play_release(play);
	back_switch(back, XB_CLOSED);
}

/* One that closes, or whose workload has ended, has done so; only one that stays is watched for a while. */
void must_stop_at(struct play *play, ring_idx req_prod, const char *clause, const char *why)
{
	struct back *back = &play->back;
	uint64_t deadline_ns = clock_in_ms(5 * PLAY_SILENCE_MS);
	bool has_ended = false;

	while (!has_ended && clock_now_ns() < deadline_ns) {
		has_ended = play_await_refusal(play, 10) || !play_is_driven(play);
		MUST(clause, peer_load_acquire(&back->ring->req_prod) == req_prod,
		     "it publishes requests after %s: req_prod was %#x and is %#x", why, req_prod,
		     peer_load(&back->ring->req_prod));
		MUST(clause, play_is_driven(play) || play->status, "its workload ends with success after %s", why);
	}
}

void must_stop(struct play *play, const char *clause, const char *why)
{
	must_stop_at(play, peer_load_acquire(&play->back.ring->req_prod), clause, why);
}

void play_remove_frontend(struct play *play)
{
	const struct xb_device *dev = &play->back.dev;
	char above[XB_DIR_MAX];
	struct errbuf err;

	need(xb_path(above, sizeof(above), &err, "/local/domain/%u/device/%s", dev->domid, dev->kind),
	     &err);
	need(xb_set_perms(&play->store, above, dev->domid, play->store.domid, &err), &err);
	need(xb_remove(&play->store, dev->otherend, &err), &err);
}

void must_stay_removed(struct play *play, const char *clause)
{
	const struct xb_device *dev = &play->back.dev;

	play_await_drive(play, 5 * PLAY_SILENCE_MS);
	MUST(clause, !xb_exists(&play->store, dev->otherend, "state"),
	     "it has written its state into a directory that the toolstack has removed");
}

bool play_comes_back(struct play *play, unsigned int ms)
{
	uint64_t deadline_ns = clock_in_ms(ms);

	while (back_frontend_state(&play->back) != XB_INITIALISING) {
		if (clock_now_ns() >= deadline_ns || !play_is_driven(play))
			return false;
		back_sleep(&play->back, 10);
	}
	return true;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

void must_work(struct play *play, const char *clause, const char *work)
{
	play_drive(play, work);
	must_come_up(play, "BUS-10");
	MUST(clause, play_serve(play) == 0, "its workload '%s' has failed with status %d", work, play->status);
}

void must_do(struct play *play, const char *clause, const char *work)
{
	must_work(play, clause, work);
	must_go_down(play, "BUS-31");
}
