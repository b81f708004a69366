"""Publishing a package: whole or not at all, whatever fails and whenever the process dies."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline import exchange, exchange_swap
from sdtm_mapper.pipeline.exchange import package, publish

# What changes the disk, or waits for it. Each call of each of these is one step.
STEPS = ("mkdir", "open", "fsync", "rename", "unlink", "rmdir")
WAYS = ("exchange", "two renames")


def builder(version: str):
    def build(folder: Path) -> None:
        (folder / "manifest.json").write_text(json.dumps({"tool": "sdtm-mapper", "version": version}))
        for name in ("a", "b"):
            (folder / name).mkdir()
            (folder / name / "data.txt").write_text(version * 1000)

    return build


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def version_of(folder: Path) -> str:
    """The version of a whole package."""
    version = json.loads((folder / "manifest.json").read_text())["version"]
    assert sorted(p.name for p in folder.rglob("*")) == ["a", "b", "data.txt", "data.txt", "manifest.json"]
    assert {(folder / n / "data.txt").read_text() for n in ("a", "b")} == {version * 1000}
    return version


def fail(out: Path) -> None:
    """A run that repairs what it finds and then has nothing to publish."""
    with pytest.raises(ZeroDivisionError), package(out):  # noqa: PT012
        assert version_of(out) in ("1", "2")
        raise ZeroDivisionError


def use(monkeypatch, way: str) -> None:
    if way == "two renames":
        monkeypatch.setattr(exchange, "swap", lambda one, other: False)


class Faults:
    """Counts steps; the step of number `at` fails, before it is done or after."""

    def __init__(self, monkeypatch, error: BaseException, at: int, after: bool) -> None:
        self.error, self.at, self.after, self.count = error, at, after, 0
        for name in STEPS:
            monkeypatch.setattr(os, name, self.wrapped(getattr(os, name)))
        monkeypatch.setattr(exchange, "swap", self.wrapped(exchange.swap))

    def wrapped(self, call):
        def step(*args, **kwargs):
            self.count += 1
            due = self.count == self.at
            if due and not self.after:
                raise self.error
            result = call(*args, **kwargs)
            if due:
                if call.__name__ == "open":
                    os.close(result)
                raise self.error
            return result

        step.__name__ = call.__name__
        return step


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()], ids=["OSError", "^C"]
)
@pytest.mark.parametrize("existing", [True, False], ids=["replaces", "first"])
def test_a_fault_at_any_step_leaves_a_whole_package(tmp_path, way, after, error, existing):
    steps = 0
    while True:
        steps += 1
        place = tmp_path / str(steps)
        out = place / "out"
        if existing:
            publish(builder("1"), out)
        else:
            place.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            use(patch, way)
            faults = Faults(patch, error, steps, after)
            try:
                publish(builder("2"), out)
                failed = False
            except (UserError, OSError, KeyboardInterrupt):
                failed = True
        if existing or out.exists():
            assert version_of(out) in ("1", "2")
        if not failed:
            assert version_of(out) == "2"
        with pytest.MonkeyPatch.context() as patch:
            use(patch, way)
            publish(builder("3"), out)
        assert version_of(out) == "3"
        assert names(place) == ["out"]
        if faults.count < steps:
            break
    assert steps > 15


CHILD = """
import json, os, signal, sys
from pathlib import Path
from sdtm_mapper.pipeline import exchange
out, way, at, after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "after"
if way == "two renames":
    exchange.swap = lambda one, other: False
count = 0
def wrapped(call):
    def step(*args, **kwargs):
        global count
        count += 1
        if count == at and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*args, **kwargs)
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return step
def build(folder):
    (folder / "manifest.json").write_text(json.dumps({"tool": "sdtm-mapper", "version": "2"}))
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "data.txt").write_text("2" * 1000)
for name in sys.argv[5].split():
    setattr(os, name, wrapped(getattr(os, name)))
exchange.swap = wrapped(exchange.swap)
exchange.publish(build, out)
"""


@pytest.mark.parametrize("way", WAYS)
def test_a_kill_at_any_step_leaves_a_whole_package(tmp_path, way):
    steps = 0
    while True:
        steps += 1
        place = tmp_path / str(steps)
        out = place / "out"
        publish(builder("1"), out)
        child = subprocess.run(
            [sys.executable, "-c", CHILD, out, way, str(steps), "before", " ".join(STEPS)],
            capture_output=True,
            check=False,
        )
        assert child.returncode in (0, -signal.SIGKILL), child.stderr
        if way == "exchange" or out.exists():
            assert version_of(out) in ("1", "2")
        else:
            assert names(place) == [
                ".out.sdtm-mapper-journal",
                ".out.sdtm-mapper-lock",
                ".out.sdtm-mapper-old",
                ".out.sdtm-mapper-staging",
            ]
        left = names(place)
        fail(out)  # a next run that fails repairs all the same
        assert version_of(out) in ("1", "2")
        assert names(place) == ["out"], left
        publish(builder("3"), out)
        assert version_of(out) == "3"
        if child.returncode == 0:
            break
    assert steps > 15


def test_between_the_renames_the_new_package_is_taken(tmp_path):
    out = tmp_path / "out"
    publish(builder("1"), out)
    out.rename(tmp_path / ".out.sdtm-mapper-old")
    staging = tmp_path / ".out.sdtm-mapper-staging"
    staging.mkdir()
    builder("2")(staging)
    (tmp_path / ".out.sdtm-mapper-journal").write_text("{}")
    fail(out)
    assert version_of(out) == "2"


def test_without_the_journal_the_old_package_is_put_back(tmp_path):
    out = tmp_path / "out"
    publish(builder("1"), out)
    out.rename(tmp_path / ".out.sdtm-mapper-old")
    (tmp_path / ".out.sdtm-mapper-staging").mkdir()
    fail(out)
    assert version_of(out) == "1"
    assert names(tmp_path) == ["out"]


def test_a_folder_put_there_after_a_kill_is_not_overwritten(tmp_path):
    out = tmp_path / "out"
    publish(builder("1"), out)
    out.rename(tmp_path / ".out.sdtm-mapper-old")
    (tmp_path / ".out.sdtm-mapper-staging").mkdir()
    out.mkdir()
    with pytest.raises(UserError, match="something else has been put there"):
        publish(builder("2"), out)
    assert version_of(tmp_path / ".out.sdtm-mapper-old") == "1"


@pytest.mark.parametrize("way", WAYS)
def test_a_reader_sees_one_package_or_the_other(tmp_path, monkeypatch, way):
    """With an exchange at every moment; with two renames it may see none."""
    out = tmp_path / "out"
    publish(builder("1"), out)
    seen = []

    def look(call):
        def step(*args, **kwargs):
            result = call(*args, **kwargs)
            if out.exists():
                seen.append(json.loads((out / "manifest.json").read_text())["version"])
            else:
                seen.append("absent")
            return result

        return step

    use(monkeypatch, way)
    for name in ("rename", "fsync", "unlink", "rmdir"):
        monkeypatch.setattr(os, name, look(getattr(os, name)))
    monkeypatch.setattr(exchange, "swap", look(exchange.swap))
    publish(builder("2"), out)
    order = [v for i, v in enumerate(seen) if i == 0 or v != seen[i - 1]]
    assert order == (["1", "2"] if way == "exchange" else ["1", "absent", "2"])


def test_the_system_call_exchanges_folders(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / folder.name).touch()
    if not exchange_swap.swap(one, other):
        pytest.skip("this file system cannot exchange folders")
    assert names(one) == ["other"]
    assert names(other) == ["one"]
    with pytest.raises(FileNotFoundError):
        exchange_swap.swap(one, tmp_path / "absent")


def test_everything_is_synced_before_it_is_in_place(tmp_path, monkeypatch):
    out = tmp_path / "out"
    publish(builder("1"), out)
    events = []
    opened_as = {}
    real_open, real_fsync, real_swap = os.open, os.fsync, exchange.swap

    def opened(path, *args, **kwargs):
        handle = real_open(path, *args, **kwargs)
        opened_as[handle] = Path(path)
        return handle

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "fsync", lambda h: (events.append(opened_as[h]), real_fsync(h))[1])
    monkeypatch.setattr(exchange, "swap", lambda a, b: (events.append("swap"), real_swap(a, b))[1])
    publish(builder("2"), out)
    staging = tmp_path / ".out.sdtm-mapper-staging"
    at = events.index("swap")
    assert set(events[:at]) == {staging, tmp_path} | {
        staging / n for n in ("manifest.json", "a", "b", "a/data.txt", "b/data.txt")
    }
    assert tmp_path in events[at:]


def test_what_build_raises_is_passed_on(tmp_path):
    out = tmp_path / "out"
    publish(builder("1"), out)

    def build(folder):
        (folder / "half").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        publish(build, out)
    assert version_of(out) == "1"
    assert names(tmp_path) == ["out"]


def test_a_package_without_our_manifest_is_not_published(tmp_path):
    with pytest.raises(ValueError, match=r"manifest\.json"):
        publish(lambda folder: None, tmp_path / "out")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        {"notes.txt": "mine"},
        {"manifest.json": "{}"},
        {"manifest.json": '{"tool": "x"}'},
        {"manifest.json": "["},
    ],
)
def test_a_folder_that_is_not_ours_is_refused(tmp_path, content):
    out = tmp_path / "out"
    out.mkdir()
    for name, text in content.items():
        (out / name).write_text(text)
    with pytest.raises(UserError, match="so it is not replaced"):
        publish(builder("1"), out)
    assert {p.name: p.read_text() for p in out.iterdir()} == content
    assert names(tmp_path) == ["out"]


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    publish(builder("1"), tmp_path / "out")
    assert version_of(tmp_path / "out") == "1"


def test_a_file_a_root_and_a_mount_point_are_refused(tmp_path, monkeypatch):
    (tmp_path / "out").write_text("")
    with pytest.raises(UserError, match="not a folder"):
        publish(builder("1"), tmp_path / "out")
    with pytest.raises(UserError, match="root of a file system"):
        publish(builder("1"), Path("/"))
    (tmp_path / "mounted").mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda p: Path(p).name == "mounted")
    with pytest.raises(UserError, match="mount point"):
        publish(builder("1"), tmp_path / "mounted")


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    publish(builder("1"), tmp_path / "real" / "package")
    (tmp_path / "latest").symlink_to(tmp_path / "real" / "package")
    publish(builder("2"), tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink()
    assert version_of(tmp_path / "real" / "package") == "2"


def test_a_second_writer_is_told(tmp_path):
    out = tmp_path / "out"
    with package(out) as folder:
        builder("1")(folder)
        with pytest.raises(UserError, match="another run is writing"):
            publish(builder("2"), out)
        publish(builder("9"), tmp_path / "elsewhere")
    assert version_of(out) == "1"
    assert names(tmp_path) == ["elsewhere", "out"]


def test_a_lock_file_removed_while_we_lock_it_is_not_taken_for_the_lock(tmp_path, monkeypatch):
    out = tmp_path / "out"
    lock = tmp_path / ".out.sdtm-mapper-lock"
    real, removed = fcntl.flock, []

    def flock(handle, how):
        if not removed:
            removed.append(lock.unlink())
        return real(handle, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with package(out) as folder:
        builder("1")(folder)
        assert lock.exists()
        with pytest.raises(UserError):
            publish(builder("2"), out)
    assert version_of(out) == "1"


@pytest.mark.parametrize("inside", [".", "raw", "deep/raw"])
def test_a_folder_that_is_read_is_not_deleted_with_the_old_package(tmp_path, inside):
    out = tmp_path / "out"
    publish(builder("1"), out)
    raw = out / inside
    raw.mkdir(parents=True, exist_ok=True)
    (raw / "ae.csv").write_text("precious")
    with (
        pytest.raises(UserError, match=r"the delivery .* would be deleted"),
        package(out, {"the delivery": raw}),
    ):
        pass
    assert (raw / "ae.csv").read_text() == "precious"


def test_a_link_to_what_is_in_the_old_package_is_seen_through(tmp_path):
    out = tmp_path / "out"
    publish(builder("1"), out)
    (out / "raw").mkdir()
    (tmp_path / "link").symlink_to(out / "raw")
    with (
        pytest.raises(UserError, match="would be deleted"),
        package(out, {"the delivery": tmp_path / "link"}),
    ):
        pass


def test_a_folder_beside_the_package_is_no_fault(tmp_path):
    (tmp_path / "out-raw").mkdir()
    with package(tmp_path / "out", {"the delivery": tmp_path / "out-raw"}) as folder:
        builder("1")(folder)
    assert version_of(tmp_path / "out") == "1"
