"""A CA of the test's own, and certificates good and bad."""
import os
import ssl
import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Certificates:
    """trusted: a folder laid out as /etc/ssl/certs, with our CA as the only one.

    context(name) is that of a TLS server: `expired.test`, `wrong-name.test`, `self-signed.test` and `unknown-ca.test`
    have certificates that are only that; every other name, and every address, has a good one.
    """

    def __init__(self, folder):
        self.folder = folder
        self.trusted = os.path.join(folder, "certs")
        os.mkdir(self.trusted)
        self.made = {}
        self.issue_self("ca", "CA:TRUE")
        os.link(self.path("ca.pem"), os.path.join(self.trusted, "ca-certificates.crt"))
        self.issue_self("unknown-ca", "CA:TRUE")
        self.issue_self("self-signed.test", "CA:FALSE")
        self.issue("expired.test", days=-1)
        self.issue("wrong-name.test", names=["other.test"])
        self.issue("unknown-ca.test", ca="unknown-ca")

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue_self(self, name, constraint):
        openssl("req", "-x509", *KEY, "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem"), "-days",
                "30",
                "-subj", f"/CN={name}", "-addext", f"basicConstraints=critical,{constraint}",
                "-addext", f"subjectAltName=DNS:{name}")

    def issue(self, name, names=None, ca="ca", days=30):
        """A certificate of ours for the names, or addresses."""
        names = ["IP:" + n if ":" in n or n.replace(".", "").isdigit() else "DNS:" + n for n in names or [name]]
        request = openssl("req", "-new", *KEY, "-keyout", self.path(name + ".key"), "-subj", "/CN=test")
        extensions = self.path(name + ".ext")
        with open(extensions, "w", encoding="ascii") as f:
            f.write(f"subjectAltName={','.join(names)}\nbasicConstraints=CA:FALSE\n")
        openssl("x509", "-req", "-CA", self.path(ca + ".pem"), "-CAkey", self.path(ca + ".key"), "-days", str(days),
                "-set_serial", str(1 + len(self.made) + os.getpid()), "-extfile", extensions,
                "-out", self.path(name + ".pem"), given=request)

    def context(self, name):
        if name not in self.made:
            if not os.path.exists(self.path(name + ".pem")):
                self.issue(name)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.path(name + ".pem"), self.path(name + ".key"))
            self.made[name] = context
        return self.made[name]


def openssl(*words, given=None):
    run = subprocess.run(["openssl", *words], input=given, capture_output=True, check=False)
    if run.returncode != 0:
        raise AssertionError(f"openssl {' '.join(words)}: {run.stderr.decode()}")
    return run.stdout
