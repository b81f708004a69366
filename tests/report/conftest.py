"""A browser without a window, spoken to through its debugging pipe."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# --remote-debugging-pipe reads file 3 and writes file 4
START = """import os, sys
read, write = (os.dup(os.dup(int(a))) for a in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page of a headless Chromium."""

    def __init__(self, program: str, profile: Path) -> None:
        told, self._out = os.pipe()
        self._in, answer = os.pipe()

        args = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run"]
        args += ["--window-size=1300,900", f"--user-data-dir={profile}"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, str(told), str(answer), program, *args, "about:blank"],
            pass_fds=(told, answer),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(told)
        os.close(answer)
        self._buffer = b""
        self._last = 0
        self._loaded = False
        self._session = ""
        self.requests: list[str] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        self._last += 1
        sent = {"id": self._last, "method": method, "params": params}
        if self._session:
            sent["sessionId"] = self._session
        os.write(self._out, json.dumps(sent).encode() + b"\0")
        while True:
            got = self._read()
            if got.get("id") == self._last:
                assert "error" not in got, got
                return got["result"]

    def _read(self) -> Any:
        while b"\0" not in self._buffer:
            assert select.select([self._in], [], [], 30)[0], "the browser says nothing"
            more = os.read(self._in, 1 << 16)
            assert more, "the browser ended"
            self._buffer += more
        one, _, self._buffer = self._buffer.partition(b"\0")
        got = json.loads(one)
        if got.get("method") == "Network.requestWillBeSent":
            self.requests.append(got["params"]["request"]["url"])
        self._loaded |= got.get("method") == "Page.loadEventFired"
        return got

    def open(self, file: Path, fragment: str = "") -> None:
        self._go("about:blank")
        self.requests.clear()
        url = file.as_uri() + (f"#{fragment}" if fragment else "")
        self._go(url)

    def _go(self, url: str) -> None:
        self._loaded = False
        self.call("Page.navigate", url=url)
        while not self._loaded:  # no promise in the page: its scripts may be switched off
            self._read()

    def eval(self, script: str) -> Any:
        got = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def media(self, **features: str) -> None:
        told = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.call("Emulation.setEmulatedMedia", features=told)

    def picture(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        os.close(self._out)
        os.close(self._in)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser; the test is skipped where there is none."""
    program = next((found for n in NAMES if (found := shutil.which(n))), None)
    if program is None or os.name != "posix":
        pytest.skip(f"no browser on this machine: none of {', '.join(NAMES)}")
    one = Browser(program, tmp_path_factory.mktemp("profile"))
    yield one
    one.close()
