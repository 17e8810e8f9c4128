"""Python with requests."""
import os
import sys

import requests

API = os.environ["CDN_URL"] + "/api/v4"
session = requests.Session()
session.headers["Authorization"] = "Bearer " + os.environ["CDN_KEY"]

path = sys.argv[1]
with open(path, "rb") as f:
    answer = session.post(API + "/upload", files={"file": f})
assert answer.status_code == 201, answer.text
file = answer.json()
assert file["filename"] == os.path.basename(path), file

answer = requests.get(file["url"])
answer.raise_for_status()
with open(path, "rb") as f:
    assert answer.content == f.read()
assert file in session.get(API + "/uploads", params={"limit": 5}).json()["uploads"]
answer = session.delete(f"{API}/upload/{file['id']}")
assert answer.status_code == 200 and answer.json()["deleted"] is True, answer.text
assert requests.get(file["url"]).status_code == 404
print("OK")
