#!/bin/bash
# SPDX-License-Identifier: MIT
# The k-th map, copy or bind of the daemon fails, for every k until nothing fails any more, and all of them from the k-th
# on: nothing crashes or leaks, what fails is answered or refused, and the next connection is served.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

# More than three lives can need: each reads 3 pages, touches at most 4 in each of 3 requests, and reads the 3 again.
max_k=60

# A connection, some requests, the end. Prints what came of it: "served", "answered" (with an error), "refused", or else.
short_life() {
	wait_state 1 xvda 6 2 >&2
	guest 1 xvda verify --requests 3 --depth 2 --length 12K --keep-going --io-timeout 5 --timeout 5 >"$T/life" 2>&1
	if grep -q '^verified' "$T/life"; then
		echo served
	elif grep -q 'cannot connect: .* the backend went to state Closing' "$T/life"; then
		echo refused
	elif grep -q '^NOT verified' "$T/life" && ! grep -vqE 'failed: Input/output error$|^NOT verified: [1-9]' "$T/life"; then
		echo answered
	else
		tr '\n' '|' <"$T/life"
	fi
}

lives() { # FAULT HOW: three lives of a daemon with it
	export LOOPXEN_FAIL=$1
	daemon_start --grants "$2"
	unset LOOPXEN_FAIL
	echo "$(short_life) $(short_life) $(short_life)" >"$T/lives"
	daemon_stop
}

is_clean_now() {
	"$loopxen" check
}

daemon_test_begin 1
daemon_start
disk_attach 1 xvda "$(make_image 1.img 1M)"
daemon_stop

for fault in map:copy copy:copy bind:copy map:map bind:map; do
	what=${fault%:*}
	how=${fault#*:}
	bad=
	outcomes=
	for ((k = 1; k <= max_k; k++)); do
		lives "$what:$k" "$how"
		read -r -a three <"$T/lives"
		outcomes+="${three[*]} "
		if [ "${three[*]}" = "served served served" ]; then
			break
		fi
		# One life has met the fault; the others are served.
		sorted=$(printf '%s\n' "${three[@]}" | sort | xargs)
		[[ $sorted =~ ^(answered|refused)\ served\ served$ ]] || bad+="$what:$k: ${three[*]}; "
		soon 5 is_clean_now || bad+="$what:$k: $("$loopxen" check); "
	done
	check_eq "$what fails for the k-th time, --grants $how: one connection is refused or answered with errors" "$bad" ""
	check "and for some k < $max_k nothing fails any more (it was $k)" [ "$k" -lt $max_k ]
	check "it did fail before that" [ "$k" -gt 1 ]
done

while read -r fault how want; do
	lives "$fault:persist" "$how"
	check_eq "$fault and all after it, --grants $how" "$(cat "$T/lives")" "$want"
	check "and nothing is left" soon 5 is_clean_now
done <<END
map:1 copy refused refused refused
map:2 copy served refused refused
map:2 map answered refused refused
copy:1 copy answered answered answered
bind:1 copy refused refused refused
bind:2 copy served refused refused
END

# The guest is told, the operator is told.
LOOPXEN_FAIL=map:1 daemon_start
log_begin
short_life >/dev/null
check_said "a ring that cannot be mapped: the log says it" 'vbd 1/51712: connect: cannot map the ring of 1 page\(s\), first grant [0-9]+ of domain 1'
check_match "and xenstore" "$(node /local/domain/0/error/backend/vbd/1/51712/error)" 'cannot map the ring'
check_serves "the next connection is served" 1 xvda
check_eq "and nothing is left of the error" "$(node /local/domain/0/error/backend/vbd/1/51712/error)" ""
daemon_stop

# A hand-over that does not succeed leaves the ring for the next daemon.
for fault in map:1 bind:1; do
	daemon_start
	load_start over 1 xvda verify --seconds 3600 --depth 4 --io-timeout 20
	soon 10 is_serving 1 xvda
	daemon_stop
	log_begin
	LOOPXEN_FAIL=$fault daemon_start
	check_said "$fault while a ring is taken up: parked" 'vbd 1/51712: parked: cannot (map|bind)'
	daemon_stop
	daemon_start
	check_said "the daemon after that takes it up ($fault)" 'vbd 1/51712: taken up again'
	load_stop over
	check_verified "and the guest never noticed ($fault)" over
	daemon_stop
done

daemon_start
daemon_test_end
