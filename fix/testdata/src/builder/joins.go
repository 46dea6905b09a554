package builder

func joined(parts []string) string { // want +3 "make s with strings.Join"
	s := ""
	for _, p := range parts {
		s += p
	}
	return s
}

func comma(parts []string) string { // want +4 "make list with strings.Join"
	var list string
	for i, p := range parts {
		if i > 0 {
			list += ", "
		}
		list += p
	}
	return list
}

func behind(parts []string, sep string) string { // want +3 "make s with strings.Join"
	s := "all: "
	for i, p := range parts {
		s += p
		if i < len(parts)-1 {
			s += sep
		}
	}
	return s
}

func result(text []byte, split func([]byte) []string) (s string) { // want +2 "make s with strings.Join"
	for _, p := range split(text) {
		s += p
	}
	return
}

func apart(parts []string) string { // want +7 "make s with strings.Join"
	s := ""
	if len(parts) == 0 {
		return "none"
	}
	for i, p := range parts {
		if i >= 1 {
			s = s + ", "
		}
		s = s + p
	}
	return s
}

// The first may be empty.
func tested(parts []string) string {
	s := ""
	for _, p := range parts {
		if s != "" {
			s += ", " // want "build s with a strings.Builder"
		}
		s += p
	}
	return s
}

func kept(parts []string) string {
	s := ""
	for _, p := range parts {
		// Why.
		s += p // want "build s with a strings.Builder"
	}
	return s
}

func unread(parts []string) int {
	s := ""
	for _, p := range parts {
		s += p // want "build s with a strings.Builder in the loop"
	}
	return len(parts)
}

func unreadResult(parts []string) (s string) { // want +2 "make s with strings.Join"
	for _, p := range parts {
		s += p
	}
	return
}
