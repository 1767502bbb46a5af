"""What a damaged zip can raise while it is opened or read: documents of an office are zips."""

import zipfile
import zlib

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
