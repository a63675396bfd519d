// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/blk/image.h"
#include "common/base/errbuf.h"

#define LOCK_OFFSET (1LL << 62) /* as image.h says */
#define UUID_A      "11111111-1111-1111-1111-111111111111"
#define UUID_B      "22222222-2222-2222-2222-222222222222"

static struct errbuf err;
static char dir[64], disk_path[128];

static const struct image_owner guest_5 = { "vbd 5/51712", UUID_A, 5 };
static const struct image_owner guest_6 = { "vbd 6/51712", UUID_B, 6 };
static const struct image_owner guest_5_rebooted = { "vbd 7/51712", UUID_A, 7 };

/* ---- a folder of images ---------------------------------------------------------------------------------------- */

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void make_file(const char *name, off_t size_bytes, mode_t mode)
{
	int fd = open(in_dir(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size_bytes), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int setup(void **state)
{
	strcpy(dir, "/tmp/pvring-image-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	strcpy(disk_path, in_dir("disk"));
	make_file("disk", 65536, 0600);
	err.text[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "disk", "empty", "odd", "fifo", "read-only", "link", "other" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_dir(names[i]));
	rmdir(in_dir("folder"));
	return rmdir(dir);
}

static int open_path(struct image **image, const char *path, bool is_read_only, const struct image_owner *owner)
{
	struct image_spec spec;

	err.text[0] = '\0';
	assert_int_equal(image_parse(path, &spec, &err), 0);
	return image_open(image, &spec, is_read_only, owner, &err);
}

static struct image *must_open(bool is_read_only, const struct image_owner *owner)
{
	struct image *image;

	assert_int_equal(open_path(&image, disk_path, is_read_only, owner), 0);
	return image;
}

/* ---- the text -------------------------------------------------------------------------------------------------- */

#define MISSING_SIZE(text, size) \
	"image '" text "': '" size "' is not a size: expected a multiple of 512 bytes, or like 64M or 1G"

static const struct {
	const char *text;
	const struct blk_engine_ops *engine;
	const char *path;
	uint64_t size_bytes;
	enum image_direct direct;
} good_texts[] = {
	{ "/a/b.img", &engine_uring, "/a/b.img", 0, IMAGE_DIRECT_DEFAULT },
	{ "/a,b:c", &engine_uring, "/a,b:c", 0, IMAGE_DIRECT_DEFAULT },
	{ "/", &engine_uring, "/", 0, IMAGE_DIRECT_DEFAULT },
	{ "file:/a", &engine_uring, "/a", 0, IMAGE_DIRECT_DEFAULT },
	{ "file:/a:b", &engine_uring, "/a:b", 0, IMAGE_DIRECT_DEFAULT },
	{ "file:/a,direct=on", &engine_uring, "/a", 0, IMAGE_DIRECT_ON },
	{ "file:/a,direct=off", &engine_uring, "/a", 0, IMAGE_DIRECT_OFF },
	{ "file:/a,direct=on,direct=off", &engine_uring, "/a", 0, IMAGE_DIRECT_OFF },
	{ "null:512", &engine_null, "", 512, IMAGE_DIRECT_DEFAULT },
	{ "null:1G", &engine_null, "", 1ULL << 30, IMAGE_DIRECT_DEFAULT },
	{ "null:1048576T", &engine_null, "", 1ULL << 60, IMAGE_DIRECT_DEFAULT },
	{ "mem:1K", &engine_mem, "", 1024, IMAGE_DIRECT_DEFAULT },
	{ "mem:64M", &engine_mem, "", 64 << 20, IMAGE_DIRECT_DEFAULT },
};

static void a_text_names_an_image(void **state)
{
	static struct image_spec spec;

	for (size_t i = 0; i < sizeof(good_texts) / sizeof(good_texts[0]); i++) {
		print_message("# %s\n", good_texts[i].text);
		assert_int_equal(image_parse(good_texts[i].text, &spec, &err), 0);
		assert_ptr_equal(spec.engine, good_texts[i].engine);
		assert_string_equal(spec.path, good_texts[i].path);
		assert_int_equal(spec.size_bytes, good_texts[i].size_bytes);
		assert_int_equal(spec.direct, good_texts[i].direct);
	}
}

static const struct {
	const char *text, *reason;
} bad_texts[] = {
	{ "", "no image is named: expected an absolute path, file:, null: or mem:" },
	{ "a.img", "image 'a.img': a relative path: expected an absolute one" },
	{ "./a:b", "image './a:b': a relative path: expected an absolute one" },
	{ "file:a", "image 'file:a': expected an absolute path" },
	{ "file:", "image 'file:': expected an absolute path" },
	{ "file:,direct=on", "image 'file:,direct=on': expected an absolute path" },
	{ "file:/a,direct",
	  "image 'file:/a,direct': unknown option 'direct': expected direct=on or direct=off" },
	{ "file:/a,direct=on,x",
	  "image 'file:/a,direct=on,x': unknown option 'x': expected direct=on or direct=off" },
	{ "qcow2:/a",
	  "image 'qcow2:/a': unknown scheme 'qcow2': expected an absolute path, file:, null: or mem:" },
	{ "aio:/a", "image 'aio:/a': unknown scheme 'aio': expected an absolute path, file:, null: or mem:" },
	{ ":/a", "image ':/a': unknown scheme '': expected an absolute path, file:, null: or mem:" },
	{ "FILE:/a",
	  "image 'FILE:/a': unknown scheme 'FILE': expected an absolute path, file:, null: or mem:" },
	{ "null:", MISSING_SIZE("null:", "") },
	{ "null:0", MISSING_SIZE("null:0", "0") },
	{ "null:511", MISSING_SIZE("null:511", "511") },
	{ "null:513", MISSING_SIZE("null:513", "513") },
	{ "null:-512", MISSING_SIZE("null:-512", "-512") },
	{ "null:1g", MISSING_SIZE("null:1g", "1g") },
	{ "null:1048577T", MISSING_SIZE("null:1048577T", "1048577T") },
	{ "null:18446744073709551616", MISSING_SIZE("null:18446744073709551616", "18446744073709551616") },
	{ "null:16777216T", MISSING_SIZE("null:16777216T", "16777216T") },
	{ "mem:M", MISSING_SIZE("mem:M", "M") },
	{ "mem: 512", MISSING_SIZE("mem: 512", " 512") },
};

static void a_text_that_names_none_is_refused_with_what_was_expected(void **state)
{
	static struct image_spec spec;

	for (size_t i = 0; i < sizeof(bad_texts) / sizeof(bad_texts[0]); i++) {
		print_message("# '%s'\n", bad_texts[i].text);
		err.text[0] = '\0';
		assert_int_equal(image_parse(bad_texts[i].text, &spec, &err), -EINVAL);
		assert_string_equal(err.text, bad_texts[i].reason);
	}
}

static void a_path_too_long_is_refused(void **state)
{
	static struct image_spec spec;
	static char path[PATH_MAX + 2];

	memset(path, '/', PATH_MAX);
	assert_int_equal(image_parse(path, &spec, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "the path is too long"));
	path[PATH_MAX - 1] = '\0';
	assert_int_equal(image_parse(path, &spec, &err), 0);
}

/* ---- what it names --------------------------------------------------------------------------------------------- */

static void what_is_no_image_is_refused_by_name(void **state)
{
	struct image *image;
	char want[256];
	const struct {
		const char *name;
		int rc;
		const char *reason; /* after "image PATH" */
	} rows[] = {
		{ "missing", -ENOENT, ": No such file or directory" },
		{ "empty", -EINVAL, " is empty: expected a multiple of 512 bytes" },
		{ "odd", -EINVAL, " has 1000 bytes: expected a multiple of 512" },
		{ "folder", -EINVAL, " is a directory: expected a raw file or a block device" },
		{ "fifo", -EINVAL, " is neither a file nor a disk: expected a raw file or a block device" },
		{ "disk/below", -ENOTDIR, ": Not a directory" },
	};

	make_file("empty", 0, 0600);
	make_file("odd", 1000, 0600);
	assert_int_equal(mkdir(in_dir("folder"), 0700), 0);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].name);
		snprintf(want, sizeof(want), "image %s%s", in_dir(rows[i].name), rows[i].reason);
		assert_int_equal(open_path(&image, in_dir(rows[i].name), false, &guest_5), rows[i].rc);
		assert_string_equal(err.text, want);
	}
	assert_int_equal(open_path(&image, "/dev/null", false, &guest_5), -EINVAL);
	assert_string_equal(err.text,
			    "image /dev/null is neither a file nor a disk: expected a raw file or a block device");
}

static void a_file_that_may_only_be_read_serves_a_read_only_disk(void **state)
{
	const uid_t user = geteuid();
	struct image *image;

	make_file("read-only", 4096, 0444);
	assert_int_equal(chmod(dir, 0755), 0);
	if (user == 0) /* root may write everything */
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(open_path(&image, in_dir("read-only"), false, &guest_5), -EACCES);
	assert_non_null(strstr(err.text, "/read-only: cannot open for writing: Permission denied"));
	assert_int_equal(open_path(&image, in_dir("read-only"), true, &guest_5), 0);
	image_put(image);
	assert_int_equal(seteuid(user), 0);
}

static void an_image_has_the_size_of_its_file(void **state)
{
	struct image *image = must_open(false, &guest_5);

	assert_int_equal(image->engine->size_bytes, 65536);
	assert_int_equal(image->engine->sector_bytes, 512);
	assert_false(image->engine->is_direct);
	assert_ptr_equal(image_get(image), image);
	image_put(image);
	assert_int_equal(image->engine->size_bytes, 65536); /* still there */
	image_put(image);
}

/* Puts both. */
static void assert_both_locked_at_once(struct image *a, struct image *b)
{
	assert_int_equal(image_lock(a, false, &err), 0);
	assert_int_equal(image_lock(b, false, &err), 0);
	image_unlock(a);
	image_unlock(b);
	image_put(a);
	image_put(b);
}

static void images_without_a_file_are_shared_with_nobody_and_need_no_lock(void **state)
{
	struct image *a, *b;

	assert_int_equal(open_path(&a, "mem:1M", false, &guest_5), 0);
	assert_int_equal(open_path(&b, "mem:1M", false, &guest_6), 0);
	assert_both_locked_at_once(a, b);
}

/* ---- two users in this process --------------------------------------------------------------------------------- */

static void two_guests_may_not_write_one_image(void **state)
{
	struct image *image = must_open(false, &guest_5), *other;
	char want[256];

	snprintf(want, sizeof(want), "image %s is in use by vbd 5/51712", disk_path);
	assert_int_equal(open_path(&other, disk_path, false, &guest_6), -EBUSY);
	assert_string_equal(err.text, want);
	assert_int_equal(open_path(&other, disk_path, true, &guest_6), -EBUSY);
	image_put(image);
	image_put(must_open(false, &guest_6));
}

static void a_reader_keeps_writers_away(void **state)
{
	struct image *image = must_open(true, &guest_5), *other;

	assert_int_equal(open_path(&other, disk_path, false, &guest_6), -EBUSY);
	image_put(image);
}

static void the_same_file_by_another_name_is_the_same_image(void **state)
{
	struct image *image = must_open(false, &guest_5), *other;

	assert_int_equal(link(disk_path, in_dir("link")), 0);
	assert_int_equal(open_path(&other, in_dir("link"), false, &guest_6), -EBUSY);
	image_put(image);
}

static void one_guest_may_not_have_it_twice(void **state)
{
	const struct image_owner second_disk = { "vbd 5/51728", UUID_A, 5 };
	const struct image_owner nameless = { "vbd 8/51712", "", 8 };
	struct image *image = must_open(false, &guest_5), *other;

	assert_int_equal(open_path(&other, disk_path, false, &second_disk), -EBUSY);
	assert_int_equal(open_path(&other, disk_path, false, &nameless), -EBUSY);
	image_put(image);
	/* two domains of which nobody knows who they are, are not one guest */
	image = must_open(false, &nameless);
	assert_int_equal(open_path(&other, disk_path, false, &(struct image_owner){ "vbd 9/51712", "", 9 }), -EBUSY);
	image_put(image);
}

static void readers_share_it(void **state)
{
	struct image *a = must_open(true, &guest_5), *b = must_open(true, &guest_6);

	assert_both_locked_at_once(a, b);
}

static void a_guest_that_restarts_waits_for_its_former_self(void **state)
{
	struct image *before = must_open(false, &guest_5), *after;
	char want[256];

	assert_int_equal(image_lock(before, false, &err), 0);
	after = must_open(false, &guest_5_rebooted);
	snprintf(want, sizeof(want), "image %s is in use by vbd 5/51712", disk_path);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(image_lock(after, false, &err), -EAGAIN);
		assert_string_equal(err.text, want);
	}
	image_unlock(before);
	assert_int_equal(image_lock(after, false, &err), 0);
	assert_int_equal(image_lock(before, false, &err), -EAGAIN);
	image_put(before);
	image_unlock(after);
	image_put(after);
}

static void a_connection_waits_for_the_requests_of_the_one_before(void **state)
{
	struct image *before = must_open(false, &guest_5), *after = must_open(false, &guest_5_rebooted);
	char want[256];

	assert_int_equal(image_lock(before, false, &err), 0);
	snprintf(want, sizeof(want), "image %s: requests of its last connection are still with the disk", disk_path);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(image_lock(before, i == 1, &err), -EAGAIN);
		assert_string_equal(err.text, want);
	}
	image_unlock(before);
	assert_int_equal(image_lock(before, false, &err), 0);
	assert_int_equal(image_lock(after, false, &err), -EAGAIN);
	image_unlock(before);
	assert_int_equal(image_lock(after, false, &err), 0);
	image_unlock(after);
	image_put(before);
	image_put(after);
}

/* A toolstack that was told that the disk is closed gives its image to another at once. */
static void an_image_that_is_left_is_free_but_for_its_requests(void **state)
{
	struct image *before = must_open(false, &guest_5), *after;

	assert_int_equal(image_lock(before, false, &err), 0);
	image_leave(before);
	assert_int_equal(open_path(&after, disk_path, false, &guest_6), -EBUSY);
	image_unlock(before);
	after = must_open(false, &guest_6);
	assert_int_equal(image_lock(after, false, &err), 0);
	image_put(before);
	image_unlock(after);
	image_put(after);
}

static void the_last_reference_gives_the_lock_up(void **state)
{
	struct image *before = must_open(false, &guest_5), *after = must_open(false, &guest_5_rebooted);

	assert_int_equal(image_lock(before, false, &err), 0);
	image_put(before);
	assert_int_equal(image_lock(after, false, &err), 0);
	image_unlock(after);
	image_put(after);
}

/* ---- storage that hangs ---------------------------------------------------------------------------------------- */

static int hung_fd = -1; /* locking this one waits */
static sem_t is_hanging, goes_on;

/* In place of libc's. */
int fcntl(int fd, int cmd, ...)
{
	va_list args;
	long arg;

	va_start(args, cmd);
	arg = va_arg(args, long);
	va_end(args);
	if (fd == hung_fd && cmd == F_OFD_SETLK) {
		sem_post(&is_hanging);
		while (sem_wait(&goes_on))
			;
	}
	return syscall(SYS_fcntl, fd, cmd, arg);
}

static void *lock_image(void *image)
{
	struct errbuf ignored;

	return (void *)(intptr_t)image_lock(image, false, &ignored);
}

static void *unlock_image(void *image)
{
	image_unlock(image);
	return NULL;
}

/* What others can do in the meantime: everything, but with the hung image. */
static void check_while_it_hangs(struct image *hung, void *(*call)(void *))
{
	struct image *other;
	pthread_t thread;
	void *rc;

	assert_int_equal(pthread_create(&thread, NULL, call, hung), 0);
	while (sem_wait(&is_hanging))
		;
	assert_int_equal(open_path(&other, in_dir("other"), false, &guest_6), 0);
	assert_int_equal(image_lock(other, false, &err), 0);
	assert_int_equal(image_lock(hung, false, &err), -EAGAIN);
	image_unlock(other);
	image_put(other);
	sem_post(&goes_on);
	pthread_join(thread, &rc);
	assert_null(rc);
}

static void an_image_whose_storage_hangs_keeps_no_other_waiting(void **state)
{
	struct image *hung = must_open(false, &guest_5);

	sem_init(&is_hanging, 0, 0);
	sem_init(&goes_on, 0, 0);
	make_file("other", 4096, 0600);
	hung_fd = hung->engine->fd;
	check_while_it_hangs(hung, lock_image);
	check_while_it_hangs(hung, unlock_image);
	hung_fd = -1;
	assert_int_equal(image_lock(hung, false, &err), 0);
	image_put(hung);
}

/* ---- another process ------------------------------------------------------------------------------------------- */

/* In a process of its own: the exit status says whether it got the lock. */
static bool another_can_lock(short type, off_t start, off_t len)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };
	int status, fd;
	pid_t pid;

	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fd = open(disk_path, O_RDWR | O_CLOEXEC);
		_exit(fd < 0 ? 2 : fcntl(fd, F_OFD_SETLK, &lock) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 0;
}

static void the_lock_is_one_byte_far_beyond_the_data(void **state)
{
	struct image *image = must_open(false, &guest_5);

	assert_true(another_can_lock(F_WRLCK, LOCK_OFFSET, 1)); /* opened is not locked */
	assert_int_equal(image_lock(image, false, &err), 0);
	assert_false(another_can_lock(F_RDLCK, LOCK_OFFSET, 1));
	assert_true(another_can_lock(F_WRLCK, 100, 200)); /* QEMU's bytes */
	assert_true(another_can_lock(F_WRLCK, 0, LOCK_OFFSET));
	assert_true(another_can_lock(F_WRLCK, LOCK_OFFSET + 1, 0));
	image_unlock(image);
	assert_true(another_can_lock(F_WRLCK, LOCK_OFFSET, 1));
	image_put(image);
}

static void a_read_only_disk_shares_the_lock_with_readers_only(void **state)
{
	struct image *image = must_open(true, &guest_5);

	assert_int_equal(image_lock(image, false, &err), 0);
	assert_true(another_can_lock(F_RDLCK, LOCK_OFFSET, 1));
	assert_false(another_can_lock(F_WRLCK, LOCK_OFFSET, 1));
	image_unlock(image);
	image_put(image);
}

struct holder {
	pid_t pid;
	int end_fd; /* closed: it ends */
};

static struct holder start_holder(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_OFFSET, .l_len = 1 };
	int ready[2], end[2], fd;
	struct holder holder;
	char byte = 0;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	holder.pid = fork();
	assert_true(holder.pid >= 0);
	if (holder.pid == 0) {
		close(end[1]);
		fd = open(disk_path, O_RDWR | O_CLOEXEC);
		if (fd < 0 || fcntl(fd, F_OFD_SETLK, &lock) || write(ready[1], &byte, 1) != 1)
			_exit(1);
		_exit(read(end[0], &byte, 1) < 0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	close(end[0]);
	holder.end_fd = end[1];
	return holder;
}

static void end_holder(struct holder holder)
{
	int status;

	close(holder.end_fd);
	assert_int_equal(waitpid(holder.pid, &status, 0), holder.pid);
	assert_int_equal(status, 0);
}

static void a_strangers_lock_is_waited_for_and_then_refused(void **state)
{
	struct holder holder = start_holder();
	struct image *image = must_open(false, &guest_5);

	assert_int_equal(image_lock(image, false, &err), -EAGAIN);
	assert_non_null(strstr(err.text, "is locked by another process"));
	assert_true(image->waiting_since_ns > 0);
	image->waiting_since_ns -= IMAGE_FOREIGN_LOCK_WAIT_NS; /* as if it had been waited for that long */
	assert_int_equal(image_lock(image, true, &err), -EAGAIN); /* one that is taken up again waits for ever */
	assert_int_equal(image_lock(image, false, &err), -EBUSY);
	assert_non_null(strstr(err.text, "(another pvring-blkd?)"));
	assert_int_equal(image_lock(image, false, &err), -EAGAIN); /* a new connection waits anew */
	end_holder(holder);
	assert_int_equal(image_lock(image, false, &err), 0);
	assert_int_equal(image->refused_ns, 0);
	image_unlock(image);
	image_put(image);
}

static void a_wait_that_was_given_up_does_not_count(void **state)
{
	struct holder holder = start_holder();
	struct image *image = must_open(false, &guest_5);

	assert_int_equal(image_lock(image, false, &err), -EAGAIN);
	image->waiting_since_ns -= IMAGE_FOREIGN_LOCK_WAIT_NS; /* as if it was long ago */
	image->refused_ns -= IMAGE_FOREIGN_LOCK_WAIT_NS;
	assert_int_equal(image_lock(image, false, &err), -EAGAIN);
	image->waiting_since_ns -= IMAGE_FOREIGN_LOCK_WAIT_NS;
	assert_int_equal(image_lock(image, false, &err), -EBUSY);
	end_holder(holder);
	image_put(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_names_an_image),
		cmocka_unit_test(a_text_that_names_none_is_refused_with_what_was_expected),
		cmocka_unit_test(a_path_too_long_is_refused),
		cmocka_unit_test_setup_teardown(what_is_no_image_is_refused_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_may_only_be_read_serves_a_read_only_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(an_image_has_the_size_of_its_file, setup, teardown),
		cmocka_unit_test(images_without_a_file_are_shared_with_nobody_and_need_no_lock),
		cmocka_unit_test_setup_teardown(two_guests_may_not_write_one_image, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_keeps_writers_away, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_file_by_another_name_is_the_same_image, setup, teardown),
		cmocka_unit_test_setup_teardown(one_guest_may_not_have_it_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(readers_share_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_guest_that_restarts_waits_for_its_former_self, setup, teardown),
		cmocka_unit_test_setup_teardown(a_connection_waits_for_the_requests_of_the_one_before, setup, teardown),
		cmocka_unit_test_setup_teardown(an_image_that_is_left_is_free_but_for_its_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(the_last_reference_gives_the_lock_up, setup, teardown),
		cmocka_unit_test_setup_teardown(an_image_whose_storage_hangs_keeps_no_other_waiting, setup, teardown),
		cmocka_unit_test_setup_teardown(the_lock_is_one_byte_far_beyond_the_data, setup, teardown),
		cmocka_unit_test_setup_teardown(a_read_only_disk_shares_the_lock_with_readers_only, setup, teardown),
		cmocka_unit_test_setup_teardown(a_strangers_lock_is_waited_for_and_then_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wait_that_was_given_up_does_not_count, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
