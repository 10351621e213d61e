package propose

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"workermem/calibrate/server/cli"
)

// The names that an app's own service has, the likeliest first.
var appServices = []string{"web", "app", "api", "backend", "server", "django", "flask", "rails"}

// compose reads Compose's file: the service that is the app's own, and what it starts.
func (d dir) compose() (f Found, ok bool) {
	name, text, ok := d.first("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
	if !ok {
		return f, false
	}
	f.File, f.Why = name, "Compose starts the app so"
	var root yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader([]byte(text))).Decode(&root); err != nil || len(root.Content) != 1 {
		f.Says, f.Note = "no YAML", "it can't be read"
		return f, true
	}
	service, body := appService(under(root.Content[0], "services"))
	if body == nil {
		f.Says, f.Note = "no service of an app", "none of its services is built here, or has a command"
		return f, true
	}
	f.Env = namesOf(under(body, "environment"))
	switch command := under(body, "command"); {
	case command == nil && under(body, "entrypoint") != nil:
		f.composed(service+": entrypoint", under(body, "entrypoint"))
	case command == nil:
		f.Says, f.Note = "service "+service, "it names no command: its image does"
	default:
		f.composed(service+": command", command)
	}
	return f, true
}

// composed is a command as Compose has it: a list, or a line that no shell sees, in which $$ is a $.
func (f *Found) composed(says string, n *yaml.Node) {
	words := textsOf(n)
	if n.Kind == yaml.ScalarNode {
		words, _ = cli.SplitWords(n.Value)
	}
	for i, word := range words {
		words[i] = strings.ReplaceAll(word, "$$", "$")
	}
	if len(words) == 0 {
		f.Says, f.Note = says, "it is empty"
		return
	}
	f.start(says, starter{words: words})
}

// appService is the service that is the app: by its name, else the first that is built here or has a command.
func appService(services *yaml.Node) (name string, body *yaml.Node) {
	if services == nil || services.Kind != yaml.MappingNode {
		return "", nil
	}
	best := len(appServices) + 1
	for i := 0; i+1 < len(services.Content); i += 2 {
		one, key := services.Content[i+1], services.Content[i].Value
		if under(one, "command") == nil && under(one, "build") == nil && under(one, "entrypoint") == nil {
			continue
		}
		at := slices.Index(appServices, key)
		if at < 0 {
			at = len(appServices)
		}
		if at < best {
			name, body, best = key, followed(one), at
		}
	}
	return name, body
}

// mostAliases is how far an alias is followed, so that one to itself comes to an end.
const mostAliases = 4

func followed(n *yaml.Node) *yaml.Node {
	for range mostAliases {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// under is the value of a key, also of one that is merged in.
func under(n *yaml.Node, key string) *yaml.Node { return underAt(n, key, mostAliases) }

func underAt(n *yaml.Node, key string, depth int) *yaml.Node {
	if n = followed(n); n == nil || n.Kind != yaml.MappingNode || depth == 0 {
		return nil
	}
	var merged *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch k := n.Content[i]; {
		case k.Value == key:
			return followed(n.Content[i+1])
		case k.Tag == "!!merge" && merged == nil:
			merged = underAt(n.Content[i+1], key, depth-1)
		}
	}
	return merged
}

// namesOf are those of variables: a mapping's keys, merged ones too, or what stands before = in a list.
func namesOf(n *yaml.Node) []string { return namesAt(n, mostAliases) }

func namesAt(n *yaml.Node, depth int) (names []string) {
	if n = followed(n); n == nil || depth == 0 {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		for _, pair := range textsOf(n) {
			name, _, _ := strings.Cut(pair, "=")
			names = append(names, name)
		}
		return names
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch key := n.Content[i]; {
		case key.Tag == "!!merge":
			names = append(names, namesAt(n.Content[i+1], depth-1)...)
		case key.Kind == yaml.ScalarNode:
			names = append(names, key.Value)
		}
	}
	return names
}

func textsOf(n *yaml.Node) (all []string) {
	for _, below := range n.Content {
		if below = followed(below); below != nil && below.Kind == yaml.ScalarNode {
			all = append(all, below.Value)
		}
	}
	return all
}
