#!/bin/sh
# curl: a multipart form.
set -eu
api=$CDN_URL/api/v4
key="Authorization: Bearer $CDN_KEY"
back=$(mktemp)
trap 'rm -f "$back"' EXIT

member() {
	sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

answer=$(curl -sS --fail-with-body -H "$key" -F "file=@$1" "$api/upload")
id=$(printf '%s' "$answer" | member id)
url=$(printf '%s' "$answer" | member url)
[ "$(printf '%s' "$answer" | member filename)" = "$(basename "$1")" ]

curl -sS --fail -o "$back" "$url"
cmp "$1" "$back"
curl -sS --fail -H "$key" "$api/uploads" | grep -q "\"id\":\"$id\""
curl -sS --fail -X DELETE -H "$key" "$api/upload/$id" | grep -q '"deleted":true'
[ "$(curl -sS -o /dev/null -w '%{http_code}' "$url")" = 404 ]
echo OK
