"""Tiny files of many types, made here: each whole and valid where that takes few bytes, else its leading bytes."""
import base64
import io
import struct
import wave
import zlib


def png(color=b"\1\2\3"):
    """One pixel."""
    def chunk(kind, data):
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    header = struct.pack("!IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" + color)) +
            chunk(b"IEND", b""))


def jpeg():
    """One grey pixel: every coefficient 0, each Huffman table of one code."""
    def segment(marker, data):
        return b"\xff" + bytes([marker]) + struct.pack("!H", len(data) + 2) + data

    table = b"\1" + bytes(15) + b"\0"
    return (b"\xff\xd8" + segment(0xe0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + segment(0xdb, b"\0" + b"\1" * 64) +
            segment(0xc0, struct.pack("!BHHB", 8, 1, 1, 1) + b"\1\x11\0") + segment(0xc4, b"\0" + table) +
            segment(0xc4, b"\x10" + table) + segment(0xda, b"\1\1\0\0\x3f\0") + b"\x3f\xff\xd9")


def gif():
    return (b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + b"," +
            struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0;")


def bmp():
    header = struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + header + b"\1\2\3\0"


def ico():
    picture = png()
    return struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 1, 1, 0, 0, 1, 24, len(picture), 22) + picture


def wav():
    out = io.BytesIO()
    with wave.open(out, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(bytes(64))
    return out.getvalue()


def box(kind, data):
    return struct.pack("!I", len(data) + 8) + kind + data


def iso_media(brand, compatible):
    """The beginning of an ISO base media file: its type, and an empty movie."""
    movie = box(b"moov", box(b"mvhd", bytes(100)))
    return box(b"ftyp", brand + struct.pack("!I", 512) + compatible) + movie + box(b"mdat", b"")


def ogg(codec):
    """One page that opens a stream."""
    return b"OggS\0\2" + bytes(8) + struct.pack("<III", 1, 0, 0) + bytes([1, len(codec)]) + codec


def webm():
    body = b"\x42\x86\x81\1\x42\xf7\x81\1\x42\xf2\x81\4\x42\xf3\x81\x08\x42\x82\x84webm\x42\x87\x81\4\x42\x85\x81\2"
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(body)]) + body


def pdf():
    out = b"%PDF-1.4\n"
    offsets = []
    for n, text in enumerate([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                              b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"], 1):
        offsets.append(len(out))
        out += b"%d 0 obj" % n + text + b"endobj\n"
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    return out + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)


# Extension on disk: bytes of that type. Each type of the static lane is here.
LANES = {
    "png": png(),
    "jpg": jpeg(),
    "gif": gif(),
    "webp": base64.b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="),
    "avif": iso_media(b"avif", b"avifmif1miaf"),
    "bmp": bmp(),
    "ico": ico(),
    "mp4": iso_media(b"isom", b"isomiso2avc1mp41"),
    "webm": webm(),
    "mov": iso_media(b"qt  ", b"qt  "),
    "ogv": ogg(b"\x80theora\3\2\1" + bytes(32)),
    "mp3": b"ID3\3\0\0\0\0\0\0" + (b"\xff\xfb\x90\x64" + bytes(413)) * 3,
    "m4a": iso_media(b"M4A ", b"M4A mp42isom"),
    "aac": (b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(10)) * 3,
    "ogg": ogg(b"\1vorbis" + struct.pack("<IBIIIIBB", 0, 2, 44100, 0, 128000, 0, 0xb8, 1)),
    "wav": wav(),
    "flac": b"fLaC\x80\0\0\x22" + struct.pack("!HH", 4096, 4096) + bytes(6) + b"\x0a\xc4\x42\xf0\0\0\0\1" + bytes(16),
    "pdf": pdf(),
    "woff": b"wOFF\0\1\0\0" + struct.pack("!IHHI", 44, 0, 0, 12) + bytes(24),
    "woff2": b"wOF2\0\1\0\0" + struct.pack("!IHHII", 48, 0, 0, 12, 0) + bytes(24),
    "wasm": b"\0asm\1\0\0\0",
}
