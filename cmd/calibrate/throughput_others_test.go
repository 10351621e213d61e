package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// othersSpeeds are apps whose CPU time and waiting nobody has set: what binds them is shown.
var othersSpeeds = []speedCase{
	{name: "NOW LMS, logged in", others: true, command: []string{"$VENV/nowlms/bin/gunicorn", "--preload", "--threads", "2", "now_lms:lms_app"}, setUp: speedLMS,
		never: []speedShape{{3, 2, 0}, {1, 4, 0}, {2, 4, 0}}},
	{name: "PyPNM", others: true, command: []string{"$VENV/pypnm/bin/pypnm", "serve"}, never: []speedShape{{3, 0, 0}, {1, 0, 3}, {2, 0, 6}}},
	{name: "Django on PostgreSQL, pool of 10", others: true, command: []string{"$VENV/postgres/bin/gunicorn", "--threads", "4", "app:application"}, setUp: postgres,
		env: map[string]string{"PYTHONPATH": "$FIXTURES/postgres", "CALIBRATE_POOL": "10", "CALIBRATE_HOLD_MS": "40"}, never: []speedShape{{3, 4, 0}, {1, 8, 0}, {1, 32, 0}, {2, 8, 0}}},
}

// speedLMS is NOW LMS behind its login, as tableLogin has it.
func speedLMS(t *testing.T, c *speedCase) {
	var p proofCase
	nowLMS(t, &p)
	c.inherited = append(p.inherited, "LMS_PASSWORD="+lmsPassword)
	c.requests = requestFlags{paths: []string{lmsPanel}, before: lmsLogin(t), timeout: 30 * time.Second}
}

// postgres is a database for the case's app alone, on a socket in a folder of its own, with the app's books in it.
func postgres(t *testing.T, c *speedCase) {
	python := needServer(t, filepath.Join("..", "postgres", "bin", "python"))
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(programs) == 0 {
		t.Skip("PostgreSQL is not installed: run make servers")
	}
	//nolint:usetesting // t.TempDir is below a folder that only this user may enter
	dir, err := os.MkdirTemp("", "calibrate-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := &syscall.SysProcAttr{Setpgid: true, Credential: nobodyMuch(t, dir)}
	program := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(programs[len(programs)-1], name), args...)
		cmd.SysProcAttr, cmd.Dir = as, dir
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := program("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	server := program("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT) // ends what is connected, and then itself
		_ = server.Wait()
	})
	c.env["PGHOST"] = dir
	fillDatabase(t, python, dir)
}

// nobodyMuch is the user that the database runs as, who owns the folder: it refuses root. Another user is good as it is: nil.
func nobodyMuch(t *testing.T, dir string) *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(who.Uid) // the system's own format
	gid, _ := strconv.Atoi(who.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// fillDatabase tries until the database is up.
func fillDatabase(t *testing.T, python, socket string) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		cmd := exec.CommandContext(ctx, python, filepath.Join(fixtures(t), "postgres", "app.py"))
		cmd.Env = slices.Concat(os.Environ(), []string{fmt.Sprintf("PGHOST=%s", socket)})
		out, err := cmd.CombinedOutput()
		if err == nil {
			return
		}
		if exists(filepath.Join(socket, ".s.PGSQL.5432")) || ctx.Err() != nil {
			t.Fatalf("filling the database: %v\n%s", err, out)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
