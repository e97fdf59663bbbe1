"""Takes cases and releases apart for the foreign tools, and damages copies of
them. Standard library only; nothing here is checked, only cut up.

    parts.py key CASE                        the owner's vkey that entry 0 names
    parts.py note CASE|RELEASE VKEY FOLDER   text, signature, key.pem for openssl
    parts.py damage KIND CASE RELEASE FOLDER copies in which one bit differs
"""

import base64
import json
import pathlib
import shutil
import sys
import zipfile

# The DER of an Ed25519 public key is these bytes and then the key (RFC 8410).
ED25519_DER = bytes.fromhex("302a300506032b6570032100")


def bundle_zero(case):
    """Path of the first bundle of entries: the full one or a partial one."""
    entries = pathlib.Path(case, "tile", "entries")
    full = entries / "000"
    partial = sorted(entries.glob("000.p/*"), key=lambda path: int(path.name))
    return full if full.exists() else partial[-1]


def owner_key(case):
    data = bundle_zero(case).read_bytes()
    first = json.loads(data[2 : 2 + int.from_bytes(data[:2], "big")])
    return next(party["key"] for party in first["parties"] if party["role"] == "owner")


def read_checkpoint(path):
    path = pathlib.Path(path)
    if path.is_dir():
        return (path / "checkpoint").read_bytes()
    with zipfile.ZipFile(path) as file:
        return file.read("checkpoint")


def split_note(note, vkey):
    """Text, signature of the log, and public key."""
    text, _, signatures = note.decode().rpartition("\n\n")
    origin = text.split("\n")[0]
    line = next(s for s in signatures.split("\n") if s.startswith(f"\u2014 {origin} "))
    signature = base64.b64decode(line.split(" ")[2])[4:]
    public = base64.b64decode(vkey.split("+", 2)[2])[1:]
    return (text + "\n").encode(), signature, public


def write_note(source, vkey, folder):
    text, signature, public = split_note(read_checkpoint(source), vkey)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    (folder / "text").write_bytes(text)
    (folder / "signature").write_bytes(signature)
    pem = base64.b64encode(ED25519_DER + public).decode()
    (folder / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n")


# ---- Damage ------------------------------------------------------------------


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def flip_file(path, at):
    path.write_bytes(flip(path.read_bytes(), at))


def flip_base64(text, at):
    return base64.b64encode(flip(base64.b64decode(text), at)).decode()


def other_root(note):
    """A checkpoint whose root has one bit changed, under the same signatures."""
    lines = note.split(b"\n")
    lines[2] = flip_base64(lines[2].decode(), 7).encode()
    return b"\n".join(lines)


def damage_release(kind, members):
    document = json.loads(members["release.json"])
    events = document["events"]
    shown = next(event for event in events if event["disclosures"])
    proven = next((event for event in events if event["proof"]), None)
    if kind == "released-checkpoint":
        members["checkpoint"] = other_root(members["checkpoint"])
    elif kind == "proof":
        name = next(name for name in members if name.endswith(".proof"))
        lines = members[name].split(b"\n")
        lines[2] = flip_base64(lines[2].decode(), 7).encode()
        members[name] = b"\n".join(lines)
    elif kind == "event-proof":
        if proven is None:
            sys.exit("the release has no event whose cell has others")
        proven["proof"][0] = flip_base64(proven["proof"][0], 7)
    elif kind == "leaf":
        leaf = base64.b64decode(shown["leaf"])
        for at in range(36, len(leaf), 32):  # one bit of every digest
            leaf = flip(leaf, at)
        shown["leaf"] = base64.b64encode(leaf).decode()
    elif kind == "disclosure":
        shown["disclosures"][0] = change_value(shown["disclosures"][0])
    members["release.json"] = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def change_value(disclosure):
    salt, name, _ = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    changed = json.dumps([salt, name, "changed"], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(changed).decode().rstrip("=")


def damage(kind, case, release, folder):
    folder = pathlib.Path(folder)
    copy = folder / "case"
    shutil.copytree(pathlib.Path(case, "tile"), copy / "tile")
    note = read_checkpoint(case)
    (copy / "checkpoint").write_bytes(other_root(note) if kind == "checkpoint" else note)
    if kind == "entry":
        flip_file(bundle_zero(copy), 40)
    if kind == "tile":
        for tile in [copy / "tile/0/000", *copy.glob("tile/0/000.p/*")]:
            if tile.exists():
                flip_file(tile, 7)
    with zipfile.ZipFile(release) as file:
        members = {name: file.read(name) for name in file.namelist()}
    damage_release(kind, members)
    with zipfile.ZipFile(folder / "release.zip", "w") as file:
        for name, data in members.items():
            file.writestr(name, data)


def main(arguments):
    verb, rest = arguments[0], arguments[1:]
    if verb == "key":
        print(owner_key(*rest))
    elif verb == "note":
        write_note(*rest)
    elif verb == "damage":
        damage(*rest)
    else:
        sys.exit(f"parts.py: {verb} is no verb of this")


if __name__ == "__main__":
    main(sys.argv[1:])
