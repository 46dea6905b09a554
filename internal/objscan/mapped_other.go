//go:build !unix

package objscan

import "os"

// mapped calls f with the contents of a file, which are only valid during the
// call.
func mapped(name string, f func([]byte) error) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return f(data)
}
