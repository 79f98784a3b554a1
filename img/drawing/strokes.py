"""The strokes that the diagrams are made of: boxes, words, arrows, tables of numbers, blocks in perspective.

A picture shown as an image cannot know whether its page is light or dark. So each stands on a light panel of its own and
reads the same on both. Color never stands alone: what is orange is also hatched or framed, what is compared is labeled.
"""

from contextlib import contextmanager
from xml.sax.saxutils import escape, quoteattr

PANEL, EDGE, WHITE = "#fcfbf8", "#d9d4c9", "#ffffff"
INK, SOFT, LINE, FAINT = "#1c2530", "#566070", "#8b94a1", "#e4e6ea"
BLUE, DEEP_BLUE, PALE_BLUE = "#0072b2", "#004f7c", "#d8e9f5"
ORANGE, DEEP_ORANGE, PALE_ORANGE = "#d55e00", "#9c3f00", "#fde6d6"

SANS = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
MONO = "'DejaVu Sans Mono', Menlo, Consolas, monospace"

HATCH = "url(#hatch)"  # orange strokes: what is added, dropped or pointed at
RULED = "url(#ruled)"  # gray strokes: what is frozen
PATTERNS = {HATCH: (PALE_ORANGE, "#f9cfb0"), RULED: ("#eceef1", "#c9ced6")}  # ground and stroke


def number(value):
    """Write a coordinate: at most two decimals, none that are zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def signed(value, decimals=None):
    """Write a number with a true minus sign; whole, or with so many decimals."""
    text = f"{value:g}" if decimals is None else f"{value:.{decimals}f}"
    return text.replace("-", "\u2212")


def by(shape):
    """Write a shape as 28×28×6, one number with its thousands separated."""
    return "×".join(f"{size:,}" for size in shape)


def gray(level):
    """Write a gray of level 0, black, to 255, white."""
    return f"#{round(float(level)):02x}" + 2 * f"{round(float(level)):02x}"


def attributes(**values):
    """Write the attributes that are not None, with - for _ in their names."""
    return "".join(f" {name.replace('_', '-')}={quoteattr(number(value) if isinstance(value, (int, float)) else str(value))}"
                   for name, value in values.items() if value is not None)


class Picture:
    """An SVG picture on a light panel.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    title, description : str
        Name of the picture, and what it shows in words, with its numbers. Screen readers read both.
    """

    def __init__(self, width, height, title, description):
        self.width, self.height, self.title, self.description = width, height, title, description
        self.parts, self.style = [], ""

    def element(self, name, **values):
        """Add an element without content."""
        self.parts.append(f"<{name}{attributes(**values)}/>")

    @contextmanager
    def group(self, names):
        """Put what is drawn inside into a group of these classes, for `style`, the picture's style sheet."""
        self.parts.append(f'<g class="{names}">')
        yield
        self.parts.append("</g>")

    def rect(self, x, y, width, height, fill=WHITE, stroke=LINE, line=1.0, radius=None, dash=None):
        """Draw a box with its upper left corner at (x, y)."""
        self.element("rect", x=x, y=y, width=width, height=height, rx=radius, fill=fill, stroke=stroke,
                     stroke_width=line if stroke != "none" else None, stroke_dasharray=dash)

    def frame(self, x, y, width, height, stroke=ORANGE, line=2.5):
        """Draw an empty frame, to point at something."""
        self.rect(x, y, width, height, fill="none", stroke=stroke, line=line)

    def circle(self, x, y, radius, fill=WHITE, stroke=LINE, line=1.5):
        """Draw a circle around (x, y)."""
        self.element("circle", cx=x, cy=y, r=radius, fill=fill, stroke=stroke, stroke_width=line)

    def polygon(self, points, fill=WHITE, stroke=LINE, line=1.0):
        """Draw a closed figure through the points."""
        self.element("polygon", points=" ".join(f"{number(x)},{number(y)}" for x, y in points), fill=fill, stroke=stroke,
                     stroke_width=line, stroke_linejoin="round")

    def path(self, points, stroke=LINE, line=1.25, dash=None):
        """Draw an open line through the points."""
        self.element("polyline", points=" ".join(f"{number(x)},{number(y)}" for x, y in points), fill="none", stroke=stroke,
                     stroke_width=line, stroke_dasharray=dash, stroke_linejoin="round", stroke_linecap=None if dash else "round")

    def arrow(self, *points, stroke=INK, line=1.5, head=8):
        """Draw a line through the points with a head at its end, which must run along an axis."""
        (x0, y0), (x, y) = ((float(x), float(y)) for x, y in points[-2:])
        dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
        back = (x - dx * head, y - dy * head)
        self.path([*points[:-1], back], stroke=stroke, line=line)
        wing = 0.45 * head
        self.polygon([(x, y), (back[0] - dy * wing, back[1] + dx * wing), (back[0] + dy * wing, back[1] - dx * wing)],
                     fill=stroke, stroke=stroke, line=0.5)

    def text(self, x, y, words, size=14, fill=INK, anchor="middle", bold=False, mono=False):
        """Write words on the baseline y. Pieces in a list may be (words, fill) or (words, fill, bold) instead of a string."""
        pieces = [words] if isinstance(words, str) else words
        inner = "".join(escape(piece) if isinstance(piece, str) else
                        f"<tspan{attributes(fill=piece[1], font_weight='bold' if piece[2:] == (True,) else None)}>"
                        f"{escape(piece[0])}</tspan>" for piece in pieces)
        style = attributes(x=x, y=y, font_size=None if size == 14 else size, fill=None if fill == INK else fill,
                           text_anchor=None if anchor == "start" else anchor, font_weight="bold" if bold else None,
                           font_family=MONO if mono else None)
        self.parts.append(f"<text{style}>{inner}</text>")

    def cell(self, x, y, size, words="", fill=WHITE, stroke=LINE, ink=INK, font=14, bold=False, height=None):
        """Draw a box with words in its middle."""
        height = height or size
        self.rect(x, y, size, height, fill=fill, stroke=stroke)
        if words:
            self.text(x + size / 2, y + height / 2 + font * 0.36, words, size=font, fill=ink, bold=bold, mono=True)

    def table(self, x, y, numbers, cell=34, fill=None, font=14):
        """Draw a grid of numbers; ``fill(row, column)`` chooses the color of a cell."""
        for row, values in enumerate(numbers):
            for column, value in enumerate(values):
                self.cell(x + column * cell, y + row * cell, cell, signed(value), font=font,
                          fill=fill(row, column) if fill else WHITE)

    def block(self, x, y, width, height, depth, sheets=1, fill=WHITE, stroke=LINE):
        """Draw a volume: the front at (x, y), going back to the upper right by depth, cut into sheets."""
        up = 0.6 * depth
        top, side, seam = ("#f4f5f7", "#e9ebef", "#b4bac4") if fill == WHITE else ("#cde2f0", "#bcd8ea", "#6fa8cc")
        self.polygon([(x, y), (x + depth, y - up), (x + width + depth, y - up), (x + width, y)], fill=top, stroke=stroke)
        self.polygon([(x + width, y), (x + width + depth, y - up), (x + width + depth, y + height - up), (x + width, y + height)],
                     fill=side, stroke=stroke)
        for sheet in range(1, sheets):
            back, lift = depth * sheet / sheets, up * sheet / sheets
            corner = x + width + back
            self.path([(x + back, y - lift), (corner, y - lift), (corner, y + height - lift)], stroke=seam, line=0.75)
        self.rect(x, y, width, height, fill=fill, stroke=stroke)

    def svg(self):
        """Return the file's text."""
        patterns = "".join(
            f'<pattern id="{name[5:-1]}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate({turn})">'
            f'<rect width="7" height="7" fill="{ground}"/><rect width="2" height="7" fill="{stroke}"/></pattern>'
            for turn, (name, (ground, stroke)) in zip((45, -45), PATTERNS.items()) if any(name in part for part in self.parts))
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img" aria-labelledby="title description" font-family="{SANS}" font-size="14" '
            f'fill="{INK}">',
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="description">{escape(self.description)}</desc>',
            *([f"<style>{self.style}</style>"] if self.style else []),
            *([f"<defs>{patterns}</defs>"] if patterns else []),
            f'<rect x="0.5" y="0.5" width="{self.width - 1}" height="{self.height - 1}" rx="12" fill="{PANEL}" stroke="{EDGE}"/>',
            *self.parts, "</svg>", ""])
