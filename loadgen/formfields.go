package loadgen

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// page is what is known of an HTML page: the values that a form sends along unseen, and whether it asks for a password.
type page struct {
	fields   map[string]string // of hidden fields and meta elements, by name
	password bool
}

// maxPage is how much of a page is read.
const maxPage = 4 << 20

// readPage reads to the end, or as much as fits. Of two fields with a name, the first counts. Its error is the answer's, that
// broke off.
func readPage(r io.Reader) (page, error) {
	p := page{fields: map[string]string{}}
	in := html.NewTokenizer(r)
	in.SetMaxBuf(maxPage)
	for {
		switch in.Next() {
		case html.ErrorToken:
			if err := in.Err(); !errors.Is(err, io.EOF) && !errors.Is(err, html.ErrBufferExceeded) {
				return p, err
			}
			return p, nil
		case html.StartTagToken, html.SelfClosingTagToken:
			p.element(in.Token())
		}
	}
}

func (p *page) element(tag html.Token) {
	attr := map[string]string{}
	for _, a := range tag.Attr {
		attr[a.Key] = a.Val
	}
	kind := strings.ToLower(attr["type"])
	switch {
	case tag.Data == "input" && kind == "password":
		p.password = true
	case tag.Data == "input" && kind == "hidden":
		p.keep(attr["name"], attr["value"])
	case tag.Data == "meta":
		p.keep(attr["name"], attr["content"])
	}
}

func (p *page) keep(name, value string) {
	if _, known := p.fields[name]; !known && name != "" {
		p.fields[name] = value
	}
}
