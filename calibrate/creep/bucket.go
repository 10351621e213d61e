package creep

// All of these were found by the bench (100 requests a second over 60 s). Power is the share of the leaks of 5 KB a
// request that are found: 82 % with these values.
const (
	// warmUpShare is the share of the requests that is dropped from the front. If none is dropped, power is 67 %; if 0.35
	// are, there are three times as many false alarms.
	warmUpShare = 0.2

	// envelope is the quantile that stands for a bucket: it lies below spikes and the teeth of a garbage collector. With
	// the median, power is 77 %.
	envelope = 0.1

	bucketsMost  = 30 // 15 to 60 do about as well
	bucketsLeast = 12 // fewer can't carry a slope, a curve and their uncertainty
	readingsEach = 3  // in a bucket, at least
)

// buckets is the lower envelope of a series: when a share u of the requests was done, memory stood at y bytes.
type buckets struct {
	u, y   []float64
	level  []float64 // the medians, bytes
	length float64   // requests or seconds that u = 1 stands for
}

// envelopeOf puts the settled end of a series into buckets of equally many readings, or reports false if there are too
// few of them.
//
// A bucket's quantile is taken after the trend within the bucket is taken out, else a steep creep would turn it into
// the bucket's left edge. It makes a straight line come out exactly as it went in.
func envelopeOf(series, settled []Point) (buckets, bool) {
	_, length := span(series)
	m := bucketCount(settled)
	if m == 0 {
		return buckets{}, false
	}
	b := buckets{length: length}
	part := func(k int) []Point { return settled[k*len(settled)/m : (k+1)*len(settled)/m] }
	scratch := make([]float64, 0, len(settled)/m+1)
	for k := range m {
		b.u = append(b.u, (middle(part(k))-series[0].Requests)/length)
		b.level = append(b.level, level(part(k), scratch, 0.5, 0))
	}
	trend := theilSen(b.u, b.level) / length
	for k := range m {
		b.y = append(b.y, level(part(k), scratch, envelope, trend))
	}
	return b, distinct(b.u) >= bucketsLeast
}

// bucketCount is the number of buckets for so many readings, or 0 if they are too few.
func bucketCount(settled []Point) int {
	m := min(bucketsMost, len(settled)/readingsEach)
	if m < bucketsLeast {
		return 0
	}
	return m
}

// distinct counts the different values in a rising row.
func distinct(u []float64) int {
	n := 1
	for i := 1; i < len(u); i++ {
		if u[i] > u[i-1] {
			n++
		}
	}
	return n
}

// middle is the median request count of a bucket.
func middle(part []Point) float64 {
	n := len(part)
	return (part[(n-1)/2].Requests + part[n/2].Requests) / 2
}

// level is the q-quantile of a bucket's bytes as they would be at its middle, under a trend in bytes a request.
func level(part []Point, scratch []float64, q, trend float64) float64 {
	at := middle(part)
	scratch = scratch[:0]
	for _, p := range part {
		scratch = append(scratch, p.Bytes-trend*(p.Requests-at))
	}
	return quantile(scratch, q)
}
