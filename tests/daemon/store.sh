#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 180
# xenstored is slow, the connection to it is lost, another one answers in its place, it dies: guests' disks go on, it is
# said once, and what can be made up for is.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

# Between the daemon and a xenstored, so that the connection can be cut.
relay_start() { # LOOPXEN-DIRECTORY
	perl -MIO::Socket::UNIX -MIO::Select -e '
		my ($here, $there) = @ARGV;
		unlink $here;
		my $listener = IO::Socket::UNIX->new(Local => $here, Listen => 5) or die "$here: $!";
		my $select = IO::Select->new($listener);
		my %other;
		while (my @ready = $select->can_read) {
			for my $s (@ready) {
				if ($s == $listener) {
					my $a = $listener->accept;
					my $b = IO::Socket::UNIX->new(Peer => $there) or die "$there: $!";
					@other{$a, $b} = ($b, $a);
					$select->add($a, $b);
				} elsif (sysread($s, my $bytes, 65536)) {
					syswrite($other{$s}, $bytes);
				} else {
					$select->remove($s, $other{$s});
					close($_) for $other{$s}, $s;
				}
			}
		}' "$T/relay" "$(LOOPXEN_DIR=$1 dom0 sh -c 'echo "$XENSTORED_RUNDIR/socket"')" &
	relay=$!
	loopxen_track $relay
	wait_until 10 test -S "$T/relay"
}

relay_cut() {
	kill -KILL "$relay"
	wait "$relay" 2>/dev/null
	rm "$T/relay"
}

xenstored_pid() {
	"$loopxen" status | sed -n 's/^xenstored: pid //p'
}

sum() {
	sha256sum <"$T/1.img"
}

writes_arrive() { # SUM: it was this
	[ "$(sum)" != "$1" ]
}

check_goes_on() { # NAME: what the load writes still reaches the image
	local before
	before=$(sum)
	check "$1" soon 30 writes_arrive "$before"
}

daemon_test_begin 1 2 3
printf '#!/bin/sh\nexec env XENSTORED_PATH="%s" "%s" "$@"\n' "$T/relay" "$daemon" >"$T/relayed"
chmod +x "$T/relayed"
daemon=$T/relayed
relay_start "$LOOPXEN_DIR"
daemon_start
disk_attach 1 xvda "$(make_image 1.img 1M)"
disk_attach 2 xvda "$(make_image 2.img 1M)"
load_start load 1 xvda verify --seconds 3600 --io-timeout 20
load_start doomed 2 xvda hold
soon 30 is_serving 1 xvda
wait_state 2 xvda 4

# Slow.
slow=$(xenstored_pid)
kill -STOP "$slow"
ask status >/dev/null & # something that needs it
asked=$!
check_goes_on "while xenstored is stopped a connected disk is served"
kill -CONT "$slow"
wait $asked
check_eq "and when it goes on the daemon answers" $? 0
check_eq "nothing was said" "$(log_tail | grep -c '^\(warn\|error\)')" 0

# The connection is lost.
log_begin
relay_cut
check_said "a connection that is lost is said" 'error: xenstore: .*the connection is lost: devices in use go on being served'
disk_create 3 xvda "$(make_image 3.img 1M)"
"$loopxen" domain destroy 2
load_wait doomed 2>/dev/null
check_goes_on "a connected disk is served"
check_eq "what happens meanwhile is not seen" "$(node "$(back 3 xvda)/state")" 1
check_match "status says so" "$(ask status)" '"xenstore":"lost"'
before=$(cpu_ticks main)
sleep 2 # the time that is measured
check "and does not spin" test $(($(cpu_ticks main) - before)) -le 20
relay_start "$LOOPXEN_DIR"
check_said "when it is back that is said" 'info: xenstore can be reached again'
check "a disk that was attached meanwhile is offered" wait_state 3 xvda 2
check_serves "and served" 3 xvda
check "a guest that died meanwhile is let go" soon 30 domain_is_gone 2
check_goes_on "the connected disk is served all along"
check_eq "each was said once" "$(log_tail | grep -c 'xenstore')" 2
dom0 xenstore-rm "$(back 2 xvda)"
disk_detach 3 xvda

# Another store is in its place.
mkdir "$T/other"
trap 'LOOPXEN_DIR=$T/other loopxen_stop; loopxen_stop; rm -rf "$T"' EXIT
LOOPXEN_DIR=$T/other "$loopxen" up
relay_cut
check_said "lost again" 'the connection is lost' 2
log_begin
relay_start "$T/other"
check_said "a store that knows nothing of the disks in use is told apart" 'error: xenstored has begun anew and knows none'
check_goes_on "they are served on"
daemon_stop
check_eq "the daemon hands them over" $? 0
relay_cut
relay_start "$LOOPXEN_DIR"
log_begin
daemon_start
check_said "and one that finds them in its store takes them up" 'vbd 1/51712: taken up again'
LOOPXEN_DIR=$T/other "$loopxen" down

# xenstored dies.
log_begin
kill -KILL "$(xenstored_pid)"
check_said "its death is said" 'the connection is lost'
check_goes_on "a connected disk is served"
daemon_stop
check_eq "the daemon hands over and ends" $? 0
load_kill load
check "no sanitizer has reported anything" no_sanitizer_report
done_testing
