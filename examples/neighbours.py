#!/usr/bin/env python3
"""Frames of a Leat pipeline in numpy, and in whatever else speaks DLPack or Arrow, without a copy.

    python3 neighbours.py 'synth channels=2 samples=10k'

runs the pipeline, which ends at an outlet that is added here, and prints the mean of each channel
as numpy finds it. LEAT_LIBRARY names the shared library; without it the system looks for libleat.

As a module it is a whole binding of what lending takes, by ctypes alone:

    with neighbours.Stream("wav file=speech.wav ! zscore") as stream:
        for frame in stream:
            x = numpy.from_dlpack(frame)     # [channels x samples], the frame itself

A Stream belongs to one thread; the arrays made of its frames to any. A frame is lent once. One that
was not lent by the end of its turn in the loop goes home; one that was goes home when the last
array, tensor or column made of it is gone.
"""
import ctypes
import ctypes.util
import os
import sys
import time
from ctypes import POINTER, Structure, byref, c_bool, c_char, c_char_p, c_int, c_int32, c_int64
from ctypes import c_size_t, c_uint16, c_uint32, c_uint64, c_uint8, c_void_p

# ---- Leat's structs, as in include/leat; what only C looks into is room alone

GRAPH_ROOM, PLAN_ROOM, CATALOGUES_ROOM = 256, 4096, 512
APART = 128


class Diag(Structure):
    _fields_ = [("code", c_int), ("line", c_uint32), ("column", c_uint32), ("file", c_char * 256),
                ("text", c_char * 512)]


class Limits(Structure):
    _fields_ = [("workers", c_uint32), ("batch", c_uint32), ("edge_frames", c_uint32),
                ("frames", c_uint32), ("memory_bytes", c_uint64), ("quarantine", c_uint32),
                ("pins", c_void_p), ("rejects", c_uint32), ("tuning", c_void_p)]


class EngineOptions(Structure):
    _fields_ = [("size", c_uint32), ("isa", c_int), ("flush_to_zero", c_bool),
                ("frames_max", c_uint64), ("spins", c_uint32), ("yields", c_uint32),
                ("watch", c_void_p), ("clock_ns", c_void_p)]


class Header(Structure):
    _fields_ = [("tag", c_uint64), ("seq", c_uint64), ("time_ns", c_int64), ("born", c_uint64),
                ("key", c_uint64), ("rows", c_uint32), ("cols", c_uint32), ("stride", c_uint32),
                ("schema", c_uint16), ("kind", c_uint8), ("flags", c_uint8), ("share", c_uint16),
                ("reason", c_uint16), ("owner", c_uint32)]


# ---- the neighbours' structs, as they publish them; of tensors what stands around the deleter

class Tensor(Structure):
    _fields_ = [("dl_tensor", c_uint64 * 6), ("manager_ctx", c_void_p), ("deleter", c_void_p)]


class VersionedTensor(Structure):
    _fields_ = [("major", c_uint32), ("minor", c_uint32), ("manager_ctx", c_void_p),
                ("deleter", c_void_p), ("flags", c_uint64), ("dl_tensor", c_uint64 * 6)]


class ArrowSchema(Structure):
    pass


ArrowSchema._fields_ = [
    ("format", c_char_p), ("name", c_char_p), ("metadata", c_void_p), ("flags", c_int64),
    ("n_children", c_int64), ("children", POINTER(POINTER(ArrowSchema))), ("dictionary", c_void_p),
    ("release", c_void_p), ("private_data", c_void_p)]


class ArrowArray(Structure):
    pass


ArrowArray._fields_ = [
    ("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64),
    ("n_children", c_int64), ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(ArrowArray))), ("dictionary", c_void_p), ("release", c_void_p),
    ("private_data", c_void_p)]


# ---- the library

CALLS = {
    "leat_graph_init": (None, [c_void_p]),
    "leat_graph_fini": (None, [c_void_p]),
    "leat_catalogue_default": (c_void_p, [c_void_p]),
    "leat_text_parse": (c_int, [c_void_p, c_void_p, c_void_p, c_char_p, c_size_t, POINTER(Diag)]),
    "leat_plan_make": (c_int, [c_void_p, c_void_p, POINTER(Limits), POINTER(Diag)]),
    "leat_plan_fini": (None, [c_void_p]),
    "leat_isa_best": (c_int, []),
    "leat_engine_bytes": (c_size_t, [c_void_p]),
    "leat_engine_init": (c_int, [POINTER(c_void_p), c_void_p, POINTER(EngineOptions), c_void_p,
                                 c_size_t, POINTER(Diag)]),
    "leat_engine_seal": (c_int, [c_void_p, POINTER(Diag)]),
    "leat_engine_start": (c_int, [c_void_p, POINTER(Diag)]),
    "leat_engine_stop": (None, [c_void_p]),
    "leat_engine_wait": (c_int, [c_void_p, c_uint64, POINTER(Diag)]),
    "leat_engine_fini": (c_int, [c_void_p, POINTER(Diag)]),
    "leat_outlet_find": (c_int, [c_void_p, c_char_p, POINTER(c_uint32), POINTER(Diag)]),
    "leat_outlet_take": (c_uint32, [c_void_p, c_uint32, POINTER(c_void_p), c_uint32,
                                    POINTER(c_bool)]),
    "leat_outlet_release": (None, [c_void_p, c_uint32, POINTER(c_void_p), c_uint32]),
    "leat_lender_bytes": (c_size_t, [c_void_p, c_uint32, c_uint32]),
    "leat_lender_init": (c_int, [POINTER(c_void_p), c_void_p, c_uint32, c_uint32, c_void_p,
                                 c_size_t, POINTER(Diag)]),
    "leat_lender_settle": (c_uint32, [c_void_p]),
    "leat_lender_fini": (c_int, [c_void_p, POINTER(Diag)]),
    "leat_lender_dlpack": (c_void_p, [c_void_p, c_void_p, c_bool]),
    "leat_lender_dlpack_unversioned": (c_void_p, [c_void_p, c_void_p]),
    "leat_lender_arrow": (c_bool, [c_void_p, c_void_p, POINTER(ArrowArray)]),
    "leat_lender_schema": (c_int, [c_void_p, POINTER(ArrowSchema), POINTER(Diag)]),
    "leat_diag_format": (c_int, [POINTER(Diag), c_char_p, c_size_t]),
}


def load(path=None):
    path = path or os.environ.get("LEAT_LIBRARY") or ctypes.util.find_library("leat")
    if not path:
        raise OSError("Leat's shared library was not found: name it in LEAT_LIBRARY")
    library = ctypes.CDLL(path)
    for name, (result, arguments) in CALLS.items():
        call = getattr(library, name)
        call.restype, call.argtypes = result, arguments
    return library


class LeatError(Exception):
    """What a call of Leat says: one line, with the place where it knows one."""


# ---- capsules: how Python passes a neighbour's struct on

_python = ctypes.pythonapi
_python.PyCapsule_New.restype = ctypes.py_object
_python.PyCapsule_New.argtypes = [c_void_p, c_char_p, c_void_p]
_python.PyCapsule_IsValid.argtypes = [c_void_p, c_char_p]
_python.PyCapsule_GetPointer.restype = c_void_p
_python.PyCapsule_GetPointer.argtypes = [c_void_p, c_char_p]
_give_back = ctypes.CFUNCTYPE(None, c_void_p)
_bases = {}  # Arrow's outer structs, by address, until their capsules are gone


def _destructor(name, give_back):
    """Runs when a capsule dies; whoever has taken the contents has renamed or emptied it."""
    @ctypes.PYFUNCTYPE(None, c_void_p)
    def destroy(capsule):
        if _python.PyCapsule_IsValid(capsule, name):
            give_back(_python.PyCapsule_GetPointer(capsule, name))
    return destroy


def _delete(kind):
    def give_back(address):
        _give_back(kind.from_address(address).deleter)(address)
    return give_back


def _release(address):
    base = _bases.pop(address)
    if base.release:
        _give_back(base.release)(address)


# The names must live as long as any capsule.
_NAMES = {b"dltensor": _delete(Tensor), b"dltensor_versioned": _delete(VersionedTensor),
          b"arrow_array": _release, b"arrow_schema": _release}
_CAPSULES = {name: (name, _destructor(name, give_back)) for name, give_back in _NAMES.items()}


def _capsule(name, address):
    kept, destructor = _CAPSULES[name]
    return _python.PyCapsule_New(address, kept, ctypes.cast(destructor, c_void_p))


def _base_capsule(name, base):
    _bases[ctypes.addressof(base)] = base
    return _capsule(name, ctypes.addressof(base))


# ---- streams and frames

CPU = (1, 0)


class Frame:
    """One frame, to be lent by numpy.from_dlpack, torch.from_dlpack, pyarrow.record_batch and so
    on.

    read_only: whether the borrower is told not to write. Set it before lending. DLPack before 1.0
    has no way to say so; numpy's arrays of it cannot be written anyway."""

    def __init__(self, stream, address):
        self._stream, self._address = stream, address
        header = Header.from_address(address)
        self.seq, self.time_ns = header.seq, header.time_ns
        self.rows, self.cols = header.rows, header.cols
        self.read_only = True

    def _lend(self, lend):
        if self._address is None:
            raise BufferError("the frame has been lent, or its turn is over")
        loan = lend(self._stream._lender, self._address)
        if not loan:
            raise BufferError(f"all {self._stream.loans} loans are out: let go of some arrays")
        self._address = None
        return loan

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        if stream is not None or dl_device not in (None, CPU) or copy:
            raise BufferError("Leat lends frames on the CPU, and makes no copies")
        leat = self._stream._leat
        if max_version is None or max_version[0] < 1:
            return _capsule(b"dltensor", self._lend(leat.leat_lender_dlpack_unversioned))
        return _capsule(b"dltensor_versioned", self._lend(
            lambda lender, frame: leat.leat_lender_dlpack(lender, frame, self.read_only)))

    def __dlpack_device__(self):
        return CPU

    def __arrow_c_array__(self, requested_schema=None):
        del requested_schema  # a wish, which may be passed over
        schema, array = self._stream.__arrow_c_schema__(), ArrowArray()
        self._lend(lambda lender, frame:
                   self._stream._leat.leat_lender_arrow(lender, frame, byref(array)))
        return schema, _base_capsule(b"arrow_array", array)

    def _turn_is_over(self):
        if self._address is not None:
            self._stream._release(self._address)
            self._address = None


class Stream:
    """A running pipeline, and its frames one after another.

    text: the pipeline up to the outlet. loans: frames and schemas that may be lent at once. frames:
    of each source's pool, 0 = what the pipeline itself wants; who keeps arrays for long gives it
    more. Raises LeatError."""

    def __init__(self, text, loans=16, frames=0, workers=1, library=None):
        self._leat, self._libc = load(library), ctypes.CDLL(None)
        self._libc.aligned_alloc.restype = c_void_p
        self._libc.aligned_alloc.argtypes = [c_size_t, c_size_t]
        self._libc.free.argtypes = [c_void_p]
        self._diag, self._memory = Diag(), []
        self._engine, self._lender, self._outlet = c_void_p(), c_void_p(), c_uint32()
        self._graph, self._plan = (ctypes.create_string_buffer(n) for n in (GRAPH_ROOM, PLAN_ROOM))
        self.loans = loans
        self._leat.leat_graph_init(self._graph)
        try:
            self._open(text, Limits(workers=workers, frames=frames))
            self.names = self._read_names()
        except BaseException:
            self.close()
            raise

    def _check(self, status):
        if status < 0:
            line = ctypes.create_string_buffer(1024)
            self._leat.leat_diag_format(byref(self._diag), line, len(line))
            raise LeatError(line.value.decode(errors="replace"))

    def _allocate(self, size):
        """Not Python's memory: borrowers may reach into it until close()."""
        size = (size + APART - 1) // APART * APART
        memory = self._libc.aligned_alloc(APART, size)
        if size == 0 or not memory:
            raise MemoryError(f"{size} bytes for Leat")
        self._memory.append(memory)
        return memory, size

    def _open(self, text, limits):
        leat, diag = self._leat, byref(self._diag)
        lists = ctypes.create_string_buffer(CATALOGUES_ROOM)
        words = f"{text} ! outlet name=out".encode()
        self._check(leat.leat_text_parse(self._graph, leat.leat_catalogue_default(lists), None,
                                         words, len(words), diag))
        self._check(leat.leat_plan_make(self._plan, self._graph, byref(limits), diag))
        options = EngineOptions(size=ctypes.sizeof(EngineOptions), isa=leat.leat_isa_best())
        memory, size = self._allocate(leat.leat_engine_bytes(self._plan))
        self._check(leat.leat_engine_init(byref(self._engine), self._plan, byref(options), memory,
                                          size, diag))
        self._check(leat.leat_engine_seal(self._engine, diag))
        self._check(leat.leat_outlet_find(self._engine, b"out", byref(self._outlet), diag))
        memory, size = self._allocate(
            leat.leat_lender_bytes(self._engine, self._outlet, self.loans))
        self._check(leat.leat_lender_init(byref(self._lender), self._engine, self._outlet,
                                          self.loans, memory, size, diag))
        self._check(leat.leat_engine_start(self._engine, diag))

    def _schema(self):
        schema = ArrowSchema()
        self._check(self._leat.leat_lender_schema(self._lender, byref(schema), byref(self._diag)))
        return schema

    def _read_names(self):
        schema = self._schema()
        names = [schema.children[r].contents.name.decode() for r in range(schema.n_children)]
        _give_back(schema.release)(ctypes.addressof(schema))
        return names

    def __arrow_c_schema__(self):
        return _base_capsule(b"arrow_schema", self._schema())

    def settle(self):
        """Hands home what was given back; returns how many loans are still out."""
        return self._leat.leat_lender_settle(self._lender)

    def _release(self, address):
        self._leat.leat_outlet_release(self._engine, self._outlet, byref(c_void_p(address)), 1)

    def __iter__(self):
        address, ended = c_void_p(), c_bool()
        while not ended.value:
            self.settle()
            if self._leat.leat_outlet_take(self._engine, self._outlet, byref(address), 1,
                                           byref(ended)) == 0:
                time.sleep(0 if ended.value else 50e-6)
                continue
            frame = Frame(self, address.value)
            try:
                yield frame
            finally:
                frame._turn_is_over()
        self._check(self._leat.leat_engine_wait(self._engine, 10**9, byref(self._diag)))

    def close(self):
        """Ends the pipeline and frees its memory. BufferError while arrays are still alive: nothing
        has changed then, and it may be called again."""
        leat = self._leat
        if self._lender.value and leat.leat_lender_fini(self._lender, byref(self._diag)) < 0:
            raise BufferError(self._diag.text.decode())
        self._lender.value = None
        status = leat.leat_engine_fini(self._engine, byref(self._diag))
        self._engine.value = None
        leat.leat_plan_fini(self._plan)
        leat.leat_graph_fini(self._graph)
        while self._memory:
            self._libc.free(self._memory.pop())
        self._check(status)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    import numpy

    if len(sys.argv) != 2:
        print("usage: neighbours.py 'PIPELINE UP TO ITS SINK'", file=sys.stderr)
        return 2
    try:
        stream = Stream(sys.argv[1])
    except LeatError as error:
        print(f"neighbours: {error}", file=sys.stderr)
        return 2
    samples, total = 0, numpy.zeros(len(stream.names))
    try:
        with stream:
            for frame in stream:
                x = numpy.from_dlpack(frame)
                samples += x.shape[1]
                total += x.sum(axis=1)
                del x  # before the stream is closed
    except LeatError as error:
        print(f"neighbours: {error}", file=sys.stderr)
        return 1
    for name, mean in zip(stream.names, total / samples):
        print(f"{name}: {samples} samples, mean {mean:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
