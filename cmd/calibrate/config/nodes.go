package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"workermem/calibrate/say"
)

// entries are the keys below a node, each once; known are those that may be there, nil for any.
func (r *reader) entries(n *yaml.Node, where string, known []string) (all []entry) {
	if n.Kind != yaml.MappingNode {
		try := "write key: value below it"
		if len(known) > 0 {
			try = "its keys are " + some(known)
		}
		switch {
		case n.Kind == yaml.AliasNode: // of which is complained already
		case n.Tag == "!!null":
			r.complain(placeOf(n), "leave it out, or write keys below it", "%s is empty", where)
		default:
			r.complain(placeOf(n), try, "%s holds %s, and no keys", where, kindOf(n))
		}
		return nil
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content) && len(r.wrong) < mostWrong; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch line, again := seen[key.Value]; {
		case key.Tag == "!!merge", key.Kind == yaml.AliasNode:
		case key.Kind != yaml.ScalarNode:
			r.complain(placeOf(key), "write a word", "a key of %s is %s", where, kindOf(key))
		case again:
			r.complain(placeOf(key), "leave one out", "%s stands in line %d already", short(key.Value), line)
		case known != nil && !slices.Contains(known, key.Value):
			r.complain(placeOf(key), r.meant(key.Value, known), "%q is no key of %s", short(key.Value), where)
		default:
			all = append(all, entry{key.Value, r.at(placeOf(key)), value})
		}
		if _, again := seen[key.Value]; !again {
			seen[key.Value] = key.Line
		}
	}
	return all
}

// meant is where a key that is in the wrong place belongs, or the nearest that may be there.
func (r *reader) meant(name string, known []string) string {
	for _, k := range r.keys {
		if k.Name == name && k.Section != "" {
			return "it belongs below " + k.Section + ":"
		}
	}
	if name == keyProfiles && r.profile != "" {
		return "a profile has none"
	}
	if slices.Contains(r.topKeys(), name) {
		return "it belongs at the top, without an indent"
	}
	return "the nearest is " + nearest(name, known)
}

// mostValues is more than anybody writes of one key.
const mostValues = 1000

// values are those of a key: one, or where many may be, a list. ok is false if something is wrong with one.
func (r *reader) values(n *yaml.Node, key string, many bool) (all []Value, ok bool) {
	if len(n.Content) > mostValues { // and what is wrong with each helps nobody
		r.complain(placeOf(n), "give a file of them: targets", "%s has more than %s values", key, say.Count(mostValues))
		return nil, false
	}
	if n.Kind != yaml.SequenceNode {
		v, ok := r.one(n, key)
		if !ok {
			return nil, false
		}
		return []Value{v}, true
	}
	if !many {
		r.complain(placeOf(n), "write it once", "%s takes one value, not a list", key)
		return nil, false
	}
	ok = len(n.Content) > 0
	if !ok {
		r.complain(placeOf(n), "write one, or leave the key out", "%s has no value", key)
	}
	for _, below := range n.Content {
		v, good := r.one(below, key)
		if ok = ok && good; good {
			all = append(all, v)
		}
	}
	return all, ok
}

// one is a single value, as it is written: 2, 512M, 2027-01-31 and yes are texts for whoever reads them.
func (r *reader) one(n *yaml.Node, key string) (v Value, ok bool) {
	switch {
	case n.Kind == yaml.AliasNode:
	case n.Kind != yaml.ScalarNode:
		r.complain(placeOf(n), "write its value behind the colon", "%s takes a value, not %s", short(key), kindOf(n))
	case n.Tag == "!!null" && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0:
		r.complain(placeOf(n), `write one, "" for an empty one, or leave the key out`, "%s has no value", short(key))
	default:
		return Value{n.Value, r.at(placeOf(n))}, true
	}
	return Value{Place: r.at(placeOf(n))}, false
}

// kindOf is what a node is, in words.
func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "keys"
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return "nothing"
	}
	return "a text"
}

// some are the first of many names.
func some(names []string) string {
	const few = 6
	if len(names) > few {
		return strings.Join(names[:few], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
