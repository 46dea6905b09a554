package benchrun

import (
	"path/filepath"
	"slices"
	"strings"
)

// ParseCommand reads "go run …" or "go test …" as the go command would.
func ParseCommand(args []string) (Program, error) {
	if len(args) < 2 || filepath.Base(args[0]) != "go" || args[1] != "test" {
		return ParseRun(args)
	}
	return parseTest(args[2:])
}

// parseTest reads the arguments of go test: flags of the build stay so, those of
// the test binary get the names that it knows them by (go help testflag, go1.27).
func parseTest(args []string) (Program, error) {
	p := Program{Test: true}
	refuse := func(msg, hint string) (Program, error) { return p, &Error{Msg: msg, Usage: true, Hint: hint} }
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "-args" || arg == "--args" {
			p.Args = append(p.Args, args...)
			break
		}
		if !strings.HasPrefix(arg, "-") {
			p.Package = append(p.Package, arg)
			continue
		}
		name, value, inOne := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		name = strings.TrimPrefix(name, "test.")
		isBuild := slices.Contains(buildFlags, name)
		isTest := slices.Contains(testFlags, name)
		isBool := slices.Contains(boolFlags, name) || slices.Contains(boolTestFlags, name)
		if !inOne && !isBool && (isBuild || isTest || name == "C") && len(args) > 0 {
			value, inOne = args[0], true
			args = args[1:]
		}
		if inOne {
			value = "=" + value
		}
		switch {
		case slices.Contains(refusedTestFlags, name):
			return refuse("go test -"+name+" goes not with a recording", "")
		case name == "C":
			p.Dir = strings.TrimPrefix(value, "=")
		case isTest || slices.Contains(boolTestFlags, name): // -v is one of both
			p.Args = append(p.Args, "-test."+name+value)
		case isBuild || slices.Contains(boolFlags, name):
			p.Flags = append(p.Flags, "-"+name+value)
		case name == "vet":
		default:
			p.Args = append(p.Args, arg) // the tests' own
		}
	}
	if len(p.Package) == 0 {
		p.Package = []string{"."}
	}
	return p, nil
}

// The flags of go test. Of the build, those that take a value; of the test
// binary, those that do and those that do not; and those that record, too, or
// run something else.
var (
	buildFlags = []string{
		"asmflags", "buildmode", "buildvcs", "compiler", "covermode", "coverpkg", "gccgoflags", "gcflags", "installsuffix",
		"ldflags", "mod", "modfile", "overlay", "p", "pgo", "pkgdir", "tags", "toolexec",
	}
	testFlags = []string{
		"bench", "benchtime", "blockprofile", "blockprofilerate", "count", "coverprofile", "cpu", "cpuprofile", "fuzz", "fuzzminimizetime", "fuzztime", "list",
		"memprofile", "memprofilerate", "mutexprofile", "mutexprofilefraction", "outputdir", "parallel", "run", "shuffle", "skip", "timeout",
	}
	boolTestFlags    = []string{"benchmem", "failfast", "fullpath", "short", "v"}
	refusedTestFlags = []string{"trace", "exec", "fuzz", "memprofilerate", "c", "o", "json", "list", "n"}
)
