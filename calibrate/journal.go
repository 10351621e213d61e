package calibrate

import (
	"encoding/json"
	"time"
)

// Of a phase that has lasted for n times tenMinutes one reading of n is kept as a sample: in a series that is twice as long half as
// many a second say as much. One in two seconds is the least, so that workers which are recycled have a series of their own.
const (
	tenMinutes = int(10 * time.Minute / SampleInterval)
	sparsest   = int(2 * time.Second / SampleInterval)
)

// KeptOf says of how many readings of a phase one is kept, once it has had so many.
func KeptOf(readings int) int { return min(max(readings/tenMinutes, 1), sparsest) }

// JournalBytes is what a run of one phase of some length writes to its journals: its samples and a bucket a second, each a line of
// JSON. The lines measured are those of a long run with large numbers, so it is rather too much. The app's log is not
// in it: nobody knows that beforehand.
func JournalBytes(d time.Duration) int64 {
	sample := Sample{Seconds: 3600.123456789, Phase: PhaseCapacity, Generation: 10, PID: 4_000_000, Workers: 1,
		RSS: 10 << 30, Anon: 10 << 30, Requests: 10_000_000}
	bucket := Bucket{Seconds: 3600.123456789, Phase: PhaseCapacity, Requests: 10_000, Succeeded: 10_000,
		P50: 0.001195433, P99: 0.001275736}
	samples := int64(0)
	for readings := 0; readings < int(d/SampleInterval); readings += KeptOf(readings) {
		samples++
	}
	return samples*lineBytes(sample) + int64(d.Seconds())*lineBytes(bucket)
}

// lineBytes is the length of a journal's line, its newline included.
func lineBytes(v any) int64 {
	line, err := json.Marshal(v)
	if err != nil {
		return 0 // a NaN or an infinity; there are none above
	}
	return int64(len(line)) + 1
}
