package calibrate

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// No list of a result is null in its JSON, wherever it stands.
func TestWholeHasEveryList(t *testing.T) {
	var r Result
	everything(reflect.ValueOf(&r).Elem())
	whole := r.Whole()
	for _, path := range nilLists(reflect.ValueOf(whole), "result") {
		t.Errorf("%s is null", path)
	}
	if r.Sweep.Runs[0].Rates != nil {
		t.Error("the result that it was made of has changed")
	}
}

// What is left out if it is empty stays out.
func TestWholeAddsNoKeys(t *testing.T) {
	text, err := json.Marshal(Result{}.Whole())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"other_threads"`, `"ports"`, `"unserved"`, `"tree"`, `"sweep"`} {
		if strings.Contains(string(text), key) {
			t.Errorf("%s is there: %s", key, text)
		}
	}
}

// everything sets each pointer, and puts one into each list of structs, so that all that a result may hold is reached.
func everything(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				everything(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		everything(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			everything(v.Index(0))
		}
	}
}

func nilLists(v reflect.Value, path string) (found []string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.IsExported() && !(strings.Contains(field.Tag.Get("json"), ",omit") && v.Field(i).IsZero()) {
				found = append(found, nilLists(v.Field(i), path+"."+field.Name)...)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			found = nilLists(v.Elem(), path)
		}
	case reflect.Slice:
		if v.IsNil() {
			return []string{path}
		}
		for i := range v.Len() {
			found = append(found, nilLists(v.Index(i), path)...)
		}
	}
	return found
}

// A figure's key ends in its unit. These have none, or are of one in whose key it stands.
func TestFiguresSayTheirUnit(t *testing.T) {
	unitless := strings.Fields("confidence tolerance precision share left_share gone gone_low gone_high times_longer cores cpus p50 p95 p99 max lost_error")
	var look func(of reflect.Type)
	look = func(of reflect.Type) {
		for i := range of.NumField() {
			field := of.Field(i)
			inner := field.Type
			for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Time]() && key != "-":
				look(inner)
			case inner.Kind() == reflect.Float64 && key != "-" && !slices.Contains(unitless, key) && !unit.MatchString(key):
				t.Errorf("%s.%s: %q has no unit", of, field.Name, key)
			}
		}
	}
	look(reflect.TypeFor[Result]())
}

var unit = regexp.MustCompile(`(^|_)(seconds|bytes|cores|ratio|per_second|per_request)$`)
