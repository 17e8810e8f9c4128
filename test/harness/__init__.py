"""What black-box tests stand on: the real servers with the files of deploy/, private to each test.

    from harness import SiteCase, main

    class Upload(SiteCase):
        settings = {"CDN_MAX_BODY": "1M"}

        def test_one(self):
            answer = self.site.upload(b"bytes", "a.txt")
            self.assertEqual(answer.status, 201)

    main()

CDN_BUILD is the build folder whose programs are tested, CDN_RELEASE the one without sanitizers.
"""
from harness.cases import SiteCase, main
from harness.client import Response, request
from harness.multipart import Multipart, Part
from harness.process import free_port, wait_until
from harness.fronts import Apache, Front, Nginx
from harness.servers import BUILD, RELEASE, ROOT, Folder, Pool, Redis, Worker
from harness.site import Site

__all__ = [
    "Apache", "BUILD", "RELEASE", "ROOT", "Folder", "Front", "Multipart", "Nginx", "Part", "Pool", "Redis", "Response", "Site",
    "SiteCase", "Worker", "free_port", "main", "request", "wait_until",
]
