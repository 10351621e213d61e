package loadgen

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// cookies are those of one app. They are kept as if it were asked by https, under its public name where --header gives
// one: the load stands in for the proxy, which ends TLS and passes on the cookies that are marked Secure.
type cookies struct {
	*cookiejar.Jar
	host string
	set  int
}

func newCookies(to origin, header http.Header) *cookies {
	jar, _ := cookiejar.New(nil) // its error is always nil
	c := &cookies{Jar: jar}
	for _, base := range []string{to.base, "http://" + header.Get("Host")} {
		if u, err := url.Parse(base); err == nil && u.Hostname() != "" {
			c.host = u.Hostname()
		}
	}
	return c
}

func (c *cookies) public(u *url.URL) *url.URL {
	host := c.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return &url.URL{Scheme: "https", Host: host, Path: u.Path}
}

// SetCookies keeps what an answer sets.
func (c *cookies) SetCookies(u *url.URL, list []*http.Cookie) {
	c.set += len(list)
	c.Jar.SetCookies(c.public(u), list)
}

// Cookies are those for a request.
func (c *cookies) Cookies(u *url.URL) []*http.Cookie { return c.Jar.Cookies(c.public(u)) }

var _ http.CookieJar = (*cookies)(nil)

// serve complains where none of the load's requests would have a cookie.
func (c *cookies) serve(targets Targets) error {
	const try = "the requests of --before are to log in: look at the cookies of their answers, with curl -v"
	for _, one := range targets.list {
		if c.header(one.path) != "" {
			return nil
		}
	}
	if c.set == 0 {
		return refused("no cookie was set by any answer", "", try)
	}
	return refused("cookies were set, but none for a request of the load", "they are for another domain or path, or are over already", try)
}

// header is the Cookie header for a path, "" for none.
func (c *cookies) header(path string) string {
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return ""
	}
	var pairs []string
	for _, one := range c.Cookies(u) {
		pairs = append(pairs, one.String())
	}
	return strings.Join(pairs, "; ")
}

// addTo gives every request its cookies, beside those of its own.
func (c *cookies) addTo(list []vegeta.Target, targets Targets) {
	if c == nil {
		return
	}
	for i, one := range targets.list {
		if ours := c.header(one.path); ours != "" {
			own := list[i].Header.Values("Cookie")
			list[i].Header.Set("Cookie", strings.Join(append(slices.Clone(own), ours), "; "))
		}
	}
}
