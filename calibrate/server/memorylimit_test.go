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
