package calibrate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"workermem/calibrate/say"
)

// Unit is what a metric's figure counts.
type Unit string

// The units of the metrics.
const (
	UnitBytes           Unit = "bytes"
	UnitBytesPerRequest Unit = "bytes/request"
	UnitBytesPerSecond  Unit = "bytes/s"
	UnitSeconds         Unit = "seconds"
	UnitCPU             Unit = "cpu-seconds/request"
	UnitRate            Unit = "requests/s"
	UnitShare           Unit = "share" // of 1
	UnitNumber          Unit = "number"
)

// Direction says which of two figures is the better one.
type Direction string

// The directions of the metrics.
const (
	LessIsBetter    Direction = "less"
	MoreIsBetter    Direction = "more"
	NeitherIsBetter Direction = "neither"
)

// Metric is one figure of a result, by the name under which limits, comparisons and other programs ask for it.
type Metric struct {
	Name    string    `json:"metric"` // as it is typed: "peak", "after(10k)"; of the register's own, "after(N)"
	Unit    Unit      `json:"unit"`
	Better  Direction `json:"better"`
	Meaning string    `json:"meaning"` // a sentence
	Got     string    `json:"how"`     // how it is measured or computed, a sentence
	Example string    `json:"example"` // as it may be typed
	watched string    // how it is got of a server that was running already, if that differs
	read    func(Result, argument) Reading
	given   argument
	rests   Ground   // "": what its unit says
	lasting bool     // it tells of workers as they will be: what there is of it supposes that memory which may yet creep doesn't
	needs   []string // phases of which a run that was cut short may lack the one that it follows from; none: it is of the one worker
}

// Reading is a metric's figure in one result, with its interval as far as the run itself can tell. Nil is unknown.
type Reading struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// Known says that there is a figure at all.
func (r Reading) Known() bool { return r.Value != nil }

// argument is what stands in a metric's brackets.
type argument struct {
	requests         float64
	workers, threads int
}

// shape is how a shape is typed.
func (a argument) shape() string { return strconv.Itoa(a.workers) + "x" + strconv.Itoa(a.threads) }

// Read is the metric's figure in a result. A metric that needs an argument and has none is unknown.
func (m Metric) Read(r Result) Reading {
	if m.Argument() != "" && m.given == (argument{}) {
		return Reading{}
	}
	return m.read(r, m.given)
}

// CutShort says that a run was ended before a phase that the metric follows from: what there is of it is not what was to be measured.
func (m Metric) CutShort(r Result) bool { return r.Lacks(m.needs...) }

// Lasting says that the metric hangs on whether memory creeps.
func (m Metric) Lasting() bool { return m.lasting }

// Open says that it does, and that the run can't tell: a worker may need more, and fewer fit.
func (m Metric) Open(r Result) bool { return m.lasting && r.Creep.Unsettled() }

// Say writes an amount of the unit.
func (u Unit) Say(v float64) string {
	switch u {
	case UnitBytes:
		return say.MB(v)
	case UnitBytesPerRequest:
		return say.Bytes(v) + " a request"
	case UnitBytesPerSecond:
		return say.Bytes(v*Hour) + " an hour"
	case UnitSeconds:
		return say.Seconds(v)
	case UnitCPU:
		return say.CPU(v) + " a request"
	case UnitRate:
		return say.RequestRate(v)
	case UnitShare:
		return say.Percent(v)
	}
	return say.Number(v)
}

// Say writes a reading of the metric with its interval, unless that reads the same: "162 MB (160 to 164 MB)".
func (m Metric) Say(r Reading) string {
	if !r.Known() {
		return say.Unknown
	}
	value := m.Unit.Say(*r.Value)
	switch {
	case r.Low == nil:
		return value
	case r.High == nil:
		return value + " (" + m.Unit.Say(*r.Low) + " or more)"
	}
	if m.Unit.Say(*r.Low) == value && m.Unit.Say(*r.High) == value {
		return value
	}
	return value + " (" + m.Unit.sayRange(*r.Low, *r.High) + ")"
}

// sayRange writes two amounts with one unit.
func (u Unit) sayRange(low, high float64) string {
	switch u {
	case UnitBytes:
		return say.InMB(low) + " to " + say.MB(high)
	case UnitBytesPerRequest:
		return say.Range(low, high) + " a request"
	case UnitBytesPerSecond:
		return say.Range(low*Hour, high*Hour) + " an hour"
	case UnitCPU:
		return say.CPURange(low, high) + " a request"
	case UnitShare:
		return say.PercentRange(low, high)
	}
	return u.Say(low) + " to " + u.Say(high)
}

// Words is the unit as Say writes amounts of it.
func (u Unit) Words() string {
	switch u {
	case UnitBytes:
		return "MB"
	case UnitBytesPerRequest:
		return "bytes a request"
	case UnitBytesPerSecond:
		return "bytes an hour"
	case UnitSeconds:
		return "a time"
	case UnitCPU:
		return "CPU time a request"
	case UnitRate:
		return "requests a second"
	case UnitShare:
		return "%"
	}
	return "a number"
}

// In is the metric as it is got in a result: of a server that was running already some are got in another way.
func (m Metric) In(r Result) Metric {
	if r.Mode == ModeAttach && m.watched != "" {
		m.Got = m.watched
	}
	return m
}

// Argument is what the metric needs in brackets: "N" or "WxT"; "" for nothing.
func (m Metric) Argument() string {
	_, form, _ := strings.Cut(strings.TrimSuffix(m.Name, ")"), "(")
	return form
}

// Word is the name without what stands in brackets.
func (m Metric) Word() string {
	word, _, _ := strings.Cut(m.Name, "(")
	return word
}

// Same says that two are one figure, however their arguments were typed.
func (m Metric) Same(other Metric) bool { return m.figure() == other.figure() }

// figure is what a metric is of, by which it is told from others.
type figure struct {
	word  string
	given argument
}

func (m Metric) figure() figure { return figure{m.Word(), m.given} }

// Metrics is the register: every figure of a result that has a name, once. Whoever judges, compares or exports figures
// takes names, units and values from here.
func Metrics() []Metric {
	register.once.Do(register.fill)
	return slices.Clone(register.all)
}

// register is made once: a metric is looked up for every limit, and for every pair of them.
var register metrics

type metrics struct {
	once   sync.Once
	all    []Metric
	byWord map[string]Metric
}

func (r *metrics) fill() {
	r.all = slices.Concat(memoryMetrics(), addressMetrics(), trafficMetrics(), speedMetrics(), answerMetrics())
	r.byWord = map[string]Metric{}
	for i := range r.all {
		if r.all[i].Example == "" {
			r.all[i].Example = r.all[i].Name
		}
		r.byWord[r.all[i].Word()] = r.all[i]
	}
}

func memoryMetrics() []Metric {
	return []Metric{
		{Name: "worker", lasting: true, Unit: UnitBytes, Better: LessIsBetter, Meaning: "The memory to set for a worker, as WORKER_MEMORY_MB.",
			Got:  "The peak RSS of the recommended worker with its creep up to max-requests, rounded up to whole MB.",
			read: func(r Result, _ argument) Reading { return unlessZero(r.Recommendation.WorkerMemoryMB << 20) }},
		{Name: "peak", Unit: UnitBytes, Better: LessIsBetter, Meaning: "The most memory that a worker held at any time.",
			Got:     "The kernel's high-water mark of the worker's RSS (VmHWM), the highest of all phases; one of them has every thread busy at once.",
			watched: "The kernel's high-water mark of the worker's RSS (VmHWM), the highest of all workers; nobody knows how many threads were busy then.",
			read:    func(r Result, _ argument) Reading { return unlessZero(r.Worker.PeakRSSBytes) }},
		{Name: "plateau", Unit: UnitBytes, Better: LessIsBetter, Meaning: "The level at which a warm worker's memory settles, creep apart.",
			Got:  "The median RSS of the soak's first second.",
			read: func(r Result, _ argument) Reading { return unlessZero(r.Worker.PlateauRSSBytes) }},
		{Name: "idle", Unit: UnitBytes, Better: LessIsBetter, Meaning: "The memory of a worker that has just booted.",
			Got:  "The worker's RSS after the app's first good answer, before any load.",
			read: func(r Result, _ argument) Reading { return unlessZero(r.Worker.IdleRSSBytes) }},
		{Name: "marginal", needs: OfShapes, Unit: UnitBytes, Better: LessIsBetter, Meaning: "What one more worker really costs, at its peak.",
			Got:  "The worker's private dirty pages (smaps_rollup) raised to its peak, with its kernel memory; a short run with a second worker checks it.",
			read: func(r Result, _ argument) Reading { return unlessZero(r.Worker.MarginalBytes) }},
		{Name: "shared", needs: OfShapes, Unit: UnitBytes, Better: LessIsBetter, Meaning: "The memory that does not grow with the workers: the master, and the libraries that all map.",
			Got:  "The proportional memory (PSS) of the app's whole process tree, less the worker's private pages.",
			read: func(r Result, _ argument) Reading { return ofLaw(r, r.Law.SharedBytes) }},
		{Name: "thread", needs: OfShapes, Unit: UnitBytes, Better: LessIsBetter, Meaning: "What one more busy thread adds to a worker.",
			Got:  "A line through the peaks of short runs with other threads; not known without such a run.",
			read: threadCostOf},
		{Name: "creep", Unit: UnitBytesPerRequest, Better: LessIsBetter, Meaning: "The memory that a request leaves behind and that does not come back.",
			Got:  "The slope of the worker's anonymous memory over the requests of the soak, with its 95 % interval.",
			read: func(r Result, _ argument) Reading { return Reading{r.Creep.BytesPerRequest, r.Creep.Low, r.Creep.High} }},
		{Name: "growth", Unit: UnitBytesPerSecond, Better: LessIsBetter, Meaning: "The memory that a worker gains with time, whether or not requests come.",
			Got: "The slope of the worker's anonymous memory over a time without requests, or over a watch in which nobody counts them, with its 95 % interval.",
			read: func(r Result, _ argument) Reading {
				return Reading{r.Creep.BytesPerSecond, r.Creep.LowBytesPerSecond, r.Creep.HighBytesPerSecond}
			}},
		{Name: "after(N)", Unit: UnitBytes, Better: LessIsBetter, Meaning: "The peak memory of a worker that has served N requests.", Example: "after(10k)",
			Got: "The peak less the creep that it holds, plus N times the creep; its interval is the creep's.", read: afterRequests},
		{Name: "total(WxT)", needs: OfShapes, Unit: UnitBytes, Better: LessIsBetter, Meaning: "The memory of the whole app with W workers of T threads, at peak, creep apart.", Example: "total(4x4)",
			Got: "The formula shared + W x (worker + T x thread); its interval is how far that is off the shapes that were really run.", read: totalOf},
	}
}

// addressMetrics are of what is often taken for the worker's memory, and isn't.
func addressMetrics() []Metric {
	return []Metric{
		{Name: "beside", Unit: UnitBytes, Better: LessIsBetter, Meaning: "The memory of what runs beside the workers: a master, a supervisor, a web server as the front.",
			Got:  "Proportional memory (PSS) of the app's other processes after the last load; the formula's shared part has it.",
			read: func(r Result, _ argument) Reading { return unlessZero(besideBytes(r)) }},
		{Name: "virtual", Unit: UnitBytes, Better: NeitherIsBetter, Meaning: "The addresses that a worker spans. They take no memory, and count only where they are limited themselves (ulimit -v).",
			Got:  "The kernel's high-water mark of the worker's address space (VmPeak), read after the last load.",
			read: func(r Result, _ argument) Reading { return ofVirtual(r, func(v Virtual) int64 { return v.PeakBytes }) }},
		{Name: "stacks", Unit: UnitBytes, Better: LessIsBetter, Meaning: "What the stacks of a worker's threads hold in memory: the most that smaller stacks could save.",
			Got: "The resident part of the mappings that stand on a guard (Rss in smaps), the main thread's apart, after the last load.",
			read: func(r Result, _ argument) Reading {
				return ofVirtual(r, func(v Virtual) int64 { return v.Stacks.ResidentBytes })
			}},
	}
}

func ofVirtual(r Result, figure func(Virtual) int64) Reading {
	if r.Worker.Virtual == nil {
		return Reading{}
	}
	return unlessZero(figure(*r.Worker.Virtual))
}

func besideBytes(r Result) (bytes int64) {
	for _, b := range r.Beside {
		bytes += b.Bytes
	}
	return bytes
}

func trafficMetrics() []Metric {
	return []Metric{
		{Name: "boot", Unit: UnitSeconds, Better: LessIsBetter, Meaning: "How long the app takes to its first good answer.",
			Got:  "The time from the server's start to its first whole answer that is no error.",
			read: func(r Result, _ argument) Reading { return unlessZero(r.Target.BootSeconds) }},
		{Name: "stop", Unit: UnitSeconds, Better: LessIsBetter, Meaning: "How long the app takes to end.",
			Got:  "The time from the server's signal for a graceful end until its last process has gone.",
			read: func(r Result, _ argument) Reading { return unlessZero(r.Target.StopSeconds) }},
		{Name: "capacity", Unit: UnitRate, Better: MoreIsBetter, Meaning: "What one worker can serve.",
			Got:  "Answers a second in a closed loop that keeps every thread of the worker busy, before the warm-up.",
			read: func(r Result, _ argument) Reading { return unlessZero(r.Load.Capacity) }},
		{Name: "rps", Unit: UnitRate, Better: NeitherIsBetter, Meaning: "The load under which creep and latencies were measured.",
			Got:     "Requests a second that were sent in the soak: as many as --rate says, or " + say.Percent(CapacityShare) + " of the capacity; all of it if the app serves few a second.",
			watched: "Requests by the time of the watch: those that calibrate sent, or that the access log counted.",
			read:    rateOf},
		percentile("p50", "half", func(l Latency) *float64 { return l.P50 }),
		percentile("p95", "95 %", func(l Latency) *float64 { return l.P95 }),
		percentile("p99", "99 %", func(l Latency) *float64 { return l.P99 }),
		{Name: "errors", Unit: UnitShare, Better: LessIsBetter, Meaning: "The share of requests that failed.",
			Got:  "Requests of the soak without a whole answer of status 2xx or 3xx, by all of them.",
			read: failedShare},
	}
}

// speedMetrics are what the cores allow.
func speedMetrics() []Metric {
	return []Metric{
		{Name: "cpu", Unit: UnitCPU, Better: LessIsBetter, Meaning: "The CPU time that a request costs: of all figures of speed the steadiest from run to run.",
			Got:  "The CPU time that the kernel accounts to the app while every thread is busy, workers and all else of it, by the requests answered; calibrate's own is not in it.",
			read: requestCostOf},
		{Name: "waiting", rests: GroundServed, Unit: UnitSeconds, Better: LessIsBetter, Meaning: "How long a request waits for others, such as a database, while it uses no CPU time.",
			Got: "The time of a request alone, less its CPU time.",
			read: func(r Result, _ argument) Reading {
				return ofTimes(r, func(s Speed) Reading { return spanned(s.Waiting, 0) })
			}},
		{Name: "alone", rests: GroundServed, Unit: UnitSeconds, Better: LessIsBetter, Meaning: "How long a request takes when no other is under way.",
			Got: "The mean time of the answers to one client that sends its next request when it has the last answer.",
			read: func(r Result, _ argument) Reading {
				return ofTimes(r, func(s Speed) Reading { return unlessZero(s.Alone) })
			}},
		{Name: "serves", rests: GroundServed, lasting: true, needs: ofChoice, Unit: UnitRate, Better: MoreIsBetter, Meaning: "What the recommended workers and threads serve at most.",
			Got: "By the CPU time and the waiting of one worker's requests, on the cores that are sized for; if a sweep made the choice, what it measured.",
			read: func(r Result, _ argument) Reading {
				return servedBy(r, func(c Candidate) bool { return c.Recommended })
			}},
		{Name: "rate(WxT)", rests: GroundServed, needs: OfShapes, Unit: UnitRate, Better: MoreIsBetter, Meaning: "What W workers of T threads serve at most.", Example: "rate(2x4)",
			Got: "As serves, of a shape that is among the candidates of the run.",
			read: func(r Result, a argument) Reading {
				return servedBy(r, func(c Candidate) bool { return c.Workers == a.workers && max(c.Threads, 1) == a.threads })
			}},
	}
}

// ofSpeed reads a part of what a request costs; unknown where nobody read that.
func ofSpeed(r Result, part func(Speed) Reading) Reading {
	if r.Speed == nil || r.Speed.Demand.Value <= 0 {
		return Reading{}
	}
	return part(*r.Speed)
}

// ofTimes is the same of its times, which others spoil: unknown, too, where they did.
func ofTimes(r Result, part func(Speed) Reading) Reading {
	if r.Speed != nil && r.Speed.Doubt != "" {
		return Reading{}
	}
	return ofSpeed(r, part)
}

func requestCostOf(r Result, _ argument) Reading {
	return ofSpeed(r, func(s Speed) Reading { return spanned(s.Demand, s.Rest) })
}

// spanned is a figure with its interval, both moved by what is known without one.
func spanned(s Span, by float64) Reading {
	reading := Reading{Value: Figure(s.Value + by)}
	if s.High > s.Low {
		reading.Low, reading.High = Figure(s.Low+by), Figure(s.High+by)
	}
	return reading
}

// servedBy is what a candidate serves; unknown where there is none, or nobody knows. Its interval is that of the app's own figures: how
// far servers are off besides is no change of the app.
func servedBy(r Result, is func(Candidate) bool) Reading {
	i := slices.IndexFunc(r.Candidates, is)
	if i < 0 || r.Candidates[i].Rate <= 0 {
		return Reading{}
	}
	c := r.Candidates[i]
	return spanned(Span{c.Rate, c.RateLow / (1 - c.RateApart), c.RateHigh / (1 + c.RateApart)}, 0)
}

func answerMetrics() []Metric {
	return []Metric{
		{Name: "workers", lasting: true, needs: ofChoice, Unit: UnitNumber, Better: MoreIsBetter, Meaning: "How many workers are recommended for the box.",
			Got:  "Of the choices that fit, the least memory that serves nearly as much as the best, or the production rate; two at least if two fit.",
			read: func(r Result, _ argument) Reading { return recommended(r, float64(r.Recommendation.Workers)) }},
		{Name: "threads", lasting: true, needs: ofChoice, Unit: UnitNumber, Better: NeitherIsBetter, Meaning: "How many threads a worker are recommended.",
			Got:  "Those of the choice of workers; the measured ones where it isn't known what a request costs in CPU time.",
			read: func(r Result, _ argument) Reading { return unlessZero(r.Recommendation.Threads) }},
		{Name: "max-requests", lasting: true, needs: ofChoice, Unit: UnitNumber, Better: NeitherIsBetter, Meaning: "After how many requests a worker should be recycled; 0 if it needn't be.",
			Got:  "What the budget leaves a worker beyond its peak, by the upper bound of its creep.",
			read: requestLimitOf},
		{Name: "restart", lasting: true, needs: ofChoice, Unit: UnitSeconds, Better: MoreIsBetter, Meaning: "How long a worker lives until max-requests recycles it.",
			Got:  "Max-requests by a worker's share of the request rate.",
			read: func(r Result, _ argument) Reading { return unlessZero(r.Recommendation.RestartIntervalSeconds) }},
	}
}

func percentile(name, share string, of func(Latency) *float64) Metric {
	return Metric{Name: name, Unit: UnitSeconds, Better: LessIsBetter, Meaning: "The time within which " + share + " of the requests were answered.",
		Got:  "From the time at which a request was due (in a closed loop, was sent) until the last byte of its answer, over the soak.",
		read: func(r Result, _ argument) Reading { return Reading{Value: of(r.Load.LatencySeconds)} }}
}

// unlessZero reads a figure of which zero says that it could not be measured.
func unlessZero[N int | int64 | float64](n N) Reading {
	if n <= 0 {
		return Reading{}
	}
	return Reading{Value: Figure(float64(n))}
}

// ofLaw reads a part of the law, which may well be nothing.
func ofLaw(r Result, bytes int64) Reading {
	if r.Law.Basis == "" {
		return Reading{}
	}
	return Reading{Value: Figure(float64(bytes))}
}

func threadCostOf(r Result, _ argument) Reading {
	if r.Law.ThreadBytes == 0 { // a thread costs something: it was not read, or there are none
		return Reading{}
	}
	return ofLaw(r, r.Law.ThreadBytes)
}

// requestLimitOf is the recommended limit. A 0 says that none is needed, not that nobody knows which.
func requestLimitOf(r Result, _ argument) Reading {
	rec := r.Recommendation
	needless := r.Creep.Verdict == Flat && r.Creep.By != ByTime || rec.Recycling.Kind == RecyclingOff || rec.Recycling.Kind == RecyclingUseless
	if rec.MaxRequests == 0 && !(needless && r.Target.CanRecycle) {
		return Reading{}
	}
	return recommended(r, float64(rec.MaxRequests))
}

// recommended reads a part of the recommendation: of one that says that nothing fits it is zero.
func recommended(r Result, n float64) Reading {
	if r.Recommendation.Workers == 0 && !r.Recommendation.NothingFits {
		return Reading{}
	}
	return Reading{Value: Figure(n)}
}

// rateOf is the rate of the load, or of the requests that were counted of a server that was watched.
func rateOf(r Result, _ argument) Reading {
	if w := r.Watch; r.Load.RateSent == 0 && w != nil && w.Counter != "" {
		return unlessZero(w.Rate())
	}
	return unlessZero(r.Load.RateSent)
}

func failedShare(r Result, _ argument) Reading {
	if r.Load.SuccessRatio == nil {
		return Reading{}
	}
	return Reading{Value: Figure(1 - *r.Load.SuccessRatio)}
}

// afterRequests is peak + slope x (N - requests at the peak). Of a worker whose memory is flat it is the peak, and the
// slope's upper bound is what cannot be excluded. Memory that is still settling tells nothing of later, nor does that of
// a server that was running before.
func afterRequests(r Result, a argument) Reading {
	c := r.Creep
	if r.Worker.PeakRSSBytes == 0 || r.Mode == ModeAttach || c.Verdict == Warming || c.Low == nil || c.High == nil || c.BytesPerRequest == nil {
		return Reading{}
	}
	more := a.requests - float64(r.Worker.Requests)
	at := func(slope float64) float64 { return float64(r.Worker.PeakRSSBytes) + max(slope, 0)*more }
	all := c.Together()
	if c.Verdict == Flat {
		all.BytesPerRequest, all.Low = 0, 0
	}
	return Reading{Figure(at(all.BytesPerRequest)), Figure(min(at(all.Low), at(all.High))), Figure(max(at(all.Low), at(all.High)))}
}

// totalOf is the law at a shape, and not beyond the threads for which it vouches.
func totalOf(r Result, a argument) Reading {
	least, most := r.ThreadRange()
	if a.threads < least || a.threads > most {
		return Reading{}
	}
	total := ofLaw(r, r.Law.Total(a.workers, a.threads))
	if off := float64(r.Law.ResidualBytes); total.Known() && off > 0 {
		total.Low, total.High = Figure(*total.Value-off), Figure(*total.Value+off)
	}
	return total
}

// FindMetric is the register's own metric of that name, with or without its brackets: "after", "after(N)", "after(10k)".
func FindMetric(text string) (Metric, error) {
	register.once.Do(register.fill)
	word, _, _ := strings.Cut(strings.TrimSpace(text), "(")
	if m, ok := register.byWord[word]; ok {
		return m, nil
	}
	all := Metrics()
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = m.Word()
	}
	i := slices.Index(names, say.Nearest(strings.ToLower(word), names))
	return Metric{}, Usage(fmt.Sprintf("the nearest is %s; calibrate explain lists them", all[i].Example), "%q is no metric", text)
}

// ParseMetric reads a metric as it is typed, with its argument: "peak", "after(10k)", "total(4x4)".
func ParseMetric(text string) (Metric, error) {
	m, err := FindMetric(text)
	if err != nil {
		return m, err
	}
	_, inside, open := strings.Cut(strings.TrimSpace(text), "(")
	inside, closed := strings.CutSuffix(inside, ")")
	switch {
	case m.Argument() == "" && !open:
		return m, nil
	case m.Argument() == "":
		return Metric{}, Usage("write "+m.Name, "%s takes nothing in brackets", m.Name)
	case !open || !closed:
		return Metric{}, Usage("write it like "+m.Example, "%q lacks its %s in brackets", text, m.Argument())
	}
	var ok bool
	if m.Argument() == "N" {
		m.given.requests, ok = requestCount(inside)
	} else {
		m.given.workers, m.given.threads, ok = shapeOf(inside)
	}
	if !ok {
		return Metric{}, Usage("write it like "+m.Example, "%s: %q is no %s", m.Word(), inside, map[string]string{"N": "number of requests", "WxT": "workers x threads"}[m.Argument()])
	}
	m.Name = m.Word() + "(" + strings.ToLower(inside) + ")"
	m.Example = m.Name
	return m, nil
}

// requestCount reads 10000, 10k or 1.5M.
func requestCount(text string) (float64, bool) {
	digits, factor := strings.ToLower(text), 1.0
	for unit, times := range map[string]float64{"k": 1e3, "m": 1e6} {
		if number, has := strings.CutSuffix(digits, unit); has {
			digits, factor = number, times
			break
		}
	}
	if strings.Trim(digits, "0123456789.") != "" {
		return 0, false // what else Go takes for a number: 1_000, +5, 1e3
	}
	n, err := strconv.ParseFloat(digits, 64)
	n *= factor
	return n, err == nil && n == math.Trunc(n) && n >= 1 && n <= mostRequests
}

// shapeOf reads 4x4.
func shapeOf(text string) (workers, threads int, ok bool) {
	w, t, ok := strings.Cut(strings.ToLower(text), "x")
	workers, badWorkers := strconv.Atoi(w)
	threads, badThreads := strconv.Atoi(t)
	within := func(n int) bool { return n >= 1 && n <= mostPlaces }
	return workers, threads, ok && badWorkers == nil && badThreads == nil && within(workers) && within(threads)
}
