//go:build !linux

package main

import (
	"cmp"
	"errors"
	"os"
	"runtime"
	"syscall"
)

func foreign() string {
	return cmp.Or(map[string]string{"darwin": "macOS", "windows": "Windows"}[runtime.GOOS], runtime.GOOS)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func width(*os.File) int { return 0 }

func again(f *os.File) *os.File { return f }

// What follows is of commands that need Linux: see onLinux.

func redirect(*os.File, *os.File) {}

func inOwnGroup() *syscall.SysProcAttr { return nil }

func asNobody() *syscall.SysProcAttr { return nil }

func demoMaster(int, []string) error { return errors.ErrUnsupported }

func runDemoWorker(int, int, string) error { return errors.ErrUnsupported }
