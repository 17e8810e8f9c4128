"""A CA of the test's own, and certificates good and bad."""
import os
import ssl
import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
# What most CAs have, and what takes memory to keep; how many of them a system trusts.
LARGE_KEY = ["-newkey", "rsa:2048", "-nodes"]
OTHERS = 140


class Certificates:
    """trusted: a folder laid out as /etc/ssl/certs, with our CA among as many others as are trusted elsewhere.

    context(name) is that of a TLS server: `expired.test`, `wrong-name.test`, `self-signed.test` and `unknown-ca.test`
    have certificates that are only that; every other name, and every address, has a good one.
    """

    def __init__(self, folder):
        self.folder = folder
        self.trusted = os.path.join(folder, "certs")
        os.mkdir(self.trusted)
        self.made = {}
        self.issue_self("ca", "CA:TRUE")
        self.lay_bundle()
        self.issue_self("unknown-ca", "CA:TRUE")
        self.issue_self("self-signed.test", "CA:FALSE")
        self.issue("expired.test", days=-1)
        self.issue("wrong-name.test", names=["other.test"])
        self.issue("unknown-ca.test", ca="unknown-ca")

    def path(self, name):
        return os.path.join(self.folder, name)

    def lay_bundle(self):
        self.issue_self("other-000", "CA:TRUE", LARGE_KEY)
        one, ours = (ssl.PEM_cert_to_DER_cert(self.read(name)) for name in ("other-000.pem", "ca.pem"))
        # With another name its signature of itself is wrong, which nobody asks of a certificate that is trusted.
        bundle = [one.replace(b"other-000", b"other-%03d" % number) for number in range(OTHERS)]
        bundle.insert(OTHERS // 2, ours)
        with open(os.path.join(self.trusted, "ca-certificates.crt"), "w", encoding="ascii") as f:
            f.writelines(map(ssl.DER_cert_to_PEM_cert, bundle))

    def read(self, name):
        with open(self.path(name), encoding="ascii") as f:
            return f.read()

    def issue_self(self, name, constraint, key=KEY):
        openssl("req", "-x509", *key, "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem"), "-days",
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
