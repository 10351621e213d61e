package config

import "encoding/json"

// Schema is the JSON Schema (draft 2020-12) of the file, by which editors complete keys and tell what they are. It is less strict
// than [Parse]: what a value may be is the option's to say.
func Schema(keys []Key) ([]byte, error) {
	value := object{"type": []string{"string", "number", "boolean"}}
	layer := object{
		keyCommand: help(many("string"), "what starts the app: a line, or a list of words"),
		keySetup:   object{"type": "string", "description": "a line for a shell: what a fresh checkout needs"},
		keyEnv:     object{"type": "object", "additionalProperties": value, "description": "what is added to the app's environment"},
	}
	check := object{
		keyLimits:   help(many("string"), "what a run must meet, such as worker <= 150MB"),
		keyBaseline: object{"type": "string", "description": "the baseline's file"},
		keyIgnore: object{"type": "array", "description": "metrics that fail nothing for a while", "items": required(closed(object{
			"metric": object{"type": "string"}, "reason": object{"type": "string"}, "until": object{"type": "string", "format": "date"},
		}), "metric", "reason", "until")},
	}
	layer[keyCheck] = closed(check)
	sections := map[string]object{keyCheck: check}
	for _, k := range keys {
		at := layer
		if k.Refused != "" {
			continue
		}
		if k.Section != "" {
			if at = sections[k.Section]; at == nil {
				at = object{}
				sections[k.Section], layer[k.Section] = at, closed(at)
			}
		}
		at[k.Name] = help(k.schema(), k.Help)
	}
	top := object{
		keySchema:   object{"type": "string"},
		keyProfiles: object{"type": "object", "additionalProperties": closed(layer), "description": "names, each with keys that are laid over the rest"},
	}
	for name, of := range layer {
		top[name] = of
	}
	whole := closed(top)
	whole["$schema"], whole["title"] = "https://json-schema.org/draft/2020-12/schema", Name
	return json.MarshalIndent(whole, "", "  ")
}

type object = map[string]any

func (k Key) schema() object {
	switch {
	case k.Switch:
		return object{"type": "boolean"}
	case k.Many:
		return many("string", "number")
	}
	return object{"type": []string{"string", "number"}}
}

// many is one value, or a list of them.
func many(types ...string) object {
	one := object{"type": types}
	return object{"anyOf": []object{one, {"type": "array", "items": one}}}
}

func help(of object, text string) object {
	of["description"] = text
	return of
}

func closed(properties object) object {
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

func required(of object, names ...string) object {
	of["required"] = names
	return of
}
