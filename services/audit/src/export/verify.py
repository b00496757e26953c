#!/usr/bin/env python3
"""Checks an exported ledger with Python's standard library alone.

    python3 verify.py [--key FILE] [FOLDER]

FOLDER is the export (by default, where this file is). FILE holds the ledger's key as the school gave it to you; without
it the key inside the export is trusted. Exit status 0 only if everything holds.
"""

import base64
import hashlib
import json
import os
import sys

# --- Ed25519 (RFC 8032), verification only -------------------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P:
        return None
    return P - x if (x & 1) != sign else x


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def point(data):
    y = int.from_bytes(data, "little")
    x = recover_x(y & ((1 << 255) - 1), y >> 255)
    y &= (1 << 255) - 1
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def signed(key, text, signature):
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- The tree of RFC 6962, a leaf at a time --------------------------------------------------------------------------
def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    def __init__(self):
        self.size, self.peaks = 0, []

    def push(self, leaf):
        size = self.size
        while size & 1:
            leaf = node(self.peaks.pop(), leaf)
            size >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node(peak, root)
        return root


# --- C2SP signed notes ---------------------------------------------------------------------------------------------
class Key:
    """<name>+<id in hex>+<base64 of 0x01 and the public key>"""

    def __init__(self, text):
        self.text = text
        self.name, _, rest = text.partition("+")
        self.id, _, key = rest.partition("+")
        key = base64.b64decode(key, validate=True)
        if len(key) != 33 or key[0] != 1 or not self.name.startswith("licheng/"):
            raise ValueError("not a verifier key of a ledger")
        self.key = key[1:]
        known = hashlib.sha256(self.name.encode() + b"\n\x01" + self.key).digest()[:4]
        if f"{self.name}+{known.hex()}+{base64.b64encode(key).decode()}" != text:
            raise ValueError("not a verifier key of a ledger")

    def open(self, note):
        lines = note.decode().split("\n")
        text = "".join(line + "\n" for line in lines[:3])
        size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
        signature = base64.b64decode(lines[4].rpartition(" ")[2], validate=True)
        written = f"{self.name}\n{size}\n{base64.b64encode(root).decode()}\n"
        line = f"\n\u2014 {self.name} {base64.b64encode(signature).decode()}\n"
        if text != written or (text + line).encode() != note or signature[:4].hex() != self.id or len(root) != 32:
            raise ValueError("not written as a signed note")
        if len(signature) != 68 or not signed(self.key, text.encode(), signature[4:]):
            raise ValueError("the ledger's key did not sign this text")
        return size, root


def verify(folder, key_file):
    findings = []

    def path(name):
        return os.path.join(folder, name)

    with open(path("key.txt"), "rb") as file:
        inside = file.read()
    with open(key_file or path("key.txt"), "rb") as file:
        key = Key(file.read().decode().strip())
    if inside != key.text.encode() + b"\n":
        findings.append("key.txt:1: is not the key")
    sizes = sorted(int(name) for name in os.listdir(path("checkpoints")))
    after, versions, tree = 0, {}, Tree()

    def meet():
        nonlocal after
        if tree.size not in wanted:
            return
        name = f"checkpoints/{tree.size}"
        try:
            with open(path(name), "rb") as file:
                size, root = key.open(file.read())
        except (ValueError, IndexError) as problem:
            findings.append(f"{name}: {problem}")
            return
        if size != tree.size:
            findings.append(f"{name}:2: is the checkpoint of {size}")
        elif root != tree.root():
            findings.append(f"records.ndjson: lines {after + 1} to {size} are not those that were signed")
        after = size

    wanted = set(sizes)
    meet()
    with open(path("records.ndjson"), "rb") as records, open(path("leaves.txt"), "rb") as leaves:
        for number, line in enumerate(records, 1):
            leaf = hashlib.sha256(b"\x00" + line[:-1]).digest()
            if not line.endswith(b"\n") or leaves.readline() != leaf.hex().encode() + b"\n":
                findings.append(f"records.ndjson:{number}: does not fit its leaf, leaves.txt:{number}")
            else:
                record = json.loads(line)
                stream, version = record["stream"], record["streamversion"]
                if version != versions.get(stream, 0) + 1:
                    findings.append(f"records.ndjson:{number}: is version {version} of {stream}")
                if not record["source"].startswith("/ledgers/" + key.name.partition("/")[2] + "/"):
                    findings.append(f"records.ndjson:{number}: is another ledger's")
                versions[stream] = version
            tree.push(leaf)
            meet()
            if len(findings) >= 100:
                return findings
        if leaves.readline():
            findings.append(f"leaves.txt:{tree.size + 1}: there is no such record")
    if not sizes or sizes[-1] != tree.size:
        findings.append(f"records.ndjson: has {tree.size} lines, the last checkpoint covers {sizes[-1:]}")
    if not findings:
        print(f"{tree.size} records, {len(sizes)} checkpoints, root {tree.root().hex()}: everything holds")
        print(f"key {key.text}" + ("" if key_file else "\nthe key inside the export was trusted: ask the school for its key"))
    return findings


def main(arguments):
    key_file = None
    if arguments[:1] == ["--key"]:
        key_file, arguments = arguments[1], arguments[2:]
    folder = arguments[0] if arguments else os.path.dirname(os.path.abspath(__file__))
    try:
        findings = verify(folder, key_file)
    except (OSError, ValueError, KeyError) as problem:
        findings = [str(problem)]
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
