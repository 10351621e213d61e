package known

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/guard"
)

// Bounds of the questions to a server's own program. Importing one takes 0.2 s, on a cold disk seconds.
const (
	VersionLimit = 5 * time.Second
	ConfigLimit  = 15 * time.Second
	probeBytes   = 1 << 20
)

var ErrProbeLimit = errors.New("no answer in time")

// Probe runs a command of the server's own for what it prints, under a guard, in the app's environment. It is killed
// as soon as enough says that the output is complete, at the limit, and when the context ends. The error is errGuardEnded
// where the guard was killed meanwhile: what was printed says nothing then.
func Probe(l *Launch, argv []string, limit time.Duration, enough func([]byte) bool) ([]byte, error) {
	return ProbeWith(l, "", argv, limit, enough)
}

// ProbeWith is probe with a file or folder that the command needs: the guard removes it, should this process be killed
// meanwhile.
func ProbeWith(l *Launch, temporary string, argv []string, limit time.Duration, enough func([]byte) bool) ([]byte, error) {
	ctx := l.Context
	if ctx == nil { // of a server that is running already
		ctx = context.Background()
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	path, err := cli.LookPath(argv[0], cli.Getenv(l.Env, "PATH"))
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	values := PlaceholderValues(l.Address, l.Spec)
	g, err := guard.Start(guard.Order{
		Path:   path,
		Args:   cli.ExpandAll(argv, values),
		Env:    append(cli.ExpandEnv(l.Env, l.Spec.Env, values), "PYTHONUNBUFFERED=1"),
		Remove: temporary,
	}, write, nil)
	write.Close()
	if err != nil {
		return nil, err
	}
	_ = read.SetReadDeadline(time.Now().Add(limit))
	defer context.AfterFunc(ctx, func() { _ = read.SetReadDeadline(time.Now()) })()
	out, err := readProbe(read, enough)
	g.Stop(context.Background(), syscall.SIGKILL, 0)
	if ctx.Err() != nil {
		return out, context.Cause(ctx)
	}
	if complete := enough != nil && enough(out); err == nil && !complete && g.Killed() {
		return nil, guard.ErrEnded
	}
	return out, err
}

func readProbe(read *os.File, enough func([]byte) bool) ([]byte, error) {
	var out []byte
	buf := make([]byte, 16<<10)
	for len(out) < probeBytes {
		n, err := read.Read(buf)
		out = append(out, buf[:n]...)
		switch {
		case enough != nil && enough(out):
			return out, nil
		case errors.Is(err, io.EOF):
			return out, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return out, ErrProbeLimit
		case err != nil:
			return out, err
		}
	}
	return out, nil
}
