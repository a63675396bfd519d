/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a device, as xenbus tells it of the backend: rings are offered to a backend that is there, it connects,
 * the domain is suspended and finds another one, either side ends it; or the backend is broken, and the driver does.
 * What differs from one class to the other are the steps.
 *
 * Thread: xenbus', or a worker; life_break() any. The mutex is held wherever the phase changes, and in every step.
 */
#ifndef FRONTEND_LINUX_LIFE_H
#define FRONTEND_LINUX_LIFE_H

#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "frontend/linux/nodes.h"

#define LIFE_WATCHDOG_PERIOD HZ
#define LIFE_READY_PATIENCE  (5 * HZ)

enum front_phase {
	FRONT_IDLE,	 /* no rings, and nothing that the kernel's users know of */
	FRONT_OFFERED,	 /* our rings are published; what was there in an earlier connection waits */
	FRONT_CONNECTED, /* it works */
	FRONT_SUSPENDED, /* no rings; what there is waits for a new backend */
	FRONT_CLOSED,	 /* it fails what it is asked for, or is not there any more */
};

struct front_life;

/* An error of offer() and connect() closes the device; they say why. */
struct front_steps {
	const char *kind; /* for a message: "disk" */
	int (*offer)(struct front_life *life);	 /* rings for a backend that is there: to FRONT_OFFERED */
	int (*connect)(struct front_life *life); /* the backend is connected: to FRONT_CONNECTED */
	void (*look)(struct front_life *life);	 /* it is, and says so again. NULL: that means nothing */
	/* The old rings mean nothing any more: to FRONT_SUSPENDED, or FRONT_IDLE. Not of one that is closed. */
	void (*suspend)(struct front_life *life);
	/* To FRONT_CLOSED, in xenstore, too. What is not answered has failed. Not of one that is closed. */
	void (*close)(struct front_life *life);
	void (*unpublish)(struct xenbus_device *dev); /* the nodes of a connection */
};

struct front_life {
	struct xenbus_device *dev;
	const struct front_steps *steps;
	struct mutex mutex;
	enum front_phase phase;
	/* What broke a ring, once one is; the first only. */
	const char *broken;
	struct work_struct fail;
	struct delayed_work watchdog;
};

/* ---- its end ----------------------------------------------------------------------------------------------------- */

static inline void life_close(struct front_life *life)
{
	if (life->phase != FRONT_CLOSED)
		life->steps->close(life);
}

static inline void life_fail(struct front_life *life)
{
	mutex_lock(&life->mutex);
	life_close(life);
	mutex_unlock(&life->mutex);
}

static inline void life_fail_work(struct work_struct *work)
{
	struct front_life *life = container_of(work, struct front_life, fail);

	xenbus_dev_error(life->dev, -EIO, "disabled, as the backend is broken: %s", READ_ONCE(life->broken));
	life_fail(life);
}

/* The backend has done what no backend does: this device ends, and says why. A text that stays. */
static inline void life_break(struct front_life *life, const char *why)
{
	if (cmpxchg(&life->broken, NULL, why) == NULL)
		schedule_work(&life->fail);
}

/*
 * While a device is removed its users wait for what they have asked for, and xenbus does not say any more what becomes
 * of the backend. So it is asked.
 */
static inline void life_watchdog_work(struct work_struct *work)
{
	struct front_life *life = container_of(work, struct front_life, watchdog.work);

	if (nodes_is_wanted(life->dev) && nodes_backend_state(life->dev) == XenbusStateConnected)
		schedule_delayed_work(&life->watchdog, LIFE_WATCHDOG_PERIOD);
	else
		life_fail(life);
}

/* The removal begins. */
static inline void life_watch(struct front_life *life)
{
	life_watchdog_work(&life->watchdog.work);
}

/* What used the device is gone, in order or not; so is the connection. */
static inline void life_end(struct front_life *life)
{
	cancel_delayed_work_sync(&life->watchdog);
	life_fail(life);
	cancel_work_sync(&life->fail);
}

/*
 * For whoever has the device next: the stock driver removes no nodes that it does not use, and does not start over. Nor
 * does it wait for a backend that is still in Closed: it closes the device for good, so that is waited out here.
 */
static inline void life_leave(struct front_life *life)
{
	unsigned long until = jiffies + LIFE_READY_PATIENCE;

	if (!nodes_is_wanted(life->dev) || !nodes_is_let_go(life->dev))
		return;
	life->steps->unpublish(life->dev);
	xenbus_switch_state(life->dev, XenbusStateInitialising);
	while (nodes_backend_state(life->dev) == XenbusStateClosed && time_before(jiffies, until))
		msleep(20);
}

/* ---- what xenbus tells ------------------------------------------------------------------------------------------- */

/* Says why not. */
static inline int life_check_backend(struct xenbus_device *dev)
{
	if (nodes_backend_may_be_there(dev))
		return 0;
	xenbus_dev_error(dev, -EINVAL, "the backend is where none may be");
	return -EINVAL;
}

/* FRONT_IDLE. */
static inline void life_begin(struct front_life *life, struct xenbus_device *dev, const struct front_steps *steps)
{
	life->dev = dev;
	life->steps = steps;
	life->phase = FRONT_IDLE;
	mutex_init(&life->mutex);
	INIT_WORK(&life->fail, life_fail_work);
	INIT_DELAYED_WORK(&life->watchdog, life_watchdog_work);
}

/* A device that another driver had, or we, is in Closed. It starts over when the backend has let go of it. */
static inline void life_start_over(struct front_life *life)
{
	if (life->dev->state == XenbusStateClosed)
		xenbus_switch_state(life->dev, XenbusStateInitialising);
}

static inline int life_connected(struct front_life *life)
{
	int rc = 0;

	if (life->phase == FRONT_CONNECTED) {
		if (life->steps->look)
			life->steps->look(life);
		return 0;
	}
	if (life->phase != FRONT_OFFERED)
		rc = life->steps->offer(life);
	return rc ?: life->steps->connect(life);
}

static inline int life_follow(struct front_life *life, int backend)
{
	bool has_rings = life->phase == FRONT_OFFERED || life->phase == FRONT_CONNECTED;

	switch (backend) {
	case XenbusStateInitialising:
		return 0;
	case XenbusStateInitWait:
	case XenbusStateInitialised:
		if (has_rings)
			return 0;
		life_start_over(life);
		return life->steps->offer(life);
	case XenbusStateConnected:
		/* To what the driver before us had: it has not heard yet that this is over. */
		if (life->phase == FRONT_IDLE && life->dev->state == XenbusStateClosed)
			return 0;
		return life_connected(life);
	case XenbusStateUnknown:
	case XenbusStateClosing:
	case XenbusStateClosed:
		if (has_rings)
			life_close(life);
		else if (backend == XenbusStateClosed)
			life_start_over(life);
		return 0;
	default:
		xenbus_dev_error(life->dev, -EINVAL, "the backend's state is none of a %s's", life->steps->kind);
		return -EINVAL;
	}
}

/* What xenbus has read as the state may have been cut off: it is read again. */
static inline void life_backend_changed(struct front_life *life)
{
	mutex_lock(&life->mutex);
	if (life->phase != FRONT_CLOSED && life_follow(life, nodes_backend_state(life->dev)))
		life_close(life);
	mutex_unlock(&life->mutex);
}

/* The domain has moved, or was saved and restored. */
static inline void life_resume(struct front_life *life)
{
	mutex_lock(&life->mutex);
	if (!nodes_backend_may_be_there(life->dev))
		life_close(life);
	else if (life->phase != FRONT_CLOSED)
		life->steps->suspend(life);
	mutex_unlock(&life->mutex);
}

#endif
