"""Draw the diagrams of the course.

    python img/draw.py            write every picture
    python img/draw.py --check    say which files differ from what would be drawn

Numbers in the pictures are computed: sums from the tables that are drawn, shapes and parameters by helpers.shapes.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

from drawing import basics, course, deeper, hidden, networks, normalization, softmax, transfer  # noqa: E402

# Each drawing, and the pages that show it.
PAGES = {
    course.course_map: ("README.md", "00_start_here"),
    softmax.softmax_regression: ("01_mnist_softmax",),
    hidden.hidden_layer: ("02_hidden_layer",),
    hidden.learning_rate: ("02_hidden_layer",),
    basics.convolution: ("03_lenet",),
    basics.pooling: ("03_lenet",),
    basics.frame_28_to_32: ("03_lenet",),
    networks.lenet: ("03_lenet",),
    networks.signs_network: ("04_sign_language",),
    normalization.batch_norm_axes: ("04_sign_language",),
    normalization.dropout: ("05_frameworks",),
    basics.channels_order: ("05_frameworks",),
    basics.padding: ("06_alexnet_translation",),
    networks.alexnet_2012: ("06_alexnet_translation",),
    networks.alexnet: ("06_alexnet_translation",),
    transfer.tracks_split: ("07_transfer_learning",),
    transfer.transfer_four_cases: ("07_transfer_learning",),
    deeper.deeper_blocks: ("08_deeper_networks",),
    deeper.deeper_family: ("08_deeper_networks",),
}
DRAWINGS = {drawing.__name__: drawing for drawing in PAGES}


def out_of_date():
    """Name the files that are missing or are not what would be drawn."""
    return [f"{name}.svg" for name, drawing in DRAWINGS.items()
            if not (path := FOLDER / f"{name}.svg").exists() or path.read_text(encoding="utf-8") != drawing().svg()]


def main():
    """Write the pictures, or say which are out of date."""
    if "--check" in sys.argv[1:]:
        if names := out_of_date():
            sys.exit(f"out of date: {', '.join(names)}. To draw them again: python img/draw.py")
        return
    for name, drawing in DRAWINGS.items():
        (FOLDER / f"{name}.svg").write_text(drawing().svg(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
