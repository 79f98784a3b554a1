"""A module that asks for the folder of temporary files as it is imported, as some libraries do."""

import tempfile

FOLDER = tempfile.gettempdir()
