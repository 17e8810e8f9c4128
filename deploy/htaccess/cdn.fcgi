#!/bin/sh
# What Apache starts on a shared host (mod_fcgid): it says where the settings are, and becomes the worker.
# It lies beside .htaccess, whose head says more. What the worker says is in DIR/log/worker.log.
#
#: CDN_SENDFILE off the worker sends every file by itself

umask 077
export CDN_ENV_FILE=@DIR@/.env
# Each worker has a socket of its own, and a body is sent to its end before the answer is looked at.
export CDN_LISTENER=own CDN_DRAIN=1G
# A worker takes SIGTERM only between two requests; while it starts, its first one waits already.
trap '' TERM
exec @BUILD@/cdn.fcgi 2>>@DIR@/log/worker.log
