"""The fonts of the optional layer: further scripts, and Nastaliq for Urdu."""

from layers.fonts.font_sources import FontSource


def _from_fontsource(
    name: str, sha256: str, *, version: str = "5.3.0", variable: bool = True, style: str = "sans"
) -> FontSource:
    """A font of a fontsource package; static ones have only the regular weight."""
    slug = f"noto-{style}-{name.lower().replace(' ', '-')}"
    subset = "arabic" if style == "nastaliq" else name.lower().replace(" ", "-")
    scope, weight = ("fontsource-variable", "wght") if variable else ("fontsource", "400")
    family = f"Noto {style.title()} {name}"
    return FontSource(
        package=f"{scope}-{slug}-{version}.tgz",
        sha256=sha256,
        member=f"package/files/{slug}-{subset}-{weight}-normal.woff2",
        license_member="package/LICENSE",
        file=f"{family.replace(' ', '')}.ttf",
        family=family,
        weight=None if variable else 400,
        whole=True,
    )


MORE_FONT_SOURCES = (
    _from_fontsource("Urdu",
            "8a25d9b16d9783bcf5cbbd0d3acf1e9304f7956b670e7f4c6c1dc2248a70b4db",
            style="nastaliq"),
    _from_fontsource("Javanese",
            "a72793fbd38e942f19207dfdf573e3f9615fee8f54277071ad9fa15eff9fe397"),
    FontSource(
        package="expo-google-fonts-noto-sans-yi-0.4.2.tgz",
        sha256="d19e57b5f051fe340c058c5f8f893563761a27327f1fbfee294472e61ed4c54e",
        member="package/400Regular/NotoSansYi_400Regular.ttf",
        license_member="package/LICENSE_FONT",
        file="NotoSansYi.ttf",
        family="Noto Sans Yi",
        weight=400,
        whole=True,
    ),
    _from_fontsource("Mongolian",
            "7b1532b7c59ddf7fcdac3a99b81c898f332fdb6a9598b9abf565eca1ee897af2",
            variable=False),
    _from_fontsource("Sundanese",
            "092af833f6e81d5ff434f54fb7040cb361adf39246ccfcc5a98835e15a97b0f3"),
    _from_fontsource("Balinese",
            "320dc970290cee7086aafc7c680e2abc1fc7d47fae02f3ae1b714d3e79ca07bc"),
    _from_fontsource("Buginese",
            "3d1b8d44e1a0f7802fae8ef367babfc2d9183777efd76e51e2e4adee5112fe0e",
            version="5.0.12", variable=False),
    _from_fontsource("Syriac",
            "3b786302def89a8ad38c51d12cfadafab64ca40e0aaa33a7f4ac18d23455a9f0"),
    _from_fontsource("Lisu",
            "29fde6b60c5fb4e6f2fe02c9f2b3392e2738d22c54c64a1449da5895183e2ac5"),
    _from_fontsource("Hanifi Rohingya",
            "84656de17df40d7c1c58e6af878fe57dd91c310190156d243a3e2b52368580c0"),
    _from_fontsource("Tai Tham",
            "38908a668b2e5017584c7c290a393ba36ae9c6b0ea96cfd0b5fcf70f23821c0a"),
    _from_fontsource("Tai Le",
            "3d99d0f599813135192109543a64b6a0ca9a33a6b6fb4cb7a9cb9bf8aa3e5434",
            version="5.2.7", variable=False),
    _from_fontsource("New Tai Lue",
            "2f4a4a8c7f7c5d1214db6b986e21dcb75bcee3f4a73a0ef0844259d23b42d9e1"),
    _from_fontsource("Tai Viet", "6c18d01501532aa1df026e01f3f1a06d4ae0100500c66855b977fc919019217a",
            variable=False),
    _from_fontsource("Miao",
            "3ad045eee8e942a09bd1ff8ede3eb367c7f1fe830cb3a8bed7b6752e6adf67d6",
            version="5.0.13", variable=False),
    _from_fontsource("Cham",
            "7e21102f2bbafa818e4d535c2d4f3935912b53e76d647f8d62caa63adad66126"),
    _from_fontsource("Newa",
            "2965463408d1d97d145136fdfa28c5008565c9d064896304eeb0a8fe8ef20f5e",
            variable=False),
    _from_fontsource("Limbu",
            "e1be0c57ea92868c354ce01e6f56412c8014245ad2f19fda46c18e0cd1e546cf",
            variable=False),
    _from_fontsource("Vai",
            "d2c9d6bde5ed8114dc2cb5b5d062de691077f28e89ca01884b616a262395856d",
            variable=False),
    _from_fontsource("Syloti Nagri",
            "3a4cdcdab0656f2a5c445e6d165db1ae1cea0acf5d507bbd109a2e516dcfb3b0", variable=False),
)  # fmt: skip
