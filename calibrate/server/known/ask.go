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

// How long a server's own program may take to answer. Importing one takes 0.2 s, on a cold disk seconds.
const (
	VersionTime = 5 * time.Second  // for its version
	ConfigTime  = 15 * time.Second // for what its configuration comes to
)

// mostAnswer is more than any program prints of itself, in bytes.
const mostAnswer = 1 << 20

// ErrNoAnswer says that a program was still running when its time was over.
var ErrNoAnswer = errors.New("no answer in time")

// Ask runs a command of the server's own for what it prints, under a guard, in the app's environment. It is killed
// as soon as enough says that the output is complete (nil: it ends by itself), at the limit, and when the launch is given
// up. The error is [guard.ErrEnded] if the guard was killed meanwhile: what was printed says nothing then.
func (l *Launch) Ask(argv []string, limit time.Duration, enough func([]byte) bool) ([]byte, error) {
	return l.AskWith("", argv, limit, enough)
}

// AskWith is Ask with a file or folder that the command needs: the guard removes it, should calibrate be killed meanwhile.
func (l *Launch) AskWith(temporary string, argv []string, limit time.Duration, enough func([]byte) bool) ([]byte, error) {
	ctx := l.context
	if ctx == nil {
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
	values := l.Spec.PlaceholderValues(l.Address)
	g, err := guard.Start(guard.Order{
		Path:   path,
		Args:   cli.ExpandAll(argv, values),
		Env:    append(cli.Over(cli.ExpandEnv(l.Env, l.Spec.Env, values), cli.ExpandAll(l.Around, values)), "PYTHONUNBUFFERED=1"),
		Remove: temporary,
	}, write, nil)
	write.Close()
	if err != nil {
		return nil, err
	}
	_ = read.SetReadDeadline(time.Now().Add(limit))
	defer context.AfterFunc(ctx, func() { _ = read.SetReadDeadline(time.Now()) })()
	out, err := readAnswer(read, enough)
	g.Stop(context.Background(), syscall.SIGKILL, 0)
	if ctx.Err() != nil {
		return out, context.Cause(ctx)
	}
	if complete := enough != nil && enough(out); err == nil && !complete && g.Killed() {
		return nil, guard.ErrEnded
	}
	return out, err
}

func readAnswer(read *os.File, enough func([]byte) bool) ([]byte, error) {
	var out []byte
	buf := make([]byte, 16<<10)
	for len(out) < mostAnswer {
		n, err := read.Read(buf)
		out = append(out, buf[:n]...)
		switch {
		case enough != nil && enough(out):
			return out, nil
		case errors.Is(err, io.EOF):
			return out, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return out, ErrNoAnswer
		case err != nil:
			return out, err
		}
	}
	return out, nil
}
