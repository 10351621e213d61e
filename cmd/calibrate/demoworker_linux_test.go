package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"
)

// demoAt starts a demo worker in this process. ended is closed when it has.
func demoAt(t *testing.T, threads, maxRequests int) (w *demoWorker, url string, end func(), ended chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if w, err = newDemoWorker(int(file.Fd()), int(read.Fd()), threads, maxRequests); err != nil {
		t.Fatal(err)
	}
	ended = make(chan struct{})
	go func() { defer close(ended); w.run() }()
	t.Cleanup(func() {
		write.Close()
		<-ended
		for _, c := range []io.Closer{listener, file, read} {
			c.Close()
		}
	})
	return w, "http://" + listener.Addr().String(), func() { write.Close() }, ended
}

func visited(t *testing.T, url string, requests int) {
	t.Helper()
	var all sync.WaitGroup
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range requests {
		all.Go(func() {
			res, err := client.Get(url)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if body, err := io.ReadAll(res.Body); err != nil || string(body) != "ok\n" {
				t.Errorf("%q %v", body, err)
			}
		})
	}
	all.Wait()
}

// More than it takes at once are answered one after the other, beside one who says nothing; its ledger has them.
func TestDemoWorker(t *testing.T) {
	const threads, requests = 3, 20
	w, url, end, ended := demoAt(t, threads, 0)
	silent, err := net.Dial("tcp", url[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	visited(t, url, requests)
	if took := time.Since(began); took < requests/threads*demoWaiting {
		t.Errorf("%d requests took %s", requests, took)
	}
	silent.Close()
	end()
	<-ended
	if s := w.shop; s.requests != requests || s.kept != requests*demoKeep || s.holding != 0 || s.mostHeld < demoHold || s.mostHeld > threads*demoHold {
		t.Errorf("%d requests kept %d bytes, hold %d and held at most %d", s.requests, s.kept, s.holding, s.mostHeld)
	}
}

// An old worker ends by itself, when who was there is answered. Who comes later waits for the next one.
func TestDemoWorkerThatIsOld(t *testing.T) {
	w, url, _, ended := demoAt(t, 2, 5)
	visited(t, url, 5)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("it goes on")
	}
	if w.shop.requests != 5 {
		t.Errorf("%d requests", w.shop.requests)
	}
}
