package report

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"workermem/calibrate/say"
)

// short is a block without the ends of texts that are too long for a page. A command is shown whole or not at all: a part of one would
// do something else.
func short(b Block) Block {
	v := reflect.ValueOf(b)
	if _, is := b.(Only); is || !tooLong(v) { // its blocks come by themselves
		return b
	}
	if c, is := b.(Code); is {
		return Note{Text: c.Label + when(c.Label != "", ": ") + "too long for a page (" + say.Plural(len(c.Text), "character") + "); --json has the command."}
	}
	copied := reflect.New(v.Type()).Elem()
	copied.Set(v)
	shorten(copied)
	return copied.Interface().(Block)
}

func tooLong(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Len() > longestText
	case reflect.Struct:
		for i := range v.NumField() {
			if tooLong(v.Field(i)) {
				return true
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if tooLong(v.Index(i)) {
				return true
			}
		}
	}
	return false
}

// shorten changes a value, which is to be set; what its lists hold is copied first.
func shorten(v reflect.Value) {
	switch {
	case !v.CanSet() || !tooLong(v):
	case v.Kind() == reflect.String:
		v.SetString(shortText(v.String()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			shorten(v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		for i := range own.Len() {
			shorten(own.Index(i))
		}
		v.Set(own)
	}
}

func shortText(s string) string {
	at := longestText
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return strings.TrimRight(s[:at], " ") + " ... and " + say.Plural(len(s)-at, "character") + " more, which --json has"
}
