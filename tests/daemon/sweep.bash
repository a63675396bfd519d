# SPDX-License-Identifier: MIT
# The k-th thing of a kind that a daemon asks for fails, for every k until none does any more. Source after daemon.sh:
#
#	sweep_begin					daemon_test_begin, with guest 1's device; no daemon runs
#	sweep WHAT [DAEMON ARGUMENT...]			it fails once
#	sweep WHAT:persist [DAEMON ARGUMENT...]		it and all after it
#
# The device is a disk, xvda; of another class the functions sweep_* that follow are defined anew after this.
# shellcheck shell=bash disable=SC2154,SC2034 # variables of daemon.sh; outcome is for who calls
sweep_max_k=3000
sweep_step=1 # every how many-th k, from the first: where all of them take too long, and tests/long has them

sweep_meanwhile=: # a command that asks for more while the guest lives, and adds to $bad what must not be

sweep_attach() { # it is offered
	disk_attach 1 xvda "$(make_image 1.img 1M)"
}

sweep_back() { # its directory
	back 1 xvda
}

sweep_front() {
	front 1 xvda
}

sweep_life() { # a guest that connects, asks for a few things and disconnects: in the background, as load "life"
	load_start life 1 xvda verify --requests 3 --depth 2 --length 12K --keep-going --io-timeout 10 --timeout 10
}

sweep_answered() { # FILE: all that it says is that requests were answered by errors
	grep -q '^NOT verified' "$1" && ! grep -vqE 'failed: Input/output error$|^NOT verified: [1-9]' "$1"
}

sweep_begin() {
	daemon_test_begin 1
	export ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0 # the library that makes memory fail comes first
	daemon_start
	sweep_attach
	daemon_stop
}

sweep_state_is() { # STATE...: the backend's, one of these
	[[ " $* " == *" $(node "$(sweep_back)/state") "* ]]
}

has_failed() { # it was said by what makes it fail
	said '^loopxen: .*, as LOOPXEN_FAIL has it$'
}

sweep_is_persistent= # memory that has ended for good: then the daemon can only be ended, too

life_or_daemon_is_over() {
	load_is_over life || ! daemon_is_alive || is_stuck
}

is_stuck() { # it asks again and again, as it should
	[ -n "$sweep_is_persistent" ] && said 'the connection is lost'
}

# The daemon has ended or is to. It may leave by itself, with status 1 and an error; if it never got ready, with nothing
# but that.
reap_daemon() {
	local status
	kill -TERM "${daemon_pid[$daemon_name]}" 2>/dev/null
	wait "${daemon_pid[$daemon_name]}"
	status=$?
	[ $status = 0 ] || { [ $status = 1 ] && said '^error: '; } || bad+=", status $status"
	[ -s "$T/$daemon_name.ready" ] || [ "$(times_said '^(error|warn): ')" = 1 ] || bad+=", never ready, without one message"
}

next_daemon() { # [DAEMON ARGUMENT...]
	outcome+="next daemon "
	daemon_start "$@"
}

# A life of the guest; the next daemon goes on if this one leaves meanwhile.
# Adds to $outcome what came of it: "served", "answered" (with errors), "refused", or else.
live() { # [DAEMON ARGUMENT...]
	local out
	sweep_life
	soon 20 daemon_has_begun "$daemon_name"
	$sweep_meanwhile
	if [ -n "$sweep_is_persistent" ]; then soon 2 life_or_daemon_is_over; else soon 30 life_or_daemon_is_over; fi
	if ! daemon_is_alive 2>/dev/null || { [ -n "$sweep_is_persistent" ] && ! load_is_over life 2>/dev/null; }; then
		reap_daemon
		next_daemon "$@"
	fi
	load_wait life
	out=$(load_out life)
	if grep -q '^verified' "$out"; then
		outcome+=served
	elif grep -q 'cannot connect: .* the backend went to state Closing' "$out"; then
		outcome+=refused
	elif sweep_answered "$out"; then
		outcome+=answered
	else
		outcome+=$(tr '\n' '|' <"$out")
	fi
}

# A daemon from its start to its end, with a fault, and a guest whose device it finds new. $outcome: what came of the
# guest's life and, after a fault, of its next one, with "next daemon" where another came. $bad: what must not be.
faulty_daemon() { # FAULT [DAEMON ARGUMENT...]
	local fault=$1
	shift
	sweep_is_persistent=
	[[ $fault != memory:*:persist ]] || sweep_is_persistent=1
	bad=
	outcome=
	rm -f "$T"/sanitizer.*
	dom0 xenstore-write "$(sweep_back)/state" 1 "$(sweep_front)/state" 1
	: >"$(daemon_log)"
	log_begin
	LOOPXEN_FAIL=$fault daemon_launch "$daemon_name" "$@"
	live "$@"
	if has_failed && [ "$outcome" != "next daemon served" ]; then
		outcome+=", "
		sweep_is_persistent=
		if [[ $fault = *:persist && $outcome != next* ]]; then
			reap_daemon
			next_daemon "$@"
		fi
		live "$@"
	fi
	sweep_state_is 2 5 6 || bad+=", state $(node "$(sweep_back)/state")"
	reap_daemon
	soon 30 loopxen_is_clean || bad+=", left: $("$loopxen" check | tr '\n' ' ')"
	[ -z "$(compgen -G "$T/sanitizer.*")" ] || bad+=", $(cat "$T"/sanitizer.*)"
}

# What is legal; a fault at the very end leaves no next life to look at.
sweep_legal='^(next daemon )?(served|answered|refused)(, (next daemon )?served)?$'

sweep() { # WHAT[:persist] [DAEMON ARGUMENT...]
	local what=${1%%:*} persist= all_bad= k
	[[ $1 != *:persist ]] || persist=:persist
	shift
	for ((k = 1; k <= sweep_max_k; k += sweep_step)); do
		faulty_daemon "$what:$k$persist" "$@"
		has_failed || break
		[[ $outcome =~ $sweep_legal && -z $bad ]] || all_bad+="$what:$k$persist: $outcome$bad; "
	done
	check_eq "$what:k$persist $*: the guest is served or told, its next life is served, nothing is left" "$all_bad" ""
	check_eq "and without a fault, which is after k = $((k - sweep_step)), it is served" "$outcome$bad" served
	check "some k are before that" [ $k -gt 1 ]
}
