package fix

import "strings"

// Borrowers are functions and methods of the standard library that use a
// writer, or a reader, given as the argument of this number, only until they
// return: they call its methods, and neither keep it nor hand it to what a user
// declares. Who gets it is told by the source of go1.26.
var borrowers = map[string]int{
	"fmt.Fprint":            0, // fmt/print.go: one w.Write; Formatters see the printer, not w
	"fmt.Fprintf":           0,
	"fmt.Fprintln":          0,
	"io.WriteString":        0, // io/io.go
	"io.ReadAll":            0,
	"io.ReadFull":           0,
	"io.ReadAtLeast":        0,
	"encoding/binary.Write": 0, // encoding/binary/binary.go: one w.Write
	"encoding/binary.Read":  0, // io.ReadFull

	"encoding/json.Compact":    0, // encoding/json/indent.go: append to AvailableBuffer, then Write
	"encoding/json.Indent":     0,
	"encoding/json.HTMLEscape": 0,
	"encoding/xml.EscapeText":  0, // encoding/xml/xml.go
	"encoding/xml.Escape":      0,
	"encoding/pem.Encode":      0, // encoding/pem/pem.go: lineBreaker is gone when it returns

	// text/template/exec.go: the state that holds the writer is gone when they
	// return, and functions of the template do not get it.
	"(*text/template.Template).Execute":         0,
	"(*text/template.Template).ExecuteTemplate": 0,
	"(*html/template.Template).Execute":         0,
	"(*html/template.Template).ExecuteTemplate": 0,
	"text/template.HTMLEscape":                  0,
	"text/template.JSEscape":                    0,
	"html/template.HTMLEscape":                  0,
	"html/template.JSEscape":                    0,

	"go/format.Node":              0, // go/printer/printer.go: one output.Write
	"go/printer.Fprint":           0,
	"(*go/printer.Config).Fprint": 0,

	"(*strings.Replacer).WriteString": 0, // strings/replace.go: stringWriter is gone when it returns
	"(*strings.Reader).WriteTo":       0, // io.WriteString
	"(*bytes.Reader).WriteTo":         0, // one w.Write
	"(*bytes.Buffer).WriteTo":         0,
	"(*bytes.Buffer).ReadFrom":        0, // r.Read
}

// writesTo reports whether one of these may make a buffer grow.
func writesTo(name string) bool {
	return !strings.HasPrefix(name, "io.Read") && name != "encoding/binary.Read"
}

// A wrapper makes a writer that writes to the one that it is given. It forgets
// it with itself: the methods do not give it away, nor do they hand the wrapper
// to what a user declares.
type wrapper struct {
	at      int
	methods []string // and fields
}

var wrappers = map[string]wrapper{
	"encoding/json.NewEncoder":   {0, []string{"Encode", "SetEscapeHTML", "SetIndent"}}, // encoding/json/stream.go
	"encoding/gob.NewEncoder":    {0, []string{"Encode"}},
	"encoding/csv.NewWriter":     {0, []string{"Write", "WriteAll", "Flush", "Error", "Comma", "UseCRLF"}},
	"encoding/base64.NewEncoder": {1, []string{"Write", "Close"}},
	"encoding/hex.NewEncoder":    {0, []string{"Write"}},
	"encoding/hex.Dumper":        {0, []string{"Write", "Close"}},
	"compress/gzip.NewWriter":    {0, []string{"Write", "Flush", "Close"}},
	"compress/zlib.NewWriter":    {0, []string{"Write", "Flush", "Close"}},
}

// ByteReaders are functions that read a []byte, the argument of this number,
// and are done with it when they return; of no bytes and of nil they make the
// same.
var byteReaders = map[string]int{
	"os.WriteFile":                               1,
	"io/ioutil.WriteFile":                        1,
	"(*os.File).Write":                           0,
	"(*strings.Builder).Write":                   0,
	"encoding/hex.EncodeToString":                0,
	"(*encoding/base64.Encoding).EncodeToString": 0,
	"crypto/md5.Sum":                             0,
	"crypto/sha1.Sum":                            0,
	"crypto/sha256.Sum256":                       0,
	"crypto/sha512.Sum512":                       0,
	"hash/crc32.ChecksumIEEE":                    0,
	"hash/adler32.Checksum":                      0,
	"unicode/utf8.Valid":                         0,
	"unicode/utf8.RuneCount":                     0,
}
