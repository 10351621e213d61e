package calibrate

import (
	"strings"
	"testing"
)

func TestSayUnexplained(t *testing.T) {
	const charged = 100 * MiB
	for want, b := range map[string]Balance{
		"20 MB of the 100 MB that the kernel charges is found with no process": {ReadBytes: charged, LeftBytes: 20 * MiB},
		"have 20 MB more than the kernel charges":                              {ReadBytes: charged, LeftBytes: -20 * MiB},
		"charges up to 100 MB, and the formula has 60 MB":                      {ReadBytes: charged, LeftBytes: -20 * MiB, PeakBytes: charged, LawBytes: 60 * MiB},
	} {
		b.Workers, b.Threads = 2, 4
		if what, try := b.SayUnexplained(); !strings.Contains(what, want) || !strings.Contains(what, "2 workers") || try == "" {
			t.Errorf("%s; try: %s; want %q", what, try, want)
		}
	}
}
