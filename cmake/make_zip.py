"""Packs files of the current folder into a zip whose bytes depend on their names and content alone.

cmake -E tar and zip also write when each file was last read, and by whom it is owned.
usage: make_zip.py OUT.zip YEAR-MONTH-DAY FILE...
"""

import sys
import zipfile

out, day, *names = sys.argv[1:]
date_time = (*map(int, day.split("-")), 0, 0, 0)
with zipfile.ZipFile(out, "w") as packed:
    for name in names:
        entry = zipfile.ZipInfo(name, date_time)
        entry.create_system = 3  # Unix, on every system, and so the mode below
        entry.external_attr = 0o100644 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        with open(name, "rb") as file:
            packed.writestr(entry, file.read(), compresslevel=9)
