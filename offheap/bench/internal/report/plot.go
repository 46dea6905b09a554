package report

import (
	"bytes"
	"fmt"
	"image/color"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// pictures makes each picture, by its name.
var pictures = map[string]func(*Set) ([]*plot.Plot, error){
	"bars":       one(plotBars),
	"pair-1":     one(bySizes("Pair", 1)),
	"pair-2":     one(bySizes("Pair", 2)),
	"batch-1":    one(bySizes("Batch", 1)),
	"batch-2":    one(bySizes("Batch", 2)),
	"prodcons-2": one(bySizes("Prodcons", 2)),
	"raw":        plotRaw,
	"ports":      one(plotPorts),
	"live":       one(plotLive),
	"table":      plotTable,
	"frag":       one(plotFrag),
}

func pictureNames() []string { return slices.Sorted(maps.Keys(pictures)) }

// Plots writes the pictures, as SVG, into the folder. They depend on nothing but
// the results.
func Plots(s *Set, dir string) error {
	for _, name := range pictureNames() {
		plots, err := pictures[name](s)
		if err != nil {
			return fmt.Errorf("plot %s: %w", name, err)
		}
		if len(plots) == 0 {
			continue // not measured
		}
		if err := save(plots, filepath.Join(dir, name+".svg")); err != nil {
			return err
		}
	}
	return nil
}

func one(f func(*Set) (*plot.Plot, error)) func(*Set) ([]*plot.Plot, error) {
	return func(s *Set) ([]*plot.Plot, error) {
		p, err := f(s)
		return []*plot.Plot{p}, err
	}
}

const (
	width  = 20 * vg.Centimeter
	height = 12 * vg.Centimeter
)

// save writes plots side by side.
func save(plots []*plot.Plot, file string) error {
	c := vgsvg.New(width, height)
	dc := draw.New(c)
	dc.SetColor(color.White)
	dc.Fill(dc.Rectangle.Path())
	tiles := draw.Tiles{Rows: 1, Cols: len(plots), PadX: vg.Centimeter, PadTop: 4, PadBottom: 4, PadLeft: 4, PadRight: 12}
	for i, at := range plot.Align([][]*plot.Plot{plots}, tiles, dc)[0] {
		plots[i].Draw(at)
	}
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	// Who has not the font has one that is as wide.
	text := fontFamily.ReplaceAll(b.Bytes(), []byte(`font-family:Liberation Sans,Arial,Helvetica,sans-serif`))
	return os.WriteFile(file, text, 0o666)
}

var fontFamily = regexp.MustCompile(`font-family:[^;"]*`)

func init() {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	plotter.DefaultFont = plot.DefaultFont
}

func titled(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = 8
	p.Legend.Padding = 2
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.Legend.Top = true
	p.Legend.XOffs = -4
	return p
}

// A look is how an allocator is drawn: its family's colour, and a shape.
type look struct {
	color color.RGBA
	shape draw.GlyphDrawer
}

var looks = map[string]look{
	"null":           {color.RGBA{150, 150, 150, 255}, draw.CrossGlyph{}},
	"offheap":        {color.RGBA{0, 90, 200, 255}, draw.CircleGlyph{}},
	"offheap-zeroed": {color.RGBA{60, 150, 240, 255}, draw.BoxGlyph{}},
	"offheap-cache":  {color.RGBA{0, 170, 190, 255}, draw.PyramidGlyph{}},
	"make":           {color.RGBA{210, 60, 30, 255}, draw.CircleGlyph{}},
	"sync.Pool":      {color.RGBA{240, 150, 30, 255}, draw.BoxGlyph{}},
	"modernc":        {color.RGBA{170, 110, 40, 255}, draw.PyramidGlyph{}},
	"cgo-null":       {color.RGBA{190, 190, 190, 255}, draw.PlusGlyph{}},
	"cgo-mimalloc":   {color.RGBA{120, 40, 150, 255}, draw.RingGlyph{}},
	"cgo-jemalloc":   {color.RGBA{190, 80, 190, 255}, draw.SquareGlyph{}},
	"cgo-tcmalloc":   {color.RGBA{220, 120, 170, 255}, draw.TriangleGlyph{}},
	"cgo-glibc":      {color.RGBA{90, 90, 120, 255}, draw.PlusGlyph{}},
	"raw-null":       {color.RGBA{150, 150, 150, 255}, draw.RingGlyph{}},
	"raw-mimalloc":   {color.RGBA{20, 140, 60, 255}, draw.RingGlyph{}},
}

// shown is the allocators of the plots of time, in the order of the legend.
// ristretto-z is left out: it is make.
var shown = []string{
	"null", "offheap", "offheap-zeroed", "offheap-cache", "make", "sync.Pool", "modernc",
	"cgo-null", "cgo-mimalloc", "cgo-jemalloc", "cgo-tcmalloc", "cgo-glibc",
}

// line adds an allocator's points, joined if it is said so.
func line(p *plot.Plot, by string, points plotter.XYs, joined bool) error {
	if len(points) == 0 {
		return nil
	}
	l, s, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	l.Color, s.Color, s.Shape = looks[by].color, looks[by].color, looks[by].shape
	l.Width, s.Radius = 1.2, 3
	if strings.HasSuffix(by, "null") {
		l.Dashes = []vg.Length{3, 3}
	}
	if joined {
		p.Add(l, s)
		p.Legend.Add(by, l, s)
	} else {
		p.Add(s)
		p.Legend.Add(by, s)
	}
	return nil
}

// logY makes the y axis logarithmic, with a tick at 1, 2 and 5.
func logY(p *plot.Plot) {
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = plot.TickerFunc(logTicks)
}

func logX(p *plot.Plot) {
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = plot.TickerFunc(logTicks)
}

func logTicks(low, high float64) (ticks []plot.Tick) {
	for exp := math.Floor(math.Log10(low)); exp <= math.Ceil(math.Log10(high)); exp++ {
		for _, m := range []float64{1, 2, 5} {
			v := m * math.Pow(10, exp)
			if v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', -1, 64)})
			}
		}
	}
	return ticks
}

// bySizes is a pattern's times at each size.
func bySizes(pattern string, n int) func(*Set) (*plot.Plot, error) {
	return func(s *Set) (*plot.Plot, error) {
		p := titled(fmt.Sprintf("%s, %s", lower(pattern), threads(n)), "bytes", "CPU ns for an allocation and its free")
		sizes := sizesOf(0, math.MaxInt)
		for _, by := range shown {
			var points plotter.XYs
			for x, size := range sizes {
				if v, ok := s.Median(Sized(pattern, by, size, n)); ok {
					points = append(points, plotter.XY{X: float64(x), Y: v})
				}
			}
			if err := line(p, by, points, true); err != nil {
				return nil, err
			}
		}
		nominalSizes(p, sizes)
		logY(p)
		p.X.Max = float64(len(sizes)) + 1.5 // room for the legend
		return p, nil
	}
}

func nominalSizes(p *plot.Plot, sizes []int) {
	names := make([]string, len(sizes))
	for i, size := range sizes {
		names[i] = fmt.Sprint(size)
	}
	p.NominalX(names...)
}

// plotRaw is raw mimalloc and offheap, each less the control of its harness.
func plotRaw(s *Set) (plots []*plot.Plot, err error) {
	for _, pattern := range []string{"Pair", "Batch"} {
		p := titled(lower(pattern)+", 1 thread, less the control", "bytes", "CPU ns for an allocation and its free")
		sizes := sizesOf(8, 1024)
		for _, by := range []string{"offheap", "offheap-cache", "raw-mimalloc"} {
			null := "null"
			if by == "raw-mimalloc" {
				null = "raw-null"
			}
			var points plotter.XYs
			for x, size := range sizes {
				v, ok := s.Median(Sized(pattern, by, size, 1))
				control, okNull := s.Median(Sized(pattern, null, size, 1))
				if ok && okNull {
					points = append(points, plotter.XY{X: float64(x), Y: v - control})
				}
			}
			if err := line(p, by, points, true); err != nil {
				return nil, err
			}
		}
		nominalSizes(p, sizes)
		p.Y.Min = 0
		p.Y.Max *= 1.3
		plots = append(plots, p)
	}
	return plots, nil
}

// plotPorts is the times of the patterns that have sizes of their own.
func plotPorts(s *Set) (*plot.Plot, error) {
	p := titled("ports of the accepted suite's patterns", "CPU ns for an allocation and its free", "")
	var rows []timeRow
	var names []string
	for _, row := range timeRows {
		if !row.fixed {
			rows = append(rows, row)
			names = append(names, row.name())
		}
	}
	for _, by := range shown {
		var points plotter.XYs
		for i, row := range rows {
			if v, ok := s.time(row, by); ok {
				points = append(points, plotter.XY{X: v, Y: float64(len(rows) - 1 - i)})
			}
		}
		if err := line(p, by, points, false); err != nil {
			return nil, err
		}
	}
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j] = names[j], names[i]
	}
	p.NominalY(names...)
	logX(p)
	p.X.Max *= 5 // room for the legend
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	p.Add(grid)
	return p, nil
}

// plotBars is each bar: what was measured, over what is demanded. Right of 1
// the bar is met.
func plotBars(s *Set) (*plot.Plot, error) {
	p := titled("each bar: right of 1 it is met", "measured, over what is demanded (logarithmic)", "")
	bars := Bars(s)
	names := make([]string, len(bars))
	var met, missed plotter.XYs
	for i, b := range bars {
		y := float64(len(bars) - 1 - i)
		names[len(bars)-1-i] = b.Name
		if b.Missing {
			continue
		}
		at := func(v float64) float64 {
			if b.Below {
				return b.Want / v
			}
			return v / b.Want
		}
		interval, err := plotter.NewLine(plotter.XYs{{X: at(b.Got.Low), Y: y}, {X: at(b.Got.High), Y: y}})
		if err != nil {
			return nil, err
		}
		p.Add(interval)
		if point := (plotter.XY{X: at(b.Got.Median), Y: y}); b.Met() {
			met = append(met, point)
		} else {
			missed = append(missed, point)
		}
	}
	for _, of := range []struct {
		name   string
		points plotter.XYs
		color  color.RGBA
	}{{"met", met, looks["raw-mimalloc"].color}, {"missed", missed, looks["make"].color}} {
		if len(of.points) == 0 {
			continue
		}
		sc, err := plotter.NewScatter(of.points)
		if err != nil {
			return nil, err
		}
		sc.Color, sc.Shape, sc.Radius = of.color, draw.CircleGlyph{}, 4
		p.Add(sc)
		p.Legend.Add(of.name, sc)
	}
	mark, err := plotter.NewLine(plotter.XYs{{X: 1, Y: -0.5}, {X: 1, Y: float64(len(bars)) - 0.5}})
	if err != nil {
		return nil, err
	}
	mark.Dashes = []vg.Length{3, 3}
	p.Add(mark)
	p.NominalY(names...)
	p.Y.Tick.Label.Font.Size = 8
	logX(p)
	return p, nil
}

// columns adds a bar of width w for each name: the i-th of n that stand side by
// side.
func columns(p *plot.Plot, names []string, values plotter.Values, w vg.Length, i, n int, c color.Color, legend string) error {
	chart, err := plotter.NewBarChart(values, w)
	if err != nil {
		return err
	}
	chart.Color, chart.LineStyle.Width = c, 0
	chart.Offset = w * (vg.Length(i) - vg.Length(n-1)/2)
	p.Add(chart)
	if legend != "" {
		p.Legend.Add(legend, chart)
	}
	p.NominalX(names...)
	return nil
}

// plotLive is the CPU time at 64 B without and with live data.
func plotLive(s *Set) (*plot.Plot, error) {
	p := titled("64 B: CPU time with live data on the Go heap", "", "CPU ns for an allocation and its free")
	names := []string{"null", "make", "offheap-zeroed", "offheap", "offheap-cache", "cgo-mimalloc"}
	for i, live := range liveOrders {
		values := make(plotter.Values, len(names))
		for j, by := range names {
			values[j], _ = s.Median(Key{"Live", by, "/live=" + live, "cpu-ns/op"})
		}
		c := []color.Color{looks["offheap-zeroed"].color, looks["sync.Pool"].color, looks["make"].color}[i]
		if err := columns(p, names, values, 20, i, len(liveOrders), c, "live data: "+live); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// plotTable is the table of 10 million entries.
func plotTable(s *Set) (plots []*plot.Plot, err error) {
	for _, of := range []struct {
		title, unit string
		scale       float64
		log         bool
	}{
		{"CPU per op, us", "cpu-ns/op", 1000, false},
		{"RSS, MiB", "rss-bytes", 1 << 20, false},
		{"forced GC, CPU ms", "forced-gc-cpu-ns", 1e6, true},
	} {
		p := titled(of.title, "", "")
		names := []string{"make", "offheap"}
		values := make(plotter.Values, len(names))
		for i, by := range names {
			v, ok := s.scaled(Key{"Table", by, "", of.unit}, of.scale)
			if !ok {
				return nil, nil
			}
			values[i] = v
		}
		if of.log {
			// A bar begins at 0, where there is no logarithm.
			points, err := plotter.NewScatter(plotter.XYs{{X: 0, Y: values[0]}, {X: 1, Y: values[1]}})
			if err != nil {
				return nil, err
			}
			points.Color, points.Shape, points.Radius = looks["offheap"].color, draw.CircleGlyph{}, 5
			p.Add(points)
			p.NominalX(names...)
			logY(p)
		} else if err := columns(p, names, values, 30, 0, 1, looks["offheap"].color, ""); err != nil {
			return nil, err
		}
		p.X.Min, p.X.Max = -0.5, 1.5
		plots = append(plots, p)
	}
	return plots, nil
}

// plotFrag is the memory over the bytes that live.
func plotFrag(s *Set) (*plot.Plot, error) {
	p := titled("memory at the end, over the bytes that live", "", "RSS / live bytes")
	for i, by := range fragAllocators {
		values := make(plotter.Values, len(fragPatterns))
		for j, pattern := range fragPatterns {
			if v := s.Frag(by, pattern, "rss-bytes"); len(v) > 0 {
				values[j] = summary(v).Center
			}
		}
		if err := columns(p, fragPatterns, values, 14, i, len(fragAllocators), looks[by].color, by); err != nil {
			return nil, err
		}
	}
	p.X.Max += 0.6 // room for the legend
	return p, nil
}
