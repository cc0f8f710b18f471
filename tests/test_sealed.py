"""Sealed files: what went in comes out, wherever it is read from, and whoever altered it is noticed."""

from __future__ import annotations

import hashlib
import secrets

import pytest

from app.sealed import BLOCK, Changed, SealBrokenError, Sealer

KEY = bytes(range(32))


@pytest.fixture
def sealer():
    return Sealer(KEY, "test")


def put(sealer, path, content, step=10_000):
    with sealer.writer(path) as writer:
        for start in range(0, len(content), step):
            writer.write(content[start : start + step])
        writer.flush()


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 77])
def test_what_was_written_in_any_steps_is_read_whole_and_in_part(sealer, tmp_path, size):
    content = secrets.token_bytes(size)
    put(sealer, tmp_path / "f", content[: size // 2], 777)
    put(sealer, tmp_path / "f", content[size // 2 :])
    with sealer.reader(tmp_path / "f") as reader:
        assert (reader.size, reader.read()) == (size, content)
        assert reader.sha256() == hashlib.sha256(content).hexdigest()
        for start, end in ((0, 1), (size // 3, size), (size - 1, size), (size // 2, size // 2 + 5)):
            assert b"".join(reader.pieces(start, end)) == content[start:end]


def test_nothing_of_the_content_stands_in_the_file_nor_in_its_name(sealer, tmp_path):
    content = "张文贵 990123199001011239".encode() * 1000
    put(sealer, tmp_path / "f", content)
    raw = (tmp_path / "f").read_bytes()
    assert "张文贵".encode() not in raw
    sha = hashlib.sha256(content).hexdigest()
    assert sealer.name(sha) != sha
    assert sealer.name(sha) != Sealer(bytes(32), "test").name(sha)


def test_the_same_content_under_another_key_or_purpose_is_not_opened(sealer, tmp_path):
    put(sealer, tmp_path / "f", b"a" * 100)
    for other in (Sealer(bytes(32), "test"), Sealer(KEY, "other")):
        with other.reader(tmp_path / "f") as reader, pytest.raises(SealBrokenError):
            reader.read()


def test_a_block_that_was_altered_moved_or_repeated_is_noticed(sealer, tmp_path):
    content = secrets.token_bytes(3 * BLOCK)
    put(sealer, tmp_path / "f", content)
    raw = (tmp_path / "f").read_bytes()
    block = (len(raw) - 20) // 3
    first, second, third = (raw[20 + n * block : 20 + (n + 1) * block] for n in range(3))
    for changed in (
        [second, first, third],
        [first, third],
        [first, first, second],
        [first, second[:-1] + bytes([second[-1] ^ 1]), third],
    ):
        (tmp_path / "f").write_bytes(raw[:20] + b"".join(changed))
        with sealer.reader(tmp_path / "f") as reader, pytest.raises(SealBrokenError):
            reader.read()


@pytest.mark.parametrize("left", [1, 5, 19, 20, 21, 300, 0.5])
def test_after_a_torn_write_everything_before_it_stands_and_writing_goes_on(sealer, tmp_path, left):
    content = secrets.token_bytes(2 * BLOCK)
    put(sealer, tmp_path / "f", content)
    raw = (tmp_path / "f").read_bytes()
    (tmp_path / "f").write_bytes(raw[: int(len(raw) * left) if isinstance(left, float) else left])
    held = sealer.size(tmp_path / "f")
    assert held in {0, BLOCK}
    put(sealer, tmp_path / "f", content[held:])
    with sealer.reader(tmp_path / "f") as reader:
        assert reader.read() == content


def test_a_last_block_of_zeros_that_a_power_cut_left_is_cut_off(sealer, tmp_path):
    content = secrets.token_bytes(2 * BLOCK)
    put(sealer, tmp_path / "f", content)
    raw = bytearray((tmp_path / "f").read_bytes())
    raw[-1000:] = bytes(1000)
    (tmp_path / "f").write_bytes(raw)
    with sealer.writer(tmp_path / "f") as writer:
        assert writer.size == BLOCK
        writer.write(content[BLOCK:])
        writer.flush()
    with sealer.reader(tmp_path / "f") as reader:
        assert reader.read() == content


def test_a_writer_that_was_overtaken_by_another_adds_nothing(sealer, tmp_path):
    put(sealer, tmp_path / "f", b"one")
    with sealer.writer(tmp_path / "f") as late:
        late.write(b"two of mine")
        put(sealer, tmp_path / "f", b"two")
        with pytest.raises(Changed):
            late.flush()
    with sealer.reader(tmp_path / "f") as reader:
        assert reader.read() == b"onetwo"
