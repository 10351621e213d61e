package known

import (
	"strings"
	"testing"
)

func TestVersionReaches(t *testing.T) {
	for version, want := range map[string]bool{"25.1.0": true, "25.1": true, "27.0.1": true, "25.0.3": false, "20.1.0": false, "": false, "x": false} {
		if VersionReaches(version, "25.1") != want {
			t.Errorf("%s: %v", version, !want)
		}
	}
}

// Whatever a program prints is foreign: a number is taken of it, or nothing.
func TestPlainVersion(t *testing.T) {
	for said, want := range map[string]string{
		"27.0.1": "27.0.1", "3": "3", "1.2.3.4.5": "1.2.3.4.5", "123456.1": "123456.1",
		"2.0.21-debian": "2.0.21", "8.1.2-1ubuntu2.14": "8.1.2", "22.0.0rc1": "22.0.0", "3.0.2.post1": "3.0.2", "1.0+local": "1.0",
		"-1..2": "", "1..2": "", "1.": "", ".1": "", "1-": "", "1.2.3.4.5.6": "", "1234567": "", "1.1234567": "", "x": "",
		"21.2.0\xff<script>": "", "21.2.0 x": "", "21.2.0\n": "", "21.2.0-\xff": "", "٣.١": "",
		strings.Repeat("7", 70): "", "1.0-" + strings.Repeat("a", 70): "",
	} {
		got, doubt := PlainVersion(said)
		if got != want || (doubt == "") != (want != "") {
			t.Errorf("%q: %q, doubt %q, want %q", said, got, doubt, want)
		}
	}
}

func FuzzPlainVersion(f *testing.F) {
	f.Add("2.0.21-debian")
	f.Fuzz(func(t *testing.T, said string) {
		if got, _ := PlainVersion(said); strings.Trim(got, "0123456789.") != "" || len(got) > 5*6+4 {
			t.Errorf("%q of %q", got, said)
		}
	})
}
