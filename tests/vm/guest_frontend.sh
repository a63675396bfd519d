# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# The conformance suite for frontends, in dom0, against a guest that does what it is asked for on its console, as those of
# guest/init do. Sourced by tests; they may set $frontend_of, the class of devices if it is not disks, and $expectation,
# the name of a file of tests/conform/expect that they take along, and have guest_made, guest_works and work of their own.

cases=${CASES:-${cases:-*}}
frontend_of=${frontend_of:-blk}

verdicts_of_cases() {
	echo "a guest starts"
	echo "the suite comes to its end"
	"${O:-build}/pvring-conform" frontend "$frontend_of" --list --case "$cases" | cut -f1
}
# shellcheck disable=SC2034
[ "$VM_SIDE" != host ] || verdicts=$(verdicts_of_cases)

dom0() {
	check "a guest starts" guest_made || return
	mkfifo /run/works
	serve_works &
	# shellcheck disable=SC2086 # $each_anew may be nothing
	pvring-conform frontend "$frontend_of" --domid "$(guest_id g1)" --drive 'exec /test/drive-guest' \
		--renew 'exec /test/drive-guest renew' --case "$cases" ${expectation:+--expect "/test/$expectation"} \
		$each_anew --timeout 120 | verdicts_of_suite
	guest_destroy g1
}

serve_works() {
	local pid what
	exec 3<>/run/works
	while read -r pid what <&3; do
		# shellcheck disable=SC2086 # words
		case $what in
		renew) guest_destroy g1; guest_made && is_stuck='' ;;
		*)     guest_works $what ;;
		esac
		echo "$? $(guest_id g1)" >/run/work.new
		mv /run/work.new "/run/work.$pid"
	done
}

guest_made() {
	guest_create g1
}

# A guest does one thing after the other: what waits for its device for ever is the last thing that it does. What has only
# been left alone by the suite may end yet.
guest_works() { # work DEVICE WORK
	[ "$3" != idle ] || return 0
	[ -z "$is_stuck" ] || wait_until 5 guest_is_done g1 || return 1
	is_stuck=''
	guest_start g1 "$@"
	wait_until 60 is_over
	guest_is_done g1 || is_stuck=1
	guest_wait g1 0
}

is_over() { # or the suite, which asked for it in the process $pid, does not want it any more
	guest_is_done g1 || ! kill -0 "$pid"
}

# ---- in the guest ----

work() { # VDEV WORK
	[ "$2" != rebind ] || rebind "$1" || return
	disk_there "$1" || return
	case $2 in
	read) use "$1" --rw=read --bs=16k ;;
	write) use "$1" --rw=write --bs=16k ;;
	readonly-write) use "$1" --rw=write --bs=4k ;;
	flush) use "$1" --rw=randwrite --bs=4k --fsync=4 --io_size=256k ;;
	big) use "$1" --rw=read --bs=512k ;;
	trim) use "$1" --rw=trim --bs=64k ;;
	*) use "$1" --rw=randwrite --bsrange=4k-64k --verify=crc32c ;;
	esac
}

# Not for as long as disk_there: where the driver does not come back, the next case is waiting.
rebind() { # VDEV
	local letter device driver
	letter=$(printf '%d' "'${1#xvd}")
	device=vbd-$(((202 << 8) + (letter - 97) * 16))
	driver=$(readlink -f "/sys/bus/xen/devices/$device/driver")
	echo "$device" >"$driver/unbind" && echo "$device" >"$driver/bind" || return
	wait_until 8 test -b "/dev/$1"
}

use() { # VDEV FIO-OPTION...
	local vdev=$1
	shift
	fio --minimal --thread --name=work --filename="/dev/$vdev" --direct=1 --ioengine=io_uring --iodepth=32 "$@" \
		>/dev/null 2>&1
}
