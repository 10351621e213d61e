package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
)

// What the demo app does, and so what a right measurement finds.
const (
	demoAppCommand = "__demo-app"
	demoThreads    = 4
	demoKeep       = 8 << 10  // bytes kept a request
	demoWarm       = 32 << 20 // bytes gained over the first requests: half of it by demoHalf of them
	demoHalf       = 100
	demoHold       = 256 << 10            // bytes held until the request is answered: more would hide what it keeps
	demoDemand     = 2 * time.Millisecond // CPU time of a request
	demoWaiting    = 8 * time.Millisecond // after which it waits for so long
	demoMemory     = 1 << 30              // the box that the demo sizes for, so that its answer is the same everywhere
	demoCPUs       = 2
)

// newDemoAppCmd is the demo's server: a master that holds the listener, and one worker process that answers.
func newDemoAppCmd() *cobra.Command {
	var port, threads, maxRequests int
	var ledger string
	var worker bool
	cmd := &cobra.Command{
		Use: demoAppCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if worker {
				return runDemoWorker(threads, maxRequests, ledger)
			}
			return demoMaster(port, os.Args[1:])
		},
	}
	cmd.Flags().IntVar(&port, "port", 0, "")
	cmd.Flags().IntVar(&threads, "threads", demoThreads, "")
	cmd.Flags().IntVar(&maxRequests, "max-requests", 0, "")
	cmd.Flags().StringVar(&ledger, "ledger", "", "")
	cmd.Flags().BoolVar(&worker, "worker", false, "")
	return cmd
}
