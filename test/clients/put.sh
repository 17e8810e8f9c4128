#!/bin/sh
# curl -T: the file is the body, its name the end of the URL; the answer is the new URL as a line of text.
set -eu
api=$CDN_URL/api/v4
key="Authorization: Bearer $CDN_KEY"
back=$(mktemp)
trap 'rm -f "$back"' EXIT

url=$(curl -sS --fail-with-body -T "$1" -H "$key" -H "Accept: text/plain" "$api/upload/")
path=${url#"$CDN_URL/"}
id=${path%%/*}

curl -sS --fail -o "$back" "$url"
cmp "$1" "$back"
curl -sS --fail -H "$key" "$api/uploads" | grep -q "\"id\":\"$id\""
curl -sS --fail -X DELETE -H "$key" "$api/upload/$id" | grep -q '"deleted":true'
[ "$(curl -sS -o /dev/null -w '%{http_code}' "$url")" = 404 ]
echo OK
