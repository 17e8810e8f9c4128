# What up, down and test/run share. place() sets dir, run, log, conf and store, all absolute; root is the checkout.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# What it takes to build and run the service; the scripts add what they need beside it.
service_packages="gcc libc6-dev cmake make pkg-config libfcgi-dev libcurl4-openssl-dev libcjson-dev libhiredis-dev libssl-dev
	libmagic-dev nginx redis-server supervisor spawn-fcgi multiwatch curl ca-certificates"
root=$(cd "$(dirname "$0")/.." && pwd -P)

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

usage() {
	sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
	exit "$1"
}

# place DIR: where an installation is. A path goes into the configurations of three servers, each with its own quoting, and
# into the address of Redis, where "@" ends a login and "%", "?" and "#" mean something.
place() {
	case $1 in
	/*) dir=$1 ;;
	*) dir=$PWD/$1 ;;
	esac
	if [ -d "$dir" ]; then
		dir=$(cd "$dir" && pwd -P) || exit 1
	fi
	case $dir$root in
	*[!A-Za-z0-9._/+=,-]*) die "only letters, digits and . _ / + = , - may be in these paths: $dir, $root" ;;
	esac
	run=$dir/run log=$dir/log conf=$dir/conf store=$dir/data
	if [ ${#dir} -gt 90 ]; then
		die "this folder's name is too long for the sockets in it (at most 90 bytes): $dir"
	fi
}

# Whether process PID is this installation's supervisord.
ours() {
	[ -n "$1" ] && [ -r "/proc/$1/cmdline" ] &&
		tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "-c $conf/supervisord-main.conf "
}

# Its pid, or nothing. A pid file alone proves nothing: the number may be another's by now.
supervisor_pid() {
	pid=
	[ ! -f "$run/supervisord.pid" ] || pid=$(head -c 20 "$run/supervisord.pid" 2>/dev/null || :)
	case $pid in
	*[!0-9]*) ;;
	*)
		if ours "$pid"; then
			say "$pid"
		fi
		;;
	esac
}

# missing PACKAGE...: those that are not installed.
missing() {
	for package; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
		installed) ;;
		*) printf ' %s' "$package" ;;
		esac
	done
}

# install_missing LOG PACKAGE...: needs root or sudo only when there is something to install.
# Debian starts and enables each server that it installs; here they are wanted as programs only.
install_missing() {
	install_log=$1
	shift
	command -v dpkg-query >/dev/null || die "this is not Debian or Ubuntu: install by hand what README.md lists"
	absent=$(missing "$@")
	[ -n "$absent" ] || return 0
	as_root=""
	if [ "$(id -u)" != 0 ]; then
		as_root=sudo
		if ! command -v sudo >/dev/null || { [ ! -t 0 ] && ! sudo -n true 2>/dev/null; }; then
			die "neither root nor sudo, and these packages are missing:$absent"
		fi
	fi
	say "Installing:$absent"
	rm -f "$install_log"
	quiet=""
	if [ -d /run/systemd/system ]; then
		for service in nginx redis-server supervisor caddy lighttpd apache2; do
			case "$absent " in *" $service "*) quiet="$quiet $service.service" ;; esac
		done
	fi
	# shellcheck disable=SC2086
	{
		[ -z "$quiet" ] || $as_root systemctl mask --runtime -q $quiet || :
		$as_root apt-get update -q >"$install_log" 2>&1 &&
			$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
				$absent >>"$install_log" 2>&1 || :
		if [ -n "$quiet" ]; then
			$as_root systemctl unmask --runtime -q $quiet || :
			$as_root systemctl disable -q $quiet || :
		fi
		absent=$(missing $absent)
	}
	if [ -n "$absent" ]; then
		tail -n 5 "$install_log" >&2
		die "could not install:$absent (all of it: $install_log)"
	fi
}
