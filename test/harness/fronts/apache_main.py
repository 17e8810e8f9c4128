"""Apache as Debian gives it, for a test alone: the main file, which is its administrator's, and how it is started."""
import os

MODULES = "/usr/lib/apache2/modules"
# What Debian enables. Part of the program there: core, http, log_config, logio, unixd, version, watchdog.
USUAL = ("mpm_event authz_core authz_host authn_core authn_file auth_basic authz_user access_compat alias autoindex deflate "
         "dir env filter mime negotiation reqtimeout setenvif status").split()
# Apache does not serve as root. Another user who may open root's files spares the test their owners.
NOBODY = 65534
CAPABILITY = "+dac_override"


def main_file(folder, port, log, enabled, *text):
    """Write it, with these modules enabled beside the usual ones, each with Debian's file for it; returns its path."""
    lines = [f'ServerRoot "{folder.path}"', f'DefaultRuntimeDir "{folder.run}"', f'PidFile "{folder.run}/apache.pid"',
             f'ErrorLog "{log}"', "ServerName localhost", f"Listen 127.0.0.1:{port}"]
    lines += [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in (*USUAL, *enabled)]
    files = [f"/etc/apache2/mods-available/{name}.conf" for name in (*USUAL, *enabled)]
    files.append("/etc/apache2/conf-available/security.conf")
    lines += [f"Include {file}" for file in files if os.path.exists(file)]
    lines += ["<Directory />", "Options FollowSymLinks", "AllowOverride None", "Require all denied", "</Directory>",
              '<FilesMatch "^\\.ht">', "Require all denied", "</FilesMatch>",
              'LogFormat "%h %l %u %t \\"%r\\" %>s %O" common', *text]
    path = os.path.join(folder.conf, "apache-main.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)
    return path


def command(folder, main, *words):
    program = ["apache2", "-d", folder.path, "-f", main, *(words or ("-DFOREGROUND",))]
    if os.getuid() != 0:
        return program
    return ["setpriv", "--pdeathsig", "TERM", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
            "--inh-caps", CAPABILITY, "--ambient-caps", CAPABILITY, "--", *program]


def open_store(folder):
    """Let everybody write in the store, for workers that Apache starts: access(2) looks at no capability."""
    if os.getuid() == 0:
        for top, _, _ in os.walk(folder.data):
            os.chmod(top, 0o777)
