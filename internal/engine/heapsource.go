package engine

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/recording"
)

// noteSource notes the files that a report names places of and that have been written
// since it was recorded: the lines are those of the program that ran. A file that is
// not there is of a program built elsewhere.
func noteSource(r *alloc.Report, rec *recording.File) {
	if rec == nil || rec.Header.Base() == "" || rec.Header.Time.IsZero() {
		return
	}
	seen := make(map[string]bool)
	note := func(file string) {
		if seen[file] || file == "" {
			return
		}
		seen[file] = true
		full := filepath.FromSlash(file)
		if !filepath.IsAbs(full) {
			full = filepath.Join(rec.Header.Base(), full)
		}
		if info, err := os.Stat(full); err == nil && info.ModTime().After(rec.Header.Time) {
			r.Heap.SourceChanged = append(r.Heap.SourceChanged, file)
		}
	}
	for _, s := range r.HeapSites {
		note(s.File)
	}
	for _, s := range r.SiteEstimates {
		note(s.File)
	}
	slices.Sort(r.Heap.SourceChanged)
}
