#!/usr/bin/env python3
"""Vectors for src/ledger/tree_test.c, computed from RFC 6962's recursive definitions with hashlib alone.

    ledger_vectors.py > src/ledger/tree_vectors.def     writes them
    ledger_vectors.py FILE                              checks that FILE is what would be written

Entry i of the test log is the two bytes (i, 7 * i mod 256). For each size: the root, then SHA-256 over all inclusion
proofs (every index, hashes as they stand) and over all consistency proofs (every old size).
"""
import hashlib
import sys

SIZES = 71


def sha(data):
    return hashlib.sha256(data).digest()


def entry(i):
    return bytes([i, 7 * i % 256])


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(d):
    if not d:
        return sha(b"")
    if len(d) == 1:
        return sha(b"\0" + d[0])
    k = split(len(d))
    return sha(b"\1" + mth(d[:k]) + mth(d[k:]))


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return path(m, d[:k]) + [mth(d[k:])]
    return path(m - k, d[k:]) + [mth(d[:k])]


def subproof(m, d, whole):
    if m == len(d):
        return [] if whole else [mth(d)]
    k = split(len(d))
    if m <= k:
        return subproof(m, d[:k], whole) + [mth(d[k:])]
    return subproof(m - k, d[k:], False) + [mth(d[:k])]


def lines():
    yield "/* Written by tests/ledger_vectors.py: VECTOR(size, root, all inclusion proofs, all consistency proofs) */"
    for size in range(SIZES):
        d = [entry(i) for i in range(size)]
        inclusion = b"".join(b"".join(path(m, d)) for m in range(size))
        consistency = b"".join(b"".join(subproof(m, d, True)) for m in range(1, size + 1))
        yield f'VECTOR({size}, "{mth(d).hex()}", "{sha(inclusion).hex()}", "{sha(consistency).hex()}")'


def main():
    text = "\n".join(lines()) + "\n"
    if len(sys.argv) == 1:
        sys.stdout.write(text)
        return 0
    with open(sys.argv[1], encoding="ascii") as file:
        good = file.read() == text
    print("1 passed, 0 failed" if good else "0 passed, 1 failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
