"""Makes the small fonts the program carries, as a C++ header.

Of Inter (and, for a few signs it lacks, DejaVu Sans) only the characters below are kept, with
tabular digits as the only digits, on a coarse grid and without hints or layout tables, which
Dear ImGui's font reader does not use. The result is an OpenType font with CFF outlines.
"""

import argparse
import io

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

UNITS_PER_EM = 500  # 1/30 of a pixel at 15 pixels: finer is only more to download

BASIC_LATIN = "".join(map(chr, range(0x20, 0x7F)))
LATIN = "ÄÖÕÜßäöüàáâãåæçèéêëìíîïñòóôõøùúûŷẑ\u00a0§©«»"
GREEK = "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθικλμνξοπρςστυφχψω"
PUNCTUATION = "–—‘’“”…•†°′″"
MATHEMATICS = "±×·÷−≤≥≠≈∞√∑∏∫∈∂∇∝‖⟨⟩←→↑↓ℓµ¬½"
SCRIPTS = "¹²³⁰⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵀᵖ₀₁₂₃₄₅₆₇₈₉ᵢⱼₙ"
MARKERS = "●○■□▲△▼▽◆◇✓✗"
FROM_FALLBACK = "‖"  # an ornament in Inter
BOLD_CHARACTERS = set(BASIC_LATIN + PUNCTUATION)  # others are drawn with the regular face
CHARACTERS = sorted(
    set(BASIC_LATIN + LATIN + GREEK + PUNCTUATION + MATHEMATICS + SCRIPTS + MARKERS)
)


def tabular_digits(font):
    """The glyph that feature tnum puts in the place of each glyph."""
    table = font["GSUB"].table
    substitutions = {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for subtable in table.LookupList.Lookup[index].SubTable:
                    subtable = getattr(subtable, "ExtSubTable", subtable)
                    substitutions.update(subtable.mapping)
    return substitutions


def cap_height(font):
    glyphs = font.getGlyphSet()
    pen = BoundsPen(glyphs)
    glyphs[font.getBestCmap()[ord("H")]].draw(pen)
    return pen.bounds[3]


class Source:
    """A font to take glyphs from, scaled so that its capitals have the height asked for."""

    def __init__(self, path, capitals=None):
        self.font = TTFont(path)
        em = self.font["head"].unitsPerEm
        own_capitals = cap_height(self.font) / em
        self.scale = UNITS_PER_EM / em * ((capitals or own_capitals) / own_capitals)
        self.capitals = own_capitals
        self.cmap = self.font.getBestCmap()
        self.glyphs = self.font.getGlyphSet()
        self.tabular = tabular_digits(self.font) if "GSUB" in self.font else {}

    def __contains__(self, character):
        return ord(character) in self.cmap

    def draw(self, character):
        """The charstring and the advance of a character on our grid."""
        name = self.cmap[ord(character)]
        if character.isascii() and character.isdigit():
            name = self.tabular.get(name, name)
        glyph = self.glyphs[name]
        pen = T2CharStringPen(None, self.glyphs, roundTolerance=0.5)  # advances stand in hmtx
        glyph.draw(TransformPen(pen, (self.scale, 0, 0, self.scale, 0, 0)))
        return pen.getCharString(), round(glyph.width * self.scale)


def make_font(path, fallback_path, characters):
    """The bytes of the subset of the font at `path`."""
    main = Source(path)
    fallback = Source(fallback_path, main.capitals)
    order, cmap, charstrings, metrics = [".notdef"], {}, {}, {}
    missing = []
    for character in sorted(characters):
        sources = (fallback,) if character in FROM_FALLBACK else (main, fallback)
        source = next((s for s in sources if character in s), None)
        if source is None:
            missing.append(character)
            continue
        name = f"u{ord(character):04X}"
        charstrings[name], advance = source.draw(character)
        order.append(name)
        cmap[ord(character)] = name
        metrics[name] = (advance, 0)
    if missing:
        raise SystemExit(f"{path} and {fallback_path} lack {' '.join(missing)}")
    question = cmap[ord("?")]  # drawn for a character that was not kept
    charstrings[".notdef"], metrics[".notdef"] = charstrings[question], metrics[question]

    hhea = main.font["hhea"]
    builder = FontBuilder(UNITS_PER_EM, isTTF=False)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(cmap)
    builder.setupCFF("AttentionLab", {}, charstrings, {})
    builder.setupHorizontalMetrics(metrics)
    builder.setupHorizontalHeader(
        ascent=round(hhea.ascent * main.scale), descent=round(hhea.descent * main.scale)
    )
    builder.setupMaxp()
    # No OS/2, name or post table: the reader does not look at them. The date is fixed so that the
    # same input gives the same bytes.
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False
    data = io.BytesIO()
    builder.font.save(data)
    return data.getvalue()


def array(name, data):
    lines = [",".join(map(str, data[i : i + 32])) for i in range(0, len(data), 32)]
    return (
        f"alignas(4) inline constexpr unsigned char {name}[] = {{\n"
        + ",\n".join(lines)
        + f"}};\ninline constexpr int {name}Size = {len(data)};\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regular", required=True)
    parser.add_argument("--bold", required=True)
    parser.add_argument("--fallback-regular", required=True)
    parser.add_argument("--fallback-bold", required=True)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    text = (
        "// Subset of Inter and DejaVu Sans made by cmake/make_font.py; licences in\n"
        "// docs/dependencies.md.\n#pragma once\n\nnamespace attnlab {\n\n"
        + array("kFontRegular", make_font(arguments.regular, arguments.fallback_regular, CHARACTERS))
        + "\n"
        + array("kFontBold", make_font(arguments.bold, arguments.fallback_bold, BOLD_CHARACTERS))
        + "\n// Every character the fonts have, increasing.\n"
        + "inline constexpr unsigned kFontCharacters[] = {"
        + ",".join(str(ord(character)) for character in CHARACTERS)
        + "};\n\n}  // namespace attnlab\n"
    )
    with open(arguments.output, "w", encoding="ascii") as file:
        file.write(text)


if __name__ == "__main__":
    main()
