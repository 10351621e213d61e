package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/cmd/calibrate/config"
)

// schemas are the files that have one, the default first.
var schemas = []struct {
	of   string
	text func() (string, error)
}{
	{"result", func() (string, error) { return calibrate.ResultJSONSchema, nil }},
	{"config", func() (string, error) {
		text, err := config.Schema(configKeys())
		return string(text) + "\n", err
	}},
	{"baseline", func() (string, error) { return calibrate.BaselineJSONSchema, nil }},
}

func newSchemaCmd(env Env) *cobra.Command {
	var names []string
	for _, s := range schemas {
		names = append(names, s.of)
	}
	return &cobra.Command{
		Use:   "schema [" + strings.Join(names, "|") + "]",
		Short: "Print the JSON Schema of result.json, calibrate.yaml or a baseline",
		Long: "schema prints the JSON Schema (draft 2020-12) of result.json, of calibrate.yaml (config), or of a baseline: what their keys\n" +
			"are called, what each means, and in which unit it is.",
		Example:   "  calibrate schema\n  calibrate schema config > calibrate.schema.json",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: names,
		RunE: func(_ *cobra.Command, args []string) error {
			named := append(args, names[0])[0]
			i := slices.Index(names, named)
			if i < 0 {
				return calibrate.Usage("calibrate schema "+say.Nearest(named, names), "there is no schema of %q", named)
			}
			text, err := schemas[i].text()
			if err == nil {
				_, err = fmt.Fprint(env.Stdout, text)
			}
			return err
		},
	}
}
