package engine

import "math"

// What a place allocates is known by how often it was sampled. Each object is sampled by
// itself, the larger the likelier, so that small ones that are far fewer bytes than the
// rate make a Poisson count, each of whose samples stands for about the rate in bytes,
// whatever their size; an object far above the rate is sampled for sure. The bounds are
// those of a weighted sum of Poisson counts by the gamma distribution (Fay and Feuer,
// Statistics in Medicine 16, 1997), which for equal weights are Garwood's exact ones.
//
// Three things are added to that. A place is shown because it was sampled, so that one of
// its samples says nothing of how much it allocates. It may allocate in sizes of which it
// has no sample. And a profile that ends before the recording, or begins before it, says
// nothing of what a place did after that, and not which samples are of before.

// z95 is of the normal distribution, and unseen how many samples are to be expected for none
// to be there in less than 2.5 of 100 cases: both bounds leave out 5.
const z95 = 1.96

var unseen = -math.Log(0.025)

// rounding is what a profile's whole numbers make, of those that are nearly exact.
const rounding = 0.001

// A siteRange sums up what the samples say of one place.
type siteRange struct {
	low, lowSquare, lowStep    float64 // bytes, variance, the most of one sample
	high, highSquare, highStep float64
	own                        float64 // bytes that were sampled themselves
	most                       float64 // bytes of all slots of the sizes that it has
	after                      float64 // of them, those that came after the profile's end
	alone                      float64 // bytes that are the place's for sure
}

// add takes in a size. What is older may all be this place's, or none of it.
func (r *siteRange) add(x *siteTally, c *dealtSize, older bool) {
	scale := c.covered.bytes / c.sampled.bytes
	low, high, kept := scale, scale, 1.0
	if older {
		high = max(scale, 1)
		kept = max(0, x.samples-c.older) / max(x.samples, 1)
		if c.older < c.samples {
			low *= c.samples / (c.samples - c.older)
		}
	} else {
		r.own += x.own
	}
	// What is dealt out of a known sum varies the less, the more of it a place has.
	rest := 1 - x.samples/(c.samples+1)
	r.low += x.bytes * kept * low
	r.lowSquare += x.square * rest * kept * low * low
	if kept > 0 {
		r.lowStep = max(r.lowStep, x.step*low)
	}
	if older {
		rest = 1 // the sum that they are of is not known
	}
	r.high += x.bytes * high
	r.highSquare += x.square * rest * high * high
	r.highStep = max(r.highStep, x.step*high)
	r.most += c.covered.bytes
	r.after += c.traced.bytes - c.covered.bytes
}

// bounds are where the place's bytes are in 95 of 100 cases; all and covered are those of
// the recording, and up to the profile's end.
func (r *siteRange) bounds(h sampledHeap, all, covered float64) (low, high float64) {
	low = gammaQuantile(max(0, r.low-r.lowStep), max(0, r.lowSquare-r.lowStep*r.lowStep), -z95)
	low = max(low, r.own)
	if !h.older {
		low = max(low, r.alone)
	}
	step := max(r.highStep, h.rate)
	high = gammaQuantile(r.high+step, r.highSquare+step*step, z95)
	high = min(high, r.most+unseen*h.rate)
	if covered > 0 {
		high += max(r.after, high*(all-covered)/covered)
	}
	return min(low*(1-rounding), all), min(high*(1+rounding), all)
}

// gammaQuantile is that of the gamma distribution of a mean and a variance, z standard
// deviations of the normal one away (Wilson and Hilferty's cube root).
func gammaQuantile(mean, variance, z float64) float64 {
	if mean <= 0 || variance <= 0 {
		return mean
	}
	shape := mean * mean / variance
	root := max(0, 1-1/(9*shape)+z/(3*math.Sqrt(shape)))
	return mean * root * root * root
}

// alone is how many bytes of a size are at least of the only place that was sampled: that
// others would not have been sampled either, had they more, is less than 2.5 of 100.
func (c *dealtSize) alone(size, rate float64) float64 {
	if c.covered.objects == 0 || c.samples == 0 {
		return 0
	}
	if size == 0 {
		size = leastLarge
	}
	others := math.Floor(unseen*rate/size) * size
	return max(c.covered.bytes*math.Pow(0.025, 1/c.samples), c.covered.bytes-others)
}
