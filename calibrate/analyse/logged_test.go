package analyse

import (
	"slices"
	"testing"

	"workermem/calibrate"
)

func TestLogDoubts(t *testing.T) {
	pairs := calibrate.LogSeen{Lines: 4000, FirstForm: 2001, SecondForm: 1999, FormsApart: 6, Pathed: 4000, PathsApart: 4, OwnWriters: 4, WritersKnown: true}
	change := func(c func(l *calibrate.LogSeen)) calibrate.LogSeen {
		l := pairs
		c(&l)
		return l
	}
	one := calibrate.LogSeen{Lines: 4000, FirstForm: 3990, SecondForm: 10, FormsApart: 3980, Pathed: 4000, PathsApart: 3980, OwnWriters: 4, WritersKnown: true}
	for name, c := range map[string]struct {
		log  calibrate.LogSeen
		want []calibrate.LogDoubt
	}{
		"a line a request":          {one, nil},
		"a proxy's log":             {calibrate.LogSeen{Lines: 4000, FirstForm: 4000, OtherServers: 1}, nil},
		"two lines a request":       {pairs, []calibrate.LogDoubt{calibrate.LogTwice}},
		"too few to tell":           {change(func(l *calibrate.LogSeen) { l.Lines, l.FirstForm, l.SecondForm = 100, 50, 50 }), nil},
		"by a proxy, too":           {change(func(l *calibrate.LogSeen) { l.OtherServers = 1 }), []calibrate.LogDoubt{calibrate.LogShared, calibrate.LogPerhapsTwice}},
		"writers not known":         {change(func(l *calibrate.LogSeen) { l.WritersKnown = false }), []calibrate.LogDoubt{calibrate.LogPerhapsTwice}},
		"no paths":                  {change(func(l *calibrate.LogSeen) { l.Pathed = 2000 }), []calibrate.LogDoubt{calibrate.LogPerhapsTwice}},
		"other paths":               {change(func(l *calibrate.LogSeen) { l.PathsApart = 900 }), []calibrate.LogDoubt{calibrate.LogPerhapsTwice}},
		"two kinds that stray":      {change(func(l *calibrate.LogSeen) { l.FormsApart = 40 }), []calibrate.LogDoubt{calibrate.LogForms}},
		"every line twice":          {calibrate.LogSeen{Lines: 4000, FirstForm: 4000, Twins: 3900}, []calibrate.LogDoubt{calibrate.LogTwice}},
		"some lines twice":          {calibrate.LogSeen{Lines: 4000, FirstForm: 4000, Twins: 2000}, nil},
		"one and its own messages":  {calibrate.LogSeen{Lines: 4000, FirstForm: 3000, SecondForm: 900, FormsApart: 2100}, []calibrate.LogDoubt{calibrate.LogForms}},
		"two a connection":          {calibrate.LogSeen{Lines: 4000, FirstForm: 4000, LinesBefore: 20, Connections: 1991, ConnectionsApart: 5}, []calibrate.LogDoubt{calibrate.LogPerhapsTwice}},
		"kept alive":                {calibrate.LogSeen{Lines: 4000, FirstForm: 4000, Connections: 1900, ConnectionsApart: 200}, nil},
		"two servers, one form":     {calibrate.LogSeen{Lines: 4000, FirstForm: 4000, OwnWriters: 4, OtherServers: 1}, []calibrate.LogDoubt{calibrate.LogShared}},
		"two others, none its own":  {calibrate.LogSeen{Lines: 4000, FirstForm: 4000, OtherServers: 2}, []calibrate.LogDoubt{calibrate.LogShared}},
		"halved only where certain": {change(func(l *calibrate.LogSeen) { l.FormsApart = 18 }), []calibrate.LogDoubt{calibrate.LogForms}},
	} {
		if got := LogDoubts(c.log); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		samples := []calibrate.Sample{{Requests: 4000}}
		if got, halved := Requested(samples, &c.log)[0].Requests, slices.Contains(c.want, calibrate.LogTwice); halved != (got == 2000) || samples[0].Requests != 4000 {
			t.Errorf("%s: %d requests", name, got)
		}
	}
}
