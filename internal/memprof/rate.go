package memprof

// Rate is how many bytes a sample of the profile stands for, runtime.MemProfileRate; 0
// where it does not say so.
func (p *Profile) Rate() int64 {
	if t := p.p.PeriodType; t == nil || t.Type != "space" || t.Unit != "bytes" {
		return 0
	}
	return p.p.Period
}
