#!/usr/bin/env python3
"""Same bits: streaming stages give one digest whatever frame=, and every stage gives one digest
from every instruction set, number of workers and batch.

    frames.py LEAT [--few]
"""
import itertools
import json
import math
import struct

import oracle

STREAMING = ["diff", "logreturn", "ewma span=20", "ewma alpha=0.5", "rolling size=64 out=zscore",
             "rolling size=1000 out=variance", "rolling size=7 out=stddev ddof=1", "rolling size=3",
             "welford out=zscore", "welford out=stddev ddof=1", "welford out=mean",
             "logreturn ! rolling size=64 out=zscore ! ewma span=8", "diff ! diff ! welford",
             "fir taps=0.5,-1,0.25 by=products", "scale by=3 add=1", "gain db=7", "clamp min=-0.5 max=0.5", "abs", "log", "exp",
             "cast type=f32", "cast type=i64"]
# Defined on a frame or making frames of their own: one frame= for all.
FRAMED = ["zscore", "window size=100 hop=33 ! zscore", "window size=64", "where channel=1 min=0",
          "select channels=2,1", "window size=1000 hop=999 ! welford",
          "window size=100 hop=33 shape=hann ! rfft ! magnitude", "rfft ! power", "rfft ! irfft",
          "window size=128 shape=kaiser ! fft", "fft ! ifft", "fft ! scale by=2 ! magnitude",
          "fir taps=0.5,-1,0.25,2,1 by=spectra", "convolve taps=1,-2,3 by=spectra",
          "convolve taps=1,-2,3 mode=same"]


class SameBits(oracle.Case):
    def samples(self, text):
        """What a run puts out, as bytes without frames: npy files say the samples alone."""
        path = self.path("out.npy")
        self.good(f"{text} ! npy file={path}")
        with open(path, "rb") as file:
            return file.read()

    def digest(self, text, *words):
        return self.json(*words, text + " ! digest")

    def test_frame_does_not_show(self):
        for stage, kind in oracle.some(itertools.product(STREAMING, ("f64", "f32")), 3):
            source = f"synth kind=walk samples=5000 seed=3 type={kind} ! scale add=1000"
            seen = set()
            for frame in (1, 7, 1000, 1024):
                text = source.replace("walk", f"walk frame={frame}") + " ! " + stage
                got = self.digest(text)
                seen.add((got["bytes"], got["xxh64"]))  # of one channel: frames only cut it
            self.assertEqual(len(seen), 1, (kind, stage))

    def test_two_channels_too(self):
        """The digest of several channels is of frames; the samples are the same."""
        source = "synth kind=walk samples=3000 channels=3 ! scale add=1000"
        for stage in oracle.some(STREAMING, 3):
            outputs = {self.samples(source.replace("walk", f"walk frame={frame}") + " ! " + stage)
                       for frame in (1, 7, 1000, 1024)}
            self.assertEqual(len(outputs), 1, stage)

    def test_a_frame_does_show_where_it_is_the_definition(self):
        """The check above can fail: z-scores belong to a frame."""
        source = "synth kind=walk samples=3000 frame=%d ! zscore"
        self.assertNotEqual(self.digest(source % 7)["xxh64"], self.digest(source % 1000)["xxh64"])

    def test_sets_workers_batches(self):
        ways = list(itertools.product(self.usable_sets(), ((1, 32), (2, 7), (3, 1))))
        for stage in STREAMING + FRAMED:
            source = "synth kind=walk samples=20k channels=2 frame=50 seed=9 ! scale add=100"
            digests = set()
            for isa, (workers, batch) in oracle.some(ways, len(ways) - 1):  # the first, the last
                digests.add(json.dumps(self.digest(f"{source} ! {stage}", "--isa", isa, "--workers",
                                                   str(workers), "--batch", str(batch))))
            self.assertEqual(len(digests), 1, stage)

    def test_branches_that_meet_again(self):
        """On one worker a branch works in the frame that it is joined with, on several in its own."""
        source = "synth kind=walk samples=5k channels=2 frame=64 seed=9 ! scale add=100 ! tee name=t"
        for stage in oracle.some((STREAMING + FRAMED)[::3], 5):
            text = f"{source} ! {stage} ! j.\nt. ! {stage} ! j.\njoin name=j"
            one, more = (self.digest(text, "--workers", str(n)) for n in (1, 3))
            self.assertEqual(one, more, stage)

    def test_sets_on_hard_numbers(self):
        """Denormal, mixed and odd values; every length of a tail."""
        values = [math.ldexp(1 + i / 977, (i * 37) % 2000 - 1000) * (-1) ** i for i in range(977)]
        path = self.path("in.raw", struct.pack("<977d", *values))
        sets = self.usable_sets()
        stages = ("scale by=0.3 add=1e-300", "clamp min=-1 max=1", "abs ! log", "abs",
                  "scale by=1e-290 ! exp", "clamp min=-1e100 max=1e100 ! zscore",
                  "diff", "ewma alpha=0.1", "cast type=f32", "cast type=i64",
                  "clamp min=-9 max=9 ! rolling size=5 out=stddev",
                  "clamp min=-9 max=9 ! welford out=variance")
        for stage, frame in oracle.some(itertools.product(stages, (977, 64, 31, 3)), 3):
            text = f"raw file={path} type=f64 frame={frame} ! {stage}"
            digests = {json.dumps(self.digest(text, "--isa", isa)) for isa in sets}
            self.assertEqual(len(digests), 1, (stage, frame))


if __name__ == "__main__":
    oracle.main()
