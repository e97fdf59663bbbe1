"""Writes small sealed cases and releases, for test vectors only.

Made from case-v1.md, apart from verify.py and from the program. Nothing here is
fast, and nothing is random: nonces and keys follow from names. Everything is
kept in memory and open to being changed, so that damage of every kind can be
made, also by somebody who has the owner's key.
"""

import base64
import datetime
import hashlib
import hmac
import io
import json
import struct
import zipfile
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TIME_UNKNOWN = -(2**63)
RECORD_ID_UNKNOWN = 2**64 - 1
EPOCH = datetime.datetime(1970, 1, 1)


# ---- Encodings and hashes ---------------------------------------------------


def sha256(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def leaf_hash(data):
    return sha256(b"\0" + data)


def mth(hashes):
    """Root, by the definition of RFC 6962."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return sha256(b"\1" + mth(hashes[:k]) + mth(hashes[k:]))


def path(index, hashes):
    """Inclusion proof, by the definition of RFC 6962."""
    if len(hashes) <= 1:
        return []
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    if index < k:
        return path(index, hashes[:k]) + [mth(hashes[k:])]
    return path(index - k, hashes[k:]) + [mth(hashes[:k])]


def time_text(nanoseconds):
    moment = EPOCH + datetime.timedelta(seconds=nanoseconds // 10**9)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 10**9:09d}Z"


def nanoseconds(text):
    """Of a day and time such as `2026-02-17 08:15:30`."""
    moment = datetime.datetime.fromisoformat(text)
    return (moment - EPOCH) // datetime.timedelta(seconds=1) * 10**9 + 123


# ---- Keys, notes -------------------------------------------------------------


@dataclass(frozen=True)
class Signer:
    name: str
    seed: bytes

    @staticmethod
    def of(name, what="key"):
        return Signer(name, sha256(f"{what} of {name}".encode()))

    def key(self):
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def public(self):
        return self.key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def under(self, name):
        return Signer(name, self.seed)

    def id(self, type_):
        return sha256(self.name.encode() + b"\n" + bytes([type_]) + self.public())[:4]

    def vkey(self, type_=1):
        return f"{self.name}+{self.id(type_).hex()}+{b64(bytes([type_]) + self.public())}"

    def line(self, text):
        signature = self.key().sign(text.encode())
        return f"\u2014 {self.name} {b64(self.id(1) + signature)}\n"

    def cosignature(self, text, time):
        signature = self.key().sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        return f"\u2014 {self.name} {b64(self.id(4) + struct.pack('>Q', time) + signature)}\n"


# ---- Events ------------------------------------------------------------------


@dataclass
class Event:
    time: int
    record_id: int
    offset: int
    fields: list  # of (name, value)
    source: int = 0
    ordinal: int = 0


@dataclass
class Sealed:
    """An event's leaf, and its disclosures by written name."""

    leaf: bytes
    disclosures: dict


def written(name):
    return "~" + name if name.startswith("~") or name in ("_sd", "...") else name


def disclosure(salt, name, value):
    return b64url(compact([b64url(salt), name, value]))


def digest_of(encoded):
    return sha256(encoded.encode())


def leaf_bytes(head, digests):
    return head + struct.pack(">H", len(digests)) + b"".join(digests)


def salts(event_key, count):
    cipher = Cipher(algorithms.ChaCha20(event_key, bytes(16)), mode=None).encryptor()
    return [cipher.update(bytes(16)) for _ in range(count)]


def examination_key(seed, origin, nonce):
    secret = hmac.digest(seed, b"sekisho salt secret v1", "sha256")
    message = b"sekisho salts v1\0" + origin.encode() + b"\0" + nonce
    return hmac.digest(secret, message, "sha256")


def seal(event, kind, key):
    """Seals an event under an examination key."""
    number = {"fields": 1, "whole": 2}[kind]
    head = struct.pack(
        ">BBqQIQI", 1, number, event.time, event.record_id, event.source, event.offset, event.ordinal
    )
    fields = sorted(((written(n), v) for n, v in event.fields), key=lambda f: f[0].encode())
    parts = [("~names", [name for name, _ in fields]), *fields]
    if kind == "whole":
        parts = [("~event", dict(fields))]
    keys = salts(hmac.digest(key, head, "sha256"), len(parts))
    encoded = {name: disclosure(salt, name, value) for salt, (name, value) in zip(keys, parts)}
    return Sealed(leaf_bytes(head, sorted(map(digest_of, encoded.values()))), encoded)


# ---- Cases -------------------------------------------------------------------


@dataclass
class Cell:
    product: str
    host: str
    channel: str
    day: str | None
    events: list
    sealed: list = field(default_factory=list)
    entry: int = -1

    def hashes(self):
        return [leaf_hash(sealed.leaf) for sealed in self.sealed]

    def proof(self, index):
        return [b64(hash_) for hash_ in path(index, self.hashes())]


def tiles(entries):
    """Files of the log over these entries."""
    files = {}

    def put(kind, items, join):
        for at in range(0, len(items), 256):
            part = items[at : at + 256]
            partial = "" if len(part) == 256 else f".p/{len(part)}"
            files[f"tile/{kind}/{at // 256:03d}{partial}"] = b"".join(map(join, part))

    put("entries", entries, lambda entry: struct.pack(">H", len(entry)) + entry)
    hashes, level = [leaf_hash(entry) for entry in entries], 0
    while hashes:
        put(level, hashes, bytes)
        full = range(0, len(hashes) - 255, 256)
        hashes, level = [mth(hashes[at : at + 256]) for at in full], level + 1
    return files


class Case:
    """A case that is being written. `records` may be changed before `folder`."""

    def __init__(self, owner, name="A rehearsal", parties=(), policy="quorum none\n"):
        self.owner = owner
        self.origin = f"{owner.name}/case/0123456789abcdef"
        self.records = []
        self.cells = []
        self.files = {}
        self.sources = 0
        self.examinations = 0
        self.add("case", version=1, origin=self.origin, name=name, **self.parties(parties, policy))

    def parties(self, others, policy, owner=None):
        owner = owner or self.owner
        first = {"name": "Ministry", "role": "owner", "key": owner.vkey()}
        return {"parties": [first, *others], "policy": policy}

    def add(self, type_, **members):
        nonce = b64url(sha256(f"nonce {len(self.records)} {type_}".encode())[:16])
        self.records.append({"type": type_, "nonce": nonce, **members})
        return len(self.records) - 1

    # -- examinations --

    def source(self, path_, records):
        sealed = sha256(path_.encode()).hex()
        self.add(
            "source", number=self.sources, path=path_, sha256=sealed, bytes=69632, format="evtx",
            records=records, problems=0, duplicate_of=None,
        )
        self.sources += 1

    def put_cell(self, cell, kind, key):
        cell.sealed = [seal(event, kind, key) for event in cell.events]
        order = sorted(cell.events, key=lambda event: event.time)
        ids = sorted(e.record_id for e in cell.events if e.record_id != RECORD_ID_UNKNOWN)

        def end(event):
            time = None if event.time == TIME_UNKNOWN else time_text(event.time)
            unknown = event.record_id == RECORD_ID_UNKNOWN
            return {"time": time, "record_id": None if unknown else event.record_id}

        cell.entry = self.add(
            "cell", number=len(self.cells), product=cell.product, host=cell.host,
            channel=cell.channel, day=cell.day, events=len(cell.events), root=mth(cell.hashes()).hex(),
            first=end(order[0]), last=end(order[-1]),
            missing=ids[-1] - ids[0] + 1 - len(ids) if ids else None,
        )
        self.cells.append(cell)

    def run(self, type_, product, host, channel, days, **members):
        """An `empty` or `gap` record over a run of days."""
        self.add(type_, product=product, host=host, channel=channel, **{"from": days[0]},
                 until=days[1], events=0, **members)

    def segment(self, events):
        number = self.examinations + 1
        name = f"store/{number:04d}/0001.parquet"
        self.files[name] = f"PAR1 stands for {events} events PAR1".encode()
        data = self.files[name]
        self.add("segment", name=name, sha256=sha256(data).hex(), bytes=len(data), events=events)

    def examine(self, story, kind="fields", detections=(), clock_jumps=0):
        """An examination: `story` is a list of cells and of runs of days."""
        first = len(self.records)
        sources, cells = self.sources, len(self.cells)
        nonce = sha256(f"seal {self.examinations}".encode())[:16]
        key = examination_key(self.owner.seed, self.origin, nonce)
        events = sum(len(part.events) for part in story if isinstance(part, Cell))
        self.source(f"logs/part{self.examinations}.evtx", events)
        for part in story:
            if isinstance(part, Cell):
                for event in part.events:
                    event.source = sources
                self.put_cell(part, kind, key)
            else:
                self.run(part[0], *part[1:5], **part[5])
        self.segment(events)
        seal_ = {"kind": kind, "nonce": b64url(nonce)}
        self._conclude("examine", seal_, (sources, 1), cells, len(self.cells) - cells, first, detections, clock_jumps)

    def hunt(self, first, count, detections=()):
        self._conclude("hunt", None, (0, 0), first, count, len(self.records), detections, 0)

    def _conclude(self, kind, seal_, sources, first_cell, cells, first, detections, clock_jumps):
        self.examinations += 1
        folder = f"examinations/{self.examinations:04d}"
        lines = [compact(detection) for detection in detections]
        wrote = {
            f"{folder}/detections.jsonl": b"".join(line + b"\n" for line in lines),
            f"{folder}/timeline.csv": b"time,host,rule\n",
        }
        self.files.update(wrote)
        self.results(wrote, output_root=mth([leaf_hash(line) for line in lines]).hex())
        looked_at = self.cells[first_cell : first_cell + cells]
        self.add(
            "examination", number=self.examinations, kind=kind, engine="sekisho 0.2.0", complete=True,
            rules={"count": 3754, "sha256": sha256(b"rules").hex()}, indicators=None, seal=seal_,
            sources={"first": sources[0], "count": sources[1]},
            cells={"first": first_cell, "count": cells, "events": sum(len(c.events) for c in looked_at)},
            records={"first": first, "count": len(self.records) - first}, clock_jumps=clock_jumps,
            input_root=self.root_of_records([cell.entry for cell in looked_at]),
            detections=len(lines),
            verdicts={"clean": cells - min(cells, len(lines)), "findings": min(cells, len(lines)), "gap": 2, "refused": 0},
        )
        if kind == "examine":
            hashes = [hash_ for cell in looked_at for hash_ in cell.hashes()]
            self.files[f"leaves/{self.examinations:04d}"] = b"".join(hashes)

    def results(self, wrote, **members):
        """The record of what an examination or an exposure wrote."""
        files = [{"name": n, "sha256": sha256(d).hex(), "bytes": len(d)} for n, d in wrote.items()]
        self.add("results", **{"files": files, "output_root": None, "assets": None, "estate": None, **members})

    def verdict(self, asset, verdict, picks, grade="proven", **members):
        """A verdict that rests on events, each by cell number and index."""
        def leaf(cell, index):
            event = self.cells[cell].events[index]
            time = None if event.time == TIME_UNKNOWN else time_text(event.time)
            id_ = None if event.record_id == RECORD_ID_UNKNOWN else event.record_id
            return {"cell": cell, "index": index, "time": time, "record_id": id_, "why": "shows it"}

        first = {"first": None, "last": None}
        number = sum(record["type"] == "exposure" for record in self.records) + 1
        base = dict(exposure=number, asset=asset, verdict=verdict, grade=grade, detail="read",
                    why="It was opened.", **first, evidence=[leaf(*pick) for pick in picks])
        return self.add("verdict", **{**base, **members})

    def expose(self, verdicts, **members):
        """An exposure: `verdicts` is a list of (asset, verdict, picks)."""
        size = first = len(self.records)
        for verdict in verdicts:
            self.verdict(*verdict)
        number = sum(record["type"] == "exposure" for record in self.records) + 1
        folder = f"exposures/{number:04d}"
        wrote = {f"{folder}/exposure.json": b"{}\n", f"{folder}/exposure.html": b"<!doctype html>\n"}
        self.files.update(wrote)
        self.results(wrote, assets=sha256(b"assets").hex())
        base = dict(
            number=number, engine="sekisho 0.2.0", size=size,
            records={"first": first, "count": len(self.records) - first},
            events=sum(len(cell.events) for cell in self.cells), seeds=1,
        )
        return self.add("exposure", **{**base, **members})

    # -- log --

    def entry(self, n):
        record = self.records[n]
        return record if isinstance(record, bytes) else compact(record)

    def entries(self, size=None):
        return [self.entry(n) for n in range(len(self.records) if size is None else size)]

    def hashes(self, size=None):
        return [leaf_hash(entry) for entry in self.entries(size)]

    def root_of_records(self, entries):
        return mth([leaf_hash(self.entry(n)) for n in entries]).hex()

    def text(self, size=None):
        size = len(self.records) if size is None else size
        return f"{self.origin}\n{size}\n{b64(mth(self.hashes(size)))}\n"

    def checkpoint(self, size=None, signer=None, cosigners=(), text=None):
        text = text or self.text(size)
        lines = (signer or self.owner).under(self.origin).line(text)
        lines += "".join(c.cosignature(text, 1_771_400_000 + n) for n, c in enumerate(cosigners))
        return f"{text}\n{lines}".encode()

    def folder(self, **how):
        """All files of the case, published."""
        return {**self.files, "checkpoint": self.checkpoint(**how), **tiles(self.entries(how.get("size")))}

    def find(self, type_, nth=0):
        """Entry number of the nth record of a type."""
        return [n for n, record in enumerate(self.records) if record["type"] == type_][nth]

    def repair(self, examination):
        """Has an examination say again what its changed records make."""
        record = self.records[examination]
        first, count = record["cells"]["first"], record["cells"]["count"]
        cells = [n for n, r in enumerate(self.records) if r["type"] == "cell"][first : first + count]
        record["input_root"] = self.root_of_records(cells)
        record["cells"]["events"] = sum(self.records[n]["events"] for n in cells)

    # -- releases --

    def event_of_release(self, cell, index, fields, names):
        sealed = cell.sealed[index]
        shown = [f for f in sealed.disclosures if f in fields or (f == "~names" and names)]
        withheld = [f for f in sealed.disclosures if f not in shown and f != "~names"]
        if "~event" in sealed.disclosures:
            withheld = [] if shown else None
        return {
            "cell": cell.entry, "index": index, "proof": cell.proof(index), "leaf": b64(sealed.leaf),
            "disclosures": [sealed.disclosures[f] for f in sorted(shown, key=str.encode)],
            "withheld": withheld,
        }

    def release(self, picks, to="Partner", names=True, alter=None, alter_record=None, content=None,
                more=(), **how):
        """Members of a release of (cell number, event index, fields); its record is sealed."""
        picked = [(self.cells[c], i, fields) for c, i, fields in sorted(picks, key=lambda p: p[:2])]
        events = [self.event_of_release(cell, i, fields, names) for cell, i, fields in picked]
        latest = max(n for n, r in enumerate(self.records) if r["type"] in ("case", "parties"))
        needed = {0, latest, *more, *(cell.entry for cell, _, _ in picked)}
        for n, record in enumerate(self.records):
            if record["type"] == "examination":
                span = range(record["records"]["first"], n)
                if any(cell.entry in span for cell, _, _ in picked):
                    needed.add(n)
        number = sum(record["type"] == "release" for record in self.records) + 1
        document = {
            "version": 1, "origin": self.origin, "number": number, "to": to, "events": events,
            "entries": sorted(needed),
        }
        if alter:
            alter(document)
        data = content or compact(document)
        record = {
            "number": number, "to": to, "events": len(document["events"]),
            "fields": sum(len(event["disclosures"]) for event in document["events"]),
            "content": sha256(data).hex(),
        }
        self.add("release", **{**record, **(alter_record or {})})
        return self.release_members(data, document["entries"], **how)

    def release_members(self, data, entries, **how):
        checkpoint = self.checkpoint(**how)
        members = [("release.json", data), ("checkpoint", checkpoint)]
        for n in [*entries, len(self.records) - 1]:
            members.append((f"entries/{n}", self.entry(n)))
            members.append((f"entries/{n}.proof", self.proof(n, checkpoint)))
        return members

    def proof(self, n, checkpoint, size=None):
        lines = ["c2sp.org/tlog-proof@v1", f"index {n}", *map(b64, path(n, self.hashes(size)))]
        return ("\n".join(lines) + "\n\n").encode() + checkpoint

    def keep(self, members):
        """Puts the last release into the folder of the case."""
        number = sum(record["type"] == "release" for record in self.records)
        self.files[f"releases/{number:04d}.zip"] = zip_of(members)


def zip_of(members, method=zipfile.ZIP_STORED):
    """The zip of a release, by Python's own writer of zips."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in members:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.create_version, info.extract_version = 0, 10, 10
            info.compress_type = method
            file.writestr(info, data)
        for info in file.filelist:
            info.external_attr = 0
    return out.getvalue()
