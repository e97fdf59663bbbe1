#!/usr/bin/env python3
"""Reads test vectors (README.md says how they are written).

    unpack.py VECTOR FOLDER     puts the files of a vector below a new folder
"""

import base64
import pathlib
import sys
import zlib


def read_vector(path):
    """Header (name → values) and files (path → bytes) of a vector."""
    header, bodies, body = {}, {}, None
    for line in pathlib.Path(path).read_text(encoding="utf-8").split("\n"):
        name, separator, value = line.partition(": ")
        if name == "file" and separator:
            body = bodies.setdefault(value, [])
        elif body is None and separator:
            header.setdefault(name, []).append(value)
        elif line:
            body.append(line)
    return header, {n: zlib.decompress(base64.b64decode("".join(b))) for n, b in bodies.items()}


def put(folder, files):
    """Writes files below a folder."""
    for name, data in files.items():
        target = pathlib.Path(folder, *name.split("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


if __name__ == "__main__":
    pathlib.Path(sys.argv[2]).mkdir(parents=True)
    put(sys.argv[2], read_vector(sys.argv[1])[1])
