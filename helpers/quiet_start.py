"""Import TensorFlow and Keras without the messages that TensorFlow's C++ part writes while it loads.

    import helpers.quiet_start

Some of them (oneDNN, "Could not find cuda drivers") ignore ``TF_CPP_MIN_LOG_LEVEL``. They go straight to file descriptor 2, past
Python, and would stand in red below the first cell of every lesson. If the import fails, they are shown after all.
"""

import contextlib
import os
import sys
import tempfile


@contextlib.contextmanager
def quiet_file_descriptor(descriptor=2):
    """Hold back what is written to a file descriptor; show it if the block raises.

    Parameters
    ----------
    descriptor : int
        2 is standard error.
    """
    sys.stderr.flush()
    kept = os.dup(descriptor)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), descriptor)
        try:
            yield
        except BaseException:
            held_back.seek(0)
            os.write(kept, held_back.read())
            raise
        finally:
            os.dup2(kept, descriptor)
            os.close(kept)


with quiet_file_descriptor():
    import keras  # noqa: F401
    import tensorflow

# A lesson that compares recipes builds many small models, and TensorFlow warns each time that this compiles many functions.
tensorflow.get_logger().setLevel("ERROR")
