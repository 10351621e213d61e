package reach

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// By name, before anything is looked up: what a name resolves to is somebody else's to change.
func TestPermitted(t *testing.T) {
	allow := []string{"app.example", "192.0.2.1"}
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"app.example": true, "App.Example": true, "192.0.2.1": true,
		"": false, "localhost.": false, "x.localhost": false, "localhost.example": false, "127.1": false, "0x7f000001": false,
		"0.0.0.0": false, "::": false, "192.0.2.2": false, "sub.app.example": false, "128.0.0.1": false,
	} {
		if got := Permitted(host, allow); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

// A name is what it was found to be first, and loopback alone counts unless it was allowed by name.
func TestANameIsLookedUpOnce(t *testing.T) {
	names.found = map[string][]netip.Addr{"localhost": {netip.MustParseAddr("::1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("127.0.0.9")}}
	defer func() { names.found = nil }()
	want := Addresses{netip.MustParseAddrPort("127.0.0.9:80"), netip.MustParseAddrPort("[::1]:80")}
	if got, err := Find(t.Context(), "LocalHost", 80, nil); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := Find(t.Context(), "localhost", 80, []string{"localhost"}); err != nil || len(got) != 3 {
		t.Errorf("%v, %v", got, err)
	}
	names.found = map[string][]netip.Addr{"localhost": {netip.MustParseAddr("192.0.2.1")}}
	if got, err := Find(t.Context(), "localhost", 80, nil); err == nil {
		t.Errorf("%v is no loopback", got)
	}
}

// Who waits for a name to be looked up keeps nobody else waiting, and leaves when he is told to.
func TestLookUpEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Find(ctx, "calibrate.invalid", 80, []string{"calibrate.invalid"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Of two look-ups at once the first that is done counts for both.
func TestFirstLookUpCounts(t *testing.T) {
	defer func() { names.found = nil }()
	first, second := []netip.Addr{netip.MustParseAddr("127.0.0.1")}, []netip.Addr{netip.MustParseAddr("127.0.0.2")}
	if found("app.example", nil) != nil {
		t.Error("found before it was looked up")
	}
	found("app.example", first)
	for _, now := range [][]netip.Addr{second, nil} {
		if got := found("app.example", now); !slices.Equal(got, first) {
			t.Errorf("%v", got)
		}
	}
}

// An address of another machine from which nothing comes isn't waited for as long as the load would wait. This machine's is: its
// queue is full.
func TestPatience(t *testing.T) {
	here, there := netip.MustParseAddrPort("127.0.0.1:80"), netip.MustParseAddrPort("192.0.2.1:80")
	for _, tc := range []struct {
		all        Addresses
		most, want time.Duration
	}{
		{Addresses{there, here}, time.Minute, silentTimeout},
		{Addresses{there, here}, 0, silentTimeout},
		{Addresses{there, here}, time.Second, time.Second},
		{Addresses{there}, time.Minute, time.Minute},
		{Addresses{there}, 0, 0},
		{Addresses{here, there}, time.Minute, time.Minute},
	} {
		if got := tc.all.patience(0, tc.most); got != tc.want {
			t.Errorf("%v, at most %v: %v, want %v", tc.all, tc.most, got, tc.want)
		}
	}
}

// An app may be at the second of two addresses; where both answer, it is the first, every time.
func TestDialTakesTheFirstThatAnswers(t *testing.T) {
	second, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	at := netip.MustParseAddrPort(second.Addr().String())
	both := Addresses{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at.Port()), at}
	reached := func() string {
		conn, err := both.Dial(t.Context(), net.Dialer{})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.RemoteAddr().String()
	}
	if got := reached(); got != at.String() {
		t.Errorf("reached %s", got)
	}
	first, err := net.Listen("tcp", both[0].String())
	if err != nil {
		t.Skip("somebody has that port")
	}
	defer first.Close()
	for range 3 {
		if got := reached(); got != both[0].String() {
			t.Errorf("reached %s", got)
		}
	}
}
