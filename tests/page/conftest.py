"""What a page would show."""

import pytest

from helpers import pictures


@pytest.fixture
def published(monkeypatch):
    shown = []
    monkeypatch.setattr(pictures, "publish_display_data", lambda data, metadata: shown.append((data, metadata)))
    return shown
