from __future__ import annotations

import signal
import socket

from tests.command.conftest import Device, process, told


def _down(url):
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) != 0


def test_a_demo_serves_until_stopped_leaves_no_server_and_goes_on_where_it_was(tmp_path):
    env = {"TOWNSHIP_USER": "林小禾", "TOWNSHIP_PASSWORD": "demo-pw"}
    notes = []
    for _ in range(2):
        running = process("demo", "--scale", "village", "--no-window", "--json", "--home", tmp_path / "demo", **env)
        try:
            notes.append(told(running))
            device = Device(tmp_path / "demo", "林小禾", "demo-pw")
            assert device.json("sync")["in_agreement"] is True
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate()
        assert running.returncode == 0
        assert _down(notes[-1]["url"])
    assert notes[0] == notes[1]
    assert (notes[0]["user"], notes[0]["password"]) == ("林小禾", "demo-pw")
    assert device.json("list", "resident", "--limit", "1")["total"] > 1000
    files = [device.json("document", case["id"])["documents"] for case in device.json("list", "mediation")["records"]]
    assert any(all(item["ready"] for item in documents) for documents in files)
    assert {case["values"]["state"] for case in device.json("list", "event")["records"]} >= {
        "reported",
        "handling",
        "closed",
    }


def test_a_port_that_is_taken_is_said_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = process("demo", "--scale", "village", "--no-window", "--home", tmp_path / "demo", "--port", port)
        _, err = running.communicate()
    assert running.returncode == 3
    assert f"{port} 端口已被占用" in err


def test_a_demo_is_not_made_over_somebodys_store(clerk):
    clerk.save("resident", name="真的人")
    running = process("demo", "--scale", "village", "--no-window", "--home", clerk.home)
    _, err = running.communicate()
    assert running.returncode == 3
    assert "已经有一份数据" in err
    assert clerk.json("list", "resident")["total"] == 1
