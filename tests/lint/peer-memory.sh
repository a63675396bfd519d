#!/bin/bash
# SPDX-License-Identifier: MIT
# Memory that a peer can write is touched in common/ring alone: nobody else casts to volatile, places a fence, names
# the shared indexes or slots, or uses the macros of Xen's io/ring.h (they hand out pointers into the page). In the
# conformance suite a ring is written in tests/conform/peer alone, by functions that say what is done.
set -u
. tests/lib/tap.sh

# The hypervisor's and xenstored's side of things is loopxen's, and no peer of ours.
product='common backend frontend xenbus ctl'

offences() { # TREE
	local found='\((const )?volatile\>|atomic_thread_fence|__sync_synchronize|\<(x?en_)?[rw]?mb\(\)'
	found+='|struct ring_shared|\<peer_(load|store|fence)|\<ring_slot\('
	found+='|\<RING_(GET|COPY|PUSH|FINAL)_|\<(FRONT|BACK|SHARED)_RING_|\<struct [a-z0-9_]+_sring\>|->sring\>'
	# shellcheck disable=SC2086 # a list of words
	(cd "$1" && grep -rnE --include='*.[ch]' "$found" $product | grep -v '^common/ring/')
}

raw_writes() { # TREE
	local found='\<peer_(store|write)|\<ring_slot\(|ring->(req|rsp)_(prod|event) *=[^=]|ring->pad\[[^]]*\] *=[^=]'
	(cd "$1" && grep -rnE --include='*.[ch]' "$found" tests/conform | grep -v '^tests/conform/peer/')
}

check_eq "nobody else touches a peer's memory" "$(offences .)" ""
check_eq "no case writes a ring raw" "$(raw_writes .)" ""

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
planted() { # LINE: is it found?
	(cd "$tree" && mkdir -p common/ring common/wire backend frontend xenbus ctl)
	echo "$1" | tee "$tree/common/wire/x.c" >"$tree/common/ring/x.h"
	offences "$tree" | grep -c .
}
check_eq "a volatile cast is found" "$(planted 'x = *(volatile uint32_t *)p;')" 1
check_eq "a look past our copy is found" "$(planted 'req = RING_GET_REQUEST(&ring, cons);')" 1
check_eq "a look at the indexes is found" "$(planted 'prod = ((struct ring_shared *)page)->req_prod;')" 1
check_eq "a fence of one's own is found" "$(planted 'atomic_thread_fence(memory_order_seq_cst);')" 1
check_eq "the ring's own functions are not" "$(planted 'got = ring_back_pop(&ring, &slot); peer_copy(a, b, n);')" 0

planted_case() { # LINE: is it found?
	(cd "$tree" && mkdir -p tests/conform/peer tests/conform/backend)
	echo "$1" | tee "$tree/tests/conform/backend/x.c" >"$tree/tests/conform/peer/x.c"
	raw_writes "$tree" | grep -c .
}
check_eq "an index that a case writes is found" "$(planted_case 'front->ring->rsp_prod = 8;')" 1
check_eq "so is one in the peers' way" "$(planted_case 'peer_store(&front->ring->rsp_event, 0);')" 1
check_eq "so is a slot" "$(planted_case 'memset(ring_slot(front->ring, &front->layout, 0), 0, 8);')" 1
check_eq "what a case reads is not" "$(planted_case 'MUST("RING-3", front->ring->rsp_prod == 3, "");')" 0
done_testing
