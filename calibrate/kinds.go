package calibrate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// knownKinds are the values of each kind in a result that this version knows; "" if there may be none.
var knownKinds = byType(
	[]Mode{"", ModeRun, ModeAttach},
	[]CountedBy{"", CounterLog, CounterLoad},
	[]OriginKind{ReadAgain, ReadSized, ReadAsIs, ReadShort, ReadNewer},
	[]LoadMode{"", LoadOpen, LoadClosed},
	ErrorClasses,
	[]PeakSource{"", PeakMark, PeakMarkSince, PeakSamples, PeakGroup, PeakTables},
	[]CreepBy{"", ByRequest, ByTime, ByBoth},
	[]GrowthKind{GrowsAnonymous, GrowsShared, GrowsFiles, GrowsKernel, GrowsBeside},
	[]Verdict{"", Flat, Creeping, Warming, Inconclusive},
	[]MissingKind{FewRequests, FewReadings, Uneven, Slowing, Quickening, Wide, Returned, TooBrief, Unrested, GrowsAlone},
	[]LogDoubt{LogTwice, LogPerhapsTwice, LogForms, LogShared},
	[]LeftOut{LeftRest, LeftSecondWorker, LeftThreads, LeftAtOnce},
	[]Basis{"", BasisGiven, BasisMeasured, BasisComputed, BasisWatched},
	[]RuleKind{"", RuleTitle, RuleChild, RuleAlone, RuleCPU, RuleServes, RuleSocket, RuleGuess},
	[]MarginalSource{"", MarginalRSS, MarginalDirty, MarginalMean, MarginalSecond},
	[]MemorySource{"", MemoryGiven, MemoryLimit, MemoryTotal},
	[]RecyclingKind{"", RecyclingNeeded, RecyclingOff, RecyclingCannot, RecyclingUseless, RecyclingByTime, RecyclingUnknown},
	[]Doubt{"", DoubtWarming, DoubtInconclusive, DoubtUncounted, DoubtUnbounded, DoubtNoCreep},
	[]LifeBound{"", LifeShown, LifeCheap, LifeDoubled},
	[]JitterBy{"", JitterTenth, JitterHalf, JitterApart},
	[]ConflictKind{ConflictFewer, ConflictDear},
	[]WithheldKind{"", WithheldPartial, WithheldWorkers, WithheldGuess, WithheldReplaced, WithheldRequests, WithheldErrors, WithheldLogin, WithheldRefused, WithheldSeconds, WithheldGrowth, WithheldBooks, WithheldOlder},
	[]RefusalKind{"", RefusalHTTPS, RefusalElsewhere, RefusalPath, RefusalLogin, RefusalLoop, RefusalHost, RefusalRequest, RefusalForbidden, RefusalMissing, RefusalMethod, RefusalUpgrade, RefusalRate, RefusalEndless, RefusalMalformed, RefusalBare, RefusalHeaders},
	[]RateBound{"", RateByCores, RateByWorkers, RateByThreads, RateByShared},
	[]SpeedDoubt{"", DoubtSteal, DoubtOthers, DoubtFew},
	[]WorkSource{WorkGroup, WorkClocks},
	[]Bound{"", BoundPrice, BoundMemory, BoundMaximum, BoundCPU},
	[]InterruptionKind{"", InterruptedByUser, InterruptedByApp, InterruptedByLoad, InterruptedByTool, InterruptedByKill, NotInterrupted},
	[]EndKind{"", EndAnswer, EndSeen, EndPrecision, EndRequests, EndDuration, EndLimit, EndMemory, EndCut, EndApp, EndKilled, EndOverLimit, EndQueue, EndRefused, EndOther},
	[]MissKind{MissTooLarge, MissTooMany, MissTooBusy, MissNotHad, MissNotStarted, MissWorkers, MissErrors, MissFew, MissMemory, MissUnreadable, MissEnded, MissLimit, MissCut, MissOther},
	[]TriageVerdict{"", TriageApp, TriageAllocator, TriageThreads, TriageUnclear},
	[]TriageKind{"", TriageGoes, TriageStays, TriageNoAllocator, TriageWide, TriageIncomparable, TriageCut, TriageNoCreep},
	[]ProofVerdict{ProofHolds, ProofOff, ProofKilled, ProofOverLimit, ProofInconclusive},
	[]ProofReason{"", ProofNotRun, ProofNear, ProofFar, ProofAboveMost, ProofKill, ProofTooMuch, ProofFailed, ProofUnbidden, ProofEarly, ProofErrors, ProofUnreadable},
	[]VirtualLimitKind{LimitAddresses, LimitPrivate, LimitCommit},
	[]LimitHolder{"", LimitByKernel, LimitByCalibrate},
)

func byType(lists ...any) map[reflect.Type][]string {
	known := map[reflect.Type][]string{}
	for _, list := range lists {
		values := reflect.ValueOf(list)
		for i := range values.Len() {
			kind := values.Type().Elem()
			known[kind] = append(known[kind], values.Index(i).String())
		}
	}
	return known
}

// unknownKind names a kind in a value, by its key in JSON, that this version doesn't know; "" if there is none.
func unknownKind(key string, v reflect.Value) string {
	return each(key, v, func(key string, v reflect.Value) string {
		if known := knownKinds[v.Type()]; v.Kind() == reflect.String && known != nil && !slices.Contains(known, v.String()) {
			return fmt.Sprintf("%s is %q", key, v.String())
		}
		return ""
	})
}

// each looks at all that is in a value, by its key in JSON, until something is said of it.
func each(key string, v reflect.Value, look func(key string, v reflect.Value) string) (said string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return each(key, v.Elem(), look)
		}
	case reflect.Slice:
		for i := 0; i < v.Len() && said == ""; i++ {
			said = each(key, v.Index(i), look)
		}
	case reflect.Struct:
		for i := 0; i < v.NumField() && said == ""; i++ {
			field := v.Type().Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" || field.Anonymous { // unlike the inside of a time
				said = each(strings.Trim(key+"."+name, "."), v.Field(i), look)
			}
		}
	default:
		return look(key, v)
	}
	return said
}
