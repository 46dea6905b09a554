package use // want package:`interfaces .*Shape.*, generic true`

import "example.com/m/api"

var _ = []api.Shape{new(square), polygon(nil)}

type square struct{}

func (*square) Sides() int { return api.Max(4, 2) }

type polygon []int

func (p polygon) Sides() int {
	q := append(polygon(nil), p...) // want `Sides: .* allocates`
	return len(q) + cap(q)
}
