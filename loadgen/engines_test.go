package loadgen

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
)

var engineRounds = flag.Int("engine-rounds", 0, "hold the engine beside others, in so many rounds")

const (
	engineClients  = 2
	engineRequests = 1000 // a round: a connection of each waits for a minute in the kernel
)

// engine sends requests, and says how many and what CPU time they took it.
type engine func(t *testing.T, url string, keepAlive bool) (requests int, cpu time.Duration)

// TestEngines prints what a request costs calibrate's engine, plain vegeta, and ab and wrk where they are installed. They take
// turns on one server, in a process of its own; a ratio is one of two turns of a round. Nothing is asserted: the figures are the
// machine's.
func TestEngines(t *testing.T) {
	if *engineRounds == 0 {
		t.Skip("make bench")
	}
	url := serveAlone(t)
	engines := map[string]engine{"calibrate": byCalibrate, "vegeta": byVegeta}
	for name, command := range map[string]func(url string, keepAlive bool) []string{"ab": abCommand, "wrk": wrkCommand} {
		if _, err := exec.LookPath(name); err == nil {
			engines[name] = byCommand(command)
		}
	}
	for name, keepAlive := range map[string]bool{"a connection a request": false, "connections kept": true} {
		cost := map[string][]float64{} // microseconds a request, by round
		for range *engineRounds {
			for name, send := range engines {
				requests, cpu := send(t, url, keepAlive)
				cost[name] = append(cost[name], float64(cpu.Microseconds())/float64(requests))
			}
		}
		for engine, costs := range cost {
			ratios := make([]float64, len(costs))
			for round := range costs {
				ratios[round] = costs[round] / cost["vegeta"][round]
			}
			slices.Sort(costs)
			slices.Sort(ratios)
			fmt.Printf("%-22s %-10s %4.0f µs of CPU time a request, %.2f of vegeta's (%.2f to %.2f in %d rounds)\n",
				name, engine, costs[len(costs)/2], ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1], len(ratios))
		}
	}
}

const aloneVariable = "CALIBRATE_TEST_SERVER"

// serveTheEngines is that server. It ends with the test, which kills it.
func serveTheEngines() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	panic(http.Serve(listener, http.HandlerFunc(ok)))
}

// serveAlone starts this binary as a server that answers at once (TestMain), and returns its URL.
func serveAlone(t *testing.T) string {
	t.Helper()
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), aloneVariable+"=1")
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	var url string
	if _, err := fmt.Fscanln(out, &url); err != nil {
		t.Fatal(err)
	}
	return url
}

func byCalibrate(t *testing.T, url string, keepAlive bool) (int, time.Duration) {
	before := cpuTime(t)
	tally := attack(t, New(path(t, "/"), Options{KeepAlive: keepAlive}), url, calibrate.Pace{Clients: engineClients, Requests: engineRequests})
	return int(tally.Requests), cpuTime(t) - before
}

func byVegeta(t *testing.T, url string, keepAlive bool) (requests int, _ time.Duration) {
	before := cpuTime(t)
	attacker := vegeta.NewAttacker(vegeta.KeepAlive(keepAlive), vegeta.Workers(engineClients), vegeta.MaxWorkers(engineClients))
	for range attacker.Attack(vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: url}), vegeta.Rate{}, 0, "") {
		if requests++; requests == engineRequests {
			attacker.Stop()
		}
	}
	return requests, cpuTime(t) - before
}

func abCommand(url string, keepAlive bool) []string {
	words := []string{"ab", "-n", strconv.Itoa(engineRequests), "-c", strconv.Itoa(engineClients), url + "/"}
	if keepAlive {
		words = slices.Insert(words, 1, "-k")
	}
	return words
}

// wrkCommand ends by time alone.
func wrkCommand(url string, keepAlive bool) []string {
	words := []string{"wrk", "-t", "1", "-c", strconv.Itoa(engineClients), "-d", "1s", url}
	if !keepAlive {
		words = slices.Insert(words, 1, "-H", "Connection: close")
	}
	return words
}

var sentByCommand = regexp.MustCompile(`(?m)^Complete requests: +(\d+)|^ *(\d+) requests in `)

func byCommand(command func(url string, keepAlive bool) []string) engine {
	return func(t *testing.T, url string, keepAlive bool) (int, time.Duration) {
		words := command(url, keepAlive)
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		out, err := cmd.CombinedOutput()
		m := sentByCommand.FindStringSubmatch(string(out))
		if err != nil || m == nil {
			t.Fatalf("%q: %v\n%s", words, err, out)
		}
		requests, err := strconv.Atoi(m[1] + m[2])
		if err != nil {
			t.Fatal(err)
		}
		return requests, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
}

// cpuTime is this process's.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
