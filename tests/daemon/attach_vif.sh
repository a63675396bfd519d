#!/bin/bash
# SPDX-License-Identifier: MIT
# pvring attach and detach of network devices: the nodes that libxl writes, beside the genuine xl and beside a list; the
# hotplug step and its scripts; bad input. The backend is played by hand.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until; optional arguments
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/xl.sh
. tests/lib/toolstack.sh
pvring=$(realpath "${PVRING:-${O:-build}/pvring}")

loopxen_start
T=$(mktemp -d "${TMPDIR:-/tmp}/vif.XXXXXX")
trap 'loopxen_stop; rm -rf "$T"' EXIT
for guest in 1 2 3; do
	"$loopxen" domain create $guest
done

attach() {
	dom0 "$pvring" attach vif "$@"
}

detach() {
	dom0 "$pvring" detach vif "$@"
}

back() { # DOMID DEVID
	echo "/local/domain/0/backend/vif/$1/$2"
}

node() { # PATH: its value; nothing if there is none
	dom0 xenstore-read "$1" 2>/dev/null
}

is() { # PATH VALUE
	[ "$(node "$1")" = "$2" ]
}

not() { # COMMAND...
	! "$@"
}

# ---- a daemon, as far as a toolstack sees it -----------------------------------------------------------------------

offer() { # DOMID DEVID [NODE=VALUE...]: once it is there, with what was written dumped to $T/created
	local back pair nodes=()
	back=$(back "$1" "$2")
	for pair in "${@:3}"; do
		nodes+=("$back/${pair%%=*}" "${pair#*=}")
	done
	wait_until 20 is "$back/state" 1 || return
	dump "$1" >"$T/created"
	dom0 xenstore-write "${nodes[@]}" "$back/state" 2
}

let_go() { # DOMID DEVID: once it is asked to
	wait_until 20 is "$(back "$1" "$2")/state" 5 && dom0 xenstore-write "$(back "$1" "$2")/state" 6
}

serve() { # DOMID DEVID [NODE=VALUE...]: both, in the background; then wait $server
	{ offer "$@" && let_go "$1" "$2"; } &
	server=$!
	loopxen_track $server
}

# ---- nobody says whether there is an interface: for as long as the rest of the test takes --------------------------

attach 3 >"$T/no-verdict" 2>&1 &
no_verdict=$!
loopxen_track $no_verdict
serve 3 0
no_verdict_server=$server
wait_until 20 is "$(back 3 0)/state" 2

of_guest_2() { # nothing of that one
	dump 2 | grep -vE '^/local/domain/0/backend/vif(/3.*)? = |^xenstore-ls: .*/backend\)'
}

# ---- the same as xl ------------------------------------------------------------------------------------------------

compare() { # NAME "XL-OPTION..." PVRING-ARGUMENT...
	local name=$1 options
	read -ra options <<<"$2"
	shift 2
	serve 1 0 feature-rx-copy=1 vifname=tap7
	check "xl attaches a network device, $name" xl network-attach 1 "${options[@]}"
	dump 1 >"$T/xl"
	check "xl detaches it" xl network-detach 1 0
	wait $server
	dump 1 >"$T/xl.after"
	serve 1 0 feature-rx-copy=1 vifname=tap7
	check "pvring attaches a network device, $name" attach 1 "$@"
	dump 1 >"$T/pvring"
	check "pvring detaches it" detach 1 0
	wait $server
	dump 1 >"$T/pvring.after"
	check_same "attached: every node, value, owner and permission is xl's" "$T/xl" "$T/pvring"
	check_same "detached: what is left is what xl leaves" "$T/xl.after" "$T/pvring.after"
}

if ! xl_begin; then
	skip "the same as xl" "$xl_why"
else
	xl_knows 1
	compare "of which little is said" "mac=00:16:3e:11:22:33 script=vif-pvring" 00:16:3e:11:22:33
	compare "of which all is said" \
		"mac=02:16:3E:11:22:33 bridge=br7 vifname=tap7 mtu=9000 ip=10.0.0.1 rate=10Mb/s script=vif-pvring" \
		02:16:3E:11:22:33 --bridge br7 --vifname tap7 --mtu 9000 --ip 10.0.0.1 --rate 10Mb/s
	compare "with an interval" "mac=00:16:3e:11:22:33 rate=1MB/s@20ms script=/bin/true" \
		00:16:3e:11:22:33 --rate 1MB/s@20ms --script /bin/true
	compare "with a rate that is rounded" "mac=00:16:3e:11:22:33 rate=300b/s@3 script=/bin/true" \
		00:16:3e:11:22:33 --rate 300b/s@3 --script /bin/true

	serve 1 0 feature-rx-copy=1 vifname=tap7
	check "pvring attaches" attach 1 00:16:3e:11:22:33
	check_match "xl lists what pvring attached" "$(xl network-list 1)" '0 +0 +00:16:3e:11:22:33 +0 +1 .*/local/domain/0/backend/vif/1/0'
	check "xl detaches what pvring attached" xl network-detach 1 00:16:3e:11:22:33
	wait $server
	serve 1 0 hotplug-status=error hotplug-error='there is no bridge br7'
	check "xl says why, in the daemon's words" fails_with 1 "there is no bridge br7" \
		xl network-attach 1 script=vif-pvring bridge=br7
	check "pvring detaches what xl could not attach" detach 1 0
	wait $server
fi

# ---- the nodes, one by one -----------------------------------------------------------------------------------------

dom0 xenstore-rm /libxl/2/device # which goes with the last device
of_guest_2 >"$T/none"
dom0 xenstore-write /libxl/2/device/vif/3/handle 3
serve 2 4 feature-rx-copy=1 vifname=tap4
check_eq "what it was given is printed" \
	"$(attach 2 00:16:3e:11:22:33 --bridge br7 --vifname tap4 --mtu 9000 --ip "10.0.0.1 fe80::/64" --rate 1MB/s@20ms 2>&1)" \
	"vif 2/4 mac 00:16:3e:11:22:33"
dom0 xenstore-rm /libxl/2/device/vif/3
written() { # DIRECTORY: in it
	grep "^$1/" "$T/created" | sed "s|^$1/||"
}
backend_nodes() { # PERMISSIONS
	sed "s/\$/   ($1)/" <<-'END'
		bridge = "br7"
		frontend = "/local/domain/2/device/vif/4"
		frontend-id = "2"
		handle = "4"
		hotplug-status = ""
		ip = "10.0.0.1 fe80::/64"
		mac = "00:16:3e:11:22:33"
		mtu = "9000"
		online = "1"
		rate = "20000,20000"
		script = "/etc/xen/scripts/vif-pvring"
		state = "1"
		type = "vif"
		vifname = "tap4"
	END
}
check_eq "the backend's directory" "$(written "$(back 2 4)")" "$(backend_nodes n0,r2)"
check_eq "libxl's" "$(written /libxl/2/device/vif/4)" \
	"$({ backend_nodes n0; echo 'backend = "/local/domain/0/backend/vif/2/4"   (n0)'; } | sort)"
check_eq "the frontend's" "$(written /local/domain/2/device/vif/4)" 'backend = "/local/domain/0/backend/vif/2/4"   (n2,r0)
backend-id = "0"   (n2,r0)
handle = "4"   (n2,r0)
mac = "00:16:3e:11:22:33"   (n2,r0)
mtu = "9000"   (n0,r2)
state = "1"   (n2,r0)
trusted = "1"   (n2,r0)'
check_eq "the directories' permissions" "$(grep -E '/vif/(2/)?4 = ' "$T/created" | tr -s ' ')" \
	'/libxl/2/device/vif/4 = "" (n0)
/local/domain/0/backend/vif/2/4 = "" (n0,r2)
/local/domain/2/device/vif/4 = "" (n2,r0)'
check_eq "the device may connect" "$(node "$(back 2 4)/hotplug-status")" connected
check "it is not attached twice" fails_with 1 'has a network device 4 already: /libxl/2/device/vif/4' attach 2 --devid 4
check "it is detached" detach 2 4
wait $server
check "it is not detached twice" fails_with 1 'domain 2 has no network device 4' detach 2 4
of_guest_2 >"$T/after"
check_same "nothing is left" "$T/none" "$T/after"

serve 2 0 feature-rx-copy=1 vifname=vif2.0
check_match "an address by chance, of Xen's range" "$(attach 2 2>&1)" '^vif 2/0 mac 00:16:3e:[0-7][0-9a-f](:[0-9a-f]{2}){2}$'
detach 2 0
wait $server
check_eq "what is the default is not said, but to the guest" \
	"$(written "$(back 2 0)" | grep -E '^(mtu|ip|rate|vifname) ')$(written /local/domain/2/device/vif/0 | grep ^mtu)" \
	'mtu = "1500"   (n0,r2)'

# ---- a backend in another domain -----------------------------------------------------------------------------------

play_driver_domain() {
	local back=/local/domain/1/backend/vif/2/0
	wait_until 10 is $back/state 1 && dom0 xenstore-write $back/state 2 && wait_until 10 is $back/state 5 &&
		dom0 xenstore-write $back/state 6
}
play_driver_domain &
check "a driver domain serves it, whose toolstack does the hotplug step" attach 2 00:16:3e:11:22:33 --backend-domid 1
check_match "the backend's directory is that domain's" "$(dom0 xenstore-ls -fp /local/domain/1/backend)" \
	'/vif/2/0/mac = "00:16:3e:11:22:33" +\(n1,r2\)'
check_match "what the guest is told is, too" "$(dom0 xenstore-ls -fp /local/domain/2/device/vif/0)" '/mtu = "1500" +\(n1,r2\)'
check "it is detached from there" detach 2 0
wait $!
dom0 xenstore-rm /local/domain/1/backend

# ---- bad input -----------------------------------------------------------------------------------------------------

refuses() { # REGEX ARGUMENT...: status 2, one line, and nothing has been written
	local regex=$1 out got
	shift
	out=$(attach "$@" 2>&1)
	got=$?
	of_guest_2 >"$T/after"
	echo "exit status $got: $out"
	[ "$got" -eq 2 ] && [ "$(grep -vc '^Try ' <<<"$out")" -eq 1 ] && [[ $out =~ $regex ]] && cmp "$T/none" "$T/after"
}

while IFS='|' read -r regex arguments; do
	eval "set -- $arguments"
	check "refused: attach vif $arguments" refuses "$regex" "$@"
done <<'END'
'x' is not a domain's number|x
'70000' is not a domain's number|70000
'00:16:3e:11:22' is not a MAC address: expected one like 00:16:3e|2 00:16:3e:11:22
'01:16:3e:11:22:33' is not a MAC address of one station|2 01:16:3e:11:22:33
'00:00:00:00:00:00' is not a MAC address of any station|2 00:00:00:00:00:00
'sixteen--letters' is too long for the name of a bridge|2 --bridge sixteen--letters
'a/b' cannot be the name of a bridge|2 --bridge a/b
'' cannot be the name of a bridge|2 --bridge ''
'sixteen--letters' is too long for the name of a network interface: at most 15|2 --vifname sixteen--letters
'two words' cannot be the name of a network interface|2 --vifname 'two words'
'67' is not a MTU: expected a number from 68 to 65535|2 --mtu 67
'65536' is not a MTU|2 --mtu 65536
'1500B' is not a MTU|2 --mtu 1500B
'10' is not a rate: expected one like 10Mb/s or 1MB/s@20ms|2 --rate 10
'1MB/s@20ns' is not a rate|2 --rate 1MB/s@20ns
'0Mb/s' is not a rate: a number in it is 0|2 --rate 0Mb/s
'1b/s@1us' lets nothing through|2 --rate 1b/s@1us
'10.0.0' is not an IP address|2 --ip 10.0.0
'' is not a script|2 --script ''
'-1' is not a network device's number|2 --devid=-1
'65536' is not a network device's number|2 --devid 65536
'x' is not a domain's number|2 --backend-domid x
unknown option '--cdrom'|2 --cdrom
END
check "a domain that is not there" fails_with 1 'there is no domain 77: /local/domain/77 is missing' attach 77
check "no class of devices" fails_with 2 "'vusb' is not a kind of device: expected vbd, vif or usb" dom0 "$pvring" attach vusb 2
check "a device's number that is none" fails_with 2 "'xvda' is not a network device's number" detach 2 xvda

# ---- the daemon's verdict ------------------------------------------------------------------------------------------

serve 2 0 hotplug-status=error hotplug-error='there is no bridge br7'
check "the daemon's reason, of an interface whose name was asked for" fails_with 1 'there is no bridge br7' \
	attach 2 --bridge br7 --vifname tap4
wait $server
check_eq "and the daemon has been told to let go" $? 0
of_guest_2 >"$T/after"
check_same "nothing is left of it" "$T/none" "$T/after"

hotplug() { # XENBUS_PATH WORD
	dom0 env XENBUS_PATH="$1" "$pvring" hotplug vif "$2"
}
early() { # a name that the operator has chosen
	dom0 xenstore-write "$(back 2 0)/hotplug-status" "" "$(back 2 0)/vifname" tap4 "$(back 2 0)/feature-rx-copy" 1 "$(back 2 0)/state" 1
	hotplug backend/vif/2/0 online >"$T/early" 2>&1 &
	early=$!
	loopxen_track $early
}
early
check "a name that is there before the daemon's offer is no verdict" not wait_until 1 is "$(back 2 0)/hotplug-status" connected
dom0 xenstore-write "$(back 2 0)/hotplug-error" "tap4 is taken" "$(back 2 0)/hotplug-status" error "$(back 2 0)/state" 2
wait $early
check_eq "but what comes with the offer is" "$? $(cat "$T/early")" "1 pvring hotplug: tap4 is taken"
dom0 xenstore-rm "$(dirname "$(back 2 0)")"
check "hotplug without XENBUS_PATH" fails_with 1 'not a network device: expected backend/vif/DOMID/DEVID' hotplug "" online
check "hotplug of a disk" fails_with 1 'backend/vbd/2/0. is not a network device' hotplug backend/vbd/2/0 online
check "hotplug of a device that is not there" fails_with 1 'vif/2/0/state is gone: somebody removed' \
	hotplug backend/vif/2/0 online
check "hotplug offline is quiet" fails_with 0 '^exit status 0: $|^$' hotplug backend/vif/2/0 offline
check "hotplug add is for taps, which the script sees to" fails_with 2 "'vif add' is not known: expected online or offline" \
	hotplug backend/vif/2/0 add

# ---- another script ------------------------------------------------------------------------------------------------

cat >"$T/script" <<END
#!/bin/sh
{ echo "\$*"; env | grep -E '^(script|vif|netdev|XENBUS_.*)=' | sort; } >>$T/script.out
echo "what it prints is seen"
read line && exit 3
[ "\$1" = offline ] || xenstore-write "\$XENBUS_PATH/hotplug-status" connected
END
printf '#!/bin/sh\nxenstore-write "$XENBUS_PATH/hotplug-error" "out of luck"\nexit 1\n' >"$T/script-fails"
chmod +x "$T/script" "$T/script-fails"
serve 2 0
check "another script is run, and its output is none of ours" \
	test "$(attach 2 00:16:3e:11:22:33 --script "$T/script" 2>"$T/stderr")" = "vif 2/0 mac 00:16:3e:11:22:33"
check_eq "it is there to be read" "$(cat "$T/stderr")" "what it prints is seen"
check "and again when the device goes" detach 2 0
wait $server
script_env="XENBUS_BASE_PATH=backend
XENBUS_PATH=backend/vif/2/0
XENBUS_TYPE=vif
netdev=
script=$T/script
vif=vif2.0"
check_eq "as libxl runs it" "$(cat "$T/script.out")" "online type_if=vif
$script_env
offline type_if=vif
$script_env"
serve 2 0
check "a script that fails: its reason" fails_with 1 'out of luck' attach 2 --script "$T/script-fails"
wait $server
serve 2 0
check "a script that fails without one: its status" fails_with 1 '/bin/false online: exit status 1' attach 2 --script /bin/false
wait $server
serve 2 0
check "a script that is not there" fails_with 1 '/etc/xen/scripts/no-such: No such file' attach 2 --script no-such
wait $server
of_guest_2 >"$T/after"
check_same "nothing is left of these" "$T/none" "$T/after"

# ---- deadlines -----------------------------------------------------------------------------------------------------

check "nobody serves it: says so" fails_with 1 'no backend took .*/vif/2/0 within 10 s: is pvring-netd running in domain 0' \
	attach 2
of_guest_2 >"$T/after"
check_same "nothing is left of that either" "$T/none" "$T/after"

offer 2 0 feature-rx-copy=1 vifname=vif2.0 &
check "it is attached" attach 2
wait $!
check "it does not close: says so" fails_with 1 'did not reach state 6.* network device in use' detach 2 0
check_eq "online is 0" "$(node "$(back 2 0)/online")" 0
check "by force" fails_with 0 'removing it even so' detach 2 0 --force
of_guest_2 >"$T/after"
check_same "by force nothing is left" "$T/none" "$T/after"

wait $no_verdict
check_eq "no verdict on the interface" $? 1
check_match "is said" "$(cat "$T/no-verdict")" 'vif/3/0/feature-rx-copy is missing: the backend did not offer the device within 30 s'
wait $no_verdict_server
check_clean
done_testing
