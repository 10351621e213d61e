package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/report"
)

// keptRun is a saved run as one of several, and what was recorded.
func keptRun(env Env, name string) (report.SavedRun, calibrate.Measured, error) {
	path, err := findRun(env, name)
	if err != nil {
		return report.SavedRun{}, calibrate.Measured{}, err
	}
	m, err := loadMeasured(env, path)
	return keptAs(serviceOf(path), m), m, err
}

// keptAs is a run with what is deployed by its command, or of the server that was watched.
func keptAs(service string, m calibrate.Measured) report.SavedRun {
	watched := 0
	if m.Result.Mode == calibrate.ModeAttach {
		watched = m.Result.Worker.Workers
	}
	var deployed *calibrate.Deployed
	if setup := saidSetup(m.Result.Target, watched, 0); setup != nil {
		deployed = new(analyse.Deployed(m.Result, *setup))
	}
	return report.Saved(service, m, deployed)
}

// serviceOf names what a run is of by the folder that holds it: of results/shop/result.json, and of shop/.calibrate/runs/latest, that
// is shop.
func serviceOf(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		path = filepath.Dir(path)
	}
	if runs := filepath.Dir(path); filepath.Base(runs) == "runs" && filepath.Base(filepath.Dir(runs)) == ".calibrate" {
		path = filepath.Dir(filepath.Dir(runs))
	}
	return filepath.Base(path)
}

// several shows runs side by side.
func (f *formatFlag) several(env Env, names []string) error {
	if !slices.ContainsFunc(f.pages(), func(p report.Format) bool { return p.Name == f.name || f.name == "" }) {
		return calibrate.Usage("name one run", "--format %s is of one run", f.name)
	}
	runs := []report.SavedRun{}
	for _, name := range names {
		run, _, err := keptRun(env, name)
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	return f.show(env, report.Fleet(runs))
}

// tables writes those of runs into a folder, a file each, in place of former ones.
func (f *formatFlag) tables(env Env, folder string, names []string) error {
	if folder == "" || f.name != "" || f.page.path != "" {
		return calibrate.Usage("calibrate report --csv tables", "--csv takes a folder, and no other format beside it")
	}
	if len(names) == 0 {
		names = []string{""}
	}
	tables := report.NewCSV()
	for _, name := range names {
		run, m, err := keptRun(env, name)
		if err != nil {
			return err
		}
		tables.Add(run, m)
	}
	const try = "name a folder that can be written, with --csv"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return unwritable("the tables' folder", try, err)
	}
	for _, name := range report.CSVTables {
		if err := calibrate.WriteText(filepath.Join(folder, name+".csv"), tables.Text(name), 0o644); err != nil {
			return unwritable("a table", try, err)
		}
	}
	fmt.Fprintf(env.Stdout, "wrote %s\n", shown(env, folder)+": "+tables.Said())
	return nil
}
