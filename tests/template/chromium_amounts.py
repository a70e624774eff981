"""Amounts of money as Chromium's `Intl.NumberFormat` writes them, to compare with.

    python -m tests.template.chromium_amounts

Writes `chromium_amounts.json` with the Chromium of this machine.
"""

import json
from pathlib import Path

from tests.local.chromium import opened_page

TABLE = Path(__file__).with_name("chromium_amounts.json")
AMOUNTS = (1234.5, -12345.678, 12.5)
PAIRS = """
en-US USD, en-US CHF, en-US SEK, en-US PLN, en-US AED, en-GB GBP, en-GB EUR, en-IE EUR, en-CA CAD,
en-AU AUD, en-NZ NZD, en-IN INR, en-ZA ZAR, en-SG SGD, fr-FR EUR, fr-CA CAD, fr-CH CHF, fr-BE EUR,
de-CH CHF, it-CH CHF,
fr-FR USD, de-DE EUR, de-AT EUR, de-DE CHF, de-LU EUR, it-IT EUR, it-IT USD, es-ES EUR, es-MX MXN,
es-CL CLP, es-PE PEN, es-UY UYU, es-419 USD, pt-BR BRL, pt-PT EUR, pt-AO AOA, nl-NL EUR, nl-BE EUR,
sv-SE SEK, sv-SE USD, nb-NO NOK, da-DK DKK, fi-FI EUR, et-EE EUR, lv-LV EUR, lt-LT EUR,
pl-PL PLN, cs-CZ CZK, sk-SK EUR, hu-HU HUF, ro-RO RON, bg-BG EUR, hr-HR EUR, sl-SI EUR, sr-RS RSD,
el-GR EUR, tr-TR TRY, ru-RU RUB, he-IL ILS, he-IL USD, ar-EG EGP, ar-AE AED, fa-IR IRR,
hi-IN INR, bn-BD BDT, th-TH THB, vi-VN VND, id-ID IDR, ms-MY MYR, ja-JP JPY, ko-KR KRW, zh-CN CNY,
zh-TW TWD, zh-HK HKD, sw-KE KES, ur-PK PKR, ca-ES EUR, af-ZA ZAR, fil-PH PHP, ta-IN INR,
es-CO COP, es-CO USD, es-AR ARS, es-AR USD, es-EC USD, es-GQ XAF, fr-MA MAD, pt-CV EUR, fa-AF USD,
uk-UA UAH, ru-RU UAH, ru-UA UAH, de-LI EUR, de-LI CHF, bn-IN USD, sw-KE USD, zh-Hans-HK CNY,
en-CH EUR, en-CH CHF, en-DK EUR, en-DK DKK, en-SE EUR, en-150 EUR, en-MT EUR, en-AT EUR
"""


def pairs() -> list[tuple[str, str]]:
    """The locales and currencies."""
    return [(tag, code) for tag, code in (pair.split() for pair in PAIRS.split(","))]


def main() -> None:
    """Ask Chromium."""
    script = f"""({json.dumps(pairs())}).map(([tag, currency]) => [tag, currency,
      ...{list(AMOUNTS)}.map(amount => [
        new Intl.NumberFormat(tag + "-u-nu-latn").format(amount),
        new Intl.NumberFormat(tag + "-u-nu-latn", {{style: "currency", currency}}).format(amount),
      ])])"""
    with opened_page() as page:
        rows = page.evaluate(script)
    lines = ",\n".join(json.dumps(row) for row in rows)
    TABLE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
