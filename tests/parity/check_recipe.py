"""Checks what the recipe left behind: accuracies, report, head files, submission.

usage: check_recipe.py WORK      (WORK holds first/, second/, int8.json, f32.json, submission.csv)
"""

import csv
import json
import pathlib
import sys

work = pathlib.Path(sys.argv[1])
report = json.loads((work / "first/report.json").read_text())
again = json.loads((work / "second/report.json").read_text())
int8 = json.loads((work / "int8.json").read_text())
f32 = json.loads((work / "f32.json").read_text())

print(f"float {f32['accuracy']:.4f}, int8 {int8['accuracy']:.4f} of {int8['images']} pictures; "
      f"first run {report['seconds']} s, second {again['seconds']} s")
assert f32["accuracy"] >= 0.96, "the float model is below 96 %"
assert int8["accuracy"] >= f32["accuracy"] - 0.005, "int8 is more than half a point below float"
assert abs(report["int8"]["accuracy"] - int8["accuracy"]) < 1e-9, "the report's int8 figure is not the file's"
assert report["int8"]["confusion"] == int8["confusion"]
# The float file takes whole pixels and sums in another order than the cached features: a picture may tip over.
assert abs(report["float"]["accuracy"] - f32["accuracy"]) <= 1 / f32["images"] + 1e-9

assert report["computed"] > 0 and again["computed"] == 0, "the second run computed features again"
assert (work / "first/report.html").read_text().count("data:image/jpeg") >= 1
heads = sorted((work / "first/heads").glob("epoch-*.json"))
assert len(heads) == len(report["epochs"]), "a head for every epoch"

calibration, unknown = report["calibration"], report["unknown"]
for form in ("float", "int8"):
    before, after = (calibration[form][when]["expected_calibration_error"] for when in ("before", "after"))
    print(f"{form}: temperature {calibration[form]['temperature']:.3f}, calibration error {before:.2%} before, {after:.2%} after")
    assert after <= 0.03, "confidences do not mean what they say"
for what in ("false_rejects", "false_accepts"):
    share = unknown[what]
    print(f"{what}: {share['count'] / share['of']:.1%} of {share['of']}, 95 % interval {share['low']:.1%} to {share['high']:.1%}")
assert unknown["false_rejects"]["low"] <= 0.05 <= unknown["false_rejects"]["high"], "the threshold misses its share"
assert unknown["false_accepts"]["count"] <= 0.2 * unknown["false_accepts"]["of"], "too many negatives stay known"

rows = list(csv.reader((work / "submission.csv").open()))
assert rows[0] == ["id", "label"] and [int(row[0]) for row in rows[1:]] == list(range(1, 101))
assert all(0 <= float(row[1]) <= 1 for row in rows[1:])
print(f"{len(heads)} heads, {len(rows) - 1} predictions, report of {len(report['mistakes'])} mistakes: as expected")
