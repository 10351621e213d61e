package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
	"workermem/report"
)

// emitFlags are the flags of `calibrate emit`, as written.
type emitFlags struct {
	kind, file string
	force      bool
}

func newEmitCmd(env Env) *cobra.Command {
	var f emitFlags
	cmd := &cobra.Command{
		Use:   "emit [RUN] [--for SERVER]",
		Short: "Write the recommendation of a saved run as the configuration to paste",
		Long: "emit writes what a run recommends as a configuration file, for the server that was measured or for another. Its\n" +
			"comments say which run it rests on, where each value came from, and what isn't in it. It writes nothing if the run\n" +
			"recommends nothing.",
		Example: "  calibrate emit > gunicorn.conf.py\n  calibrate emit --for systemd\n  calibrate emit --write gunicorn.conf.py\n  calibrate emit 20261129-093000-1f2e --for kubernetes",
		Args:    cobra.MatchAll(cobra.MaximumNArgs(1), namesRuns),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.wrong(cmd.Flags().Changed); err != nil {
				return err
			}
			result, err := loadRun(env, first(args))
			if err != nil {
				return err
			}
			return f.emit(env, result)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "for", "", "the configuration of which `SERVER`, supervisor or container:\n"+strings.Join(report.EmitKinds(server.Known()), ", ")+"\n(default: the measured server's)")
	flags.StringVar(&f.file, "write", "", "write it into this `file`, which must not be there yet")
	flags.BoolVar(&f.force, "force", false, "with --write: in place of the file that is there")
	return cmd
}

func (f emitFlags) wrong(changed func(string) bool) error {
	switch {
	case f.kind == "" && changed("for"):
		return calibrate.Usage("one of "+strings.Join(report.EmitKinds(server.Known()), ", "), "--for is empty")
	case f.file == "" && changed("write"):
		return calibrate.Usage("calibrate emit --write gunicorn.conf.py", "--write is empty")
	case f.force && f.file == "":
		return calibrate.Usage("name the file: --write FILE", "--force has no file to write")
	}
	return nil
}

func (f emitFlags) emit(env Env, r calibrate.Result) error {
	var text strings.Builder
	if err := report.Emit(&text, r, f.kind, server.Known()); err != nil {
		return err
	}
	if doubt := report.Reading(r); doubt != "" {
		note(env, "%s", doubt)
	}
	if f.file == "" {
		_, err := io.WriteString(env.Stdout, text.String())
		return err
	}
	if err := f.write(text.String()); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout, say.Line("wrote "+f.file))
	return nil
}

// write leaves a file that is there as it is, unless it was told to replace it.
func (f emitFlags) write(text string) error {
	err := writeNew(f.file, text)
	switch {
	case errors.Is(err, fs.ErrExist) && !f.force:
		return calibrate.Usage("--force replaces it; or name another file", "%s is there already", f.file)
	case errors.Is(err, fs.ErrExist):
		err = calibrate.WriteText(f.file, []byte(text), 0o644)
	}
	if err != nil {
		return unwritable("the configuration", "name a file in a folder that is there, with --write", err)
	}
	return nil
}
