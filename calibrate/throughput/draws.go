package throughput

import (
	"math"
	"math/rand/v2"
)

// deck deals the numbers of a simulation by chance, and every time the same. It is shuffled anew when it is used up, so that
// their mean and their spread are soon right: one rare long request too many would be in every figure.
type deck struct {
	cards  []float64
	next   int
	random *rand.Rand
}

func newDeck(cards int, quantile func(share float64) float64, seed uint64) *deck {
	d := &deck{random: rand.New(rand.NewPCG(seed, 0)), next: cards}
	for i := range cards {
		d.cards = append(d.cards, quantile((float64(i)+0.5)/float64(cards)))
	}
	return d
}

func (d *deck) deal() float64 {
	if d.next == len(d.cards) {
		d.next = 0
		d.random.Shuffle(len(d.cards), func(i, j int) { d.cards[i], d.cards[j] = d.cards[j], d.cards[i] })
	}
	d.next++
	return d.cards[d.next-1]
}

// sizes are those of requests, of which the mean one has 1: by the measured times.
func (a App) sizes(cards int) *deck {
	last := len(a.Times) - 1
	mean := 0.0
	for i := range last {
		mean += (seconds(a.Times[i]) + seconds(a.Times[i+1])) / 2 / float64(last)
	}
	return newDeck(cards, func(share float64) float64 {
		if last < 1 || mean <= 0 {
			return 1
		}
		place := share * float64(last)
		i := min(int(place), last-1)
		low, high := seconds(a.Times[i]), seconds(a.Times[i+1])
		return (low + (place-float64(i))*(high-low)) / mean
	}, 1980)
}

// gaps between requests that come by chance, in means: exponential. Those between even ones are all 1.
func gaps(by Arrivals, cards int) *deck {
	return newDeck(cards, func(share float64) float64 {
		if by == Evenly {
			return 1
		}
		return -math.Log(1 - share)
	}, 1909)
}

// lags are the seconds by which requests come late: even ones by chance, at most by that of a timer. Without it they would be in step
// with each other for ever.
func lags(by Arrivals, cards int) *deck {
	return newDeck(cards, func(share float64) float64 {
		if by == Evenly {
			return share * timerLag
		}
		return 0
	}, 1971)
}
