package gocmd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// overlayFile is the format of -overlay (go help build).
type overlayFile struct {
	Replace map[string]string
}

// ReadOverlay reads the user's -overlay file: which file stands for which,
// both absolute; nil for "".
func ReadOverlay(file string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading overlay: %w", err)
	}
	var o overlayFile
	if err := json.Unmarshal(data, &o); err != nil {
		return nil, fmt.Errorf("reading overlay %s: %w", file, err)
	}
	out := make(map[string]string, len(o.Replace))
	for from, to := range o.Replace {
		if from, err = filepath.Abs(from); err != nil {
			return nil, err
		}
		if to != "" {
			if to, err = filepath.Abs(to); err != nil {
				return nil, err
			}
		}
		out[from] = to
	}
	return out, nil
}

// OverlayFile is the user's overlay wherever it comes from: Config.Overlay, an
// -overlay in BuildFlags or one in GOFLAGS; "" if there is none. A command line
// with another -overlay drops it, so that one must have it merged.
func (c *Config) OverlayFile(ctx context.Context) (string, error) {
	file, _, err := c.inForce(ctx, "overlay")
	if err != nil {
		return "", err
	}
	if file != "" && !filepath.IsAbs(file) {
		file = filepath.Join(c.Dir, file)
	}
	return file, nil
}

// MergeOverlay writes to file the user's overlay, the one in the file named user
// if any, with replace added. Both replacing one file is refused with
// [ErrConflict]: only one of them could win.
func MergeOverlay(file, user string, replace map[string]string) error {
	merged, err := ReadOverlay(user)
	if err != nil {
		return err
	}
	if merged == nil {
		merged = make(map[string]string)
	}
	for _, from := range slices.Sorted(maps.Keys(replace)) {
		if _, ok := merged[from]; ok {
			return &Error{
				Msg:       fmt.Sprintf("overlay %s replaces %s, which stackward has to replace", user, from),
				Hint:      "leave that file out of the overlay",
				situation: ErrConflict,
			}
		}
		merged[from] = replace[from]
	}
	data, err := json.Marshal(overlayFile{merged})
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return fmt.Errorf("writing overlay: %w", err)
	}
	return nil
}
