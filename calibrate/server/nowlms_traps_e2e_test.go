package server

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func TestE2ENowLMSTraps(t *testing.T) {
	lmsctl := servertest.Venv(t, "../nowlms/bin/lmsctl")
	clearLMS(t)
	env := lmsEnv(t, lmsctl)
	t.Run("listens-everywhere", func(t *testing.T) {
		t.Parallel()
		r := start(t, known.Spec{Command: []string{lmsctl, "serve"}, Env: copiedLMS(t, env)})
		servertest.HasWarning(t, r.Warnings(), "listens-everywhere")
		sockets, err := os.ReadFile("/proc/net/tcp")
		if everywhere := fmt.Sprintf(" 00000000:%04X ", r.address.Port); err != nil || !strings.Contains(string(sockets), everywhere) {
			t.Errorf("no %s: %v", everywhere, err)
		}
	})
	for ci, workers := range map[string]int{"": 2, "true": 1} {
		t.Run("ci-changes-app "+ci, func(t *testing.T) {
			t.Parallel()
			all := []string{"CI=" + ci, "NOW_LMS_WORKERS=2", "LMS_PORT={port}"}
			for name, value := range copiedLMS(t, env) {
				all = append(all, name+"="+value)
			}
			_, cmd := byHand(t, all, lmsctl, "serve", "--wsgi-server", "gunicorn")
			eventually(t, "its workers", func() bool { return len(linux.Here.Tree(cmd.Process.Pid)) == workers })
		})
	}
}
