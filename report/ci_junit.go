package report

import (
	"encoding/xml"
	"io"
	"strconv"
)

// JUnit's XML as GitLab, Jenkins and GitHub's actions read it: GitLab shows the class name as the suite and a failure's body,
// Jenkins the suite's name and a failure's message.
type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	junitCounts
	Suite junitSuite `xml:"testsuite"`
}

type junitCounts struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Time     string `xml:"time,attr"` // seconds
}

type junitSuite struct {
	junitCounts
	Skipped    int             `xml:"skipped,attr"`
	Properties []junitProperty `xml:"properties>property,omitempty"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Failure *junitResult `xml:"failure"`
	Error   *junitResult `xml:"error"`
	Skipped *junitResult `xml:"skipped"`
	Out     string       `xml:"system-out,omitempty"`
}

type junitResult struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Body    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, e Export) error {
	suite := junitSuite{junitCounts: junitCounts{Name: "calibrate." + plainName(e.App), Time: strconv.FormatFloat(e.Seconds, 'f', 3, 64)}}
	for _, f := range e.Setup {
		suite.Properties = append(suite.Properties, junitProperty{f.Name, plainName(f.Text)})
	}
	for _, c := range e.Cases {
		suite.add(c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(junitSuites{junitCounts: suite.junitCounts, Suite: suite}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(c Case) {
	one := junitCase{Class: s.Name, Name: plainName(c.Name)}
	result := &junitResult{string(c.Result), plainText(c.Says), plainText(c.Says)}
	s.Tests++
	switch c.Result {
	case CaseFailed:
		one.Error = result
		s.Errors++
	case CaseExceeded, CaseRegressed:
		one.Failure = result
		s.Failures++
	case CaseUnclear:
		one.Skipped = result
		s.Skipped++
	default:
		one.Out = plainText(c.Says)
	}
	s.Cases = append(s.Cases, one)
}
