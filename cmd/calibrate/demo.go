package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/knob"
	"workermem/calibrate/run"
	"workermem/calibrate/server"
	"workermem/loadgen"
)

// demoSoak keeps the whole demo within a minute.
const demoSoak = 35 * time.Second

func newDemoCmd(env Env) *cobra.Command {
	var f outFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Measure the built-in app, whose true answers are printed beside the measured ones",
		Long: "demo measures a small web server inside calibrate as it would any other. It keeps " + strconv.Itoa(demoKeep) + " bytes a\n" +
			"request, gains " + strconv.Itoa(demoWarm>>20) + " MB while it warms up, and computes " + demoDemand.String() + " and waits " + demoWaiting.String() + " a request, so the\nreport can be checked. It takes under a minute.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), env, f) },
	}
	f.format.page.register(cmd.Flags())
	f.format.registerVerbose(cmd.Flags())
	return cmd
}

func demo(ctx context.Context, env Env, f outFlags) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	folder, id, err := openRun(env, "")
	if err != nil {
		return err
	}
	defer folder.Close()
	ledger := filepath.Join(folder.Path, "truth.json")
	launch, err := server.Recognise(ctx, server.Spec{
		Command: []string{self, demoAppCommand, "--port={port}", "--threads={threads}", "--max-requests={max_requests}", "--ledger=" + ledger},
		Threads: demoThreads, Workers: 1, Path: "/", BootDeadline: 20 * time.Second,
	})
	if err != nil {
		return err
	}
	launch.LogTo(folder.Log.File)
	targets, err := loadgen.Paths([]string{"/"})
	if err != nil {
		return err
	}
	plan := calibrate.Plan{WarmupLimit: run.DefaultWarmup}
	knob.Reset(&plan.Box, &plan.Closeness)
	plan.SoakSeconds, plan.MemoryBytes, plan.CPUs = demoSoak.Seconds(), demoMemory, demoCPUs
	rig := calibrate.Rig{Target: launch, Load: loadgen.New(targets, loadgen.Options{}), Journal: folder}
	result, err := measure(ctx, env, run.Run, plan, rig, calibrate.Result{ID: id, Target: launch.Info()})
	if err != nil {
		return ended(env, folder.Path, err)
	}
	if result.Truth, err = readTruth(ledger); err != nil {
		return fmt.Errorf("the demo app left no ledger: %w", err)
	}
	result.Target.Command = []string{"calibrate", "demo"}
	result.Warnings = slices.DeleteFunc(result.Warnings, func(w calibrate.Warning) bool { return w.Code == analyse.NotScaled }) // nobody deploys it
	if err := folder.Save(result); err != nil {
		return err
	}
	return f.show(env, folder.Path, result)
}

func readTruth(path string) (*calibrate.Truth, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var truth calibrate.Truth
	return &truth, json.Unmarshal(text, &truth)
}
