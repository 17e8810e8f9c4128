"""with_redis.py PROGRAM [ARGUMENT...] - run a program with a Redis and a store of its own.

CDN_TEST_REDIS is the Redis' URL, CDN_TEST_DIR an empty initialised store (the marker, files/, records/, tmp/).
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness.servers import SANITIZERS, Folder, Redis


def lay_store(path):
    for name in ("files", "records", "tmp"):
        os.mkdir(os.path.join(path, name))
    open(os.path.join(path, ".cdn-store"), "w", encoding="ascii").close()


def main():
    folder = Folder()
    redis = Redis(folder)
    try:
        lay_store(folder.data)
        redis.start()
        env = {**os.environ, **SANITIZERS, "CDN_TEST_REDIS": redis.url, "CDN_TEST_DIR": folder.data}
        status = subprocess.run(sys.argv[1:], env=env).returncode
        left = os.listdir(os.path.join(folder.data, "tmp"))
        if status == 0 and left:
            print("left in tmp/:", *left)
            status = 1
    finally:
        redis.stop()
        folder.remove()
    sys.exit(status if status >= 0 else 128 - status)


main()
