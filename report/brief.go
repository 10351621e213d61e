package report

import (
	"slices"
	"strings"
)

// short is what a document has for one screen, and where the rest is: what is InFull is left out, and the sections of which
// something is missing are named. "" if nothing is.
func (d Document) short() (kept []Block, more string) {
	var gone []string
	section := "the verdict"
	for _, b := range d.Blocks {
		switch b := b.(type) {
		case Heading:
			section = b.Name
			kept = append(kept, b)
		case Only:
			if b.Reader != InFull {
				kept = append(kept, b)
				continue
			}
			gone = append(gone, sectionsOf(b.Blocks, section)...)
		case Facts:
			rows := slices.DeleteFunc(slices.Clone(b.Rows), func(f Fact) bool { return f.For == InFull })
			if len(rows) < len(b.Rows) {
				gone = append(gone, section)
			}
			b.Rows = rows
			kept = append(kept, b)
		default:
			kept = append(kept, b)
		}
	}
	if len(gone) == 0 {
		return kept, ""
	}
	return kept, strings.TrimSpace(d.Again+" --verbose") + " has all of " + strings.Join(slices.Compact(gone), ", ") + "; --html FILE writes it as a page with charts"
}

// sectionsOf are the headings of what is left out, or the section in which it stands.
func sectionsOf(blocks []Block, section string) (names []string) {
	for _, b := range blocks {
		if h, is := b.(Heading); is {
			names = append(names, h.Name)
		}
	}
	if len(names) == 0 {
		return []string{section}
	}
	return names
}
