package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
)

// measuredRuns are the recorded runs with their journals.
func measuredRuns(t testing.TB) map[string]calibrate.Measured {
	t.Helper()
	files, err := filepath.Glob("../fixtures/runs/*/result.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("recorded runs: %d, %v", len(files), err)
	}
	all := map[string]calibrate.Measured{}
	for _, file := range files {
		m, err := calibrate.LoadFolder(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		m.Result = analyse.Today(m)
		all[filepath.Base(filepath.Dir(file))] = m
	}
	return all
}

func pageOf(t testing.TB, m calibrate.Measured) string {
	t.Helper()
	return drawn(t, Drawn(m.Result, m.Curves(), server.Known()), HTML, Options{})
}

// The golden is without the data, which is that of the golden in JSON.
func TestHTMLGolden(t *testing.T) {
	page := pageOf(t, measuredRuns(t)["creeping"])
	golden(t, "creeping.html", regexp.MustCompile(`(?s)<template.*</template>`).ReplaceAllString(page, "<template></template>"))
}

// mostNormal is what the page of a run as most are may have.
const mostNormal = 150 << 10

func TestHTMLOfEveryRun(t *testing.T) {
	charts := map[string]bool{}
	for name, m := range measuredRuns(t) {
		t.Run(name, func(t *testing.T) {
			page := pageOf(t, m)
			if len(page) > mostNormal {
				t.Errorf("%d bytes", len(page))
			}
			for _, title := range tame(t, page) {
				charts[title] = true
			}
		})
	}
	for _, title := range []string{"Memory over time", "Requests over time", "Latency over time", "Memory against requests", "Memory against time",
		"What each candidate takes", "What each candidate takes, and serves", "What each candidate served", "What each candidate took",
		"What max-requests does to a worker", "What each route costs", "What each route leaks"} {
		if !charts[title] {
			t.Errorf("no run has the chart %q: %v", title, charts)
		}
	}
}

// allowed are the elements of a page, and those of their attributes that may have any value.
var allowed = regexp.MustCompile(`^(html|head|meta|title|style|body|main|nav|h[123]|p|div|section|ul|li|a|dl|dt|dd|strong|code|pre|figure|figcaption|svg|desc|path|text|details|summary|table|thead|tbody|tr|th|td|template)$`)

// tame fails where a page has an element that isn't ours, runs or fetches anything, or has a chart that isn't whole. It returns
// the titles of the charts.
func tame(t interface{ Errorf(string, ...any) }, page string) (titles []string) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Errorf("%v", err)
		return nil
	}
	ids := map[string]int{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			if n.Type == html.TextNode && n.Parent.Data != "style" && strings.ContainsFunc(n.Data, steering) {
				t.Errorf("steers: %q", n.Data)
			}
			continue
		}
		if !allowed.MatchString(n.Data) {
			t.Errorf("<%s> in %.200q", n.Data, page[max(0, strings.Index(page, "<"+n.Data)):])
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src", a.Key == "href" && !strings.HasPrefix(a.Val, "#s"):
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			case a.Key == "id":
				ids[a.Val]++
			}
		}
		if n.Data == "figure" {
			titles = append(titles, wholeFigure(t, n))
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d elements have the id %s", n, id)
		}
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1) {
		wellFormedXML(t, svg)
	}
	return titles
}

func steering(r rune) bool { return steers(r) && r != '\n' }

func steers(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200e && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// wholeFigure holds a chart to its caption, its name and description, and its numbers.
func wholeFigure(t interface{ Errorf(string, ...any) }, figure *html.Node) (title string) {
	texts := map[string]string{}
	rows := 0
	for n := range figure.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.FirstChild != nil && n.FirstChild.Type == html.TextNode {
			texts[n.Data] += n.FirstChild.Data
		}
		if n.Data == "tr" {
			rows++
		}
		if n.Data == "svg" && (attr(n, "role") != "img" || attr(n, "aria-labelledby") == "" || attr(n, "viewbox")+attr(n, "viewBox") == "") {
			t.Errorf("<svg %v>", n.Attr)
		}
	}
	title = texts["h3"] + texts["h2"]
	if title == "" || texts["title"] != title || len(texts["desc"]) < 20 || rows < 2 {
		t.Errorf("%q: title %q, description %q, %d rows", title, texts["title"], texts["desc"], rows)
	}
	return title
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// wellFormedXML reads a drawing as whoever takes it out of the page does.
func wellFormedXML(t interface{ Errorf(string, ...any) }, svg string) {
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("%v in %.300s", err, svg)
			return
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
				t.Errorf("%s=%q in <%s>", a.Name.Local, a.Value, start.Name.Local)
			}
		}
	}
}

// A proof has what it took, until when there was a prediction, and each replacement.
func TestHTMLOfAProof(t *testing.T) {
	r := withCurve(recorded(t)["proof"])
	page := drawn(t, Proof(r), HTML, Options{})
	if titles := tame(t, page); !slices.Equal(titles, []string{"Predicted and observed memory"}) {
		t.Errorf("%q", titles)
	}
	for _, want := range []string{"a worker is replaced at 1\u00a0min, 2, 3, 4", "limit at ", ">observed", ">predicted"} {
		want = strings.ReplaceAll(want, "\\u00a0", "\u00a0")
		if !strings.Contains(page, want) {
			t.Errorf("%q isn't in it", want)
		}
	}
	r.Proof.Trials[1].Curve, r.Proof.Trials[1].OOMKills = r.Proof.Trials[0].Curve, 2
	more := drawn(t, Proof(r), HTML, Options{})
	if titles := tame(t, more); !slices.Equal(titles, []string{"Predicted and observed memory", "One worker more, predicted and observed"}) || !strings.Contains(more, "The kernel killed 2 processes at the limit.") {
		t.Errorf("%q", titles)
	}
	back := readBack(t, page)
	if diff := cmp.Diff(r.Proof.Trials[0].Curve, back.Result.Proof.Trials[0].Curve); diff != "" {
		t.Error(diff)
	}
}

// withCurve is a proof as it would have been kept with its curve: the recorded one is older.
func withCurve(r calibrate.Result) calibrate.Result {
	proof := *r.Proof
	proof.Trials = slices.Clone(proof.Trials)
	one := &proof.Trials[0]
	for i := range 100 {
		p := calibrate.TrialPoint{Seconds: float64(i) * 3, Bytes: one.PeakBytes - int64(20-i%20)<<20, Recycles: i / 20}
		if p.Recycles == 0 {
			p.ExpectedBytes = one.ExpectedBytes - int64(20-i)<<20
		}
		one.Curve = append(one.Curve, p)
	}
	r.Proof = &proof
	return r
}

// A page read back is the run, to the last figure, and makes the same page again.
func TestHTMLReadBack(t *testing.T) {
	for name, m := range measuredRuns(t) {
		t.Run(name, func(t *testing.T) {
			page := pageOf(t, m)
			back := readBack(t, page)
			again := back
			again.Result = analyse.Today(back)
			if diff := cmp.Diff(asJSON(t, m.Result.Whole()), asJSON(t, again.Result.Whole())); diff != "" {
				t.Errorf("(-run +page):\n%s", diff)
			}
			if pageOf(t, again) != page {
				t.Error("the page of the page is another")
			}
		})
	}
}

func readBack(t testing.TB, page string) calibrate.Measured {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := calibrate.LoadFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestHTMLOfHostileStrings(t *testing.T) {
	r := recorded(t)["withheld"] // without tables of its own, as for the other dialects
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		bad := rapid.SampledFrom(hostile)
		p := poisoned(t, r)
		p.Target.Command = append(p.Target.Command, bad.Draw(t, "arg"), bad.Draw(t, "arg"))
		p.Routes = &calibrate.Routes{Runs: []calibrate.RouteRun{{Route: calibrate.Route{Name: bad.Draw(t, "route"), Share: 1},
			Soaked: calibrate.Soaked{PeakRSSBytes: 9 << 20, Creep: &calibrate.CreepSeen{BytesPerRequest: 2, Low: 1, High: 3}}}}}
		p.Warnings[0].Text = bad.Draw(t, "text")
		curves := calibrate.Curves{Samples: []calibrate.Sample{{Seconds: 1, Phase: bad.Draw(t, "phase"), RSS: 9}, {Seconds: 2, Phase: bad.Draw(t, "phase"), RSS: 10}}}
		page := drawn(outer, Drawn(p, curves, server.Known()), HTML, Options{})
		tame(t, page)
		if n := strings.Count(page, "<template"); n != 1 || strings.Count(page, "</template") != 1 {
			t.Errorf("%d templates", n)
		}
	})
}

// Names of 10 000 characters, everywhere and many of them, leave the page as large as it may be.
func TestHTMLSize(t *testing.T) {
	m := measuredRuns(t)["apart"]
	long := strings.Repeat("<&x", 3334)
	m.Result.Target.Command = []string{"gunicorn", long, long}
	m.Result.Target.Changes = []string{long, long}
	for i := range 30 {
		m.Result.Routes.Runs = append(m.Result.Routes.Runs, calibrate.RouteRun{Route: calibrate.Route{Name: long, Share: 0.1}, Soaked: calibrate.Soaked{PeakRSSBytes: int64(i+1) << 20}})
	}
	for i := range 50 {
		m.Result.Candidates = append(m.Result.Candidates, calibrate.Candidate{Workers: 10 + i, Threads: 2, TotalBytes: int64(i+10) << 30, WorkerBytes: 1 << 30})
	}
	page := pageOf(t, m)
	if len(page) > mostPage {
		t.Errorf("%d bytes", len(page))
	}
	tame(t, page)
}

// Of a long table of candidates those worth a look stand on the page, the others folded up below them, and none twice.
func TestHTMLFoldsCandidates(t *testing.T) {
	m := measuredRuns(t)["cores"]
	page := pageOf(t, m)
	section := page[strings.Index(page, ">Candidates</h2>"):]
	first, others, found := strings.Cut(section[strings.Index(section, "</figure>"):strings.Index(section, "<h2")], "<summary>14 more candidates</summary>")
	if shown, folded := strings.Count(first, "\n<tr"), strings.Count(others, "\n<tr"); !found || shown != rowsUnfolded || folded != 14 || len(m.Result.Candidates) != shown+folded {
		t.Errorf("%d rows, and %d folded, of %d candidates", shown, folded, len(m.Result.Candidates))
	}
	if !strings.Contains(first, `class="good"`) {
		t.Error("the recommended one is folded up")
	}
}

// The contents name the warnings.
func TestHTMLNamesWarningsAbove(t *testing.T) {
	page := pageOf(t, measuredRuns(t)["cores"])
	if contents, _, _ := strings.Cut(page, "</nav>"); !strings.Contains(contents, ">Warnings</a>: cpu-busy</li>") {
		t.Error(contents[strings.Index(contents, "<nav"):])
	}
}

// A page without room for the data goes without, and says where they are. One that is too large all the same is refused.
func TestHTMLTooLarge(t *testing.T) {
	m := measuredRuns(t)["flat"]
	for range 40 {
		m.Result.Warnings = append(m.Result.Warnings, calibrate.Warning{Code: "x", Text: strings.Repeat("word ", 2000)})
	}
	page := pageOf(t, m)
	if len(page) > mostPage || strings.Contains(page, calibrate.PageBegins) || !strings.Contains(page, "calibrate report --json has them") {
		t.Errorf("%d bytes", len(page))
	}
	for range 100 {
		m.Result.Warnings = append(m.Result.Warnings, m.Result.Warnings[len(m.Result.Warnings)-1])
	}
	var failure *calibrate.Failure
	if err := Render(io.Discard, Drawn(m.Result, m.Curves(), server.Known()), HTML, Options{}); !errors.As(err, &failure) || failure.Kind != calibrate.KindUsage {
		t.Errorf("%v", err)
	}
}

// ofADay is a run with the journals of a day, a million samples, and one high peak among them.
func ofADay(m calibrate.Measured) calibrate.Measured {
	const many = 1_000_000
	m.Samples, m.Buckets = make([]calibrate.Sample, many), nil
	for i := range m.Samples {
		m.Samples[i] = calibrate.Sample{Seconds: float64(i) / 10, Phase: calibrate.PhaseSoak, Generation: 1, Workers: 1, RSS: 100 << 20, Anon: 90<<20 + int64(i%1000)*1024, Requests: int64(i)}
		if i%10 == 0 {
			m.Buckets = append(m.Buckets, calibrate.Bucket{Seconds: float64(i)/10 + 1, Phase: calibrate.PhaseSoak, Requests: 10, Succeeded: 10, P50: 0.001, P99: 0.002})
		}
	}
	m.Samples[many/3].RSS = 777 << 20
	return m
}

// A run of a day has as many points as a run of a minute, and its peaks all the same.
func TestHTMLOfAMillionSamples(t *testing.T) {
	page := pageOf(t, ofADay(measuredRuns(t)["creeping"]))
	if len(page) > mostNormal {
		t.Errorf("%d bytes", len(page))
	}
	back := readBack(t, page).Drawn.Samples
	if !slices.ContainsFunc(back, func(s calibrate.Sample) bool { return s.RSS == 777<<20 }) {
		t.Errorf("of %d samples none has the peak", len(back))
	}
}

// What a page says in its charts stands on its axes.
func TestScales(t *testing.T) {
	for _, test := range []struct {
		axis   Axis
		values []float64
		ticks  []float64
	}{
		{Axis{Zero: true}, []float64{0, 97}, []float64{0, 20, 40, 60, 80, 100, 120}},
		{Axis{}, []float64{82, 97}, []float64{80, 85, 90, 95, 100}},
		{Axis{Zero: true}, nil, []float64{0, 0.2, 0.4, 0.6, 0.8, 1, 1.2}},
		{Axis{}, []float64{5, 5}, []float64{5, 5.2, 5.4, 5.6, 5.8, 6, 6.2}},
		{Axis{Log: true}, []float64{0, 1.6, 324}, []float64{1, 10, 100, 1000}},
		{Axis{}, []float64{math.NaN(), math.Inf(1), -1, 1}, []float64{-1, -0.5, 0, 0.5, 1, 1.5}},
	} {
		s := test.axis.scaled(test.values, 0, 100).roomy()
		if diff := cmp.Diff(test.ticks, s.ticks(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%v: (-want +got):\n%s", test.values, diff)
		}
		if s.at(s.low) != 0 || math.Abs(s.at(s.high)-100) > 1e-9 {
			t.Errorf("%v: %v to %v", test.values, s.at(s.low), s.at(s.high))
		}
	}
}

// No two ticks of an axis are said alike.
func TestTicksAreSaidApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low, length := rapid.Float64Range(-1e4, 1e5).Draw(t, "low"), rapid.Float64Range(0, 1e4).Draw(t, "length")
		said := ""
		for _, v := range (Axis{}).scaled([]float64{low, low + length}, 0, 100).roomy().ticks() {
			if say.Number(v) == said {
				t.Fatalf("%v is said as %s, and so is the tick before", v, said)
			}
			said = say.Number(v)
		}
	})
}

// A limit far above what a chart shows is named, and left out of its scale: else the rest were a line at the bottom.
func TestLimitsFarBeyond(t *testing.T) {
	for at, beyond := range map[float64]bool{300: false, 400: false, 401: true} {
		guides := []Guide{{Name: "limit", At: at}}
		for _, f := range []figure{
			Chart{Title: "t", Y: Axis{Unit: "MB", Zero: true}, Series: []Series{{Name: "a", Points: []Point{{0, 50}, {1, math.NaN()}, {1, 100}}}}, Guides: guides}.drawn(),
			Bars{X: Axis{Unit: "MB", Zero: true}, Parts: []string{"a"}, Rows: []Bar{{Name: "r", Amounts: []float64{100}}}, Guides: guides}.drawn(),
		} {
			said := slices.ContainsFunc(f.Shapes, func(s shape) bool {
				return strings.HasPrefix(s.Text, "limit") && strings.HasSuffix(s.Text, beyondWords)
			})
			line := slices.ContainsFunc(f.Shapes, func(s shape) bool { return s.Class == "s"+strconv.Itoa(grey) })
			if said != beyond || line == beyond || len(f.Notes) != 1 {
				t.Errorf("limit %v of %q: said to be beyond: %v, a line: %v, notes %q", at, f.Title, said, line, f.Notes)
			}
		}
	}
}

// The name of an upright is beside it, and within the drawing.
func TestNamesOfUprights(t *testing.T) {
	d := drawing{left: 64, right: 546, top: 50, bottom: 258}
	for x, want := range map[float64]label{70: {"a worker is replaced", "start", 75, 66}, 546: {"a worker is replaced", "end", 541, 66}, 380: {"a worker is replaced", "end", 375, 66}} {
		got := d.besideLine("a worker is replaced", x)
		if from, to := got.reach(); got != want || from < d.left || to > d.right {
			t.Errorf("at %v: %+v, want %+v", x, got, want)
		}
	}
}

// A name at the end of a curve stands on neither its own nor another that ends there.
func TestNamesOfCurvesAreClearOfThem(t *testing.T) {
	low := Series{Name: "observed", Points: []Point{{0, 0}, {90, 50}, {100, 60}}}
	high := Series{Name: "predicted", Points: []Point{{0, 0}, {90, 50}, {95, 70}, {100, 62}}}
	x, y := scale{low: 0, high: 100, from: 64, to: 546, step: 20}, scale{low: 0, high: 100, from: 258, to: 50, step: 20}
	d := drawing{left: 64, right: 546, top: 50, bottom: 258}
	names := d.endLabels(Chart{Series: []Series{low, high}}, x, y)
	if from, _ := names[0].reach(); names[0].y-lineHeight/2 < y.at(50*(from-x.from)/(x.at(90)-x.from)) {
		t.Errorf("%+v is not below its curve", names[0])
	}
	if names[1].y > y.at(70) {
		t.Errorf("%+v is not above its curve", names[1])
	}
	if alone := (Chart{Y: Axis{Name: "answered"}, Series: []Series{{Name: "answered", Points: low.Points}}}); len(d.endLabels(alone, x, y)) != 0 {
		t.Error("the axis says it")
	}
}

// What a candidate served and took stands beside what was predicted, in words, as a mark and in the numbers.
func TestSweepCharts(t *testing.T) {
	r := recorded(t)["sweep"]
	sweep := *r.Sweep
	sweep.Runs = slices.Clone(sweep.Runs)
	sweep.Runs[0].PredictedRate = 500
	r.Sweep = &sweep
	charts := sweepCharts(r)
	served, took := charts[0].(Bars), charts[1].(Bars)
	if got, want := served.comesTo(served.Rows[0]), "462 /s, predicted 500"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := took.comesTo(took.Rows[0]), "56.3 MB, predicted 60.9"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"2 x 2", "462", "500"}, served.numbers().Rows[0].Cells); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"2 x 4", "515", "-"}, served.numbers().Rows[1].Cells); diff != "" {
		t.Error(diff)
	}
	if keys := served.keys(); len(keys) != 2 || keys[1].name != predictedHead {
		t.Errorf("%v", keys)
	}
}

// The axis of figures so large that they are no finer than its steps ends, and so does one of more decades than it has room for.
func TestTicksEnd(t *testing.T) {
	for _, test := range []struct {
		axis   Axis
		values []float64
	}{
		{Axis{}, []float64{inMB(1<<60 - 128), inMB(1 << 60)}},
		{Axis{}, []float64{1 << 60, 1<<60 + 256}},
		{Axis{Log: true}, []float64{5e-324, 1e308}},
		{Axis{Log: true}, []float64{1e308}},
	} {
		ticks := test.axis.scaled(test.values, 0, 100).roomy().ticks()
		if len(ticks) == 0 || len(ticks) > mostTicks || len(slices.Compact(slices.Clone(ticks))) != len(ticks) {
			t.Errorf("%v: %v", test.values, ticks)
		}
	}
}

// The curve of a second without an answer is unknown, and of a second that ended late has what is answered in one.
func TestTimeChartsOfBuckets(t *testing.T) {
	bucket := func(seconds float64, phase string, requests int64, p99 float64) calibrate.Bucket {
		return calibrate.Bucket{Seconds: seconds, Phase: phase, Requests: requests, Succeeded: requests, P50: p99 / 2, P99: p99}
	}
	c := thin(calibrate.Curves{Samples: []calibrate.Sample{{Phase: calibrate.PhaseSoak}, {Seconds: 9, Phase: calibrate.PhaseSoak}}, Buckets: []calibrate.Bucket{
		bucket(1, calibrate.PhaseSoak, 100, 0.02), bucket(2, calibrate.PhaseSoak, 0, 0), bucket(4, calibrate.PhaseSoak, 200, 0.04), bucket(4.3, calibrate.PhaseSoak, 9, 0.01),
		bucket(8, calibrate.PhasePeak, 100, 0.06), bucket(9.01, calibrate.PhasePeak, 100, 0.06),
	}})
	again := thin(calibrate.Curves{Samples: c.Samples, Buckets: []calibrate.Bucket{c.Buckets[0], c.Buckets[2]}}) // as a page has some of them
	for _, b := range again.Buckets {
		if answered(b) != 100 {
			t.Errorf("of a page %+v", b)
		}
	}
	charts := timeCharts(calibrate.Result{}, c)
	rate, latency := charts[1].(Chart), charts[2].(Chart)
	want := []Point{{1, 100}, {2, 0}, {4, 100}, {8, math.NaN()}, {8, 100}, {9.01, 100}}
	if diff := cmp.Diff(want, rate.Series[0].Points, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("answered (-want +got):\n%s", diff)
	}
	want = []Point{{1, 20}, {2, math.NaN()}, {4, 40}, {8, math.NaN()}, {8, 60}, {9.01, 60}}
	if diff := cmp.Diff(want, latency.Series[1].Points, cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("p99 (-want +got):\n%s", diff)
	}
	if !strings.Contains(latency.Shows, "it is unknown") {
		t.Error(latency.Shows)
	}
	var rows [][]string
	for _, row := range latency.numbers().Rows {
		rows = append(rows, row.Cells)
	}
	if diff := cmp.Diff([][]string{{"1", "10", "20"}, {"2", "unknown", "unknown"}, {"4", "20", "40"}, {"8", "30", "60"}, {"9.01", "30", "60"}}, rows); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

// A limit without a name is one of those before it, and the first has its axis's.
func TestNotesOfNamelessGuides(t *testing.T) {
	c := Chart{X: Axis{Name: "requests"}, Y: Axis{Name: "memory", Unit: "MB"}, Guides: []Guide{{At: 3}, {At: 4}}}
	if diff := cmp.Diff([]string{"Marked: memory at 3 MB, 4."}, c.notes()); diff != "" {
		t.Error(diff)
	}
}

// The seal is for the run's own folder: what is shown to others has none.
func TestSealIsNotPublished(t *testing.T) {
	m := measuredRuns(t)["creeping"]
	proof := recorded(t)["proof"]
	m.Result.Seal, proof.Seal = "5ea1ed", "5ea1ed"
	for _, d := range []Document{Drawn(m.Result, m.Curves(), server.Known()), Proof(proof), Sizing([]calibrate.Result{m.Result}, server.Known())} {
		for _, f := range Formats() {
			if page := drawn(t, d, f.Name, Options{}); strings.Contains(page, "5ea1ed") {
				t.Errorf("%s of %q has it", f.Name, d.Title)
			}
		}
	}
	if m.Result.Seal == "" {
		t.Error("the run has lost it")
	}
}

// A line can be told from the paper, in the light and in the dark (WCAG 2.2, 1.4.11).
func TestColours(t *testing.T) {
	dark := map[string]string{}
	for _, m := range regexp.MustCompile(`svg \.([fs]\d)\{(?:fill|stroke):(#[0-9a-f]{6})\}`).FindAllStringSubmatch(pageText, -1) {
		dark[m[1]] = m[2]
	}
	for i, colour := range colours {
		if c := contrast(t, colour, "#ffffff"); c < 3 {
			t.Errorf("%s on white: %.1f", colour, c)
		}
		for _, class := range []string{"f", "s"} {
			if c := contrast(t, dark[class+strconv.Itoa(i)], "#15181c"); c < 3 || dark["f"+strconv.Itoa(i)] != dark["s"+strconv.Itoa(i)] {
				t.Errorf("%s%d is %s in the dark: %.1f", class, i, dark[class+strconv.Itoa(i)], c)
			}
		}
	}
	if !strings.Contains(pageText, "--paper:#15181c") {
		t.Error("the dark is another")
	}
}

// contrast is that of two colours by WCAG's relative luminance.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light, dark := luminance(t, a), luminance(t, b)
	return (max(light, dark) + 0.05) / (min(light, dark) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 7 {
		t.Fatalf("%q is no colour", colour)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// Labels don't stand on each other, and stay on the drawing.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) label {
			return label{rapid.SampledFrom([]string{"p99", "all workers at their largest"}).Draw(t, "text"), rapid.SampledFrom([]string{"start", "end"}).Draw(t, "anchor"),
				rapid.Float64Range(0, 560).Draw(t, "x"), rapid.Float64Range(-500, 500).Draw(t, "y")}
		})
		got := spread(rapid.SliceOfN(one, 0, 8).Draw(t, "labels"), 50, 258)
		for i, l := range got {
			if l.y > 258+1e-9 || l.y < 50-1e-9 {
				t.Fatalf("%v", got)
			}
			for _, other := range got[:i] {
				if l.meets(other) && math.Abs(l.y-other.y) < lineHeight-1e-9 {
					t.Fatalf("%v stands on %v", l, other)
				}
			}
		}
	})
}

// A candidate's parts add up to what it takes.
func TestCandidateBars(t *testing.T) {
	for name, r := range recorded(t) {
		for _, c := range r.Candidates {
			sum := 0.0
			for _, part := range partsOf(r, c) {
				if sum += part; part < 0 {
					t.Errorf("%s: %d x %d has the parts %v", name, c.Workers, c.Threads, partsOf(r, c))
				}
			}
			if math.Abs(sum-inMB(c.TotalBytes)) > 1e-6 {
				t.Errorf("%s: %d x %d takes %v MB, and its parts %v", name, c.Workers, c.Threads, inMB(c.TotalBytes), sum)
			}
		}
		bars := candidateBars(r)
		if len(r.Candidates) == 0 {
			continue
		}
		if marked := slices.ContainsFunc(bars.Rows, func(b Bar) bool { return b.Mark == Good }); marked != (r.Recommendation.Workers > 0) {
			t.Errorf("%s: recommended is in the chart: %v", name, marked)
		}
	}
}

// What isn't a page of a run's is refused with what it is.
func TestNotAPage(t *testing.T) {
	for text, want := range map[string]string{
		"<html><body>hello</body></html>": "without the data of a run",
		"<html>" + calibrate.PageBegins + `{"schema":"calibrate.page/9"}` + calibrate.PageEnds:                                           "schema",
		"<html>" + calibrate.PageBegins + `{` + calibrate.PageEnds:                                                                       "JSON",
		"<html>" + calibrate.PageBegins + `{"schema":"calibrate.page/1","data":{"schema":"calibrate.compare/1"}}` + calibrate.PageEnds:   "calibrate.compare/1",
		"<html>" + calibrate.PageBegins + `{"schema":"calibrate.page/1","data":{},"curves":{"samples":[{"t":-1}]}}` + calibrate.PageEnds: "sample",
	} {
		path := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := calibrate.LoadFolder(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// Whatever is in its words, a page read back is the run.
func FuzzHTMLReadBack(f *testing.F) {
	m := measuredRuns(f)["withheld"]
	f.Add("</template><script>", "<!--", "soak")
	f.Add("\u2028\x00\\", "]]>&lt;", calibrate.PageEnds)
	f.Fuzz(func(t *testing.T, word, text, phase string) {
		word, text = strings.ToValidUTF8(word, "?"), strings.ToValidUTF8(text, "?")
		r := m.Result
		r.Target.Command = []string{word, text}
		r.Warnings = []calibrate.Warning{{Code: word, Text: text, Try: word}}
		page := pageOf(t, calibrate.Measured{Result: r, Samples: []calibrate.Sample{{Seconds: 1, Phase: "x" + phase}, {Seconds: 2, Phase: "soak"}}})
		back := readBack(t, page)
		if diff := cmp.Diff(asJSON(t, r.Whole()), asJSON(t, back.Result.Whole())); diff != "" || len(back.Drawn.Samples) != 2 {
			t.Errorf("%d samples (-run +page):\n%s", len(back.Drawn.Samples), diff)
		}
	})
}

// BenchmarkReport is what it takes to draw a run, of half a minute and of a day, and how long that gets.
func BenchmarkReport(b *testing.B) {
	run := measuredRuns(b)["creeping"]
	for name, m := range map[string]calibrate.Measured{"run": run, "day": ofADay(run)} {
		for _, format := range []string{"text", "markdown", HTML} {
			b.Run(name+"/"+format, func(b *testing.B) {
				var out string
				for b.Loop() {
					out = drawn(b, Drawn(m.Result, m.Curves(), server.Known()), format, Options{Width: 80})
				}
				b.ReportMetric(float64(len(out))/1024, "KB")
			})
		}
	}
}
