package workers

import (
	"maps"
	"slices"
	"testing"

	"workermem/calibrate/linux"
)

// What descends from a worker is below the nearest one; what is beside the workers is below none, also where parents form a ring.
func TestBelow(t *testing.T) {
	tree := []linux.Process{{PID: 10, Parent: 1}, {PID: 11, Parent: 10}, {PID: 12, Parent: 11}, {PID: 13, Parent: 12}, {PID: 14, Parent: 10}, {PID: 20, Parent: 21}, {PID: 21, Parent: 20}}
	got := below([]linux.Process{tree[1], tree[2]}, tree)
	if want := map[int][]int{11: nil, 12: {13}}; !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A thousand processes beside the worker are passed over at each look, ten times a second.
func BenchmarkBelow(b *testing.B) {
	tree := []linux.Process{{PID: 10, Parent: 1}}
	for i := range 1000 {
		tree = append(tree, linux.Process{PID: 11 + i, Parent: 10})
	}
	for b.Loop() {
		below(tree[1:2], tree)
	}
}
