//go:build pin

// Package pin keeps the FerretDB command among this module's requirements.
package pin

import _ "github.com/FerretDB/FerretDB/cmd/ferretdb"
