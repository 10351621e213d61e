package server

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"workermem/calibrate/server/servertest"
)

// control-socket: of two masters of one user, the second takes the socket of the first.
func TestE2EGunicornControlSocket(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	command := append(gunicornWith(t, servertest.Module(t, okApp)), "--bind", "127.0.0.1:{port}", "mod:app")
	var inodes []uint64
	for range 2 {
		byHand(t, []string{"HOME=" + home}, command...)
		eventually(t, "a socket of its own", func() bool {
			info, err := os.Stat(filepath.Join(home, ".gunicorn", "gunicorn.ctl"))
			if err != nil {
				return false
			}
			inode := info.Sys().(*syscall.Stat_t).Ino
			if slices.Contains(inodes, inode) {
				return false
			}
			inodes = append(inodes, inode)
			return true
		})
	}
}

// Jitter alone is no limit.
func TestE2EGunicornJitterAlone(t *testing.T) {
	t.Parallel()
	command := append(gunicornWith(t, servertest.Module(t, okApp)), "--bind", "127.0.0.1:{port}", "--max-requests-jitter", "5", "mod:app")
	url, _ := byHand(t, []string{"HOME=" + t.TempDir()}, command...)
	first, _ := pidAt(url)
	for range 30 {
		if pid, ok := pidAt(url); ok && pid != first {
			t.Fatal("a worker was replaced")
		}
	}
}

// Gunicorn's UvicornWorker looks at its limit about ten times a second, and serves on until then.
func TestE2EUvicornWorkerOvershoots(t *testing.T) {
	t.Parallel()
	command := append(gunicornWith(t, servertest.Module(t, okASGI)), "--bind", "127.0.0.1:{port}", "-k", "uvicorn.workers.UvicornWorker", "--max-requests", "5", "mod:app")
	url, _ := byHand(t, []string{"HOME=" + t.TempDir()}, command...)
	served, most := map[string]int{}, 0
	eventually(t, "a worker that serves twice its limit, and is replaced", func() bool {
		for range 20 { // without a pause
			if pid, ok := pidAt(url); ok {
				served[pid]++
				most = max(most, served[pid])
			}
		}
		return most > 10 && len(served) > 1
	})
}
