package analyse

import (
	"workermem/calibrate"
	"workermem/calibrate/say"
)

// virtualShort is the code of a recommendation that a limit of virtual memory may not hold.
const virtualShort = "virtual-limit"

// virtualDoubts are about virtual memory that is limited. A thread that has no place for its stack is refused: Gunicorn's
// gthread worker ends at that, with all its requests.
func virtualDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	v, rec := r.Worker.Virtual, r.Recommendation
	if v == nil || v.Limit == nil || rec.Workers == 0 {
		return
	}
	const try = "a higher limit (ulimit -v, LimitAS=), smaller stacks (ulimit -s 512, mod_wsgi's stack-size=, Python's threading.stack_size), or MALLOC_ARENA_MAX=2"
	more := int64(max(rec.Threads, r.Target.Threads) - r.Target.Threads)
	if v.Limit.Kind == calibrate.LimitAddresses {
		least, most, known := v.MoreThreads()
		add(known && (least < more || most == 0), virtualShort, try, "%s; the recommended worker has %s more than the measured one", v.SayLimit(), say.Count(more))
		return
	}
	// What one worker spans without its reserves counts for each: some of it are files, which don't.
	each := v.PeakBytes - v.ReservedBytes + more*v.Stacks.EachBytes
	needed := int64(rec.Workers)*each - (v.Bytes - v.ReservedBytes)
	add(needed > v.Limit.Left(), virtualShort, try, "%s; %s may need %s more", v.SayLimit(), say.Plural(rec.Workers, "worker"), say.MB(needed))
}
