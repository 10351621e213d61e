package report

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate"
	"workermem/calibrate/say/saytest"
)

// How a browser sees a page: what axe-core complains of, and where letters leave a drawing or stand on others.
type seenPage struct {
	Violations []string `json:"violations"`
	Wide       float64  `json:"wide"`    // of the whole page, beyond the window
	Outside    []string `json:"outside"` // texts of drawings
	Over       []string `json:"over"`    // texts that stand on each other
	Drawn      int      `json:"drawn"`   // drawings
}

//go:embed testdata/look.js
var lookScript string

// A browser and axe-core come with `make servers`.
func browser(t *testing.T) (chromium, axe string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	missing := t.Skip
	if os.Getenv("CALIBRATE_REQUIRE_SERVERS") == "1" {
		missing = t.Fatal
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		missing("no chromium: make servers")
	}
	text, err := os.ReadFile("../fixtures/.venv/browser/axe_playwright_python/axe.min.js")
	if err != nil {
		missing("no axe-core: make servers")
	}
	return chromium, string(text)
}

// browse opens an address in a browser that has nothing but this machine, and returns what the page became, and what was said on
// its console.
func browse(t *testing.T, chromium, address string, flags ...string) (dom, console string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // beside five others it takes ten seconds
	defer cancel()
	var out, trouble bytes.Buffer
	cmd := exec.CommandContext(ctx, chromium, slices.Concat([]string{"--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + t.TempDir(),
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--enable-logging=stderr", "--virtual-time-budget=30000", "--dump-dom"}, flags, []string{address})...)
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, trouble.String())
	}
	return out.String(), strings.Join(regexp.MustCompile(`(?m)^.*CONSOLE.*$`).FindAllString(trouble.String(), -1), "\n")
}

// looked is what a browser makes of a page, on a screen or on a phone of a width.
func looked(t *testing.T, chromium, axe, page string, phone int, flags ...string) (seen seenPage) {
	t.Helper()
	script := strings.ReplaceAll(axe, "</script", `<\/script`)
	page = strings.Replace(page, "</body>", "<script>"+script+"</script><script>const phone = "+strconv.Itoa(phone)+";"+lookScript+"</script></body>", 1)
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	dom, _ := browse(t, chromium, "file://"+path, slices.Concat(flags, []string{"--window-size=" + map[bool]string{true: "500,900", false: "1280,900"}[phone > 0]})...)
	found := regexp.MustCompile(`(?s)<pre id="looked">(.*?)</pre>`).FindStringSubmatch(dom)
	if found == nil {
		t.Fatalf("the page was not looked at: %.2000s", dom)
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

// pagesToLookAt are those of all kinds of charts.
func pagesToLookAt(t *testing.T) map[string]string {
	runs := measuredRuns(t)
	proof := withCurve(runs["proof"].Result)
	proof.Proof.Trials[1].Curve = proof.Proof.Trials[0].Curve
	pages := map[string]string{"proof": drawn(t, Proof(proof), HTML, Options{})}
	for i := range runs["sweep"].Result.Sweep.Runs {
		runs["sweep"].Result.Sweep.Runs[i].PredictedRate = 400 // which the recorded runs don't have
	}
	for _, name := range []string{"apart", "attach-time", "cores", "sweep"} {
		pages[name] = pageOf(t, runs[name])
	}
	c := comparedRuns(t, calibrate.CompareGate, 3, 20, 0)
	for i := range c.Pairs {
		for k := range int64(40) {
			c.Pairs[i].Base.Curve = append(c.Pairs[i].Base.Curve, calibrate.CurvePoint{Requests: 100 * k, Bytes: 30 << 20})
			c.Pairs[i].Head.Curve = append(c.Pairs[i].Head.Curve, calibrate.CurvePoint{Requests: 100 * k, Bytes: (50+int64(i))<<20 + k*10_000})
		}
	}
	pages["compare"] = drawn(t, Compare(c, true), HTML, Options{})
	return pages
}

// In a real browser no page breaks a rule of axe-core's, is wider than its window, or has letters on others: on a screen, in the
// dark, on a phone of 360 pixels.
func TestE2EHTMLInABrowser(t *testing.T) {
	chromium, axe := browser(t)
	for name, page := range pagesToLookAt(t) {
		look := func(kind string, phone int, flags ...string) {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				seen := looked(t, chromium, axe, page, phone, flags...)
				if len(seen.Violations)+len(seen.Outside)+len(seen.Over) > 0 || seen.Wide > 0 || seen.Drawn == 0 {
					t.Errorf("%+v", seen)
				}
			})
		}
		look("on a phone", 360)
		if name == "apart" {
			look("on a screen", 0)
			look("in the dark", 0, "--blink-settings=preferredColorScheme=0")
		}
	}
}

// What a page is allowed in Jenkins, which serves artifacts so.
const jenkinsPolicy = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';"

// A page asks for nothing, and says nothing on the console; under Jenkins' policy the browser says that it leaves the style out.
func TestE2EHTMLAsksForNothing(t *testing.T) {
	chromium, _ := browser(t)
	page := pagesToLookAt(t)["apart"]
	var mu sync.Mutex
	asked := map[string]int{}
	policy := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path]++
		if policy != "" {
			w.Header().Set("Content-Security-Policy", policy)
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(page))
	}))
	defer server.Close()
	for _, policy = range []string{"", jenkinsPolicy} {
		dom, console := browse(t, chromium, server.URL+"/page.html")
		if !strings.Contains(dom, "<svg") || !strings.Contains(dom, calibrate.PageBegins) {
			t.Errorf("policy %q: %.500s", policy, dom)
		}
		if lines := strings.Count(console, "CONSOLE"); policy == "" && lines > 0 || policy != "" && (lines != 1 || !strings.Contains(console, "inline style")) {
			t.Errorf("policy %q: the console has:\n%s", policy, console)
		}
	}
	delete(asked, "/favicon.ico") // the browser's own wish
	if len(asked) != 1 || asked["/page.html"] != 2 {
		t.Errorf("asked for %v", asked)
	}
}

// framed has pages in frames of one, and says which elements each of them became, but for what is drawn: labels that stand near each
// other have leaders.
const framed = `<!doctype html><title>pages</title>%s<script>
addEventListener("load", () => {
	const found = {};
	for (const frame of document.querySelectorAll("iframe"))
		found[frame.name] = [...frame.contentDocument.querySelectorAll("*")].map((element) => element.localName).filter((name) => name != "path" && name != "text");
	document.body.append(Object.assign(document.createElement("pre"), {id: "found", textContent: JSON.stringify(found)}));
});
</script>`

// TestE2EHTMLOfHostileNames: whatever others wrote into a run, a browser makes the same elements of its page, runs nothing and asks for
// nothing.
func TestE2EHTMLOfHostileNames(t *testing.T) {
	chromium, _ := browser(t)
	m := measuredRuns(t)["apart"]
	pages, frames := map[string]string{"tame": pageOf(t, withTexts(m, []string{"tame"}))}, ""
	for _, kind := range saytest.Hostile {
		pages[kind.Name] = pageOf(t, withTexts(m, kind.Seen()))
	}
	for name := range pages {
		frames += `<iframe name="` + name + `" src="/` + name + `"></iframe>`
	}
	var mu sync.Mutex
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path[1:]]++
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if page, is := pages[r.URL.Path[1:]]; is {
			_, _ = io.WriteString(w, page)
		} else {
			_, _ = fmt.Fprintf(w, framed, frames)
		}
	}))
	defer server.Close()
	dom, console := browse(t, chromium, server.URL+"/all")
	if strings.Contains(console, "CONSOLE") {
		t.Errorf("the console has:\n%s", console)
	}
	delete(asked, "favicon.ico")
	if len(asked) != len(pages)+1 || slices.Max(slices.Collect(maps.Values(asked))) > 1 {
		t.Errorf("asked for %v", asked)
	}
	found := regexp.MustCompile(`(?s)<pre id="found">(.*?)</pre>`).FindStringSubmatch(dom)
	if found == nil {
		t.Fatalf("the frames were not looked at: %.2000s", dom)
	}
	var elements map[string][]string
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &elements); err != nil || len(elements) != len(pages) {
		t.Fatalf("%d pages: %v", len(elements), err)
	}
	for name, of := range elements {
		if same := slices.Equal(of, elements["tame"]); !same && name != "long" && name != "empty" { // what is too long, or empty, is left out
			t.Errorf("%s (-tame +this):\n%s", name, cmp.Diff(elements["tame"], of))
		}
		if i := slices.IndexFunc(of, func(element string) bool { return !allowed.MatchString(element) }); i >= 0 {
			t.Errorf("%s: <%s>", name, of[i])
		}
	}
}

// withTexts is a run with these texts wherever its page shows one of others.
func withTexts(m calibrate.Measured, texts []string) calibrate.Measured {
	at := 0
	next := func() string { at++; return texts[at%len(texts)] }
	r := &m.Result
	r.ID, r.Target.ServerVersion, r.Host.CPUModel, r.Host.Kernel, r.Host.MemoryLimitSource, r.Tool.Version = next(), next(), next(), next(), next(), next()
	r.Target.Command, r.Target.Changes = []string{"gunicorn", next(), next(), next(), next()}, []string{next(), next()}
	r.Plan.Flags = []string{next(), next()}
	routes := *r.Routes
	routes.Runs = slices.Clone(routes.Runs)
	for i := range routes.Runs {
		routes.Runs[i].Name = next()
	}
	r.Routes = &routes
	for range 3 {
		r.Warnings = append(slices.Clip(r.Warnings), calibrate.Warning{Code: next(), Text: next(), Try: next()})
	}
	m.Samples = slices.Clone(m.Samples)
	for i := range m.Samples {
		if i%10 == 0 {
			m.Samples[i].Phase = next()
		}
	}
	return m
}
