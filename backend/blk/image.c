// SPDX-License-Identifier: MIT
#include "backend/blk/image.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/blk/unaligned.h"
#include "common/base/clock.h"
#include "common/base/errbuf.h"
#include "common/base/parse.h"

#define LOCK_OFFSET    (1LL << 62)
#define MAX_SIZE_BYTES (1ULL << 60)
#define GIVEN_UP_NS    (IMAGE_FOREIGN_LOCK_WAIT_NS / 2) /* whoever still waits tries again much sooner */

static pthread_mutex_t images_lock = PTHREAD_MUTEX_INITIALIZER;
static TAILQ_HEAD(, image) images = TAILQ_HEAD_INITIALIZER(images); /* that have a file, under images_lock */

/* ---- the text -------------------------------------------------------------------------------------------------- */

static int parse_file_options(const char *text, char *options, struct image_spec *spec, struct errbuf *err)
{
	char *save = NULL;

	for (char *option = strtok_r(options, ",", &save); option; option = strtok_r(NULL, ",", &save)) {
		if (strcmp(option, "direct=on") == 0)
			spec->direct = IMAGE_DIRECT_ON;
		else if (strcmp(option, "direct=off") == 0)
			spec->direct = IMAGE_DIRECT_OFF;
		else
			return errbuf_set(err, -EINVAL,
					  "image '%.150s': unknown option '%.150s': expected direct=on or direct=off",
					  text, option);
	}
	return 0;
}

static int set_path(const char *text, const char *path, struct image_spec *spec, struct errbuf *err)
{
	if (path[0] != '/')
		return errbuf_set(err, -EINVAL, "image '%.150s': expected an absolute path", text);
	if (strlen(path) >= sizeof(spec->path))
		return errbuf_set(err, -ENAMETOOLONG, "image '%.100s...': the path is too long", text);
	strcpy(spec->path, path);
	spec->engine = &engine_uring;
	return 0;
}

static int parse_file(const char *text, const char *rest, struct image_spec *spec, struct errbuf *err)
{
	char *comma;
	int rc;

	rc = set_path(text, rest, spec, err);
	if (rc)
		return rc;
	comma = strchr(spec->path, ',');
	if (!comma)
		return 0;
	*comma = '\0';
	return parse_file_options(text, comma + 1, spec, err);
}

static int parse_sized(const char *text, const char *rest, struct image_spec *spec, struct errbuf *err)
{
	int rc = parse_size(rest, 512, MAX_SIZE_BYTES, &spec->size_bytes);

	if (rc || spec->size_bytes % 512)
		return errbuf_set(err, -EINVAL,
				  "image '%.150s': '%.150s' is not a size: expected a multiple of 512 bytes, or like "
				  "64M or 1G",
				  text, rest);
	return 0;
}

static int parse_null(const char *text, const char *rest, struct image_spec *spec, struct errbuf *err)
{
	spec->engine = &engine_null;
	return parse_sized(text, rest, spec, err);
}

static int parse_mem(const char *text, const char *rest, struct image_spec *spec, struct errbuf *err)
{
	spec->engine = &engine_mem;
	return parse_sized(text, rest, spec, err);
}

static const struct {
	const char *prefix;
	int (*parse)(const char *text, const char *rest, struct image_spec *spec, struct errbuf *err);
} schemes[] = {
	{ "file:", parse_file },
	{ "null:", parse_null },
	{ "mem:", parse_mem },
};

int image_parse(const char *text, struct image_spec *spec, struct errbuf *err)
{
	memset(spec, 0, sizeof(*spec));
	if (text[0] == '/')
		return set_path(text, text, spec, err);
	for (unsigned int i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, len) == 0)
			return schemes[i].parse(text, text + len, spec, err);
	}
	if (!*text)
		return errbuf_set(err, -EINVAL, "no image is named: expected an absolute path, file:, null: or mem:");
	if (strchr(text, ':') && strcspn(text, ":") < strcspn(text, "/"))
		return errbuf_set(err, -EINVAL,
				  "image '%.150s': unknown scheme '%.*s': expected an absolute path, file:, null: or "
				  "mem:",
				  text, (int)strcspn(text, ":"), text);
	return errbuf_set(err, -EINVAL, "image '%.150s': a relative path: expected an absolute one", text);
}

/* ---- who uses which file --------------------------------------------------------------------------------------- */

static bool conflicts(const struct image *a, const struct image *b)
{
	return a != b && a->key.dev == b->key.dev && a->key.ino == b->key.ino && !(a->is_read_only && b->is_read_only);
}

/* The same guest under another number: it reboots or is restored, and the old one is about to let go. */
static bool is_successor(const struct image *image, const struct image *holder)
{
	return image->owner.domid != holder->owner.domid && image->owner.domain_uuid[0] &&
	       strcmp(image->owner.domain_uuid, holder->owner.domain_uuid) == 0;
}

/* Its device is going and has nothing with the disk any more. */
static bool is_free(const struct image *holder)
{
	return holder->is_leaving && !holder->is_locked;
}

static int check_users(const struct image *image, struct errbuf *err)
{
	const struct image *other;

	TAILQ_FOREACH(other, &images, entry) {
		if (conflicts(image, other) && !is_free(other) && !is_successor(image, other) &&
		    !is_successor(other, image))
			return errbuf_set(err, -EBUSY, "image %.300s is in use by %s", image->spec.path,
					  other->owner.label);
	}
	return 0;
}

/* Who in this process has the lock, takes it or gives it back; NULL: nobody. Under images_lock. */
static const struct image *find_locker(const struct image *image)
{
	const struct image *other;

	TAILQ_FOREACH(other, &images, entry) {
		if (other->is_locked && (other == image || conflicts(image, other)))
			return other;
	}
	return NULL;
}

static int add_image(struct image *image, struct errbuf *err)
{
	struct stat st;
	int rc;

	if (image->engine->fd < 0)
		return 0;
	if (fstat(image->engine->fd, &st))
		return errbuf_set(err, -errno, "image %.300s: %s", image->spec.path, strerror(errno));
	image->key = S_ISBLK(st.st_mode) ? (struct image_key){ .dev = st.st_rdev }
					 : (struct image_key){ .dev = st.st_dev, .ino = st.st_ino };
	pthread_mutex_lock(&images_lock);
	rc = check_users(image, err);
	if (rc == 0)
		TAILQ_INSERT_TAIL(&images, image, entry);
	pthread_mutex_unlock(&images_lock);
	return rc;
}

static void remove_image(struct image *image)
{
	if (image->engine->fd < 0)
		return;
	pthread_mutex_lock(&images_lock);
	TAILQ_REMOVE(&images, image, entry);
	pthread_mutex_unlock(&images_lock);
}

/* ---- the lock -------------------------------------------------------------------------------------------------- */

/* On a network file system this waits for the server: never under images_lock. */
static int set_lock(const struct image *image, int type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = LOCK_OFFSET, .l_len = 1 };

	return fcntl(image->engine->fd, F_OFD_SETLK, &lock) ? -errno : 0;
}

/* In this process: whoever else has it open at all is the same guest's former or next self. */
static int reserve(struct image *image, struct errbuf *err)
{
	const struct image *locker;

	pthread_mutex_lock(&images_lock);
	locker = find_locker(image);
	if (!locker)
		image->is_locked = true;
	else if (locker == image)
		errbuf_set(err, -EAGAIN, "image %.300s: requests of its last connection are still with the disk",
			   image->spec.path);
	else
		errbuf_set(err, -EAGAIN, "image %.300s is in use by %s", image->spec.path, locker->owner.label);
	pthread_mutex_unlock(&images_lock);
	return locker ? -EAGAIN : 0;
}

static void unreserve(struct image *image)
{
	pthread_mutex_lock(&images_lock);
	image->is_locked = false;
	pthread_mutex_unlock(&images_lock);
}

/* A program that we know nothing of has the lock. A guest that gave up and asks again waits anew. */
static int explain_foreign(struct image *image, bool is_resuming, uint64_t tried_ns, struct errbuf *err)
{
	uint64_t last_refused_ns = image->refused_ns;

	image->refused_ns = clock_now_ns();
	if (!last_refused_ns || tried_ns - last_refused_ns > GIVEN_UP_NS)
		image->waiting_since_ns = tried_ns;
	if (is_resuming || image->refused_ns - image->waiting_since_ns < IMAGE_FOREIGN_LOCK_WAIT_NS)
		return errbuf_set(err, -EAGAIN, "image %.300s is locked by another process", image->spec.path);
	image->refused_ns = 0;
	return errbuf_set(err, -EBUSY, "image %.300s is locked by another process (another pvring-blkd?)",
			  image->spec.path);
}

int image_lock(struct image *image, bool is_resuming, struct errbuf *err)
{
	uint64_t tried_ns = clock_now_ns();
	int rc;

	if (image->engine->fd < 0)
		return 0;
	rc = reserve(image, err);
	if (rc)
		return rc;
	rc = set_lock(image, image->is_read_only ? F_RDLCK : F_WRLCK);
	if (rc == 0) {
		image->refused_ns = 0;
		return 0;
	}
	if (rc == -EAGAIN || rc == -EACCES)
		rc = explain_foreign(image, is_resuming, tried_ns, err);
	else
		errbuf_set(err, rc, "image %.300s: cannot lock: %s", image->spec.path, strerror(-rc));
	unreserve(image);
	return rc;
}

void image_unlock(struct image *image)
{
	if (image->engine->fd < 0)
		return;
	set_lock(image, F_UNLCK);
	unreserve(image);
}

void image_measure(struct image *image)
{
	const struct blk_engine_ops *ops = image->engine->ops;
	uint64_t size_bytes = ops->measure ? ops->measure(image->engine) : 0;

	if (size_bytes > image->engine->size_bytes)
		image->engine->size_bytes = size_bytes;
}

/* ---- open and close -------------------------------------------------------------------------------------------- */

static void free_image(struct image *image)
{
	if (image->engine)
		image->engine->ops->close(image->engine);
	free(image);
}

int image_open(struct image **out, const struct image_spec *spec, bool is_read_only, const struct image_owner *owner,
	       struct errbuf *err)
{
	struct image *image = calloc(1, sizeof(*image));
	int rc;

	if (!image)
		return errbuf_set(err, -ENOMEM, "image %.300s: no memory", spec->path);
	image->spec = *spec;
	image->owner = *owner;
	image->is_read_only = is_read_only;
	image->nr_refs = 1;
	rc = spec->engine->open(&image->engine, spec, is_read_only, err);
	if (rc == 0)
		rc = unaligned_open(&image->engine, spec->path, err);
	if (rc == 0)
		rc = add_image(image, err);
	if (rc)
		free_image(image);
	else
		*out = image;
	return rc;
}

struct image *image_get(struct image *image)
{
	__atomic_fetch_add(&image->nr_refs, 1, __ATOMIC_RELAXED);
	return image;
}

void image_leave(struct image *image)
{
	pthread_mutex_lock(&images_lock);
	image->is_leaving = true;
	pthread_mutex_unlock(&images_lock);
}

void image_put(struct image *image)
{
	if (__atomic_sub_fetch(&image->nr_refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	remove_image(image);
	free_image(image);
}
