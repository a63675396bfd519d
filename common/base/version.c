// SPDX-License-Identifier: MIT
#include "common/base/version.h"

const char pvring_version[] = PVRING_VERSION;
