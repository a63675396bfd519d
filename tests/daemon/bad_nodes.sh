#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 120
# Every node that the daemon reads, missing and with every kind of rubbish: the right one is named, with what it holds,
# and once it is repaired the disk is served.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/puppets.sh
. tests/lib/daemon.sh

long=$(printf 'x%.0s' {1..1900}) # a guest may write 2048
digits=1234567890123456789012345678901234567890
two_to_64=18446744073709551616

daemon_test_begin 1 2
daemon_start
bystander_start
image=$(make_image a.img 1M)
error_node=/local/domain/0/error/backend/vbd/1/51712/error
back=$(back 1 xvda)
front=$(front 1 xvda)

# ---- what the toolstack writes -------------------------------------------------------------------------------------

declare -A good=([params]=$image [mode]=w [frontend]=$front [frontend-id]=1 [online]=1 [dev]=xvda
	[direct-io-safe]=0 [state]=1)

is_refused() { # REGEX: as the toolstack is told
	disk_state_is 1 xvda 2 && [ "$(node "$back/hotplug-status")" = error ] && [[ $(node "$back/hotplug-error") =~ $1 ]]
}

is_offered() {
	disk_state_is 1 xvda 2 && [ "$(node "$back/hotplug-status")" != error ] && [ -n "$(node "$back/sectors")" ]
}

all_is_looked_at() { # by the daemon: it has, when it offers a disk that is newer
	disk_attach 2 xvda null:1M
	disk_detach 2 xvda
}

# refused: state 2, hotplug-error says it. alone: the log says it, nothing is touched. replaced: the log says it, and it
# is offered. silent: nothing is touched, nothing is said. served: it makes no difference.
check_backend_node() { # NODE VALUE|missing|empty OUTCOME REGEX
	local node=$1 value=$2 outcome=$3 regex=$4 name="$1 ${2:0:45}: $3" why=
	log_begin
	case $value in
	missing) disk_create 1 xvda "$image" "$node=" ;;
	empty) disk_create 1 xvda "$image" "$node=EMPTY" ;;
	*) disk_create 1 xvda "$image" "$node=$value" ;;
	esac
	case $outcome in
	refused) soon 5 is_refused "$regex" || why="'$(node "$back/hotplug-error")', want '$regex'" ;;
	alone) { soon 5 said "left alone: .*$regex" && [ -z "$(node "$back/sectors")" ]; } || why="log: $(log_tail)" ;;
	replaced) { soon 5 said "$regex" && soon 5 is_offered; } || why="log: $(log_tail)" ;;
	silent)
		all_is_looked_at
		{ [ -z "$(node "$back/sectors")" ] && ! said 'vbd 1/'; } || why="log: $(log_tail)"
		;;
	served) soon 5 is_offered || why="state $(node "$back/state"), '$(node "$back/hotplug-error")'" ;;
	esac
	if [ -n "$why" ]; then
		not_ok "$name" "$why"
	elif [ "$(log_tail | wc -l)" -gt 20 ]; then
		not_ok "$name" "the log is flooded: $(log_tail | tail -1)"
	else
		ok "$name"
	fi
	dom0 xenstore-write "$back/$node" "${good[$node]}" "$back/state" 1
	if ! soon 5 is_offered || [[ $(guest 1 xvda info 2>&1) != *"bytes 1048576"* ]]; then
		not_ok "$name; repaired: served" "state $(node "$back/state"): $(device_status 1 xvda)"
	fi
	disk_detach 1 xvda || not_ok "$name; detached"
}

while read -r node value outcome regex; do
	check_backend_node "$node" "${value//LONG/$long}" "$outcome" "$regex"
done <<END
params		missing		refused	$back/params is missing
params		empty		refused	no image is named
params		LONG		refused	image 'xxx.*: a relative path
params		12		refused	image '12': a relative path
mode		missing		refused	$back/mode is missing
mode		empty		refused	$back/mode: '': expected r or w
mode		x		refused	$back/mode: 'x': expected r or w
mode		wr		refused	$back/mode: 'wr': expected r or w
mode		1		refused	$back/mode: '1'
mode		LONG		refused	$back/mode
frontend	missing		alone	$back/frontend is missing
frontend	empty		alone	$back/frontend: '' is not below /local/domain/1/
frontend	7		alone	$back/frontend: '7' is not below
frontend	/local/domain/2/device/vbd/51712 alone	$back/frontend: '/local/domain/2/device/vbd/51712' is not below /local/domain/1/
frontend	/local/domain/11/device/vbd/51712 alone	'/local/domain/11/device/vbd/51712' is not below /local/domain/1/
frontend	LONG		alone	$back/frontend
frontend-id	missing		alone	$back/frontend-id is missing
frontend-id	empty		alone	$back/frontend-id: ''
frontend-id	abc		alone	$back/frontend-id: 'abc'
frontend-id	-1		alone	$back/frontend-id: '-1'
frontend-id	0		alone	$back/frontend-id: '?0'?
frontend-id	2		alone	$back/frontend-id: '2' is not 1
frontend-id	$digits		alone	$back/frontend-id: '$digits'
frontend-id	$two_to_64	alone	$back/frontend-id: '$two_to_64'
frontend-id	4294967297	alone	$back/frontend-id: '4294967297'
frontend-id	LONG		alone	$back/frontend-id
online		missing		served
online		empty		served
online		abc		served
online		7		served
dev		missing		served
dev		empty		served
dev		7		served
dev		LONG		refused	$back/dev
direct-io-safe	missing		served
direct-io-safe	empty		refused	$back/direct-io-safe: ''
direct-io-safe	yes		refused	$back/direct-io-safe: 'yes'
direct-io-safe	2		refused	$back/direct-io-safe: '?2'?
direct-io-safe	-1		refused	$back/direct-io-safe: '-1'
direct-io-safe	$digits		refused	$back/direct-io-safe: '$digits'
direct-io-safe	LONG		refused	$back/direct-io-safe
state		missing		silent
state		empty		replaced	$back/state: ''
state		abc		replaced	$back/state: 'abc'
state		-1		replaced	$back/state: '-1'
state		9		replaced	$back/state: '?9'?
state		$digits		replaced	$back/state: '$digits'
state		LONG		replaced	$back/state
END

# A script is to be waited for.
disk_attach 1 xvda "$image" script=block-pvring
load_start waits 1 xvda info --timeout 20
guest_is_there() { [ "$(node "$front/state")" = 3 ]; }
soon 5 guest_is_there
all_is_looked_at
check_eq "a disk with a script is not connected before the script has succeeded" "$(node "$back/state")" 2
dom0 xenstore-write "$back/hotplug-status" connected
load_wait waits
check_eq "and is connected then" $? 0
disk_detach 1 xvda

# ---- what the guest writes -----------------------------------------------------------------------------------------

puppet guest 1
tell guest share 0 2 w
# shellcheck disable=SC2034 # used in the table below
read -r _ ref other_ref <<<"$said"
tell guest share 2 1 w
# shellcheck disable=SC2034
read -r _ foreign_ref <<<"$said"
port() { # DOMID: a new one for it
	tell guest alloc "$1"
	port=$said
}
port 2
# shellcheck disable=SC2034
foreign_port=$port

declare -A published # what start_over has to remove
is_connected() { disk_state_is 1 xvda 4; }
is_closing() { # REGEX: the guest is sent away, the operator is told
	disk_state_is 1 xvda 5 6 && [[ $(node "$error_node") =~ $1 ]]
}

# The frontend as a few writes: NODE=VALUE... beside the state.
publish() { # STATE [NODE=VALUE...]
	local state=$1 pair writes=()
	shift
	for pair; do
		writes+=("$front/${pair%%=*}" "${pair#*=}")
	done
	for pair in "${writes[@]}"; do
		[[ $pair != "$front"/* ]] || published[$pair]=1
	done
	domu 1 xenstore-write -- "${writes[@]}" "$front/state" "$state"
}

start_over() { # the frontend closes and begins again, with none of the nodes it can write
	publish 6
	wait_state 1 xvda 6
	[ ${#published[@]} = 0 ] || dom0 xenstore-rm "${!published[@]}"
	published=()
	port 0
	publish 1
	wait_state 1 xvda 2
}

check_frontend_nodes() { # refused|served REGEX NODE=VALUE...: beside ring-ref, event-channel and protocol
	local outcome=$1 regex=$2 pair name
	local -A nodes=([ring-ref]=$ref [event-channel]=$port [protocol]=x86_64-abi)
	shift 2
	name=
	for pair; do
		name+="${pair:0:60} "
		case $pair in
		*=missing) unset "nodes[${pair%%=*}]" ;;
		*=empty) nodes[${pair%%=*}]= ;;
		*) nodes[${pair%%=*}]=${pair#*=} ;;
		esac
	done
	local writes=()
	for pair in "${!nodes[@]}"; do
		writes+=("$pair=${nodes[$pair]}")
	done
	log_begin
	publish 3 "${writes[@]}"
	if [ "$outcome" = served ]; then
		check "$name: served" soon 5 is_connected
		start_over
		return
	fi
	if soon 5 is_closing "$regex"; then
		ok "$name: refused"
	else
		not_ok "$name: refused" "state $(node "$back/state"), '$(node "$error_node")', want '$regex'; $(log_tail | tail -2)"
	fi
	start_over
	publish 3 "ring-ref=$ref" "event-channel=$port" protocol=x86_64-abi
	soon 5 is_connected || not_ok "$name; repaired: served" "state $(node "$back/state"): $(log_tail | tail -2)"
	[ -z "$(node "$error_node")" ] || not_ok "$name; repaired: the error is gone" "$(node "$error_node")"
	start_over
}

disk_attach 1 xvda "$image"
start_over
while read -r outcome regex nodes; do
	# shellcheck disable=SC2086,SC2046
	check_frontend_nodes "$outcome" "$regex" $(eval "echo $nodes")
done <<'END'
served	-	ring-ref=$ref
refused	ring-ref.is.missing	ring-ref=missing
refused	ring-ref:.''	ring-ref=empty
refused	ring-ref:.'abc'	ring-ref=abc
refused	ring-ref:.'-1'	ring-ref=-1
refused	ring-ref:.'?0'?	ring-ref=0
refused	ring-ref:.'4294967296'	ring-ref=4294967296
refused	ring-ref:.'18446744073709551616'	ring-ref=$two_to_64
refused	ring-ref:.'1234567890	ring-ref=$digits
refused	ring-ref	ring-ref=$long
refused	cannot.map.the.ring.*grant.4000000000	ring-ref=4000000000
refused	cannot.map.the.ring.*grant.9999	ring-ref=9999
refused	cannot.map.the.ring	ring-ref=$foreign_ref
served	-	ring-page-order=0 ring-ref0=$ref ring-ref=missing
served	-	ring-page-order=0
served	-	ring-page-order=0 ring-ref0=$ref ring-ref=99999
served	-	ring-page-order=1 ring-ref0=$ref ring-ref1=$other_ref
served	-	ring-page-order=1 ring-ref0=$ref ring-ref1=$ref
refused	ring-ref1.is.missing	ring-page-order=1 ring-ref0=$ref
refused	ring-ref0.is.missing	ring-page-order=1
refused	ring-ref1:.'x'	ring-page-order=1 ring-ref0=$ref ring-ref1=x
refused	cannot.map.the.ring	ring-page-order=1 ring-ref0=$ref ring-ref1=9999
refused	ring-ref0:.''	ring-page-order=0 ring-ref0=empty
refused	ring-page-order:.''	ring-page-order=empty
refused	ring-page-order:.'abc'	ring-page-order=abc
refused	ring-page-order:.'-1'	ring-page-order=-1
refused	ring-page-order:.'?5'?	ring-page-order=5
refused	ring-page-order:.'?32'?	ring-page-order=32
refused	ring-page-order:.'18446744073709551616'	ring-page-order=$two_to_64
refused	ring-page-order:.'1234567890	ring-page-order=$digits
refused	ring-page-order	ring-page-order=$long
refused	event-channel.is.missing	event-channel=missing
refused	event-channel:.''	event-channel=empty
refused	event-channel:.'abc'	event-channel=abc
refused	event-channel:.'-1'	event-channel=-1
refused	event-channel:.'?0'?	event-channel=0
refused	event-channel:.'18446744073709551616'	event-channel=$two_to_64
refused	event-channel:.'1234567890	event-channel=$digits
refused	event-channel	event-channel=$long
refused	cannot.bind.event.channel.1000.of.domain.1	event-channel=1000
refused	cannot.bind.event.channel	event-channel=$foreign_port
served	-	protocol=missing
served	-	protocol=empty
served	-	protocol=x86_32-abi
refused	protocol:.'x86_64'	protocol=x86_64
refused	protocol:.'arm-abi'	protocol=arm-abi
refused	protocol:.'7'	protocol=7
refused	protocol	protocol=$long
served	-	multi-queue-num-queues=1
refused	multi-queue-num-queues:.''	multi-queue-num-queues=empty
refused	multi-queue-num-queues:.'?0'?	multi-queue-num-queues=0
refused	multi-queue-num-queues:.'?2'?	multi-queue-num-queues=2
refused	multi-queue-num-queues:.'abc'	multi-queue-num-queues=abc
refused	multi-queue-num-queues:.'-1'	multi-queue-num-queues=-1
refused	multi-queue-num-queues:.'18446744073709551616'	multi-queue-num-queues=$two_to_64
refused	multi-queue-num-queues	multi-queue-num-queues=$long
END

# The guest's state, before and while it is connected.
for value in "" abc -1 9 2 7 8 $digits "$long"; do
	publish "$value"
	check "state ${value:0:45}, not connected: the guest is sent away" soon 5 is_closing "state.*'?${value:0:40}|while we are InitWait"
	start_over
	publish 3 "ring-ref=$ref" "event-channel=$port" protocol=x86_64-abi
	soon 5 is_connected || not_ok "repaired: served" "$(log_tail | tail -2)"
	publish "$value"
	check "state ${value:0:45}, connected: the guest is sent away" soon 5 is_closing "state.*'?${value:0:40}|while we are Connected"
	start_over
done

# What the guest changes after it was looked at makes no difference.
publish 3 "ring-ref=$ref" "event-channel=$port" protocol=x86_64-abi
soon 5 is_connected
publish 4 ring-ref=1 event-channel=1 protocol=none backend=/local/domain/0/backend/vbd/9/51712 backend-id=7
all_is_looked_at
check "nodes changed while it is connected: nothing happens" is_connected
dom0 xenstore-write "$front/backend" "$back" "$front/backend-id" 0
publish 6
wait_state 1 xvda 6
end_puppet guest
check_serves "a real frontend is served after all that" 1 xvda
disk_detach 1 xvda

daemon_test_end
