package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// countedApp burns 2 ms, waits 8, and keeps book of its own CPU time: a line with the requests so far and time.process_time.
const countedApp = `
import os, threading, time
from flask import Flask
app = Flask(__name__)
book, lock, served = open(os.environ["BOOK"], "a", buffering=1), threading.Lock(), 0

@app.get("/")
def page():
    global served
    end = time.thread_time() + 0.002
    while time.thread_time() < end:
        pass
    time.sleep(0.008)
    with lock:
        served += 1
        book.write("%d %.6f\n" % (served, time.process_time()))
    return "ok"
`

// The CPU time of a worker that calibrate reads from outside is what the worker itself has, whatever else the machine does.
func TestE2EWorkIsWhatTheAppSaysItself(t *testing.T) {
	skipShort(t)
	t.Parallel()
	gunicorn, dir := needServer(t, "gunicorn"), t.TempDir()
	book := filepath.Join(dir, "book")
	if err := os.WriteFile(filepath.Join(dir, "counted.py"), []byte(countedApp), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, []string{"BOOK=" + book}, "run", "--quick", "--", gunicorn, "--chdir", dir, "--threads", "4", "counted:app")
	s.end(t, 3*time.Minute) // the creep of a quick run is no matter here
	r := s.result(t)
	used := processTimes(t, book)
	loads := 0
	for _, p := range r.Phases {
		w := p.Work
		if w == nil || w.Requests == 0 { // of a moment without load, beside busy neighbours
			continue
		}
		loads++
		from := int(p.Answered - w.Requests) // the answer by which the server was found ready comes before
		if from+1 < 0 || int(p.Answered)+1 >= len(used) {
			t.Fatalf("%s: requests %d to %d, of %d that the app has in its book", p.Name, from, p.Answered, len(used))
		}
		own := used[p.Answered+1] - used[from+1]
		t.Logf("%s: %d requests, %.3f ms a request, the app says %.3f; %.3f of them in the kernel, rest %.3f, calibrate %.3f; others kept %.2f cores busy",
			p.Name, w.Requests, 1000*w.PerRequest(w.Workers), 1000*own/float64(w.Requests), 1000*w.PerRequest(w.System), 1000*w.PerRequest(w.Rest), 1000*w.PerRequest(w.Own), w.Others/w.Seconds)
		within(t, p.Name+", ms", 1000*w.Workers, 1000*own, 0.02) // what follows the last line of a phase's book is in the next
		if w.Workers < 0.002*float64(w.Requests) || w.Rest > 0.1*w.Workers || w.Source == "" {
			t.Errorf("%s: %+v", p.Name, w)
		}
	}
	if loads < 4 {
		t.Errorf("%d loads have their work", loads)
	}
	if a := r.Alone; a == nil || a.Times[0] < 0.010 || a.Mean < a.Work.PerRequest(a.Work.Workers)+0.008 {
		t.Errorf("alone %+v, of requests that burn 2 ms and wait 8", a)
	}
}

// processTimes are by requests served, of the first process that wrote the book.
func processTimes(t *testing.T, book string) []float64 {
	t.Helper()
	file, err := os.Open(book)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	used := []float64{0}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var n int
		var seconds float64
		if _, err := fmt.Sscan(lines.Text(), &n, &seconds); err != nil || n != len(used) {
			break
		}
		used = append(used, seconds)
	}
	return used
}
