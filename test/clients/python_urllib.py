"""Python's standard library: urllib, with a multipart body made by hand."""
import json
import os
import sys
import urllib.error
import urllib.request
import uuid

API = os.environ["CDN_URL"] + "/api/v4"
KEY = {"Authorization": "Bearer " + os.environ["CDN_KEY"]}


def ask(url, method="GET", headers=None, data=None):
    with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}, method=method)) as answer:
        return answer.status, answer.read()


path = sys.argv[1]
name = os.path.basename(path)
with open(path, "rb") as f:
    data = f.read()

boundary = uuid.uuid4().hex
body = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n").encode() + data + f"\r\n--{boundary}--\r\n".encode()
headers = {**KEY, "Content-Type": "multipart/form-data; boundary=" + boundary}
status, answer = ask(API + "/upload", "POST", headers, body)
file = json.loads(answer)
assert status == 201 and file["filename"] == name and file["size"] == len(data), file

assert ask(file["url"]) == (200, data)
_, answer = ask(API + "/uploads", headers=KEY)
assert file in json.loads(answer)["uploads"]
status, answer = ask(f"{API}/upload/{file['id']}", "DELETE", KEY)
assert status == 200 and json.loads(answer) == {"id": file["id"], "deleted": True}
try:
    ask(file["url"])
except urllib.error.HTTPError as error:
    assert error.code == 404
else:
    sys.exit("the file is still there")
print("OK")
