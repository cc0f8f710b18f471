"""Workbooks of the old kind, byte by byte: the compound file (MS-CFB) and the records of BIFF5 and BIFF8 (MS-XLS)."""

from __future__ import annotations

import struct

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(streams):
    """A compound file of *streams* (name -> bytes); each is made long enough to need no mini stream."""
    padded = {
        name: content.ljust(max(4096, -(-len(content) // _SECTOR) * _SECTOR), b"\0")
        for name, content in streams.items()
    }
    fat, body, entries = [_FAT, _END], b"", []
    for name, content in padded.items():
        first = len(fat)
        count = len(content) // _SECTOR
        fat += [*range(first + 1, first + count), _END]
        body += content
        entries.append(_entry(name, 2, first, len(content)))
    entries = [_entry("Root Entry", 5, _END, 0, child=1), *entries]
    entries += [b"\0" * 128] * (4 - len(entries))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<I", 0) + struct.pack("<I", _FREE) * 108
    table = b"".join(struct.pack("<I", number) for number in fat).ljust(_SECTOR, b"\xff")
    return header + table + b"".join(entries) + body


def _entry(name, kind, first, size, child=_FREE):
    label = name.encode("utf-16-le") + b"\0\0"
    after = _FREE
    return (
        label.ljust(64, b"\0") + struct.pack("<HBBIII", len(label), kind, 1, _FREE, after, child)
        + b"\0" * 36 + struct.pack("<IQ", first, size)
    )  # fmt: skip


def record(number, content=b""):
    """One record of BIFF."""
    return struct.pack("<HH", number, len(content)) + content


def biff8(rows, *, from_1904=False, password=False, hidden=(), formulas=()):
    """An .xls of one sheet "表"; *formulas*: cells (row, column) whose value is the kept result of a formula."""
    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0x41, 0x06)
    globals_ = record(0x0809, bof)
    if password:
        globals_ += record(0x002F, struct.pack("<HHH", 1, 1, 1) + b"\x11" * 48)
    globals_ += record(0x0042, struct.pack("<H", 1200)) + record(0x0022, struct.pack("<H", int(from_1904)))
    name = b"\x01\x01" + "表".encode("utf-16-le")
    size = len(globals_) + len(record(0x0085, b"\0" * 6 + name)) + 4
    globals_ += record(0x0085, struct.pack("<IH", size, 0) + name) + record(0x000A)
    sheet = record(0x0809, bof[:2] + struct.pack("<H", 0x10) + bof[4:])
    for r, row in enumerate(rows):
        flags = 0x0120 if r in hidden else 0x0100
        sheet += record(0x0208, struct.pack("<HHHHHHI", r, 0, len(row), 0xFF, 0, 0, flags))
        for c, cell in enumerate(row):
            sheet += _cell8(r, c, cell, formula=(r, c) in formulas)
    return compound({"Workbook": globals_ + sheet + record(0x000A)})


def _cell8(row, column, cell, *, formula):
    where = struct.pack("<HHH", row, column, 0)
    if cell is None:
        return b""
    if formula:
        code = b"\x1e\x01\x00"
        if isinstance(cell, str):
            kept = b"\0" + b"\0" * 5 + b"\xff\xff"
            text = record(0x0207, struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
        else:
            kept, text = struct.pack("<d", cell), b""
        return record(0x0006, where + kept + struct.pack("<HIH", 0, 0, len(code)) + code) + text
    if isinstance(cell, str):
        return record(0x0204, where + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
    return record(0x0203, where + struct.pack("<d", cell))


def excel_95(rows):
    """The same as Excel 95 wrote it, in the letters of Chinese Windows."""
    bof = struct.pack("<HHHH", 0x0500, 0x0005, 0x0DBB, 0x07CC)
    globals_ = record(0x0809, bof) + record(0x0042, struct.pack("<H", 936))
    name = "表".encode("gbk")
    size = len(globals_) + len(record(0x0085, b"\0" * 7 + name)) + 4
    globals_ += record(0x0085, struct.pack("<IHB", size, 0, len(name)) + name) + record(0x000A)
    sheet = record(0x0809, bof[:2] + struct.pack("<H", 0x10) + bof[4:])
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            text = cell.encode("gbk")
            sheet += record(0x0204, struct.pack("<HHHH", r, c, 0, len(text)) + text)
    return compound({"Book": globals_ + sheet + record(0x000A)})


def excel_4(rows):
    """The same before there were compound files: records alone."""
    content = record(0x0409, struct.pack("<HHH", 0x0400, 0x0010, 0))
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            text = cell.encode("gbk")
            content += record(0x0204, struct.pack("<HHHH", r, c, 0, len(text)) + text)
    return content + record(0x000A)


def locked_xlsx():
    """What Excel makes of an .xlsx with a password to open it (MS-OFFCRYPTO 2.3.4.10): a compound file around sealed bytes."""
    info = (
        struct.pack("<HHI", 4, 4, 0x40) + b'<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption"/>'
    )
    return compound({"EncryptionInfo": info, "EncryptedPackage": struct.pack("<Q", 5000) + bytes(range(256)) * 20})
