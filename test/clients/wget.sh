#!/bin/sh
# wget, which has no forms: a PUT with the file as its body.
set -eu
api=$CDN_URL/api/v4
key="Authorization: Bearer $CDN_KEY"
back=$(mktemp)
trap 'rm -f "$back"' EXIT

member() {
	sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

answer=$(wget -q -O - --header "$key" --method PUT --body-file "$1" "$api/upload/$(basename "$1")")
id=$(printf '%s' "$answer" | member id)
url=$(printf '%s' "$answer" | member url)
[ "$(printf '%s' "$answer" | member filename)" = "$(basename "$1")" ]

wget -q -O "$back" "$url"
cmp "$1" "$back"
wget -q -O - --header "$key" "$api/uploads" | grep -q "\"id\":\"$id\""
wget -q -O - --header "$key" --method DELETE "$api/upload/$id" | grep -q '"deleted":true'
wget -S -O /dev/null "$url" 2>&1 | grep -q 'HTTP/1.1 404 '
echo OK
