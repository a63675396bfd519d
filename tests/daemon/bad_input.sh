#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# slow
# Walks the table of bad inputs, bad_input.table ($BAD_INPUT_TABLE: another one), which says what its columns are. With
# arguments, only the rows whose input matches one of them (a regular expression each).
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/puppets.sh
. tests/lib/xl.sh
. tests/lib/daemon.sh
table=${BAD_INPUT_TABLE:-tests/daemon/bad_input.table}
hostile=$(realpath "$O/tests/daemon/hostile")
states=(Unknown Initialising InitWait Initialised Connected Closing Closed)
declare -A known # what stands in braces
declare -A published

# ---- what a row is held against --------------------------------------------------------------------------------------

amiss() { # WHAT: one more thing that is not as the row says
	why+="$1; "
}

complaints() { # what the log has at warn or error about the row's disk
	log_tail | grep -E "^(warn|error): vbd $domid/"
}

complains() { # REGEX
	complaints | grep -qE -e "$1"
}

check_message() { # MESSAGE: it is said
	local message=${1#5x}
	message=${message# }
	[[ -z $message || $message = - ]] || soon 30 complains "$message" ||
		amiss "the log has '$(complaints | tail -3)', want '$message'"
}

check_no_more() { # MESSAGE: by now all is said that there is to say, and it was no more than this
	local most=1 count
	case $1 in
	-) most=0 ;;
	5x*) most=$((5 * ((SECONDS - row_began) / 10 + 1) + 1)) ;;
	esac
	count=$(complaints | wc -l)
	[ "$count" -le $most ] || amiss "the log has $count lines: $(complaints | head -3)"
}

backend_is() { # STATE
	local state
	state=$(node "${known[back]}/state")
	[ "${states[${state:-0}]}" = "$1" ] 2>/dev/null
}

is_offered() {
	disk_is_offered "$domid" xvda
}

is_refused() { # MESSAGE
	disk_is_refused "$domid" xvda "$1"
}

backend_says() {
	echo "$(node "${known[back]}/state") $(node "${known[back]}/sectors") '$(node "${known[back]}/hotplug-error")'"
}

# The last error of the backend's, where the toolstack's user finds it.
error_is() { # REGEX, or "": there is none
	local error
	error=$(node "${known[error]}")
	if [ -n "$1" ]; then [[ $error =~ $1 ]]; else [ -z "$error" ]; fi
}

check_backend() { # STATE MESSAGE
	[ "$backend" != "$1" ] || return
	case $1 in
	untouched)
		# The daemon has looked at all there is when it offers a disk that is newer.
		{ disk_attach 8 xvdb null:1M && disk_detach 8 xvdb; } || amiss "another disk is not offered"
		[ -z "$(node "${known[back]}/sectors")$(node "${known[back]}/hotplug-status")" ] || amiss "the nodes are touched"
		;;
	InitWait) soon 30 is_offered || amiss "it is not offered: $(backend_says)" ;;
	refused) soon 30 is_refused "$2" || amiss "it is not refused with '$2': $(backend_says)" ;;
	*) soon 30 backend_is "$1" || amiss "the backend is ${backend:-in $(node "${known[back]}/state")}, not $1" ;;
	esac
}

check_error() { # STATE MESSAGE: one that we closed has its reason there, too
	[ "$1" != Closing ] || soon 30 error_is "$2" || amiss "the error node has '$(node "${known[error]}")'"
}

check_ring() { # ANSWERS
	local answer allowed=$1
	[ "$1" != - ] || allowed=none
	for answer in ${answers:-none}; do
		[[ /$allowed/ == */"$answer"/* ]] || amiss "an answer is $answer, want $1"
	done
}

# The last words of "request refused: ..." are the reason, which the status counts.
check_counted() {
	local reason
	reason=$(complaints | sed -n 's/.*request refused: .*: //p' | head -1)
	[ -z "$reason" ] || [[ $(device_status "$domid" xvda) =~ \"errors\":\{[^}]*\"$reason\":[1-9] ]] ||
		amiss "the status does not count '$reason'"
}

check_xl() { # MESSAGE REGEX
	case $2 in
	-) ;;
	=) [[ $xl_said =~ $1 ]] || amiss "xl prints '$xl_said', want '$1'" ;;
	*) [[ $xl_said =~ $2 ]] || amiss "xl prints '$xl_said', want '$2'" ;;
	esac
}

# ---- inputs ----------------------------------------------------------------------------------------------------------

input_image() { # TARGET [mode=r]
	local access=rw
	[ "${2:-}" != mode=r ] || access=ro
	[ "$1" != "$T/slow" ] || lease_hold "$1"
	if [ -z "$xl_why" ]; then
		xl_knows "$domid"
		xl_said=$(xl block-attach "$domid" "format=raw,vdev=xvda,access=$access,script=block-pvring,target=$1" 2>&1) &&
			amiss "xl is content"
	else
		disk_create "$domid" xvda "$@"
	fi
	[ "$1" != "$T/slow" ] || { soon 30 is_refused "$message" && backend=refused; lock_release "$locker"; }
}

repair_image() {
	disk_detach "$domid" xvda || amiss "the disk cannot be detached"
	disk_attach "$domid" xvda "$good"
}

load_has_errors() {
	grep -q 'failed: Input/output error' "$(load_out row)"
}

input_storage() { # WHAT
	local image=$T/$1 loop
	case $1 in
	full) image+=/img ;;
	broken)
		loop=$(losetup --find --show "$image" 2>/dev/null)
		loops+=("$loop")
		image=$loop
		;;
	esac
	disk_attach "$domid" xvda "$image"
	load_start row "$domid" xvda verify --seconds 60 --depth 4 --keep-going --bs-max 4K
	soon 30 is_serving "$domid" xvda || amiss "it is not served at first"
	[ "$1" = full ] || truncate -s 512K "$T/$1"
	soon 20 load_has_errors && answers=-1
	backend=Connected
	backend_is Connected || backend=
	load_stop row
}

repair_storage() { # WHAT
	repair_image
	[ "$1" != full ] || umount "$T/full" || amiss "the file system is not let go"
	[ ${#loops[@]} = 0 ] || losetup --detach "${loops[@]}" || amiss "the loop device is not let go"
	loops=()
}

value_of() { # missing|empty|VALUE, as disk_create wants it
	case $1 in
	missing) ;;
	empty) echo EMPTY ;;
	*) echo "$1" ;;
	esac
}

input_toolstack() { # NODE VALUE
	disk_create "$domid" xvda "$good" "$1=$(value_of "$2")"
}

repair_toolstack() { # NODE
	local -A right=([params]=$good [mode]=w [frontend]=${known[front]} [frontend-id]=$domid [online]=1 [dev]=xvda
		[device-type]=disk [direct-io-safe]=0 [hotplug-status]=connected [state]=1)
	dom0 xenstore-write "${known[back]}/$1" "${right[$1]}" "${known[back]}/state" 1
	soon 30 is_offered || amiss "repaired, it is not offered: $(backend_says)"
}

# A frontend as a few writes: NODE=VALUE... beside the state.
publish() { # STATE [NODE=VALUE...]
	local state=$1 pair writes=()
	shift
	for pair; do
		writes+=("${known[front]}/${pair%%=*}" "${pair#*=}")
		published[${pair%%=*}]=1
	done
	domu "$domid" xenstore-write -- "${writes[@]}" "${known[front]}/state" "$state"
}

input_guest() { # NODE=VALUE...
	local pair name
	local -A nodes=([ring-ref]=${known[ref]} [event-channel]=${known[port]} [protocol]=x86_64-abi)
	for pair; do
		name=${pair%%=*}
		case $pair in
		*=missing) unset "nodes[$name]" ;;
		*=empty) nodes[$name]= ;;
		*) nodes[$name]=${pair#*=} ;;
		esac
	done
	disk_attach "$domid" xvda "$good"
	local writes=()
	for name in "${!nodes[@]}"; do
		writes+=("$name=${nodes[$name]}")
	done
	publish 3 "${writes[@]}"
}

publish_state() { # missing|empty|VALUE
	case $1 in
	missing) domu "$domid" xenstore-rm "${known[front]}/state" ;;
	empty) publish "" ;;
	*) publish "$1" ;;
	esac
}

input_state() { # VALUE
	disk_attach "$domid" xvda "$good"
	publish_state "$1"
}

input_connected() { # VALUE
	input_guest
	soon 30 backend_is Connected || amiss "it is not connected at first"
	publish_state "$1"
}

repair_guest() {
	local name paths=()
	publish 6
	soon 30 backend_is Closed || amiss "the backend does not close after that"
	for name in "${!published[@]}"; do
		paths+=("${known[front]}/$name")
	done
	[ ${#paths[@]} = 0 ] || dom0 xenstore-rm "${paths[@]}"
}

repair_state() { repair_guest; }
repair_connected() { repair_guest; }

input_ring() { # CASE
	local out
	disk_attach "$domid" xvda "$good"
	out=$(domu "$domid" "$hostile" --vdev xvda "$1" 2>&1)
	answers=$(sed -n 's/^response .*status=//p' <<<"$out" | sort -u | xargs)
	[[ $out != *"answered "[1-9]* ]] || answers=some
	backend=$(sed -n 's/^backend //p' <<<"$out")
	[[ $out != *"afterwards "* || $out == *"afterwards 0"* ]] || amiss "an ordinary request afterwards: $out"
}

repair_ring() { :; }

# ---- a row -----------------------------------------------------------------------------------------------------------

fill() { # TEXT: $filled is it with everything in braces replaced
	local name
	filled=$1
	for name in "${!known[@]}"; do
		filled=${filled//"{$name}"/"${known[$name]}"}
	done
}

# Grants and ports for a frontend that consists of a few writes.
guest_prepare() {
	local region dead
	puppet guest "$domid"
	tell guest share 0 2 w
	read -r _ 'known[ref]' 'known[ref2]' <<<"$said"
	tell guest share 9 1 w
	read -r _ 'known[foreign-ref]' <<<"$said"
	tell guest share 0 1 w
	read -r region dead <<<"$said"
	tell guest unshare "$region"
	known[dead-ref]=$dead
	tell guest alloc 0
	known[port]=$said
	tell guest alloc 9
	known[foreign-port]=$said
}

begin_row() { # VERB: a guest of its own
	domid=$((domid + 1))
	why='' answers='' backend='' xl_said=''
	published=()
	row_began=$SECONDS
	"$loopxen" domain create "$domid" || amiss "no domain $domid"
	known[domid]=$domid known[back]=$(back "$domid" xvda) known[front]=$(front "$domid" xvda)
	known[error]=/local/domain/0/error/backend/vbd/$domid/51712/error
	case $1 in guest | state | connected) guest_prepare ;; esac
	log_begin
}

domain_holds_nothing() {
	"$loopxen" check --domid "$domid"
}

bystander_goes_on() {
	local now
	now=$(device_status 9 xvda | sed 's/.*"requests":{"read":\([0-9]*\).*/\1/')
	[ "${now:-0}" -gt "$bystander_had" ] && bystander_had=$now
}

# The guest does what is right, and goes.
end_row() { # MESSAGE VERB ARGUMENT...
	"repair_$2" "${@:3}"
	[[ $(guest "$domid" xvda verify --requests 20 2>&1) == verified* ]] || amiss "repaired, it is not served"
	soon 30 error_is "" || amiss "repaired, the error node still has '$(node "${known[error]}")'"
	check_no_more "$1"
	[ -z "${puppet_pid[guest]:-}" ] || end_puppet guest
	unset 'puppet_pid[guest]'
	disk_detach "$domid" xvda || amiss "it cannot be detached"
	soon 30 domain_holds_nothing || amiss "left: $("$loopxen" check --domid "$domid" | tr '\n' ',')"
	"$loopxen" domain destroy "$domid" >/dev/null
	soon 30 domain_is_gone "$domid" || amiss "the domain does not go"
	soon 30 bystander_goes_on || amiss "the other guest's load has stopped"
	daemon_is_alive || amiss "the daemon has ended"
}

run_row() { # INPUT MESSAGE RING BACKEND XL
	local message words
	begin_row "${1%% *}"
	fill "$2"
	message=$filled
	fill "$1"
	read -r -a words <<<"$filled"
	"input_${words[0]}" "${words[@]:1}"
	check_backend "$4" "$message"
	check_message "$message"
	check_error "$4" "$message"
	check_ring "$3"
	check_counted
	[ -n "$xl_why" ] || check_xl "$message" "$5"
	end_row "$message" "${words[@]}"
	if [ -z "$why" ]; then ok "$1"; else not_ok "$1" "$why"; fi
}

# ---- the table -------------------------------------------------------------------------------------------------------

make_images() {
	good=$(make_image good.img 1M)
	known=([dir]=$T [good]=$good [taken]=$(make_image taken.img 1M)
		[long]=$(printf 'x%.0s' {1..1900}) [name-1000]=$(printf 'x%.0s' {1..1000})
		[digits]=1234567890123456789012345678901234567890 [2^64]=18446744073709551616)
	mkdir "$T/dir" "$T/full"
	: >"$T/empty"
	head -c 1000 /dev/zero >"$T/odd"
	ln -s "$T/nowhere" "$T/dangling"
	ln "$T/taken.img" "$T/hard-link"
	mkfifo "$T/fifo"
	install -m 000 "$good" "$T/secret"
	make_image slow 1M >/dev/null
	make_image shrunk 1M >/dev/null
	make_image broken 1M >/dev/null
}

# Root reads everything, unless it has given that up.
give_up_privilege() {
	[ "$(id -u)" = 0 ] || return 0
	printf '#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search "%s" "$@"\n' "$daemon" >"$T/unprivileged"
	chmod +x "$T/unprivileged"
	daemon=$T/unprivileged
}

end_all() {
	loopxen_stop
	[ ${#loops[@]} = 0 ] || losetup --detach "${loops[@]}"
	umount -l "$T/full" 2>/dev/null
	rm -rf "$T"
}

# Storage that fails takes more than every machine allows.
cannot_make() { # INPUT: says why
	local loop
	case $1 in
	"storage full")
		mount -t tmpfs -o size=1M none "$T/full" 2>/dev/null || { echo "may not mount a small file system"; return; }
		truncate -s 2M "$T/full/img"
		;;
	"storage broken")
		loop=$(losetup --find --show "$T/broken" 2>/dev/null) || { echo "may not make a loop device"; return; }
		losetup --detach "$loop"
		;;
	esac
}

trim() { # TEXT: $trimmed
	trimmed=${1#"${1%%[![:space:]]*}"}
	trimmed=${trimmed%"${trimmed##*[![:space:]]}"}
}

wanted() { # INPUT
	local regex
	[ ${#only[@]} -gt 0 ] || return 0
	for regex in "${only[@]}"; do
		[[ ! $1 =~ $regex ]] || return 0
	done
	return 1
}

walk() {
	local line field fields row cannot see=()
	while IFS= read -r line <&3; do
		[[ $line != '#'* && -n $line ]] || continue
		IFS='|' read -r -a fields <<<"$line"
		row=()
		for field in "${fields[@]}"; do
			trim "$field"
			row+=("$trimmed")
		done
		wanted "${row[0]}" || continue
		cannot=$(cannot_make "${row[0]}")
		if [[ ${row[0]} == "see "* ]]; then
			see+=("${row[0]#see }")
		elif [ -n "$cannot" ]; then
			skip "${row[0]}" "$cannot"
		else
			run_row "${row[@]}"
		fi
	done 3<"$table"
	[ ${#see[@]} = 0 ] || check "the scripts that the table names are there" ls "${see[@]}"
}

only=("$@")
loops=()
domid=100
bystander_had=0
daemon_test_begin 8
trap end_all EXIT
make_images
give_up_privilege
xl_begin || skip "what xl prints" "$xl_why"
daemon_start --threads 2
bystander_start
disk_attach 8 xvda "$T/taken.img"
walk
disk_detach 8 xvda
daemon_test_end
