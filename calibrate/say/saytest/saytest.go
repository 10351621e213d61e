// Package saytest has what others may write where calibrate shows it: in a command, a path, a route, an answer, a log.
package saytest

import (
	"slices"
	"strings"

	"workermem/calibrate/say"
)

// Kind is hostile text that breaks out in one way. What it would run or ask for is called pwned, so that a test can look for that.
type Kind struct {
	Name  string
	Texts []string
}

// Hostile are the kinds. None of the texts is made of blanks alone but those of the kind "empty".
var Hostile = []Kind{
	{"markup", []string{
		`<script>fetch("/pwned")</script>`, `<img src=/pwned onerror="fetch('/pwned')">`, `<!-- `, `-->`, `</template><script>fetch("/pwned")</script>`,
		`</style>`, `</title></svg><img src=/pwned>`, `" onload="fetch('/pwned')`, `' style='`, "&lt;", `&amp;<b>`, `<![CDATA[`, `]]></testcase><testcase name="x"/>`,
		`<iframe srcdoc="<script>parent.fetch('/pwned')</script>">`, `<a href="javascript:fetch('/pwned')">`, `{{printf "%v" .}}`,
	}},
	{"Markdown", []string{
		"`", "``", "```\n# not a heading", "~~~", "[x](javascript:alert(1))", "![x](/pwned)", "[x]: /pwned", "[^1]", "***", "__x__", "~~x~~", "$x$", "1. x", "2) x", "- x", "+ x",
		"\n\n## x\n\n", "> x", "===", "---", "    code", "- [ ] x", "<https://example.com>",
	}},
	{"cells", []string{"|", `a|b||c\|d`, `\|`, "a\n|-|-|\n|b|c|"}},
	{"lines", []string{"\n", "a\nb", "a\r\nb", "a\rb\nc\td", "\v\f", "\u2028x", "\u2029x", "\u0085x: y"}},
	{"escapes", []string{"\x1b[2J\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]0;never ended", "\x1b]8;;http://x\x1b\\link", "\u009b31m", "\x7f\b\b\b", "\x1b", "cod\x1b[0ming: utf-7"}},
	{"directions", []string{"\u202eevil\u2066", "\u202edlrow", "\u200f", "\u061c"}},
	{"bytes", []string{"\xff\xfe", "a\x00b", "\x00\x01", "\ufffe", "\ufeffx", "\xed\xa0\x80"}},
	{"quotes", []string{
		`'`, `"`, `'''`, `"""`, "`touch pwned`", `$(touch pwned)`, `'; touch pwned; '`, `"; touch pwned; "`, `\'; touch pwned; \'`, "\n'; touch pwned; '", "\x1b\\'; touch pwned; '",
		`\`, `at the end \`, `back\slash`, `$'\n'`, "a; touch pwned", "a && touch pwned", "a | touch pwned", "> pwned", "& touch pwned", "$HOME", "*", "?", "~root", "{a,b}", "{1..3}",
		"!!", "# x", "=pwned", "a b", "#{`touch pwned`}", "%x(touch pwned)", "%(x)s", "%n", "$(env)", "@(exec://touch pwned)", "%{x}", "<<EOF",
	}},
	{"workflows", []string{
		"${{ github.token }}", "%0A::error::x", "x\r\n::error title=pwned::y", "::set-output name=a::b", "::stop-commands::x", strings.Repeat("x ", 200) + "::error::x", "##[error]x",
		"##vso[task.setvariable variable=x]y", "a,title=b:c", "@someone", "%25",
	}},
	{"formulas", []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", " =1", `"=1`, "a;=1", "a\n=1", "＝1", `=HYPERLINK("http://x";"y")`, "a,b\"c\nd", "=cmd|' /C calc'!A0",
	}},
	{"settings", []string{
		"x\nuser = root", "x\nworkers = 99", "key: value", "[uwsgi]", "x\n[Service]\nUser=root", "*x", "&x", "!!python/object/apply:os.system [touch pwned]", "---", "%YAML 1.1", "- x: y",
		"escape=`", "syntax=pwned/frontend", "x\nRUN touch pwned", "Include /etc/passwd", "__END__", "=begin",
	}},
	{"encodings", []string{
		"coding: utf-7", "coding=utf_7 +AAo-raise SystemExit(9)+AAo-#", "-*- coding: utf-7 -*- +AAo-raise SystemExit(9)+AAo-#", "+ADw-script+AD4-", "frozen_string_literal: true", "vim: set modeline:",
	}},
	{"benchmarks", []string{"a\nBenchmarkCalibrate 1 1 worker-B", "a/threads=9", "a=b", "\"} 1\n# EOF", "\n# EOF\n", "Unit worker-B better=higher"}},
	{"wide", []string{strings.Repeat("世界", 40), "日本語", "👩\u200d👩\u200d👧", "e\u0301", "ﷺ"}},
	{"empty", []string{"", " "}},
	{"long", []string{strings.Repeat("x", 500), strings.Repeat("ab ", 300), strings.Repeat("x", 10_000), strings.Repeat("long ", 2000), strings.Repeat("<&|", 3334), strings.Repeat("`", 10_000)}},
}

// Seen are the texts that are there on a page, each as any other: what is empty once it is clean is left out, and *** stands for a secret.
func (k Kind) Seen() []string {
	return slices.DeleteFunc(slices.Clone(k.Texts), func(text string) bool {
		return k.Name != "empty" && (strings.TrimSpace(say.Line(text)) == "" || strings.Contains(text, "***"))
	})
}

// All are the texts of all kinds.
func All() []string {
	var all []string
	for _, kind := range Hostile {
		all = slices.Concat(all, kind.Texts)
	}
	return all
}
