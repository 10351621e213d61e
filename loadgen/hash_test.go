package loadgen

import (
	"net/http"
	"testing"
)

// What is asked for makes the hash, and neither who asks nor of which host.
func TestHash(t *testing.T) {
	one := func(method, path, token, body string) string {
		targets, err := OnePath(method, path, http.Header{"Authorization": {token}}, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return targets.Hash()
	}
	home := one("GET", "/", "monday", "")
	if home == "" || home != one("GET", "/", "tuesday", "") {
		t.Error("a token makes other requests of the same")
	}
	for _, other := range []string{one("POST", "/", "monday", ""), one("GET", "/?page=2", "monday", ""), one("GET", "/", "monday", "{}")} {
		if other == home {
			t.Error("other requests have the same hash")
		}
	}
}
