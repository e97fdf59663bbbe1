"""Checks a case and a release with aics-tlog: `tlog_aics.py CASE RELEASE VKEY`.

Notes, tiles, entries, proofs: all cryptography is that library's.
"""

import base64
import json
import sys
import zipfile

from aics_tlog import (
    FileSystemTileReader, VerifiedTileReader, audit_tiles, consistency_proof_from_tiles,
    inclusion_proof_from_tiles, parse_note, parse_vkey, verify_checkpoint, verify_consistency,
    verify_leaf_inclusion, vkey_from_ed25519,
)

ENTRIES_TRIED_MAX = 1_000


def need(holds, what):
    if not holds:
        sys.exit(f"aics-tlog: {what}")


def open_checkpoint(data, key, place):
    """The checkpoint, signed under its origin with the owner's key."""
    note = parse_note(data)
    origin = note.text.split("\n")[0]
    result = verify_checkpoint(note, vkey_from_ed25519(origin, key.ed25519), expected_origin=origin)
    need(result.ok, f"{place}: {result.error}")
    return result


def check_log(folder, checkpoint):
    """All tiles and entries; inclusion of entries, evenly chosen."""
    reader = FileSystemTileReader(folder)
    audit = audit_tiles(reader, checkpoint.size, checkpoint.root)
    verified = VerifiedTileReader(reader, checkpoint.size, checkpoint.root)
    step = -(-checkpoint.size // ENTRIES_TRIED_MAX)
    for index in range(0, checkpoint.size, step):
        proof = inclusion_proof_from_tiles(verified, index, checkpoint.size)
        holds = verify_leaf_inclusion(verified.entry(index), index, checkpoint.size, proof, checkpoint.root)
        need(holds, f"entry {index} is not included")
    return verified, audit


def check_consistency(verified, old, new):
    proof = consistency_proof_from_tiles(verified, old.size, new.size)
    holds = verify_consistency(old.size, new.size, old.root, new.root, proof)
    need(holds, f"size {new.size} does not continue size {old.size}")


def hashes(lines):
    return [base64.b64decode(line) for line in lines]


def check_release(members, checkpoint):
    """Entries and events by the proofs in the release."""
    cells = {}
    for name, data in members.items():
        if name.startswith("entries/") and not name.endswith(".proof"):
            index = int(name.removeprefix("entries/"))
            head = members[f"{name}.proof"].split(b"\n\n")[0].decode().split("\n")
            holds = verify_leaf_inclusion(data, index, checkpoint.size, hashes(head[2:]), checkpoint.root)
            need(head[1] == f"index {index}" and holds, f"released entry {index} is not included")
            cells[index] = json.loads(data)
    events = json.loads(members["release.json"])["events"]
    for n, event in enumerate(events):
        cell = cells[event["cell"]]
        leaf, root = base64.b64decode(event["leaf"]), bytes.fromhex(cell["root"])
        holds = verify_leaf_inclusion(leaf, event["index"], cell["events"], hashes(event["proof"]), root)
        need(holds, f"event {n} is not in its cell")
    return len(cells), len(events)


def main():
    folder, release, vkey = sys.argv[1:]
    key = parse_vkey(vkey)
    with open(f"{folder}/checkpoint", "rb") as file:
        checkpoint = open_checkpoint(file.read(), key, "checkpoint")
    with zipfile.ZipFile(release) as file:
        members = {name: file.read(name) for name in file.namelist()}
    released = open_checkpoint(members["checkpoint"], key, "checkpoint of the release")
    verified, audit = check_log(folder, checkpoint)
    check_consistency(verified, released, checkpoint)
    entries, events = check_release(members, released)
    print(
        f"{checkpoint.size} entries in {audit.tiles} tiles; release at size {released.size}:"
        f" {entries} entries, {events} events"
    )


if __name__ == "__main__":
    try:
        main()
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        sys.exit(f"aics-tlog: {type(error).__name__}: {error}")
