#!/usr/bin/env python3
"""`leat plan` as a picture: text, DOT and SVG show the links of the pipeline, and the statistics of
a run know them.

    test_draw.py LEAT DRAW_NAMES     DRAW_NAMES draws stages with names that no pipeline can give
"""
import collections
import json
import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import case
from case import Case, leat

DRAW_NAMES = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
SVG = "{http://www.w3.org/2000/svg}"
COLUMNS = 100
UTF8 = dict(os.environ, LC_ALL="C.UTF-8")
PLAIN = dict(os.environ, LC_ALL="C")

# What is joined to what, read off the text by eye.
GRAPHS = {
    "chain": ("synth ! scale ! null", "synth>scale scale>null"),
    "tee": ("synth ! tee name=t; t. ! zscore ! stats; t. ! null",
            "synth>t t>zscore zscore>stats t>null"),
    "nested": ("synth ! tee name=a; a. ! tee name=b; b. ! null; b. ! log ! digest; a. ! stats",
               "synth>a a>b b>null b>log log>digest a>stats"),
    "join": ("synth ! j.; synth ! scale ! j.; join name=j ! null",
             "synth>j synth2>scale scale>j j>null"),
    "twice": ("synth ! tee name=t; t. ! j.; t. ! j.; join how=add name=j ! null",
              "synth>t t>j t>j j>null"),
    "passing": ("synth ! tee name=t; t. ! scale ! scale ! scale ! j.; t. ! j.; t. ! null; "
                "join name=j ! null", "synth>t t>scale scale>scale2 scale2>scale3 scale3>j t>j "
                                      "t>null j>null2"),
    "apart": ("synth ! null; synth ! stats", "synth>null synth2>stats"),
}


def links_of(text):
    return [tuple(link.split(">")) for link in text.split()]


def names_of(links):
    return {name for link in links for name in link}


def some_graph(seed):
    """A pipeline's text and its links: sources, maps, tees and joins at random."""
    rng = random.Random(seed)
    chains, links, free, n = [], [], [], 0

    def add(stage, ends):
        nonlocal n
        n += 1
        name = f"s{n}"
        links.extend((end, name) for end, _ in ends)
        return name, f"{stage} name={name}"

    for _ in range(rng.randint(1, 3)):
        name, words = add("synth frame=64", [])
        free.append((name, [words]))
    for _ in range(rng.randint(1, 14)):
        kind = rng.choice(["scale", "scale", "tee", "tee", "join"])
        if kind == "join" and len(free) > 1:
            ends = [free.pop(rng.randrange(len(free))) for _ in range(rng.randint(2, len(free)))]
            name, words = add("join how=merge by=arrival", ends)
            chains += [words_before + [f"{name}."] for _, words_before in ends]
            free.append((name, [words]))
        elif kind == "tee":
            end = free.pop(rng.randrange(len(free)))
            name, words = add("tee", [end])
            chains.append(end[1] + [words])
            free += [(name, [f"{name}."]) for _ in range(rng.randint(2, 4))]
        else:
            end = free.pop(rng.randrange(len(free)))
            name, words = add("scale by=2", [end])
            free.append((name, end[1] + [words]))
    for end in free:
        _, words = add("null", [end])
        chains.append(end[1] + [words])
    return "\n".join(" ! ".join(chain) for chain in chains), links


def read_text(lines):
    """The links, marked copies and capacities of a drawing in ASCII, by where things stand."""
    links, tees, last = [], [], None
    token = re.compile(r"(\(copy\))?(?:-?>|=(\d+)=>) (\w+)(?:@\d+)?|(\w+)(?:@\d+)?")
    for line in lines:
        start = re.match(r"[ |]*", line).end()
        if line[start] == "`" or (line[start - 1] == "|" and re.match(r"[-=]", line[start:])):
            column = start if line[start] == "`" else start - 1
            last = [name for at, name in tees if at == column][-1]
            start = column + 1
            start += line[start:start + 2] == "-("
        elif not re.match(r"-|=", line[start:]):
            last = None  # a chain of its own
        while start < len(line):
            found = token.match(line, start)
            assert found, line[start:]
            copy, frames, to, alone = found.groups()
            if alone is None:
                links.append((last, to, bool(copy), int(frames) if frames else None))
            last = to or alone
            tees.append((found.start(3) if to else found.start(4), last))
            start = found.end()
            start += line[start:start + 1] == " "
    return links


class Pictures(Case):
    def plan(self, *words, env=PLAIN):
        return self.good("plan", *words, env=env)

    def facts(self, *words):
        """What a run says: an independent way to the same plan."""
        path = self.path("stats.json")
        self.good("run", "--frames", "1", "--stats-file", path, *words)
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def text(self, *words, env=PLAIN):
        lines = self.plan(*words, env=env).splitlines()
        self.assertEqual(lines[0], "graph:")
        return [line for line in lines[1:lines.index(next(
            line for line in lines if line.startswith("workers: ")))]]

    def drawn(self, graph, *words, env=PLAIN):
        return [line[2:] for line in self.text(*words, GRAPHS.get(graph, (graph,))[0], env=env)]


class Text(Pictures):
    def test_chain(self):
        self.assertEqual(self.drawn("chain"), ["synth -> scale -> null"])

    def test_branches_stand_below_their_tee(self):
        self.assertEqual(self.drawn("tee"), [
            "synth -> t",
            "         |-(copy)-> zscore -> stats",
            "         `-> null"])
        self.assertEqual(self.drawn("nested", env=UTF8), [
            "synth -> a",
            "         ├─> b",
            "         │   ├─> null",
            "         │   └─(copy)─> log -> digest",
            "         └─> stats"])

    def test_chains_end_in_a_join(self):
        self.assertEqual(self.drawn("join"), [
            "synth -> j", "synth2 -> scale -> j", "j -> null"])

    def test_workers_and_edges(self):
        text = GRAPHS["tee"][0]
        it = self.facts("--workers", "3", text)
        edges = {(e["from"], e["to"]): e["capacity"] for e in it["edges"]}
        stages = {s["name"]: s["worker"] for s in it["stages"]}
        self.assertEqual(set(stages.values()), {0, 1, 2})
        lines = self.text("--workers", "3", text)
        self.assertEqual({(a, b): n for a, b, _, n in read_text(lines) if n}, edges)
        said = {name: int(worker) for name, worker in re.findall(r"(\w+)@(\d)", "\n".join(lines))}
        self.assertEqual(said, stages)
        self.assertNotIn("@", self.plan(text))

    def test_lines_are_what_the_locale_takes(self):
        self.assertTrue(self.plan(GRAPHS["tee"][0], env=PLAIN).isascii())
        for locale in ("de_XX.UTF-8", "POSIX"):
            self.assertTrue(self.plan(GRAPHS["tee"][0], env=dict(PLAIN, LC_ALL=locale)).isascii())
        plain = self.text(GRAPHS["nested"][0], env=PLAIN)
        rich = "\n".join(self.text(GRAPHS["nested"][0], env=UTF8))
        self.assertEqual(rich.translate(str.maketrans("│├└─", "||`-")).splitlines(), plain)

    def test_the_list_of_stages_stays(self):
        text = self.plan(GRAPHS["twice"][0])
        self.assertRegex(text, r"\n  t +tee +\[1 x 1024\] f64 -> \[1 x 1024\] f64\n")
        self.assertRegex(text, r"\n  j +join +\[1 x 1024\] f64\n     input 1: \[1 x 1024\] f64\n"
                               r"     input 2: ")

    def same(self, text, links, *words):
        lines = self.text(*words, text)
        for line in lines:
            self.assertLessEqual(len(line), COLUMNS)
        read = read_text(lines)
        self.assertEqual(sorted((a, b) for a, b, _, _ in read), sorted(links), "\n".join(lines))
        it = self.facts(*words, text)
        self.assertEqual(sorted((a, b, copies) for a, b, copies, _ in read),
                         sorted((l["from"], l["to"], l["copies"]) for l in it["links"]))

    def test_wide_graphs_wrap(self):
        names = [f"stage_number_{i}" for i in range(40)]
        chain = "synth name=s ! " + " ! ".join(f"scale name={name}" for name in names) + " ! null"
        path = ["s", *names, "null"]
        self.same(chain, list(zip(path, path[1:])))
        tees = ["synth ! tee name=t0"] + [f"t{i}. ! tee name=t{i + 1}; t{i}. ! null name=n{i}"
                                          for i in range(40)] + ["t40. ! null name=last"]
        links = [("synth", "t0"), ("t40", "last")]
        links += [link for i in range(40) for link in ((f"t{i}", f"t{i + 1}"), (f"t{i}", f"n{i}"))]
        self.same("\n".join(tees), links)

    def test_names_are_cut_where_there_is_no_room(self):
        text = "synth"
        for i in range(11):
            text += f" ! tee name=t{i}; t{i}. ! null; t{i}."
        long = "a" * 30 + "b" * 33
        lines = self.text("--workers", "2", f"{text} ! scale name={long} ! null")
        self.assertLessEqual(max(map(len, lines)), COLUMNS)
        self.assertRegex("\n".join(lines), r"-> a{20,30}b*\.\.@1 ?")
        self.assertIn(long, self.plan("--workers", "2", f"{text} ! scale name={long} ! null"))

    def test_any_graph(self):
        for seed in range(40):
            with self.subTest(seed):
                self.same(*some_graph(seed), "--workers", str(1 + seed % 3))

    def test_notes(self):
        """As examples/main_job.c draws costs."""
        text = GRAPHS["nested"][0].replace("synth", "synth frame=64")
        self.assertEqual(draw_names("notes", text).splitlines(), [
            "  synth@0 -> a@0",
            "  n0         |    unit",
            "             |-> b@0",
            "             |   |",
            "             |   |-> null@0",
            "             |   |   n3",
            "             |   `-(copy)=64=> log@1 -> digest@1",
            "             |                 n4       n5",
            "             `=64=> stats@1",
            "                    n6"])


def draw_names(what, text, *names):
    done = subprocess.run([DRAW_NAMES, what, text, *names], capture_output=True, text=True,
                          timeout=60, check=True)
    return done.stdout


QUOTED = r'"((?:[^"\\]|\\.)*)"'


def read_dot(text):
    """{name: (cluster, label)}, [(from, to, label)], {cluster: label}; there is nothing else."""
    nodes, links, clusters, cluster = {}, [], {}, None
    plain = lambda quoted: re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], quoted)
    lines = text.splitlines()
    assert lines[0] == "digraph leat {" and lines[-1] == "}", text
    for line in (line.strip() for line in lines[1:-1]):
        attributes = rf' \[label={QUOTED}(?:, \w+={QUOTED})?\];'
        if found := re.fullmatch(rf"{QUOTED} -> {QUOTED}{attributes}", line):
            links.append(tuple(map(plain, found.groups()[:3])))
        elif found := re.fullmatch(QUOTED + attributes, line):
            assert cluster is not None and plain(found[1]) not in nodes, line
            nodes[plain(found[1])] = (cluster, plain(found[2]))
        elif found := re.fullmatch(r"subgraph cluster_worker(\d+) {", line):
            cluster = int(found[1])
        elif found := re.fullmatch(rf"label={QUOTED};", line):
            clusters[cluster] = plain(found[1])
        elif line == "}":
            cluster = None
        else:
            assert re.fullmatch(r"rankdir=LR;|(node|edge) \[[^\]]*\];", line), line
    return nodes, links, clusters


class Dot(Pictures):
    def same(self, text, links, workers=1):
        words = ("--workers", str(workers), text)
        nodes, drawn, clusters = read_dot(self.plan("--dot", *words))
        self.assertEqual(set(nodes), names_of(links))
        self.assertEqual(sorted(link[:2] for link in drawn), sorted(links))
        it = self.facts(*words)
        self.assertEqual({name: node[0] for name, node in nodes.items()},
                         {s["name"]: s["worker"] for s in it["stages"]})
        self.assertEqual(list(clusters), list(range(len(it["workers"]))))
        for number, label in clusters.items():
            self.assertTrue(label.startswith(f"worker {number}, on "), label)
        self.assertEqual(sorted((a, b, re.search(r"(?:(\d+) frames)?", label)[1])
                                for a, b, label in drawn if "frames" in label),
                         sorted((e["from"], e["to"], str(e["capacity"])) for e in it["edges"]))
        self.assertEqual(sorted((a, b, "copy" in label) for a, b, label in drawn),
                         sorted((l["from"], l["to"], l["copies"]) for l in it["links"]))
        pools = {name: re.search(r"pool: (\d+) frames", node[1]) for name, node in nodes.items()}
        self.assertEqual({name: int(pool[1]) for name, pool in pools.items() if pool},
                         {p["stage"]: p["frames"] for p in it["pools"]})

    def test_graphs(self):
        for name, (text, links) in GRAPHS.items():
            for workers in (1, 3):
                with self.subTest(name, workers=workers):
                    self.same(text, links_of(links), workers)

    def test_any_graph(self):
        for seed in range(40):
            with self.subTest(seed):
                self.same(*some_graph(seed), 1 + seed % 3)

    def test_bytes_a_frame(self):
        text = "synth frame=100 channels=3 ! cast type=f32 ! window size=256 hop=256 ! null"
        _, links, _ = read_dot(self.plan("--dot", text))
        self.assertEqual([link[2] for link in links],
                         ["2.3 KiB a frame", "1.2 KiB a frame", "3 KiB a frame"])

    def test_copies(self):
        _, links, _ = read_dot(self.plan("--dot", GRAPHS["tee"][0]))
        self.assertEqual([link[1] for link in links if link[2].startswith("copy\n")], ["zscore"])

    def test_names(self):
        names = ['a"b', "c\\", "<&>", "d\\n"]
        nodes, links, _ = read_dot(draw_names("dot", "synth ! scale ! log ! null", *names))
        self.assertEqual(list(nodes), names)
        self.assertEqual([link[:2] for link in links], list(zip(names, names[1:])))
        for name, (_, label) in nodes.items():
            self.assertEqual(label.split("\n")[0], name)


def longest_paths(links):
    layers = dict.fromkeys(names_of(links), 0)
    for _ in layers:
        for a, b in links:
            layers[b] = max(layers[b], layers[a] + 1)
    return layers


def points_of(path):
    """A line as points: M x y, H x, C of three pairs."""
    out, words = [], re.findall(r"[MHC]|-?[\d.]+", path)
    while words:
        word = words.pop(0)
        if word == "M":
            out.append((float(words.pop(0)), float(words.pop(0))))
        elif word == "H":
            out.append((float(words.pop(0)), out[-1][1]))
        else:
            assert word == "C", path
            at = [out[-1]] + [(float(words.pop(0)), float(words.pop(0))) for _ in range(3)]
            assert at[0][1] == at[1][1] and at[2][1] == at[3][1], "it bends smoothly"
            for i in range(1, 11):
                t = i / 10
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3)
                out.append(tuple(sum(w * p[k] for w, p in zip(weights, at)) for k in (0, 1)))
    return out


def cross(line, other):
    """Do two lines of points meet?"""
    def side(a, b, p):
        return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])

    return any(side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
               for a, b in zip(line, line[1:]) for c, d in zip(other, other[1:]))


class Svg(Pictures):
    def read(self, text):
        root = xml.fromstring(text)
        self.assertEqual(root.tag, SVG + "svg")
        boxes = {}
        for group in root.findall(f"{SVG}g[@class='stage']"):
            names = group.findall(f"{SVG}text[@class='name']")
            self.assertEqual(len(names), 1)
            self.assertNotIn(names[0].text, boxes)
            boxes[names[0].text] = group
        links = [(group.get("data-from"), group.get("data-to"), group)
                 for group in root.findall(f"{SVG}g[@class='link']")]
        self.assertEqual(len(root.findall(f".//{SVG}text[@class='name']")), len(boxes))
        return root, boxes, links

    def rect(self, group):
        rect = group.find(f"{SVG}rect")
        return [float(rect.get(key)) for key in ("x", "y", "width", "height")]

    def same(self, text, links, workers=1):
        words = ("--workers", str(workers), text)
        root, boxes, drawn = self.read(self.plan("--svg", *words))
        self.assertEqual(set(boxes), names_of(links))
        self.assertEqual(sorted(link[:2] for link in drawn), sorted(links))
        it = self.facts(*words)
        self.check_words(boxes, drawn, it)
        self.check_colours(root, boxes, it)
        self.check_places(root, {name: self.rect(box) for name, box in boxes.items()}, links)
        self.check_lines({name: self.rect(box) for name, box in boxes.items()}, drawn)

    def check_words(self, boxes, drawn, it):
        """The same as DOT's, which is held against the run."""
        about = {name: [text.text for text in box.findall(f"{SVG}text[@class='about']")]
                 for name, box in boxes.items()}
        for pool in it["pools"]:
            self.assertTrue(any(line.startswith(f"pool: {pool['frames']} frames x ")
                                for line in about[pool["stage"]]))
        self.assertEqual(sum("pool: " in line for lines in about.values() for line in lines),
                         len(it["pools"]))
        said = []
        for a, b, group in drawn:
            flow = [text.text for text in group.findall(f"{SVG}text[@class='flow']")]
            self.assertRegex(flow[-1], r"^[\d.]+ \w+ a frame$")
            said += [(a, b, int(line.split()[0])) for line in flow[:-1] if "frames" in line]
        self.assertEqual(sorted(said), sorted((e["from"], e["to"], e["capacity"])
                                              for e in it["edges"]))

    def check_colours(self, root, boxes, it):
        colours = collections.defaultdict(set)
        for stage in it["stages"]:
            colours[stage["worker"]].add(boxes[stage["name"]].find(f"{SVG}rect").get("fill"))
        for colour in colours.values():
            self.assertEqual(len(colour), 1)
        self.assertEqual(len(set.union(*colours.values())), len(it["workers"]))
        legend = [text.text for text in root.findall(f"{SVG}text[@class='legend']")]
        keys = [rect.get("fill") for rect in root.findall(f"{SVG}rect")][1:]
        self.assertEqual([{key} for key in keys], [colours[w] for w in range(len(keys))])
        self.assertEqual([text.split(",")[0] for text in legend[:-1]],
                         [f"worker {w}" for w in range(len(it["workers"]))])

    def check_places(self, root, rects, links):
        """Layers are longest paths; no box covers another; all are on the page."""
        layers = longest_paths(links)
        by_layer = collections.defaultdict(set)
        for name, (x, y, width, height) in rects.items():
            by_layer[layers[name]].add((x, width))
            self.assertGreaterEqual(min(x, y), 0)
            self.assertLessEqual(x + width, float(root.get("width")))
            self.assertLessEqual(y + height, float(root.get("height")))
        self.assertTrue(all(len(places) == 1 for places in by_layer.values()))
        edges = [min(by_layer[k]) for k in sorted(by_layer)]
        for (x, width), (behind, _) in zip(edges, edges[1:]):
            self.assertLess(x + width, behind)
        for a in rects:
            for b in rects:
                if a < b and layers[a] == layers[b]:
                    (_, ya, _, ha), (_, yb, _, hb) = rects[a], rects[b]
                    self.assertTrue(ya + ha < yb or yb + hb < ya, (a, b))

    def check_lines(self, rects, drawn):
        """From box to box, and through none."""
        ends = set()
        for a, b, group in drawn:
            points = points_of(group.find(f"{SVG}path").get("d"))
            (xa, ya, wa, ha), (xb, yb, _, hb) = rects[a], rects[b]
            self.assertAlmostEqual(points[0][0], xa + wa, delta=0.2)
            self.assertAlmostEqual(points[-1][0] + 8, xb, delta=0.2)  # the arrow's head
            self.assertTrue(ya < points[0][1] < ya + ha and yb < points[-1][1] < yb + hb)
            ends |= {points[0], points[-1]}
            for (x, y), (to, _) in zip(points, points[1:]):
                for name, (bx, by, bw, bh) in rects.items():
                    apart = to <= bx or x >= bx + bw - 0.2 or not by < y < by + bh
                    self.assertTrue(apart, (a, b, name))
        self.assertEqual(len(ends), 2 * len(drawn), "every link has ports of its own")

    def test_graphs(self):
        for name, (text, links) in GRAPHS.items():
            for workers in (1, 3):
                with self.subTest(name, workers=workers):
                    self.same(text, links_of(links), workers)

    def test_any_graph(self):
        for seed in range(40):
            with self.subTest(seed):
                self.same(*some_graph(seed), 1 + seed % 3)

    def test_a_chain_is_straight(self):
        _, boxes, _ = self.read(self.plan("--svg", "synth ! " + "scale ! " * 20 + "null"))
        middles = {y + height / 2 for _, y, _, height in map(self.rect, boxes.values())}
        self.assertLess(max(middles) - min(middles), 0.2)

    def test_a_tee_stands_in_the_middle_of_its_branches(self):
        for n in (2, 3, 6):
            text = "synth ! tee name=t" + "; t. ! null" * n
            _, boxes, _ = self.read(self.plan("--svg", text))
            middle = {name: y + height / 2 for name, (_, y, _, height) in
                      ((name, self.rect(box)) for name, box in boxes.items())}
            branches = [y for name, y in middle.items() if name.startswith("null")]
            self.assertAlmostEqual(sum(branches) / n, middle["t"], delta=0.2)
            self.assertAlmostEqual(middle["synth"], middle["t"], delta=0.2)

    def test_branches_do_not_cross(self):
        """Where they need not."""
        text = "synth ! tee name=t"
        for i in range(6):
            text += f"; t. ! scale name=b{i} ! " + "scale ! " * (i % 3) + "j."
        text += "; join how=add name=j ! null"
        for graph in [text] + [graph for graph, _ in GRAPHS.values()]:
            _, _, drawn = self.read(self.plan("--svg", graph))
            lines = [points_of(group.find(f"{SVG}path").get("d")) for _, _, group in drawn]
            self.assertFalse([1 for i, line in enumerate(lines) for other in lines[:i]
                              if cross(line, other)], graph)

    def test_names_and_places_are_escaped(self):
        names = ["<b>&", 'a"\'b', "&lt;", "]]>"]
        text = draw_names("svg", "synth ! scale ! log ! null", *names)
        _, boxes, links = self.read(text)
        self.assertEqual(list(boxes), names)
        self.assertEqual([link[:2] for link in links], list(zip(names, names[1:])))
        titles = [box.find(f"{SVG}title").text for box in boxes.values()]
        self.assertEqual(titles[0], "a<b>&\"c'\\��:1:1")
        path = self.path('<odd> & "name".leat', "synth ! null")
        _, boxes, _ = self.read(self.plan("--svg", path))
        self.assertEqual(boxes["null"].find(f"{SVG}title").text, path + ":1:9")

    def test_no_memory(self):
        self.assertGreater(int(draw_names("memory", GRAPHS["passing"][0])), 5)


class Command(Pictures):
    def test_help(self):
        text = self.plan("--help")
        self.assertIn("--dot", text)
        self.assertIn("--svg", text)
        for option in ("--dot", "--svg"):
            self.assertNotIn(option, self.good("run", "--help"))

    def test_mistakes(self):
        for option in ("--dot", "--svg"):
            self.bad(2, "did you mean 'zscore'", "plan", option, "synth ! zscor ! null")
            self.bad(2, "unknown option", "run", option, "synth ! null")
            self.bad(2, "takes no value", "plan", option + "=x", "synth ! null")
        self.bad(2, "one at a time", "plan", "--dot", "--svg", "synth ! null")


class Statistics(Pictures):
    def stats(self, *words):
        done = leat("run", "--stats", "json", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        it = json.loads(done.stderr)
        return it, {stage["name"]: stage for stage in it["stages"]}

    def test_links(self):
        it, _ = self.stats("--workers", "3", "--frames", "5", GRAPHS["passing"][0])
        self.assertEqual(sorted((l["from"], l["to"]) for l in it["links"]),
                         sorted(links_of(GRAPHS["passing"][1])))
        for link in it["links"]:
            if link["edge"] is None:
                self.assertNotIn((link["from"], link["to"]),
                                 [(e["from"], e["to"]) for e in it["edges"]])
            else:
                edge = it["edges"][link["edge"]]
                self.assertEqual((link["from"], link["to"]), (edge["from"], edge["to"]))
        # One branch changes frames, another is numbered anew by the join; null only reads.
        branches = [(l["out"], l["to"], l["copies"]) for l in it["links"] if l["from"] == "t"]
        self.assertEqual(branches, [(0, "scale", True), (1, "j", True), (2, "null", False)])
        self.assertEqual([l["in"] for l in it["links"] if l["to"] == "j"], [1, 0])

    def test_samples_of_a_join(self):
        """Ten frames of 100 beside ten of 60 and seven more: what overhangs is lost."""
        _, stages = self.stats("synth samples=1000 frame=100 ! j.; "
                               "synth samples=1000 frame=60 channels=3 ! j.; join name=j ! null")
        j = stages["j"]
        self.assertEqual([j[key] for key in ("frames", "samples", "frames_out", "samples_out",
                                             "samples_lost")], [27, 4000, 10, 10 * 60 * 4, 1600])
        _, stages = self.stats("synth samples=1000 ! j.; synth samples=1000 ! j.; "
                               "join how=add name=j ! null")
        self.assertEqual([stages["j"][key] for key in ("samples", "samples_out")], [2000, 1000])

    def test_time_is_that_of_the_frames_it_is_for(self):
        """A stage behind a tee is timed once a frame, as the next one is."""
        _, stages = self.stats("synth samples=1M frame=256 ! tee name=t; t. ! scale ! null; "
                               "t. ! null")
        self.assertGreater(stages["scale"]["ns"]["count"], 0)
        self.assertEqual(stages["scale"]["ns"]["count"], stages["null"]["ns"]["count"])
        self.assertIsNone(stages["t"]["ns_per_sample"])
        _, stages = self.stats("synth samples=1M frame=256 ! window size=64 hop=32 ! null")
        for stage in stages.values():
            frames = stage["frames_out" if stage["name"] == "window" else "frames"]
            spent = stage["ns"]["mean"] * frames
            self.assertAlmostEqual(stage["ns_per_sample"] * stage["samples"], spent,
                                   delta=1e-9 * spent)

    def test_text(self):
        done = leat("run", "--stats", "text", "--frames", "10", GRAPHS["tee"][0], env=PLAIN)
        lines = done.stderr.splitlines()
        graph = lines.index("graph:")
        self.assertEqual(lines[graph + 1:graph + 4], self.text(GRAPHS["tee"][0]))
        self.assertRegex(done.stderr, r"\nsource to sink +20 +20480 ") # two sinks, ten frames each
        done = leat("run", "--stats", "text", "--frames", "10", GRAPHS["chain"][0])
        self.assertNotIn("graph:", done.stderr)
        self.assertRegex(done.stderr, r"\nsource to sink +10 +10240 ")


if __name__ == "__main__":
    case.main()
