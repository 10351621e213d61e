package throughput

// event is something that happens to a request at a time.
type event struct {
	at float64
	id int32
}

// events gives the earliest first; of those at the same time the one of the lower number. It is a heap.
type events []event

func (e event) before(other event) bool {
	return e.at < other.at || e.at == other.at && e.id < other.id
}

func (e *events) add(at float64, id int32) {
	h := append(*e, event{at, id})
	i := len(h) - 1
	for i > 0 {
		above := (i - 1) / 2
		if !h[i].before(h[above]) {
			break
		}
		h[i], h[above] = h[above], h[i]
		i = above
	}
	*e = h
}

func (e *events) take() int32 {
	h := *e
	first, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	i := 0
	for {
		least := i
		for below := 2*i + 1; below <= 2*i+2 && below < last; below++ {
			if h[below].before(h[least]) {
				least = below
			}
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	*e = h
	return first.id
}

// line is who waits, first come, first served.
type line struct {
	ids  []int32
	from int
}

func (l *line) add(id int32) { l.ids = append(l.ids, id) }

func (l *line) len() int { return len(l.ids) - l.from }

func (l *line) take() int32 {
	id := l.ids[l.from]
	l.from++
	if l.from == len(l.ids) {
		l.ids, l.from = l.ids[:0], 0
	}
	return id
}
