package knob

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Value is a place that a text is read into and written from, as a flag's value is.
type Value interface {
	Set(text string) error
	String() string
	Type() string // the kind
}

// valueOf is a field as a place of the kind that its tag names. What a value may be, by the field's type:
//
//	size          int64    bytes: 512M, 2G, or a plain number of them
//	MB            int64    bytes, of which a plain number is MB: 209, 0.2G
//	size/request  float64  bytes a request: 16.4K/request
//	count         int, int64
//	rate          float64  a second: 50, 3000/m
//	cores         float64  2, 0.25, or thousandths of one: 250m
//	share         float64  between 0 and 1: 20%, 0.2
//	duration      float64  seconds: 60s, 5m
//	reserve       Reserve  a share, an amount, or both: 10%+512M
//	choice        string   one of the words that stand in the tag "of"
//	switch        bool
func valueOf(kind string, field any, choices string) Value {
	switch at := field.(type) {
	case *int:
		return value[int]{at, "int", Count, strconv.Itoa}
	case *int64:
		switch kind {
		case "size":
			return value[int64]{at, kind, Size, WriteSize}
		case "MB":
			return value[int64]{at, kind, megabytes, writeBytes}
		}
		return value[int64]{at, "int", count64, func(n int64) string { return strconv.FormatInt(n, 10) }}
	case *float64:
		return floats(kind, at)
	case *Reserve:
		return value[Reserve]{at, kind, reserve, Reserve.text}
	case *string:
		return value[string]{at, choices, choice(choices), func(word string) string { return word }}
	case *bool:
		return value[bool]{at, "bool", yesOrNo, strconv.FormatBool}
	}
	panic(fmt.Sprintf("a knob of kind %q in a %T", kind, field)) // a mistake in a tag, which a test finds
}

func floats(kind string, at *float64) Value {
	switch kind {
	case "rate":
		return value[float64]{at, kind, Rate, plain}
	case "cores":
		return value[float64]{at, kind, Cores, plain}
	case "share":
		return value[float64]{at, "percent", Share, percent}
	case "duration":
		return value[float64]{at, kind, Seconds, writeSeconds}
	case "size/request":
		return value[float64]{at, kind, perRequest, plain}
	}
	panic(fmt.Sprintf("a knob of kind %q in a float64", kind))
}

// value is a field with the functions that read and write it.
type value[T any] struct {
	at    *T
	kind  string
	read  func(string) (T, error)
	write func(T) string
}

func (v value[T]) Type() string   { return v.kind }
func (v value[T]) String() string { return v.write(*v.at) }
func (v value[T]) Set(text string) error {
	next, err := v.read(text)
	if err == nil {
		*v.at = next
	}
	return err
}

// nonZero is a value that can't be given as zero, which stands for none.
type nonZero struct {
	Value
	field reflect.Value
	takes string
}

// Set refuses zero, and leaves it in the field.
func (v nonZero) Set(text string) error {
	if err := v.Value.Set(text); err != nil || !v.field.IsZero() {
		return err
	}
	return malformed("give "+v.takes, "%s is not valid", text)
}

func yesOrNo(text string) (bool, error) {
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return false, malformed("write true or false", "%q is neither true nor false", text)
	}
	return yes, nil
}

func choice(choices string) func(string) (string, error) {
	words := strings.Split(choices, "|")
	last := len(words) - 1
	try := "write " + strings.Join(words[:last], ", ") + " or " + words[last]
	return func(text string) (string, error) {
		for _, word := range append(words, "") {
			if text == word {
				return word, nil
			}
		}
		return "", malformed(try, "%q is not %s or %s", text, strings.Join(words[:last], ", "), words[last])
	}
}

// text writes a reserve as it would be typed.
func (r Reserve) text() string {
	var parts []string
	if r.ReserveRatio > 0 {
		parts = append(parts, percent(r.ReserveRatio))
	}
	if r.ReserveBytes > 0 {
		parts = append(parts, WriteSize(r.ReserveBytes))
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, "+")
}

func plain(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// percent leaves out what binary fractions add: 100 x 0.07 is 7.000000000000001.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'g', 12, 64) + "%" }

func writeSeconds(seconds float64) string {
	if seconds == 0 {
		return "0"
	}
	return Duration(seconds).String()
}

// Duration is a number of seconds as the standard library has it.
func Duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
