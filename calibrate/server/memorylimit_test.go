package server

import (
	"strings"
	"testing"
)

func TestNegativeMemoryLimit(t *testing.T) {
	_, err := Recognise(t.Context(), Spec{Command: []string{"true"}, MemoryLimit: -1})
	if err == nil || !strings.Contains(err.Error(), "memory limit") {
		t.Error(err)
	}
}

func TestSayMB(t *testing.T) {
	for bytes, want := range map[int64]string{64 << 20: "64 MB", 3 << 19: "1.5 MB", 24105 << 20: "24105 MB"} {
		if got := sayMB(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}
