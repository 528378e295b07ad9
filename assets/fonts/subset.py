"""Cuts the fonts of the screen out of Inter's (see README.md): `subset.py IN.otf OUT.otf [--tabular]`.

Keeps Latin, Greek and Cyrillic letters, writes the kerning of Latin as the plain `kern` table that the rasterizer reads, and
with `--tabular` gives digits one width, so that figures do not move as they change.
"""

import sys

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

KEPT = [*range(0x20, 0x7F), *range(0xA0, 0x180), 0x18F, 0x192, *range(0x218, 0x21C), 0x259, *range(0x2C6, 0x2DE)]
KEPT += [*range(0x370, 0x400), *range(0x400, 0x460), *range(0x48A, 0x530), *range(0x1EA0, 0x1EFA), 0x1E9E]
KEPT += [*range(0x2010, 0x2027), 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x20AC, 0x20BF, 0x2116, 0x2122]
KEPT += [*range(0x2190, 0x2194), 0x2212, 0x2248, 0x2260, 0x2264, 0x2265, 0xFFFD]
KERNED = [*range(0x20, 0x7F), *range(0xC0, 0x100)]
# Pairs closer than this many units of 2048 to an em are left as they are.
LEAST_KERNING = 12


def lookups(table, feature):
    """The subtables of a feature, those of extensions unwrapped."""
    indices = {i for record in table.FeatureList.FeatureRecord if record.FeatureTag == feature for i in record.Feature.LookupListIndex}
    for index in sorted(indices):
        for subtable in table.LookupList.Lookup[index].SubTable:
            yield subtable.ExtSubTable if hasattr(subtable, "ExtSubTable") else subtable


def kerning(font, glyphs):
    """Horizontal kerning of every pair of `glyphs` that has some."""
    pairs = {}
    subtables = list(lookups(font["GPOS"].table, "kern"))
    for left in glyphs:
        for subtable in subtables:
            if getattr(subtable, "Coverage", None) is None or left not in subtable.Coverage.glyphs:
                continue
            if subtable.Format == 1:
                records = subtable.PairSet[subtable.Coverage.glyphs.index(left)].PairValueRecord
                for record in records:
                    if record.SecondGlyph in glyphs and record.Value1:
                        pairs.setdefault((left, record.SecondGlyph), record.Value1.XAdvance)
            else:
                row = subtable.Class1Record[subtable.ClassDef1.classDefs.get(left, 0)].Class2Record
                for right in glyphs:
                    value = row[subtable.ClassDef2.classDefs.get(right, 0)].Value1
                    pairs.setdefault((left, right), getattr(value, "XAdvance", 0) if value else 0)
    return {pair: value for pair, value in pairs.items() if abs(value) >= LEAST_KERNING}


def main(source, target, tabular):
    font = TTFont(source)
    if tabular:
        substitutes = {old: new for subtable in lookups(font["GSUB"].table, "tnum") for old, new in subtable.mapping.items()}
        for table in font["cmap"].tables:
            for digit in range(0x30, 0x3A):
                # Tables may be one object, where the digit is replaced already.
                table.cmap[digit] = substitutes.get(table.cmap[digit], table.cmap[digit])
    cmap = font.getBestCmap()
    pairs = kerning(font, {cmap[code] for code in KERNED if code in cmap})

    options = Options(layout_features=[], hinting=False, desubroutinize=False, name_IDs=[0, 1, 2, 5, 13, 14], notdef_outline=True)
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "STAT", "DSIG"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=KEPT)
    subsetter.subset(font)

    kern = newTable("kern")
    kern.version = 0
    subtable = KernTable_format_0()
    subtable.apple, subtable.coverage, subtable.kernTable = False, 1, pairs
    kern.kernTables = [subtable]
    font["kern"] = kern
    font.save(target)
    print(f"{target}: {len(font.getGlyphOrder())} glyphs, {len(pairs)} kerned pairs")


main(sys.argv[1], sys.argv[2], "--tabular" in sys.argv)
