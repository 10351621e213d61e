package server

import (
	"strconv"

	"workermem/calibrate/say"
)

func itoa(n int) string                 { return strconv.Itoa(n) }
func plural(n int, thing string) string { return say.Plural(n, thing) }
func times(n int) string                { return say.Times(n) }
func sayMB(bytes int64) string          { return say.MB(bytes) }
