package run

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
)

func refusal() error {
	return &calibrate.Failure{Kind: calibrate.KindInconclusive, What: "POST /login was answered by 401", Try: "look at the password"}
}

// Every app that is started is prepared once, after its idle reading and before its first load.
func TestEveryAppIsPreparedBeforeItsLoad(t *testing.T) {
	f, started := sweepRig()
	p := fakePlan()
	p.Sweep = true
	if _, err := runFake(t, f, p, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := len(f.prepared), len(*started)+1; got != want {
		t.Fatalf("%d were prepared, %d started", got, want)
	}
	want := []int{0, 6, 7, 8, 9, 12} // alone in two, capacity, warm-up, soak, peak; three short runs; three loads a candidate
	for i := len(want); i < len(f.prepared); i++ {
		want = append(want, want[i-1]+3)
	}
	if !slices.Equal(f.prepared, want) {
		t.Errorf("prepared after so many loads: %v, want %v", f.prepared, want)
	}
	if idle := slices.Index(f.phases, calibrate.PhaseIdle); idle < 0 || !slices.Contains(f.phases[idle:], calibrate.PhaseCapacity) {
		t.Errorf("%v", f.phases)
	}
}

func TestAnAppThatLetsNobodyInIsNotMeasured(t *testing.T) {
	f := newFakeRig()
	f.refusal = refusal()
	r, err := runFake(t, f, fakePlan(), nil)
	var failure *calibrate.Failure
	if !errors.As(err, &failure) || failure.Kind != calibrate.KindInconclusive || failure.What != "POST /login was answered by 401" || failure.Try == "" {
		t.Fatalf("%+v", err)
	}
	if len(f.paces) != 0 || f.stopped != 1 || r.Complete || r.Interrupted.Kind != calibrate.InterruptedByLoad || !strings.Contains(r.Interrupted.Words, "401") {
		t.Errorf("%d loads, stopped %d times, complete %v, %+v", len(f.paces), f.stopped, r.Complete, r.Interrupted)
	}
	f = newFakeRig()
	f.refusal = errors.New("no such file")
	if _, err := runFake(t, f, fakePlan(), nil); kindOf(err) != calibrate.KindTool {
		t.Error(err)
	}
}

// A password's hash takes 64 MB for a moment, which no reading may meet: the mark does. It is in the law of every worker, and in no
// short run, where one of the workers alone would have it.
func TestALoginHasAPhaseOfItsOwn(t *testing.T) {
	const hash = 64 << 20
	measured := map[int64]calibrate.Result{}
	for _, login := range []int64{0, hash} {
		f := unsaidRig()
		f.login = login
		f.scale = func(calibrate.Setup) (calibrate.Target, error) { return f, nil }
		r, err := runFake(t, f, fakePlan(), nil)
		if err != nil {
			t.Fatal(err)
		}
		measured[login] = r
		i := slices.IndexFunc(r.Phases, func(p calibrate.Phase) bool { return p.Name == calibrate.PhaseBefore })
		if (i >= 0) != (login > 0) || i >= 0 && (r.Phases[i-1].Name != calibrate.PhaseIdle || r.Phases[i].Requests != 0 || r.Phases[i].PeakRSSBytes < hash) {
			t.Errorf("a login of %d bytes: phase %d of %+v", login, i, r.Phases)
		}
	}
	without, with := measured[0], measured[hash]
	if loaded := with.Worker.LoadedPeakBytes; loaded == 0 || loaded > with.Worker.PeakRSSBytes-hash+mostOff || without.Worker.LoadedPeakBytes != 0 {
		t.Errorf("%d bytes under load with a login, of %d; %d without", loaded, with.Worker.PeakRSSBytes, without.Worker.LoadedPeakBytes)
	}
	threads := with.Target.Threads
	if more := with.Law.Worker(threads) - without.Law.Worker(threads); more < hash-mostOff || more > hash+mostOff || with.Law.LoneBytes < hash-mostOff {
		t.Errorf("the law of a worker has %d bytes more for a login of %d, %d of them apart", more, hash, with.Law.LoneBytes)
	}
	if len(with.Law.Runs) == 0 || with.Law.Runs[0].PeakRSSBytes > 64<<20 || with.Law.ThreadBytes != without.Law.ThreadBytes {
		t.Errorf("%+v with a login, %d bytes a thread without", with.Law, without.Law.ThreadBytes)
	}
}

const mostOff = 8 << 20 // the peak under load is 5 MB above what is read, and a worker with 64 MB more has more page tables

func TestAttachPreparesItsOwnLoadAlone(t *testing.T) {
	f := newFakeRig()
	f.capacity = 300
	if _, err := attachFake(t, f, watchPlan(), nil); err != nil || !slices.Equal(f.prepared, []int{0}) {
		t.Error(f.prepared, err)
	}
	f = newFakeRig()
	f.noURL = true
	if _, err := attachFake(t, f, watchPlan(), counted(100)(f)); err != nil || f.prepared != nil {
		t.Error(f.prepared, err)
	}
}

func TestTrialsArePrepared(t *testing.T) {
	f, p := newFleet(), proofPlan()
	p.OneMore = true
	r, err := proveFleet(t, f, p, nil)
	if err != nil || len(f.logins) != 2 || !slices.Equal(f.logins, f.starts) {
		t.Errorf("%v, started %v, %v", f.logins, f.starts, err)
	}
	if r.Proof.Verdict != calibrate.ProofHolds {
		t.Error(r.Proof.Reason)
	}
	f = newFleet()
	f.refusal = refusal()
	r, err = proveFleet(t, f, proofPlan(), nil)
	if err != nil || r.Proof.Verdict != calibrate.ProofInconclusive || r.Proof.Reason != calibrate.ProofFailed || r.Proof.Trials[0].Failed.Words != "POST /login was answered by 401" || f.all != 0 {
		t.Errorf("%+v, %v", r.Proof, err)
	}
}

// A login that fails in a short run costs the law its check.
func TestAShortRunThatIsNotLetIn(t *testing.T) {
	f := newFakeRig()
	f.scale = func(calibrate.Setup) (calibrate.Target, error) {
		f.refusal = refusal()
		return f, nil
	}
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil || !hasWarning(r, "not-scaled") || r.Recommendation.Workers == 0 {
		t.Errorf("%+v, %v", r.Warnings, err)
	}
}

// What most of a failing load is answered with is why the run ends; a limit of the app's own costs only the peak, if the rate
// was given.
func TestARefusedLoadSaysWhy(t *testing.T) {
	f := newFakeRig()
	f.fails, f.refusals = true, []calibrate.Refusal{{Kind: calibrate.RefusalRate, Method: "GET", Path: "/", Status: 429, RetrySeconds: 1, Rate: 9, Answers: 1 << 40, Requests: 1 << 40}}
	r, err := runFake(t, f, fakePlan(), nil)
	var failure *calibrate.Failure
	if !errors.As(err, &failure) || failure.Refusal == nil || !strings.Contains(failure.Try, "--rate 9;") || r.Interrupted.Refusal == nil {
		t.Fatalf("%+v, %+v", err, r.Interrupted)
	}

	f = newFakeRig()
	f.at = func(_ string, f *fakeRig) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if closed := f.paces[len(f.paces)-1].Rate == 0; closed {
			f.fails, f.refusals = true, []calibrate.Refusal{{Kind: calibrate.RefusalRate, Method: "GET", Path: "/", Status: 429, Answers: 1 << 40, Requests: 1 << 40}}
		}
	}
	p := fakePlan()
	p.Rate = 20
	r, err = runFake(t, f, p, nil)
	if err != nil || !hasWarning(r, "peak-limited") || r.Recommendation.Withheld != nil || r.Recommendation.Workers == 0 {
		t.Fatalf("%+v, %+v, %v", r.Warnings, r.Recommendation.Withheld, err)
	}
	if peak := r.Phases[len(r.Phases)-1]; peak.Name != calibrate.PhasePeak || peak.Ended.By != calibrate.EndRefused || peak.Requests != peak.Succeeded {
		t.Errorf("%+v", peak)
	}
}

func TestRedirectsToALoginAreSaid(t *testing.T) {
	f := newFakeRig()
	f.refusals = []calibrate.Refusal{{Kind: calibrate.RefusalLogin, Method: "GET", Path: "/", Status: 302, Location: "/login", Answers: 1 << 40, Requests: 1 << 40}}
	r, err := runFake(t, f, fakePlan(), nil)
	var failure *calibrate.Failure
	if !errors.As(err, &failure) || failure.Kind != calibrate.KindInconclusive || failure.Try != calibrate.TryLogin || !strings.Contains(failure.What, "a redirect to /login") {
		t.Fatalf("%+v", err)
	}
	if i := r.Interrupted; i == nil || i.Refusal == nil || i.Refusal.Kind != calibrate.RefusalLogin || len(f.paces) != 1 {
		t.Errorf("%+v after %d loads", i, len(f.paces))
	}
}
