"""Drive a headless Chromium by the W3C WebDriver protocol, which chromedriver speaks by HTTP."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.leaderboard.run import bench
from benchmarks.report.report import report
from mn_dataset.audio.corpus import Corpus
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
)
KEYS = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Space": " ",
    "Left": "\ue012",
    "Right": "\ue014",
    "Down": "\ue015",
}

_STARTING_S, _ANSWER_S = 30.0, 60.0


class Browser:
    """One window of Chromium."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, method: str, path: str, **content: Any) -> Any:
        """Send one command; an error of the browser is raised with its message."""
        body = json.dumps(content).encode() if method == "POST" else None
        # The address is that of the driver that was started here.
        request = urllib.request.Request(self._address + path, body, method=method)  # noqa: S310
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:  # noqa: S310
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from error

    def open(self, page: Path, *, fragment: str = "") -> None:
        """Open a page from disk, and forget what the console said of an earlier one."""
        self.ask("POST", "/url", url="about:blank")
        self.console()
        self.ask("POST", "/url", url=page.resolve().as_uri() + fragment)

    def run(self, script: str, *words: Any) -> Any:
        """Return what a script returns."""
        return self.ask("POST", "/execute/sync", script=script, args=list(words))

    def devtools(self, command: str, **options: Any) -> Any:
        """Send a command of the DevTools protocol."""
        return self.ask("POST", "/goog/cdp/execute", cmd=command, params=options)

    def console(self) -> list[str]:
        """Return what was complained of since the last asking."""
        return [line["message"] for line in self.ask("POST", "/se/log", type="browser")]

    def click(self, selector: str) -> None:
        """Click into the middle of an element, as a mouse does; it must be there and free."""
        element = self.ask("POST", "/element", using="css selector", value=selector)
        self.ask("POST", f"/element/{next(iter(element.values()))}/click")

    def press(self, key: str) -> None:
        """Press and release a key."""
        value = KEYS.get(key, key)
        strokes = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self.ask("POST", "/actions", actions=[keyboard])

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements of a kind, as they are shown."""
        script = (
            "return [...document.querySelectorAll(arguments[0])]"
            ".map(item => (item.innerText ?? item.textContent).trim())"  # SVG has no innerText
        )
        return list(self.run(script, selector))

    def choose(self, title: str, value: str) -> None:
        """Click one choice of a filter, as a person does."""
        place = self.texts(f"[data-filter='{title}'] label").index(value) + 1
        self.click(f"[data-filter='{title}'] label:nth-of-type({place})")

    def wait(self, script: str, *, seconds: float = 30.0) -> Any:
        """Return what a script returns as soon as that is true."""
        until = time.monotonic() + seconds
        while not (found := self.run(script)):
            assert time.monotonic() < until, f"still not true: {script}"
            time.sleep(0.05)
        return found

    def size(self, width: int, height: int, *, mobile: bool = False) -> None:
        """Show the page as a screen of that size does."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )

    def prefer(self, **features: str) -> None:
        """Say what the person prefers, such as prefers_color_scheme="dark"."""
        named = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.devtools("Emulation.setEmulatedMedia", features=named)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write what is to be seen as PNG."""
        made = self.devtools("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(made["data"]))


@contextmanager
def chromium(driver: str, profile: Path) -> Iterator[Browser]:
    """Start a browser, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        driver_at = Browser(f"http://127.0.0.1:{port}")
        _until_ready(driver_at)
        session = driver_at.ask("POST", "/session", capabilities=_wanted(profile, FLAGS))
        browser = Browser(f"http://127.0.0.1:{port}/session/{session['sessionId']}")
        try:
            yield browser
        finally:
            browser.ask("DELETE", "")
    finally:
        server.terminate()
        server.wait(timeout=_STARTING_S)


def _wanted(profile: Path, flags: Sequence[str]) -> dict[str, Any]:
    return {
        "alwaysMatch": {
            "goog:chromeOptions": {"args": [*flags, f"--user-data-dir={profile}"]},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
    }


def _until_ready(driver: Browser) -> None:
    until = time.monotonic() + _STARTING_S
    while True:
        try:
            if driver.ask("GET", "/status")["ready"]:
                return
        except urllib.error.URLError:
            assert time.monotonic() < until, "chromedriver did not start"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    driver = shutil.which("chromedriver")
    if driver is None or not any(map(shutil.which, ("chromium", "chromium-browser", "chrome"))):
        pytest.skip("needs Chromium and its driver: apt-get install chromium chromium-driver")
    with chromium(driver, tmp_path_factory.mktemp("profile")) as window:
        yield window


PLUGINS = """
from benchmarks.contract import DenoiserSpec


class Tag:
    spec = DenoiserSpec(name="<script>document.title='obeyed'</script>", trained_on="<b>bold</b>",
                        assumes="<i>sines</i>")

    def __call__(self, batch, sampling_rate, *, side=None):
        return 0.5 * batch
"""


@pytest.fixture(scope="session")
def benched(tiny: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of the small corpus: 30 mixtures, four groups of denoisers, four examples."""
    folder = tmp_path_factory.mktemp("page")
    recipes = draw(tiny, split="test", snr_db=(0, 10), per_cell=1)
    dataset = render(recipes, tiny, folder / "data set")
    plugins = folder / "plugins.py"
    plugins.write_text(PLUGINS, encoding="utf-8")
    names = "noisy,wiener,mmse_stsa,mmse_stsa+profile,oracle_ratio_mask"
    typed = f"mn bench DATA --denoisers {names},PLUGINS:Tag --out run".split()
    typed[2], typed[4] = str(dataset), typed[4].replace("PLUGINS", str(plugins))
    run = bench(
        dataset,
        typed[4].split(","),
        folder / "run",
        metrics=["si_sdr", "lsd"],
        workers=0,
        examples=4,
        command_line=typed,
    )
    report(run)
    return run


@pytest.fixture(scope="session")
def rewritten(benched: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """What makes the page of the run with other tables, and with whoever they name."""

    def with_tables(metrics: dict[str, Any] | None = None, **tables: pd.DataFrame) -> Path:
        out = tmp_path_factory.mktemp("rewritten")
        for name in ("scores", "mixtures", "timing"):
            rows = tables.get(name, pd.read_parquet(benched / f"{name}.parquet"))
            rows.to_parquet(out / f"{name}.parquet")
        story = json.loads((benched / "run.json").read_text(encoding="utf-8"))
        known = {item["name"]: item for item in story["denoisers"]}
        names = pd.read_parquet(out / "scores.parquet")["denoiser"].unique()
        story["denoisers"] = [known.get(name, known["wiener"]) | {"name": name} for name in names]
        story["metrics"] = [item | (metrics or {}) for item in story["metrics"]]
        story["examples"] = []
        (out / "run.json").write_text(json.dumps(story), encoding="utf-8")
        report(out)
        return out / "index.html"

    return with_tables


@pytest.fixture
def page(browser: Browser, benched: Path) -> Iterator[Browser]:
    """The run's page, freshly opened on a desk; what the console says fails the test."""
    browser.size(1280, 900)
    browser.prefer(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    browser.open(benched / "index.html")
    browser.run("localStorage.clear()")
    yield browser
    assert browser.console() == []
