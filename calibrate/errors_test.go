package calibrate

import "testing"

func TestSayErrors(t *testing.T) {
	counts := map[ErrorClass]int64{"timeout": 1024, "eof": 3, "http_5xx": 3}
	if got, want := SayErrors(CountErrors(counts)), "1 024 timeout, 3 eof, 3 http_5xx"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := SayErrors(nil); got != "" {
		t.Errorf("%q of none", got)
	}
}
