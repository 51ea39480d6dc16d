#!/usr/bin/env python3
"""What the public headers declare without a word about it: undocumented.py XML

XML is Doxygen's folder of that name. Functions, typedefs, variables and macros want a comment. A struct
or an enum wants one, or members that have some; members may do without where their name says all.
Names that other specifications define are theirs to explain. Exit 1 and a line for each without.
"""
import os
import sys
import xml.etree.ElementTree as tree

WITHOUT = {"LEAT_BEGIN", "LEAT_END"}
OTHERS = ("dlpack.h", "arrow.h")


def words(element):
    """It has some itself, or a struct's or enum's member has."""
    if any("".join(part.itertext()).strip() for name in ("briefdescription", "detaileddescription")
           for part in element.findall(name)):
        return True
    members = element.findall("enumvalue")
    if element.get("kind") == "struct":
        members = list(element.iter("memberdef"))
    return any(words(member) for member in members)


def place(element):
    at = element.find("location")
    return f"{at.get('file')}:{at.get('line')}"


def symbols(folder):
    """(element, name) of each."""
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".xml") or name == "index.xml":
            continue
        for compound in tree.parse(os.path.join(folder, name)).getroot().iter("compounddef"):
            kind = compound.get("kind")
            if kind in ("struct", "union"):
                yield compound, compound.findtext("compoundname")
            elif kind == "file" and compound.findtext("compoundname").endswith(".h"):
                yield compound, compound.findtext("compoundname")
                for member in compound.iter("memberdef"):
                    yield member, member.findtext("name")


def main():
    seen = missing = 0
    for element, name in symbols(sys.argv[1]):
        guard = name.startswith("LEAT_") and name.endswith("_H")
        if guard or name in WITHOUT or place(element).split(":")[0].endswith(OTHERS):
            continue
        seen += 1
        if not words(element):
            missing += 1
            print(f"{place(element)}: {name} has no comment")
    print(f"{seen} public symbols, {missing} without a comment")
    sys.exit(1 if missing or seen < 100 else 0)


if __name__ == "__main__":
    main()
