package throughput

import (
	"math"
	"math/rand/v2"
)

// step is one of the things that a request does, in their order.
type step struct {
	seconds float64
	kind    kind
	varies  bool // with the request: what was measured of the app alone
}

type kind uint8

const (
	useCPU    kind = iota
	wait           // without CPU time
	enterRest      // one of the rest's processes
	leaveRest
	enterWorker // one of its threads
	leaveWorker
	enterLock // of the worker
	leaveLock
)

// steps of every request. With k cores of a worker's own, at most floor(k) requests have its lock at once, for the
// share floor(k) / k of their CPU time: together that keeps k cores busy. Below one core a request holds the lock for longer
// than it computes. So it is with the cores of the rest.
func (n need) steps() []step {
	load := step{n.load / 2, useCPU, false} // before it is sent, and when the answer is there
	all := []step{load}
	if n.rest > 0 {
		share := math.Floor(n.restCores) / n.restCores
		all = append(all, step{kind: enterRest}, step{n.rest * share, useCPU, false}, step{kind: leaveRest}, step{n.rest * (1 - share), useCPU, false})
	}
	all = append(all, step{kind: enterWorker})
	demand := n.demand
	if n.waiting > 0 {
		all = append(all, n.computes(demand/2)...)
		all = append(all, step{n.waiting - n.beside, wait, true}, step{n.beside, useCPU, true})
		demand /= 2
	}
	all = append(all, n.computes(demand)...)
	return append(all, step{kind: leaveWorker}, load)
}

func (n need) computes(seconds float64) []step {
	share := math.Min(n.locks()/n.own, 1)
	held := seconds * math.Max(1/n.own-1, 0)
	all := []step{{kind: enterLock}, {seconds * share, useCPU, true}, {held, wait, true}, {kind: leaveLock}, {seconds * (1 - share), useCPU, true}}
	some := all[:0]
	for _, s := range all {
		if s.seconds > 0 || s.kind == enterLock || s.kind == leaveLock {
			some = append(some, s)
		}
	}
	return some
}

// whole is how long the steps of a mean request take, with nobody in its way.
func whole(program []step) (sum float64) {
	for _, s := range program {
		sum += s.seconds
	}
	return sum
}

// locks is how many requests may have a worker's lock at once.
func (n need) locks() float64 { return math.Max(math.Floor(n.own), 1) }

// request is one under way.
type request struct {
	came   float64 // when
	size   float64 // its times, to those of the mean one
	worker int32
	at     int16 // step
}

// worker has threads and a lock.
type worker struct {
	threads, locks int  // that are free
	queue          line // for a thread, of requests that it has taken in
	wanting        line // for a lock
}

// simulation of requests that go through their steps.
type simulation struct {
	need
	program  []step
	sizes    *deck
	requests []request
	workers  []worker
	restFree int // processes of the rest
	restLine line
	backlog  line // for a thread of any worker
	chance   *rand.Rand
	now      float64
	waits    events    // by the time
	runs     events    // on the CPU, by the CPU time that each will have had; all have had alike since they began
	had      float64   // CPU time that whoever has run from the start has had
	served   float64   // seconds of their steps that all requests together have had
	speed    float64   // of that, a second
	speeds   []float64 // with so many on the CPU
	finished func(id int32)
	uneven   *deck // multiples of a wait, mean 1; nil: waits are as they are
}

func (n need) simulation(sizes *deck, requests int) *simulation {
	s := &simulation{need: n, program: n.steps(), sizes: sizes, requests: make([]request, requests), workers: make([]worker, n.workers), restFree: int(n.restCores), chance: rand.New(rand.NewPCG(1917, 0))}
	threads := n.atOnce
	if threads == 0 {
		threads = math.MaxInt
	}
	for i := range s.workers {
		s.workers[i].threads, s.workers[i].locks = threads, int(n.locks())
	}
	return s
}

// come lets a request begin.
func (s *simulation) come(id int32) {
	s.requests[id] = request{came: s.now, size: s.sizes.deal()}
	s.proceed(id)
}

// next goes on to what happens next, if that is before until, and says whether it was.
func (s *simulation) next(until float64) bool {
	soonest, running := math.Inf(1), false
	if len(s.waits) > 0 {
		soonest = s.waits[0].at
	}
	if len(s.runs) > 0 {
		if done := s.now + (s.runs[0].at-s.had)/s.speed; done <= soonest {
			soonest, running = math.Max(done, s.now), true
		}
	}
	if soonest >= until || math.IsInf(soonest, 1) {
		s.pass(until)
		return false
	}
	s.pass(soonest)
	if running {
		id := s.runs.take()
		s.share()
		s.stepOver(id)
		return true
	}
	s.stepOver(s.waits.take())
	return true
}

func (s *simulation) pass(until float64) {
	passed := until - s.now
	if len(s.runs) > 0 {
		s.had += passed * s.speed
		s.served += passed * s.speed * float64(len(s.runs))
	}
	s.served += passed * float64(len(s.waits))
	s.now = until
}

// share gives every request that runs its part of the cores.
func (s *simulation) share() {
	for busy := float64(len(s.speeds)); len(s.speeds) <= len(s.runs); busy++ {
		s.speeds = append(s.speeds, math.Min(1, s.cores/max(busy, 1))/s.cost(math.Min(busy, s.cores)))
	}
	s.speed = s.speeds[len(s.runs)]
}

func (s *simulation) stepOver(id int32) {
	s.requests[id].at++
	s.proceed(id)
}

// proceed takes a request through its steps until it has to wait for something.
func (s *simulation) proceed(id int32) {
	r := &s.requests[id]
	for ; int(r.at) < len(s.program); r.at++ {
		if !s.does(s.program[r.at], r, id) {
			return
		}
	}
	s.finished(id)
}

// does one step, and says whether it is over at once. Who gets what another leaves goes on from there.
func (s *simulation) does(p step, r *request, id int32) bool {
	switch p.kind {
	case useCPU, wait:
		return s.takesTime(p, r, id)
	case enterRest:
		if s.restFree == 0 {
			s.restLine.add(id)
			return false
		}
		s.restFree--
	case leaveRest:
		if s.restLine.len() > 0 {
			s.stepOver(s.restLine.take())
		} else {
			s.restFree++
		}
	case enterWorker:
		return s.entersWorker(r, id)
	case leaveWorker:
		s.leavesWorker(r.worker)
	case enterLock:
		return s.wantsLock(&s.workers[r.worker], id)
	case leaveLock:
		s.leavesLock(&s.workers[r.worker])
	}
	return true
}

func (s *simulation) takesTime(p step, r *request, id int32) bool {
	seconds := p.seconds
	if p.varies {
		seconds *= r.size
	}
	if seconds <= 0 {
		return true
	}
	if p.kind == wait {
		if s.uneven != nil {
			seconds *= s.uneven.deal()
		}
		s.waits.add(s.now+seconds, id)
		return false
	}
	s.runs.add(s.had+seconds, id)
	s.share()
	return false
}

// entersWorker says whether the request has a thread at once.
func (s *simulation) entersWorker(r *request, id int32) bool {
	if r.worker = s.accepting(); r.worker < 0 {
		s.backlog.add(id)
		return false
	}
	w := &s.workers[r.worker]
	if w.threads == 0 {
		w.queue.add(id)
		return false
	}
	w.threads--
	return true
}

// accepting is the worker that accepts the next request, -1 if none does: by chance any of those with a free thread, or any that takes in
// what comes. One that must compute to do so, while it does for others, comes last.
func (s *simulation) accepting() int32 {
	by, least := -1, math.MaxInt
	first := s.chance.IntN(len(s.workers))
	for k := range s.workers {
		i := (first + k) % len(s.workers)
		w := &s.workers[i]
		computing := int(s.locks()) - w.locks + w.wanting.len()
		switch {
		case s.intake == Shared && w.threads == 0:
		case s.intake == Shared, !s.busyLast, computing == 0:
			return int32(i)
		case computing < least:
			by, least = i, computing
		}
	}
	return int32(by)
}

// leavesWorker gives its thread to who has waited longest for one.
func (s *simulation) leavesWorker(i int32) {
	next := &s.workers[i].queue
	if next.len() == 0 {
		next = &s.backlog
	}
	if next.len() == 0 {
		s.workers[i].threads++
		return
	}
	id := next.take()
	s.requests[id].worker = i
	s.stepOver(id)
}

func (s *simulation) wantsLock(w *worker, id int32) bool {
	if w.locks == 0 {
		w.wanting.add(id)
		return false
	}
	w.locks--
	return true
}

func (s *simulation) leavesLock(w *worker) {
	if w.wanting.len() > 0 {
		s.stepOver(w.wanting.take())
		return
	}
	w.locks++
}
