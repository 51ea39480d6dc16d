#!/usr/bin/env python3
"""What Doxygen reads in place of a header or a page: filter.py FILE writes it to standard output.

The house's headers have plain comments. Doxygen is told what a reader sees at once: the comment at
the head of a file is about the file; one that stands directly above a declaration is about it, and
about those that follow without an empty line or a comment of their own; one behind a member is about
the member; any other, and all in bodies, is about nothing. Indented lines are kept as they stand.
Of a page the links change, to what is no page of these documents they are plain text, and code that
Doxygen would take for something else.
"""
import itertools
import os
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
SECTIONS = r"(?:Errors?|Owner|Threads|Progress|Order|Memory|Numerics|Source)"


# ---- what a comment says, in Doxygen's words

def quoted(code):
    """Doxygen ends `code` at a single quote; as a tag it stays whole."""
    if "'" not in code:
        return code
    signs = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;", '"': "&quot;", "|": "&#124;"}
    text = "".join(signs.get(c, "\\" + c if c in "\\@#%*_`$~[]" else c) for c in code[1:-1])
    return f"<code>{text}</code>"


def escape(text):
    """Outside `code` nothing is a command, a tag or a list."""
    parts = re.split(r"(`[^`\n]*`)", text)
    parts[1::2] = map(quoted, parts[1::2])
    parts[::2] = [re.sub(r"[\\@#%*~|\[\]]", r"\\\g<0>", part)
                  .replace("<", "&lt;").replace(">", "&gt;").replace("::", "\\::")
                  for part in parts[::2]]
    return "".join(parts)


def said(comment):
    """The lines of a comment, without its stars."""
    body = comment[2:-2].strip("* -")
    lines = [re.sub(r"^ ?\*? ?", "", line) if i else line.lstrip()
             for i, line in enumerate(body.split("\n"))]
    lines = [re.sub(r"^\s*\* ?", "", line) if re.match(r"^\s{2,}\*( |$)", line) else line
             for line in lines]
    return [line.rstrip() for line in lines]


def words(comment):
    """Paragraphs as they read; runs of indented lines word by word."""
    out = []
    for kept, lines in itertools.groupby(said(comment) + [""], lambda line: line.startswith("  ")):
        if kept:
            out += ["", "@verbatim", *lines, "@endverbatim", ""]
        else:
            out += [re.sub("^(" + SECTIONS + ":) ", r"\n**\1** ", escape(line)) for line in lines]
    return "\n".join(out).strip()


def private(comment):
    return comment.startswith("/* Private:")


def above(comment):
    if private(comment):
        return "/** @private\n" + words(comment) + " */"
    return "/** " + words(comment) + " */"


# ---- where it stands

class Header:
    def __init__(self, text):
        self.text = text
        self.comments = [m.span() for m in COMMENT.finditer(text)]
        blank = lambda m: re.sub(r"[^\n]", " ", m.group())
        self.code = COMMENT.sub(blank, text)          # the same places, no comments
        self.directives = [m.span() for m in DIRECTIVE.finditer(self.code)
                           if re.match(r"\s*#\s*define", m.group())]
        self.plain = DIRECTIVE.sub(blank, self.code)  # and no preprocessor
        self.plain = re.sub(r"\b(LEAT_BEGIN|LEAT_END)\b", blank, self.plain)
        self.walk()

    def walk(self):
        """starts: where a declaration outside all braces begins. bodies: spans of functions."""
        self.starts, self.bodies, stack, head = [s for s, _ in self.directives], [], [], None
        for at, c in enumerate(self.plain):
            if c == "{":
                kind = "type" if re.search(r"\b(struct|union|enum)\b[^()]*$",
                                           self.plain[head:at]) else "body"
                stack.append((kind, at))
            elif c == "}":
                kind, since = stack.pop()
                if kind == "body":
                    self.bodies.append((since, at))
                    head = head if stack else None
            elif c == ";" and not stack:
                head = None
            elif not c.isspace() and not stack and head is None:
                head = at
                self.starts.append(at)
        self.starts.sort()

    def line(self, at):
        return self.text.rfind("\n", 0, at) + 1

    def own_line(self, at):
        return not self.text[self.line(at):at].strip()

    def changes(self):
        """(begin, end, text) of each thing that Doxygen sees otherwise."""
        above_of, first = {}, True
        for begin, end in self.comments:
            comment = self.text[begin:end]
            if any(b < begin < e for b, e in self.bodies):
                continue
            behind = self.text[end:end + 2]
            if first:
                yield begin, end, "/** @file\n" + words(comment) + " */"
            elif not self.own_line(begin):
                if not re.match(r"\s*(\n|$)", self.text[end:]):
                    continue
                yield begin, end, "/**< " + words(comment) + " */"
            elif behind != "\n\n" and not comment.endswith("---- */"):
                above_of[self.line(end + 1)] = comment
                yield begin, end, above(comment)
            first = False
        yield from self.shared(above_of)

    def shared(self, above_of):
        comment = None
        for begin in self.starts:
            at = self.line(begin)
            if at in above_of:
                comment = above_of[at]
            elif not self.text[self.line(at - 1):at].strip():
                comment = None
            elif comment is not None and not re.search(r"/\*", self.text[at:self.text.find("\n", at)]):
                yield at, at, above(comment) + "\n"


def header(text):
    changes, out, at = sorted(Header(text).changes()), [], 0
    for begin, end, instead in changes:
        out += [text[at:begin], instead]
        at = end
    return "".join(out) + text[at:]


# ---- pages

PAGES = re.compile(r"(?:README|CONTRIBUTING|SECURITY|CHANGELOG)\.md|docs/.*\.md")


def page(path, text):
    """path: from the checkout's root."""
    def link(found):
        title, target = found.groups()
        if "://" in target or target.startswith("@ref"):
            return found.group()
        to = os.path.normpath(os.path.join(os.path.dirname(path), target.split("#")[0]))
        return f"[{title}]({to})" if PAGES.fullmatch(to) else title
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    for i, part in enumerate(parts):
        if i % 2:
            parts[i] = re.sub(r"\A```(\w+)[^\n]*", r"```{.\1}", part)
        else:
            part = re.sub(r"(?<!!)\[([^\]\n]+)\]\(([^)\s]+)\)", link, part)
            part = re.sub(r"(?<!`)`[^`\n]+`(?!`)", lambda code: quoted(code[0]), part)
            parts[i] = re.sub(r"\A# .*", lambda title: title[0].replace("`", ""), part)
    return "".join(parts)


def main():
    path = os.path.relpath(sys.argv[1])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    print(header(text) if path.endswith(".h") else page(path, text), end="")


if __name__ == "__main__":
    main()
