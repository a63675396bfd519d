# SPDX-License-Identifier: MIT
# pvring-blkd on a loopxen instance of the test's own, guests with disks, and a bystander: a guest whose verifying load
# runs through the whole test. Source after tap.sh and loopxen.sh:
#
#	daemon_test_begin 1 2		the instance, with these guests; a temporary directory $T
#	daemon_start; bystander_start
#	...
#	daemon_test_end			the bystander is well, the daemon ends, nothing is left, no sanitizer reports
#
# The daemon is $PVRING_BLKD, or the one built with sanitizers where it is there, or the plain one (daemon_is_plain=1:
# the plain one in any case). With daemon_name=netd it is pvring-netd, or $PVRING_NETD; with usbd the same.
# shellcheck shell=bash disable=SC2154,SC2119,SC2120 # variables of loopxen.sh; optional arguments
: "${O:=build}"
blkload=$(realpath "$O/pvring-blkload")
daemon_name=${daemon_name:-blkd}
daemon_is_plain=${daemon_is_plain:-}
daemon_bad_exits=
log_from=1
declare -A daemon_pid load_pid
declare -A daemon_heirs # pids that an upgrade made: no children of this shell's
declare -A load_kind nr_before # by disk: what its last load is known by, and how many the daemon had answered before it

# The time is what a hang may cost: on a machine with much else to do a step takes many times what it takes alone.
soon() { # SECONDS COMMAND...: wait_until, looking more often: tests of many steps are made of such waits
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.01
	done
}

pick_daemon() {
	local program=$O/asan/pvring-$daemon_name named=PVRING_${daemon_name^^}
	if [ -n "$daemon_is_plain" ] || [ ! -x "$program" ]; then program=$O/pvring-$daemon_name; fi
	daemon=$(realpath "${!named:-$program}")
	echo "# daemon: $daemon"
}

daemon_test_begin() { # GUEST...
	local guest
	pick_daemon
	loopxen_start
	T=$(mktemp -d "${TMPDIR:-/tmp}/blkd.XXXXXX")
	trap 'daemon_end_heirs; loopxen_stop; rm -rf "$T"' EXIT
	mkdir "$T/run"
	export ASAN_OPTIONS=log_path=$T/sanitizer:exitcode=99
	export UBSAN_OPTIONS=$ASAN_OPTIONS:print_stacktrace=1 TSAN_OPTIONS=$ASAN_OPTIONS
	# libxenstore forgets the bodies of events that it drops when a watch is removed.
	echo "leak:libxenstore.so" >"$T/lsan.supp"
	export LSAN_OPTIONS=suppressions=$T/lsan.supp:print_suppressions=0
	for guest; do
		"$loopxen" domain create "$guest" || exit 1
	done
}

# ---- daemons: NAME is $daemon_name unless there are several ------------------------------------------------------------

daemon_log() { # [NAME]: the file with all it has said so far, earlier ones of the name included
	echo "$T/${1:-$daemon_name}.log"
}

daemon_has_begun() { # NAME: is ready, or has ended
	[ -s "$T/$1.ready" ] || ! kill -0 "${daemon_pid[$1]}"
}

daemon_launch() { # NAME [ARGUMENT...]: does not wait
	local name=$1
	shift
	: >"$T/$name.ready"
	"$loopxen" run -- "$daemon" --name "$name" --control "$T/run/$name.sock" --log debug --ready-fd 9 "$@" \
		9>"$T/$name.ready" >>"$(daemon_log "$name")" 2>&1 &
	daemon_pid[$name]=$!
	loopxen_track $!
}

daemon_start_as() { # NAME [ARGUMENT...]: until it is ready
	daemon_launch "$@"
	soon 20 daemon_has_begun "$1"
	[ -s "$T/$1.ready" ] && return
	not_ok "the daemon $1 starts" "$(tail -5 "$(daemon_log "$1")")"
	done_testing
}

daemon_start() { # [ARGUMENT...]
	daemon_start_as "$daemon_name" "$@"
}

daemon_stop() { # [NAME [SIGNAL]]: its exit status, which is 0 if all is well; the test fails at its end if it is not
	local status
	kill "-${2:-TERM}" "${daemon_pid[${1:-$daemon_name}]}"
	daemon_wait "${daemon_pid[${1:-$daemon_name}]}"
	status=$?
	[ $status = 0 ] || daemon_bad_exits+=" $status"
	return $status
}

daemon_kill() { # [NAME]: as a crash
	kill -KILL "${daemon_pid[${1:-$daemon_name}]}"
	daemon_wait "${daemon_pid[${1:-$daemon_name}]}" 2>/dev/null
}

daemon_wait() { # PID: for its end; its exit status, or 0 of one that an upgrade made
	[ -n "${daemon_heirs[$1]:-}" ] || { wait "$1"; return; }
	soon 30 daemon_has_ended "$1" && unset "daemon_heirs[$1]"
}

daemon_has_ended() { # PID: no child of this shell's, so it may stay a zombie for a while
	! grep -q '^State:.[^XZ]' "/proc/$1/status"
}

daemon_upgrade() { # [NAME]: its program, as it is now, takes over; what the command says
	local name=${1:-$daemon_name} before=${daemon_pid[${1:-$daemon_name}]} said pid
	said=$(dom0 "$O/pvring" upgrade --control "$T/run/$name.sock" 2>&1) || { echo "$said"; return 1; }
	pid=$(sed -nE 's/.* \(pid ([0-9]+)\) serves, .*/\1/p' <<<"$said")
	daemon_pid[$name]=$pid
	daemon_heirs[$pid]=$name
	daemon_wait "$before" || daemon_bad_exits+=" $?"
	echo "$said"
}

daemon_end_heirs() {
	local pid
	for pid in "${!daemon_heirs[@]}"; do
		[[ $(readlink "/proc/$pid/exe") != */"$(basename "$daemon")"* ]] || kill -KILL "$pid"
	done
}

# Steps at which it may be told to die, by PVRING_CRASH_AT (common/base/crash_point.h).
daemon_has_steps() {
	grep -q PVRING_CRASH_AT "$daemon" || { skip "deaths at each step" "this daemon was built without them"; return 1; }
}

daemon_dies() { # WHERE: by itself
	soon 60 daemon_is_dead || not_ok "$1: the daemon dies"
	wait "${daemon_pid[$daemon_name]}"
}

daemon_is_dead() {
	! daemon_is_alive
}

store() { # what everybody but the connections of daemons sees
	dom0 xenstore-ls -f -p /local/domain
	dom0 xenstore-ls -f -p /libxl 2>/dev/null
}

daemon_is_alive() { # [NAME]
	kill -0 "${daemon_pid[${1:-$daemon_name}]}"
}

cpu_ticks() { # [main]: that it has used, or its main thread alone
	local pid=${daemon_pid[$daemon_name]}
	awk '{ print $14 + $15 }' "/proc/$pid/${1:+task/$pid/}stat"
}

log_tail() { # what it has said since log_begin
	tail -n "+$log_from" "$(daemon_log)"
}

log_begin() {
	log_from=$(($(wc -l <"$(daemon_log)") + 1))
}

times_said() { # REGEX
	log_tail | grep -cE -e "$1"
}

said() { # REGEX [COUNT]: the daemon has said it (so many times)
	[ "$(times_said "$1")" -ge "${2:-1}" ]
}

check_said() { # NAME REGEX: within some seconds
	if soon 30 said "$2"; then ok "$1"; else not_ok "$1" "no '$2' in: $(log_tail | tail -8 | tr '\n' '|')"; fi
}

check_alive() { # [NAME OF THE CHECK]
	check "${1:-the daemon is alive}" daemon_is_alive
}

ask() { # COMMAND [NAME]: what it answers on its control socket to {"cmd":COMMAND}
	perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$ARGV[0]: $!\n";
		print $s "{\"cmd\":\"$ARGV[1]\"}\n"; print scalar <$s>' "$T/run/${2:-$daemon_name}.sock" "$1"
}

device_status() { # DOMID VDEV: its object in the status
	ask status | grep -o "{\"device\":\"vbd $1/$(devid "$2")\".*" | sed 's/},{"device":.*//'
}

# ---- disks ---------------------------------------------------------------------------------------------------------

devid() { # VDEV: xvda to xvdp
	local letters=abcdefghijklmnop before=${1#xvd}
	before=${letters%%"$before"*}
	echo $((51712 + 16 * ${#before}))
}

back() { # DOMID VDEV: its directory
	echo "/local/domain/0/backend/vbd/$1/$(devid "$2")"
}

front() { # DOMID VDEV
	echo "/local/domain/$1/device/vbd/$(devid "$2")"
}

node() { # PATH: its value; nothing if there is none
	dom0 xenstore-read "$1" 2>/dev/null
}

make_image() { # NAME SIZE: prints its path
	head -c "$2" /dev/urandom >"$T/$1"
	echo "$T/$1"
}

# What a toolstack writes. NODE=VALUE: another value in the backend's directory; NODE=: no such node; NODE=EMPTY: "".
disk_create() { # DOMID VDEV TARGET [NODE=VALUE...]
	local domid=$1 vdev=$2 target=$3 back front pair name
	local -A nodes
	back=$(back "$1" "$2")
	front=$(front "$1" "$2")
	shift 3
	nodes=([frontend]=$front [frontend-id]=$domid [online]=1 [removable]=0 [bootable]=1 [dev]=$vdev [type]=phy
		[mode]=w [device-type]=disk [params]=$target [state]=1)
	for pair; do
		case $pair in
		*=) unset "nodes[${pair%%=*}]" ;;
		*=EMPTY) nodes[${pair%%=*}]= ;;
		*) nodes[${pair%%=*}]=${pair#*=} ;;
		esac
	done
	local writes=()
	for name in "${!nodes[@]}"; do
		[ "$name" = state ] || writes+=("$back/$name" "${nodes[$name]}")
	done
	[ -z "${nodes[state]+there}" ] || writes+=("$back/state" "${nodes[state]}")
	# Directories first: new nodes get their permissions. The state comes last: without it nothing is looked at.
	dom0 xenstore-write "$front" "" "$back" ""
	dom0 xenstore-chmod "$front" "n$domid" r0
	dom0 xenstore-chmod "$back" n0 "r$domid"
	dom0 xenstore-write -- "$front/backend" "$back" "$front/backend-id" 0 "$front/virtual-device" "$(devid "$vdev")" \
		"$front/device-type" disk "$front/state" 1 "${writes[@]}"
}

disk_state_is() { # DOMID VDEV STATE...: one of these
	local state
	state=$(node "$(back "$1" "$2")/state")
	[[ " ${*:3} " == *" ${state:-none} "* ]]
}

wait_state() { # DOMID VDEV STATE...
	soon 30 disk_state_is "$@" && return
	echo "# state of $1 $2: $(node "$(back "$1" "$2")/state"), not ${*:3}"
	return 1
}

disk_attach() { # DOMID VDEV TARGET [NODE=VALUE...]: until it is offered
	disk_create "$@" && wait_state "$1" "$2" 2 4
}

disk_is_offered() { # DOMID VDEV: and nothing is wrong with it
	local back
	back=$(back "$1" "$2")
	disk_state_is "$1" "$2" 2 && [ -n "$(node "$back/sectors")" ] && [ -z "$(node "$back/hotplug-error")" ]
}

disk_is_refused() { # DOMID VDEV REGEX: what the toolstack is told
	local back
	back=$(back "$1" "$2")
	disk_state_is "$1" "$2" 2 && [ "$(node "$back/hotplug-status")" = error ] && [ -z "$(node "$back/sectors")" ] &&
		[[ $(node "$back/hotplug-error") =~ $3 ]]
}

disk_remove() { # DOMID VDEV: the nodes, however it stands
	dom0 xenstore-rm "$(back "$1" "$2")"
	dom0 xenstore-rm "$(front "$1" "$2")"
}

disk_ask_to_close() { # DOMID VDEV: what a toolstack's detach begins with
	local back
	back=$(back "$1" "$2")
	if [ "$(node "$back/state")" = 6 ]; then
		dom0 xenstore-write "$back/online" 0
	else
		dom0 xenstore-write "$back/online" 0 "$back/state" 5
	fi
}

disk_is_gone() { # DOMID VDEV: the daemon has forgotten it
	! ask status | grep -q "\"vbd $1/$(devid "$2")\""
}

disk_detach() { # DOMID VDEV: as a toolstack does
	disk_ask_to_close "$1" "$2"
	wait_state "$1" "$2" 6 || return
	disk_remove "$1" "$2"
	soon 30 disk_is_gone "$1" "$2"
}

# ---- guests --------------------------------------------------------------------------------------------------------

guest() { # DOMID VDEV ARGUMENT...: pvring-blkload there
	domu "$1" "$blkload" --vdev "$2" "${@:3}"
}

load_out() { # NAME: the file with what the load has said
	echo "$T/load.$1"
}

load_start() { # NAME DOMID VDEV ARGUMENT...: in the background
	local name=$1 domid=$2 vdev=$3
	shift 3
	# A verify reads all there is before it writes; what is stopped or cut off before that has proved nothing.
	case " $* " in
	*" verify "*) load_kind[$domid/$vdev]="write" ;;
	*)            load_kind[$domid/$vdev]="read" ;;
	esac
	nr_before[$domid/$vdev]=$(nr_answered "$domid" "$vdev" 2>/dev/null)
	"$loopxen" run --domid "$domid" -- "$blkload" --vdev "$vdev" "$@" >"$(load_out "$name")" 2>&1 &
	load_pid[$name]=$!
	loopxen_track $!
}

load_wait() { # NAME: its exit status
	wait "${load_pid[$1]}"
}

load_stop() { # NAME: it finishes what is out; a verify reads everything back
	kill -TERM "${load_pid[$1]}"
	load_wait "$1"
}

load_kill() { # NAME
	kill -KILL "${load_pid[$1]}" 2>/dev/null
	load_wait "$1" 2>/dev/null
}

load_is_over() { # NAME
	! kill -0 "${load_pid[$1]}"
}

nr_answered() { # DOMID VDEV: requests of its load's kind, by this daemon
	[[ $(device_status "$1" "$2") =~ \"requests\":\{[^}]*\"${load_kind[$1/$2]}\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

is_serving() { # DOMID VDEV: the load started last
	local now
	[[ $(device_status "$1" "$2") == *'"phase":"connected"'* ]] || return
	now=$(nr_answered "$1" "$2") && ((now > 0)) && [ "$now" != "${nr_before[$1/$2]}" ]
}

check_serves() { # NAME DOMID VDEV [ARGUMENT...]: a short verify
	local out
	out=$(guest "$2" "$3" verify --requests 300 "${@:4}" 2>&1)
	check_match "$1" "$out" '^verified [1-9]'
}

check_verified() { # NAME LOAD: a load that has ended (load_wait, load_stop) was well
	if grep -q '^verified [1-9]' "$(load_out "$2")"; then
		ok "$1"
	else
		not_ok "$1" "$(tail -3 "$(load_out "$2")" | tr '\n' '|')"
	fi
}

# ---- the bystander: guest 9 ----------------------------------------------------------------------------------------

bystander_start() {
	"$loopxen" domain create 9
	disk_attach 9 xvda "$(make_image bystander.img 4M)"
	load_start bystander 9 xvda verify --seconds 3600 --depth 2 --io-timeout 10
	soon 30 is_serving 9 xvda || not_ok "the bystander's disk is served" "$(cat "$(load_out bystander)")"
}

bystander_end() {
	load_stop bystander
	check_verified "another guest's load ran through all of it, unharmed" bystander
}

# ---- the end -------------------------------------------------------------------------------------------------------

no_sanitizer_report() {
	! grep -h -A60 -E 'runtime error: |: [A-Za-z]*Sanitizer' "$T"/sanitizer.* "$T"/*.log 2>/dev/null
}

daemon_test_end() {
	[ -z "${load_pid[bystander]}" ] || bystander_end
	check_alive
	daemon_stop
	check_eq "every daemon that was told to end did so with exit status 0" "$daemon_bad_exits" ""
	check_clean
	check "no sanitizer has reported anything" no_sanitizer_report
	done_testing
}
