"""Grade a class's notebooks, fairly and safely: `python -m helpers.grading SUBMISSIONS --out RESULTS`.

A pipeline of small parts: `collect` finds and reads submissions, `match` finds what a student has made of each exercise, `run`
runs it between the key's set-up and its hidden checks, in a sandboxed worker, and `report` writes what the instructor and the
students read. Cells go to a worker through one pipe, and a bounded text comes back through another: `workers` is this side of
them, `worker` the other, `fork_server` starts them, `sandbox` locks them in. THREATS.md says what that promises.
"""
