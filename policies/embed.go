// Package policies holds the notices that come with Avow: a starter to copy, and exercises after the
// statements of real organisations.
package policies

import "embed"

// Files are the policies, one folder each.
//
//go:embed starter isodme iso-services iso-online onvif isomedia
var Files embed.FS

// Names lists them in the order they are shown.
func Names() []string {
	return []string{"starter", "isodme", "iso-services", "iso-online", "onvif", "isomedia"}
}
