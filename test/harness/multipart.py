"""multipart/form-data, exactly as the test wants it."""


class Part:
    """One part. headers replaces what is made of name, filename and content_type."""

    def __init__(self, data=b"", name="file", filename=None, content_type=None, headers=None):
        self.data = data if isinstance(data, bytes) else data.encode()
        if headers is None:
            disposition = f'form-data; name="{name}"'
            if filename is not None:
                disposition += f'; filename="{filename}"'
            headers = [("Content-Disposition", disposition)]
            if content_type:
                headers.append(("Content-Type", content_type))
        self.headers = headers

    def head(self, newline=b"\r\n"):
        lines = b""
        for line in self.headers:
            if not isinstance(line, (bytes, str)):
                line = f"{line[0]}: {line[1]}"
            lines += (line if isinstance(line, bytes) else line.encode("utf-8", "surrogateescape")) + newline
        return lines + newline


class Multipart:
    """body() is the whole; pieces() is the same without building it, for parts whose data is an iterable."""

    def __init__(self, *parts, boundary="----cdn-test-boundary-7MA4YWxkTrZu0gW", preamble=b"", epilogue=b"",
                 newline=b"\r\n", closing=True, final_newline=True):
        self.parts = parts
        self.boundary = boundary
        self.preamble, self.epilogue = preamble, epilogue
        self.newline, self.closing, self.final_newline = newline, closing, final_newline

    @property
    def content_type(self):
        return f"multipart/form-data; boundary={self.boundary}"

    def body(self):
        mark = b"--" + self.boundary.encode()
        out = [self.preamble + self.newline if self.preamble else b""]
        for part in self.parts:
            out += [mark, self.newline, part.head(self.newline), part.data, self.newline]
        if self.closing:
            out += [mark, b"--", self.newline if self.final_newline else b"", self.epilogue]
        return b"".join(out)

    def around(self):
        """For one part: (what comes before its data, what comes after), to send the data in between as it is made."""
        assert len(self.parts) == 1 and not self.parts[0].data
        whole = self.body()
        at = whole.index(self.newline + self.newline) + 2 * len(self.newline)
        return whole[:at], whole[at:]
