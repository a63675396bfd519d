/* SPDX-License-Identifier: MIT */
/* What back.h is of a vif: the slots of its rings. */
#ifndef TESTS_CONFORM_PEER_BACK_VIF_H
#define TESTS_CONFORM_PEER_BACK_VIF_H

#include "common/wire/xen_netif.h"
#include "tests/conform/peer/back.h"

#endif
