"""The page of usage: figures, plots and tables of one count, its empty states, CSV and links."""

import csv
import subprocess
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.studio.screen_pages import new_document, open_screen, publish
from tests.studio.studio import PHONE, Studio
from tests.studio.usage_pages import (
    UsageInMemory,
    bar_heights,
    bar_titles,
    figure,
    open_usage,
    table_rows,
    three_weeks,
)

TEMPLATES = ("discount-coupon",)
WEEK = "?days=7"


# --- with the running service


def test_the_empty_page_s_three_calls_make_the_first_number(studio: Studio, tmp_path: Path) -> None:
    page = open_usage(studio, WEEK)
    expect(page.get_by_role("heading", name="Three calls make your first number")).to_be_visible()
    calls = page.locator(".usage-empty pre").all_text_contents()
    assert len(calls) == 3 and studio.url in calls[0]
    environment = {"POSTCARD_API_KEY": studio.server.keys.api_key, "PATH": "/usr/bin:/bin"}
    subprocess.run(  # the page's own words
        ["/bin/bash", "-ec", "\n".join(calls)],
        cwd=tmp_path,
        env=environment,
        check=True,
        timeout=60,
    )
    assert (tmp_path / "hello.png").read_bytes().startswith(b"\x89PNG")
    page.reload()
    notice = "Plots appear once ten pictures were drawn or fetched."
    expect(page.get_by_text(notice)).to_be_visible()
    assert (figure(page, "First opens"), figure(page, "Fetches")) == ("1", "–")
    expect(page.locator(".plot")).to_have_count(0)
    assert table_rows(page, ".usage-table")[0][:3] == ["hello", "first", "1"]


@pytest.mark.quick
def test_ten_opened_links_are_on_the_page_and_behind_its_link_until_that_is_deleted(
    studio: Studio,
) -> None:
    publish(studio, "opened", new_document(name="Opened"))
    for number in range(10):
        modification = {"name": "first_name", "value": f"N{number}"}
        body = {"template_id": "opened", "campaign": "ten", "modifications": [modification]}
        url = studio.call("POST", "/v1/links", body).json()["url"]
        assert requests.get(url, timeout=60).status_code == 200
    page = open_usage(studio, f"{WEEK}&campaign=ten")
    assert figure(page, "First opens") == "10"
    assert bar_titles(page, "First opens")[-1].endswith("10 first opens, not complete yet")
    row = table_rows(page, ".usage-table")[0]
    assert row[:3] == ["opened", "ten", "10"]
    totals = studio.call("GET", "/v1/usage?campaign=ten").json()["totals"]
    assert float(row[-1].removeprefix("$")) == pytest.approx(totals["usd"], rel=0.05)
    link = share(page)
    guest = studio.new_page(java_script_enabled=False)
    guest.goto(link)
    expect(guest.get_by_role("heading", name="ten")).to_be_visible()
    assert bar_titles(guest, "First opens") == bar_titles(page, "First opens")
    assert "$" not in guest.locator("body").inner_text()
    with guest.expect_download() as started:
        guest.get_by_role("link", name="Download CSV").click()
    (counted,) = csv.DictReader(Path(started.value.path()).read_text().splitlines())
    assert (counted["first_opens"], "usd" in counted) == ("10", False)
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".share-list")).to_have_count(0)
    studio.recorder.allow_status(404)
    guest.reload()
    expect(guest.get_by_role("heading", name="This link shows nothing")).to_be_visible()


def share(page: Page, *, prices: bool = False) -> str:
    """The address of a new link to what the page shows."""
    page.get_by_role("button", name="Share…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("With the cost").set_checked(prices)
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.get_by_label("Link", exact=True)
    expect(link).to_be_visible()
    return link.input_value()


def test_a_link_with_prices_has_the_cost_also_on_a_phone(studio: Studio) -> None:
    page = open_usage(studio, WEEK)
    guest = studio.new_page(viewport=PHONE)
    guest.goto(share(page, prices=True))
    assert figure(guest, "Cost") == figure(page, "Cost")
    assert guest.evaluate("document.scrollingElement.scrollWidth") == PHONE["width"]


def test_the_address_usage_leads_to_the_page_and_to_the_sign_in(studio: Studio) -> None:
    page = studio.new_page()
    page.goto(f"{studio.url}/usage")
    expect(page.get_by_label("Invitation link")).to_be_visible()
    assert page.url == f"{studio.url}/studio/usage"


def test_a_person_who_may_only_design_has_no_way_to_usage(studio: Studio) -> None:
    page = open_screen(studio, invitation={"design_only": True})
    expect(page.get_by_role("searchbox")).to_be_visible()
    expect(page.get_by_role("link", name="Usage")).to_have_count(0)
    studio.recorder.allow_status(403)
    page.goto(f"{studio.url}/studio/usage")
    expect(page.get_by_role("alert")).to_contain_text("lacks the scope")


# --- with counts that a test chooses


@pytest.mark.quick
def test_bars_titles_and_tables_of_the_plots_show_the_counts(studio: Studio) -> None:
    page = three_weeks().open(studio, f"{WEEK}&template_id=welcome")
    counts = [16, 17, 18, 19, 25, 21, 22]
    told = [title.split(": ")[1].split(" first")[0] for title in bar_titles(page, "First opens")]
    assert told == list(map(str, counts))
    heights = bar_heights(page, "First opens", "series-1")
    assert [round(height / heights[-1] * 22) for height in heights] == counts
    hits, misses = (bar_heights(page, "Fetches", f"series-{number}") for number in (1, 2))
    assert hits == pytest.approx([3 * miss for miss in misses], abs=0.5)
    plot = page.locator(".plot", has_text="Fetches by day")
    plot.locator("summary").click()
    newest = plot.locator("tbody tr").first.locator("td")
    assert newest.all_inner_texts() == ["66", "22", "88"]
    assert figure(page, "First opens") == str(sum(counts))
    assert figure(page, "Hit share") == "75.0 %"
    reasons = page.locator(".plot", has_text="Fallbacks by reason").locator("tbody tr")
    assert reasons.all_text_contents() == ["Drawing took too long3"]


def test_period_and_filters_are_in_the_address_and_stay_with_a_reload(studio: Studio) -> None:
    page = three_weeks().open(studio)
    page.get_by_label("7 days").check()
    page.get_by_label("Template", exact=True).select_option("receipt")
    expect(page.locator(".figure-value").first).to_have_text("11")
    assert page.url.endswith("/studio/usage?days=7&template_id=receipt")
    page.reload()
    expect(page.locator(".figure-value").first).to_have_text("11")
    expect(page.get_by_label("Template", exact=True)).to_have_value("receipt")
    page.get_by_label("Template", exact=True).select_option("welcome")
    expect(page.locator(".figure-value").first).to_have_text("138")
    page.get_by_label("Template", exact=True).select_option("receipt")
    expect(page.get_by_role("status")).to_have_text("Shown: 16 Nov to 22 Nov 2026 · receipt")
    page.get_by_label("Custom").check()
    page.get_by_label("From").fill("2026-11-22")
    page.get_by_label("From").blur()
    expect(page.get_by_text("Nothing was counted here in this period.")).to_be_visible()
    assert "from=2026-11-22&to=2026-11-22" in page.url


def test_usage_without_a_campaign_can_be_chosen_and_shared(studio: Studio) -> None:
    page = three_weeks().open(studio, WEEK)
    page.get_by_label("Campaign", exact=True).select_option("Without a campaign")
    expect(page.locator(".figure-value").first).to_have_text("11")
    assert page.url.endswith("?days=7&campaign=")
    link = share(page)
    assert page.get_by_role("dialog").get_by_text("without a campaign").first.is_visible()
    guest = studio.new_page()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="without a campaign")).to_be_visible()


def test_the_table_is_sorted_by_the_pressed_column(studio: Studio) -> None:
    page = three_weeks().open(studio, WEEK)
    page.get_by_role("button", name="Template").click()
    names = [row[0] for row in table_rows(page, ".usage-table")]
    assert names == sorted(names)
    page.get_by_role("button", name="Links").click()
    assert table_rows(page, ".usage-table")[0][1] == "autumn"
    header = page.locator(".usage-table th", has_text="Links")
    expect(header).to_have_attribute("aria-sort", "descending")


def test_the_csv_has_the_numbers_of_the_table(studio: Studio) -> None:
    page = three_weeks().open(studio, WEEK)
    with page.expect_download() as started:
        page.get_by_role("button", name="Download CSV").click()
    assert started.value.suggested_filename == "usage-by-campaign.csv"
    rows = list(csv.DictReader(Path(started.value.path()).read_text().splitlines()))
    shown = table_rows(page, ".usage-table")
    assert [[row["template_id"], row["campaign"] or "–"] for row in rows] == [r[:2] for r in shown]
    assert [f"{int(row['first_opens']):,}" for row in rows] == [row[2] for row in shown]


def test_a_quiet_period_of_an_account_in_use_is_told_as_such(studio: Studio) -> None:
    page = three_weeks().open(studio, "?from=2026-10-25&to=2026-10-31")
    expect(page.get_by_role("heading", name="Three calls make")).to_be_visible()
    usage = three_weeks()
    usage.count("2026-10-20", "welcome", first_opens=3)
    page = usage.open(studio, "?from=2026-10-25&to=2026-10-31")
    expect(page.get_by_text("Nothing was counted here in this period.")).to_be_visible()


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_long_names_break_and_leave_the_first_numbers_in_sight(studio: Studio, width: int) -> None:
    usage = UsageInMemory()
    usage.count("2026-11-20", "w" * 64, "x" * 32, first_opens=12_345)
    page = usage.open(studio, WEEK, viewport={"width": width, "height": 844})
    assert page.evaluate("document.scrollingElement.scrollWidth") == width
    numbers = page.locator(".usage-table tbody td.numeric")
    box = numbers.first.bounding_box()
    assert box is not None and box["x"] + box["width"] <= width
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 900})  # of a sheet of A4
    assert page.evaluate("document.scrollingElement.scrollWidth") == 718


def test_a_year_has_a_bar_for_each_week(studio: Studio) -> None:
    page = three_weeks().open(studio, "?from=2025-11-23&to=2026-11-22")
    titles = bar_titles(page, "First opens by week")
    assert len(titles) == 53
    assert sum(int(title.split(": ")[1].split()[0]) for title in titles) == 253 + 5 + 11


def test_of_thousands_of_rows_two_hundred_are_shown_and_the_service_sorts(studio: Studio) -> None:
    usage = UsageInMemory()
    for number in range(2_500):
        name = f"c{number:04}"
        usage.count("2026-11-20", "many", name, first_opens=number + 1, links=2_500 - number)
    page = usage.open(studio, WEEK)
    assert len(table_rows(page, ".usage-table")) == 200
    assert page.get_by_text("The first 200 of 2,500 rows. The CSV has all of them.").is_visible()
    with page.expect_response("**/v1/usage/report?*sort=-links*"):
        page.get_by_role("button", name="Links").click()
    expect(page.locator(".usage-table tbody tr").first).to_contain_text("c0000")
