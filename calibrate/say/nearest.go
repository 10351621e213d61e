package say

import (
	"slices"
	"strings"
)

// Nearest is the name that the fewest changed letters lead to. A beginning is nearer than any other.
func Nearest(word string, names []string) string {
	const longest = 100 // no name is as long, and what is longer is like none
	word = word[:min(len(word), longest)]
	distance := func(name string) int {
		if word != "" && strings.HasPrefix(name, word) {
			return 0
		}
		return 1 + editDistance(word, name)
	}
	return slices.MinFunc(names, func(a, b string) int { return distance(a) - distance(b) })
}

// editDistance counts the letters to insert, leave out or change (Levenshtein, row by row).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
