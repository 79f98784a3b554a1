"""The sample of hand signs: drawn, laid out like the real one, and neither trivial nor hopeless."""

import numpy as np
import pytest

from helpers.data import load_signs
from helpers.data.draw_hands import EXTENDED, PEOPLE, Build, draw_hand, draw_person, hand_bars


@pytest.fixture(scope="module")
def sample():
    return load_signs("sample")


def test_the_sample_is_laid_out_like_the_real_data(sample):
    assert sample.source == "sample" and (len(sample.x_train), len(sample.x_test)) == (1080, 120)
    assert np.bincount(sample.y_validation).tolist() == [PEOPLE["validation"]] * 6
    assert not set(sample.groups_train) & set(sample.groups_test)
    assert len({photo.tobytes() for photo in sample.x_train}) == 1080


def test_the_drawn_skin_spans_the_human_range():
    tones = np.array([draw_person(np.random.default_rng(number)).skin.mean() for number in range(200)])
    assert tones.min() < 0.4 and tones.max() > 0.75  # the palms of dark hands are lighter than their backs
    assert np.std(tones) > 0.12


def test_a_hand_is_drawn_the_same_again_and_differently_for_another_seed():
    person = draw_person(np.random.default_rng(1))
    once, again, other = (draw_hand(3, person, np.random.default_rng(seed)) for seed in (2, 2, 3))
    assert np.array_equal(once, again) and not np.array_equal(once, other)


@pytest.mark.parametrize("sign", range(6))
def test_as_many_fingers_reach_up_as_the_sign_says(sign):
    assert len(EXTENDED[sign]) == sign
    bars = hand_bars(sign, Build(), np.random.default_rng(0))
    tips = [bar.ends[1] for bar, after in zip(bars, [*bars[1:], None])
            if bar.part in ("finger", "thumb") and (after is None or after.part != bar.part or
                                                    not np.array_equal(after.ends[0], bar.ends[1]))]
    reaching = sum(np.linalg.norm(tip[:2] - (0, 0.6)) > 0.75 for tip in tips)
    assert len(tips) == 5 and reaching == sign


def test_neither_chance_nor_perfect_for_a_linear_model(sample):
    """A stand-in for the network, quick enough for a test: something can be learned, and not everything by a template."""
    from sklearn.linear_model import RidgeClassifier

    def small(photos):
        return photos[:, ::4, ::4].mean(-1).reshape(len(photos), -1)

    accuracy = RidgeClassifier(1000.0).fit(small(sample.x_train), sample.y_train).score(small(sample.x_test), sample.y_test)
    assert 0.25 < accuracy < 0.9
