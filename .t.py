import time
t=time.time()
from helpers.grading.answer_keys import *
from helpers.grading.answer_keys import _loads
keys=read_keys(); print("keys",time.time()-t)
for m in ("batches","environment","layers","pretrained","progress","quiet_start","data","exercises","plots","shapes","panels","recorded","digits"):
    print(m, needs_tensorflow([f"from helpers import {m}"]))
for k in keys.values(): print(k.lesson,[needs_tensorflow([*e.setup,e.solution,*(c.source for c in e.checks)]) for e in k.exercises])
print(needs_tensorflow(["from helpers import (layers,\n  shapes)"]))
from helpers.grading.match import *
from helpers.grading import match as m
for k in keys.values():
    t=time.time()
    print(k.lesson,[(x.status) for x in match(k,k.lesson_cells)],time.time()-t)
    for e in k.exercises:
        t=time.time()
        d,miss=m.definitions_and_missing(k.lesson_cells,e.visible)
        print("  ",e.name,len(d),miss,round(time.time()-t,3), [x.split("\n")[0][:60] for x in d])
