# SPDX-License-Identifier: MIT
# QEMU's block backend on loopxen, for tests and measurements. Source after tests/lib/loopxen.sh.
# shellcheck shell=bash disable=SC2154
qdisk_program() { # prints it; fails where it is not installed
	local p
	for p in "${O:-build}"/xen/root/usr/libexec/xen-qemu-system-i386 /usr/libexec/xen-qemu-system-i386; do
		[ -x "$p" ] && realpath "$p" && return
	done
	return 1
}

qdisk_command() { # DOMID: prints how QEMU is started for that domain, with nothing but its Xen backends
	echo "$(qdisk_program) -M xenpv -xen-domid $1 -xen-attach -name guest-$1 -nodefaults -no-user-config -nographic" \
		"-monitor none -serial none"
}

qdisk_attach() { # DOMID IMAGE [VDEV-NUMBER]: the nodes a toolstack writes, for a raw file
	local domid=$1 image=$2 devid=${3:-51712} back front
	back=/local/domain/0/backend/qdisk/$domid/$devid
	front=/local/domain/$domid/device/vbd/$devid
	dom0 xenstore-write /local/domain/0/domid 0 \
		"$back/frontend" "$front" "$back/frontend-id" "$domid" "$back/online" 1 "$back/removable" 0 \
		"$back/bootable" 1 "$back/dev" xvda "$back/type" qdisk "$back/mode" w "$back/device-type" disk \
		"$back/discard-enable" 0 "$back/params" "aio:$image" "$back/state" 1 \
		"$front/backend" "$back" "$front/backend-id" 0 "$front/state" 1 "$front/virtual-device" "$devid" \
		"$front/device-type" disk &&
		dom0 xenstore-chmod -r "$front" "n$domid" r0 &&
		dom0 xenstore-chmod -r "$back" n0 "r$domid"
}

qdisk_state_is() { # DOMID STATE [VDEV-NUMBER]
	[ "$(dom0 xenstore-read "/local/domain/0/backend/qdisk/$1/${3:-51712}/state")" = "$2" ]
}

qdisk_start() { # DOMID LOG: QEMU for that domain; $qdisk_pid is it
	qdisk_program >/dev/null || return 1
	# shellcheck disable=SC2046 # words
	"$loopxen" run -- $(qdisk_command "$1") </dev/null >"$2" 2>&1 &
	qdisk_pid=$!
	loopxen_track "$qdisk_pid"
	wait_until 20 qdisk_state_is "$1" 2
}
