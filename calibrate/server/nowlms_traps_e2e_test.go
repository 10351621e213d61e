package server

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"workermem/calibrate/linux"
)

func TestE2ENowLMSTraps(t *testing.T) {
	lmsctl := venv(t, "../nowlms/bin/lmsctl")
	clearLMS(t)
	env := lmsEnv(t, lmsctl)
	t.Run("listens-everywhere", func(t *testing.T) {
		r := start(t, Spec{Command: []string{lmsctl, "serve"}, Env: env})
		hasWarning(t, r.Warnings(), "listens-everywhere")
		sockets, err := os.ReadFile("/proc/net/tcp")
		if everywhere := fmt.Sprintf(" 00000000:%04X ", r.address.port); err != nil || !strings.Contains(string(sockets), everywhere) {
			t.Errorf("no %s: %v", everywhere, err)
		}
	})
	for ci, workers := range map[string]int{"": 2, "true": 1} {
		t.Run("ci-changes-app "+ci, func(t *testing.T) {
			all := []string{"CI=" + ci, "NOW_LMS_WORKERS=2", "LMS_PORT={port}"}
			for name, value := range env {
				all = append(all, name+"="+value)
			}
			_, cmd := byHand(t, all, lmsctl, "serve", "--wsgi-server", "gunicorn")
			eventually(t, "its workers", func() bool { return len(linux.Here.Tree(cmd.Process.Pid)) == workers })
		})
	}
}
