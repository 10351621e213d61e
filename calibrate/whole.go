package calibrate

import (
	"reflect"
	"strings"
)

// Whole is the result with its lists there, if empty: a reader of the JSON may walk them without asking. What is left out of
// the JSON if it is empty stays as it is.
func (r Result) Whole() Result {
	fill(reflect.ValueOf(&r).Elem())
	return r
}

// fill makes the empty lists of a value, which is to be set. What the value points at is copied first: it may be others', too.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			away := strings.Contains(field.Tag.Get("json"), ",omit") && v.Field(i).IsZero()
			if field.IsExported() && !away {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			fill(own.Elem())
			v.Set(own)
		}
	case reflect.Slice:
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			own.Index(i).Set(v.Index(i))
			fill(own.Index(i))
		}
		v.Set(own)
	}
}

func list[T any](have []T) []T {
	if have == nil {
		return []T{}
	}
	return have
}
