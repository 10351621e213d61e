// Command gopsutil reads memory ten times a second and the process tree once, as tools on gopsutil do it:
// ROOT [WORKER]. Without WORKER every process of the tree is read. A line a round.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

func main() {
	root := open(os.Args[1])
	var worker, tree []*process.Process
	for _, pid := range os.Args[2:] {
		worker = append(worker, open(pid))
	}
	tick := time.NewTicker(100 * time.Millisecond)
	for n := 0; ; n++ {
		if n%10 == 0 {
			tree = below(root, []*process.Process{root})
		}
		read := tree
		if len(worker) > 0 {
			read = worker
		}
		for _, p := range read {
			_, _ = p.MemoryInfo() // one that has ended is no matter here
		}
		fmt.Println(n)
		<-tick.C
	}
}

func open(pid string) *process.Process {
	n, err := strconv.Atoi(pid)
	if err != nil {
		panic(err)
	}
	p, err := process.NewProcess(int32(n))
	if err != nil {
		panic(err)
	}
	return p
}

// below adds the tree of a process. Children runs pgrep, once a process.
func below(p *process.Process, tree []*process.Process) []*process.Process {
	children, _ := p.Children() // an error is how it says that there are none
	for _, child := range children {
		tree = below(child, append(tree, child))
	}
	return tree
}
