// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/core/control.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"

static struct errbuf err;
static struct loop loop;
static struct control *control;
static char dir[64], path[96];
static unsigned int nr_asked, nr_fds;
static int kept;

/* ---- the daemon ------------------------------------------------------------------------------------------------ */

static json_t *answer(void *context, const char *command, const json_t *request, struct control_fds *fds,
		      struct errbuf *reason)
{
	json_int_t size = json_integer_value(json_object_get(request, "size"));
	json_t *reply;
	char *text;

	nr_asked++;
	assert_ptr_equal(context, &loop);
	nr_fds = fds->nr;
	if (strcmp(command, "keep") == 0) {
		kept = fds->fd[0];
		fds->fd[0] = fds->fd[1];
		fds->nr--;
		return json_object();
	}
	if (strcmp(command, "echo") == 0)
		return json_pack("{s:O?}", "value", json_object_get(request, "value"));
	if (strcmp(command, "fill") != 0) {
		errbuf_set(reason, -EINVAL, "unknown command '%.40s'", command);
		return NULL;
	}
	text = malloc(size);
	memset(text, 'x', size);
	reply = json_pack("{s:s#}", "value", text, (int)size);
	free(text);
	return reply;
}

static int open_control(void)
{
	err.text[0] = '\0';
	int rc = control_open(&control, &loop, path, -1, answer, &loop, &err);

	if (rc == 0)
		control_listen(control);
	return rc;
}

static int setup(void **state)
{
	strcpy(dir, "/tmp/pvring-control-XXXXXX");
	if (!mkdtemp(dir) || loop_init(&loop, 64))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", dir);
	control = NULL;
	nr_asked = 0;
	return 0;
}

static int setup_open(void **state)
{
	return setup(state) || open_control();
}

static int teardown(void **state)
{
	if (control)
		control_close(control);
	loop_fini(&loop);
	unlink(path);
	return rmdir(dir);
}

/* ---- its clients ----------------------------------------------------------------------------------------------- */

static struct client {
	int fd;
	size_t len;
	bool is_dropped;
	char text[2 << 20]; /* what it was sent */
} clients[CONTROL_MAX_CLIENTS + 1];

static unsigned int nr_lines(const struct client *client)
{
	unsigned int n = 0;

	for (size_t i = 0; i < client->len; i++)
		n += client->text[i] == '\n';
	return n;
}

static void receive(struct client *client)
{
	ssize_t r;

	while (!client->is_dropped) {
		r = recv(client->fd, client->text + client->len, sizeof(client->text) - client->len, MSG_DONTWAIT);
		if (r < 0 && errno == EAGAIN)
			return;
		if (r <= 0)
			client->is_dropped = true;
		else
			client->len += r;
	}
}

static struct {
	struct loop_task task;
	struct client *client; /* who reads */
	unsigned int nr_lines; /* until it has so many, or is dropped */
	unsigned int nr_batches;
} wait_for;

static void look(struct loop_task *task)
{
	receive(wait_for.client);
	if (wait_for.client->is_dropped || nr_lines(wait_for.client) >= wait_for.nr_lines || wait_for.nr_batches == 1)
		loop_stop(&loop);
	else
		loop_defer(&loop, task);
	if (wait_for.nr_batches)
		wait_for.nr_batches--;
}

static void run(struct client *client, unsigned int lines, unsigned int nr_batches)
{
	wait_for.task.run = look;
	wait_for.client = client;
	wait_for.nr_lines = lines;
	wait_for.nr_batches = nr_batches;
	loop.is_stopping = false;
	loop_defer(&loop, &wait_for.task);
	loop_run(&loop);
}

static void run_until_answered(struct client *client, unsigned int lines)
{
	run(client, lines, 0);
}

static struct client *new_client(unsigned int i)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct client *client = &clients[i];

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	client->len = 0;
	client->is_dropped = false;
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return client;
}

static void say(struct client *client, const char *text)
{
	assert_int_equal(send(client->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void assert_text(struct client *client, const char *text)
{
	client->text[client->len] = '\0';
	assert_string_equal(client->text, text);
}

#define ECHO_1  "{\"cmd\":\"echo\",\"value\":1}\n"
#define ECHO_2  "{\"cmd\":\"echo\",\"value\":2}\n"
#define REPLY_1 "{\"value\":1,\"ok\":true}\n"
#define REPLY_2 "{\"value\":2,\"ok\":true}\n"

/* ---- lines ----------------------------------------------------------------------------------------------------- */

static void a_line_is_answered_with_a_line(void **state)
{
	struct client *client = new_client(0);

	say(client, ECHO_1);
	run_until_answered(client, 1);
	say(client, ECHO_2);
	run_until_answered(client, 2);
	assert_text(client, REPLY_1 REPLY_2);
	close(client->fd);
}

static void a_line_may_come_in_pieces(void **state)
{
	struct client *client = new_client(0);

	for (const char *p = ECHO_1; *p; p++) {
		say(client, (char[]){ *p, '\0' });
		if (p[1])
			run(client, 1, 3);
	}
	run_until_answered(client, 1);
	assert_text(client, REPLY_1);
	assert_int_equal(nr_asked, 1);
	close(client->fd);
}

static void lines_may_come_together(void **state)
{
	struct client *client = new_client(0);

	say(client, ECHO_1 ECHO_2 ECHO_1 "{\"cmd\":");
	run_until_answered(client, 3);
	say(client, "\"echo\",\"value\":2}\n");
	run_until_answered(client, 4);
	assert_text(client, REPLY_1 REPLY_2 REPLY_1 REPLY_2);
	close(client->fd);
}

static void a_client_may_say_its_last_line_and_wait(void **state)
{
	struct client *client = new_client(0);

	say(client, ECHO_1);
	shutdown(client->fd, SHUT_WR);
	run_until_answered(client, 2); /* there is no second: it ends when the daemon has closed */
	assert_text(client, REPLY_1);
	assert_true(client->is_dropped);
	close(client->fd);
}

static void a_line_too_long_ends_the_connection(void **state)
{
	struct client *client = new_client(0), *other = new_client(1);
	char line[CONTROL_MAX_LINE_BYTES + 1];

	memset(line, ' ', sizeof(line));
	memcpy(line, ECHO_1, strlen(ECHO_1) - 1);
	line[CONTROL_MAX_LINE_BYTES - 1] = '\n';
	line[CONTROL_MAX_LINE_BYTES] = '\0';
	say(client, line); /* the longest that is served */
	run_until_answered(client, 1);
	assert_text(client, REPLY_1);
	line[CONTROL_MAX_LINE_BYTES - 1] = ' ';
	say(client, line);
	run_until_answered(client, 2);
	assert_true(client->is_dropped);
	assert_int_equal(nr_asked, 1);
	say(other, ECHO_2);
	run_until_answered(other, 1);
	assert_text(other, REPLY_2);
	close(client->fd);
	close(other->fd);
}

#define EXPECTED "{\"ok\":false,\"error\":\"expected one JSON object per line with a string \\\"cmd\\\"\"}\n"

static const struct {
	const char *line, *reply;
} bad_lines[] = {
	{ "\n", EXPECTED },
	{ "status\n", EXPECTED },
	{ "{\"cmd\":\"echo\"\n", EXPECTED },
	{ "{\"cmd\":\"echo\"} x\n", EXPECTED },
	{ "{}\n", EXPECTED },
	{ "{\"cmd\":1}\n", EXPECTED },
	{ "{\"cmd\":null}\n", EXPECTED },
	{ "[\"cmd\",\"echo\"]\n", EXPECTED },
	{ "\"cmd\"\n", EXPECTED },
	{ "{\"cmd\":\"\xff\"}\n", EXPECTED },
	{ "{\"cmd\":\"\"}\n", "{\"ok\":false,\"error\":\"unknown command ''\"}\n" },
	{ "{\"cmd\":\"x\\\"y\"}\n", "{\"ok\":false,\"error\":\"unknown command 'x\\\"y'\"}\n" },
};

static void what_is_no_request_is_answered_with_the_reason(void **state)
{
	struct client *client = new_client(0);

	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
		print_message("# %zu: %s", i, bad_lines[i].line);
		client->len = 0;
		say(client, bad_lines[i].line);
		run_until_answered(client, 1);
		assert_text(client, bad_lines[i].reply);
	}
	close(client->fd);
}

/* A name cut in the middle of a character must not cost the answer. */
static void a_reason_that_is_no_utf8_is_still_an_answer(void **state)
{
	struct client *client = new_client(0);

	say(client, "{\"cmd\":\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		    "x\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"}\n");
	run_until_answered(client, 1);
	assert_false(client->is_dropped);
	assert_memory_equal(client->text, "{\"ok\":false,\"error\":\"unknown command '", 38);
	close(client->fd);
}

/* ---- descriptors ----------------------------------------------------------------------------------------------- */

/* The writing ends of as many pipes go with the line, and are ours no more. */
static void say_with(struct client *client, const char *text, int *read_end, unsigned int nr)
{
	char room[CMSG_SPACE(8 * sizeof(int))] = "";
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room };
	struct cmsghdr *cmsg = (struct cmsghdr *)room;
	int pair[2];

	*cmsg = (struct cmsghdr){ CMSG_LEN(nr * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	msg.msg_controllen = CMSG_SPACE(nr * sizeof(int));
	for (unsigned int i = 0; i < nr; i++) {
		assert_int_equal(pipe(pair), 0);
		read_end[i] = pair[0];
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &pair[1], sizeof(int));
	}
	assert_int_equal(sendmsg(client->fd, &msg, 0), strlen(text));
	for (unsigned int i = 0; i < nr; i++) {
		memcpy(&pair[1], CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
		close(pair[1]);
	}
}

/* Nobody can write to it any more. Closes it. */
static bool has_no_writer(int read_end)
{
	struct pollfd pollfd = { .fd = read_end, .events = POLLIN };
	bool has_none;

	assert_true(poll(&pollfd, 1, 0) >= 0);
	has_none = pollfd.revents & POLLHUP;
	close(read_end);
	return has_none;
}

static void descriptors_that_the_handler_keeps_are_its_own(void **state)
{
	struct client *client = new_client(0);
	int read_end[2];
	char byte;

	say_with(client, "{\"cmd\":\"keep\"}\n", read_end, 2);
	run_until_answered(client, 1);
	assert_int_equal(nr_fds, 2);
	assert_int_equal(fcntl(kept, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(kept, "x", 1), 1);
	assert_int_equal(read(read_end[0], &byte, 1), 1);
	assert_true(has_no_writer(read_end[1]));
	close(kept);
	assert_true(has_no_writer(read_end[0]));
	say(client, ECHO_1);
	run_until_answered(client, 2);
	assert_int_equal(nr_fds, 0);
	close(client->fd);
}

static void descriptors_that_nobody_wants_are_closed(void **state)
{
	struct client *client = new_client(0);
	int read_end[8], first[2];

	say_with(client, ECHO_1, read_end, 8);
	run_until_answered(client, 1);
	assert_int_equal(nr_fds, CONTROL_MAX_FDS);
	for (unsigned int i = 0; i < 8; i++)
		assert_true(has_no_writer(read_end[i]));
	say_with(client, "{\"cmd\":\"echo\",", first, 2); /* half a line, then others */
	run(client, 2, 4);
	say_with(client, "\"value\":2}\n", read_end, 1);
	run_until_answered(client, 2);
	assert_int_equal(nr_fds, 1);
	assert_true(has_no_writer(read_end[0]));
	assert_true(has_no_writer(first[0]));
	assert_true(has_no_writer(first[1]));
	close(client->fd);
}

static void descriptors_of_a_client_that_goes_are_closed(void **state)
{
	struct client *client = new_client(0), *other = new_client(1);
	int read_end[2];

	say_with(client, "{\"cmd\":", read_end, 1);
	say(other, ECHO_1);
	run_until_answered(other, 1);
	close(client->fd);
	say(other, ECHO_1);
	run_until_answered(other, 2);
	assert_true(has_no_writer(read_end[0]));
	say_with(other, "{\"cmd\":", read_end, 1);
	run(other, 3, 4);
	control_close(control);
	control = NULL;
	assert_true(has_no_writer(read_end[0]));
	close(other->fd);
}

/* ---- large answers --------------------------------------------------------------------------------------------- */

static void a_large_answer_arrives_whole(void **state)
{
	static const char head[] = "{\"value\":\"xxx", tail[] = "xxx\",\"ok\":true}\n" REPLY_1;
	struct client *client = new_client(0);

	say(client, "{\"cmd\":\"fill\",\"size\":1000000}\n" ECHO_1);
	run_until_answered(client, 2);
	assert_int_equal(client->len, strlen(head) + 1000000 - 6 + strlen(tail));
	assert_memory_equal(client->text, head, strlen(head));
	assert_memory_equal(client->text + client->len - strlen(tail), tail, strlen(tail));
	close(client->fd);
}

static void a_client_that_does_not_read_keeps_nobody_waiting(void **state)
{
	struct client *client = new_client(0), *other = new_client(1);

	for (int i = 0; i < 20; i++)
		say(client, "{\"cmd\":\"fill\",\"size\":100000}\n");
	say(other, ECHO_1);
	run_until_answered(other, 1);
	assert_text(other, REPLY_1);
	close(client->fd);
	say(other, ECHO_2);
	run_until_answered(other, 2);
	close(other->fd);
	run(other, 3, 8);
}

static void it_closes_with_an_answer_half_sent(void **state)
{
	struct client *client = new_client(0);

	say(client, "{\"cmd\":\"fill\",\"size\":1000000}\n");
	while (!nr_asked)
		run(&clients[1], 1, 3);
	control_close(control);
	control = NULL;
	close(client->fd);
}

/* ---- how many -------------------------------------------------------------------------------------------------- */

static void so_many_clients_and_no_more(void **state)
{
	const unsigned int n = CONTROL_MAX_CLIENTS;

	for (unsigned int i = 0; i < n; i++) {
		new_client(i);
		say(&clients[i], ECHO_1);
		run_until_answered(&clients[i], 1);
	}
	new_client(n);
	run_until_answered(&clients[n], 1);
	assert_true(clients[n].is_dropped);
	close(clients[n].fd);
	close(clients[3].fd); /* when one has gone another may come */
	do {
		new_client(3);
		send(clients[3].fd, ECHO_2, strlen(ECHO_2), MSG_NOSIGNAL);
		run_until_answered(&clients[3], 1);
		if (clients[3].is_dropped)
			close(clients[3].fd);
	} while (clients[3].is_dropped);
	assert_text(&clients[3], REPLY_2);
	for (unsigned int i = 0; i < n; i++)
		close(clients[i].fd);
}

static void clients_come_and_go(void **state)
{
	for (int i = 0; i < 200; i++) {
		struct client *client = new_client(0);

		say(client, ECHO_1);
		if (i % 3) {
			run_until_answered(client, 1);
			assert_text(client, REPLY_1);
		}
		close(client->fd);
		if (i % 3 == 0)
			run(&clients[1], 1, 4);
	}
}

/* ---- the socket's name ----------------------------------------------------------------------------------------- */

static void only_its_owner_may_connect(void **state)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	control_close(control);
	control = NULL;
	assert_int_equal(stat(path, &st), -1);
}

static void a_dead_daemons_socket_is_taken_over(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct client *client;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	assert_int_equal(open_control(), 0);
	client = new_client(0);
	say(client, ECHO_1);
	run_until_answered(client, 1);
	assert_text(client, REPLY_1);
	close(client->fd);
}

/* As the kernel keeps it while the last I/O of a killed daemon is not done. */
static void a_socket_that_nobody_answers_is_taken_over(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(open_control(), 0);
	close(fd);
}

/* Another process, with a loop of its own, until it is killed. */
static int start_daemon(void)
{
	static struct loop its_loop;
	int ready[2], pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (loop_init(&its_loop, 64) == 0 &&
		    control_open(&control, &its_loop, path, -1, answer, &loop, &err) == 0) {
			control_listen(control);
			if (write(ready[1], "", 1) == 1)
				loop_run(&its_loop);
		}
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void a_living_daemons_socket_is_not(void **state)
{
	int pid = start_daemon();
	char want[256];

	snprintf(want, sizeof(want), "%s: another daemon answers there (choose another --name or --control)", path);
	assert_int_equal(open_control(), -EADDRINUSE);
	assert_string_equal(err.text, want);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(open_control(), 0);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	char want[256];

	close(open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
	snprintf(want, sizeof(want), "%s is not a socket: expected one that a daemon left, or nothing", path);
	assert_int_equal(open_control(), -EEXIST);
	assert_string_equal(err.text, want);
	assert_int_equal(access(path, F_OK), 0);
}

static void a_name_that_cannot_be_is_refused(void **state)
{
	char long_path[200], want[300];

	memset(long_path, 'a', sizeof(long_path));
	long_path[108] = '\0';
	snprintf(want, sizeof(want), "%s: longer than the 107 characters of a socket's path", long_path);
	assert_int_equal(control_open(&control, &loop, long_path, -1, answer, &loop, &err), -ENAMETOOLONG);
	assert_string_equal(err.text, want);
	assert_int_equal(control_open(&control, &loop, "/no/such/folder", -1, answer, &loop, &err), -ENOENT);
	assert_string_equal(err.text, "/no/such/folder: cannot listen: No such file or directory");
}

#define TEST(name)      cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_OPEN(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown)

/* The one that is to go on with a socket ends before it does: the other one is still there. */
static void a_socket_that_was_given_stays_until_it_is_listened_on(void **state)
{
	struct control *heir;
	struct errbuf err;
	int fd = dup(control_listener_fd(control));

	assert_int_equal(control_open(&heir, &loop, path, fd, answer, &loop, &err), 0);
	control_close(heir);
	assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OPEN(a_line_is_answered_with_a_line),
		TEST_OPEN(a_line_may_come_in_pieces),
		TEST_OPEN(lines_may_come_together),
		TEST_OPEN(a_client_may_say_its_last_line_and_wait),
		TEST_OPEN(a_line_too_long_ends_the_connection),
		TEST_OPEN(what_is_no_request_is_answered_with_the_reason),
		TEST_OPEN(a_reason_that_is_no_utf8_is_still_an_answer),
		TEST_OPEN(descriptors_that_the_handler_keeps_are_its_own),
		TEST_OPEN(descriptors_that_nobody_wants_are_closed),
		TEST_OPEN(descriptors_of_a_client_that_goes_are_closed),
		TEST_OPEN(a_large_answer_arrives_whole),
		TEST_OPEN(a_client_that_does_not_read_keeps_nobody_waiting),
		TEST_OPEN(it_closes_with_an_answer_half_sent),
		TEST_OPEN(so_many_clients_and_no_more),
		TEST_OPEN(clients_come_and_go),
		TEST_OPEN(only_its_owner_may_connect),
		TEST_OPEN(a_socket_that_was_given_stays_until_it_is_listened_on),
		TEST(a_dead_daemons_socket_is_taken_over),
		TEST(a_socket_that_nobody_answers_is_taken_over),
		TEST(a_living_daemons_socket_is_not),
		TEST(a_file_that_is_no_socket_is_left_alone),
		TEST(a_name_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
