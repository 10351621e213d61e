"""Memory ten times a second and the process tree once, as tools on psutil do it: HOW ROOT [WORKER].

HOW is the method of psutil.Process. Without WORKER every process of the tree is read. A line a round.
"""

import sys
import time

import psutil

how, root = sys.argv[1], psutil.Process(int(sys.argv[2]))
worker = [psutil.Process(int(pid)) for pid in sys.argv[3:]]
due = time.monotonic()
for n in range(1 << 62):
    if n % 10 == 0:
        tree = [root, *root.children(recursive=True)]
    for process in worker or tree:
        getattr(process, how)()
    print(n, flush=True)
    due = max(due + 0.1, time.monotonic())
    time.sleep(max(0, due - time.monotonic()))
