"""verify.py over all test vectors, and over releases cut and changed everywhere.

    python3 -m unittest discover -s spec
"""

import base64
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
VECTORS = HERE / "vectors"
sys.path[:0] = [str(HERE), str(VECTORS)]

import verify
from unpack import put, read_vector

CASES_BAD_MIN = 40


def arguments_of(header, folder, target):
    """The command line that a vector asks for."""
    arguments = [str(target)]
    for key in header.get("key", []):
        arguments += ["--key", key]
    for name in ("policy", "seen"):
        for value in header.get(name, []):
            path = pathlib.Path(folder, name)
            path.write_bytes(base64.b64decode(value))
            arguments += [f"--{name}", str(path)]
    return arguments


def run_vector(path):
    """Header, exit code and report of a vector."""
    header, files = read_vector(path)
    with tempfile.TemporaryDirectory() as folder:
        inner = pathlib.Path(folder, "case")
        inner.mkdir()
        put(inner, files)
        target = inner if header["of"] == ["case"] else inner / "release.zip"
        parser_arguments = arguments_of(header, folder, target)
        with contextlib.redirect_stdout(io.StringIO()):
            code = verify.main(parser_arguments)
        options = verify.parse_arguments(parser_arguments)
        report = verify.verify(options.path, verify.read_trust(options))
    return header, code, report


class EveryVector(unittest.TestCase):
    def test_is_decided_as_it_states_and_at_the_places_it_states(self):
        paths = sorted(VECTORS.glob("*.vector"))
        bad = 0
        for path in paths:
            with self.subTest(path.stem):
                header, code, report = run_vector(path)
                self.assertEqual([path.stem], header["name"])
                told = "\n".join(f"{s.outcome} {s.place}: {s.sentence}" for s in report.statements)
                self.assertEqual({"valid": 0, "invalid": 4}[header["expect"][0]], code, told)
                for outcome in ("broken", "missing"):
                    self.assertEqual(set(header.get(outcome, [])), report.places(outcome), told)
                self.assertLessEqual(set(header.get("claimed", [])), report.places("claimed"), told)
                bad += header["expect"] == ["invalid"]
        self.assertGreaterEqual(bad, CASES_BAD_MIN)


class Json(unittest.TestCase):
    def test_says_the_same_as_the_text(self):
        header, files = read_vector(VECTORS / "good-release.vector")
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
            put(folder, files)
            arguments = arguments_of(header, folder, pathlib.Path(folder, "release.zip"))
            self.assertEqual(0, verify.main([*arguments, "--json"]))
        told = json.loads(out.getvalue())
        self.assertEqual((1, True), (told["version"], told["valid"]))
        self.assertIn(("proven", "event 0"), [(s["outcome"], s["place"]) for s in told["statements"]])


class ReleaseCutOrChanged(unittest.TestCase):
    def setUp(self):
        header, files = read_vector(VECTORS / "good-release.vector")
        self.data = files["release.zip"]
        self.trust = verify.Trust([verify.Key.parse(key) for key in header["key"]])

    def valid(self, data):
        report = verify.Report()
        verify.verify_release(bytes(data), self.trust, report)
        return report.valid()

    def test_as_it_is_it_is_valid(self):
        self.assertTrue(self.valid(self.data))

    def test_cut_anywhere_it_is_not(self):
        for end in range(len(self.data)):
            self.assertFalse(self.valid(self.data[:end]), end)

    def test_with_any_byte_changed_it_is_not(self):
        for at in range(len(self.data)):
            changed = bytearray(self.data)
            changed[at] ^= 1 << at % 8
            self.assertFalse(self.valid(changed), at)


class CaseChanged(unittest.TestCase):
    def test_with_a_byte_changed_in_any_file_it_is_not_valid(self):
        header, files = read_vector(VECTORS / "good-case.vector")
        trust = verify.Trust([verify.Key.parse(key) for key in header["key"]])
        with tempfile.TemporaryDirectory() as folder:
            put(folder, files)
            self.assertTrue(verify.verify(folder, trust).valid())
            for name, data in files.items():
                for at in range(0, len(data), 1 + len(data) // 40):
                    changed = bytearray(data)
                    changed[at] ^= 1 << at % 8
                    put(folder, {name: changed})
                    self.assertFalse(verify.verify(folder, trust).valid(), f"{name} at {at}")
                put(folder, {name: data})

    def test_without_any_one_of_its_files_only_the_release_is_not_needed(self):
        header, files = read_vector(VECTORS / "good-case.vector")
        trust = verify.Trust([verify.Key.parse(key) for key in header["key"]])
        for name in files:
            with tempfile.TemporaryDirectory() as folder:
                put(folder, {other: data for other, data in files.items() if other != name})
                valid = verify.verify(folder, trust).valid()
                self.assertEqual(name.startswith("releases/"), valid, name)


class WrongUse(unittest.TestCase):
    def code(self, *arguments):
        with contextlib.redirect_stderr(io.StringIO()):
            return verify.main(list(arguments))

    def test_exits_with_2(self):
        self.assertEqual(2, self.code("/nowhere/at/all"))
        self.assertEqual(2, self.code(str(HERE), "--key", "nonsense"))

    def test_a_checkpoint_seen_that_no_given_key_signed_is_no_use(self):
        header, files = read_vector(VECTORS / "log-forked.vector")
        with tempfile.TemporaryDirectory() as folder:
            put(folder, files)
            seen = pathlib.Path(folder, "seen")
            seen.write_bytes(base64.b64decode(header["seen"][0]))
            other = read_vector(VECTORS / "other-key-given.vector")[0]["key"][0]
            self.assertEqual(2, self.code(folder, "--key", other, "--seen", str(seen)))


class TheVectors(unittest.TestCase):
    def test_come_out_again(self):
        with tempfile.TemporaryDirectory() as folder:
            make = [sys.executable, "-B", "-W", "ignore", str(VECTORS / "make.py"), folder]
            subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
            names = sorted(p.name for p in pathlib.Path(folder).iterdir())
            kept = sorted(p.name for p in VECTORS.iterdir() if p.suffix in (".vector", ".json"))
            self.assertEqual(kept, names)
            for name in names:
                kept, made = VECTORS / name, pathlib.Path(folder, name)
                read = read_vector if made.suffix == ".vector" else pathlib.Path.read_bytes
                self.assertEqual(read(kept), read(made), name)


if __name__ == "__main__":
    unittest.main()
