"""Layers that Keras lacks and a lesson needs. Lesson 06 first writes each of them out by hand."""

from __future__ import annotations

import math
import numbers

import keras
from keras import ops

__all__ = ["LocalResponseNormalization"]


@keras.saving.register_keras_serializable(package="convnet_course")
class LocalResponseNormalization(keras.layers.Layer):
    r"""Divide each value by a power of the energy in the channels around it.

    .. math:: y_c = x_c \Big/ \Big(b + \alpha \sum_{j=c-r}^{c+r} x_j^2\Big)^{\beta}

    The sum runs over ``2 * depth_radius + 1`` channels at the same place of the image; channels that do not exist count
    as zero. The layer has no parameters and does the same in training and in prediction. It is not batch normalization:
    nothing is learned, and no other image matters.

    Parameters
    ----------
    depth_radius : int
        Channels to either side, :math:`r`.
    bias : float
        :math:`b`, positive, so that nothing is divided by zero.
    alpha : float
        Weight of the sum, not negative. It multiplies the sum, as in TensorFlow; PyTorch's ``alpha`` is first divided by
        the number of channels in the window.
    beta : float
        The exponent.
    **kwargs
        Arguments of every Keras layer, such as ``name``.

    Raises
    ------
    ValueError
        When an argument makes no sense, Keras is set to ``"channels_first"``, or the input does not have the shape
        ``(images, height, width, channels)``.

    Notes
    -----
    The defaults are TFLearn's. ``tf.nn.local_response_normalization`` has others: alpha 1 and beta 0.5.

    Source: Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks" (2012),
    section 3.3, where the radius is 2, the bias 2, alpha 1e-4 and beta 0.75. Lesson 06 writes it out in NumPy.
    """

    def __init__(self, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1e-4, beta: float = 0.75, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(depth_radius, numbers.Integral) or isinstance(depth_radius, bool) or depth_radius < 0:
            raise ValueError(f"depth_radius must be a whole number of channels, 0 or more, not {depth_radius!r}")
        for name, value in (("bias", bias), ("alpha", alpha), ("beta", beta)):
            if not isinstance(value, numbers.Real) or isinstance(value, bool) or not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, not {value!r}")
        if bias <= 0:
            raise ValueError(f"bias must be positive, not {bias!r}: otherwise a channel of zeros is divided by zero")
        if alpha < 0:
            raise ValueError(f"alpha must not be negative, but is {alpha!r}")
        if keras.config.image_data_format() != "channels_last":
            raise ValueError("LocalResponseNormalization needs the channels last. Put a Permute((2, 3, 1)) before it and call "
                             "keras.config.set_image_data_format('channels_last')")
        self.depth_radius = int(depth_radius)
        self.bias, self.alpha, self.beta = float(bias), float(alpha), float(beta)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the shape of the input; there is nothing to create."""
        if len(input_shape) != 4 or input_shape[-1] is None:
            raise ValueError(f"LocalResponseNormalization {self.name!r} needs the shape (images, height, width, channels) "
                             f"with a known number of channels, not {tuple(input_shape)}")
        self.built = True

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Normalize ``inputs``, shape (images, height, width, channels)."""
        # Half precision ends at 65,504: one value of 256 squared is beyond it.
        values = ops.cast(inputs, "float32") if self.compute_dtype in ("float16", "bfloat16") else inputs
        channels, radius = inputs.shape[-1], self.depth_radius
        # Zeros on both sides, so that every channel has a full window; then the window is 2r+1 shifted copies.
        reach = min(radius, channels - 1)
        squares = ops.pad(ops.square(values), ((0, 0), (0, 0), (0, 0), (reach, reach)))
        energy = sum(squares[..., shift:shift + channels] for shift in range(2 * reach + 1))
        return ops.cast(values / ops.power(self.bias + self.alpha * energy, self.beta), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the input: the layer changes values only."""
        return tuple(input_shape)

    def get_config(self) -> dict:
        """Return the arguments, so that a saved model finds them again."""
        return {**super().get_config(), "depth_radius": self.depth_radius, "bias": self.bias, "alpha": self.alpha,
                "beta": self.beta}
