"""Helpers of the course: what a lesson needs and does not teach.

``shapes`` (layer arithmetic), ``data`` (loaders), ``plots`` (figures), ``progress`` (live training), ``results`` (the
closing table of a lesson), ``exercises`` (what answers a student), ``environment`` (what this machine has).
"""

import os as _os

# TensorFlow and Keras read these once, when they are imported. TensorFlow's notes would stand in red below a cell; real errors
# still come as Python exceptions. What is set already stays, but helpers.quiet_start, with which lessons begin, sets the backend.
_os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_os.environ.setdefault("KERAS_BACKEND", "tensorflow")

__version__ = "2.0.0.dev0"
