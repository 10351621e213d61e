package workers

import (
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate/linux"
)

// Who serves, by what was seen: how many looks met a process alone with a client's connection, who is connected with whom, and
// who listens where.
func TestServers(t *testing.T) {
	p := func(pid, parent int, cpu int64, title string) linux.Process {
		return linux.Process{PID: pid, Parent: parent, Start: 1, CPU: cpu, Args: strings.Split(title, " ")}
	}
	who := func(pid int) linux.Identity { return linux.Identity{PID: pid, Start: 1} }
	accepts := func(from, to int) link { return link{who(from), who(to), true} }
	pair := func(a, b int) []link { return []link{{who(a), who(b), false}, {who(b), who(a), false}} }
	for name, c := range map[string]struct {
		tree   []linux.Process
		alone  map[int]int
		links  []link
		listen map[int][]int
		inner  []int
		want   []int
		behind bool
	}{
		"a server and sleepers":       {[]linux.Process{p(1, 0, 90, "app"), p(2, 1, 0, "app"), p(3, 1, 0, "app")}, map[int]int{1: 6}, nil, map[int][]int{1: {80}, 2: {80}, 3: {80}}, nil, []int{1}, false},
		"below a shell":               {[]linux.Process{p(1, 0, 0, "sh"), p(2, 1, 90, "app"), p(3, 2, 0, "helper")}, map[int]int{2: 6}, nil, nil, nil, []int{2}, false},
		"a pool that does the work":   {[]linux.Process{p(1, 0, 9, "app"), p(2, 1, 90, "app"), p(3, 1, 90, "app")}, map[int]int{1: 6}, pair(1, 2), nil, nil, []int{1}, false},
		"Node's primary hands down":   {[]linux.Process{p(1, 0, 30, "node"), p(2, 1, 60, "node"), p(3, 1, 60, "node")}, map[int]int{1: 3, 2: 6, 3: 5}, pair(1, 2), nil, nil, []int{2, 3}, false},
		"forks for each connection":   {[]linux.Process{p(1, 0, 30, "app"), p(2, 1, 1, "app")}, map[int]int{1: 9, 2: 2}, nil, nil, nil, []int{1}, false},
		"nginx before an app":         {[]linux.Process{p(1, 0, 0, "sh"), p(2, 1, 60, "nginx: worker process"), p(3, 1, 40, "app")}, map[int]int{2: 6}, []link{accepts(2, 3)}, nil, nil, []int{3}, true},
		"a front and its back":        {[]linux.Process{p(1, 0, 0, "app"), p(2, 1, 30, "app"), p(3, 1, 60, "app")}, map[int]int{2: 6}, pair(2, 3), nil, nil, []int{3}, true},
		"an app and its redis":        {[]linux.Process{p(1, 0, 0, "sh"), p(2, 1, 30, "app"), p(3, 1, 60, "redis-server *:6379")}, map[int]int{2: 6}, []link{accepts(2, 3)}, nil, nil, []int{2}, false},
		"Sanic and its manager":       {[]linux.Process{p(1, 0, 9, "sanic"), p(2, 1, 9, "manager"), p(3, 1, 60, "server")}, map[int]int{3: 6}, []link{accepts(3, 2), accepts(1, 2)}, nil, nil, []int{3}, false},
		"uWSGI's router does more":    {[]linux.Process{p(1, 0, 1, "uwsgi"), p(2, 1, 9, "uwsgi"), p(3, 1, 9, "uwsgi"), p(4, 1, 80, "uwsgi")}, map[int]int{4: 6}, nil, map[int][]int{1: {80, 81}, 2: {81}, 3: {81}, 4: {80}}, nil, []int{2, 3}, true},
		"HAProxy, short connections":  {[]linux.Process{p(1, 0, 0, "sh"), p(2, 1, 30, "haproxy"), p(3, 1, 60, "app")}, map[int]int{2: 6}, nil, map[int][]int{2: {80}, 3: {81}}, []int{81}, []int{3}, true},
		"nginx before Apache and php": {[]linux.Process{p(2, 1, 20, "nginx: worker"), p(3, 1, 30, "apache2"), p(4, 1, 60, "fpm")}, map[int]int{2: 6}, []link{accepts(2, 3), accepts(3, 4)}, nil, nil, []int{4}, true},
		"nobody was seen":             {[]linux.Process{p(1, 0, 90, "app"), p(2, 1, 90, "app")}, nil, nil, nil, nil, nil, false},
	} {
		s := newServing(linux.Here)
		s.looks, s.first = 20, time.Now().Add(-time.Minute)
		for pid, n := range c.alone {
			s.seen[who(pid)] = &sighting{alone: n}
		}
		for _, l := range c.links {
			s.links[l] = true
		}
		for pid, ports := range c.listen {
			s.listen[who(pid)] = ports
		}
		for _, port := range c.inner {
			s.inner[port] = true
		}
		got, behind := s.servers(c.tree)
		if !slices.Equal(PIDs(got), c.want) && len(got)+len(c.want) > 0 || behind != c.behind {
			t.Errorf("%s: %v, behind a front %v; want %v, %v", name, PIDs(got), behind, c.want, c.behind)
		}
	}
}

// What was seen of a process that has ended is its parent's.
func TestServingCreditsParents(t *testing.T) {
	s := newServing(linux.Here)
	parent, child := linux.Identity{PID: 1, Start: 1}, linux.Identity{PID: 2, Start: 5}
	s.seen[child] = &sighting{alone: 3, parent: 1}
	s.creditParents([]linux.Process{{PID: 1, Start: 1}})
	if s.seen[child] != nil || s.seen[parent] == nil || s.seen[parent].alone != 3 {
		t.Errorf("%+v", s.seen)
	}
}
