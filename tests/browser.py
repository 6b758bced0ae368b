"""A real Chromium for tests: what a person would see, on a screen of any size, in light or dark."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

T = TypeVar("T")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
WAIT_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Browser:
    """One window."""

    driver: webdriver.Chrome

    def open(self, url: str, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Show a page anew, on a screen of this size and in this color scheme."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},  # what is clicked stands still
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get("about:blank")
        self.driver.get(url)

    def one(self, selector: str) -> WebElement:
        """Return an element once there is one."""
        return self.until(lambda: self.all(selector))[0]

    def all(self, selector: str) -> list[WebElement]:
        """Return the elements there are now."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """Return the elements' texts, at one moment."""
        found = self.run(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector
        )
        return [str(text) for text in found]

    def until(self, done: Callable[[], T]) -> T:
        """Return what `done` returns once it is true."""
        return WebDriverWait(self.driver, WAIT_S, 0.1).until(lambda _: done())

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            webdriver.ActionChains(self.driver).send_keys(key).perform()

    def run(self, script: str, *given: Any) -> Any:
        """Run a script in the page and return its answer."""
        return self.driver.execute_script(script, *given)  # type: ignore[no-untyped-call]

    def focused(self) -> str:
        """Return the id of what has the focus, or its text."""
        return str(self.run("const e = document.activeElement; return e.id || e.textContent.trim()"))

    def complaints(self) -> list[str]:
        """Return what the browser wrote into its console since the last call: errors, refused by policy."""
        return [str(row["message"]) for row in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a browser; skips the test where the system has none."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs the system packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ARGUMENTS:
        options.add_argument(argument)  # type: ignore[no-untyped-call]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield Browser(driver=window)
    finally:
        window.quit()


__all__ = ["Browser", "Keys", "chromium"]
