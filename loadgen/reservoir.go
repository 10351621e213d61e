package loadgen

import "math/rand/v2"

// reservoir is an even sample of a stream of unknown length, in bounded memory: every target that came is as likely to be
// in it as any other (Vitter 1985, algorithm R). The seed is fixed, so that the same log gives the same load.
type reservoir struct {
	most int // targets
	kept []target
	seen int
	held int // bytes of the paths in kept
	rand *rand.Rand
}

// maxHeld is for the paths of a sample: a hundred thousand of 300 bytes.
const maxHeld = 32 << 20

func newReservoir(most int) *reservoir {
	return &reservoir{most: most, rand: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same load every time is what is wanted
}

func (r *reservoir) add(one target) {
	r.seen++
	if len(r.kept) < r.most {
		r.kept = append(r.kept, one)
	} else if i := r.rand.IntN(r.seen); i < r.most {
		r.held -= len(r.kept[i].path)
		r.kept[i] = one
	} else {
		return
	}
	for r.held += len(one.path); r.held > maxHeld && len(r.kept) > 1; {
		r.halve()
	}
}

// halve drops one half of the sample, by chance: what is left of an even sample is one.
func (r *reservoir) halve() {
	r.shuffle()
	r.most = len(r.kept) / 2
	for _, one := range r.kept[r.most:] {
		r.held -= len(one.path)
	}
	clear(r.kept[r.most:])
	r.kept = r.kept[:r.most]
}

func (r *reservoir) shuffle() {
	r.rand.Shuffle(len(r.kept), func(i, j int) { r.kept[i], r.kept[j] = r.kept[j], r.kept[i] })
}

// mixed is the sample in an order of chance, but for the most frequent request, which comes first. A phase of load may
// send a few hundred requests, and in the log's order those would be the night's.
func (r *reservoir) mixed() []target {
	r.shuffle()
	times := map[string]int{}
	best := 0
	for i, one := range r.kept {
		request := one.method + " " + one.path
		times[request]++
		if top := r.kept[best]; times[request] > times[top.method+" "+top.path] {
			best = i
		}
	}
	if len(r.kept) > 0 {
		r.kept[0], r.kept[best] = r.kept[best], r.kept[0]
	}
	return r.kept
}
