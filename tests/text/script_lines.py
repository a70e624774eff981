"""Lines in many scripts, which tests compare with Chromium's drawing of them."""

from dataclasses import dataclass

from postcard.text.style import TextStyle

SIZE = 40.0
WIDTH, HEIGHT = 640, 72  # of a line's strip, in pixels
LEFT = 8  # pixels beside a line, at both sides


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """A line, its language and style.

    `max_stray_pixels` is larger where the engines differ and neither is wrong: Postcard raises
    parentheses between capitals beside another script, too, hairlines of script letters are thinner
    than a pixel, and pale parts of emoji are about as dark as the limit of ink.
    """

    language: str
    text: str
    weight: int = 400
    font: str = "Inter"
    italic: bool = False
    spacing: float = 0.0
    features: tuple[str, ...] = ()
    rtl: bool = False
    is_emoji: bool = False  # its colours are paler than letters
    max_stray_pixels: int = 2

    @property
    def style(self) -> TextStyle:
        """The line's style in a layout."""
        return TextStyle(
            families=(self.font,),
            weight=self.weight,
            italic=self.italic,
            size=SIZE,
            letter_spacing=self.spacing,
            features=self.features,
            language=self.language,
        )


LINES = (
    ScriptLine("en", "AVATAR To Wa. fi ffl “Ty” Łukasz"),
    ScriptLine("en", "Anne-Yvonne Karl-Theodor"),
    ScriptLine("en", "Fluffy difficult 1/2 office", font="Source Serif 4"),
    ScriptLine("en", "Café 25% — O’Neil № 7", font="Playfair Display", weight=700),
    ScriptLine("en", "Slanted Italics & café", italic=True),
    ScriptLine("tr", "Iğdır fiyatı şık", font="Source Serif 4"),
    ScriptLine("ro", "Ștefan țară", font="Noto Sans"),
    ScriptLine("en", "Tracked AVATAR To", spacing=0.1),
    ScriptLine("en", "1,111 tabular 909", features=("tnum",)),
    ScriptLine("en", "No kern: AVATAR To", features=("-kern",)),
    ScriptLine("en", "a\u0323\u0302 o\u0308\u0301 x\u0302 n\u0303 e\u0328\u0301"),
    ScriptLine("vi", "Nguyễn Thị Diệu Hiền ướt"),
    ScriptLine("el", "Ωραίστρατος Ξένια άϋ ᾧ"),
    ScriptLine("uk", "Ґанна Їжакевич щедрик"),
    ScriptLine("sr", "Ђорђе Љиљанић бгдпт"),
    ScriptLine("sr", "бгдпт Ђорђе", font="Noto Sans", italic=True),
    ScriptLine("ar", "محمد عبد الرحمن لا إله", rtl=True),
    ScriptLine("ar", "مُحَمَّدٌ ﷺ بِسْمِ ٱللّٰهِ", rtl=True),
    ScriptLine("ar", "مرحبا Anna، 25% (VIP)", rtl=True, max_stray_pixels=8),
    ScriptLine("ar", "عبد الرحمن", weight=700, rtl=True),
    ScriptLine("fa", "پژمان گیتی‌فر می‌خواهم ۱۲۳", rtl=True),
    ScriptLine("ur", "نُصرت فتح علی ہے", rtl=True),
    ScriptLine("he", "יוֹסֵף בן־דוד שָׁלוֹם", rtl=True),
    ScriptLine("he", "שָׁלוֹם אבי לך", spacing=0.1),
    ScriptLine("he", "אבי (Avi), 3 נקודות!", rtl=True),
    ScriptLine("en", "Dear אבי כהן, 10% (VIP)", max_stray_pixels=8),
    ScriptLine("hi", "श्रीमती लक्ष्मी क्षत्रिय द्ध"),
    ScriptLine("hi", "र्क्षि विद्यार्थी ऋत्विक"),
    ScriptLine("mr", "ऱ्हस्व श्रीकृष्ण"),
    ScriptLine("bn", "রবীন্দ্রনাথ ঠাকুর ক্ষ র্য"),
    ScriptLine("pa", "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ ਸ੍ਵਰ"),
    ScriptLine("gu", "શ્રી મોહનદાસ ક્ષત્રિય"),
    ScriptLine("ta", "ஸ்ரீ கௌரி சுப்பு கோ"),
    ScriptLine("te", "శ్రీ కృష్ణమూర్తి స్త్రీ"),
    ScriptLine("kn", "ಶ್ರೀ ಲಕ್ಷ್ಮೀ ಕೃಷ್ಣ ರ್ಕ"),
    ScriptLine("kn", "ಶ್ರೀ ಲಕ್ಷ್ಮೀ ಕೃಷ್ಣ", spacing=0.1),
    ScriptLine("km", "ស្រីពៅ ច័ន្ទ", spacing=0.1),
    ScriptLine("ta", "ஸ்ரீ சுப்பு கோ", spacing=0.1),
    ScriptLine("ml", "ശ്രീലക്ഷ്മി മേനോൻ ക്ക"),
    ScriptLine("si", "ශ්‍රී ප්‍රියංකා ක්‍ෂ"),
    ScriptLine("th", "สมชาย น้ำผึ้ง ปู่ญี่ ฐ์"),
    ScriptLine("lo", "ສົມສັກ ນໍ້າ ປີ່"),
    ScriptLine("km", "ស្រីពៅ ច័ន្ទដារ៉ា ក្រុម"),
    ScriptLine("my", "အောင်ဆန်း မန္တလေး ကျော်"),
    ScriptLine("my", "အောင်ဆန်း ကျော်", spacing=0.1),
    ScriptLine("ka", "გიორგი ჯავახიშვილი"),
    ScriptLine("hy", "Արամ Խաչատրյան և"),
    ScriptLine("am", "አበበ ጥላሁን ፩፪"),
    ScriptLine("or", "ଶ୍ରୀ ଜଗନ୍ନାଥ ସ୍ୱାମୀ କ୍ଷ"),
    ScriptLine("dv", "މުޙައްމަދު ރަޝީދު 12", rtl=True),
    ScriptLine("ff", "𞤀𞤣𞤤𞤢𞤥 𞤆𞤵𞤤𞤢𞤪", rtl=True),
    ScriptLine("nqo", "ߒߞߏ ߞߊ߲ߘߊ߲", rtl=True),
    ScriptLine("bo", "བཀྲ་ཤིས་ བསྟན་འཛིན་ རྒྱ"),
    ScriptLine("sat", "ᱥᱟᱱᱛᱟᱲᱤ ᱯᱟᱨᱥᱤ"),
    ScriptLine("mni", "ꯃꯩꯇꯩ ꯃꯌꯦꯛ ꯂꯣꯟ"),
    ScriptLine("ccp", "𑄌𑄋𑄴𑄟𑄳𑄦 𑄇𑄮𑄓"),
    ScriptLine("zgh", "ⵜⴰⵎⴰⵣⵉⵖⵜ ⴰⵎⵏⴰⵢ"),
    ScriptLine("chr", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ"),
    ScriptLine("iu", "ᐃᓄᒃᑎᑐᑦ ᓄᓇᕗᑦ"),
    ScriptLine("zh-Hans", "张伟 直骨 “你好”，（VIP）。"),
    ScriptLine("zh-Hant", "陳怡君 龍體 直骨"),
    ScriptLine("ja", "渡邉さくら 直骨 がぎ「ー」"),
    ScriptLine("ko", "김민준 金敏俊 뷁 직골"),
    ScriptLine("ko", "한글 자모", weight=700),
    ScriptLine("en", "♥ 𝒜𝓃𝓃𝒶 ★ ☎ ✓ ∞ → ½ ₹", max_stray_pixels=8),
    ScriptLine("en", "Zoë 👩🏽‍🚀 🇯🇵 1️⃣ ❤️ ⭐", is_emoji=True, max_stray_pixels=8),
    ScriptLine("en", "👩‍👩‍👧‍👦👍🏿 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🏳️‍🌈 #*", is_emoji=True),
    ScriptLine(
        "en", "\U0001fac6\U0001fabe\U0001fa8f\U0001fadc Emoji 16", is_emoji=True, max_stray_pixels=8
    ),
    ScriptLine(
        "en",
        "\U0001faea\U0001fac8\U0001facd\U0001f6d8\U0001faef \U0001f9d1\u200d\U0001fa70",
        is_emoji=True,
        max_stray_pixels=8,
    ),
)
