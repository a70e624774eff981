"""Lines in the scripts of the optional fonts: names, compared with Chromium like `script_lines`.

The fonts are not in this repository. `more_fonts` beside this file has the glyphs of these lines:

    make more-fonts && python -m tests.text.more_script_lines build/more-fonts

writes them again. `make scripts` then draws the lines with Chromium.
"""

import json
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from layers.fonts.build import coverage_table
from layers.more_fonts.more_font_sources import MORE_FONT_SOURCES
from tests.text.script_lines import ScriptLine

MORE_FONTS = Path(__file__).with_name("more_fonts")
MORE_LINES_SHEET = Path(__file__).with_name("more_lines.png")
MORE_HEIGHT = 150  # of a line's strip, in pixels

MORE_LINES = (
    ScriptLine("ur", "نُصرت فتح علی خان", rtl=True),
    ScriptLine("ur", "گلگت بلتستان میں شخصیتیں", rtl=True),
    ScriptLine("ur", "محمد Ali، 25%", weight=700, rtl=True),
    ScriptLine("jv", "ꦱꦸꦏꦂꦤ ꦏꦂꦠꦶꦤꦶ ꦥꦿꦧꦸ ꦲꦏ꧀ꦱꦫ"),
    ScriptLine("ii", "ꆈꌠꉙ ꆈꌠꁱꂷ ꋊꀋ"),
    ScriptLine("mn", "ᠪᠠᠲᠤ ᠰᠠᠷᠠᠨ ᠮᠣᠩᠭᠣᠯ"),
    ScriptLine("su", "ᮞᮥᮔ᮪ᮓ ᮓᮦᮝᮤ ᮊᮢᮤᮞ᮪ᮔ"),
    ScriptLine("ban", "ᬯᬬᬦ᭄ ᬫᬤᬾ ᬓᭂᬢᬸᬢ᭄ ᬰ᭄ᬭᬷ"),
    ScriptLine("bug", "ᨅᨔ ᨕᨘᨁᨗ ᨒᨚᨈᨑ"),
    ScriptLine("syr", "ܝܘܣܦ ܡܪܝܡ ܫܠܳܡܳܐ", rtl=True),
    ScriptLine("lis", "ꓡꓲ ꓢꓴ ꓐꓬꓲꓸ ꓥꓪꓮ"),
    ScriptLine("rhg", "𐴌𐴟𐴇𐴥𐴝𐴚𐴒𐴙𐴝 𐴀𐴝𐴏𐴝𐴆", rtl=True),
    ScriptLine("nod", "ᨤᩴᩣᨾᩮᩬᩥᨦ ᩃ᩶ᩣ᩠ᨶᨶᩣ"),
    ScriptLine("tdd", "ᥖᥭᥰ ᥖᥬᥳ ᥑᥨᥒᥰ"),
    ScriptLine("khb", "ᦅᧄ ᦺᦑ ᦟᦹᧉ ᦉᦲᧇ"),
    ScriptLine("blt", "ꪼꪕꪒꪾ ꪎꪳ ꪕꪱꪥ"),
    ScriptLine("hmd", "𖼴𖽡𖾐 𖼖𖽪 𖼀𖽔"),
    ScriptLine("cjm", "ꨌꩌ ꨀꨇꨣ ꨚꨗꨴꩃ"),
    ScriptLine("new", "𑐣𑐾𑐥𑐵𑐮 𑐨𑐵𑐲𑐵 𑐎𑐺𑐟𑑂𑐣"),
    ScriptLine("lif", "ᤕᤠᤰᤌᤢᤱ ᤛᤡᤖᤡᤈᤱᤃᤠ"),
    ScriptLine("vai", "ꕙꔤ ꕉꕜꕮ ꔔꘋ"),
    ScriptLine("syl", "ꠍꠤꠟꠐꠤ ꠘꠣꠉꠞꠤ"),
)


def write_sample(folder: Path) -> None:
    """Write the glyphs of the lines, with all that they turn into, from the fonts of a folder.

    One file has the copyright of each font and their licence.
    """
    MORE_FONTS.mkdir(exist_ok=True)
    letters = set(map(ord, "".join(line.text for line in MORE_LINES)))
    for source in MORE_FONT_SOURCES:
        font = TTFont(folder / source.file, recalcTimestamp=False)
        options = subset.Options(layout_features=["*"], hinting=False, name_IDs=["*"])
        slim = subset.Subsetter(options)
        slim.populate(unicodes=letters)
        slim.subset(font)
        font.save(MORE_FONTS / source.file)
    licences = [path.read_text("utf-8") for path in sorted(folder.glob("*-LICENSE.txt"))]
    copyrights, (*_, licence) = zip(*(text.split("\n", 1) for text in licences), strict=True)
    (MORE_FONTS / "LICENSE.txt").write_text("\n".join(copyrights) + "\n" + licence)
    table = coverage_table(MORE_FONTS, MORE_FONT_SOURCES)
    (MORE_FONTS / "coverage.json").write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    write_sample(Path(sys.argv[1]))
