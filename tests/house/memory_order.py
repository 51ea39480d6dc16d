#!/usr/bin/env python3
"""Each ordered operation says what it orders, and docs/MEMORY_ORDER.md lists them all.

    memory_order.py ROOT            checks the tree, exit 1 and a line for each offence
    memory_order.py ROOT --plant    the same with offences added in memory: must exit 1

An ordered operation stands on a line with a label, or at most two lines below one:
    [R1 pairs R4: slots were read]      [P9 own use: only compared]
The document has a row for each label: | R1 | files | order | R4 | what is handed over |.
"""
import os
import re
import sys

ORDERED = re.compile(
    r"\bleat_(load_acquire|store_release|cas_acq_rel|add_acq_rel|exchange_\w+|(or|and)_seq_cst)\s*\("
    r"|\b__atomic_(?!always_lock_free|is_lock_free)\w+\s*\(")
LABEL = re.compile(r"\[([A-Z]\d+) (?:pairs ([A-Z]\d+)|own)\b[^\]]*\]")
ROW = re.compile(r"^\|\s*([A-Z]\d+)\s*\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|\s*$")
NAMES_ALONE = "include/leat/atomic.h"  # defines the operations and orders nothing itself
ABOVE = 2


def texts_of(root):
    for top in ("include", "src"):
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                path = os.path.join(folder, name)
                shown = os.path.relpath(path, root)
                if name.endswith((".c", ".h")) and shown != NAMES_ALONE:
                    with open(path, encoding="utf-8") as text:
                        yield shown, text.read().splitlines()


def without_comments(line):
    return re.sub(r"/\*.*?(\*/|$)|^\s*\*.*", "", line)




def read_sources(root, planted):
    """The labels with their partners and files, and the operations without a label."""
    labels, offences = {}, []
    for shown, lines in list(texts_of(root)) + planted:
        for match in LABEL.finditer("\n".join(lines)):
            entry = labels.setdefault(match[1], {"partners": set(), "files": set()})
            entry["files"].add(shown)
            if match[2]:
                entry["partners"].add(match[2])
        for i, line in enumerate(lines):
            if ORDERED.search(without_comments(line)) and not LABEL.search(
                    "\n".join(lines[max(0, i - ABOVE):i + 1])):
                offences.append(f"{shown}:{i + 1}: an ordered operation without a label")
    return labels, offences


def read_document(root):
    rows = {}
    with open(os.path.join(root, "docs/MEMORY_ORDER.md"), encoding="utf-8") as text:
        for line in text:
            row = ROW.match(line)
            if row:
                files = set(re.findall(r"`([^`]+)`", row[2]))
                rows[row[1]] = (files, row[4].strip(), row[5].strip())
    return rows


def compare(labels, rows):
    for name, entry in sorted(labels.items()):
        where = sorted(entry["files"])[0]
        for partner in sorted(entry["partners"] - set(labels)):
            yield f"{where}: {name} pairs {partner}, which does not exist"
        if len(entry["partners"]) > 1:
            yield f"{where}: {name} names several partners: {sorted(entry['partners'])}"
        if name not in rows:
            yield f"{where}: {name} is missing in docs/MEMORY_ORDER.md"
            continue
        files, partner, what = rows[name]
        if files != entry["files"]:
            yield (f"docs/MEMORY_ORDER.md: {name} stands in {sorted(entry['files'])}, "
                   f"not in {sorted(files)}")
        if partner != (sorted(entry["partners"]) or ["own"])[0]:
            yield f"docs/MEMORY_ORDER.md: {name}: the source names another partner than {partner}"
        if not what:
            yield f"docs/MEMORY_ORDER.md: {name} does not say what is handed over"
    for name in sorted(set(rows) - set(labels)):
        yield f"docs/MEMORY_ORDER.md: {name} is in no source"


def main():
    root = sys.argv[1]
    plants = {
        "no label": ["uint64_t n = leat_load_acquire(&p->n);"],
        "label too far": ["/* [P1 pairs P2: x] */", "", "", "leat_store_release(&p->n, 1);"],
        "unknown label": ["x = leat_load_acquire(&p->n); /* [Z9 pairs P2: nothing] */"],
        "no partner": ["x = leat_load_acquire(&p->n); /* [P1 pairs Z8: nothing] */"],
    }
    rows = read_document(root)
    if "--plant" in sys.argv[2:]:
        # exit 1 says "found", as for a real offence; a plant that passes unseen exits 0
        missed = []
        for what, lines in plants.items():
            labels, offences = read_sources(root, [("planted.c", lines)])
            found = offences + list(compare(labels, rows))
            if not any("planted" in offence or "Z" in offence for offence in found):
                missed.append(what)
        print("planted and not found:" if missed else "every plant was found", *missed)
        return 0 if missed else 1
    labels, offences = read_sources(root, [])
    offences += compare(labels, rows)
    if len(labels) < 20:
        offences.append(f"only {len(labels)} labels were seen: the checker is blind")
    for offence in offences:
        print(offence)
    print(f"{len(labels)} labels, {len(offences)} offences")
    return 1 if offences else 0


sys.exit(main())
