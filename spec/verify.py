#!/usr/bin/env python3
"""Verifies a sealed case or a release, as case-v1.md says.

    python3 verify.py PATH [--key VKEY]... [--policy FILE] [--seen CHECKPOINT] [--json]

PATH is the folder of a case or a release (zip). This program was written from
case-v1.md alone, so that nobody has to believe the program that made the case.
It needs Python 3.11 or later and the package `cryptography` (for Ed25519).

Exit code: 0 valid, 4 invalid, 2 wrong use. Section numbers below (like "4.2")
are those of case-v1.md.
"""

import argparse
import base64
import binascii
import datetime
import hashlib
import json
import os
import re
import stat
import struct
import sys
import zlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# ---- Limits (section 12) ---------------------------------------------------

RECORD_BYTES_MAX = 65_535
NOTE_BYTES_MAX = 1 << 20
SIGNATURES_MAX = 128
SIGNATURE_CHARACTERS_MAX = 21_844  # of base64, in one line of a note
KEY_NAME_BYTES_MAX = 255
NESTING_DEPTH_MAX = 32
BROKEN_TILES_MAX = 100  # of one level; then no more are looked for
SALT_BYTES = range(16, 65)
ZIP_BYTES_MAX = 0xFFFF_FFFE
ZIP_MEMBERS_MAX = 0xFFFE
RELEASE_VALUES_MAX = 1 << 24  # in release.json: characters , [ and {
CLOCK_JUMP_DAYS = 3_652  # days that are further apart are a clock that was wrong

U32_MAX = 2**32 - 1
U64_MAX = 2**64 - 1
LOG_SIZE_MAX = 2**63 - 1
TIME_UNKNOWN = -(2**63)
RECORD_ID_UNKNOWN = U64_MAX
NANOSECONDS_PER_DAY = 86_400 * 10**9
EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()

ED25519 = 1  # signature type of signed-note: plain
COSIGNATURE = 4  # signature type of tlog-cosignature v1: with a time


# ---- What is said about a case (section 11) --------------------------------


class Broken(Exception):
    """What was read contradicts the format. The sentence says how."""


@dataclass(frozen=True)
class Statement:
    outcome: str  # proven, claimed, missing, broken
    place: str
    sentence: str
    required: bool = False  # of `missing`: the case is invalid without it


class Report:
    """All statements about one case or release, in the order of checking."""

    def __init__(self):
        self.statements = []
        self.not_understood = 0

    def _add(self, outcome, place, sentence, required=False):
        self.statements.append(Statement(outcome, place, sentence, required))

    def proven(self, place, sentence):
        self._add("proven", place, sentence)

    def claimed(self, place, sentence):
        self._add("claimed", place, sentence)

    def missing(self, place, sentence, required=False):
        self._add("missing", place, sentence, required)

    def broken(self, place, sentence):
        self._add("broken", place, sentence)

    def places(self, outcome):
        return {s.place for s in self.statements if s.outcome == outcome}

    def valid(self):
        return not any(s.outcome == "broken" or s.required for s in self.statements)

    def check(self, place, action, *arguments):
        """What `action` gives, or None after noting at `place` what it found broken."""
        try:
            return action(*arguments)
        except Broken as error:
            self.broken(place, str(error))
            return None


# ---- Encodings (section 2) -------------------------------------------------


def standard_base64(text):
    """Bytes of canonical base64 with padding (RFC 4648, section 4)."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise Broken("no base64") from error
    if base64.b64encode(data).decode("ascii") != text:
        raise Broken("base64 is not canonical")
    return data


def url_base64(text):
    """Bytes of canonical base64url without padding (RFC 4648, section 5)."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise Broken("no base64url without padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise Broken("no base64url without padding") from error
    if base64.urlsafe_b64encode(data).decode("ascii").rstrip("=") != text:
        raise Broken("base64url is not canonical")
    return data


def hash_hex(text):
    """The 32 bytes of a hash in lower-case hex."""
    if type(text) is not str or not re.fullmatch(r"[0-9a-f]{64}", text):
        raise Broken("expected a SHA-256 hash as 64 lower-case hex digits")
    return bytes.fromhex(text)


class NumberText(str):
    """A JSON number that is no unsigned integer: kept as it is written."""


JSON_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
UNSIGNED = re.compile(r"0|[1-9][0-9]{0,19}")


def _unsigned_or_text(text):
    return int(text) if UNSIGNED.fullmatch(text) else NumberText(text)


def _members(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise Broken("a JSON object names a member twice")
    return dict(pairs)


def _no_constant(name):
    raise Broken(f"{name} is no JSON")


def _nesting(tokens):
    depth = deepest = 0
    for character in tokens:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def strict_json(data):
    """The value of compact JSON: UTF-8, no white space between tokens, no
    member twice, no lone surrogate, nesting within the limit."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("JSON is not UTF-8") from error
    tokens = JSON_STRING.sub('""', text)
    if re.search(r"\s", tokens):
        raise Broken("JSON has white space between its tokens")
    if _nesting(tokens) > NESTING_DEPTH_MAX:
        raise Broken(f"JSON nests deeper than {NESTING_DEPTH_MAX} levels")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_members,
            parse_constant=_no_constant,
            parse_int=_unsigned_or_text,
            parse_float=NumberText,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise Broken("a JSON string holds half a surrogate pair") from error
    except (ValueError, RecursionError) as error:
        raise Broken(f"no JSON: {error}") from error
    return value


def day_number(text):
    """Days since 1970-01-01 of a day written as 2026-02-17."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Broken("expected a day such as 2026-02-17")
    try:
        return datetime.date.fromisoformat(text).toordinal() - EPOCH_DAY
    except ValueError as error:
        raise Broken(f"{text} is no day of the calendar") from error


TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{9})Z")


def nanoseconds(text):
    """Nanoseconds since 1970 of a time written as 2026-02-17T08:15:30.000000000Z."""
    match = TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Broken("expected a time such as 2026-02-17T08:15:30.000000000Z")
    day, hour, minute, second, fraction = match.groups()
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        raise Broken(f"{text} is no time of day")
    seconds = day_number(day) * 86_400 + int(hour) * 3_600 + int(minute) * 60 + int(second)
    nanos = seconds * 10**9 + int(fraction)
    if not TIME_UNKNOWN <= nanos < 2**63:
        raise Broken(f"{text} is beyond the times that a leaf can hold")
    return nanos


# ---- Merkle trees (section 4) ----------------------------------------------


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(data):
    return sha256(b"\x00" + data)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def root_of(hashes):
    """Root over leaf hashes, which may come from a stream of any length."""
    complete = []  # roots of complete subtrees, largest first: (height, hash)
    for hash_ in hashes:
        height = 0
        while complete and complete[-1][0] == height:
            hash_ = node_hash(complete.pop()[1], hash_)
            height += 1
        complete.append((height, hash_))
    if not complete:
        return sha256(b"")
    root = complete.pop()[1]
    while complete:
        root = node_hash(complete.pop()[1], root)
    return root


def check_inclusion(hash_, index, size, proof, root):
    """Inclusion of a leaf hash, as RFC 9162 section 2.1.3.2 verifies it."""
    if index >= size:
        raise Broken(f"index {index} lies beyond the {size} leaves of the tree")
    node, last = index, size - 1
    for sibling in proof:
        if last == 0:
            raise Broken("the proof is too long")
        if node & 1 or node == last:
            hash_ = node_hash(sibling, hash_)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hash_ = node_hash(hash_, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise Broken("the proof is too short")
    if hash_ != root:
        raise Broken("the proof does not lead to the root")


def hash_list(texts):
    """Hashes of a proof, each in base64."""
    hashes = [standard_base64(text) for text in texts]
    if any(len(hash_) != 32 for hash_ in hashes):
        raise Broken("a hash of the proof has not 32 bytes")
    return hashes


# ---- Keys, notes, checkpoints (section 5) ----------------------------------

# Public keys of small order, without the sign bit: one signature fits many texts.
P = 2**255 - 19
ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
Y8 = int.from_bytes(bytes.fromhex(ORDER_8), "little")
WEAK_KEYS = {0, 1, P - 1, P, P + 1, Y8, P - Y8}

KEY_NAME = re.compile(r"[^\s+\x00-\x1f\x7f-\x9f]+")


def is_key_name(name):
    return KEY_NAME.fullmatch(name) is not None and len(name.encode()) <= KEY_NAME_BYTES_MAX


@dataclass(frozen=True)
class Key:
    """A verifier key of signed-note: `NAME+HASH+base64(type, public key)`."""

    name: str
    type: int
    public: bytes

    @staticmethod
    def parse(text):
        parts = text.split("+", 2) if isinstance(text, str) else []
        if len(parts) != 3 or not is_key_name(parts[0]):
            raise Broken("expected a key such as NAME+HASH+BASE64")
        data = standard_base64(parts[2])
        if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise Broken(f"the key of {parts[0]} is no Ed25519 key")
        if int.from_bytes(data[1:], "little") % 2**255 in WEAK_KEYS:
            raise Broken(f"the key of {parts[0]} is a weak one")
        key = Key(parts[0], data[0], data[1:])
        if not re.fullmatch(r"[0-9a-f]{8}", parts[1]) or key.id().hex() != parts[1]:
            raise Broken(f"the key hash of {parts[0]} does not fit the key")
        return key

    def id(self):
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public)[:4]

    def under(self, name, type_):
        """The same public key as it signs under another name and type."""
        return Key(name, type_, self.public)

    def verifies(self, message, signature):
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False


@dataclass(frozen=True)
class Note:
    text: str  # with its final newline
    signatures: tuple  # of (key name, key id, signature)

    @staticmethod
    def parse(data):
        if len(data) > NOTE_BYTES_MAX:
            raise Broken(f"a note of more than {NOTE_BYTES_MAX} bytes")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Broken("the note is not UTF-8") from error
        if re.search(r"[\x00-\x09\x0b-\x1f]", whole):
            raise Broken("the note holds a control character")
        text, separator, rest = whole.rpartition("\n\n")
        if not separator or not rest.endswith("\n"):
            raise Broken("the note has no signature")
        lines = rest[:-1].split("\n")
        if len(lines) > SIGNATURES_MAX:
            raise Broken(f"the note has more than {SIGNATURES_MAX} signatures")
        return Note(text + "\n", tuple(map(Note._signature, lines)))

    @staticmethod
    def _signature(line):
        match = re.fullmatch(r"\u2014 ([^ ]+) ([^ ]+)", line)
        if match is None or not is_key_name(match[1]):
            raise Broken("a signature line of the note is malformed")
        if len(match[2]) > SIGNATURE_CHARACTERS_MAX:
            raise Broken(f"a signature of more than {SIGNATURE_CHARACTERS_MAX} characters")
        data = standard_base64(match[2])
        if len(data) < 5:
            raise Broken("a signature of the note is too short")
        return match[1], data[:4], data[4:]

    def signatures_by(self, key):
        return [s for name, id_, s in self.signatures if (name, id_) == (key.name, key.id())]

    def signed_by(self, key):
        """Whether a key of type 1 has signed; broken if a signature is wrong."""
        signatures = self.signatures_by(key)
        if not all(key.verifies(self.text.encode(), signature) for signature in signatures):
            raise Broken(f"the signature of {key.name} does not verify")
        return bool(signatures)

    def cosigned_by(self, key):
        """The latest time at which a key of type 4 has cosigned, or None."""
        times = [self._cosignature(key, signature) for signature in self.signatures_by(key)]
        return max(times, default=None)

    def _cosignature(self, key, signature):
        if len(signature) != 72:
            raise Broken(f"the cosignature of {key.name} has not 72 bytes")
        when = int.from_bytes(signature[:8], "big")
        message = f"cosignature/v1\ntime {when}\n{self.text}".encode()
        if when >= 2**63 or not key.verifies(message, signature[8:]):
            raise Broken(f"the cosignature of {key.name} does not verify")
        return when


@dataclass(frozen=True)
class Checkpoint:
    note: Note
    origin: str
    size: int
    root: bytes
    extensions: tuple

    @staticmethod
    def parse(data):
        note = Note.parse(data)
        lines = note.text[:-1].split("\n")
        if len(lines) < 3 or "" in lines or not UNSIGNED.fullmatch(lines[1]):
            raise Broken("expected a checkpoint of three lines: origin, size, root")
        size, root = int(lines[1]), standard_base64(lines[2])
        if len(root) != 32 or not 0 < size <= LOG_SIZE_MAX:
            raise Broken("expected a size of at least 1 and a root of 32 bytes")
        return Checkpoint(note, lines[0], size, root, tuple(lines[3:]))


ORIGIN = re.compile(r"([^\s+\x00-\x1f\x7f-\x9f]+)/case/[0-9a-f]{16}")


def log_key(key, origin):
    """A given key as it signs the log `origin`, or None if it is not for it."""
    match = ORIGIN.fullmatch(origin)
    if match is None or key.type != ED25519 or key.name not in (match[1], origin):
        return None
    return key.under(origin, ED25519)


# ---- Policy (section 5.5) --------------------------------------------------


@dataclass
class Policy:
    """A C2SP tlog-policy."""

    logs: list = field(default_factory=list)
    witnesses: dict = field(default_factory=dict)  # name -> Key
    groups: dict = field(default_factory=dict)  # name -> (threshold, members)
    quorum: str | None = None

    @staticmethod
    def parse(text):
        policy = Policy()
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text) or (text and not text.endswith("\n")):
            raise Broken("the policy holds a control character, or its last line does not end")
        for line in text.split("\n"):
            words = re.findall(r"[^ \t]+", line)
            if words and not words[0].startswith("#"):
                policy._line(words)
        if policy.quorum is None:
            raise Broken("the policy has no quorum line")
        return policy

    def _line(self, words):
        handlers = {"log": self._log, "witness": self._witness, "group": self._group}
        if words[0] == "quorum" and len(words) == 2 and self.quorum is None:
            if words[1] != "none" and not self._known(words[1]):
                raise Broken(f"the policy's quorum {words[1]} is not defined above it")
            self.quorum = words[1]
        elif words[0] in handlers:
            handlers[words[0]](words[1:])
        else:
            raise Broken(f"the policy has a line that is not understood: {words[0]}")

    def _known(self, name):
        return name in self.witnesses or name in self.groups

    def _new_name(self, name):
        if name == "none" or self._known(name):
            raise Broken(f"the policy defines {name} twice")

    def _log(self, words):
        if len(words) not in (1, 2):
            raise Broken("the policy has a malformed log line")
        key = Key.parse(words[0])
        if key.type != ED25519 or key.public in [k.public for k in self.logs]:
            raise Broken("the policy names a log twice or with an unfit key")
        self.logs.append(key)

    def _witness(self, words):
        if len(words) not in (2, 3):
            raise Broken("the policy has a malformed witness line")
        self._new_name(words[0])
        key = Key.parse(words[1])
        if key.type != COSIGNATURE or key.public in [k.public for k in self.witnesses.values()]:
            raise Broken("the policy names a witness twice or with an unfit key")
        self.witnesses[words[0]] = key

    def _group(self, words):
        if len(words) < 3:
            raise Broken("the policy has a malformed group line")
        name, rule, members = words[0], words[1], words[2:]
        self._new_name(name)
        used = {m for _, listed in self.groups.values() for m in listed}
        if len(set(members)) != len(members) or not all(
            self._known(m) and m not in used for m in members
        ):
            raise Broken(f"the policy's group {name} has a member twice or undefined")
        counts = {"any": 1, "all": len(members)}
        if rule not in counts and not re.fullmatch(r"[1-9][0-9]{0,8}", rule):
            raise Broken(f"the policy's group {name} has no threshold")
        threshold = counts[rule] if rule in counts else int(rule)
        if threshold > len(members):
            raise Broken(f"the policy's group {name} asks for more members than it has")
        self.groups[name] = (threshold, members)

    def holds(self, name, cosigned):
        """Whether `name` (quorum, group, witness) is met by these witnesses."""
        met = set(cosigned) | {"none"}
        for group, (threshold, members) in self.groups.items():  # members stand above
            if sum(member in met for member in members) >= threshold:
                met.add(group)
        return name in met


# ---- Records (section 6) ---------------------------------------------------
#
# A checker takes a value and the list of members that are not understood; it
# raises Broken if the value is of another type than the table of records says.


def number(value, _unknown, most=U64_MAX):
    if isinstance(value, bool) or not isinstance(value, int) or value > most:
        raise Broken("expected a whole number")


def number32(value, _unknown):
    number(value, _unknown, U32_MAX)


def text(value, _unknown):
    if not isinstance(value, str) or isinstance(value, NumberText):
        raise Broken("expected a text")


def truth(value, _unknown):
    if not isinstance(value, bool):
        raise Broken("expected true or false")


def digest(value, _unknown):
    hash_hex(value)


def day(value, _unknown):
    day_number(value)


def time(value, _unknown):
    nanoseconds(value)


def vkey(value, _unknown):
    Key.parse(value)


def policy(value, _unknown):
    text(value, _unknown)
    Policy.parse(value)


def nonce(value, _unknown):
    text(value, _unknown)
    if len(url_base64(value)) != 16:
        raise Broken("expected 16 bytes as base64url")


PATH = re.compile(r"[^/\\\x00-\x1f\x7f]+(/[^/\\\x00-\x1f\x7f]+)*")


def path(value, _unknown):
    text(value, _unknown)
    if not PATH.fullmatch(value) or {".", ".."} & set(value.split("/")):
        raise Broken("expected the path of a file in the case")


def one_of(*values):
    def checker(value, _unknown):
        if isinstance(value, bool) or value not in values:
            raise Broken(f"expected {' or '.join(map(str, values))}")

    return checker


def or_null(inner):
    return lambda value, unknown: None if value is None else inner(value, unknown)


def record_of(**schema):
    def checker(value, unknown):
        if not isinstance(value, dict):
            raise Broken("expected an object")
        for name, inner in schema.items():
            if name not in value:
                raise Broken(f"lacks {name}")
            try:
                inner(value[name], unknown)
            except Broken as error:
                raise Broken(f"{name}: {error}") from error
        unknown.extend(name for name in value if name not in schema)

    return checker


def list_of(inner):
    def checker(value, unknown):
        if not isinstance(value, list):
            raise Broken("expected a list")
        for item in value:
            inner(item, unknown)

    return checker


FIRST_AND_COUNT = record_of(first=number, count=number)
COUNT_AND_HASH = record_of(count=number, sha256=digest)
EVIDENCE = record_of(
    cell=number32, index=number, time=or_null(time), record_id=or_null(number), why=text
)
END_OF_CELL = record_of(time=or_null(time), record_id=or_null(number))
PARTY = record_of(name=text, role=one_of("owner", "assessor", "partner", "witness"), key=vkey)
CHANNEL = dict(product=text, host=text, channel=text)
DAYS = dict(CHANNEL, **{"from": day}, until=day, events=one_of(0))

RECORDS = {
    "case": dict(version=one_of(1), origin=text, name=text, parties=list_of(PARTY), policy=policy),
    "parties": dict(parties=list_of(PARTY), policy=policy),
    "source": dict(
        number=number32, path=text, sha256=or_null(digest), bytes=number, format=or_null(text),
        records=number, problems=number, duplicate_of=or_null(number32),
    ),
    "cell": dict(
        CHANNEL, number=number32, day=or_null(day), events=number, root=digest,
        first=END_OF_CELL, last=END_OF_CELL, missing=or_null(number),
    ),
    "empty": dict(DAYS, proof=or_null(text)),
    "gap": dict(DAYS, missing=number, reason=text),
    "segment": dict(name=path, sha256=digest, bytes=number, events=number),
    "results": dict(
        files=list_of(record_of(name=path, sha256=digest, bytes=number)),
        output_root=or_null(digest), assets=or_null(digest), estate=or_null(digest),
    ),
    "examination": dict(
        number=number32, kind=one_of("examine", "hunt"), engine=text, complete=truth,
        rules=COUNT_AND_HASH, indicators=or_null(COUNT_AND_HASH),
        seal=or_null(record_of(kind=one_of("fields", "whole"), nonce=nonce)),
        sources=FIRST_AND_COUNT, cells=record_of(first=number32, count=number32, events=number),
        records=FIRST_AND_COUNT, clock_jumps=number, input_root=digest, detections=number,
        verdicts=record_of(clean=number, findings=number, gap=number, refused=number),
    ),
    "release": dict(number=number32, to=text, events=number, fields=number, content=digest),
    "verdict": dict(
        exposure=number32, asset=text,
        verdict=one_of("ruled-out", "cannot-be-determined", "reachable", "accessed", "exfiltrated"),
        grade=one_of("possible", "probable", "proven"), detail=text, why=text,
        first=or_null(time), last=or_null(time), evidence=list_of(EVIDENCE),
    ),
    "exposure": dict(
        number=number32, engine=text, size=number, records=FIRST_AND_COUNT, events=number,
        seeds=number,
    ),
}
OF_EXAMINATION = ("source", "cell", "empty", "gap", "segment", "results")


@dataclass(frozen=True)
class Record:
    entry: int
    data: bytes
    type: str
    value: dict
    unknown: tuple  # members that are not understood; the type's name if it is not

    @staticmethod
    def parse(entry, data):
        if len(data) > RECORD_BYTES_MAX:
            raise Broken(f"a record of more than {RECORD_BYTES_MAX} bytes")
        value = strict_json(data)
        if not isinstance(value, dict) or next(iter(value), None) != "type":
            raise Broken("a record is an object whose first member is its type")
        text(value["type"], None)
        type_, unknown = value["type"], []
        if type_ in RECORDS:
            record_of(type=text, nonce=nonce, **RECORDS[type_])(value, unknown)
        else:
            unknown.append(type_)
        record = Record(entry, data, type_, value, tuple(unknown))
        record._check()
        return record

    def __getitem__(self, name):
        return self.value[name]

    def _check(self):
        """What one record of a type must hold by itself (section 6)."""
        checks = {
            "case": self._check_parties,
            "parties": self._check_parties,
            "cell": self._check_cell,
            "empty": self._check_days,
            "gap": self._check_days,
            "verdict": self._check_evidence,
        }
        checks.get(self.type, lambda: None)()

    def _check_parties(self):
        keys = [Key.parse(party["key"]) for party in self["parties"]]
        if len({key.public for key in keys}) != len(keys):
            raise Broken("two parties have the same key")
        if [p["role"] for p in self["parties"]].count("owner") != 1 or self.owner().type != ED25519:
            raise Broken("expected exactly one owner, with a key of type 1")
        if self.type == "case":
            match = ORIGIN.fullmatch(self["origin"])
            if match is None or match[1] != self.owner().name:
                raise Broken("the origin does not begin with the name of the owner's key")

    def _check_cell(self):
        if self["events"] == 0:
            raise Broken("a cell without events")
        ends = [self["first"]["time"], self["last"]["time"]]
        if self["day"] is None:
            if ends != [None, None]:
                raise Broken("a cell without a day has times")
            return
        if None in ends:
            raise Broken("a cell of a day lacks its first or last time")
        first, last = map(nanoseconds, ends)
        days = {first // NANOSECONDS_PER_DAY, last // NANOSECONDS_PER_DAY}
        if first > last or days != {day_number(self["day"])}:
            raise Broken("the first and last times of the cell are not of its day")

    def _check_days(self):
        if day_number(self["from"]) > day_number(self["until"]):
            raise Broken("the days end before they begin")
        if self.type == "gap" and self["missing"] == 0:
            raise Broken("a gap in which nothing is missing")

    def _check_evidence(self):
        events = [(leaf["cell"], leaf["index"]) for leaf in self["evidence"]]
        if len(set(events)) != len(events):
            raise Broken("names an event as evidence twice")

    def owner(self):
        return next(Key.parse(p["key"]) for p in self["parties"] if p["role"] == "owner")

    def channel(self):
        return self["product"], self["host"], self["channel"]

    def days(self):
        """First and last day that the record covers."""
        if self.type == "cell":
            return (day_number(self["day"]),) * 2
        return day_number(self["from"]), day_number(self["until"])


def parse_records(entries, report):
    """Records of numbered entries; those that are broken are reported."""
    records = {}
    for number_, data in entries.items():
        record = report.check(f"entry {number_}", Record.parse, number_, data)
        if record is not None:
            records[number_] = record
            note_not_understood(record, report)
    return records


def note_extensions(checkpoint, report):
    if checkpoint.extensions:
        report.not_understood += len(checkpoint.extensions)
        report.claimed("checkpoint", "not understood, passed over: further lines")


def note_not_understood(record, report):
    if record.unknown:
        report.not_understood += len(record.unknown)
        what = ", ".join(record.unknown)
        kind = "type" if record.type not in RECORDS else "members"
        report.claimed(f"entry {record.entry}", f"not understood, passed over: {kind} {what}")


# ---- Whose case it is: signatures and policy (section 5) -------------------


@dataclass
class Trust:
    """What the one who verifies brings along."""

    keys: list
    policy: Policy | None = None
    seen: Checkpoint | None = None


def check_given_keys(checkpoint, trust, report):
    """Whether one of the given keys has signed; without keys nothing is said yet."""
    if not trust.keys:
        return True
    for key in trust.keys:
        candidate = log_key(key, checkpoint.origin)
        if candidate and report.check("checkpoint", checkpoint.note.signed_by, candidate):
            return True
    if "checkpoint" not in report.places("broken"):
        report.broken("checkpoint", "no given key has signed the checkpoint")
    return False


def in_force(records):
    """The latest record of parties."""
    entries = [r.entry for r in records.values() if r.type in ("case", "parties")]
    return records[max(entries)]


def check_case_record(records, checkpoint, report):
    """Entry 0, and no other, is the case."""
    first = records.get(0)
    if first is None or first.type != "case":
        report.broken("entry 0", "expected the record of the case")
        return False
    for record in records.values():
        if record.type == "case" and record.entry != 0:
            report.broken(f"entry {record.entry}", "a second record of a case")
    if first["origin"] != checkpoint.origin:
        report.broken("checkpoint", "the checkpoint is of another log than the case")
        return False
    return True


def check_owner(records, checkpoint, trust, report):
    """The owner in force at the checkpoint's size has signed it."""
    owner = in_force(records).owner().under(checkpoint.origin, ED25519)
    if not report.check("checkpoint", checkpoint.note.signed_by, owner):
        if "checkpoint" not in report.places("broken"):
            sentence = "the checkpoint is not signed by the owner whom the case names at this size"
            report.broken("checkpoint", sentence)
        return False
    given = [k for k in (log_key(key, checkpoint.origin) for key in trust.keys) if k]
    shown = f"size {checkpoint.size}, root {checkpoint.root.hex()}"
    if owner in given:
        report.proven("checkpoint", f"signed by the owner {in_force(records).owner().name}: {shown}")
    elif trust.keys:
        sentence = "the key of the owner whom the case names at this size was not given"
        report.broken("checkpoint", sentence)
        return False
    else:
        sentence = f"signed by the key that the case itself names; no key was given: {shown}"
        report.claimed("checkpoint", sentence)
    return True


def check_cosignatures(records, checkpoint, trust, report):
    """Every cosignature of a known key verifies; the policies are met."""
    latest = in_force(records)
    policies = [("the case's", Policy.parse(latest["policy"]))]
    if trust.policy is not None:
        policies.append(("the given", trust.policy))
    named = [k for _, p in policies for k in (*p.logs, *p.witnesses.values())]
    parties = [Key.parse(party["key"]) for party in latest["parties"]]
    given = trust.keys + [k for k in (log_key(key, checkpoint.origin) for key in trust.keys) if k]
    both = [key.under(key.name, type_) for key in parties + given for type_ in (key.type, COSIGNATURE)]
    known = dict.fromkeys(named + both)
    for key in [key for key in known if key.type == ED25519]:
        report.check("checkpoint", checkpoint.note.signed_by, key)
    cosigned = set()
    for key in [key for key in known if key.type == COSIGNATURE]:
        when = report.check("checkpoint", checkpoint.note.cosigned_by, key)
        if when is not None:
            cosigned.add(key)
            report.proven("checkpoint", f"cosigned by {key.name}, by its own clock at {when} s")
    for whose, rules in policies:
        check_policy(whose, rules, cosigned, checkpoint, report)


def check_policy(whose, rules, cosigned, checkpoint, report):
    logs = [key for key in rules.logs if key.name == checkpoint.origin]
    if rules.logs and not any(report.check("checkpoint", checkpoint.note.signed_by, k) for k in logs):
        report.broken("checkpoint", f"signed by no log of {whose} policy")
    met = {name for name, key in rules.witnesses.items() if key in cosigned}
    if rules.quorum == "none":
        return
    if rules.holds(rules.quorum, met):
        report.proven("checkpoint", f"{whose} policy is met")
    else:
        lacking = ", ".join(name for name in rules.witnesses if name not in met)
        sentence = f"cosignatures that {whose} policy requires; not there: {lacking}"
        report.missing("checkpoint", sentence, required=True)


def check_seen(checkpoint, root_at, trust, report):
    """The checkpoint continues the one that was seen before (section 5.6)."""
    seen = trust.seen
    if seen is None:
        return
    if seen.origin != checkpoint.origin:
        report.broken("checkpoint", f"the checkpoint seen before is of another log: {seen.origin}")
    elif seen.size > checkpoint.size and root_at is not None:
        sentence = f"an older state: size {checkpoint.size}, but size {seen.size} was seen before"
        report.broken("checkpoint", sentence)
    elif seen.size == checkpoint.size or root_at is not None:
        root = checkpoint.root if seen.size == checkpoint.size else root_at(seen.size)
        if root == seen.root:
            report.proven("checkpoint", f"continues the checkpoint seen before, of size {seen.size}")
        else:
            sentence = f"fork: another root at size {seen.size} than in the checkpoint seen before"
            report.broken("checkpoint", sentence)
    else:
        sentence = "whether this continues the checkpoint seen before; the whole case would show it"
        report.missing("checkpoint", sentence)


# ---- Events: leaves and disclosures (section 3) ----------------------------

KINDS = {1: "fields", 2: "whole"}
LEAF_HEAD = struct.Struct(">BBqQIQIH")


@dataclass(frozen=True)
class Leaf:
    kind: str
    time: int
    record_id: int
    source: int
    digests: tuple

    @staticmethod
    def parse(data):
        if len(data) < LEAF_HEAD.size:
            raise Broken("the leaf is shorter than its head")
        version, kind, when, record_id, source, _, _, count = LEAF_HEAD.unpack_from(data)
        if version != 1 or kind not in KINDS:
            raise Broken("the leaf is of an unknown version or kind")
        rest = data[LEAF_HEAD.size :]
        if len(rest) != 32 * count or count == 0 or (KINDS[kind] == "whole" and count != 1):
            raise Broken("the leaf's length does not fit its number of digests")
        digests = tuple(rest[i : i + 32] for i in range(0, len(rest), 32))
        if any(a >= b for a, b in zip(digests, digests[1:])):
            raise Broken("the leaf's digests are not in ascending order")
        return Leaf(KINDS[kind], when, record_id, source, digests)


def bytewise(names):
    return sorted(names, key=lambda name: name.encode("utf-8"))


def check_field_name(name):
    """Names that begin with ~ are escaped ones; _sd and ... are always escaped."""
    text(name, None)
    escaped = name.startswith("~~") or name in ("~_sd", "~...")
    if name in ("_sd", "...") or (name.startswith("~") and not escaped):
        raise Broken(f"{name} is not written as the name of a field")


def check_field_value(value):
    """A text, number, true, false or null; or a list of these, not of one."""
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) and len(value) == 1:
        raise Broken("a field's only value is written as a list")
    if any(isinstance(item, (list, dict)) for item in values):
        raise Broken("a field's value is no text, number, true, false, null or list of these")


def check_name_list(names):
    if not isinstance(names, list):
        raise Broken("expected a list of names")
    for name in names:
        check_field_name(name)
    if names != bytewise(set(names)):
        raise Broken("the names are not in ascending order")


def check_whole_event(value):
    if not isinstance(value, dict):
        raise Broken("~event is no object")
    for name, inner in value.items():
        check_field_name(name)
        check_field_value(inner)


@dataclass(frozen=True)
class Disclosure:
    digest: bytes
    name: str
    value: object

    @staticmethod
    def parse(encoded, kind):
        text(encoded, None)
        parts = strict_json(url_base64(encoded))
        if not isinstance(parts, list) or len(parts) != 3:
            raise Broken("a disclosure is not a list of salt, name and value")
        salt, name, value = parts
        text(name, None)
        text(salt, None)
        if len(url_base64(salt)) not in SALT_BYTES:
            raise Broken("the salt is shorter or longer than any that is allowed")
        if kind == "whole":
            one_of("~event")(name, None)
            check_whole_event(value)
        elif name == "~names":
            check_name_list(value)
        else:
            check_field_name(name)
            check_field_value(value)
        return Disclosure(sha256(encoded.encode("ascii")), name, value)


def check_withheld(leaf, disclosed, withheld):
    """Whether `withheld` is proven (True) or only its length is (False)."""
    if leaf.kind == "whole":
        if withheld != ([] if disclosed else None):
            raise Broken("a whole event is disclosed or not: withheld is [] or null")
        return bool(disclosed)
    fields = {name for name in disclosed if name != "~names"}
    count = len(leaf.digests) - 1 - len(fields)
    if withheld is not None:
        check_name_list(withheld)
    if "~names" in disclosed:
        names = disclosed["~names"]
        if len(names) != len(leaf.digests) - 1 or not fields <= set(names):
            raise Broken("~names does not fit the digests and fields of the event")
        if withheld is None or set(withheld) != set(names) - fields:
            raise Broken("withheld is not what ~names leaves over")
        return True
    if count < 0 or (withheld is not None and (len(withheld) != count or fields & set(withheld))):
        raise Broken(f"withheld does not fit: {count} fields are withheld")
    return False


# ---- Zip (section 8.1) -----------------------------------------------------

ZIP_LOCAL = struct.Struct("<4sHHHHHIIIHH")
ZIP_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
ZIP_END = struct.Struct("<4sHHHHIIH")
ZIP_VERSION = 10
ZIP_DATE = 0x21  # 1980-01-01


def zip_bytes(members):
    """The one zip that these members make."""
    body, directory = bytearray(), bytearray()
    for name, data in members:
        raw, crc = name.encode("ascii"), zlib.crc32(data)
        sizes = (crc, len(data), len(data), len(raw))
        directory += ZIP_CENTRAL.pack(
            b"PK\x01\x02", ZIP_VERSION, ZIP_VERSION, 0, 0, 0, ZIP_DATE, *sizes,
            0, 0, 0, 0, 0, len(body),
        ) + raw
        body += ZIP_LOCAL.pack(b"PK\x03\x04", ZIP_VERSION, 0, 0, 0, ZIP_DATE, *sizes, 0) + raw + data
    count = len(members)
    end = ZIP_END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


def zip_members(data):
    """Members of a zip in order; it must be exactly the zip that these make."""
    if len(data) > ZIP_BYTES_MAX:
        raise Broken("the zip is too large")
    members, at = [], 0
    while data[at : at + 4] == b"PK\x03\x04":
        if at + ZIP_LOCAL.size > len(data) or len(members) == ZIP_MEMBERS_MAX:
            raise Broken("the zip is cut off or has too many members")
        head = ZIP_LOCAL.unpack_from(data, at)
        size, name_length = head[7], head[9]
        start = at + ZIP_LOCAL.size
        at = start + name_length + size
        name = data[start : start + name_length]
        if at > len(data) or not re.fullmatch(rb"[a-z0-9./-]{1,64}", name):
            raise Broken("the zip is cut off, or names a member in a way that no release does")
        members.append((name.decode("ascii"), data[at - size : at]))
    if zip_bytes(members) != data:
        raise Broken("not the one zip that its members make: cut, added to, compressed or changed")
    if len({name for name, _ in members}) != len(members):
        raise Broken("the zip names a member twice")
    return members


# ---- Release (section 8, steps of 9.3) -------------------------------------

RELEASE = record_of(
    version=one_of(1), origin=text, number=number, to=text,
    events=list_of(record_of(
        cell=number, index=number, proof=list_of(text), leaf=text,
        disclosures=list_of(text), withheld=or_null(list_of(text)),
    )),
    entries=list_of(number),
)


def parse_release(data):
    if sum(map(data.count, (b",", b"[", b"{"))) > RELEASE_VALUES_MAX:
        raise Broken(f"more than {RELEASE_VALUES_MAX} of the characters , [ and {{ are not read")
    value, unknown = strict_json(data), []
    RELEASE(value, unknown)
    entries = value["entries"]
    if any(a >= b for a, b in zip(entries, entries[1:])):
        raise Broken("entries are not in ascending order")
    places = [(event["cell"], event["index"]) for event in value["events"]]
    if any(a >= b for a, b in zip(places, places[1:])):
        raise Broken("events are not in ascending order of cell and index")
    return value, unknown


def check_member_names(members, release, size):
    """The zip holds what release.json lists, in order, and nothing else."""
    if not release["entries"] or release["entries"][0] != 0 or release["entries"][-1] >= size - 1:
        raise Broken("entries do not run from 0 to below the record of the release")
    numbers = release["entries"] + [size - 1]
    expected = ["release.json", "checkpoint"]
    expected += [name for n in numbers for name in (f"entries/{n}", f"entries/{n}.proof")]
    names = [name for name, _ in members]
    if names != expected:
        lacking = [n for n in expected if n not in names]
        extra = [n for n in names if n not in expected]
        raise Broken(f"members are not as release.json lists them; lacking: {lacking}, extra: {extra}")
    return numbers


def check_proof(entry, data, proof, checkpoint, note):
    """A tlog-proof of an entry under the release's own checkpoint."""
    head, separator, rest = proof.partition(b"\n\n")
    if not separator or rest != note:
        raise Broken("the proof does not end in the checkpoint of the release")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise Broken("the proof is not ASCII") from error
    if lines[0] != "c2sp.org/tlog-proof@v1" or lines[1:2] != [f"index {entry}"]:
        raise Broken(f"no tlog-proof of entry {entry}")
    check_inclusion(leaf_hash(data), entry, checkpoint.size, hash_list(lines[2:]), checkpoint.root)
    return True


def proven_entries(members, numbers, checkpoint, report):
    """Entries whose proofs hold."""
    entries = {}
    for n in numbers:
        data, proof = members[f"entries/{n}"], members[f"entries/{n}.proof"]
        if report.check(f"entry {n}", check_proof, n, data, proof, checkpoint, members["checkpoint"]):
            entries[n] = data
    return entries


def check_release_record(record, release, content, report):
    """The record of the release says the same as release.json."""
    place = f"entry {record.entry}"
    if record.type != "release":
        report.broken(place, "the last entry of the checkpoint is not the record of this release")
        return
    if record["content"] != sha256(content).hex():
        report.broken("file release.json", "not what the record of the release has sealed")
    counts = {
        "number": release["number"],
        "to": release["to"],
        "events": len(release["events"]),
        "fields": sum(len(event["disclosures"]) for event in release["events"]),
    }
    wrong = [name for name, value in counts.items() if record[name] != value]
    if wrong:
        report.broken(place, f"the record of the release differs from release.json in {', '.join(wrong)}")


def examination_of(cell, records):
    """The examination among `records` that a cell belongs to."""
    for record in records.values():
        if record.type == "examination":
            span = record["records"]
            if span["first"] <= cell.entry < span["first"] + span["count"] == record.entry:
                return record
    return None


def check_cell_and_leaf(event, cell, examination):
    """The leaf lies in the cell's tree, and its head fits the cell."""
    data = standard_base64(event["leaf"])
    leaf = Leaf.parse(data)
    root = hash_hex(cell["root"])
    check_inclusion(leaf_hash(data), event["index"], cell["events"], hash_list(event["proof"]), root)
    sources = examination["sources"]
    if not sources["first"] <= leaf.source < sources["first"] + sources["count"]:
        raise Broken("the event's source is none of the examination's")
    if leaf.kind != examination["seal"]["kind"]:
        raise Broken("the event is not sealed in the way that the examination says")
    check_time(leaf, cell)
    return leaf


def check_time(leaf, cell):
    if cell["day"] is None:
        if leaf.time != TIME_UNKNOWN:
            raise Broken("the event has a time, but its cell has no day")
        return
    first, last = nanoseconds(cell["first"]["time"]), nanoseconds(cell["last"]["time"])
    if not first <= leaf.time <= last:
        raise Broken("the event's time lies outside of its cell")


def check_disclosures(event, leaf):
    """Names and values of the disclosed fields, each bound to a digest."""
    disclosed, used = {}, set()
    for encoded in event["disclosures"]:
        disclosure = Disclosure.parse(encoded, leaf.kind)
        if disclosure.digest not in leaf.digests:
            raise Broken(f"the disclosure of {disclosure.name} is of no digest in the leaf")
        if disclosure.name in disclosed or disclosure.digest in used:
            raise Broken(f"{disclosure.name} is disclosed twice")
        disclosed[disclosure.name] = disclosure.value
        used.add(disclosure.digest)
    return disclosed


def check_event(position, event, records, report):
    place = f"event {position}"
    cell = records.get(event["cell"])
    if cell is None or cell.type != "cell":
        raise Broken(f"entry {event['cell']} is not among the cells of this release")
    examination = examination_of(cell, records)
    if examination is None or examination["seal"] is None:
        raise Broken("the examination of the event's cell is not in this release")
    leaf = check_cell_and_leaf(event, cell, examination)
    disclosed = check_disclosures(event, leaf)
    names_proven = check_withheld(leaf, disclosed, event["withheld"])
    product, host, channel = cell.channel()
    where = f"product {product!r}, host {host!r}, channel {channel!r}, day {cell['day']}"
    shown = ", ".join(name for name in disclosed if name != "~names") or "no field"
    report.proven(place, f"event {event['index']} of {cell['events']} in {where}; shown: {shown}")
    count = len(leaf.digests) - 1 - sum(name != "~names" for name in disclosed)
    if leaf.kind == "whole":
        return leaf
    if names_proven:
        report.proven(place, f"withheld, {count}: {', '.join(event['withheld']) or 'nothing'}")
    else:
        report.proven(place, f"{count} fields are withheld")
        if event["withheld"] is not None:
            report.claimed(place, f"names of the withheld: {', '.join(event['withheld'])}")
    return leaf


def note_claims_of_release(records, release, report):
    for record in records.values():
        if record.type == "examination":
            sentence = (
                f"examination {record['number']}: {record['cells']['events']} events in"
                f" {record['cells']['count']} cells, {record['detections']} detections, by"
                f" {record['engine']}"
            )
            report.claimed(f"entry {record.entry}", sentence)
    report.claimed("release", "no parties later than those shown were named before this release")
    report.claimed("release", f"released to {release['to']!r}")


def open_release(data, report):
    """Members, release.json and checkpoint, or None where these are broken."""
    members = report.check("zip", zip_members, data)
    if members is None:
        return None
    contents = dict(members)
    for name in ("release.json", "checkpoint"):
        if name not in contents:
            report.broken(f"file {name}", "lacks in the release")
            return None
    parsed = report.check("file release.json", parse_release, contents["release.json"])
    checkpoint = report.check("checkpoint", Checkpoint.parse, contents["checkpoint"])
    if parsed is None or checkpoint is None:
        return None
    release, unknown = parsed
    if unknown:
        report.not_understood += len(unknown)
        report.claimed("file release.json", f"not understood, passed over: {', '.join(unknown)}")
    numbers = report.check("zip", check_member_names, members, release, checkpoint.size)
    return numbers and (contents, release, checkpoint, numbers)


def verify_release(data, trust, report):
    opened = open_release(data, report)
    if opened is None:
        return
    members, release, checkpoint, numbers = opened
    if not check_given_keys(checkpoint, trust, report):
        return
    entries = proven_entries(members, numbers, checkpoint, report)
    records = parse_records(entries, report)
    if len(records) < len(numbers) or not check_case_record(records, checkpoint, report):
        return
    if not check_owner(records, checkpoint, trust, report):
        return
    note_extensions(checkpoint, report)
    check_cosignatures(records, checkpoint, trust, report)
    check_seen(checkpoint, None, trust, report)
    if release["origin"] != checkpoint.origin:
        report.broken("file release.json", "names another case than the checkpoint")
    check_release_record(records[checkpoint.size - 1], release, members["release.json"], report)
    shown = {}
    for position, event in enumerate(release["events"]):
        leaf = report.check(f"event {position}", check_event, position, event, records, report)
        if leaf is not None:
            shown[event["cell"], event["index"]] = leaf
    check_verdicts_of_release(records, shown, report)
    note_claims_of_release(records, release, report)


# ---- Log of a case (section 5.4, step 2 of 9.1) -----------------------------

TILE_WIDTH = 256
TILE_BYTES_MAX = TILE_WIDTH * (2 + RECORD_BYTES_MAX)


class Folder:
    """The folder of a case: regular files below it, by path with slashes."""

    def __init__(self, root):
        self.root = os.path.realpath(root)

    def files(self):
        found = []
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            relative = os.path.relpath(folder, self.root).replace(os.sep, "/")
            prefix = "" if relative == "." else relative + "/"
            found += [prefix + name for name in sorted(names)]
        return found

    def open(self, name):
        """An open file; broken if it is not there or no regular file of the folder."""
        full = os.path.join(self.root, *name.split("/"))
        try:
            inside = os.path.realpath(full) == full and stat.S_ISREG(os.lstat(full).st_mode)
        except OSError as error:
            raise Broken("lacks in the case") from error
        if not inside:
            raise Broken("no regular file")
        return open(full, "rb")

    def read(self, name, bytes_max):
        with self.open(name) as file:
            data = file.read(bytes_max + 1)
        if len(data) > bytes_max:
            raise Broken(f"more than {bytes_max} bytes")
        return data

    def has(self, name):
        return os.path.lexists(os.path.join(self.root, *name.split("/")))


def tile_path(kind, index, width):
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{kind}/{'/'.join(groups)}{partial}"


def read_tile(folder, kind, index, width, report, split):
    """The first `width` items of a tile, split out of its bytes; or None."""
    name, whole = tile_path(kind, index, width), width
    full = tile_path(kind, index, TILE_WIDTH)
    if not folder.has(name) and folder.has(full):
        name, whole = full, TILE_WIDTH
    items = report.check(f"file {name}", lambda: split(folder.read(name, TILE_BYTES_MAX), whole))
    return items and items[:width]


def split_hashes(data, width):
    if len(data) != 32 * width:
        raise Broken(f"a tile of {width} hashes has not {32 * width} bytes")
    return [data[i : i + 32] for i in range(0, len(data), 32)]


def split_entries(data, width):
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise Broken("the entries are cut off")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) != width:
        raise Broken(f"{len(entries)} entries where the log has {width}")
    return entries


def widths(size):
    """Index and width of each tile over `size` items."""
    for index in range((size + TILE_WIDTH - 1) // TILE_WIDTH):
        yield index, min(TILE_WIDTH, size - index * TILE_WIDTH)


def read_level(folder, kind, size, report, split):
    """All items of one level; of tiles that are broken as many None."""
    items, broken = [], 0
    for index, width in widths(size):
        tile = read_tile(folder, kind, index, width, report, split)
        items += [None] * width if tile is None else tile
        broken += tile is None
        if broken == BROKEN_TILES_MAX:
            break
    return items


def check_upper_tiles(folder, hashes, report):
    """Tiles above level 0 hold the roots of the full tiles below them."""
    level = 1
    while len(hashes) >= TILE_WIDTH:
        full = range(0, len(hashes) - TILE_WIDTH + 1, TILE_WIDTH)
        hashes = [root_of(hashes[i : i + TILE_WIDTH]) for i in full]
        found = read_level(folder, level, len(hashes), report, split_hashes)
        for index, width in widths(len(hashes)):
            span = slice(index * TILE_WIDTH, index * TILE_WIDTH + width)
            if None not in found[span] and found[span] != hashes[span]:
                sentence = "does not hold the roots of the tiles below it"
                report.broken(f"file {tile_path(level, index, width)}", sentence)
        level += 1


def read_log(folder, checkpoint, report):
    """All entries up to the checkpoint, or None if the log is damaged."""
    before = len(report.places("broken"))
    entries = read_level(folder, "entries", checkpoint.size, report, split_entries)
    tiles = read_level(folder, 0, checkpoint.size, report, split_hashes)
    if len(report.places("broken")) > before:
        return None
    hashes = [leaf_hash(entry) for entry in entries]
    differ = [n for n, (a, b) in enumerate(zip(hashes, tiles)) if a != b]
    if root_of(hashes) == checkpoint.root:
        check_upper_tiles(folder, hashes, report)
        for index in sorted({n // TILE_WIDTH for n in differ}):
            width = min(TILE_WIDTH, checkpoint.size - index * TILE_WIDTH)
            name = tile_path(0, index, width)
            report.broken(f"file {name}", "does not hold the hashes of the entries")
    else:
        for n in differ:
            report.broken(f"entry {n}", "not the entry whose hash the log holds")
        if root_of(tiles) != checkpoint.root:
            report.broken("checkpoint", "the root is not that of the log")
    return entries if len(report.places("broken")) == before else None


# ---- Examinations (section 7, step 5 of 9.1) -------------------------------


def check_ranges(records, report):
    """Each record of an examination belongs to exactly one, and directly
    precedes it. Gives examinations, by entry, with their records; or nothing
    if the ranges are broken, as then nothing can be counted."""
    belongs, out, whole = set(), {}, True
    answers = {r.entry - 1 for r in records.values() if r.type == "exposure"}
    answers = {n for n in answers if n in records and records[n].type == "results"}
    for record in records.values():
        if record.type != "examination":
            continue
        first, count = record["records"]["first"], record["records"]["count"]
        span = range(first, record.entry)
        if first + count != record.entry:
            report.broken(f"entry {record.entry}", "its records do not end directly before it")
            whole = False
        elif foreign := [n for n in span if n in belongs or not may_belong(records[n])]:
            sentence = f"its records include entry {foreign[0]}, which is none of its own"
            report.broken(f"entry {record.entry}", sentence)
            whole = False
        else:
            belongs.update(span)
            out[record.entry] = [records[n] for n in span]
    strays = [r for n, r in records.items() if r.type in OF_EXAMINATION and n not in belongs | answers]
    for stray in strays if whole else ():
        report.broken(f"entry {stray.entry}", f"a {stray.type} that belongs to no examination")
    return out if whole else {}


def may_belong(record):
    return record.type in OF_EXAMINATION or record.type not in RECORDS


def check_numbers(records, what, first, report):
    """Records of one type are numbered on from `first`."""
    for expected, record in enumerate(records, first):
        if record["number"] != expected:
            sentence = f"{what} {record['number']} where {what} {expected} was expected"
            report.broken(f"entry {record.entry}", sentence)


def check_population(own, report):
    """Days of each channel are covered exactly once; gives the clock jumps."""
    channels, timeless, jumps = {}, set(), 0
    for record in own:
        if record.type not in ("cell", "empty", "gap"):
            continue
        if record.type == "cell" and record["day"] is None:
            if record.channel() in timeless:
                report.broken(f"entry {record.entry}", "a second cell of its channel without a day")
            timeless.add(record.channel())
        else:
            channels.setdefault(record.channel(), []).append((*record.days(), record))
    for spans in channels.values():
        jumps += check_days(spans, report)
    return jumps


def check_days(spans, report):
    """Spans of days of one channel follow one another; gives the clock jumps."""
    jumps, covered = 0, None
    for start, until, record in sorted(spans, key=lambda span: (*span[:2], span[2].entry)):
        place = f"entry {record.entry}"
        if covered is not None and start <= covered:
            report.broken(place, "covers a day that another record covers")
        elif covered is not None and start - covered > CLOCK_JUMP_DAYS:
            jumps += 1
        elif covered is not None and start - covered > 1:
            report.broken(place, f"{start - covered - 1} days before it are covered by no record")
        covered = until if covered is None else max(covered, until)
    return jumps


def check_examination(record, own, cells_before, sources_before, all_cells, report):
    """What an examination says of its own records (section 7)."""
    place = f"entry {record.entry}"

    def expect(holds, sentence):
        if not holds:
            report.broken(place, sentence)

    cells = [r for r in own if r.type == "cell"]
    sources = [r for r in own if r.type == "source"]
    check_numbers(cells, "cell", cells_before, report)
    check_numbers(sources, "source", sources_before, report)
    jumps = check_population(own, report)
    expect(record["clock_jumps"] == jumps, f"{jumps} clock jumps, not {record['clock_jumps']}")
    counted = (record["sources"]["first"], record["sources"]["count"])
    if record["kind"] == "examine":
        expect(record["seal"] is not None, "an examination of sources seals its events")
        expect(counted == (sources_before, len(sources)), "does not count its sources right")
        counted = (record["cells"]["first"], record["cells"]["count"])
        expect(counted == (cells_before, len(cells)), "does not count its cells right")
    else:
        expect(record["seal"] is None, "a hunt seals nothing")
        expect(len(own) <= 1, "a hunt has no records of its own but that of its results")
        expect(counted[1] == 0, "a hunt has no sources")
    first, count = record["cells"]["first"], record["cells"]["count"]
    looked_at = all_cells[first : first + count]
    expect(len(looked_at) == count, "looked at cells that are not there")
    events = sum(cell["events"] for cell in looked_at)
    expect(record["cells"]["events"] == events, f"its cells have {events} events")
    root = root_of(leaf_hash(cell.data) for cell in looked_at)
    expect(hash_hex(record["input_root"]) == root, "input_root is not that of its cells")
    told = sum(record["verdicts"][name] for name in ("clean", "findings", "refused"))
    expect(told == count, "its verdicts are not as many as its cells")
    check_stored(record, [r for r in own if r.type == "segment"], expect)
    check_results(record, own, report)
    return cells, sources


def results_of(own):
    """The record of what was written, the last of its records; or nothing."""
    return own[-1] if own and own[-1].type == "results" else None


def check_results(record, own, report):
    """What an examination wrote is said once, directly before it."""
    results, number_ = results_of(own), f"{record['number']:04d}"
    if results is None:
        report.broken(f"entry {record.entry}", "its last record is not that of its results")
        return
    for more in own[:-1]:
        if more.type == "results":
            report.broken(f"entry {more.entry}", "more results of an examination that has others")
    place, names = f"entry {results.entry}", [f["name"] for f in results["files"]]
    if results["output_root"] is None or results["assets"] or results["estate"]:
        report.broken(place, "an examination has an output_root, and neither assets nor estate")
    folders = (f"examinations/{number_}/", f"store/{number_}/")
    misplaced = [name for name in names if not name.startswith(folders)]
    if misplaced:
        report.broken(place, f"names files outside of its folders: {', '.join(misplaced)}")
    lines = f"examinations/{number_}/detections.jsonl"
    if lines not in names:
        report.broken(place, f"does not name {lines}")


def check_stored(record, segments, expect):
    """Segments hold as many events as cells, and lie where they belong."""
    number_ = f"{record['number']:04d}"
    if segments:
        stored = sum(segment["events"] for segment in segments)
        expect(stored == record["cells"]["events"], f"its segments hold {stored} events")
    misplaced = [s["name"] for s in segments if not s["name"].startswith(f"store/{number_}/")]
    expect(not misplaced, f"names segments outside of its folder: {', '.join(misplaced)}")


def check_examinations(records, report):
    """All examinations in order; gives each with its own records."""
    own = check_ranges(records, report)
    cells, sources, out = [], [], []
    for count, entry in enumerate(sorted(own), 1):
        record = records[entry]
        if record["number"] != count:
            report.broken(f"entry {entry}", f"examination {record['number']} where {count} was expected")
        seen = cells + [r for r in own[entry] if r.type == "cell"]
        more = check_examination(record, own[entry], len(cells), len(sources), seen, report)
        cells, sources = cells + more[0], sources + more[1]
        out.append((record, own[entry]))
    releases = [r for r in records.values() if r.type == "release"]
    check_numbers(releases, "release", 1, report)
    return out


# ---- Exposures (section 7) ---------------------------------------------------


def check_exposures(records, countable, report):
    """All exposures in order, each with the verdicts directly before it."""
    exposures = [r for r in records.values() if r.type == "exposure"]
    check_numbers(exposures, "exposure", 1, report)
    verdicts = [r for r in records.values() if r.type == "verdict"]
    for record in exposures:
        own = [v for v in verdicts if v.entry < record.entry]
        verdicts = verdicts[len(own) :]
        first, count = record["records"]["first"], record["records"]["count"]
        for stray in [v for v in own if v.entry < first]:
            report.broken(f"entry {stray.entry}", "a verdict that belongs to no exposure")
        own = [v for v in own if v.entry >= first]
        check_exposure(record, own, records.get(record.entry - 1), report)
        for verdict in own if countable else ():
            check_evidence(verdict, record["size"], records, report)
    for stray in verdicts:
        report.broken(f"entry {stray.entry}", "a verdict that belongs to no exposure")


def check_exposure(record, own, before, report):
    """`own` are its verdicts, `before` the record directly before it."""
    place = f"entry {record.entry}"
    first, count = record["records"]["first"], record["records"]["count"]
    results = before if before and before.type == "results" else None
    if results is None:
        report.broken(place, "its last record is not that of its results")
    if first + count != record.entry or len(own) + (results is not None) != count:
        report.broken(place, "its records are not the verdicts directly before it, and its results")
    if not 1 <= record["size"] <= first:
        report.broken(place, f"speaks of {record['size']} entries of the log")
    assets = set()
    for verdict in own:
        if verdict["exposure"] != record["number"]:
            report.broken(f"entry {verdict.entry}", "a verdict of another exposure")
        if verdict["asset"] in assets:
            report.broken(f"entry {verdict.entry}", f"a second verdict of {verdict['asset']}")
        assets.add(verdict["asset"])
    if results is not None:
        check_answer(record, results, report)


def check_answer(record, results, report):
    """The files of an exposure."""
    folder, place = f"exposures/{record['number']:04d}/", f"entry {results.entry}"
    names = [f["name"] for f in results["files"]]
    if results["output_root"] is not None:
        report.broken(place, "an exposure has no output_root")
    misplaced = [name for name in names if not name.startswith(folder)]
    if misplaced:
        report.broken(place, f"names files outside of its folder: {', '.join(misplaced)}")
    if folder + "exposure.json" not in names:
        report.broken(place, f"does not name {folder}exposure.json")


def check_evidence(verdict, size, records, report):
    """Each event that a verdict rests on is in a cell of the case."""
    cells = {r["number"]: r for r in records.values() if r.type == "cell" and r.entry < size}
    for leaf in verdict["evidence"]:
        place, name = f"entry {verdict.entry}", f"{leaf['cell']}.{leaf['index']}"
        cell = cells.get(leaf["cell"])
        if cell is None or leaf["index"] >= cell["events"]:
            report.broken(place, f"rests on event {name}, which is in none of the entries it speaks of")
        elif not may_be_of(leaf["time"], cell):
            report.broken(place, f"rests on event {name} at a time that is not of its cell")


def may_be_of(time_, cell):
    if cell["day"] is None or time_ is None:
        return cell["day"] is None and time_ is None
    return nanoseconds(cell["first"]["time"]) <= nanoseconds(time_) <= nanoseconds(cell["last"]["time"])


def check_exposure_files(folder, records, report):
    """Files of all exposures; gives their names."""
    named = set()
    for record in records.values():
        before = records.get(record.entry - 1)
        answers = record.type == "exposure" and before and before.type == "results"
        for file in before["files"] if answers else ():
            name = file["name"]
            named.add(name)
            if report.check(f"file {name}", check_file, folder, name, file["bytes"], file["sha256"]):
                report.proven(f"file {name}", "its bytes were sealed")
    return named


def describe_exposures(records, report):
    for record in records.values():
        place = f"entry {record.entry}"
        if record.type == "exposure" and place not in report.places("broken"):
            sentence = f"exposure {record['number']}: {max(record['records']['count'] - 1, 0)} verdicts"
            report.proven(place, f"sealed: {sentence} on {record['size']} entries of the log")
            report.claimed(place, f"the verdicts are those of {record['engine']}")


def check_verdicts_of_release(records, shown, report):
    """Verdicts in a release: `shown` has the leaves of its events, by entry of the cell and index."""
    for verdict in [r for r in records.values() if r.type == "verdict"]:
        place = f"entry {verdict.entry}"
        if not any(has_verdict(record, verdict) for record in records.values()):
            report.broken(place, "the exposure that says it is not in the release")
            continue
        cells = {r["number"]: r for r in records.values() if r.type == "cell"}
        proven = lacking = 0
        for leaf in verdict["evidence"]:
            name, cell = f"{leaf['cell']}.{leaf['index']}", cells.get(leaf["cell"])
            if cell is not None and leaf["index"] >= cell["events"]:
                report.broken(place, f"rests on event {name}, which its cell does not have")
            elif cell is None or (cell.entry, leaf["index"]) not in shown:
                lacking += 1
            elif not is_of_leaf(leaf, shown[cell.entry, leaf["index"]]):
                report.broken(place, f"rests on event {name} with another time or record id than its leaf")
            else:
                proven += 1
        report.proven(place, f"verdict {verdict['verdict']} ({verdict['grade']}) of asset"
                             f" {verdict['asset']}, rests on {len(verdict['evidence'])} events, {proven} proven")
        if lacking:
            report.missing(place, f"{lacking} of its events are not in this release")
        report.claimed(place, f"that it follows from them: {verdict['why']}")


def has_verdict(record, verdict):
    if record.type != "exposure" or record["number"] != verdict["exposure"]:
        return False
    first, count = record["records"]["first"], record["records"]["count"]
    return first <= verdict.entry < record.entry == first + count


def is_of_leaf(evidence, leaf):
    time_ = TIME_UNKNOWN if evidence["time"] is None else nanoseconds(evidence["time"])
    record_id = RECORD_ID_UNKNOWN if evidence["record_id"] is None else evidence["record_id"]
    return (leaf.time, leaf.record_id) == (time_, record_id)


def describe_examination(record, own, report):
    counts = {t: sum(r.type == t for r in own) for t in OF_EXAMINATION}
    sentence = (
        f"examination {record['number']} ({record['kind']}): {record['cells']['events']} events in"
        f" {record['cells']['count']} cells; {counts['source']} sources, {counts['empty']} empty runs,"
        f" {counts['gap']} gaps of {sum(r['missing'] for r in own if r.type == 'gap')} records"
    )
    report.proven(f"entry {record.entry}", "sealed: " + sentence)
    if not record["complete"]:
        report.claimed(f"entry {record.entry}", "it was stopped before its end")
    report.claimed(f"entry {record.entry}", f"engine {record['engine']}, {record['rules']['count']} rules")


# ---- Files of a case (step 6 of 9.1) ---------------------------------------


def check_file(folder, name, bytes_, sha256_):
    hasher, length = hashlib.sha256(), 0
    with folder.open(name) as file:
        if os.fstat(file.fileno()).st_size != bytes_:
            raise Broken("it has not the length that was sealed")
        while length <= bytes_ and (block := file.read(1 << 20)):
            hasher.update(block)
            length += len(block)
    if (length, hasher.hexdigest()) != (bytes_, sha256_):
        raise Broken("its bytes are not those that were sealed")
    return True


def lines_of(file):
    """Hashes of lines without their ends."""
    for line in file:
        if not line.endswith(b"\n"):
            raise Broken("its last line does not end")
        yield leaf_hash(line[:-1])


def output_of(folder, name):
    """Number of lines and root over them."""
    count = 0

    def counted(hashes):
        nonlocal count
        for count, hash_ in enumerate(hashes, 1):
            yield hash_

    with folder.open(name) as file:
        root = root_of(counted(lines_of(file)))
    return count, root


def check_leaves(folder, record, cells, report):
    """The leaves file gives the root of each cell."""
    name = f"leaves/{record['number']:04d}"
    file = report.check(f"file {name}", folder.open, name)
    if file is None:
        return
    with file:
        length = os.fstat(file.fileno()).st_size
        if length != 32 * sum(cell["events"] for cell in cells):
            report.broken(f"file {name}", "not 32 bytes for each event of its cells")
            return
        for cell in cells:
            root = root_of(file.read(32) for _ in range(cell["events"]))
            if root == hash_hex(cell["root"]):
                report.proven(f"cell {cell['number']}", f"{cell['events']} leaves give its root")
            else:
                report.broken(f"cell {cell['number']}", "its leaves do not give its root")


def check_examination_files(folder, record, own, report):
    """Files, segments, leaves and output of one examination; gives the names."""
    results = results_of(own)
    wrote = results["files"] if results else []
    named = [(f["name"], f["bytes"], f["sha256"]) for f in wrote]
    named += [(s["name"], s["bytes"], s["sha256"]) for s in own if s.type == "segment"]
    for name, bytes_, sha256_ in named:
        if report.check(f"file {name}", check_file, folder, name, bytes_, sha256_):
            report.proven(f"file {name}", "its bytes were sealed")
    lines = f"examinations/{record['number']:04d}/detections.jsonl"
    if not any(name == lines for name, _, _ in named):
        if not folder.has(lines):
            report.broken(f"file {lines}", "lacks in the case")
    elif f"file {lines}" not in report.places("broken"):
        output = report.check(f"file {lines}", output_of, folder, lines)
        if output and output[0] != record["detections"]:
            report.broken(f"entry {record.entry}", f"detections.jsonl has {output[0]} lines")
        elif output and results["output_root"] and output[1] != hash_hex(results["output_root"]):
            report.broken(f"entry {results.entry}", "output_root is not that of detections.jsonl")
    if record["kind"] == "examine":
        check_leaves(folder, record, [r for r in own if r.type == "cell"], report)
    return {name for name, _, _ in named}


def check_releases(folder, records, checkpoint, root_at, report):
    """Each release that is kept is the one that was sealed."""
    for record in records.values():
        if record.type != "release":
            continue
        name = f"releases/{record['number']:04d}.zip"
        if not folder.has(name):
            report.missing(f"file {name}", "the release itself is not kept in the case")
        else:
            report.check(f"file {name}", check_kept_release, folder, name, record, checkpoint, root_at)


def check_kept_release(folder, name, record, checkpoint, root_at):
    data, alone = folder.read(name, ZIP_BYTES_MAX), Report()
    verify_release(data, Trust([]), alone)
    wrong = next((s for s in alone.statements if s.outcome == "broken"), None)
    if wrong is not None:
        raise Broken(f"as a release by itself it is broken: {wrong.place}: {wrong.sentence}")
    contents = dict(zip_members(data))
    if sha256(contents.get("release.json", b"")).hex() != record["content"]:
        raise Broken("its release.json is not what the record of the release has sealed")
    kept = Checkpoint.parse(contents.get("checkpoint", b""))
    if (kept.origin, kept.size) != (checkpoint.origin, record.entry + 1):
        raise Broken("its checkpoint is not the one that ends in the record of the release")
    if root_at(kept.size) != kept.root:
        raise Broken("its checkpoint is not of this log")


def check_forks(folder, checkpoint, keys, root_at, report):
    """Checkpoints kept as evidence of a fork: signed, and of another history."""
    for name in [name for name in folder.files() if name.startswith("forks/")]:
        kept = report.check(f"file {name}", lambda n=name: kept_checkpoint(folder.read(n, 2 * NOTE_BYTES_MAX)))
        if kept is None or kept.origin != checkpoint.origin or kept.size > checkpoint.size:
            continue
        signed = report.check(f"file {name}", lambda k=kept: any(map(k.note.signed_by, keys)))
        if signed and kept.root != root_at(kept.size):
            sentence = f"fork: the owner has signed another root for size {kept.size}"
            report.broken(f"file {name}", sentence)


def kept_checkpoint(data):
    """A checkpoint, or the one in a request for a cosignature."""
    return Checkpoint.parse(data.partition(b"\n\n")[2] if data.startswith(b"old ") else data)


def note_uncovered(folder, named, checkpoint, records, report):
    """Files that the log does not name prove nothing."""
    known = re.compile(r"checkpoint|lock|tile/.*|forks/.*")
    numbers = [r["number"] for r in records.values() if r.type == "examination"]
    kept = {f"leaves/{n:04d}" for n in numbers}
    kept |= {f"releases/{r['number']:04d}.zip" for r in records.values() if r.type == "release"}
    for name in folder.files():
        if not known.fullmatch(name) and name not in named and name not in kept:
            report.claimed(f"file {name}", "not named by the log: proves nothing")


# ---- Case, steps of 9.1 ----------------------------------------------------


def verify_case(root, trust, report):
    folder = Folder(root)
    checkpoint = report.check("checkpoint", lambda: Checkpoint.parse(folder.read("checkpoint", NOTE_BYTES_MAX)))
    if checkpoint is None or not check_given_keys(checkpoint, trust, report):
        return
    entries = read_log(folder, checkpoint, report)
    if entries is None:
        return
    records = parse_records(dict(enumerate(entries)), report)
    if len(records) < len(entries) or not check_case_record(records, checkpoint, report):
        return
    if not check_owner(records, checkpoint, trust, report):
        return
    report.proven("log", f"{checkpoint.size} entries give the root of the checkpoint")

    def root_at(size):
        return root_of(map(leaf_hash, entries[:size]))

    note_extensions(checkpoint, report)
    check_cosignatures(records, checkpoint, trust, report)
    check_seen(checkpoint, root_at, trust, report)
    verify_contents(folder, records, checkpoint, root_at, report)


def verify_contents(folder, records, checkpoint, root_at, report):
    """What the records say, and the files that they name."""
    named = set()
    examinations = check_examinations(records, report)
    for record, own in examinations:
        if f"entry {record.entry}" not in report.places("broken"):
            describe_examination(record, own, report)
        named |= check_examination_files(folder, record, own, report)
    countable = len(examinations) == sum(r.type == "examination" for r in records.values())
    check_exposures(records, countable, report)
    describe_exposures(records, report)
    named |= check_exposure_files(folder, records, report)
    check_releases(folder, records, checkpoint, root_at, report)
    owners = {r.owner().under(checkpoint.origin, ED25519) for r in records.values()
              if r.type in ("case", "parties")}
    check_forks(folder, checkpoint, owners, root_at, report)
    note_uncovered(folder, named, checkpoint, records, report)


# ---- Command line ----------------------------------------------------------


def verify(path_, trust):
    report = Report()
    if os.path.isdir(path_):
        verify_case(path_, trust, report)
    else:
        with open(path_, "rb") as file:
            verify_release(file.read(ZIP_BYTES_MAX + 1), trust, report)
    return report


def read_trust(arguments):
    """Keys, policy and checkpoint seen before, as given; broken ones raise."""
    keys = [Key.parse(text_) for text_ in arguments.key]
    trust = Trust(keys)
    if arguments.policy:
        with open(arguments.policy, encoding="utf-8", newline="") as file:
            trust.policy = Policy.parse(file.read())
    if arguments.seen:
        with open(arguments.seen, "rb") as file:
            trust.seen = Checkpoint.parse(file.read())
        fitting = [k for k in (log_key(key, trust.seen.origin) for key in keys) if k]
        if keys and not any(map(trust.seen.note.signed_by, fitting)):
            raise Broken("the checkpoint seen before is signed by no given key")
    return trust


def show(report, as_json):
    if as_json:
        statements = [vars(statement) for statement in report.statements]
        print(json.dumps({
            "version": 1, "valid": report.valid(), "not_understood": report.not_understood,
            "statements": statements,
        }, indent=1))
        return
    for statement in report.statements:
        line = f"{statement.outcome:8} {statement.place}: {statement.sentence}"
        print("".join(c if c.isprintable() else "\ufffd" for c in line))
    print("valid" if report.valid() else "INVALID")


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description="Verifies a sealed case or a release.")
    parser.add_argument("path", help="folder of a case, or a release (zip)")
    parser.add_argument("--key", action="append", default=[], metavar="VKEY", help="a key to trust")
    parser.add_argument("--policy", metavar="FILE", help="a tlog-policy that must be met besides")
    parser.add_argument("--seen", metavar="CHECKPOINT", help="a checkpoint that was seen before")
    parser.add_argument("--json", action="store_true", help="statements as JSON")
    return parser.parse_args(argv)


def main(argv=None):
    arguments = parse_arguments(argv)
    try:
        trust = read_trust(arguments)
        report = verify(arguments.path, trust)
    except (Broken, OSError, UnicodeError) as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return 2
    show(report, arguments.json)
    return 0 if report.valid() else 4


if __name__ == "__main__":
    sys.exit(main())
