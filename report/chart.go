package report

// A Chart is data to draw: no dialect's shapes or colours. Terminal and Markdown draw a Main one alone, and only its lines, so
// nothing may stand in a chart alone.
type Chart struct {
	Title  string
	Shows  string // what to see in it, in a sentence
	How    string // how to read what is drawn beside the lines
	Main   bool
	X, Y   Axis
	Series []Series
	Bands  []Band  // intervals about a series
	Guides []Guide // limits, and what happened when
	Spans  []Span  // stretches of the x axis
}

// An Axis has a name, and a unit if what it counts has one.
type Axis struct {
	Name, Unit string
	Zero       bool // it begins at 0
	Log        bool // it is logarithmic
}

// A Series is a line of points. One that is not a number parts the line.
type Series struct {
	Name   string
	Points []Point
	Mark   Mark
	Fitted bool // it is computed, not measured
}

// A Point is in the units of the axes.
type Point struct{ X, Y float64 }

// A Band lies between two lines of one length.
type Band struct {
	Name      string
	Low, High []Point
}

// A Guide is a line that stands at one value of an axis.
type Guide struct {
	Name string
	At   float64
	OnX  bool // across the x axis, else across the y axis
	Mark Mark
}

// A Span is what the x axis is from one value to another: a phase.
type Span struct {
	Name     string
	From, To float64
}

// Bars are rows of amounts that add up. Terminal and Markdown leave them out, as they do a Chart.
type Bars struct {
	Title  string
	Shows  string
	Of     string // what a row is: "workers x threads"
	X      Axis
	Parts  []string // of each row
	Rows   []Bar
	Beside string  // what stands beside a row: "serves"
	Guides []Guide // across the x axis
}

// A Bar has an amount a part, in the unit of the axis. Its interval, if it has one, is of their sum, and so is what was predicted.
type Bar struct {
	Name, Beside string
	Amounts      []float64
	Low, High    *float64
	Predicted    *float64
	Mark         Mark
}
