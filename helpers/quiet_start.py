"""Check the versions, then import TensorFlow and Keras without the messages that TensorFlow's C++ part writes while it loads.

    import helpers.quiet_start

Some of them (oneDNN, "Could not find cuda drivers") ignore ``TF_CPP_MIN_LOG_LEVEL``. They go straight to file descriptor 2, past
Python, and would stand in red below the first cell of every lesson. If the import fails, they are shown after all.

Lessons need TensorFlow as the backend of Keras, float32 and channels last. An environment variable or an old
``~/.keras/keras.json`` may ask for something else; that file is left alone and not followed.
"""

import contextlib
import os
import sys
import tempfile

from helpers import environment


@contextlib.contextmanager
def quiet_file_descriptor(descriptor=2):
    """Hold back what is written to a file descriptor (2 is standard error); show it if the block raises."""
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


environment.check()
os.environ["KERAS_BACKEND"] = "tensorflow"
with quiet_file_descriptor():
    import keras
    import tensorflow
keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")

# A lesson that compares recipes builds many small models, and TensorFlow warns each time that this compiles many functions.
tensorflow.get_logger().setLevel("ERROR")
