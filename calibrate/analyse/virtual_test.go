package analyse

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
)

// A recommendation with more threads than a limit of virtual memory has room for is doubted; the law is not.
func TestVirtualDoubts(t *testing.T) {
	const mb = 1 << 20
	stacks := calibrate.Stacks{Count: 4, EachBytes: 8 * mb}
	limit := func(kind calibrate.VirtualLimitKind, left int64) *calibrate.VirtualLimit {
		return &calibrate.VirtualLimit{Kind: kind, Bytes: 400*mb + left, UsedBytes: 400 * mb}
	}
	virtual := func(limit *calibrate.VirtualLimit) *calibrate.Virtual {
		return &calibrate.Virtual{Bytes: 300 * mb, PeakBytes: 400 * mb, ReservedBytes: 200 * mb, Stacks: stacks, Limit: limit}
	}
	for name, c := range map[string]struct {
		virtual          *calibrate.Virtual
		workers, threads int
		says             string
	}{
		"not read":              {nil, 2, 16, ""},
		"no limit":              {virtual(nil), 2, 16, ""},
		"room for them":         {virtual(limit(calibrate.LimitAddresses, 900*mb)), 2, 16, ""},
		"room if none reserves": {virtual(limit(calibrate.LimitAddresses, 100*mb)), 2, 16, "room for 4 to 12 more threads, by how many reserve an arena; the recommended worker has 12 more than"},
		"as measured":           {virtual(limit(calibrate.LimitAddresses, 100*mb)), 2, 4, ""},
		"not one more":          {virtual(limit(calibrate.LimitAddresses, 7*mb)), 2, 4, "room for 0 more threads"},
		"a container of two":    {virtual(limit(calibrate.LimitPrivate, 300*mb)), 2, 4, ""},                               // 2 x 200 - 100
		"a container of three":  {virtual(limit(calibrate.LimitPrivate, 300*mb)), 3, 4, "3 workers may need 500 MB more"}, // 3 x 200 - 100
		"more threads in it":    {virtual(limit(calibrate.LimitCommit, 300*mb)), 2, 16, "2 workers may need 492 MB more"}, // 2 x (200 + 96) - 100
		"nothing recommended":   {virtual(limit(calibrate.LimitAddresses, 7*mb)), 0, 0, ""},
	} {
		r := calibrate.Result{Target: calibrate.TargetInfo{Threads: 4}, Worker: calibrate.Worker{Virtual: c.virtual}}
		r.Recommendation.Workers, r.Recommendation.Threads = c.workers, c.threads
		all := doubts(r)
		at := slices.IndexFunc(all, func(w calibrate.Warning) bool { return w.Code == virtualShort })
		if at < 0 != (c.says == "") || at >= 0 && (!strings.Contains(all[at].Text, c.says) || all[at].Try == "") {
			t.Errorf("%s: %+v", name, all)
		}
	}
}
