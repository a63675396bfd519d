# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# pvring-usbd on a loopxen instance of the test's own, and guests that use its devices by pvring-usbload. Source after
# tap.sh and loopxen.sh.
#
#	usb_test_begin DOMID...; daemon_start ARGUMENT...
#	attach DOMID DEVICE ARGUMENT...; usbload DOMID SUBCOMMAND...; detach DOMID DEVICE
#	daemon_test_end
#
# shellcheck disable=SC2034,SC2154 # daemon.sh wants it, and has $T
daemon_name=usbd
. tests/lib/daemon.sh
usbload=$(realpath "$O/pvring-usbload")
pvring=$(realpath "$O/pvring")

usb_test_begin() { # DOMID...
	daemon_test_begin "$@"
}

attach() { # DOMID DEVICE ARGUMENT...: what it says
	dom0 "$pvring" attach usb "$@" 2>&1
}

detach() { # DOMID DEVICE|PORT ARGUMENT...
	dom0 "$pvring" detach usb "$@" 2>&1
}

usbload() { # DOMID ARGUMENT...: what it says
	domu "$1" "$usbload" "${@:2}" 2>&1
}

usbload_start() { # NAME DOMID ARGUMENT...: in the background; its pid is $started
	rm -f "$T/$1" # what an earlier one has said is not this one's
	"$loopxen" run --domid "$2" -- "$usbload" "${@:3}" >"$T/$1" 2>&1 &
	started=$!
	loopxen_track $started
}

usb_back() { # DOMID [NODE]
	echo "/local/domain/0/backend/vusb/$1/0${2:+/$2}"
}

usb_front() { # DOMID [NODE]
	echo "/local/domain/$1/device/vusb/0${2:+/$2}"
}

usb_status() { # DOMID: its controller's object in the status
	ask status | grep -o "{\"device\":\"vusb $1/0\".*" | sed 's/},{"device":.*//'
}

nr_bulk() { # DOMID: of URBs that devices have answered
	usb_status "$1" | grep -o '"bulk":[0-9]*' | head -1 | cut -d: -f2
}

nr_bulk_is_over() { # DOMID NUMBER
	[ "$(nr_bulk "$1")" -gt "$2" ]
}

port_says() { # DOMID PORT REGEX
	[[ $(node "$(usb_back "$1" "port-status/$2")") =~ $3 ]]
}
