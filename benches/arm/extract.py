"""Prints the innermost loop of a function that holds a given number of an instruction.

usage: objdump -d --no-show-raw-insn PROGRAM | extract.py FUNCTION INSTRUCTION COUNT

FUNCTION is a part of its mangled name. The loop's closing branch is left out, since llvm-mca repeats what it is given.
"""

import re
import sys

function, instruction, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
body, inside = [], False
for line in sys.stdin:
    if header := re.match(r"[0-9a-f]+ <(.*)>:$", line):
        inside = function in header[1]
    elif inside and (code := re.match(r"\s*([0-9a-f]+):\s+([^/]*)", line)):
        body.append((int(code[1], 16), code[2].strip()))

places = {address: place for place, (address, _) in enumerate(body)}
loops = []
for end, (_, code) in enumerate(body):
    target = re.match(r"b(?:\.\w+)?\s+([0-9a-f]+) <", code)
    start = places.get(int(target[1], 16)) if target else None
    if start is not None and start < end:
        loop = [code for _, code in body[start : end + 1]]
        if sum(code.split()[0].startswith(instruction) for code in loop) == count:
            loops.append(loop)
if not loops:
    sys.exit(f"no loop with {count} {instruction} in {function}")
for code in min(loops, key=len):
    if not re.match(r"(b|b\.\w+|cbn?z|tbn?z)\s", code):
        print(f"\t{code}")
