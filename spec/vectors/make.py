#!/usr/bin/env python3
"""Makes the test vectors of the sealed case anew: `python3 make.py [FOLDER]`.

Always the same bytes come out. README.md says what a vector looks like. The
vectors themselves are in good.py, bad_cases.py, bad_releases.py and exposures.py; writer.py
writes cases.
"""

import json
import pathlib
import sys

import bad_cases
import bad_releases
import exposures
import good
import writer
from story import OWNER, Vectors


def answers():
    """How one event is sealed, in both kinds: keys, salts, disclosures, leaf."""
    origin, nonce = f"{OWNER.name}/case/0123456789abcdef", bytes(range(16))
    key = writer.examination_key(OWNER.seed, origin, nonce)
    fields = [("Image", "C:\\Windows\\cmd.exe"), ("EventID", 1), ("_sd", "kept"), ("~x", None),
              ("Hashes", ["MD5=0", "SHA1=1"]), ("é\n", True)]
    event = writer.Event(1_771_316_130_123_456_789, 4711, 65536, fields, source=3, ordinal=1)
    out = {
        "seed": OWNER.seed.hex(), "public": OWNER.public().hex(), "vkey": OWNER.vkey(),
        "cosigner_vkey": OWNER.vkey(4), "origin": origin, "nonce": nonce.hex(),
        "examination_key": key.hex(), "time": event.time, "record_id": event.record_id,
        "source": event.source, "offset": event.offset, "ordinal": event.ordinal, "fields": fields,
    }
    for kind in ("fields", "whole"):
        sealed = writer.seal(event, kind, key)
        out[kind] = {
            "leaf": sealed.leaf.hex(), "leaf_hash": writer.leaf_hash(sealed.leaf).hex(),
            "disclosures": sealed.disclosures,
        }
    return json.dumps(out, ensure_ascii=False, indent=1) + "\n"


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    vectors = Vectors()
    for part in (good, bad_cases, bad_releases, exposures):
        part.make(vectors)
    for old in folder.glob("*.vector"):
        old.unlink()
    for name, text in vectors.texts.items():
        (folder / f"{name}.vector").write_text(text, encoding="utf-8")
    (folder / "answers.json").write_text(answers(), encoding="utf-8")
    print(f"{len(vectors.texts)} vectors, {sum(map(len, vectors.texts.values()))} bytes")


if __name__ == "__main__":
    main()
