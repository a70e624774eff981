"""Values for the six documents: hard ones, in the words of five languages."""

from typing import Any

Values = dict[str, Any]

LOCALES = ("en-GB", "de-DE", "ar", "hi-IN", "ja-JP")
NAMES = {
    "en-GB": "Bartholomew Featherstonehaugh-Cholmondeley O’Shaughnessy",
    "de-DE": "Karl-Theodor Maria Freiherr von und zu Guttenberg-Müßiggang",
    "ar": "عبد الرحمن بن محمد الشريف الأندلسي",
    "hi-IN": "श्रीमती लक्ष्मीबाई कृष्णमूर्ति राजगोपालाचारी",
    "ja-JP": "渡邉 さくら・エリザベス・髙橋",
}
FIRST_NAMES = {
    "en-GB": "Wilhelmina-Alexandrina Jane",
    "de-DE": "Friedrich-Wilhelm",
    "ar": "عبد الرحمن",
    "hi-IN": "लक्ष्मी प्रिया",
    "ja-JP": "さくら",
}
TITLES = {
    "en-GB": "An *extraordinarily* long headline about shipping pictures, and what is left of it",
    "de-DE": "Donaudampfschifffahrtsgesellschaft: wie *persönliche* Bilder schneller werden",
    "ar": "أسرع طريقة *لإرسال* الصور الشخصية في كل رسالة بريد",
    "hi-IN": "हर ईमेल में *निजी* चित्र भेजने का सबसे तेज़ तरीका",
    "ja-JP": "すべてのメールに*ひとりひとり*の画像を届けるいちばん速い方法",
}
VENUES = {
    "en-GB": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch Town Hall",
    "de-DE": "Kongress- und Veranstaltungszentrum Oberhausen-Sterkrade",
    "ar": "قاعة مركز الملك فهد الثقافي، الرياض",
    "hi-IN": "जवाहरलाल नेहरू स्टेडियम, नई दिल्ली",
    "ja-JP": "東京国際フォーラム ホールA",
}
PRODUCT_NAMES = {
    "en-GB": "Waterproof jacket with a very long name, taped seams and a hood that stays on",
    "de-DE": "Regenjacke mit sehr langem Namen, wasserdicht, winddicht, atmungsaktiv",
    "ar": "سترة مطر مقاومة للماء باسم طويل جدًا وغطاء للرأس",
    "hi-IN": "बहुत लंबे नाम वाली जलरोधक बरसाती जैकेट, टोपी सहित",
    "ja-JP": "とても長い名前の防水レインジャケット(フード付き・撥水加工)",
}


FIXED_VALUES: dict[str, Values] = {
    "event-ticket": {
        "tier": "Press",
        "starts_at": "2027-09-29T23:45",
        "seat_section": "WEST-14B",
        "row": "AA-1234",
        "seat": "1234-567",
        "ticket_id": "WWWWWWWWWWMMMMMMMMMM",
        "hero": "asset:sunrise",
    },
    "loyalty-card": {
        "photo": "asset:portrait",
        "points": 1000000,
        "next_at": 1250000,
        "tier": "black",
        "rating": 3.7,
        "member_since": "1999-12-31",
    },
    "abandoned-cart": {},
    "countdown-banner": {"ends_at": "2027-09-29T23:59:59+02:00"},
    "og-card": {
        "author_photo": "asset:portrait",
        "minutes": 120,
        "tag_2": "Wissenschaftsjournal",
        "brand": "#f472b6",
    },
    "certificate-arabic": {
        "hours": 1234.5,
        "grade": 100,
        "issued_on": "2026-09-30",
        "cert_id": "CERTIFICATE-2026-0000417",
        "signature": "asset:signature",
    },
}


def hard_values(template: str, locale: str) -> Values:
    """Every value, each as hard as its field allows."""
    name, first, title = NAMES[locale], FIRST_NAMES[locale], TITLES[locale]
    plain = title.replace("*", "")
    words: dict[str, Values] = {
        "event-ticket": {"event_name": plain[:60], "attendee": name, "venue": VENUES[locale]},
        "loyalty-card": {"first_name": first},
        "abandoned-cart": {"first_name": first, "products": _products(PRODUCT_NAMES[locale])},
        "countdown-banner": {},
        "og-card": {"title": title, "author": name[:50], "tag_1": first[:20]},
        "certificate-arabic": {"student": name, "course": plain, "signatory": name},
    }
    return {**FIXED_VALUES[template], **words[template]}


def _products(name: str) -> list[Values]:
    return [
        {"name": name, "image": "asset:rain-jacket", "price": 12349.5, "was": 15999},
        {"name": name, "image": "asset:wool-runner", "price": 0.99, "was": 139},
        {"name": name, "image": "asset:socks", "price": 249, "was": 1249.95},
    ]


REQUIRED_VALUES: dict[str, Values] = {  # what a link must bring; everything else is missing
    "event-ticket": {
        "attendee": "Bo Li",
        "starts_at": "2027-03-14T20:00",
        "ticket_id": "NRD7X2K9QP",
    },
    "loyalty-card": {},
    "abandoned-cart": {"products": [{"name": "Socken", "price": 12.5}]},
    "countdown-banner": {},
    "og-card": {"title": "Short"},
    "certificate-arabic": {
        "student": "ليلى",
        "course": "Python",
        "issued_on": "2026-11-22",
        "cert_id": "CRT-26",
    },
}
