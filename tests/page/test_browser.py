"""The report page in a real browser, headless Chromium. Without Chromium the tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from hwnas.page import write_page
from tests.page.written import HOSTILE_ARCHITECTURE, HOSTILE_PREDICTOR, write_results

pytestmark = pytest.mark.thorough

FLAGS = (
    *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
    *("disable-background-networking", "disable-component-update", "disable-sync"),
    "window-size=1280,1000",
)
#: Marks of lines and clouds, and bars.
_MARKS = ".main-svg .scatterlayer .point, .main-svg .barlayer .point"
_TO_CENTRE = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})"
#: Positions of the first mark of a trace, and of the plot that it belongs to.
_MARK = """
const chart = document.getElementById(arguments[0]);
const trace = chart._fullData[arguments[1]], layout = chart._fullLayout;
const box = chart.querySelector(".nsewdrag").getBoundingClientRect();
const point = arguments[2];
return [box.left + layout.xaxis.c2p(trace.x[point]), box.top + layout.yaxis.c2p(trace.y[point])];
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium or chromedriver is not installed: apt-get install chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    started = webdriver.Chrome(options=options, service=service)
    yield started
    started.quit()


@pytest.fixture(scope="module")
def opened(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Open the page from disk, once for all tests."""
    folder = tmp_path_factory.mktemp("browser")
    page = write_page([write_results(folder / "outputs")], folder / "report.html")
    browser.get(page.as_uri())
    _wait(browser)
    return browser


@pytest.fixture
def page(opened: Any) -> Iterator[Any]:
    """Return the page as it opens; after the test, check that nothing went wrong in it."""
    _choose(opened, "#choose-data", "d0")
    yield opened
    assert opened.get_log("browser") == []


def _wait(page: Any) -> None:
    """Wait until the charts are drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    ready = "return document.documentElement.dataset.ready"
    WebDriverWait(page, 20).until(lambda _: page.execute_script(ready) == "yes")


def _shown(page: Any, selector: str) -> list[Any]:
    return [each for each in page.find_elements("css selector", selector) if each.is_displayed()]


def _choose(page: Any, selector: str, value: str) -> None:
    from selenium.webdriver.support.select import Select

    (shown,) = _shown(page, selector)
    Select(shown).select_by_value(value)


def _hover(page: Any, chart: str, trace: int, point: int) -> str:
    """Move the pointer to a mark, and return what Plotly shows beside it."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.support.ui import WebDriverWait

    element = page.find_element("id", chart)
    page.execute_script(_TO_CENTRE, element)
    x, y = page.execute_script(_MARK, chart, trace, point)
    actions = ActionChains(page)
    pointer: Any = actions.w3c_actions.pointer_action
    pointer.move_to_location(round(x) + 20, round(y) + 20)
    pointer.move_to_location(round(x), round(y))
    actions.perform()
    waiting = WebDriverWait(page, 5)
    label = waiting.until(lambda _: element.find_elements("css selector", ".hoverlayer .hovertext"))
    return str(label[0].text)


def test_page_opens_and_draws_every_chart_that_is_shown(page: Any) -> None:
    charts = _shown(page, "[data-chart]")
    assert len(charts) == 9
    for chart in charts:
        assert chart.find_elements("css selector", _MARKS)
    assert "take Gaussian process (predictor=best)." in _shown(page, ".lead")[0].text


def test_page_other_data_set_shows_its_answer_and_charts(page: Any) -> None:
    _choose(page, "#choose-data", "d1")
    (lead,) = _shown(page, ".lead")
    assert "of phone latency" in lead.text
    _choose(page, ".choose-size", "31")
    (lead,) = _shown(page, ".lead")
    assert lead.text.startswith("With 31 training measurements of phone latency")
    (caption,) = _shown(page, "#d1-tau-says span")
    assert caption.text.startswith("With 31 measurements, best ranks networks best")
    chosen = {row.get_attribute("data-size") for row in _shown(page, "tr.chosen")}
    assert chosen == {"31"}
    charts = _shown(page, "[data-chart]")
    assert {chart.get_attribute("id")[:2] for chart in charts} == {"d1"}
    assert all(chart.find_elements("css selector", ".main-svg") for chart in charts)


def test_page_hover_shows_architecture_true_and_predicted(page: Any) -> None:
    text = _hover(page, "d0-r0-fronts", 1, 20)
    assert HOSTILE_ARCHITECTURE in text
    for word in ("true front", "true", "predicted", "accuracy"):
        assert word in text


def test_page_hover_names_a_predictor_as_it_is(page: Any) -> None:
    traces = page.execute_script("return document.getElementById('d0-tau').data.map(t => t.name)")
    place = next(i for i, name in enumerate(traces) if name and name.startswith("&lt;"))
    assert HOSTILE_PREDICTOR in _hover(page, "d0-tau", place, 0)


def test_page_head_of_a_column_sorts_the_table(page: Any) -> None:
    (table,) = _shown(page, "#scores table")
    head = table.find_elements("css selector", "thead th")[3]
    for direction in ("ascending", "descending"):
        page.execute_script(_TO_CENTRE, head)
        head.find_element("css selector", "button").click()
        assert head.get_attribute("aria-sort") == direction
        cells = table.find_elements("css selector", "tbody tr td:nth-child(4)")
        values = [float(cell.text.partition(" ±")[0]) for cell in cells]
        assert values == sorted(values, reverse=direction == "descending")
    assert "descending" in page.find_element("id", "said").get_attribute("textContent")


def test_page_arrow_keys_read_the_points_of_a_chart(page: Any) -> None:
    chart = page.find_element("id", "d0-tau")
    chart.send_keys("\ue014")  # arrow to the right
    said = page.find_element("id", "said").get_attribute("textContent")
    assert "31 measurements, 2 seeds" in said


def test_page_dark_theme_redraws_charts(page: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    color = "return document.getElementById('d0-tau').data.at(-1).line.color"
    before = page.execute_script(color)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        WebDriverWait(page, 5).until(lambda _: page.execute_script(color) != before)
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_page_on_a_phone_is_as_wide_as_the_screen(page: Any) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        page.refresh()
        _wait(page)
        assert page.execute_script("return document.documentElement.scrollWidth") == 390
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.refresh()
        _wait(page)


def test_page_prints(page: Any) -> None:
    assert len(page.execute_cdp_cmd("Page.printToPDF", {})["data"]) > 10_000
