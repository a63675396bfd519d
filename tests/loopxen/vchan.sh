#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's vchan-socket-proxy carries bytes between two guests: libxenvchan on grants, events, xenstore and notification.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh

loopxen_start
"$loopxen" domain create 1
"$loopxen" domain create 2
dir=$LOOPXEN_DIR
head -c 3000000 /dev/urandom >"$dir/up"
head -c 1000000 /dev/urandom >"$dir/down"

# The server's and the client's standard input stay open until both files have arrived.
mkfifo "$dir/server.in" "$dir/client.in"
exec {to_server}<>"$dir/server.in" {to_client}<>"$dir/client.in"
domu_start 1 vchan-socket-proxy -m server 2 data/vchan - <"$dir/server.in" >"$dir/up.got" 2>"$dir/server.log"
server=$started
offered() {
	dom0 xenstore-read /local/domain/1/data/vchan/event-channel
}
check "the server offers its channel" wait_until 30 offered
domu_start 2 vchan-socket-proxy -m client 1 /local/domain/1/data/vchan - <"$dir/client.in" >"$dir/down.got" 2>"$dir/client.log"
client=$started
cat "$dir/down" >&"$to_server" &
cat "$dir/up" >&"$to_client"
wait $!

check "3 MB go from the client to the server" wait_until 60 cmp "$dir/up" "$dir/up.got"
check "1 MB goes the other way" wait_until 60 cmp "$dir/down" "$dir/down.got"
"$loopxen" check >"$dir/held"
check_eq "its rings are mapped meanwhile" $? 1

# libxenvchan's own end: the peer is told by an event and a byte in the shared page
kill -KILL "$client"
wait $client 2>/dev/null
exec {to_client}>&-
ended() {
	! kill -0 "$server"
}
check "the server notices a killed client and ends" wait_until 30 ended
wait $server 2>/dev/null
exec {to_server}>&-
check_clean
done_testing
