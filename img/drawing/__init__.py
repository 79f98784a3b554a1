"""What img/draw.py draws: strokes, and the pictures by subject (basics, networks, normalization, transfer, course)."""
