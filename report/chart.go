package report

// A Chart is data to draw: no dialect's shapes or colours. Terminal and Markdown leave it out, so nothing may stand in a
// chart alone.
type Chart struct {
	Title  string
	Shows  string // what to see in it, in a sentence
	X, Y   Axis
	Series []Series
	Bands  []Band  // intervals about a series
	Guides []Guide // limits, and what happened when
}

// An Axis has a name, and a unit if what it counts has one.
type Axis struct{ Name, Unit string }

// A Series is a line of points, or points alone.
type Series struct {
	Name   string
	Points []Point
	Mark   Mark
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
