"""A model of one weight with PyTorch's methods, so that an exercise on its training loop needs no PyTorch."""

import numpy as np

__all__ = ["imitation"]


class _Loss:
    """A mean squared error that knows its slope, with the methods of PyTorch's."""

    def __init__(self, model, errors, inputs):
        self._value, self._slope, self._model = np.mean(errors ** 2), np.mean(2 * errors * inputs), model

    def item(self):
        return float(self._value)

    def backward(self):
        self._model.grad += self._slope


class _Model:
    """One weight behind an average that batch normalization would keep: in training of the batch, else the running one."""

    def __init__(self, weight, grad=0.0):
        self.weight, self.grad, self.average, self.training = weight, grad, 0.0, True

    def __repr__(self):
        return f"model of weight {self.weight:.2f}"

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)

    def __call__(self, inputs):
        if self.training:
            self.average = 0.9 * self.average + 0.1 * np.mean(inputs)
        centered = inputs - (np.mean(inputs) if self.training else self.average)
        return self, centered

    forward = __call__


class _Optimizer:
    def __init__(self, model, rate):
        self._model, self._rate = model, rate

    def __repr__(self):
        return "optimizer"

    def zero_grad(self, set_to_none=True):
        self._model.grad = 0.0

    def step(self):
        self._model.weight -= self._rate * self._model.grad


def imitation(weight, rate, grad=0.0):
    """Return a model, its optimizer and a loss that behave as PyTorch's do, for exercise 5.3: gradients add up, the mode stays.

    Parameters
    ----------
    weight, grad : float
        The model's only weight, and a gradient that somebody has left in it.
    rate : float
        Of plain gradient descent.
    """
    model = _Model(weight, grad)

    def loss_of(outputs, labels):
        model, inputs = outputs
        return _Loss(model, model.weight * inputs - labels, inputs)

    return model, _Optimizer(model, rate), loss_of
