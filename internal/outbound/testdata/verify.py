"""Verifies the signature of each mail in a folder against one DNS record.

Usage: verify.py FOLDER RECORD
"""
import pathlib
import sys

import dkim

record = sys.argv[2].encode()
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
    try:
        good = dkim.verify(path.read_bytes(), dnsfunc=lambda name, timeout=5: record)
    except Exception as why:  # what is wrong with it is the answer
        print(path.name, why)
    else:
        if not good:
            print(path.name, "the signature does not fit")
