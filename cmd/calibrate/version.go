package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"workermem/calibrate"
)

// version may be set by -ldflags -X main.version=...; if it isn't, the module's own is shown.
var version = ""

func toolInfo() calibrate.Tool {
	v := version
	if v == "" {
		v = "devel"
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
	}
	return calibrate.Tool{Version: v, Go: runtime.Version()}
}

func newVersionCmd(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of calibrate and of Go",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			tool := toolInfo()
			_, err := fmt.Fprintf(env.Stdout, "calibrate %s (%s)\n", tool.Version, tool.Go)
			return err
		},
	}
}
