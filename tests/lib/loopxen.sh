# SPDX-License-Identifier: MIT
# A loopxen instance of the test's own. Source after tap.sh, then `loopxen_start`: it is taken down at exit.
# shellcheck shell=bash
loopxen=${O:-build}/loopxen
case $loopxen in /*) ;; *) loopxen=$PWD/$loopxen ;; esac

loopxen_start() { # makes $LOOPXEN_DIR and starts an instance in it; skips the whole test where there is no xenstored
	local out
	if [ ! -x "$loopxen" ]; then
		echo "# $loopxen is not there: run make" >&2
		exit 1
	fi
	LOOPXEN_DIR=$(mktemp -d "${TMPDIR:-/tmp}/lx.XXXXXX")
	export LOOPXEN_DIR
	trap loopxen_stop EXIT
	# An instance of the test's own starts without what another one around it set.
	unset LOOPXEN_DOMID LOOPXEN_FAIL XENSTORED_PATH XENSTORED_RUNDIR
	if ! out=$("$loopxen" up 2>&1); then
		case $out in
		*"no xenstored"*) skip "loopxen starts" "no xenstored on this machine: see 'loopxen up'" ;;
		*) not_ok "loopxen starts" "$out" ;;
		esac
		done_testing
	fi
}

# Programs to end before the instance goes: add what you start in the background with `loopxen_track $!`.
loopxen_pids=()
loopxen_track() { # PID
	loopxen_pids+=("$1")
}

loopxen_stop() {
	local pid running
	running=" $(jobs -pr; jobs -ps) " # one that was waited for may be somebody else's pid by now
	for pid in "${loopxen_pids[@]}"; do
		[[ ${running//$'\n'/ } == *" $pid "* ]] || continue
		kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	[ -e "$LOOPXEN_DIR/hv" ] && "$loopxen" down 2>&1 | sed 's/^/# /' >&2
	rm -rf "$LOOPXEN_DIR"
}

dom0() { # COMMAND...: in domain 0
	"$loopxen" run -- "$@"
}

domu() { # N COMMAND...: in domain N
	local domid=$1
	shift
	"$loopxen" run --domid "$domid" -- "$@"
}

dom0_start() { # COMMAND...: in domain 0, in the background, until it ends or the test does; its pid is $started
	"$loopxen" run -- "$@" <&0 &
	started=$!
	loopxen_track "$started"
}

domu_start() { # N COMMAND...
	local domid=$1
	shift
	"$loopxen" run --domid "$domid" -- "$@" <&0 &
	started=$!
	loopxen_track "$started"
}

end_started() { # PID: ends it and waits for it
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# Runs a piece of Perl on an open file, in the background until lock_release.
hold_with() { # CODE FILE ARGUMENT...: returns when it has run; its pid is $locker
	local code=$1 said
	said=$(mktemp)
	shift
	perl -MFcntl -e '
		my ($file, @args) = @ARGV;
		open(my $f, "+<", $file) or die "$file: $!";
		'"$code"'
		syswrite(STDOUT, "held\n"); sleep 600' "$@" >"$said" &
	locker=$!
	loopxen_track $locker
	wait_until 20 grep -q held "$said"
	rm "$said"
}

# An OFD lock on some bytes of a file (LEN 0: to its end and beyond).
lock_hold() { # FILE F_RDLCK|F_WRLCK START LEN
	hold_with '
		my ($type, $start, $len) = @args;
		my $lock = pack("ssx4qqlx4", Fcntl->can($type)->(), 0, $start, $len, 0);
		fcntl($f, 37, $lock) or die "lock: $!"; # F_OFD_SETLK' "$@"
}

# A lease: opening the file waits until it is given up, or for 45 s, see fcntl(2).
lease_hold() { # FILE
	hold_with '
		$SIG{IO} = "IGNORE";
		fcntl($f, 1024, F_WRLCK) or die "lease: $!"; # F_SETLEASE' "$1"
}

lock_release() { # PID
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

domain_is_gone() { # N: nothing of it is held any more
	! "$loopxen" status | grep -q "^domain $1:"
}

loopxen_is_clean() {
	"$loopxen" check
}

check_clean() { # [NAME]: nothing is mapped, granted or bound any more
	local name=${1:-nothing is left mapped, granted or bound}
	if wait_until 10 loopxen_is_clean; then
		ok "$name"
	else
		not_ok "$name" "$(loopxen_is_clean 2>&1 | tr '\n' ';')"
	fi
}
