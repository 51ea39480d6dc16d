#!/usr/bin/env python3
"""Leat's frames in numpy and Arrow, from Python, and what docs/guides/neighbours.md says of it.

    test_neighbours.py LIBRARY STRUCTS ROOT

LIBRARY: Leat as a shared library. STRUCTS: the program that prints where C's fields lie. ROOT: the
checkout. The samples are those of `synth kind=ramp`: the sample's number. Without numpy it skips;
what wants pyarrow or a numpy that knows DLPack 1.0 skips by itself.
"""
import ctypes
import doctest
import gc
import os
import queue
import re
import struct
import subprocess
import sys
import threading
import time
import unittest

try:
    import numpy
except ImportError:
    print("skipped: this Python has no numpy (package python3-numpy)")
    sys.exit(77)
try:
    import pyarrow
except ImportError:
    pyarrow = None

LIBRARY, STRUCTS, ROOT = sys.argv[1:4]
os.environ["LEAT_LIBRARY"] = LIBRARY
sys.path.insert(0, os.path.join(ROOT, "examples"))
import neighbours  # noqa: E402

NUMPY = tuple(int(part) for part in numpy.__version__.split(".")[:2])
HEADER = 64


def ramp(first, count, channels=2):
    return [list(range(first, first + count))] * channels


class Case(unittest.TestCase):
    def stream(self, text="synth kind=ramp channels=2 samples=2500 frame=1000", **more):
        stream = neighbours.Stream(text, **more)
        self.addCleanup(stream.close)
        return stream


class Structs(unittest.TestCase):
    def test_lie_where_c_has_them(self):
        lines = subprocess.run([STRUCTS], capture_output=True, text=True, check=True).stdout
        checked = 0
        for name, *numbers in map(str.split, lines.splitlines()):
            numbers = [int(number) for number in numbers]
            if name.endswith("_ROOM"):
                self.assertGreaterEqual(getattr(neighbours, name), numbers[0], name)
            elif name == "APART":
                self.assertEqual(neighbours.APART, numbers[0])
            elif "." in name:
                kind, field = name.split(".")
                place = getattr(getattr(neighbours, kind), field)
                self.assertEqual([place.offset, place.size], numbers, name)
            else:
                self.assertEqual(ctypes.sizeof(getattr(neighbours, name)), numbers[0], name)
            checked += 1
        self.assertGreater(checked, 40)


class Numpy(Case):
    def test_arrays_are_the_frames(self):
        for kind, dtype in (("f64", "float64"), ("f32", "float32"), ("i64", "int64")):
            text = f"synth kind=ramp channels=3 samples=2500 frame=999 type={kind}"
            stream, first = self.stream(text), 0
            for frame in stream:
                address = frame._address
                x = numpy.from_dlpack(frame)
                count = min(999, 2500 - first)
                self.assertEqual((x.dtype.name, x.shape), (dtype, (3, count)))
                self.assertEqual(x.ctypes.data, address + HEADER, "no copy")
                self.assertEqual(x.ctypes.data % 64, 0)
                self.assertEqual(x.tolist(), ramp(first, count, 3))
                self.assertFalse(x.flags.owndata or x.flags.writeable)
                first += count
                del x
            self.assertEqual(first, 2500)

    def test_kept_arrays_keep_their_samples(self):
        """Far more frames pass than the pool has; those that are kept do not change."""
        stream = self.stream("synth kind=ramp channels=2 samples=60k frame=100", loans=3)
        kept = {}
        for frame in stream:
            if frame.seq in (0, 7, 300):
                kept[frame.seq] = numpy.from_dlpack(frame)
        self.assertEqual(sorted(kept), [0, 7, 300])
        for seq, x in kept.items():
            self.assertEqual(x.tolist(), ramp(seq * 100, 100))
        self.assertEqual(stream.settle(), 3)
        del x
        kept.clear()
        self.assertEqual(stream.settle(), 0)

    def test_all_loans_out(self):
        stream = self.stream("synth kind=ramp channels=2 samples=10k frame=100", loans=2)
        kept, refused = [], 0
        for frame in stream:
            try:
                kept.append(numpy.from_dlpack(frame))
            except BufferError as error:
                self.assertEqual(str(error), "all 2 loans are out: let go of some arrays")
                refused += 1
                kept.clear()
                self.assertEqual(numpy.from_dlpack(frame)[0, 0], frame.seq * 100)
        self.assertGreater(refused, 20)
        kept.clear()

    def test_once(self):
        stream = self.stream()
        for frame in stream:
            x = numpy.from_dlpack(frame)
            with self.assertRaisesRegex(BufferError, "has been lent"):
                numpy.from_dlpack(frame)
            del x
        with self.assertRaisesRegex(BufferError, "turn is over"):
            numpy.from_dlpack(frame)

    def test_other_threads_give_back(self):
        """Arrays die on a thread that has nothing to do with the stream."""
        stream = self.stream("synth kind=ramp channels=2 samples=200k frame=100", loans=4)
        arrays, sums = queue.Queue(), []

        def borrow():
            while (x := arrays.get()) is not None:
                sums.append(int(x[1].sum()))
                del x

        thread = threading.Thread(target=borrow)
        thread.start()
        try:
            for frame in stream:
                while stream.settle() == 4:
                    pass
                arrays.put(numpy.from_dlpack(frame))
        finally:
            arrays.put(None)
            thread.join()
        self.assertEqual(sums, [sum(range(i, i + 100)) for i in range(0, 200_000, 100)])
        self.assertEqual(stream.settle(), 0)

    def test_a_pool_that_is_all_lent(self):
        """Two frames in all, both lent: the source waits until another thread lets one go."""
        stream = self.stream("synth kind=ramp channels=2 samples=3k frame=100", frames=2)
        arrays, sums = queue.Queue(), []

        def borrow():
            while (x := arrays.get()) is not None:
                time.sleep(0.005)
                sums.append(int(x[0].sum()))
                del x

        thread = threading.Thread(target=borrow)
        thread.start()
        try:
            for frame in stream:
                arrays.put(numpy.from_dlpack(frame))
        finally:
            arrays.put(None)
            thread.join()
        self.assertEqual(sums, [sum(range(i, i + 100)) for i in range(0, 3000, 100)])

    def test_close_waits_for_arrays(self):
        stream = self.stream()
        kept = [numpy.from_dlpack(frame) for frame in stream]
        with self.assertRaisesRegex(BufferError, "^3 loans have not come back$"):
            stream.close()
        self.assertEqual(kept[2].tolist(), ramp(2000, 500))
        kept.clear()
        stream.close()
        stream.close()

    @unittest.skipIf(NUMPY < (2, 1), f"numpy {numpy.__version__} does not take DLPack 1.0")
    def test_versioned(self):
        stream = self.stream()
        for frame in stream:
            frame.read_only = frame.seq == 1
            x = numpy.from_dlpack(frame)
            self.assertEqual(x.flags.writeable, frame.seq != 1)
            self.assertEqual(x.tolist(), ramp(frame.seq * 1000, x.shape[1]))
            del x


class Capsules(Case):
    """What every other borrower gets, taken apart by the published layouts."""

    def pointer(self, capsule, name):
        self.assertTrue(ctypes.pythonapi.PyCapsule_IsValid(
            ctypes.c_void_p(id(capsule)), name), name)
        return ctypes.pythonapi.PyCapsule_GetPointer(ctypes.c_void_p(id(capsule)), name)

    def test_versioned_tensor(self):
        stream = self.stream()
        for frame in stream:
            frame.read_only = frame.seq != 1
            address = frame._address
            capsule = frame.__dlpack__(max_version=(1, 1))
            at = self.pointer(capsule, b"dltensor_versioned")
            major, minor, _, _, flags = struct.unpack("=IIQQQ", ctypes.string_at(at, 32))
            data, device, device_id, ndim, code, bits, lanes, shape, strides, offset = \
                struct.unpack("=QiiiBBHQQQ", ctypes.string_at(at + 32, 48))
            self.assertEqual((major, minor, flags), (1, 0, 0 if frame.seq == 1 else 1))
            self.assertEqual((device, device_id, ndim, offset), (1, 0, 2, 0))
            self.assertEqual((code, bits, lanes, data), (2, 64, 1, address + HEADER))
            rows, cols, step, one = struct.unpack(
                "=4q", ctypes.string_at(shape, 16) + ctypes.string_at(strides, 16))
            self.assertEqual((rows, cols, one), (2, 500 if frame.seq == 2 else 1000, 1))
            row = ctypes.string_at(data + 8 * step, 8 * cols)
            self.assertEqual(list(struct.unpack(f"={cols}d", row)),
                             ramp(frame.seq * 1000, cols)[1])
            self.assertEqual(stream.settle(), 1)
            del capsule  # nobody took it
            self.assertEqual(stream.settle(), 0)

    def test_tensor_that_nobody_took(self):
        stream = self.stream()
        for frame in stream:
            capsule = frame.__dlpack__()
            self.pointer(capsule, b"dltensor")
            self.assertEqual(stream.settle(), 1)
            del capsule
            self.assertEqual(stream.settle(), 0)

    def test_refusals(self):
        for frame in self.stream():
            self.assertEqual(frame.__dlpack_device__(), (1, 0))
            for wish in ({"copy": True}, {"dl_device": (2, 0)}, {"stream": 1}):
                with self.assertRaises(BufferError):
                    frame.__dlpack__(**wish)

    def test_arrow(self):
        stream = self.stream("synth kind=ramp channels=2 samples=2500 frame=1000 type=f32")
        for frame in stream:
            schema, array = frame.__arrow_c_array__()
            self.assertEqual(stream.settle(), 2)
            s = self.pointer(schema, b"arrow_schema")
            form, name, meta, flags, n, children, dictionary, release, _ = \
                struct.unpack("=QQQqqQQQQ", ctypes.string_at(s, 72))
            self.assertEqual((ctypes.string_at(form), ctypes.string_at(name)), (b"+s", b""))
            self.assertEqual((meta, flags, n, dictionary), (0, 0, 2, 0))
            self.assertNotEqual(release, 0)
            for r, child in enumerate(struct.unpack("=2Q", ctypes.string_at(children, 16))):
                form, name = struct.unpack("=QQ", ctypes.string_at(child, 16))
                self.assertEqual((ctypes.string_at(form), ctypes.string_at(name)),
                                 (b"f", b"ch%d" % (r + 1)))
            a = self.pointer(array, b"arrow_array")
            length, nulls, offset, buffers_n, n, _, children = \
                struct.unpack("=5qQQ", ctypes.string_at(a, 56))
            cols = 500 if frame.seq == 2 else 1000
            self.assertEqual((length, nulls, offset, buffers_n, n), (cols, 0, 0, 1, 2))
            for child in struct.unpack("=2Q", ctypes.string_at(children, 16)):
                length, nulls, offset, buffers_n, n, buffers = \
                    struct.unpack("=5qQ", ctypes.string_at(child, 48))
                self.assertEqual((length, nulls, offset, buffers_n, n), (cols, 0, 0, 2, 0))
                bitmap, values = struct.unpack("=QQ", ctypes.string_at(buffers, 16))
                self.assertEqual(bitmap, 0)
                column = numpy.frombuffer(ctypes.string_at(values, 4 * cols), "=f4")
                self.assertEqual(column.tolist(), ramp(frame.seq * 1000, cols)[0])
            del schema, array
            self.assertEqual(stream.settle(), 0)
        self.assertEqual(neighbours._bases, {})

    @unittest.skipIf(pyarrow is None, "this Python has no pyarrow")
    def test_pyarrow(self):
        stream = self.stream()
        for frame in stream:
            batch = pyarrow.record_batch(frame)
            batch.validate(full=True)
            self.assertEqual(batch.schema.names, ["ch1", "ch2"])
            column = batch.column(1)
            del batch
            gc.collect()
            self.assertEqual(column.to_pylist(), ramp(frame.seq * 1000, len(column))[1])
            self.assertEqual(stream.settle(), 1)
            del column
            gc.collect()
            self.assertEqual(stream.settle(), 0)


class Mistakes(Case):
    def test_of_the_pipeline(self):
        for text, said in (("synth knd=ramp", "unknown parameter 'knd'; did you mean 'kind'?"),
                           ("zscore", "nothing comes in")):
            with self.assertRaisesRegex(neighbours.LeatError, re.escape(said)):
                neighbours.Stream(text)
        with self.assertRaises(OSError):
            neighbours.Stream("synth", library="/nowhere/libleat.so")
        with self.assertRaisesRegex(MemoryError, "for Leat"):
            neighbours.Stream("synth", loans=0)

    def run_example(self, *words):
        return subprocess.run([sys.executable, "-B", os.path.join(ROOT, "examples/neighbours.py"),
                               *words], capture_output=True, text=True, check=False)

    def test_of_the_command(self):
        done = self.run_example()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertTrue(done.stderr.startswith("usage: "))
        done = self.run_example("synth knd=ramp")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, "^neighbours: 1:7: synth: unknown parameter 'knd'")
        self.assertEqual(done.stderr.count("\n"), 1)


class Guide(unittest.TestCase):
    path = os.path.join(ROOT, "docs/guides/neighbours.md")

    def test_python(self):
        failed, tried = doctest.testfile(self.path, module_relative=False)
        self.assertEqual(failed, 0)
        self.assertGreater(tried, 8)

    def test_commands(self):
        with open(self.path, encoding="utf-8") as file:
            blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.M | re.S)
        ran = 0
        for block in blocks:
            for command, said in re.findall(r"^\$ (.*)\n((?:[^$\n].*\n)*)", block, re.M):
                words = command.replace("python3 ", f"'{sys.executable}' -B ", 1)
                done = subprocess.run(words, shell=True, cwd=ROOT, capture_output=True, text=True,
                                      check=False)
                self.assertEqual((done.returncode, done.stderr, done.stdout), (0, "", said))
                ran += 1
        self.assertGreater(ran, 0)


if __name__ == "__main__":
    ctypes.pythonapi.PyCapsule_IsValid.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    unittest.main(argv=sys.argv[:1])
