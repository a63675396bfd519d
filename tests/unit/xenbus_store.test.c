// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/xenbus_fake.h"
#include "xenbus/node.h"

static struct xb_store store;
static struct errbuf err;

static int setup(void **state)
{
	fake_reset();
	xb_store_init(&store);
	return 0;
}

static int teardown(void **state)
{
	xb_store_fini(&store);
	xb_store_fini(&store);
	fake_reset();
	return 0;
}

static void opening_learns_our_own_domain(void **state)
{
	fake_set("domid", "7");
	assert_int_equal(xb_store_open(&store, &err), 0);
	assert_int_equal(store.domid, 7);
	assert_string_equal(store.home, "/local/domain/7");
}

static void opening_without_xenstored_or_domid_says_so(void **state)
{
	fake.fail_errno = ECONNREFUSED;
	assert_int_equal(xb_store_open(&store, &err), -ECONNREFUSED);
	assert_non_null(strstr(err.text, "xenstore cannot be reached: Connection refused"));
	fake.fail_errno = 0;
	fake_set("domid", "32752");
	assert_int_equal(xb_store_open(&store, &err), -ERANGE);
	fake_drop(fake_find("domid"));
	assert_int_equal(xb_store_open(&store, &err), -ENOENT);
	assert_null(store.xs);
}

struct body {
	int nr_runs, rc;
};

static int write_once(struct xb_store *s, void *arg, struct errbuf *e)
{
	struct body *body = arg;

	body->nr_runs++;
	if (body->rc)
		return errbuf_set(e, body->rc, "no");
	return xb_write(s, "/a", "b", e, "%d", body->nr_runs);
}

static void a_failure_without_a_reason_is_no_success(void **state)
{
	struct body body = { 0, 0 };
	char text[8];

	assert_int_equal(xb_store_open(&store, &err), 0);
	fake.fails_silently = true;
	assert_int_equal(xb_transaction(&store, write_once, &body, &err), -ENOMEM);
	assert_int_equal(xb_read_string(&store, "/a", NULL, text, sizeof(text), &err), -ENOMEM);
	assert_int_equal(xb_write(&store, "/a", NULL, &err, "1"), -ENOMEM);
	assert_int_equal(xb_mkdir(&store, "/a", &err), -ENOMEM);
	xb_store_fini(&store);
	assert_int_equal(xb_store_open(&store, &err), -ENOMEM);
}

static void a_transaction_is_run_again_when_somebody_interferes(void **state)
{
	struct body body = { 0, 0 };

	assert_int_equal(xb_store_open(&store, &err), 0);
	fake.nr_conflicts = 3;
	assert_int_equal(xb_transaction(&store, write_once, &body, &err), 0);
	assert_int_equal(body.nr_runs, 4);
	assert_int_equal(fake.txn_seen, 4);
	assert_int_equal(fake.nr_committed, 1);
	assert_string_equal(fake_get("/a/b"), "4");
	assert_int_equal(store.txn, 0);
}

static void a_transaction_gives_up_in_the_end(void **state)
{
	struct body body = { 0, 0 };

	assert_int_equal(xb_store_open(&store, &err), 0);
	fake.nr_conflicts = 1000000;
	assert_int_equal(xb_transaction(&store, write_once, &body, &err), -EAGAIN);
	assert_int_equal(body.nr_runs, XB_TRANSACTION_TRIES);
	assert_int_equal(fake.nr_committed, 0);
}

static void a_body_that_fails_aborts(void **state)
{
	struct body body = { 0, -EINVAL };

	assert_int_equal(xb_store_open(&store, &err), 0);
	assert_int_equal(xb_transaction(&store, write_once, &body, &err), -EINVAL);
	assert_string_equal(err.text, "no");
	assert_int_equal(fake.nr_aborted, 1);
	assert_int_equal(fake.nr_committed, 0);
	assert_int_equal(store.txn, 0);
}

static int nested(struct xb_store *s, void *arg, struct errbuf *e)
{
	return xb_transaction(s, write_once, arg, e);
}

static void transactions_do_not_nest(void **state)
{
	struct body body = { 0, 0 };

	assert_int_equal(xb_store_open(&store, &err), 0);
	assert_int_equal(xb_transaction(&store, nested, &body, &err), -EBUSY);
	assert_int_equal(body.nr_runs, 0);
}

/* A socket that takes connections: there is a xenstored again. */
static int listen_at(char *path, size_t size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(path, size, "/tmp/pvring-store-%d", getpid());
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static int check_rc;

static int check(void *arg)
{
	return check_rc;
}

static void a_store_is_opened_again_once_it_is_there(void **state)
{
	char path[64];
	int fd;

	fd = listen_at(path, sizeof(path));
	fake.socket = path;
	assert_int_equal(xb_store_open(&store, &err), 0);
	close(fd);
	unlink(path);
	assert_int_equal(xb_store_reopen(&store, check, NULL, &err), -ENOENT);
	assert_non_null(strstr(err.text, "No such file or directory"));
	assert_non_null(store.xs);
	fd = listen_at(path, sizeof(path));
	fake.fail_errno = EIO;
	assert_int_equal(xb_store_reopen(&store, check, NULL, &err), -EIO);
	assert_non_null(store.xs);
	fake.fail_errno = 0;
	check_rc = -ESTALE;
	assert_int_equal(xb_store_reopen(&store, check, NULL, &err), -ESTALE);
	assert_non_null(store.xs);
	check_rc = 0;
	assert_int_equal(xb_store_reopen(&store, check, NULL, &err), 0);
	close(fd);
	unlink(path);
	store.has_socket = false; /* one in another domain */
	assert_int_equal(xb_store_reopen(&store, check, NULL, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opening_learns_our_own_domain, setup, teardown),
		cmocka_unit_test_setup_teardown(opening_without_xenstored_or_domid_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_store_is_opened_again_once_it_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failure_without_a_reason_is_no_success, setup, teardown),
		cmocka_unit_test_setup_teardown(a_transaction_is_run_again_when_somebody_interferes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_transaction_gives_up_in_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_body_that_fails_aborts, setup, teardown),
		cmocka_unit_test_setup_teardown(transactions_do_not_nest, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
