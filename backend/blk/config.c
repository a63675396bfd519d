// SPDX-License-Identifier: MIT
#include "backend/blk/blk.h"

struct blk_config blk_config;
