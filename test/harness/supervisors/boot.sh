#!/bin/sh
# boot.sh OUTSIDE FOLDER PROGRAMS UNITS - become a systemd that cannot touch the machine: PID 1 of namespaces of its own, in a cgroup
# of its own, as made by cage.py and
#   unshare --pid --mount --propagation private --cgroup --ipc --uts --fork --mount-proc
#
# OUTSIDE is /proc/self/ns/mnt of whoever calls; FOLDER is what may be written; PROGRAMS is what may be run besides the system's;
# UNITS has all units that this systemd knows.
#
# Three walls. It knows no unit but those: a service wants sysinit.target, and that of the machine would run systemd-tmpfiles, which
# empties /tmp. But for FOLDER the whole tree is read-only, or empty and its own. And of cgroups it sees those below its own, of cgroup2
# alone: the older hierarchies, in which it would make its own below those of the machine, are hidden, and it does not ask for them.
set -eu
outside=$1 folder=$2 programs=$3 units=$4
if [ $$ != 1 ] || [ "$(readlink /proc/self/ns/mnt)" = "$outside" ]; then
	echo "boot.sh: not in namespaces of its own" >&2
	exit 1
fi
mount --make-rprivate /
if grep -q ' shared:' /proc/self/mountinfo; then
	echo "boot.sh: the machine would see what is mounted here" >&2
	exit 1
fi

# Before anything copies it: all of the machine's.
umount -R /sys/fs/cgroup 2>/dev/null || :

# The new root stands on a file system that goes with this namespace, so that nobody's clean-up can ever walk into it.
mount -t tmpfs tmpfs /run
root=/run/root
mkdir $root
mount --rbind / $root
grep -o " $root[^ ]* " /proc/self/mountinfo | while read -r place; do
	mount -o remount,bind,ro "$(printf '%b' "$place")"
done

for place in /run /tmp /var/tmp /dev/shm; do
	mount -t tmpfs tmpfs $root$place
done
mount -t proc proc $root/proc
for place in /proc/sys /proc/irq /proc/bus /proc/sysrq-trigger; do
	[ -e $root$place ] || continue
	mount --bind $root$place $root$place
	mount -o remount,bind,ro $root$place
done
mkdir -p "$root$folder" "$root$programs"
mount --bind "$folder" "$root$folder"
mount --bind "$programs" "$root$programs"
mount -o remount,bind,ro "$root$programs"

cgroup=$root/sys/fs/cgroup
mount -t cgroup2 cgroup2 $cgroup
# The machine's own, at the root, has no such file; one of ours has nobody else in it, and nothing below.
if [ ! -e $cgroup/cgroup.events ] || [ "$(find $cgroup -type d | wc -l)" != 1 ]; then
	echo "boot.sh: not in a cgroup of its own" >&2
	exit 1
fi

mkdir -p $root/run/systemd
cp -r "$units" $root/run/systemd/system
exec /usr/bin/python3 "$(dirname "$0")/enter.py" $root env -i container=cdn PATH="$PATH" SYSTEMD_UNIT_PATH=/run/systemd/system \
	${BOOT:-/lib/systemd/systemd --system --unit=cdn.target --log-target=null --show-status=no}
