#!/bin/sh
# Same contract as the official image: options alone mean haproxy, which runs in master-worker mode.
set -e
if [ "${1#-}" != "$1" ]; then
    set -- haproxy "$@"
fi
if [ "$1" = haproxy ]; then
    shift
    set -- haproxy -W -db "$@"
fi
exec "$@"
