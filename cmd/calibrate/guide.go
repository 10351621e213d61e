package main

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

//go:embed guide/*.md
var guideFiles embed.FS

// guidePages are the manual's pages, in the order in which they are listed: from the first run to the small print.
var guidePages = []string{
	"commands", "config", "how-it-decides", "accuracy", "limits", "load", "leaks", "attach", "size", "candidates", "prove", "ci",
	"servers", "exit-codes", "files",
}

func newGuideCmd(env Env) *cobra.Command {
	return &cobra.Command{
		Use:       "guide [PAGE]",
		Short:     "Print a page of the manual, or list the pages",
		Example:   "  calibrate guide\n  calibrate guide how-it-decides",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: guidePages,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listPages(env)
			}
			return printPage(env, args[0])
		},
	}
}

func listPages(env Env) error {
	fmt.Fprintln(env.Stdout, "The pages of the manual; calibrate guide PAGE prints one.")
	fmt.Fprintln(env.Stdout)
	w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	for _, name := range guidePages {
		text, err := guidePage(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %s\t%s\n", name, pageSummary(text))
	}
	return w.Flush()
}

func printPage(env Env, name string) error {
	if !slices.Contains(guidePages, name) {
		return calibrate.Usage("calibrate guide "+say.Nearest(name, guidePages)+"; calibrate guide lists the pages", "the manual has no page %q", name)
	}
	text, err := guidePage(name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(env.Stdout, text)
	return err
}

func guidePage(name string) (string, error) {
	text, err := guideFiles.ReadFile(path.Join("guide", name+".md"))
	return string(text), err
}

// pageSummary is the line below a page's title.
func pageSummary(page string) string {
	_, rest, _ := strings.Cut(page, "\n\n")
	summary, _, _ := strings.Cut(rest, "\n")
	return summary
}
