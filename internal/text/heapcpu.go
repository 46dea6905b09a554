package text

import (
	"fmt"

	"github.com/stackward-go/stackward/alloc"
)

// cpuTime tells what of a program's CPU time allocation and collection take.
func cpuTime(c *alloc.HeapCPU) string {
	s := fmt.Sprintf("allocation %s, collection %s", cpuRange(c.Allocation), cpuRange(c.Collection))
	if c.Paid.Samples > 0 {
		s += fmt.Sprintf(", of that %s by goroutines that allocated", cpuShare(c.Paid))
	}
	if c.Idle.Samples > 0 {
		s += fmt.Sprintf(", %s on processors that were idle", cpuShare(c.Idle))
	}
	if c.Stacks.Samples > 0 {
		s += fmt.Sprintf(", growing stacks %s", cpuShare(c.Stacks))
	}
	s += "; by " + plural(int(c.Samples), "sample")
	if c.Recording > 0 {
		s += fmt.Sprintf(", without %s of the recording itself", count(int(c.Recording)))
	}
	return s + fmt.Sprintf(", from %s to %s", duration(c.First), duration(c.Last))
}

// few is how many samples tell no more than that a part is small.
const few = 10

// cpuShare is a part, or of few samples at most what it is.
func cpuShare(s alloc.CPUShare) string {
	if s.Samples < few {
		return fmt.Sprintf("≤%.1f%%", 100*s.High)
	}
	return fmt.Sprintf("%.1f%%", 100*s.Likely)
}

// cpuRange is cpuShare with what it is between.
func cpuRange(s alloc.CPUShare) string {
	if s.Samples < few {
		return cpuShare(s)
	}
	return fmt.Sprintf("%.1f (%.1f–%.1f)%%", 100*s.Likely, 100*s.Low, 100*s.High)
}

// cpuSites writes where CPU time goes to allocation and collection: the sites that are
// known to take some.
func (t *writer) cpuSites(r *alloc.Report) {
	const least = 0.001
	var list []*alloc.HeapCPUSite
	for _, c := range r.CPUSites {
		if c.Allocation.Samples >= few || c.Collection != nil && *c.Collection >= least {
			list = append(list, c)
		}
	}
	n := t.rows(len(list))
	if n == 0 {
		return
	}
	var rows, names, places []string
	for _, c := range list[:n] {
		collection := ""
		if c.Collection != nil {
			collection = fmt.Sprintf("%.1f%%", 100**c.Collection)
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t", cpuRange(c.Allocation), count(int(c.Allocation.Samples)), collection, cpuShare(c.Paid)))
		names = append(names, t.siteName(&alloc.HeapSite{Pos: c.Pos, Callee: c.Callee}))
		places = append(places, t.pos(c.Pos))
	}
	t.placed("allocation\tsamples\tcollection\tpaid\t", rows, names, places)
	t.more(len(r.CPUSites), n, "sites")
	t.fold("of the CPU time; in brackets what it is between in 95 of 100 cases, and of fewer than 10 samples the most that it may be; collection: the site's part of the whole collector's time, by its bytes; paid: what was done for the collector as the site allocated, which is in the whole")
}
