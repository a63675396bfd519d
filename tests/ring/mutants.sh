#!/bin/bash
# SPDX-License-Identifier: MIT
# The search can fail: each row breaks the ring headers in one place, and the search must find it, by the right name.
# timeout: 600
set -u
. tests/lib/tap.sh

# NAME | WHICH SEARCHES | FILE | WHAT THEY MUST SAY | SED
mutants() {
	cat <<'ROWS'
front push: no full fence | x86 | front.h | wake-up lost | /ring_front_push(/,/^}/{/peer_fence/d}
back push: no full fence | x86 | back.h | wake-up lost | /ring_back_push(/,/^}/{/peer_fence/d}
front final check: no full fence | x86 | front.h | wake-up lost | /ring_front_final_check_for(/,/^}/{/peer_fence/d}
back final check: no full fence | x86 | back.h | wake-up lost | /ring_back_final_check_for(/,/^}/{/peer_fence/d}
front push: publishes without release | weak | front.h | request .*corrupted | s/peer_store_release/peer_store/
back push: publishes without release | weak | back.h | response .*corrupted | s/peer_store_release/peer_store/
front pop: looks without acquire | weak | front.h | response .*corrupted | s/peer_load_acquire/peer_load/
back pop: looks without acquire | weak | back.h | request .*corrupted | s/peer_load_acquire/peer_load/
front: publishes before it writes the slot | x86 | front.h | request .*corrupted | s/^\tpeer_write/\tpeer_store_release(\&r->shared->req_prod, r->req_prod + 1);\n&/
back: publishes before it writes the slot | x86 | back.h | response .*corrupted | s/^\tpeer_write/\tpeer_store_release(\&r->shared->rsp_prod, r->rsp_prod + 1);\n&/
front: event one too early | x86 | front.h | wake-up lost | s/r->rsp_cons + nr)/r->rsp_cons + nr - 1)/
back: event one too early | x86 | back.h | wake-up lost | s/r->req_cons + nr)/r->req_cons + nr - 1)/
front: event one too late | x86 | front.h | wake-up lost | s/r->rsp_cons + nr)/r->rsp_cons + nr + 1)/
back: event one too late | x86 | back.h | wake-up lost | s/r->req_cons + nr)/r->req_cons + nr + 1)/
front: no second look after asking | x86 | front.h | wake-up lost | /peer_fence/,/^}/s/return ring_front_look.*/return false;/
back: no second look after asking | x86 | back.h | wake-up lost | /peer_fence/,/^}/s/return ring_back_look.*/return false;/
front: looks before it asks | x86 | front.h | wake-up lost | s/^\tpeer_store(&r->shared->rsp_event, r->rsp_cons + nr);/\tif (ring_front_look(r) == RING_EMPTY) { peer_store(\&r->shared->rsp_event, r->rsp_cons + nr); return false; }/
notify test off by one | x86 | layout.h | wake-up lost | s/(new - event) </(new - event + 1) </
notify test without wrap | x86 | layout.h | wake-up lost | s/return (ring_idx)(new - event) < (ring_idx)(new - old)/return event > old \&\& event <= new/
front push: forgets what it published | x86 | front.h | called broken | /r->req_pushed = r->req_prod;/d
back push: forgets what it published | x86 | back.h | called broken | /r->rsp_pushed = r->rsp_prod;/d
slot mask off by one | x86 | layout.h | corrupted|outside | s/nr_slots - 1))/nr_slots))/
front: believes in one slot too many | x86 | front.h | more requests than slots | s/return r->layout.nr_slots - /return 1 + r->layout.nr_slots - /
front pop: no bound | hostile | front.h | believes in more|more requests than slots | s/> (ring_idx)(r->req_pushed - r->rsp_cons))/> 255)/
back pop: no bound | hostile | back.h | believes in more|more requests than slots | s/> free)/> 255)/
front pop: bound one too small | x86 | front.h | called broken | s/> (ring_idx)(r->req_pushed - r->rsp_cons))/>= (ring_idx)(r->req_pushed - r->rsp_cons))/
back pop: bound one too small | x86 | back.h | called broken | s/> free)/>= free)/
back pop: bound one too large | hostile | back.h | believes in more | s/> free)/> free + 1)/
front pop: bound counts unpublished requests | hostile | front.h | believes in more | /prod - r->rsp_cons/s/req_pushed/req_prod/
back pop: bound counts unpublished responses | hostile | back.h | believes in more|more requests than slots | /free = /s/rsp_pushed/rsp_prod/
back pop: bound ignores what is unanswered | hostile | back.h | believes in more|more requests than slots | /free = /s/ - (ring_idx).*;/;/
front: broken is forgotten | hostile | front.h | broken ring is used again|final check said | /broken = true/d
back: broken is forgotten | hostile | back.h | broken ring is used again|final check said | /broken = true/d
ROWS
}

built=$(realpath -m "${O:-build}")/tests/ring/mutants

try_mutant() { # DIR WHICH FILE SED
	mkdir -p "$1/common/ring"
	cp common/ring/*.h "$1/common/ring/"
	sed -i "$4" "$1/common/ring/$3"
	if cmp -s "common/ring/$3" "$1/common/ring/$3"; then
		echo "the row changes nothing" >"$1/log"
		return
	fi
	${CC:-gcc} -std=gnu11 -O2 -I"$1" -o "$1/search" tests/ring/search.c >"$1/log" 2>&1 || return
	"$1/search" "$2" >"$1/log" 2>&1
}

found() { # DIR WANT: the search reported it, by the right name
	cat "$1/log"
	grep -q '^not ok' "$1/log" && grep -Eq "^# .*($2)" "$1/log"
}

rm -rf "$built"
names=() wants=()
while IFS= read -r row; do
	name=${row%% | *} row=${row#* | }
	which=${row%% | *} row=${row#* | }
	file=${row%% | *} row=${row#* | }
	want=${row%% | *} sed=${row#* | }
	names+=("$name")
	wants+=("$want")
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
	try_mutant "$built/${#names[@]}" "$which" "$file" "$sed" &
done < <(mutants)
wait
for i in "${!names[@]}"; do
	check "caught: ${names[i]}" found "$built/$((i + 1))" "${wants[i]}"
done

# The same question to the other tool: two threads under TSan see it when a side forgets to order.
stress_reports() { # MUTANT'S NUMBER
	${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O2 -g -pthread -fsanitize=thread -I"$built/$1" -o "$built/$1/stress" \
		tests/ring/stress.c || return 1
	TSAN_OPTIONS=halt_on_error=1 "$built/$1/stress" >"$built/$1/stress.log" 2>&1
	grep -q 'WARNING: ThreadSanitizer: data race' "$built/$1/stress.log"
}
for i in "${!names[@]}"; do
	[[ ${names[i]} == *release || ${names[i]} == *acquire ]] || continue
	check "TSan reports: ${names[i]}" stress_reports $((i + 1))
done
done_testing
