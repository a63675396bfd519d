# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# For the dom0 function of a VM test: guests, disks and the daemon.
#
# A guest runs functions of the same test script when told to, one at a time:
#
#	guest_create g1 "$(disk xvda /img/a.img)"
#	check "a file system is made" in_guest g1 make_fs /dev/xvda
#	guest_start g1 load; ...; check "load survives" guest_wait g1 60
#
# The command goes to the guest's console, and so does what it prints: /log/NAME.console, and dom0's console.

# ---- disks -------------------------------------------------------------------------------------------------------

disk_script=block-pvring

image() { # PATH SIZE: a new sparse image
	rm -f "$1"
	truncate -s "$2" "$1"
}

disk() { # VDEV TARGET [rw|ro]: the disk's text for xl
	echo "format=raw,vdev=$1,access=${3:-rw},script=$disk_script,target=$2"
}

sum_of() { # FILE
	sha256sum "$1" | cut -d' ' -f1
}

# ---- guests ------------------------------------------------------------------------------------------------------

# What the next guest is, of what the test's guest_types and guest_kernels have brought into dom0.
guest_type=pv
guest_kernel=6.1

guest_config() { # NAME DISK...
	local name=$1 list='' disk
	shift
	for disk; do
		list="$list'$disk', "
	done
	guest_boots
	cat <<-END
		name = "$name"
		memory = ${guest_memory:-256}
		vcpus = ${guest_vcpus:-1}
		on_crash = "destroy"
		disk = [ $list ]
		vif = [ $guest_vifs ]
	END
}

# How a guest starts, as lines of its configuration.
guest_boots() {
	local args="console=hvc0 quiet loglevel=5 panic=-1 $guest_options"
	if [ "$guest_type" != hvm ]; then
		cat <<-END
			type = "$guest_type"
			kernel = "/boot/vmlinux-$guest_kernel"
			ramdisk = "/boot/guest-$guest_kernel"
			extra = "$args"
		END
		return
	fi
	# Its firmware gets a little, the rest is there already: see put_setup in tests/vm/parts.bash. Each access to the
	# configuration of a PCI device costs milliseconds, and the kernel's early look is at thousands.
	hvm_lines
	cat <<-END
		kernel = "/boot/setup-$guest_kernel"
		extra = "$args pci=noearly"
		device_model_args_hvm = [ $(cat "/boot/preload-$guest_kernel") ]
	END
}

hvm_lines() {
	cat <<-END
		type = "hvm"
		device_model_version = "qemu-xen"
		device_model_override = "/usr/libexec/xen-qemu-system-i386"
		vga = "none"
		vnc = 0
	END
}

# xl prints to /log/NAME.create. The guest is ready to be told what to do afterwards.
guest_create() { # NAME DISK...
	local rc
	guest_config "$@" >"/etc/xen/$1.cfg"
	xl create "/etc/xen/$1.cfg" >"/log/$1.create" 2>&1
	rc=$?
	sed "s/^/[xl $1] /" "/log/$1.create"
	[ $rc -eq 0 ] || { tail -n 5 "/var/log/xen/qemu-dm-$1.log" 2>/dev/null; return $rc; }
	guest_console "$1"
}

# Until a guest that has just started can be told what to do.
guest_console() { # NAME
	guest_console_begin "$1"
	wait_until "${guest_seconds:-240}" grep -q '^@@ready' "/log/$1.console" || { echo "$1 does not come up"; return 1; }
}

# Follows what it prints. Its log begins anew.
guest_console_begin() { # NAME
	local name=$1
	guest_console_end "$name"
	rm -f "/log/$name.in"
	mkfifo "/log/$name.in"
	: >"/log/$name.console"
	echo 0 >"/log/$name.seq"
	sleep 100000 >"/log/$name.in" & # keeps the pipe open between commands
	echo $! >"/log/$name.pids"
	# Not `xl console`, which listens to nothing but a terminal.
	(xenconsole --type pv --interactive "$(guest_id "$name")" <"/log/$name.in" 2>&1 | tr -d '\r' | while IFS= read -r line; do
		echo "$line" >>"/log/$name.console"
		echo "[$name] $line"
	done) &
}

guest_console_end() { # NAME
	local pid
	[ -e "/log/$1.pids" ] || return 0
	while read -r pid; do kill "$pid" 2>/dev/null; done <"/log/$1.pids"
	rm -f "/log/$1.pids"
}

guest_start() { # NAME FUNCTION ARGS...
	local name=$1 seq
	shift
	seq=$(($(cat "/log/$name.seq") + 1))
	echo $seq >"/log/$name.seq"
	echo "$seq $*" >"/log/$name.in"
}

guest_is_done() { # NAME
	grep -q "^@@done $(cat "/log/$1.seq") " "/log/$1.console"
}

guest_wait() { # NAME SECONDS: the exit status of what was started
	if ! wait_until "$2" guest_is_done "$1"; then
		echo "$1 did not finish within $2 s"
		return 124
	fi
	return "$(sed -n "s/^@@done $(cat "/log/$1.seq") //p" "/log/$1.console" | head -1)"
}

in_guest() { # NAME FUNCTION ARGS...
	guest_start "$@"
	guest_wait "$1" "${in_guest_seconds:-600}"
}

guest_value() { # NAME KEY: what the guest's function said with `value`
	sed -n "s/^@@value $2 //p" "/log/$1.console" | tail -1
}

guest_id() { # NAME
	xl domid "$1" 2>/dev/null
}

guest_is_gone() { # NAME
	! xl list | grep -qE "^($1|\(null\)) "
}

# How many requests the backend has answered since the disk was connected, or since the daemon runs.
disk_requests() { # NAME VDEV
	local device
	device=$(guest_id "$1")/$(vdev_number "$2")
	if [ "$disk_script" = block-pvring ]; then
		pvring status --json | tr '{' '\n' | awk -v device="\"device\":\"vbd $device\"" '
			index($0, device) { found = 1 }
			found && /"requests":$/ { getline; gsub(/[^0-9,]/, ""); split($0, n, ","); print n[1] + n[2] + n[3]; exit }'
	else
		cat "/sys/bus/xen-backend/devices/vbd-${device%/*}-${device#*/}/statistics/"*_req | awk '{ n += $1 } END { print n }'
	fi
}

has_answered_more() { # NAME VDEV N
	[ "$(disk_requests "$1" "$2")" -ge "$3" ]
}

# Returns once the guest's load is under way: its disk has answered 50 more requests than just now.
load_is_under_way() { # NAME VDEV
	local before
	before=$(disk_requests "$1" "$2")
	wait_until 120 has_answered_more "$1" "$2" $((${before:-0} + 50)) && return
	echo "no load on $2 of $1: $before, then $(disk_requests "$1" "$2") requests"
	return 1
}

# Gives five verdicts on an empty disk of a guest: used by it, and as dom0 finds it then.
check_file_system() { # NAME VDEV IMAGE
	check "a file system is made and filled" in_guest "$1" make_and_fill "$2"
	check "fio verifies from 512 bytes to 1 MiB" in_guest "$1" verify_sizes /mnt/v
	check "the files are intact" in_guest "$1" check_fs
	in_guest "$1" leave_fs
	in_guest "$1" disk_sum "$2"
	sync
	check_eq "guest and dom0 read the same" "$(guest_value "$1" sum)" "$(sum_of "$3")"
	check "the file system is clean" fsck.ext4 -fn "$3"
}

# A second disk and so on for a guest that runs. What xl says is in /log/NAME.attach, too.
disk_attach() { # NAME VDEV TARGET [rw|ro]
	local rc
	xl block-attach "$1" "$(disk "$2" "$3" "${4:-rw}")" >"/log/$1.attach" 2>&1
	rc=$?
	sed "s/^/[xl $1] /" "/log/$1.attach"
	return $rc
}

disk_detach() { # NAME VDEV
	xl block-detach "$1" "$2" 2>&1 | sed "s/^/[xl $1] /"
	wait_until 120 no_such_disk "$1" "$2"
}

no_such_disk() { # NAME VDEV
	! xl block-list "$1" | grep -q "vbd/.*/$(vdev_number "$2")"
}

vdev_number() { # xvdX, or sda
	[ "$1" != sda ] || { echo 2048; return; }
	echo $((51712 + 16 * ($(printf '%d' "'${1#xvd}") - 97)))
}

guest_reboot() { # NAME
	local old
	old=$(guest_id "$1")
	xl reboot "$1" || return 1
	wait_until 60 guest_has_other_id "$1" "$old" || return 1
	guest_console "$1"
}

guest_has_other_id() { # NAME ID
	local id
	id=$(guest_id "$1") && [ "$id" != "$2" ]
}

guest_destroy() { # NAME
	xl destroy "$1" 2>&1 | sed "s/^/[xl $1] /"
	guest_console_end "$1"
	wait_until 120 guest_is_gone "$1"
}

# A destroyed domain that someone has still mapped stays in the list, as "(null)".
no_domain_left() {
	[ "$(xl list | wc -l)" -eq 2 ] || { xl list; return 1; }
}

# Which grants dom0 has mapped of a guest, of those that are not its console's and its xenstore ring's (0 and 1).
grants_mapped() { # NAME: prints their number
	local id
	id=$(guest_id "$1")
	xl dmesg -c >/dev/null
	xl debug-keys g
	xl dmesg -c >/log/grants
	awk -v id="d$id" '
		/grant-table for remote/ { on = ($0 ~ id "([^0-9]|$)") }
		on && /\[0x[0-9a-f]+\]/ { match($0, /\[0x[0-9a-f]+\]/); r = substr($0, RSTART + 3, RLENGTH - 4)
			if (r !~ /^x?0*[01]$/) n++ }
		END { print n + 0 }' /log/grants
}

no_grants_mapped() { # NAME
	local n
	n=$(grants_mapped "$1")
	[ "$n" -eq 0 ] || { echo "$n grants of $1 are mapped"; return 1; }
}

no_disk_left() { # nothing of pvring's or libxl's disks remains in xenstore
	[ -z "$(xenstore-list /local/domain/0/backend/vbd 2>/dev/null)" ] || { xenstore-ls /local/domain/0/backend/vbd; return 1; }
}

nothing_left() { # of any guest and its disks
	no_domain_left && no_disk_left
}

# ---- the daemon --------------------------------------------------------------------------------------------------

daemon_start() { # NAME ARGS...: ready when it returns; its pid is $started
	local name=$1 fifo=/run/$1.ready word
	shift
	rm -f "$fifo"
	mkfifo "$fifo"
	# shellcheck disable=SC2094
	"pvring-$name" --ready-fd 3 "$@" 3>"$fifo" 2>>"/log/$name" &
	started=$!
	# Not by a redirection: busybox's shell does not open a pipe that it waits for when a child of its ends meanwhile,
	# and the first process has everyone's orphans for children.
	word=$(head -n 1 "$fifo")
	[ -n "$word" ] && kill -0 $started || { echo "pvring-$name does not start: $(tail -3 "/log/$name")"; return 1; }
}

blkd_start() { # ARGS...
	daemon_start blkd "$@"
	set -- $?
	blkd_pid=$started
	return "$1"
}

blkd_stop() {
	kill -TERM "$blkd_pid" && wait "$blkd_pid"
}

blkd_is_running() {
	kill -0 "$blkd_pid"
}

blkd_restart() { # ARGS...
	blkd_stop && blkd_start "$@"
}

netd_start() { # ARGS...
	daemon_start netd "$@" || return
	netd_pid=$started
}

netd_stop() {
	kill -TERM "$netd_pid" && wait "$netd_pid"
}

netd_die() {
	kill -KILL "$netd_pid"
	wait "$netd_pid" 2>/dev/null
	true
}

# And what pvring-netd needs of a kernel.
bridge_up() { # NAME [ADDRESS]
	load_module tun
	load_module bridge
	mkdir -p /dev/net
	[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
	ip link add "$1" type bridge
	[ -z "${2:-}" ] || ip addr add "$2" dev "$1"
	ip link set "$1" up
}

blkd_die() {
	kill -KILL "$blkd_pid"
	wait "$blkd_pid" 2>/dev/null
}

blkd_die_and_restart() { # ARGS...
	blkd_die
	blkd_start "$@"
}

# Kills the daemon and starts another, which finds a disk that was in use, and no journal that says how.
killed_and_parked() { # NAME VDEV
	local id
	id=$(guest_id "$1")
	blkd_die
	: >"/run/pvring/journal/vbd-$id-$(vdev_number "$2")"
	blkd_start && wait_until 120 grep -q "vbd $id/$(vdev_number "$2"): parked" /log/blkd
}

# What pvring-conform prints, as verdicts: one for each case, and one more.
verdicts_of_suite() {
	local line name
	while read -r line; do
		name=${line#* - }
		name=${name%% *}
		case $line in
		"ok "*) ok "$name" ;;
		"not ok "*) not_ok "$name" "${line#*# }" ;;
		1..*) ok "the suite comes to its end" ;;
		"# seed "*) echo "$line" ;;
		esac
	done
}

# Follows the daemons' logs on the console, as the guests' are.
daemon_log() { # NAME
	: >"/log/$1"
	tail -f "/log/$1" | while IFS= read -r line; do echo "[$1] $line"; done &
}
daemon_log blkd
daemon_log netd

# ---- a stick of dom0's, and pvring-usbd --------------------------------------------------------------------------

# Its machine has one where the test has a stick_size.
stick_begin() { # and the daemon
	local module
	for module in ehci-pci usb-storage sd_mod; do load_module $module; done
	check "dom0 has a stick" wait_until 120 test -b /dev/sda || return
	check "pvring-usbd starts" usbd_start
}

usbd_start() { # ARGS...
	daemon_start usbd "$@" || return
	usbd_pid=$started
}

usbd_stop() {
	kill -TERM "$usbd_pid" && wait "$usbd_pid"
}

stick_is_back() { # when the guest is destroyed
	guest_destroy g1 && wait_until 120 test -b /dev/sda && nothing_left
}
