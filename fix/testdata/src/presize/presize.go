package presize

func each(data []int) []int {
	s := []int{}
	for _, v := range data {
		s = append(s, v+1) // want "make s with the length of data"
	}
	return s
}
