"""The web servers, and each way of mounting the service behind one."""
import os

from harness.fronts.apache import Apache, ApacheTcp
from harness.fronts.caddy import CaddyTcp, CaddyUnix
from harness.fronts.fcgid import Fcgid
from harness.fronts.front import Front
from harness.fronts.lighttpd import LighttpdSocket, LighttpdStarted
from harness.fronts.nginx import Nginx, NginxBuffered

# Name -> what makes the front in a folder; test/cases runs behind each of them (CDN_FRONT). As many under a path prefix as
# not, and each web server both ways where it has two.
WAYS = {
    "apache-unix": Apache,
    "apache-tcp": ApacheTcp,
    "nginx-unbuffered": Nginx,
    "nginx-buffered": NginxBuffered,
    "apache-fcgid": Fcgid,
    "lighttpd-socket": LighttpdSocket,
    "lighttpd-started": LighttpdStarted,
    "caddy-unix": CaddyUnix,
    "caddy-tcp": CaddyTcp,
}


def chosen():
    """The way that this process runs its cases behind."""
    return WAYS[os.environ.get("CDN_FRONT") or "nginx-unbuffered"]


__all__ = ["WAYS", "Apache", "CaddyUnix", "Fcgid", "Front", "Nginx", "chosen"]
