"""Checks that two outputs of `vggcam classify --json` agree: the same labels, confidences equal to 1e-3.

usage: same_answers.py A.jsonl B.jsonl
"""

import json
import sys

first, second = ([json.loads(line) for line in open(path)] for path in sys.argv[1:3])
assert first and len(first) == len(second), f"{len(first)} and {len(second)} answers"
for a, b in zip(first, second):
    apart = max(abs(a["probabilities"][name] - b["probabilities"][name]) for name in a["probabilities"])
    print(f"{a['file']}: {a['label']} {a['confidence']:.6f}, {b['label']} {b['confidence']:.6f}")
    assert (a["file"], a["label"]) == (b["file"], b["label"]) and apart <= 1e-3
