#!/usr/bin/env python3
"""`leat doctor` on machines that are imitated file by file, and on the one that the test runs on.

    test_doctor.py LEAT
"""
import json
import os
import platform
import random
import re
import stat
import subprocess
import time

import case
from case import Case, leat
from machine import FLAGS, Machine

LINES = 50      # of one screen, on the worst machine
COLUMNS = 100
ORDER = ["severe", "warning", "hint"]
V4 = FLAGS + " avx512f avx512bw avx512dq avx512vl"


class Doctor(Case):
    def look(self, machine):
        """What the command says of that machine: the object, and the text for people."""
        self.made = getattr(self, "made", 0) + 1
        root = self.path(f"machine{self.made}")
        os.mkdir(root)
        machine.write(root)
        it = json.loads(self.good("doctor", "--json", "--root", root))
        text = self.good("doctor", "--root", root)
        self.same(it, text)
        return it, text

    def same(self, it, text):
        """Both tell the same findings, the worst first."""
        flat = re.sub(r"\s+", " ", text)
        ranks = [ORDER.index(f["severity"]) for f in it["findings"]]
        self.assertEqual(ranks, sorted(ranks))
        at = 0
        for finding in it["findings"]:
            for part in ("what", "cost", "command"):
                self.assertTrue(finding[part], finding)
                self.assertIn(re.sub(r"\s+", " ", finding[part]), flat)
            here = flat.index(finding["what"])
            self.assertGreaterEqual(here, at, "not in order")
            at = here
        self.assertEqual(len(it["findings"]),
                         len(re.findall(r"^(?:severe|warning|hint) ", text, re.M)))
        for line in text.splitlines():
            self.assertLessEqual(len(line), COLUMNS, line)
        self.assertLessEqual(len(text.splitlines()), LINES, text)

    def finds(self, machine, name, severity, what, command):
        """That one finding and no other."""
        it, text = self.look(machine)
        self.assertEqual([(f["name"], f["severity"]) for f in it["findings"]], [(name, severity)])
        finding = it["findings"][0]
        self.assertRegex(finding["what"] + " " + finding["cost"], what)
        self.assertRegex(finding["command"], command)
        self.assertFalse(finding["measured"])
        return finding

    def names(self, machine):
        return [f["name"] for f in self.look(machine)[0]["findings"]]


class Imitated(Doctor):
    def test_a_clean_machine(self):
        it, text = self.look(Machine())
        self.assertEqual(it["findings"], [])
        self.assertLessEqual(len(text.splitlines()), 14)
        self.assertIn("Nothing to mend", text)
        self.assertIsNone(it["measured"])
        machine = it["machine"]
        self.assertEqual(machine["model"], "Mill Wheel 4")
        processors = machine["processors"]
        self.assertEqual([processors[k] for k in ("usable", "online", "cores", "packages",
                                                  "memory_nodes", "siblings", "smt")],
                         [4, 4, 4, 1, 1, False, False])
        self.assertEqual([processors[k] for k in ("allowed", "isolated", "without_tick")],
                         ["0-3", "", ""])
        self.assertEqual(machine["caches"], {"l1d_bytes": 32768, "l2_bytes": 524288,
                                             "l3_bytes": 16777216, "l3s": 1, "line_bytes": 64})
        self.assertEqual(machine["kernels"], {"isa": "v3", "usable": ["base", "v3"]})
        self.assertEqual(machine["clock"], {"source": "tsc", "available": "tsc hpet acpi_pm",
                                            "tsc_invariant": True})
        self.assertEqual(machine["pages"], {"transparent": "madvise", "reserved": 0,
                                            "reserved_free": 0})
        self.assertEqual(machine["governor"], {"name": "performance", "driver": "acpi-cpufreq",
                                               "khz_min": 1200000, "khz_max": 3600000})
        self.assertEqual(machine["limits"], {"memlock_bytes": "unlimited", "stack_bytes": 8388608,
                                             "files": 1024})
        self.assertEqual(machine["control_group"], {"quota": "none", "file": "",
                                                    "throttled": None, "throttled_s": None})
        self.assertEqual(machine["virtual"], {"machine": False, "name": "", "container": "",
                                              "stolen": 0})
        for part in ("4 usable of 4", "4 cores", "1 package", "L3 16 MiB", "v3", "tsc", "madvise",
                     "performance"):
            self.assertIn(part, text)
        self.assertNotIn("unknown", text)

    def test_quota(self):
        half = Machine().with_(cpu_max="50000 100000\n",
                               cpu_stat="nr_throttled 12\nthrottled_usec 3400000\n")
        finding = self.finds(half, "quota", "severe", r"0\.5 processors' .* 12 times.* 3\.4 s",
                             r"echo max \| sudo tee \S*sys/fs/cgroup/user/cpu\.max")
        self.assertRegex(finding["cost"], r"50(\.0)? ms of (each|every) 100 ms")
        two = Machine().with_(cpu_max="200000 100000\n")
        self.finds(two, "quota", "warning", r"2 processors' .* 50 ms", r"--workers 2 ")
        self.assertEqual(self.names(Machine().with_(cpu_max="400000 100000\n")), [])
        it, text = self.look(two)
        self.assertEqual(it["machine"]["control_group"]["quota"], 2)

    def test_quota_of_a_group_above(self):
        inner = Machine().at("proc/self/cgroup", "0::/user/app/one\n")
        inner.at("sys/fs/cgroup/user/app/one/cpu.max", "300000 100000\n")
        inner.at("sys/fs/cgroup/user/app/cpu.max", "100000 100000\n")
        self.finds(inner, "quota", "severe", "1 processor's worth.* 75 ms",
                   r"user/app/cpu\.max")

    def test_quota_of_the_old_control_groups(self):
        old = Machine().cgroup_v1(50000)
        finding = self.finds(old, "quota", "severe", r"0\.5 processors.* 7 times.* 1\.5 s",
                             r"echo -1 \| sudo tee \S*sys/fs/cgroup/cpu,cpuacct/cpu\.cfs_quota_us")
        self.finds(Machine().cgroup_v1(50000, group="/a/b", root="/"), "quota", "severe", "0.5",
                   r"/sys/fs/cgroup/cpu,cpuacct/a/b/cpu\.cfs_quota_us")
        self.assertEqual(self.names(Machine().cgroup_v1(-1)), [])
        it, text = self.look(old)
        self.assertEqual(it["machine"]["virtual"]["container"], "docker")

    def test_cpuset(self):
        few = Machine().allow("0-1").at("sys/fs/cgroup/user/cpuset.cpus.effective", "0-1\n")
        self.finds(few, "cpuset", "warning", "2 of the 4 processors",
                   r"echo 0-3 \| sudo tee \S*sys/fs/cgroup/user/cpuset\.cpus")
        it, text = self.look(few)
        processors = it["machine"]["processors"]
        self.assertEqual([processors[k] for k in ("usable", "online", "cores", "allowed")],
                         [2, 4, 2, "0-1"])
        self.finds(Machine().allow("1,3"), "cpuset", "warning", "2 of the 4 processors",
                   r"taskset -c 0-3")

    def test_clock(self):
        hpet = Machine().with_(current_clocksource="hpet\n")
        self.finds(hpet, "clock", "warning", "hpet.*system call", r"echo tsc \| sudo tee /sys/\S*clocksource")
        without = Machine().with_(current_clocksource="acpi_pm\n",
                                  available_clocksource="hpet acpi_pm\n")
        self.finds(without, "clock", "warning", "acpi_pm", r"tsc=reliable")
        self.assertEqual(self.names(Machine().with_(current_clocksource="kvm-clock\n")), [])

    def test_time_stamp_counter(self):
        uneven = Machine(flags=FLAGS.replace("nonstop_tsc", ""))
        self.finds(uneven, "tsc", "hint", "not invariant", r"\S")
        it, text = self.look(uneven)
        self.assertIs(it["machine"]["clock"]["tsc_invariant"], False)

    def test_governor(self):
        slow = Machine().with_(scaling_governor="powersave\n")
        self.finds(slow, "governor", "severe", r"4 of 4 processors is powersave.*1\.2 GHz.*3\.6 GHz.*3\.0 times",
                   r"performance.*scaling_governor")
        self.finds(Machine().with_(scaling_governor="schedutil\n"), "governor", "hint",
                   r"schedutil", r"performance")
        # of these drivers powersave is the usual choice, which speeds up under load
        self.finds(Machine().with_(scaling_governor="powersave\n", scaling_driver="intel_pstate\n"),
                   "governor", "hint", r"powersave", r"performance")
        one = Machine()
        one.files["sys/devices/system/cpu/cpu2/cpufreq/scaling_governor"] = "powersave\n"
        self.finds(one, "governor", "severe", r"1 of 4 processors", r"performance")

    def test_transparent_huge_pages(self):
        never = Machine().with_(enabled="always madvise [never]\n")
        self.finds(never, "huge-pages", "warning", r"4 KiB",
                   r"echo madvise \| sudo tee /sys/kernel/mm/transparent_hugepage/enabled")
        self.assertEqual(self.names(Machine().with_(enabled="[always] madvise never\n")), [])
        reserved = Machine().with_(enabled="always madvise [never]\n", nr_hugepages="64\n",
                                   free_hugepages="64\n")
        self.finds(reserved, "huge-pages", "hint", r"64.* set aside", r"echo madvise")

    def test_siblings(self):
        both = Machine(cores=2, siblings=2).with_(active="1\n")
        self.finds(both, "siblings", "hint", r"2 cores.*4 processors", r"--workers 2")
        it, text = self.look(both)
        processors = it["machine"]["processors"]
        self.assertEqual([processors[k] for k in ("usable", "cores", "siblings")], [4, 2, True])

    def test_isolated(self):
        apart = Machine().with_(isolated="2-3\n").allow("0-1")
        self.finds(apart, "isolated", "hint", r"2-3.*tick",
                   r"taskset -c 2-3 leat run --workers 2 --pin 2,3")
        quiet = Machine().with_(isolated="2-3\n", nohz_full="2-3\n").allow("0-1")
        finding = self.finds(quiet, "isolated", "hint", r"2-3", r"taskset -c 2-3")
        self.assertNotIn("tick", finding["cost"])
        # there already
        self.assertEqual(self.names(Machine().with_(isolated="2-3\n", nohz_full="2-3\n")
                                    .allow("2-3")), [])

    def test_kernels(self):
        old = Machine(flags="fpu tsc constant_tsc nonstop_tsc sse2")
        self.finds(old, "kernels", "warning", r"128 bit", r"-cpu host")
        it, text = self.look(Machine(flags=V4))
        self.assertEqual(it["machine"]["kernels"], {"isa": "v4", "usable": ["base", "v3", "v4"]})
        self.assertEqual(it["findings"], [])

    def test_memory_nodes(self):
        two = Machine(nodes=2)
        finding = self.finds(two, "memory-nodes", "hint", "2 memory nodes", "--pin 0,1")
        two.with_(numa_balancing="1\n")
        self.finds(two, "memory-nodes", "warning", "faults", r"numa_balancing")
        self.assertEqual(self.names(Machine().with_(numa_balancing="1\n")), [])

    def test_limits(self):
        swap = "SwapTotal: 2000000 kB\n"
        low = Machine().limits(memlock=65536, memlock_most=65536).with_(meminfo=None)
        low.at("proc/meminfo", swap)
        self.finds(low, "memlock", "hint", r"64 KiB.*swap|swap.*64 KiB", r"ulimit -l|limits\.conf")
        self.assertEqual(self.names(Machine().limits(memlock=65536)), [])  # nowhere to swap to
        self.assertEqual(self.names(Machine().at("proc/meminfo", swap)), [])
        self.finds(Machine().limits(stack=131072), "stack", "severe", "128 KiB", "ulimit -s")
        self.finds(Machine().limits(files=32), "files", "warning", "32", "ulimit -n")

    def test_virtual(self):
        guest = Machine(flags=FLAGS + " hypervisor").with_(sys_vendor="QEMU\n")
        self.finds(guest, "virtual", "hint", "virtual machine.*QEMU", r"\S")
        guest.with_(stat="cpu  1000 0 1000 95000 0 0 0 3000 0 0\n")
        self.finds(guest, "virtual", "warning", r"3(\.0)? %", r"\S")
        it, text = self.look(guest)
        self.assertEqual(it["machine"]["virtual"]["machine"], True)
        self.assertAlmostEqual(it["machine"]["virtual"]["stolen"], 0.03)

    def test_the_worst_machine(self):
        worst = Machine(cores=4, siblings=2, nodes=2, flags="fpu tsc sse2 hypervisor")
        worst.with_(cpu_max="50000 100000\n", current_clocksource="hpet\n", active="1\n",
                    scaling_governor="powersave\n", enabled="always madvise [never]\n",
                    isolated="6-7\n", numa_balancing="1\n",
                    stat="cpu  1000 0 1000 95000 0 0 0 3000 0 0\n")
        worst.at("proc/meminfo", "SwapTotal: 5 kB\n").allow("0-4")
        worst.limits(stack=65536, files=16, memlock=65536)
        self.assertEqual(set(self.names(worst)),
                         {"quota", "clock", "tsc", "governor", "huge-pages", "siblings", "isolated",
                          "kernels", "memory-nodes", "memlock", "stack", "files", "virtual",
                          "cpuset"})

    def test_the_worst_comes_first(self):
        self.assertEqual(self.names(Machine(cores=2, siblings=2).limits(files=32)
                                    .with_(scaling_governor="schedutil\n", cpu_max="5 10\n",
                                           current_clocksource="hpet\n", active="1\n")),
                         ["quota", "clock", "files", "governor", "siblings"])

    def test_nothing_is_there(self):
        empty = Machine()
        empty.files = {}
        it, text = self.look(empty)
        self.assertEqual(it["findings"], [])
        self.assertGreaterEqual(text.count("unknown"), 8, text)
        self.assertIsNone(it["machine"]["clock"]["source"])
        self.assertIsNone(it["machine"]["processors"]["usable"])

    def test_each_file_may_be_missing_or_broken(self):
        rng = random.Random(7)
        whole = Machine(cores=2)
        paths = sorted(whole.files)
        root = whole.write(self.path("machine"))
        junk = ["", "\n", "-1\n", "99999999999999999999999\n", "max\n", "0-", "5-2\n", "1,,2\n",
                "0-4294967295\n", "\0\0", "[", "x" * 70000, "0::\n", "nan nan\n", "1e999 1\n",
                ":::::\n", "100000 0\n", "0-1,5-,6\n", "0-2000\n", "ffffffff,ffffffff\n", "1\n",
                "4096\n"]
        for path in paths:
            where = os.path.join(root, path)
            os.remove(where)
            for text in [None, rng.choice(junk), rng.choice(junk)]:
                if text is not None:
                    with open(where, "w", encoding="utf-8") as file:
                        file.write(text)
                done = leat("doctor", "--json", "--root", root)
                self.assertEqual((done.returncode, done.stderr), (0, ""), (path, text))
                json.loads(done.stdout)
            with open(where, "w", encoding="utf-8") as file:
                file.write(whole.files[path])
        self.assertEqual(json.loads(self.good("doctor", "--json", "--root", root))["findings"], [])

    def test_a_folder_in_place_of_a_file(self):
        path = "proc/cpuinfo"
        machine = Machine().at(path, None).at(path + "/x", "x")
        it, text = self.look(machine)
        self.assertIsNone(it["machine"]["model"])

    def test_a_pipe_in_place_of_a_file(self):
        """Nobody writes into it: it is not waited for."""
        path = "sys/kernel/mm/transparent_hugepage/enabled"
        root = Machine().at(path, None).write(self.path("machine"))
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        os.mkfifo(os.path.join(root, path))
        it = json.loads(self.good("doctor", "--json", "--root", root))
        self.assertIsNone(it["machine"]["pages"]["transparent"])


class Here(Doctor):
    def test_measured(self):
        for _ in range(5):  # two threads that are never there at once measure no line
            begun = time.monotonic()
            it = json.loads(self.good("doctor", "--json"))
            self.assertLess(time.monotonic() - begun, 5)
            self.assertLess(it["seconds"], 5)
            if all(pair["ns"] is not None for pair in it["measured"]["pairs"]):
                break
        online = os.sysconf("SC_NPROCESSORS_ONLN")
        processors = it["machine"]["processors"]
        self.assertEqual(processors["usable"], len(os.sched_getaffinity(0)))
        self.assertEqual(processors["online"], online)
        measured = it["measured"]
        for name, low, high in (("clock_ns", 1, 1e5), ("clock_system_call_ns", 20, 1e5),
                                ("ticks_ns", 1, 1e5), ("pause_ns", 0.3, 1e4),
                                ("yield_ns", 20, 1e9), ("wake_ns", 500, 1e8),
                                ("page_ns", 20, 1e8), ("interruption_ns", 1, 1e9)):
            self.assertGreater(measured[name], low, name)
            self.assertLess(measured[name], high, name)
        self.assertTrue(0 < measured["share"] < 1.1, measured["share"])
        cores = processors["cores"]
        self.assertEqual(len(measured["pairs"]), min(cores, 64) * (min(cores, 64) - 1) // 2)
        for pair in measured["pairs"]:
            self.assertNotEqual(*pair["processors"])
            if pair["ns"] is None:
                self.skipTest("the processors were never free at once, five times over")
            self.assertGreater(pair["ns"], 10)
            self.assertEqual(pair["state"], "near" if pair["ns"] < 150 else "far")
        names = [f["name"] for f in it["findings"]]
        self.assertEqual(len(names), len(set(names)))

    def test_text(self):
        text = self.good("doctor")
        self.assertRegex(text, r"reading it takes \d+ ns")
        self.assertRegex(text, r"first touch of a page [\d.]+ [num]s")
        self.assertRegex(text, r"a yield [\d.]+ [num]s")
        self.assertLessEqual(len(text.splitlines()), LINES)
        for line in text.splitlines():
            self.assertLessEqual(len(line), COLUMNS, line)

    def test_as_the_processor_says(self):
        """What the files say of instruction sets is what the processor itself says."""
        if platform.machine() != "x86_64":
            self.skipTest("flags are x86's")
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            root = Machine().at("proc/cpuinfo", file.read()).write(self.path("machine"))
        imitated = json.loads(self.good("doctor", "--json", "--root", root))
        here = json.loads(self.good("doctor", "--json"))
        self.assertEqual(imitated["machine"]["kernels"], here["machine"]["kernels"])
        self.assertIn(f"isa: {here['machine']['kernels']['isa']};",
                      self.good("plan", "synth ! null"))

    def test_one_processor(self):
        one = min(os.sched_getaffinity(0))
        it = json.loads(self.good("doctor", "--json",
                                  preexec_fn=lambda: os.sched_setaffinity(0, [one])))
        self.assertEqual(it["measured"]["pairs"], [])
        self.assertEqual(it["machine"]["processors"]["usable"], 1)
        self.assertLess(it["seconds"], 5)
        if os.sysconf("SC_NPROCESSORS_ONLN") > 1:
            self.assertIn("cpuset", [f["name"] for f in it["findings"]])

    def test_imitated_by_hwloc(self):
        env = dict(os.environ, HWLOC_SYNTHETIC="core:4 pu:1")
        it = json.loads(self.good("doctor", "--json", env=env))
        self.assertEqual((it["machine"]["processors"]["cores"], it["measured"]["pairs"]), (4, []))
        text = self.good("doctor", env=env)
        self.assertIn("imitated", text)
        self.assertIn("there and back: unknown", text)

    def test_low_limits(self):
        text = self.good("doctor", "--json", preexec_fn=lambda: __import__("resource").setrlimit(
            __import__("resource").RLIMIT_NOFILE, (24, 24)))
        self.assertIn("files", [f["name"] for f in json.loads(text)["findings"]])

    def test_not_as_root(self):
        if os.getuid() != 0:
            return  # every test was one
        program = self.path("leat")
        subprocess.run(["cp", case.LEAT, program], check=True)
        os.chmod(self.folder.name, 0o755)
        os.chmod(program, 0o755)
        done = subprocess.run([program, "doctor", "--json"], user=65534, group=65534,
                              extra_groups=[], capture_output=True, text=True, timeout=60,
                              cwd="/")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIsNotNone(json.loads(done.stdout)["measured"]["wake_ns"])


class Command(Doctor):
    def test_mistakes(self):
        self.bad(2, "did you mean 'doctor'", "docter")
        self.bad(2, "did you mean '--json'", "doctor", "--jsn")
        self.bad(2, "unknown option '-x'", "doctor", "-x")
        self.bad(2, "wants a value", "doctor", "--root")
        self.bad(2, "takes no value", "doctor", "--json=yes")
        self.bad(2, "'now'", "doctor", "now")
        self.bad(2, "No such file or directory", "doctor", "--root", "/nowhere")
        self.bad(2, "[Nn]ot a (folder|directory)", "doctor", "--root", self.path("file", "x"))
        self.bad(2, "cannot be written: No such file", "doctor", "--write-config", "/nowhere/x")
        self.bad(2, "one of them", "doctor", "--json", "--write-config", "-")

    def test_help(self):
        text = self.good("doctor", "--help")
        for option in ("--json", "--write-config", "--root", "Exit status"):
            self.assertIn(option, text)
        self.assertEqual(text, self.good("doctor", "-h"))
        self.assertIn("doctor", self.good("--help"))

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([case.LEAT, "doctor", "--root", self.folder.name], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)


class Configuration(Doctor):
    PIPELINE = "synth samples=64k frame=256 ! zscore ! null"

    def read(self, path):
        """As the file says it: one key = value a line."""
        with open(path, encoding="utf-8") as file:
            lines = [line.split("#")[0].strip() for line in file]
        return dict(re.fullmatch(r"(\w+) = (\S+)", line).groups() for line in lines if line)

    def config(self, text):
        return self.path("machine.conf", text)

    def stats(self, *words):
        done = leat("run", "--stats", "json", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stderr)

    def pins(self, *words):
        return [w["pin"] for w in self.stats(*words)["workers"]]

    def test_written_and_taken(self):
        path = self.path("machine.conf")
        self.good("doctor", "--write-config", path)
        self.assertEqual(self.left_over(), [])
        it = self.read(path)
        usable = sorted(os.sched_getaffinity(0))
        self.assertEqual(set(it) - {"spins", "yields"}, {"workers", "pin", "isa"})
        with open(path, encoding="utf-8") as file:
            busy = "others were at work" in file.read()
        if len(usable) > 1:
            self.assertEqual("spins" in it and "yields" in it, not busy)
        workers = int(it["workers"])
        self.assertTrue(1 <= workers <= len(usable))
        stats = self.stats("--config", path, "synth samples=64k frame=256 ! zscore ! null")
        self.assertEqual(stats["isa"], it["isa"])
        self.assertEqual(len(stats["workers"]), workers)
        if workers > 1:
            pins = [int(pin) for pin in it["pin"].split(",")]
            self.assertEqual([w["pin"] for w in stats["workers"]], pins)
            self.assertLessEqual(set(pins), set(usable))
        self.assertEqual(self.good("run", "--config", path, "synth samples=9k ! ewma span=9 ! digest"),
                         self.good("run", "synth samples=9k ! ewma span=9 ! digest"))
        self.assertIn(f"workers: {workers}", self.good("plan", "--config", path,
                                                       "synth ! zscore ! null"))

    def test_of_an_imitated_machine(self):
        def written(machine):
            root = self.path(f"m{len(os.listdir(self.folder.name))}")
            os.mkdir(root)
            path = root + ".conf"
            self.good("doctor", "--root", machine.write(root), "--write-config", path)
            return self.read(path)
        self.assertEqual(written(Machine()), {"workers": "4", "pin": "0,1,2,3", "isa": "v3"})
        self.assertEqual(written(Machine(flags=V4).with_(cpu_max="250000 100000\n")),
                         {"workers": "2", "pin": "0,1", "isa": "v4"})
        self.assertEqual(written(Machine().with_(cpu_max="50000 100000\n")),
                         {"workers": "1", "pin": "none", "isa": "v3", "spins": "1"})
        self.assertEqual(written(Machine(cores=2, siblings=2).with_(active="1\n")),
                         {"workers": "2", "pin": "0,1", "isa": "v3"})
        self.assertEqual(written(Machine().allow("2-3")),
                         {"workers": "2", "pin": "2,3", "isa": "v3"})
        empty = Machine()
        empty.files = {}
        self.assertEqual(written(empty), {})

    def test_replaces_the_file_at_once(self):
        root = Machine().write(self.path("machine"))
        path = self.config("workers = 1\n")
        os.chmod(path, 0o640)
        link = self.path("link")
        os.symlink("machine.conf", link)
        with open(path, encoding="utf-8") as held:
            self.good("doctor", "--root", root, "--write-config", link)
            self.assertEqual(held.read(), "workers = 1\n")  # the old one is whole
        self.assertEqual(self.read(path)["workers"], "4")
        self.assertTrue(os.path.islink(link))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
        self.assertEqual(self.left_over(), [])
        self.bad(1, "No space left", "doctor", "--root", root, "--write-config", "/dev/full")

    def test_to_standard_output(self):
        root = Machine().write(self.path("machine"))
        text = self.good("doctor", "--root", root, "--write-config", "-")
        self.assertEqual(self.read(self.config(text))["workers"], "4")

    def test_the_command_line_wins(self):
        first = str(min(os.sched_getaffinity(0)))
        path = self.config(f"# a machine\nworkers=3\n pin = {first},{first},{first}  # here\n\n"
                           "isa = base\nbatch = 7\nspins = 50\nyields = 2\n")
        stats = self.stats("--config", path, self.PIPELINE)
        self.assertEqual((stats["isa"], stats["batch"], len(stats["workers"])), ("base", 7, 3))
        self.assertEqual({w["pin"] for w in stats["workers"]}, {int(first)})
        for words in (["--batch", "9", "--config", path], ["--config", path, "--batch", "9"]):
            self.assertEqual(self.stats(*words, self.PIPELINE)["batch"], 9)
        self.assertEqual(self.pins("--config", path, "--workers", "2", self.PIPELINE),
                         [int(first)] * 2)
        self.assertEqual(self.pins("--config", path, "--pin", "none", self.PIPELINE), [None] * 3)
        self.assertEqual(self.pins("--config", path, "--pin", first, self.PIPELINE), [int(first)])
        # too few pins in the file for the workers of the command line: pinned as without a file
        five = "synth ! scale ! scale ! scale ! null".replace("synth", "synth samples=9")
        self.assertEqual(len(self.pins("--config", path, "--workers", "5", five)), 5)
        best = json.loads(self.good("doctor", "--json"))["machine"]["kernels"]["isa"]
        self.assertEqual(self.stats("--config", path, "--isa", best, self.PIPELINE)["isa"], best)

    def test_mistakes(self):
        for text, message in (("worker = 2", r"1:1: unknown key 'worker'; did you mean 'workers'"),
                              ("flibbertigibbet = 2", "1:1: unknown key 'flibbertigibbet'"),
                              ("# x\n\nworkers = 65", r"3:11: workers: 65 is out of range: 1 to 64"),
                              ("batch=0", r"1:7: batch: 0 is out of range"),
                              ("batch = many", r"1:9: batch: expected a whole number"),
                              ("isa = v9", r"1:7: isa: 'v9'"),
                              ("pin = 1,", r"1:7: pin"),
                              ("spins = -1", r"1:9: spins"),
                              ("yields = 1e12", r"1:10: yields: 1e12 is out of range"),
                              ("workers", r"1:1: expected key = value"),
                              ("= 3", r"1:1: expected key = value"),
                              ("workers =", r"1:9: workers"),
                              ("workers = 2 3", r"1:11: workers"),
                              ("workers = 2\nbatch = 2\nworkers = 3", r"3:1: 'workers'.* line 1"),
                              ("workers = 2\0", r"1:")):
            path = self.config(text + "\n")
            for command in ("run", "plan"):
                said = self.bad(2, "^leat: " + re.escape(path) + ":" + message, command,
                                "--config", path, "synth samples=1 ! null")
                self.assertEqual(said.count("\n"), 1, said)
        self.bad(2, "No such file", "run", "--config", "/nowhere/x", "synth samples=1 ! null")
        self.bad(2, "Is a directory", "run", "--config", "/", "synth samples=1 ! null")
        self.bad(2, "wants a value", "run", "--config")
        gone = self.config("workers = 1\npin = 999999\n")
        self.bad(2, re.escape(gone) + r":2:7: pin: this machine has no processor 999999", "run",
                 "--config", gone, "synth samples=1 ! null")
        self.assertEqual(self.pins("--config", gone, "--pin", "none", "synth samples=1 ! null"),
                         [None])

    def test_nonsense_is_one_line(self):
        rng = random.Random(3)
        letters = "workers=pin,isa#batch \n0123456789=\t\r\0\x7fé"
        for _ in range(60):
            path = self.config("".join(rng.choice(letters) for _ in range(rng.randrange(200))))
            done = leat("plan", "--config", path, "synth samples=1 ! null")
            self.assertIn(done.returncode, (0, 2), done.stderr)
            self.assertLessEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_how_workers_wait(self):
        """A worker that waits long: with few looks it sleeps, with very many it does not."""
        def parks(text):
            path = self.config("workers = 2\npin = none\n" + text)
            process = self.start("--config", path, "--stats", "json", "csv file=- header=no ! null",
                                 stdin=subprocess.PIPE)
            process.stdin.write("1\n" * 5000)
            process.stdin.flush()
            time.sleep(0.4)
            process.stdin.close()
            it = json.loads(process.stderr.read())
            self.assertEqual(process.wait(timeout=30), 0)
            return it["workers"][1]["parks"], it["workers"][1]["yields"]
        few = parks("spins = 1\nyields = 1\n")
        self.assertGreater(few[0], 0)
        many = parks("spins = 1\nyields = 100M\n")
        self.assertEqual(many[0], 0)
        self.assertGreater(many[1], few[1])
        self.assertEqual(parks("spins = 500M\nyields = 1\n"), (0, 0))


if __name__ == "__main__":
    case.main()
