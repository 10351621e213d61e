package calibrate

import _ "embed" // the schemas

// The JSON Schemas (draft 2020-12) of result.json and of a baseline. They are made from the types, with the comments on these as
// descriptions: TestSchemas holds them, and make golden writes them. Keys join within a schema number, so they take keys that they
// don't name, and require only what no version has left out.
var (
	//go:embed schema/result.json
	ResultJSONSchema string
	//go:embed schema/baseline.json
	BaselineJSONSchema string
)
