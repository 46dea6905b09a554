/*
Package fix holds the rewrites that remove heap allocations.

A fixer is an analyzer (golang.org/x/tools/go/analysis) of its own name, in a
file of that name. It looks at syntax and types, not at what the compiler makes
of them: it proposes where a rewrite has the same behaviour and can remove an
allocation, and says why it leaves other places alone. Whether the place
allocates, and whether the rewrite removes it, "stackward fix" asks the compiler,
the tests and the benchmarks before anything is written. Used alone, by go vet or
any other driver of analyzers, the rewrites are proposals.

	package syntax and types → fixer → Result: candidates with edits, refusals with reasons

What tests cannot see is decided here, conservatively: aliases, nil against
empty, the identity of pointers, what is kept, panics and the order of
evaluation, exported declarations, reflection, linkname, assembly, cgo,
generated files, files that another build would compile. A rewrite that could
change behaviour is a serious bug.

# Analyzer builder

builder: build strings that grow in loops with a strings.Builder

Each s += x makes a new string and copies the old one. A strings.Builder grows
as append does, and its String method makes no copy:

	s := ""                          =>      var s strings.Builder
	for i, p := range parts {                for i, p := range parts {
		if i > 0 {                               if i > 0 {
			s += ", "                                s.WriteString(", ")
		}                                        }
		s += p + "\n"                            s.WriteString(p)
	}                                                s.WriteString("\n")
	return s                                 }
	                                         return s.String()

	for _, p := range parts {        =>      var b strings.Builder
		s += p                           for _, p := range parts {
	}                                                b.WriteString(p)
	s = s[1:]                                }
	                                         s += b.String()
	                                         s = s[1:]

The variable itself becomes the builder where all that is done with it is to add
to it, to empty it and to read it; otherwise, and for parameters and results,
the loop gets a builder of its own. A loop that does no more than to add the
strings of a slice, with a constant or a variable between them or with nothing,
becomes strings.Join, which makes its string in one piece:

	s := ""                          =>      s := strings.Join(parts, ", ")
	for i, p := range parts {
		if i > 0 {
			s += ", "
		}
		s += p
	}

A loop of one round or two allocates as often with a builder as without: whether
it does less is for a measurement to tell.

It refuses where
  - a function literal uses the string, or its address is taken: they would see
    it while it grows;
  - the loop assigns it otherwise, or adds to its front;
  - it is a result, and a deferred call or a return in the loop shows it half
    built;
  - the loop is left by a jump to a label outside of it, or the function has a
    goto;
  - several things are added at once and it may matter when each is evaluated, or
    the string itself is one of them;
  - the string begins with what a builder would have to copy, since the loop reads
    it or it is read nowhere else, and the loop may add nothing;
  - comments stand in what is added, or strings means something else there;
  - the string's type is not string itself.

# Analyzer concrete

concrete: give parameters of interface types the types of what is passed

A value that is not a pointer is put on the heap to be passed as an interface, and
what a pointer points to must be on the heap where its methods are called through
an interface, which the compiler does not see through. A function that is not
exported may be called with values of one type only:

	func add(h *hash, k key)         =>      func add(h *hash, k userKey)
	...                                      ...
	add(h, userKey{id, name})                add(h, userKey{id, name})

If it is called with values of several types, and at least one of them is not a
pointer, the type becomes a type parameter:

	func add(h *hash, k key)         =>      func add[K key](h *hash, k K)

All that the function does with the parameter is to call its methods, or itself.
It refuses where the function

  - is used other than by calls, or a linkname directive, another build's file or
    an interface's method names it;
  - compares the parameter, asks for its type, passes it on, gives it another
    value, or uses a method as a value;
  - calls a method that belongs to what a pointer points to, which may be nil: an
    interface's panic is another one;
  - declares several parameters of the type in one go;
  - is a method and gets values of several types, which cannot have a type
    parameter, or gets pointers to several types, for which it does not help;
  - cannot name the type where it is declared.

A call with nil or with what another call returns in several values is left alone.

# Analyzer cut

cut: search a text instead of splitting it for some of its parts

strings.Split makes a slice of all parts. Where only the first is used, or it is
only asked how many there are, a search does:

	strings.Split(s, ",")[0]                     =>  before, _, _ := strings.Cut(s, ",")
	len(strings.Split(s, ","))                   =>  strings.Count(s, ",") + 1
	len(strings.Split(s, ",")) > 1               =>  strings.Contains(s, ",")

A variable for the parts that is only asked for its first two, and how many there
are, becomes variables for what comes before and after the separator:

	parts := strings.SplitN(s, "=", 2)           =>  key, value, found := strings.Cut(s, "=")
	if len(parts) != 2 {                             if !found {
		return errSyntax                                 return errSyntax
	}                                                }
	key, value := parts[0], parts[1]

	if p := strings.Split(s, ":"); len(p) == 2 { =>  if before, after, found := strings.Cut(s, ":"); found && !strings.Contains(after, ":") {

One that is only asked for the last part is searched from its end:

	parts := strings.Split(path, "/")            =>  last := path[strings.LastIndex(path, "/")+1:]
	return parts[len(parts)-1]                       return last

The functions of package bytes are treated alike. It refuses

  - a separator that is not constant and may be empty, at which Split takes the
    runes apart;
  - the second part where the number of parts is not known to be two: it panics
    where there is one, and is not all that follows where there are more;
  - other parts, other numbers of parts, and a part that is assigned to;
  - a first part in an expression that may not be evaluated, is evaluated again
    each round, or is evaluated after something that may change the text;
  - a function with a goto, which may come by where the parts are counted;
  - to search for the last of separators that overlap, or in a text that would
    have to be evaluated twice;
  - to look at a text again which may have changed: bytes, and strings in a
    package that imports unsafe;
  - a part of bytes that is kept, appended to or sliced up to a bound: the
    capacity of the first is another after Cut.

# Analyzer hoist

hoist: make once, before a loop, what each round makes anew

A function literal that names nothing which the loop declares is the same
function in each round, whoever keeps it: it shares the variables that it names
with the code around it before and after. A method value of a pointer that
nobody assigns to holds the same pointer:

	for _, n := range nodes {        =>      visit := func(m *Node) { total += m.size }
		walk(n, func(m *Node) {          for _, n := range nodes {
			total += m.size                  walk(n, visit)
		})                               }
	}

A variable that a round declares, and whose address only functions of the
standard library get which fill it and forget it (json.Unmarshal and Decode, the
Scan of database/sql and fmt, binary.Read), can be one variable that each round
sets anew:

	for rows.Next() {                =>      var id int
		var id int                       for rows.Next() {
		rows.Scan(&id)                           id = 0
		ids = append(ids, id)                    rows.Scan(&id)
	}                                                ids = append(ids, id)
	                                         }

A bytes.Buffer that each round declares is declared before the loop and reset in
each round, if nobody has it or its memory after the round; what that takes is
told at pool:

	for _, x := range list {         =>      var b bytes.Buffer
		var b bytes.Buffer               for _, x := range list {
		b.WriteString(x.name)                    b.Reset()
		show(b.String())                         b.WriteString(x.name)
	}                                                show(b.String())
	                                         }

It moves things out of as many loops as it can. It refuses

  - what not every round makes: it would be made even if no round does;
  - a loop over a function, which may run its body in other ways, and a function
    with a goto, which may not jump over a variable;
  - a method value of a field, of a pointer that is assigned, of a method with a
    value receiver, which it copies in that round, or of an interface, which
    panics in that round if it is nil;
  - a variable that a function literal uses, whose address others get, that has
    parts with methods which get their address (UnmarshalJSON, Scan), or that is
    declared again together with others;
  - a variable whose name means something else around the loop, as that of another
    that it moves there does, or whose type has no name there.

# Analyzer inlinesplit

inlinesplit: split functions so that what they make can be on the caller's stack

A function that makes a value and returns a pointer to it puts the value on the
heap, unless the function is inlined: then a caller that does not keep the value
has it on its stack. A long function is not inlined. One that makes the value and
leaves the rest to another is:

	func NewT(n int) *T {            =>      func NewT(n int) *T {
		t := &T{n: n}                            return initT(&T{n: n}, n)
		...                              }
		return t
	}                                        func initT(t *T, n int) *T {
	                                                 ...
	                                                 return t
	                                         }

No signature changes, so exported functions and methods are split too. Where the
value is set to what calls return, or other statements come first, the new
function gets a zero value and sets it:

	func New(s string) *T {          =>      func New(s string) *T {
		return &T{key: norm(s)}                  return initT(new(T), s)
	}                                        }

	                                         func initT(t *T, s string) *T {
	                                                 *t = T{key: norm(s)}
	                                                 return t
	                                         }

A variable of type T whose address is returned becomes a pointer to a T.

The site stays, now in a function that is inlined; where a copy of it does not
escape the value is on the stack. A caller that keeps the value allocates as
before. Whether the function is inlined and any caller gains by it the compiler
tells. It refuses where the function

  - may return before it makes the value, which it would then make in vain;
  - calls recover, or asks for its caller (runtime.Caller, testing's Helper, log's
    Output): there is one more function between;
  - has a compiler directive such as go:noinline;
  - has a goto, that may make the value twice;
  - uses the variable's name for something else before it declares it, or sets
    it by a declaration of other variables;
  - declares the value's type itself;
  - is a method whose receiver has no name, or has a comment in its signature.

# Analyzer inplace

inplace: use strings and bytes where they are

A conversion between string and []byte copies. Where what is done with the copy
can be done with the original, it is not needed:

	for _, r := range []rune(s) {                =>  for _, r := range s {
	strings.HasPrefix(string(b), "GET ")         =>  bytes.HasPrefix(b, []byte("GET "))
	strings.TrimSpace(string(b)) == ""           =>  string(bytes.TrimSpace(b)) == ""
	utf8.RuneCountInString(string(b))            =>  utf8.RuneCount(b)
	re.Match([]byte(s))                          =>  re.MatchString(s)
	json.NewDecoder(bytes.NewReader([]byte(s)))  =>  json.NewDecoder(strings.NewReader(s))
	file.Write([]byte(s))                        =>  file.WriteString(s)

The compiler compares string(b), looks it up in a map, switches on it and
measures it without a copy, but not a variable that holds it:

	k := string(b)
	if v, ok := m[k]; ok {                       =>  if v, ok := m[string(b)]; ok {

What is put together to be written to a strings.Builder or a bytes.Buffer is
written part by part:

	b.WriteString(key + "=" + value)             =>  b.WriteString(key)
	                                                 b.WriteByte('=')
	                                                 b.WriteString(value)

It refuses

  - a range over runes that uses the index, which would count bytes;
  - twins of functions that would convert another operand instead, whose other
    operands call something, or that call a function of the user's while they
    look at the bytes: all could change them;
  - twins for what is converted there and back, string([]byte(s));
  - a variable for string(b), where something until its last use could change b
    or its elements: an assignment to an element, a call, a closure;
  - string(b) written to a bytes.Buffer: b may be the buffer's own bytes, which
    move as it grows;
  - writers and readers that are not known: the Write and the WriteString of one
    type may differ, and who gets a reader may ask for its type. bufio.Writer
    cuts blocks differently in the two;
  - parts written one by one where a later one calls something that could look at
    the writer, or may panic when others are written and somebody could see it;
  - calls with comments in them.

strings.ToLower(a) == strings.ToLower(b) is not strings.EqualFold(a, b): they
differ for runes whose lower cases differ but whose folds do not, as in "ſ" and
"s".

# Analyzer iterseq

iterseq: range over the parts of a text without a slice of them

Since go1.24 strings and bytes have iterators over the parts that Split, SplitAfter,
Fields and FieldsFunc make a slice of:

	for _, w := range strings.Fields(s) {    =>    for w := range strings.FieldsSeq(s) {

	lines := strings.Split(s, "\n")          =>    lines := strings.SplitSeq(s, "\n")
	for _, line := range lines {                   for line := range lines {

The parts are the same. The body of the loop becomes a function that the iterator
calls, and each part is searched when its turn comes. Whether what the body names
stays off the heap then, the compiler tells. It refuses

  - a loop that uses the index, or a variable for the parts that is used elsewhere
    too;
  - files older than go1.24;
  - a body that calls recover, defers a call or has a goto, and a function that
    asks for its caller (runtime.Caller, testing's Helper, log's Output): there
    are two more functions between;
  - a function for FieldsFunc that is none of package unicode and does more than
    to return an expression of its parameter: it is called at other times;
  - packages that import unsafe, where the text may change while it is looked at;
  - parts of bytes that are more than looked at: the loop could change bytes before
    they are searched, and the last part has another capacity;
  - parts of bytes that others have, too, where the loop assigns to bytes, arrays
    or structs, or calls what may change them.

# Analyzer once

once: make what is constant when the program starts, not at each call

A regular expression, a strings.Replacer, a template or a map that is made of
constants, and is only read, is the same at each call. It becomes a variable of
the package, above the function:

	func valid(s string) bool {              =>    var validRegexp = regexp.MustCompile(`^[a-z]+$`)
		re := regexp.MustCompile(`^[a-z]+$`)
		return re.MatchString(s)                   func valid(s string) bool {
	}                                                      return validRegexp.MatchString(s)
	                                               }

What it costs moves to the start of the program, which pays it even if it never
calls the function. The pattern is compiled, and the template parsed, before
this is proposed: one that panics would do so at the start.

It refuses

  - a value that leaves the function, is assigned, or has a method called that
    changes it or gives it away: Longest and SubexpNames of a Regexp, Parse and
    Funcs of a template, an assignment to an element of a map;
  - maps of functions, pointers, slices and anything that is not constant;
  - names, types and type parameters that belong to the function;
  - packages where a variable is set by a call that may come back into the
    package, by an interface or a function value: the order of initialization
    does not know of it, and it could find the new variable not yet set;
  - main and init outside of loops, and tests: these run once, or do not matter;
  - make([]int, table[k], 4), for which the compiler of go1.26 crashes where table
    is a variable (golang/go#79590).

An error, a time.Location or a number that is made anew is not looked at: each
is another, which a comparison shows, or can be changed.

# Analyzer outparam

outparam: let callers give functions the slice to fill

A function that makes a slice, appends to it and returns it allocates at every
call. A caller that only looks at the slice can have it on its own stack:

	func key(n int, s string) []byte {            =>  func key(b []byte, n int, s string) []byte {
		b := make([]byte, 0, 16)                          b = strconv.AppendInt(b, int64(n), 10)
		b = strconv.AppendInt(b, int64(n), 10)            return append(b, s...)
		return append(b, s...)                    }
	}

	sum += m[string(key(x.n, x.s))]               =>  sum += m[string(key(make([]byte, 0, 16), x.n, x.s))]

The slice has the constant capacity that it had in the function, or 64 bytes; not
more than 512. Where some callers keep the slice, these give nil, by which the
function makes its own:

	b := make([]byte, 0, 16)                      =>  b := dst[:0]
	                                                  if dst == nil {
	                                                          b = make([]byte, 0, 16)
	                                                  }

A caller that loops can have the slice of the round before filled again:

	for _, x := range list {                      =>  var buf []byte // what key fills
		k := key(x.n, x.s)                        for _, x := range list {
		sum += m[string(k)]                               k := key(buf, x.n, x.s)
	}                                                         buf = k
	                                                          sum += m[string(k)]
	                                                  }

In the function the slice is appended to, by append and the Append functions of
fmt, strconv and unicode/utf8, shortened, indexed, ranged over, asked for its
length and returned, and no return gives anything else. To look at it is to index
it, range over it, convert it to a string, copy from it, ask for its length, or
give it to functions of the standard library that do no more: none of that keeps
it, sees its capacity or tells nil from empty. It refuses where

  - the function does something else with its slice, or has a goto;
  - all callers may keep the slice, or use it in a function literal, a goroutine or
    a deferred call;
  - the function is used other than by calls, or a linkname directive, another
    build's file or an interface's method names it;
  - a parameter has no name, or a call gets its arguments from another one;
  - a caller cannot name the slice's type.

Functions that have type parameters are left alone.

# Analyzer pool

pool: take buffers from a sync.Pool

A bytes.Buffer that grows in each call of a function is memory for the garbage
collector to take away again. Where nobody has the buffer or its memory when the
function returns, the next call can use it:

	var b bytes.Buffer               =>      b := getBuffer()
	fmt.Fprintf(&b, "%d %s", n, s)           defer putBuffer(b)
	return b.String()                        fmt.Fprintf(b, "%d %s", n, s)
	                                         return b.String()

The pool, one for the package, and its two functions are declared above the first
function that uses them. A buffer of more than 64 KiB does not go back. When a panic leaves the function the buffer goes back
too: nobody else has it then either.

What the function may do with the buffer: call its methods that copy, such as
String and ReadBytes; give it as a writer to functions of the standard library that
forget it when they return (fmt.Fprintf, template.Execute, json.Indent), to a
json.Encoder or another writer around it that stays in the function, and to
functions of the package that do no more; read what Bytes gives where it stands:
string(b.Bytes()), bytes.Equal, append, os.WriteFile. It refuses

  - a buffer that is returned, stored, copied, assigned, or used by a function
    literal, a goroutine or a deferred call;
  - one that is handed to an interface's method, to a function value or to a
    function that is not known;
  - what Bytes and Next return, in a variable, as a result, in a comparison with
    nil, or to an io.Writer that may keep it; WriteTo and ReadFrom with such;
  - an xml.Encoder, which methods of what it encodes get;
  - Cap, Available, and slices up to the capacity, which differ in a buffer that
    was used before;
  - loops, of which each round makes a buffer (see hoist), and goto.

# Analyzer presize

presize: give slices, maps and buffers the capacity that loops are going to fill

A slice that grows by append in a loop is allocated again and again. Where it is
known before the loop how much is appended, the slice can have that capacity at
once:

	s := []T{}                       =>      s := make([]T, 0, len(data))
	for _, v := range data {                 for _, v := range data {
		s = append(s, f(v))                      s = append(s, f(v))
	}                                        }

	var s []T                        =>      var s []T
	for k := range m {                       s = slices.Grow(s, len(m))
		s = append(s, k)                 for k := range m {
	}                                                s = append(s, k)
	return s                                 }
	                                         return s

	all := []T{}                     =>      n := 0
	for _, p := range pages {                for _, p := range pages {
		all = append(all, p.items...)            n += len(p.items)
	}                                        }
	                                         all := make([]T, 0, n)
	                                         ...

The slice is a variable of a function that starts empty. The rounds of a loop
are known where it ranges over a slice, an array, a map, a string or an integer,
or counts from one integer to another; loops within loops multiply, loops one
after the other add up, and what a call gives to range over is kept in a
variable. A slice that starts as nil stays nil where nothing is appended, unless
nobody can tell. A number that is not the length of something that exists is
limited to 1024 where the loop may end early: memory is not taken on a promise.

A map that is made empty, and to which each round of a loop adds an entry, gets
room for them, or is made later, where their number is known:

	m := make(map[string]T)          =>      list, err := read()
	list, err := read()                      if err != nil {
	if err != nil {                                  return nil, err
		return nil, err                  }
	}                                        m := make(map[string]T, len(list))
	for _, t := range list {                 for _, t := range list {
		m[t.name] = t                            m[t.name] = t
	}                                        }

The room is seen by nobody, so that it does not matter who else has the map.
Loops whose rounds share entries (m[k]++, m[k] = append(m[k], x), or one that
looks into the map), that may end early, or that do not add to it in each round
are left alone, as are maps with few keys (of bool or bytes) and the characters
of strings: there may be far fewer entries than rounds.

A strings.Builder or bytes.Buffer that nobody but the function sees, and to which
each round of a loop writes, grows before the loop by the least that is written:

	var b strings.Builder            =>      var b strings.Builder
	for _, c := range data {                 b.Grow(2*len(data))
		b.WriteByte(hex[c>>4])           for _, c := range data {
		b.WriteByte(hex[c&15])                   b.WriteByte(hex[c>>4])
	}                                                b.WriteByte(hex[c&15])
	                                         }

It leaves slices alone where
  - the number of rounds is not known, depends on what the loop changes, or
    differs from round to round by more than lengths that can be added up before;
  - the loop is left by break or goto, or a return gives the slice before its end:
    it may need far less;
  - appends depend on a condition, unless each round has one or the elements are
    bytes, and the slice stays in the function: the array would be kept at full
    length;
  - the slice, an element's address, or the slice's own address is used while it
    grows, or a function literal uses it: whoever has it can see whether append
    moved the elements or not;
  - cap(s), s[:n] or t := append(s, x) makes the capacity visible;
  - nil would become empty where that shows;
  - the slice is a result that a deferred call may see half done;
  - what is to be measured may panic earlier than it does now.

# Analyzer returnvalue

returnvalue: return small values instead of pointers to them

What a function makes and returns a pointer to is on the heap, if the function is
not inlined. A small value can be returned itself. The function and all its
callers change, so no exported method does; an exported function does only with
"stackward fix", which rewrites its callers in the whole module, and is asked to
with -exported unless only the module can import the package:

	func parse(s string) *pos {      =>      func parse(s string) pos {
		p := &pos{line: 1}                       p := pos{line: 1}
		p.scan(s)                                p.scan(s)
		return p                                 return p
	}                                        }

	p := parse(s)                            p := parse(s)
	show(p)                                  show(&p)

A caller's variable holds the value instead of the pointer and nothing copies it,
so its address is as good as the pointer was. In the function itself nobody may
have a pointer to the value when it returns, which copies it. It refuses where

  - the function is used other than by calls, or a linkname directive, another
    build's file or an interface's method names it;
  - a return may give nil, or what others may hold;
  - the value is handed to a function that may keep or return it, stored, used in
    a function literal, a goroutine or a deferred call, or its array sliced;
  - the function defers anything, which may recover and have it return nil;
  - another result calls a function, which may change the value before or after
    it is copied;
  - the value has more than 128 bytes, a lock, or a part that may hold its own
    address unseen, as a strings.Builder does;
  - a caller stores, returns or compares what it gets, or has it in a variable
    that is given other values, or that a loop copies;
  - a caller needs its address without having it in a variable.

# Analyzer sortslice

sortslice: sort with package slices in place of sort.Slice

sort.Slice boxes the slice and makes a function that swaps its elements by
reflection. The functions of package slices are the same algorithms, generated
from the same text, so that elements which are equal end in the same order:

	sort.Slice(x, func(i, j int) bool {    =>    slices.SortFunc(x, func(a, b T) int {
		return x[i].name < x[j].name               return strings.Compare(a.name, b.name)
	})                                           })

	sort.Slice(x, func(i, j int) bool { return x[i] < x[j] })    =>    slices.Sort(x)

sort.SliceStable becomes slices.SortStableFunc. An order of several keys,
which returns l < r where l != r and goes on where l == r, becomes one of several
comparisons; Before and After of times become Compare.

It needs a function literal that uses its parameters only to index the slice
which is sorted, and a slice that is a variable or a field of one. It refuses

  - floating-point keys: NaN is less than nothing for <, and less than
    everything for package cmp;
  - an order that calls what may do more than read: it would see the slice
    at other moments. Conversions, len, package strings and the package's own
    functions that return a variable or field only read;
  - an order that takes an element's address, or calls a method with a pointer
    receiver on it: now it is given a copy;
  - elements whose type has no name there, comments in the call, names slices,
    cmp or strings that mean something else, and files older than go1.21.

# Analyzer sprint

sprint: make text without package fmt

Package fmt boxes its operands in interfaces, looks at them by reflection, and
copies what it made. Where all operands have plain types, strconv and
concatenation make the same text:

	fmt.Sprintf("%s:%d", host, port)       =>  host + ":" + strconv.Itoa(port)
	fmt.Sprintf("%.2f", x)                 =>  strconv.FormatFloat(x, 'f', 2, 64)
	fmt.Sprint(name, "=", ok)              =>  name + "=" + strconv.FormatBool(ok)
	fmt.Appendf(buf, "%d", n)              =>  strconv.AppendInt(buf, int64(n), 10)
	fmt.Errorf("not found")                =>  errors.New("not found")

What is written to a strings.Builder or a bytes.Buffer is written piece by
piece, and to an os.File in one piece:

	fmt.Fprintf(&b, "<%s>", name)          =>  b.WriteByte('<')
	                                           b.WriteString(name)
	                                           b.WriteByte('>')

Text of any kind that becomes bytes is formatted as bytes:

	[]byte(fmt.Sprintf("v%d", n))          =>  fmt.Appendf(nil, "v%d", n)
	w.Write([]byte(fmt.Sprintf("%v", x)))  =>  fmt.Fprintf(w, "%v", x)

A strings.Builder, a bytes.Buffer or an os.File is written to without fmt there
too, where it can be.

The verbs are %s %v %q of strings, %d %v %x %o %b of integers, %c of runes and
bytes, %t %v of booleans, %g %v %f %e with or without a precision of
floating-point numbers, %s %x of []byte.

It refuses

  - flags, widths and argument numbers in the format, a format that is not a
    literal, operands passed as a slice, verbs that do not fit: fmt's own work;
  - operands that are interface values, nil errors among them, or have a method
    Format, Error or String that fmt calls;
  - operands whose order of evaluation could be seen, as when one reads a
    variable that the call in another may change;
  - to write in pieces where an operand calls something, may panic while
    somebody can see what is written already, or may share the buffer's bytes;
    the text is then made first and written at once;
  - fmt.Append of more than one piece: an append that fits writes to memory that
    others may share, before the one that does not fit moves the slice;
  - []byte(fmt.Sprintf(…)) that may be empty: fmt.Appendf(nil, …) is nil then
    (golang/go#77557);
  - writers that are no type of the standard library, since their Write may keep
    the bytes, and bufio.Writer, whose Write and WriteString cut blocks
    differently;
  - a text that would be one of its operands, in a package that imports unsafe
    and so may hold strings that change;
  - a text that would be a constant where vet reads it, as a format is: a mistake
    in it that is hidden now would keep tests from running;
  - what is made for a panic, and calls with comments in them.

# Analyzer stackarray

stackarray: put small slices on the stack

A slice whose length is not constant is on the heap even if it does not leave the
function. Where it is never more than a small number, it can be a part of an
array, which is on the stack:

	n := min(len(s), 64)                =>  n := min(len(s), 64)
	buf := make([]byte, n)                  var array [64]byte
	                                        buf := array[:n]

A slice that starts empty, and that only the function sees, can start with room
for what is appended, where that is known and small. A []byte gets 64 bytes where
it is not known: most texts that are put together from numbers and names fit.

	var args []string                   =>  args := make([]string, 0, 3)
	if verbose {                            if verbose {
		args = append(args, "-v")               args = append(args, "-v")
	}                                       }
	args = append(args, name, dir)          args = append(args, name, dir)
	return strings.Join(args, " ")          return strings.Join(args, " ")

	var b []byte                        =>  b := make([]byte, 0, 64)
	b = strconv.AppendInt(b, n, 10)         b = strconv.AppendInt(b, n, 10)
	return m[string(b)]                     return m[string(b)]

Compilers since go1.25 do the same with up to 32 bytes. A length is known by min, a
mask, a remainder, the type of a byte, sums and products of such, and an if
statement right before that limits it; it is never negative, which make would
refuse with a panic of its own. The capacity stays what it was, by array[:n:n],
where anything may see it. Whether the array or the slice is on the stack, the
compiler tells. It refuses

  - slices that the function returns, stores, sends, gives to a goroutine or a
    deferred call, or uses in a function literal;
  - arrays of more than 1024 bytes, room of more than 256;
  - to give room where nil becomes empty and it shows, the capacity is asked for,
    or an element's address is taken: whoever has it could see that append moved
    the elements;
  - declarations with comments in them, and slices of type parameters.

# Analyzer unchanged

unchanged: give strings back as they are where nothing in them changes

A loop that writes runes of a string, some of them replaced, some left out, makes
a new string even where it is the same. strings.Map does not copy before it comes
to a rune that changes, and calls its function once for each rune, in the same
order:

	var b strings.Builder            =>      return strings.Map(func(r rune) rune {
	for _, r := range s {                            if unicode.IsLetter(r) {
		if unicode.IsLetter(r) {                         return r
			b.WriteRune(r)                           }
		}                                                return -1
	}                                                }, s)
	return b.String()

Bytes that are no UTF-8 become U+FFFD in both. The runes may go to a
strings.Builder, a bytes.Buffer or a []rune, which starts empty right before the
loop, and of which only the text is used behind it. It refuses where

  - a round may write more than one rune, or go on when it has written one;
  - what is written may be negative, which strings.Map drops, is a byte that is
    no ASCII character, or a text of several runes;
  - the loop is left early, or holds another loop or a function literal;
  - the builder is used in another way.
*/
package fix
