"""A few strokes for drawing diagrams as SVG: boxes, words, arrows, grids of numbers.

A picture shown as an image cannot know whether its page is light or dark. So each stands on a light panel of its own, with
dark ink, and reads the same on both.
"""

from xml.sax.saxutils import escape

INK, SOFT, PAPER, LINE = "#1a1a1a", "#555555", "#fbfaf7", "#8a8a8a"
BLUE, ORANGE, GREEN = "#0072B2", "#C24E00", "#00795A"
PALE_BLUE, PALE_ORANGE, PALE_GREEN, WHITE = "#d6e8f4", "#fbe0cf", "#d3ece4", "#ffffff"


class Picture:
    """An SVG picture on a light panel.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    title, description : str
        Read aloud by screen readers.
    """

    def __init__(self, width, height, title, description):
        self.width, self.height, self.title, self.description = width, height, title, description
        self.parts = []

    def rect(self, x, y, width, height, fill=WHITE, stroke=LINE, stroke_width=1.0, radius=0, dash=None):
        """Draw a box with its upper left corner at (x, y)."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" fill="{fill}" '
                          f'stroke="{stroke}" stroke-width="{stroke_width:g}"{dashed}/>')

    def text(self, x, y, words, size=14, fill=INK, anchor="middle", weight="normal", mono=False, italic=False):
        """Write words on the baseline y."""
        family = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" if mono else "Helvetica, Arial, 'DejaVu Sans', sans-serif"
        style = ' font-style="italic"' if italic else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}" font-family="{family}" font-size="{size:g}" fill="{fill}" '
                          f'text-anchor="{anchor}" font-weight="{weight}"{style}>{escape(str(words))}</text>')

    def line(self, x1, y1, x2, y2, stroke=INK, width=1.5, dash=None, arrow=False):
        """Draw a line, with a head at its end if it is an arrow."""
        extra = (f' stroke-dasharray="{dash}"' if dash else "") + (' marker-end="url(#head)"' if arrow else "")
        self.parts.append(f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{stroke}" '
                          f'stroke-width="{width:g}"{extra}/>')

    def polygon(self, points, fill, stroke=LINE, width=1.0):
        """Draw a closed figure through the points."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.parts.append(f'<polygon points="{path}" fill="{fill}" stroke="{stroke}" stroke-width="{width:g}"/>')

    def circle(self, x, y, radius, fill=WHITE, stroke=LINE, width=1.5):
        """Draw a circle around (x, y)."""
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{stroke}" stroke-width="{width:g}"/>')

    def numbers(self, x, y, table, cell=34, fill=None, size=14):
        """Draw a grid of numbers; ``fill(row, column)`` chooses the color of a cell."""
        for row, values in enumerate(table):
            for column, value in enumerate(values):
                color = fill(row, column) if fill else WHITE
                self.rect(x + column * cell, y + row * cell, cell, cell, fill=color)
                self.text(x + (column + 0.5) * cell, y + (row + 0.5) * cell + size * 0.36, f"{value:g}".replace("-", "\u2212"),
                          size=size, mono=True)

    def frame(self, x, y, width, height, stroke=ORANGE):
        """Draw a thick empty frame, to point at something."""
        self.rect(x, y, width, height, fill="none", stroke=stroke, stroke_width=3)

    def block(self, x, y, width, height, depth, fill=PALE_BLUE):
        """Draw a volume in perspective: the front face at (x, y), going back to the upper right."""
        self.polygon([(x, y), (x + depth, y - depth), (x + width + depth, y - depth), (x + width, y)], fill=fill)
        self.polygon([(x + width, y), (x + width + depth, y - depth), (x + width + depth, y + height - depth),
                      (x + width, y + height)], fill=fill)
        self.rect(x, y, width, height, fill=fill)

    def svg(self):
        """Return the file's text."""
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img" aria-labelledby="title description">',
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="description">{escape(self.description)}</desc>',
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
            f'orient="auto-start-reverse"><path d="M0,0 L10,5 L0,10 z" fill="{INK}"/></marker></defs>',
            f'<rect x="1" y="1" width="{self.width - 2}" height="{self.height - 2}" rx="10" fill="{PAPER}" stroke="#cfcac0"/>',
            *self.parts, "</svg>", ""])
