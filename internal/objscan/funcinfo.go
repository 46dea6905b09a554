package objscan

import (
	"encoding/binary"
	"errors"
)

const (
	funcInfoHead = 16
	inlNodeSize  = 4 * 6
)

// A funcInfo is what an object says of one function besides its code
// (cmd/internal/goobj/funcinfo.go).
type funcInfo struct {
	funcID    byte
	startLine int
	inl       []byte // the inline tree's nodes, raw

	line, file, inline pcTable
}

// An inlNode is one call that was replaced by the callee's body.
type inlNode struct {
	parent int // the node that the call stands in, -1 for the function itself
	file   int // place of the call, an index into the object's files
	line   int
	fn     symRef // the callee
}

var errFuncInfo = errors.New("function info is cut short")

// funcInfo reads what the auxiliary symbols of text symbol i say. A function
// without any (assembly) has a zero funcInfo.
func (o *object) funcInfo(i int) (funcInfo, error) {
	var fi funcInfo
	var info []byte
	o.aux(i, func(kind byte, r symRef) {
		var to *pcTable
		switch kind {
		case auxFuncInfo:
			info = o.symData(o.local(r))
			return
		case auxPcfile:
			to = &fi.file
		case auxPcline:
			to = &fi.line
		case auxPcinline:
			to = &fi.inline
		default:
			return
		}
		*to = o.symData(o.local(r))
	})
	if info == nil {
		return fi, nil
	}
	if len(info) < funcInfoHead+4 {
		return fi, errFuncInfo
	}
	fi.funcID = info[8]
	fi.startLine = int(int32(binary.LittleEndian.Uint32(info[12:])))
	files := uint64(binary.LittleEndian.Uint32(info[funcInfoHead:]))
	off := funcInfoHead + 4 + 4*files
	if off+4 > uint64(len(info)) {
		return fi, errFuncInfo
	}
	nodes := uint64(binary.LittleEndian.Uint32(info[off:]))
	if off+4+nodes*inlNodeSize > uint64(len(info)) {
		return fi, errFuncInfo
	}
	fi.inl = info[off+4:][:nodes*inlNodeSize]
	return fi, nil
}

// node is the i-th node of the inline tree.
func (fi *funcInfo) node(i int32) (inlNode, bool) {
	if i < 0 || int(i) >= len(fi.inl)/inlNodeSize {
		return inlNode{}, false
	}
	b := fi.inl[int(i)*inlNodeSize:]
	return inlNode{
		parent: int(int32(binary.LittleEndian.Uint32(b))),
		file:   int(binary.LittleEndian.Uint32(b[4:])),
		line:   int(int32(binary.LittleEndian.Uint32(b[8:]))),
		fn:     readRef(b[12:]),
	}, true
}
