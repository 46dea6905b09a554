package whatif

// TracerBytes is what the recorder itself has in the heap, which Objects leaves out for a
// program that is not traced.
func (h *History) TracerBytes() (bytes int64) {
	if h.tracer.Bytes() == 0 {
		return 0
	}
	for b := range h.births() {
		if b.object.kind&ofTracer != 0 {
			bytes += h.kinds[b.object.kind&kindMask].bytes
		}
	}
	return bytes
}
