"""Lines in the scripts of the world that an independent engine has drawn, too."""

from dataclasses import dataclass

from postcard.text.style import TextStyle

SIZE = 40.0
WIDTH, HEIGHT = 640, 72  # of a line's strip, in pixels
LEFT = 8  # where a line begins, or ends if it reads from the right


@dataclass(frozen=True, slots=True)
class Written:
    """A line, its language, and what else its style says.

    `spare` is larger where the engines differ and neither is wrong: we raise parentheses between
    capitals beside another script, too, and a script letter's hairlines are thinner than a pixel.
    """

    language: str
    text: str
    weight: int = 400
    font: str = "Inter"
    italic: bool = False
    spacing: float = 0.0
    features: tuple[str, ...] = ()
    rtl: bool = False
    pictures: bool = False  # whose colours are paler than letters
    spare: int = 2  # pixels of stray ink

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
    Written("en", "AVATAR To Wa. fi ffl “Ty” Łukasz"),
    Written("en", "Anne-Yvonne Karl-Theodor"),
    Written("en", "Fluffy difficult 1/2 office", font="Source Serif 4"),
    Written("en", "Café 25% — O’Neil № 7", font="Playfair Display", weight=700),
    Written("en", "Slanted Italics & café", italic=True),
    Written("tr", "Iğdır fiyatı şık", font="Source Serif 4"),
    Written("ro", "Ștefan țară", font="Noto Sans"),
    Written("en", "Tracked AVATAR To", spacing=0.1),
    Written("en", "1,111 tabular 909", features=("tnum",)),
    Written("en", "No kern: AVATAR To", features=("-kern",)),
    Written("en", "a\u0323\u0302 o\u0308\u0301 x\u0302 n\u0303 e\u0328\u0301"),
    Written("vi", "Nguyễn Thị Diệu Hiền ướt"),
    Written("el", "Ωραίστρατος Ξένια άϋ ᾧ"),
    Written("uk", "Ґанна Їжакевич щедрик"),
    Written("sr", "Ђорђе Љиљанић бгдпт"),
    Written("sr", "бгдпт Ђорђе", font="Noto Sans", italic=True),
    Written("ar", "محمد عبد الرحمن لا إله", rtl=True),
    Written("ar", "مُحَمَّدٌ ﷺ بِسْمِ ٱللّٰهِ", rtl=True),
    Written("ar", "مرحبا Anna، 25% (VIP)", rtl=True, spare=8),
    Written("ar", "عبد الرحمن", weight=700, rtl=True),
    Written("fa", "پژمان گیتی‌فر می‌خواهم ۱۲۳", rtl=True),
    Written("ur", "نُصرت فتح علی ہے", rtl=True),
    Written("he", "יוֹסֵף בן־דוד שָׁלוֹם", rtl=True),
    Written("he", "שָׁלוֹם אבי לך", spacing=0.1),
    Written("he", "אבי (Avi), 3 נקודות!", rtl=True),
    Written("en", "Dear אבי כהן, 10% (VIP)", spare=8),
    Written("hi", "श्रीमती लक्ष्मी क्षत्रिय द्ध"),
    Written("hi", "र्क्षि विद्यार्थी ऋत्विक"),
    Written("mr", "ऱ्हस्व श्रीकृष्ण"),
    Written("bn", "রবীন্দ্রনাথ ঠাকুর ক্ষ র্য"),
    Written("pa", "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ ਸ੍ਵਰ"),
    Written("gu", "શ્રી મોહનદાસ ક્ષત્રિય"),
    Written("ta", "ஸ்ரீ கௌரி சுப்பு கோ"),
    Written("te", "శ్రీ కృష్ణమూర్తి స్త్రీ"),
    Written("kn", "ಶ್ರೀ ಲಕ್ಷ್ಮೀ ಕೃಷ್ಣ ರ್ಕ"),
    Written("kn", "ಶ್ರೀ ಲಕ್ಷ್ಮೀ ಕೃಷ್ಣ", spacing=0.1),
    Written("km", "ស្រីពៅ ច័ន្ទ", spacing=0.1),
    Written("ta", "ஸ்ரீ சுப்பு கோ", spacing=0.1),
    Written("ml", "ശ്രീലക്ഷ്മി മേനോൻ ക്ക"),
    Written("si", "ශ්‍රී ප්‍රියංකා ක්‍ෂ"),
    Written("th", "สมชาย น้ำผึ้ง ปู่ญี่ ฐ์"),
    Written("lo", "ສົມສັກ ນໍ້າ ປີ່"),
    Written("km", "ស្រីពៅ ច័ន្ទដារ៉ា ក្រុម"),
    Written("my", "အောင်ဆန်း မန္တလေး ကျော်"),
    Written("ka", "გიორგი ჯავახიშვილი"),
    Written("hy", "Արամ Խաչատրյան և"),
    Written("am", "አበበ ጥላሁን ፩፪"),
    Written("or", "ଶ୍ରୀ ଜଗନ୍ନାଥ ସ୍ୱାମୀ କ୍ଷ"),
    Written("dv", "މުޙައްމަދު ރަޝީދު 12", rtl=True),
    Written("ff", "𞤀𞤣𞤤𞤢𞤥 𞤆𞤵𞤤𞤢𞤪", rtl=True),
    Written("nqo", "ߒߞߏ ߞߊ߲ߘߊ߲", rtl=True),
    Written("bo", "བཀྲ་ཤིས་ བསྟན་འཛིན་ རྒྱ"),
    Written("sat", "ᱥᱟᱱᱛᱟᱲᱤ ᱯᱟᱨᱥᱤ"),
    Written("mni", "ꯃꯩꯇꯩ ꯃꯌꯦꯛ ꯂꯣꯟ"),
    Written("ccp", "𑄌𑄋𑄴𑄟𑄳𑄦 𑄇𑄮𑄓"),
    Written("zgh", "ⵜⴰⵎⴰⵣⵉⵖⵜ ⴰⵎⵏⴰⵢ"),
    Written("chr", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ"),
    Written("iu", "ᐃᓄᒃᑎᑐᑦ ᓄᓇᕗᑦ"),
    Written("zh-Hans", "张伟 直骨 “你好”，（VIP）。"),
    Written("zh-Hant", "陳怡君 龍體 直骨"),
    Written("ja", "渡邉さくら 直骨 がぎ「ー」"),
    Written("ko", "김민준 金敏俊 뷁 직골"),
    Written("ko", "한글 자모", weight=700),
    Written("en", "♥ 𝒜𝓃𝓃𝒶 ★ ☎ ✓ ∞ → ½ ₹", spare=8),
    Written("en", "Zoë 👩🏽‍🚀 🇯🇵 1️⃣ ❤️ ⭐", pictures=True),
    Written("en", "👩‍👩‍👧‍👦👍🏿 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🏳️‍🌈 #*", pictures=True),
)
