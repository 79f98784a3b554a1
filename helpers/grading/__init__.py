"""Grade a class's notebooks, fairly and safely: `python -m helpers.grading SUBMISSIONS --out RESULTS`.

A pipeline of small parts: `collect` finds and reads submissions, `graft` puts a student's cells among the hidden cells of the
key, `run` runs each exercise in a sandboxed kernel, `score` compares with nbval's own code, `report` writes what the instructor
and the students read. `sandbox` can be used by itself. THREATS.md says what it promises.
"""
