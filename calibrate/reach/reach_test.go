package reach

import (
	"net"
	"net/netip"
	"slices"
	"testing"
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
	if got, err := Find("LocalHost", 80, nil); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := Find("localhost", 80, []string{"localhost"}); err != nil || len(got) != 3 {
		t.Errorf("%v, %v", got, err)
	}
	names.found = map[string][]netip.Addr{"localhost": {netip.MustParseAddr("192.0.2.1")}}
	if got, err := Find("localhost", 80, nil); err == nil {
		t.Errorf("%v is no loopback", got)
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
