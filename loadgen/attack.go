package loadgen

import (
	"context"
	"errors"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
)

// Options of a Loader.
type Options struct {
	KeepAlive   bool          // one connection for many requests; net/http then retries in silence when the app closes one
	Timeout     time.Duration // for a whole answer; 0 is 30 s
	AllowRemote []string      // hosts that may be loaded though they aren't this machine
	Header      http.Header   // for every request; a target's own header of the same name wins
	Before      Before        // sent by Prepare
}

// Loader drives HTTP load. Its attacks come one after the other.
type Loader struct {
	targets  Targets
	opt      Options
	cookies  *cookies // of the app that was prepared, nil if none was
	answered atomic.Int64
}

var _ calibrate.Loader = (*Loader)(nil)

// New makes a Loader that repeats t.
func New(t Targets, opt Options) *Loader {
	if opt.Timeout <= 0 {
		opt.Timeout = 30 * time.Second
	}
	return &Loader{targets: t, opt: opt}
}

// Answered counts the requests that are over, good or bad, in all attacks so far.
func (l *Loader) Answered() int64 { return l.answered.Load() }

// grace is how long requests under way may still take once the context has ended.
const grace = time.Second

// phase is what the parts of one attack share.
type phase struct {
	cut     context.Context // its end cuts every request under way
	sending sending
	flights *flights
}

// Attack drives one phase of load at the app whose base URL is given, and returns what it saw: also when the context
// ended it, at most about a second later. It returns a *calibrate.Failure of KindUsage if the URL, the targets or
// the pace can't be used, before anything is sent; what the app does wrong is in the Tally.
func (l *Loader) Attack(ctx context.Context, url string, p calibrate.Pace, each func(calibrate.Bucket)) (calibrate.Tally, error) {
	if err := l.check(p); err != nil {
		return calibrate.Tally{}, err
	}
	to, err := resolve(ctx, url, l.opt.AllowRemote)
	if err != nil {
		return calibrate.Tally{}, err
	}
	p.Clients = clients(p)
	return l.drive(ctx, to, p, each), nil
}

func (l *Loader) check(p calibrate.Pace) error {
	switch {
	case l.targets.Len() == 0:
		return calibrate.Usage("give --path or --targets", "there is no request to send")
	case l.targets.of(p.Route).Len() == 0:
		return calibrate.Usage("one of the routes of the targets", "no request has the route %s", p.Route)
	case p.Rate < 0 || math.IsNaN(p.Rate) || math.IsInf(p.Rate, 0):
		return calibrate.Usage("give requests a second, such as --rate 50", "a rate of %v can't be sent", p.Rate)
	}
	return l.targets.Check(l.opt.AllowRemote)
}

// MostClients is the most requests that an open loop has under way at once, unless it is told otherwise.
const MostClients = 512

// clients is the most requests under way at once. A closed loop defaults to two, one served and one waiting;
// an open loop to a second's worth of requests, within what a host has sockets and patience for.
func clients(p calibrate.Pace) int {
	switch {
	case p.Clients > 0:
		return p.Clients
	case p.Rate > 0:
		return int(min(max(64, math.Ceil(p.Rate)), MostClients))
	}
	return 2
}

// firstWorkers is how many of the clients stand ready at the start. vegeta adds the others when they are needed.
func firstWorkers(p calibrate.Pace) uint64 {
	if p.Rate > 0 {
		return uint64(min(p.Clients, 10))
	}
	return uint64(p.Clients)
}

// drive runs one vegeta attack, from its first request to its last answer. An Attacker serves once only:
// its second attack would send a single request.
func (l *Loader) drive(ctx context.Context, to origin, pace calibrate.Pace, each func(calibrate.Bucket)) calibrate.Tally {
	cut, cutNow := context.WithCancel(context.Background())
	defer cutNow()
	p := &phase{cut: cut, flights: newFlights()}
	client, transport := newClient(to, l.opt, pace.Clients, p)
	defer transport.CloseIdleConnections()
	attacker := vegeta.NewAttacker(vegeta.Client(client), vegeta.MaxBody(0),
		vegeta.Workers(firstWorkers(pace)), vegeta.MaxWorkers(uint64(pace.Clients)))
	asked := l.targets.of(pace.Route)
	list := asked.rebase(to.base, l.opt.Header)
	l.cookies.addTo(list, asked)
	targets := vegeta.NewStaticTargeter(list...)

	defer p.sending.begin()()
	defer endInTime(ctx, pace, &p.sending, func() { p.sending.stop(); attacker.Stop() }, cutNow)()
	pacer := &pacer{ctx: ctx, pace: pace, sending: &p.sending, flights: p.flights}
	return l.fold(attacker.Attack(targets, pacer, 0, ""), pacer, each)
}

// endInTime ends the attack when its time is over, for the pacer isn't asked while every client waits for an answer;
// and when ctx ends, which also cuts what is still under way after the grace. The returned function leaves off.
func endInTime(ctx context.Context, p calibrate.Pace, s *sending, stop, cutNow func()) func() {
	unhook := context.AfterFunc(ctx, func() {
		stop()
		time.AfterFunc(grace, cutNow)
	})
	if p.Duration <= 0 {
		return func() { unhook() }
	}
	over, end := context.WithCancel(context.Background())
	go func() {
		defer calibrate.Caught()
		if s.wait(over, p.Duration) {
			stop()
		}
	}()
	return func() { unhook(); end() }
}

// timedOutBy says that a request's time would not have been up, had calibrate not stood still for so long.
func (l *Loader) timedOutBy(still time.Duration, r *vegeta.Result, err error) bool {
	return class(err, 0) == calibrate.ClassTimeout && r.Latency-still < l.opt.Timeout
}

// fold counts the results as they come, and hands out a bucket a second and one at the end.
func (l *Loader) fold(results <-chan *vegeta.Result, p *pacer, each func(calibrate.Bucket)) calibrate.Tally {
	if each == nil {
		each = func(calibrate.Bucket) {}
	}
	t := tally{timed: p.pace.Timed, examples: map[string]string{}, refusals: refusals{host: l.opt.Header.Get("Host")}}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			each(t.bucket(p.sending))
		case r, more := <-results:
			if !more {
				each(t.bucket(p.sending))
				return t.result(p.pace, p.sending)
			}
			one := p.flights.take(r.Seq)
			elapsed := p.sending.elapsed()
			still := p.sending.stillFor(one.begun(r), r.End())
			if one.still = still > 0; errors.Is(one.err, errCut) || one.still && l.timedOutBy(still, r, one.err) {
				continue
			}
			l.answered.Add(1)
			p.refused.Store(t.add(r, one, elapsed) == calibrate.ClassRefused)
		}
	}
}
