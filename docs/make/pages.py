#!/usr/bin/env python3
"""Pages that the command itself knows how to write.

    pages.py stages LEAT OUT            OUT/stages.md and OUT/stage-NAME.md, from `leat stages --json`
    pages.py man LEAT LANGUAGE OUT      OUT/man1/*.1 from every --help; OUT/man7/leat-stages.7 from
                                        `leat stages --json`, OUT/man7/leat-language.7 from LANGUAGE,
                                        the guide to the language

OUT is made anew. A page of a manual is a list of blocks: ("head", text), ("text", text), ("code",
lines), ("item", term, text).
"""
import json
import os
import re
import shutil
import subprocess
import sys

ROLES = (("source", "Sources"), ("stage", "Stages"), ("sink", "Sinks"))


def say(leat, *words):
    return subprocess.run([leat, *words], check=True, capture_output=True, text=True).stdout


def catalogue_of(leat):
    """The stages, and the parameters that every one takes."""
    catalogue = json.loads(say(leat, "stages", "--json"))
    return catalogue["stages"], catalogue["every"]


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def sentence(param):
    """Type, range, words and default of a parameter."""
    parts = [param["type"]]
    if param.get("words"):
        parts.append("one of " + " ".join(param["words"]))
    if "range" in param:
        parts.append(param["range"])
    parts.append("must be given" if param["required"] else
                 f"default {param['default']}" if "default" in param else "optional")
    if param["knob"]:
        parts.append("may change while running")
    return "; ".join(parts)


# ---- pages for the web

def plain(text):
    return re.sub(r"[\\|*<>_#@]", r"\\\g<0>", text)


def param_table(params):
    rows = ["| parameter | takes | what it is | as in |", "|---|---|---|---|"]
    for p in params:
        example = f"`{p['name']}={p['example']}`" if "example" in p else ""
        rows.append(f"| **{plain(p['name'])}=** | {plain(sentence(p))} | "
                    f"{plain(p.get('doc', ''))} | {example} |")
    return rows


def stage_page(stages):
    """One name: what reads it and what writes it may both have it."""
    out = [f"# {stages[0]['name']} {{#stage_{stages[0]['name']}}}\n"]
    for stage in stages:
        if len(stages) > 1:
            out.append(f"## As a {stage['role']}\n")
        out += [plain(stage["doc"]) + "\n", plain(stage["about"]) + "\n"]
        if stage["params"]:
            out += param_table(stage["params"])
        also = " ".join(f"`{name}=`" for name in stage["also"])
        out.append(f"\nAs [every stage](@ref stages): {also}\n")
        out.append(f"\n```sh\nleat run '{stage['example']}'\n```\n")
    return "\n".join(out)


def write_stages(leat, out):
    catalogue, every = catalogue_of(leat)
    names, index = {}, ["# Sources, stages, sinks {#stages}\n", "What `leat stages` knows.\n"]
    for stage in catalogue:
        names.setdefault(stage["name"], []).append(stage)
    for role, title in ROLES:
        index.append(f"## {title}\n")
        for name in sorted(names):
            index += [f"- [{name}](@ref stage_{name}): {plain(s['doc'])}"
                      for s in names[name] if s["role"] == role]
        index.append("")
    index += ["## Every one also takes\n", *param_table(every)]
    for name, stages in names.items():
        write(os.path.join(out, f"stage-{name}.md"), stage_page(stages))
    write(os.path.join(out, "stages.md"), "\n".join(index))


# ---- blocks, out of help texts, the catalogue, and a guide

def help_blocks(text):
    lines, blocks, usage = text.rstrip().split("\n"), [], []
    while lines and lines[0]:
        usage.append(re.sub("^Usage: |^       ", "", lines.pop(0)))
    blocks += [("head", "SYNOPSIS"), ("code", usage), ("head", "DESCRIPTION")]
    for part in "\n".join(lines).strip("\n").split("\n\n"):
        rows = part.split("\n")
        title = re.match(r"(Exit status): ", part)
        if re.fullmatch(r"[A-Z]\w+:", rows[0]):
            blocks.append(("head", rows.pop(0)[:-1].upper()))
            while rows:
                term, doc = re.match(r"  (\S.*?)(?:  +(.*))?$", rows.pop(0)).groups()
                while rows and rows[0].startswith("    "):
                    doc = f"{doc or ''} {rows.pop(0).strip()}".strip()
                blocks.append(("item", f"`{term}`", doc or ""))
        elif all(row.startswith("    ") for row in rows):
            blocks.append(("code", [row[4:] for row in rows]))
        elif title:
            blocks += [("head", "EXIT STATUS"), ("text", part[title.end():])]
        else:
            blocks.append(("text", part))
    return blocks


def param_blocks(params):
    return [("item", f"`{p['name']}=`", f"{p.get('doc', '')} ({sentence(p)})") for p in params]


def stage_blocks(stages, every):
    blocks = []
    for role, title in ROLES:
        blocks.append(("head", title.upper()))
        for stage in sorted((s for s in stages if s["role"] == role), key=lambda s: s["name"]):
            blocks += [("sub", stage["name"]), ("text", f"{stage['doc']} {stage['about']}")]
            blocks += param_blocks(stage["params"])
            blocks.append(("code", [f"leat run '{stage['example']}'"]))
    return blocks + [("head", "EVERY ONE ALSO TAKES")] + param_blocks(every)


def guide_blocks(text):
    blocks, lines = [], text.split("\n")
    while lines:
        line = lines.pop(0)
        if line.startswith("```"):
            code = []
            while not lines[0].startswith("```"):
                code.append(lines.pop(0))
            lines.pop(0)
            blocks.append(("code", code))
        elif re.match(r"#+ ", line):
            level, title = line.split(" ", 1)
            if len(level) > 1:
                blocks.append(("head" if len(level) == 2 else "sub", title))
        elif line.startswith("|"):
            cells = [cell.strip().replace(r"\|", "|")
                     for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if lines and re.match(r"\|[-|]+\|$", lines[0]):
                lines.pop(0)
            else:
                blocks.append(("item", cells[0], "; ".join(cells[1:])))
        elif line.startswith("- "):
            while lines and lines[0].startswith("  "):
                line += " " + lines.pop(0).strip()
            blocks.append(("item", "-", line[2:]))
        elif line.strip():
            while lines and lines[0].strip() and not re.match(r"```|[#|]|- ", lines[0]):
                line += "\n" + lines.pop(0)
            blocks.append(("text", line))
    return blocks


# ---- the manual's own marks

def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"[^\x00-\x7f]", lambda c: f"\\[u{ord(c[0]):04X}]", text)
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.M)


def inline(text):
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    parts = re.split(r"(`[^`]+`|\*\*.+?\*\*)", text)
    return "".join(f"\\fB{roff(part.strip('`*'))}\\fR" if i % 2 else roff(part)
                   for i, part in enumerate(parts))


def emit(name, section, doc, blocks, others, version):
    out = [f'.TH {name.upper()} {section} "" "Leat {version}" "Leat"', ".SH NAME",
           f"{roff(name)} \\- {roff(doc)}"]
    for kind, *rest in blocks + [("head", "SEE ALSO"), ("text", ", ".join(others))]:
        if kind == "head":
            out.append(".SH " + roff(rest[0].upper()))
        elif kind == "sub":
            out.append(".SS " + roff(rest[0]))
        elif kind == "code":
            out += [".PP", ".RS 4", ".nf"] + [roff(line) for line in rest[0]] + [".fi", ".RE"]
        elif kind == "item":
            out += [".TP", inline(rest[0]), inline(rest[1]) or "\\&"]
        else:
            out += [".PP", inline(rest[0])]
    return "\n".join(line for line in out) + "\n"


def write_man(leat, language, out):
    version = say(leat, "--version").split()[1]
    text = say(leat, "--help")
    commands = re.findall(r"^  (\w+)  +(.*)$", text.split("Commands:\n")[1].split("\n\n")[0], re.M)
    if not commands:
        sys.exit("pages.py: leat --help lists no commands")
    with open(language, encoding="utf-8") as file:
        guide = file.read()
    pages = [("leat", 1, "numeric pipelines on the command line", help_blocks(text))]
    pages += [(f"leat-{name}", 1, doc, help_blocks(say(leat, name, "--help")))
              for name, doc in commands]
    pages += [("leat-stages", 7, "every source, stage and sink, and its parameters",
               stage_blocks(*catalogue_of(leat))),
              ("leat-language", 7, "how a pipeline is written", guide_blocks(guide))]
    for name, section, doc, blocks in pages:
        others = [f"**{n}**({s})" for n, s, _, _ in pages if (n, s) != (name, section)]
        write(os.path.join(out, f"man{section}", f"{name}.{section}"),
              emit(name, section, doc, blocks, others, version))


def main():
    what, leat, *rest = sys.argv[1:]
    shutil.rmtree(rest[-1], ignore_errors=True)
    if what == "stages":
        write_stages(leat, *rest)
    elif what == "man":
        write_man(leat, *rest)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
